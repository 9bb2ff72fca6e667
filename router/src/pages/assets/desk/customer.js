// With whom a conversation is: what was said before, on every channel, and what the channel lets one say now.

import { api, clone, sayText, setText } from "../page/dom.js";
import { lasting, now } from "../page/clock.js";
import { worded } from "../page/case-fields.js";
import { plain } from "../page/text.js";
import { JourneyPanel } from "../page/journey.js";
import { Together } from "./together.js";
import { Transcript } from "../page/transcript.js";

/** From here on it is told how much time, and how much room, is left. */
const SOON_MS = 3_600_000;
const ROOM_TOLD = 0.8;

export class Customer {
  /** Reads it for the task of `column`, whose open places it fills. */
  constructor(column) {
    this.column = column;
    this.limits = null;
    const { slots, text } = column;
    text.addEventListener("input", () => this.tick());
    slots.history.addEventListener("toggle", () => slots.history.open && this.load());
    this.together = new Together(column);
    slots.journey.hidden = true;
    if (column.task.view.conversation) this.load();
    else slots.history.hidden = true;
  }

  async load() {
    try {
      const { limits, ways, together, contact } = await api("GET", `/v1/tasks/${encodeURIComponent(this.column.id)}/customer`);
      this.limits = limits;
      this.column.slots.privately.hidden = !limits?.private;
      this.show(ways);
      this.showTogether(ways, together);
      this.showJourney(contact);
      if (limits?.text_chars_max) this.column.text.maxLength = limits.text_chars_max;
      this.tick();
    } catch {
      // The conversation itself is there; the history is asked for again when it is opened.
    }
  }

  /** Other conversations of his that are open: one matter with this one, or perhaps so. */
  showTogether(ways, together) {
    const held = new Set([this.column.task.view.conversation, ...together.map(({ conversation }) => conversation)]);
    const open = ways.filter((way) => way.open && !held.has(way.open)).map(({ open: conversation, channel }) => ({ conversation, channel }));
    this.together.show(together, open);
  }

  showJourney(contact) {
    const { journey, "journey-place": place } = this.column.slots;
    journey.hidden = !contact;
    if (!contact || this.journey) return;
    const kinds = () => [...(this.column.cases?.panels.values() ?? [])].map(({ kind }) => kind);
    const words = (name) => kinds().flatMap((kind) => kind?.stages ?? []).find((stage) => stage.name === name)?.words;
    this.journey = new JourneyPanel(journey, place, `/v1/contacts/${contact}/journey`, (name) => plain(worded(words(name), name)));
  }

  /** What is in the transcript already is not shown a second time. */
  show(ways) {
    const { history, ways: place } = this.column.slots;
    const { conversation } = this.column.task.view;
    const earlier = ways.map((way) => ({ ...way, lines: way.lines.filter((line) => line.conversation !== conversation) })).filter(({ lines }) => lines.length > 0);
    history.hidden = earlier.length === 0 && !history.open;
    setText(history.querySelector("[data-slot=count]"), String(earlier.reduce((sum, { lines }) => sum + lines.length, 0)));
    if (!history.open) return;
    place.replaceChildren(...earlier.map(({ channel, account, lines }) => {
      const way = clone("t-way");
      setText(way.slots.channel, channel);
      setText(way.slots.account, plain(account));
      new Transcript(way.root, way.slots.messages).show(lines.map((line) => ({ ...line, key: `${line.conversation} ${line.seq}` })));
      return way.root;
    }));
  }

  /** How much may still be written, and for how long; and that others read it too. */
  tick() {
    const { limits } = this;
    const { limit } = this.column.slots;
    if (!limits) return;
    const told = [];
    const length = [...this.column.text.value].length;
    if (limits.public) told.push(sayText("limit-public"));
    if (limits.text_chars_max && length >= limits.text_chars_max * ROOM_TOLD) told.push(sayText("limit-room", { count: limits.text_chars_max - length }));
    const left = limits.free_until ? Date.parse(limits.free_until) - now() : Infinity;
    if (left <= 0) told.push(sayText("limit-closed"));
    else if (left < SOON_MS) told.push(sayText("limit-window", { left: lasting(left) }));
    limit.hidden = told.length === 0;
    setText(limit, told.join(" · "));
  }
}
