// Open work as a list: filtered, kept as views with live counts, and taken from.

import { api, byId, clone, detailOf, knows, say, sayText, setText } from "../page/dom.js";
import { lasting, now } from "../page/clock.js";
import { isolated, plain } from "../page/text.js";
import { Views, counted } from "../page/views.js";

/** How often what is shown is looked at again while it is open. */
const AGAIN_MS = 5_000;

export class WorkList {
  constructor(desk) {
    Object.assign(this, { desk, dialog: byId("worklist"), rows: new Map(), taking: new Set() });
    this.slots = Object.fromEntries([...this.dialog.querySelectorAll("[data-slot]")].map((slot) => [slot.dataset.slot, slot]));
    this.views = new Views({ list: this.slots.views, look: () => this.look(), complain: (text) => this.complain(text) });
    this.dialog.querySelector("[data-do=cancel]").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => clearInterval(this.timer));
  }

  async open() {
    this.slots.fault.hidden = true;
    this.dialog.showModal();
    clearInterval(this.timer);
    this.timer = setInterval(() => this.again(), AGAIN_MS);
    this.views.choices();
    await this.again();
    (this.slots.rows.querySelector("button") ?? this.views.filter.elements.queue).focus();
  }

  async again() {
    await Promise.all([this.look(), this.views.show()]);
  }

  complain(text) {
    this.slots.fault.textContent = text;
    this.slots.fault.hidden = false;
  }

  async look() {
    const round = (this.round = (this.round ?? 0) + 1);
    try {
      const { items, count, unread } = await api("GET", this.views.route());
      if (round !== this.round) return;
      this.slots.fault.hidden = true;
      this.show(items);
      this.views.offer(items);
      setText(this.slots.count, counted(count, unread));
      this.slots.none.hidden = items.length > 0;
    } catch (problem) {
      if (round === this.round) this.complain(detailOf(problem));
    }
  }

  /** Rows keep their place in the page while they are there, so that a cursor on one is not lost. */
  show(items) {
    for (const [id, row] of this.rows) {
      if (items.some((item) => item.id === id)) continue;
      const held = row.root.contains(document.activeElement);
      row.root.remove();
      this.rows.delete(id);
      if (held) (this.slots.rows.querySelector("button") ?? this.views.filter.elements.queue).focus();
    }
    for (const item of items) {
      const row = this.rows.get(item.id) ?? this.row(item);
      this.fill(row, item);
      this.slots.rows.append(row.root);
    }
  }

  row(item) {
    const row = clone("t-work-row");
    row.slots.take.addEventListener("click", () => this.take(item.id, row.slots.take));
    this.rows.set(item.id, row);
    return row;
  }

  fill({ slots, root }, item) {
    setText(slots.title, item.title ? plain(item.title) : sayText("untitled", { kind: sayText(`kind-${item.kind}`), id: item.id }));
    slots.says.replaceChildren(isolated(item.says ?? ""));
    slots.tags.hidden = item.tags.length === 0;
    setText(slots.tags, item.tags.map(plain).join(" · "));
    setText(slots.queue, item.queue);
    setText(slots.channel, item.channel ?? sayText(`kind-${item.kind}`));
    setText(slots.state, sayText(`open-${["parked", "interrupted", "requesting"].includes(item.state) ? "aside" : item.state}`));
    setText(slots.age, lasting(Math.max(0, now() - Date.parse(item.earned_at))));
    const left = Date.parse(item.due_at) - now();
    setText(slots.clock, sayText(left < 0 ? "overdue" : "due-in", { left: lasting(Math.abs(left)) }));
    slots.clock.dataset.level = left < 0 ? "late" : "calm";
    slots.take.hidden = item.not_taken !== undefined;
    slots.why.hidden = item.not_taken === undefined || item.not_taken === "not_waiting";
    if (!slots.why.hidden && knows(`not-taken-${item.not_taken}`)) slots.why.replaceChildren(say(`not-taken-${item.not_taken}`));
    root.dataset.state = item.state;
  }

  /** It comes as an offer or at once, as work comes to this worker; an offer that he asked for is accepted. */
  async take(id, button) {
    button.disabled = true;
    this.taking.add(id);
    try {
      await api("POST", `/v1/tasks/${encodeURIComponent(id)}/take`, {});
      this.dialog.close();
      this.desk.tookFromList();
    } catch (problem) {
      this.taking.delete(id);
      this.complain(detailOf(problem));
      await this.look();
    } finally {
      button.disabled = false;
    }
  }
}
