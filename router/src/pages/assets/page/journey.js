// A journey: what happened on every channel, who had it and whose turn it was, and what it cost the customer.

import { api, clone, knows, say, sayText, setText } from "./dom.js";
import { instant, lasting } from "./clock.js";
import { plain } from "./text.js";

const CLOCKS = ["working", "us", "other", "customer"];

const item = (text) => Object.assign(document.createElement("li"), { textContent: text });

/** Who did it, for people. */
const whoOf = ({ who, by }) => (who ? plain(who) : knows(`case-by-${by}`) ? sayText(`case-by-${by}`) : by);

function figures(effort) {
  const count = (name, value) => item(sayText(`journey-${name}`, { count: String(value) }));
  const { contacts, hand_offs, people, channel_changes, asked_again, told_again, waits } = effort;
  const rows = [count("contacts", contacts), count("hand-offs", hand_offs), count("people", people), count("channels", channel_changes)];
  rows.push(count("asked", asked_again), count("told", told_again), count("waits", waits));
  if (waits > 0) {
    rows.push(item(sayText("journey-longest", { time: lasting(effort.longest_wait_ms) })));
    rows.push(item(sayText("journey-waited", { time: lasting(effort.waited_ms), open: lasting(effort.waited_open_ms) })));
  }
  return rows;
}

/** How the time was spent: the figures, and a bar in their proportion. */
function showClocks({ bar, clocks: list }, clocks) {
  const ran = CLOCKS.filter((name) => clocks[`${name}_ms`] > 0);
  bar.hidden = ran.length === 0;
  bar.replaceChildren(...ran.map((name) => {
    const part = document.createElement("span");
    part.dataset.clock = name;
    part.style.flexGrow = String(clocks[`${name}_ms`]);
    return part;
  }));
  list.replaceChildren(...ran.map((name) => {
    const row = item(`${sayText(`journey-clock-${name}`)}: ${lasting(clocks[`${name}_ms`])}`);
    row.dataset.clock = name;
    return row;
  }));
}

/** Who had the task or case of a step from then on, where that changed with it. */
function spanAt(spans, { at, task, case: of }) {
  const time = Date.parse(at);
  return spans.find((span) => Date.parse(span.from) === time && (of ? span.case === of : Boolean(task) && span.task === task));
}

function row(step, spans, stage) {
  const { root, slots } = clone("t-journey-step");
  slots.at.dateTime = step.at;
  setText(slots.at, instant(Date.parse(step.at)));
  const name = `journey-${step.what}`;
  const about = step.about ? plain(step.what.startsWith("case_") ? stage(step.about) : step.about) : "";
  const to = step.to ? plain(step.to) : sayText("case-nobody");
  // Each value stands isolated: a name reads the same way in a Hebrew sentence.
  slots.what.append(knows(name) ? say(name, { who: whoOf(step), to, about }) : step.what);
  slots.channel.hidden = !step.channel;
  setText(slots.channel, step.channel ?? "");
  const span = spanAt(spans, step);
  slots.had.hidden = !span;
  if (span) {
    root.dataset.clock = span.clock;
    setText(slots.owner, plain(span.worker ?? span.queue ?? sayText("case-nobody")));
    setText(slots.clock, sayText(`journey-clock-${span.clock}`));
  }
  return root;
}

export class JourneyPanel {
  /** Fills the place behind `details` when it is opened. `stage` gives the words of a stage by its name. */
  constructor(details, place, path, stage = (name) => name) {
    Object.assign(this, { details, place, path, stage });
    details.addEventListener("toggle", () => this.read());
  }

  /** Reads it anew where it is open. */
  async read() {
    if (!this.details.open) return;
    const round = (this.round = (this.round ?? 0) + 1);
    try {
      const journey = await api("GET", this.path);
      if (round === this.round) this.show(journey);
    } catch {
      // What it is about is there; its journey is asked for again when it is opened.
    }
  }

  show({ items, spans, clocks, effort, more }) {
    const text = JSON.stringify([items, spans]);
    const { root, slots } = this.sheet ?? (this.sheet = clone("t-journey"));
    if (root.parentElement !== this.place) this.place.replaceChildren(root);
    slots.more.hidden = !more;
    slots.effort.replaceChildren(...figures(effort));
    showClocks(slots, clocks);
    if (text === this.shown) return;
    this.shown = text;
    slots.line.replaceChildren(...[...items].reverse().map((step) => row(step, spans, this.stage)));
  }
}
