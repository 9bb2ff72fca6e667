// The messages of one task, each in its own direction. Text is shown as text, whatever it holds.

import { clone, say, sayText, setText } from "./dom.js";
import { instant } from "./clock.js";
import { isolated, plain } from "./text.js";

/** What is shown of what platforms told of our messages. */
const TOLD = { delivered: "arrived", read: "seen", played: "seen" };

/** How far something public got: what its platform counted. */
function reachOf(reach) {
  const count = new Intl.NumberFormat(document.documentElement.lang);
  const known = ["followers", "likes", "shares", "replies", "views"].filter((name) => Number.isFinite(reach[name]));
  return known.map((name) => say(`reach-${name}`, { count: count.format(reach[name]) }));
}

export class Transcript {
  constructor(scroll, list) {
    Object.assign(this, { scroll, list });
    this.rows = new Map();
    this.atEnd = true;
    scroll.addEventListener("scroll", () => (this.atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60));
    // A form or a keyboard that opens takes room from above: the latest words stay in sight.
    new ResizeObserver(() => this.atEnd && this.end()).observe(scroll);
  }

  /** Shows `entries`; stays at the end where it was there. */
  show(entries) {
    const { list, atEnd } = this;
    const wanted = new Map(entries.map((entry) => [entry.key ?? entry.seq, entry]));
    for (const [key, row] of this.rows) {
      if (wanted.has(key)) continue;
      row.root.remove();
      this.rows.delete(key);
    }
    let place = list.firstElementChild;
    for (const [key, entry] of wanted) {
      const row = this.rows.get(key) ?? this.row(key, entry);
      this.fate(row, entry);
      if (row.root === place) place = place.nextElementSibling;
      else list.insertBefore(row.root, place);
    }
    if (atEnd) this.end();
  }

  end() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  row(key, entry) {
    const row = clone("t-message");
    this.rows.set(key, row);
    const { root, slots } = row;
    const from = entry.from ?? "worker";
    root.dataset.from = from;
    // Only another system notes something without a name.
    setText(slots.name, entry.name ? plain(entry.name) : sayText({ customer: "customer", note: "system" }[from] ?? "me"));
    if (entry.elsewhere) {
      root.dataset.elsewhere = entry.elsewhere;
      slots.at.before(Object.assign(document.createElement("bdi"), { className: "elsewhere", textContent: entry.elsewhere }), " ");
    }
    slots.at.dateTime = new Date(entry.at).toISOString();
    setText(slots.at, instant(entry.at));
    slots.text.replaceChildren(isolated(entry.text ?? ""));
    slots.text.hidden = !entry.text;
    const extras = (entry.attachments ?? []).map(({ kind, filename }) => say("attachment", { kind, name: plain(filename ?? "") }));
    if (entry.reach) extras.push(...reachOf(entry.reach));
    if (entry.payload) extras.push(say("pressed", { payload: plain(entry.payload) }));
    for (const extra of extras) slots.extra.append(extra, " ");
    slots.extra.hidden = extras.length === 0;
    // A work item may come with nothing but its title.
    root.hidden = slots.text.hidden && slots.extra.hidden;
    return row;
  }

  fate({ root, slots }, { fate: own, problem, status }) {
    // What the platform told of a message says more than that it was sent.
    const fate = own === "sending" || own === "failed" ? own : (TOLD[status] ?? own);
    if (!fate || root.dataset.fate === fate) return;
    root.dataset.fate = fate;
    slots.fate.hidden = false;
    slots.fate.replaceChildren(say(fate, { detail: problem?.detail }));
  }
}
