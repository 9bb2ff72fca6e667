// Macros: a ready answer with acts behind it, done by one call as a whole or not at all; on one task, or on several after a
// time in which it can be taken back. That one waits at the router: it is done although this page is closed, and another
// page shows it.

import { now } from "../page/clock.js";
import { api, byId, clone, detailOf, notice, say, sayText, setText } from "../page/dom.js";
import { isolated, plain } from "../page/text.js";

/** How often it is looked whether what was due has been done. */
const LOOK_MS = 1_000;
const HELD = "/v1/held-macro";

const path = (task, name) => `/v1/tasks/${encodeURIComponent(task)}/macros/${encodeURIComponent(name)}`;
const orderFor = (task) => ({ lease: task.view.lease, key: crypto.randomUUID(), seen: Math.max(0, ...task.messages.keys()) });

/** What an act does, in words. */
export function inWords(act) {
  switch (act.act) {
    case "note":
      return sayText("act-note", { text: act.text });
    case "park":
      return sayText("act-park", { minutes: act.minutes });
    case "transfer":
      return sayText("act-transfer", { to: act.to.queue ?? act.to.worker });
    default:
      return sayText("act-finish", { how: act.disposition });
  }
}

/** The whole of it in one line. */
export const summary = ({ text, then }) => [...(text?.trim() ? [sayText("act-reply")] : []), ...then.map(inWords)].join(" · ");

/** What a macro would do to a task: nothing is done. */
export const preview = (task, name) => api("POST", path(task.view.id, name), { ...orderFor(task), preview: true });

/** Does a macro on a task, and shows what came of it. */
export async function run(desk, task, name) {
  const { id, lease } = task.view;
  const { says, seq, leaves } = await api("POST", path(id, name), orderFor(task));
  if (leaves) desk.settled(id, lease);
  else if (seq !== undefined && !task.messages.has(seq)) {
    task.messages.set(seq, { seq, from: "worker", at: Date.now(), text: says, name: desk.worker, bound: true });
    desk.changed();
  }
}

/** The same for somebody who is told when it cannot be done. */
export async function runHere(column, name) {
  try {
    await run(column.desk, column.task, name);
    notice(say("macro-done", { name }), 4_000);
  } catch (problem) {
    notice(say("problem", { detail: detailOf(problem) }), 20_000);
  }
}

/** A digit with Alt and Shift does the macro that has it. */
export async function runByKey(column, digit) {
  try {
    const { items } = await api("GET", `/v1/tasks/${encodeURIComponent(column.id)}/answers`);
    const found = items.find(({ hotkey }) => hotkey === digit);
    if (found) await runHere(column, found.name);
    else notice(say("macro-none", { digit: String(digit) }), 6_000);
  } catch (problem) {
    notice(say("problem", { detail: detailOf(problem) }));
  }
}

/** One macro for several of the worker's own tasks. */
export class Bulk {
  constructor(desk) {
    Object.assign(this, { desk, dialog: byId("bulk"), waiting: null });
    this.slots = Object.fromEntries([...this.dialog.querySelectorAll("[data-slot]")].map((slot) => [slot.dataset.slot, slot]));
    this.form = this.dialog.querySelector("form");
    this.form.addEventListener("submit", (event) => (event.preventDefault(), this.hold()));
    this.form.addEventListener("change", () => this.look());
    this.dialog.querySelector("[data-do=cancel]").addEventListener("click", () => this.dialog.close());
    this.bar = byId("bulk-bar");
    this.bar.querySelector("[data-do=undo]").addEventListener("click", () => this.undo());
    this.bar.querySelector("[data-do=now]").addEventListener("click", () => this.go());
  }

  async open() {
    if (this.waiting) return this.bar.querySelector("[data-do=undo]").focus();
    const { macro, tasks, fault, go } = this.slots;
    [fault.hidden, go.disabled] = [true, true];
    const all = [...this.desk.book.tasks.values()];
    tasks.replaceChildren(...all.map((task) => this.row(task)));
    this.slots.none.hidden = all.length > 0;
    this.dialog.showModal();
    try {
      const { items } = await api("GET", "/v1/canned-answers");
      const macros = items.filter(({ then }) => then.length > 0);
      macro.replaceChildren(new Option(sayText("choose"), ""), ...macros.map((one) => new Option(`${one.title} – ${summary(one)}`, one.name)));
      macro.focus();
    } catch (problem) {
      this.complain(detailOf(problem));
    }
  }

  row(task) {
    const { root, slots } = clone("t-bulk-task");
    slots.box.value = task.view.id;
    setText(slots.title, this.desk.title(task.view));
    setText(slots.queue, task.view.queue);
    return root;
  }

  complain(text) {
    this.slots.fault.textContent = text;
    this.slots.fault.hidden = false;
  }

  chosen() {
    const ids = new Set([...this.form.querySelectorAll("[data-slot=box]:checked")].map(({ value }) => value));
    return [...this.desk.book.tasks.values()].filter(({ view }) => ids.has(view.id));
  }

  /** Says of each chosen task what would be done, or what is in the way. */
  async look() {
    const round = (this.round = (this.round ?? 0) + 1);
    const name = this.slots.macro.value;
    const chosen = new Set(this.chosen());
    let able = 0;
    this.slots.go.disabled = true;
    for (const row of this.slots.tasks.children) {
      const task = this.desk.book.tasks.get(row.querySelector("[data-slot=box]").value);
      const said = row.querySelector("[data-slot=says]");
      said.replaceChildren();
      delete row.dataset.able;
      if (!name || !chosen.has(task)) continue;
      try {
        const { says, then } = await preview(task, name);
        if (round !== this.round) return;
        row.dataset.able = "true";
        able++;
        said.append(isolated([...(says ? [`“${plain(says)}”`] : []), ...then.map(inWords)].join(" · ")));
      } catch (problem) {
        if (round !== this.round) return;
        row.dataset.able = "false";
        said.append(isolated(detailOf(problem)));
      }
    }
    this.slots.go.disabled = able === 0;
  }

  /** Nothing is done for a minute; then everything is, unless it is taken back. */
  async hold() {
    const ids = [...this.slots.tasks.querySelectorAll("[data-able=true] [data-slot=box]")].map(({ value }) => value);
    const tasks = ids.map((id) => this.desk.book.tasks.get(id)).filter(Boolean);
    if (tasks.length === 0) return;
    this.slots.go.disabled = true;
    try {
      const asked = tasks.map((task) => ({ task: task.view.id, ...orderFor(task) }));
      this.show(await api("PUT", HELD, { name: this.slots.macro.value, tasks: asked }));
      this.dialog.close();
      this.bar.querySelector("[data-do=undo]").focus();
    } catch (problem) {
      this.complain(detailOf(problem));
      this.slots.go.disabled = false;
    }
  }

  /** What waits since another page asked for it, or was done meanwhile. */
  async read() {
    let held;
    try {
      ({ held } = await api("GET", HELD));
    } catch {
      return; // The next welcome asks again.
    }
    if (held) this.show(held);
    else this.end();
  }

  show(held) {
    if (!held.waits) return this.done(held);
    clearInterval(this.timer);
    this.waiting = held;
    this.timer = setInterval(() => this.tick(), 500);
    this.bar.hidden = false;
    this.tick();
  }

  tick() {
    const left = Math.max(0, Date.parse(this.waiting.due_at) - now());
    const { tasks, name } = this.waiting;
    this.bar.querySelector("[data-slot=what]").replaceChildren(say("bulk-waits", { name, count: String(tasks.length), left: String(Math.ceil(left / 1_000)) }));
    if (left > 0) return;
    clearInterval(this.timer);
    this.timer = setTimeout(() => this.read(), LOOK_MS);
  }

  end() {
    const held = this.waiting;
    clearTimeout(this.timer);
    clearInterval(this.timer);
    this.waiting = null;
    this.bar.hidden = true;
    return held;
  }

  async undo() {
    const held = this.end();
    if (!held) return;
    try {
      const { undone } = await api("DELETE", `${HELD}?number=${held.number}`);
      if (undone) notice(say("bulk-undone"), 6_000);
      else await this.read();
    } catch (problem) {
      notice(say("problem", { detail: detailOf(problem) }), 20_000);
      await this.read();
    }
    byId("work").focus();
  }

  async go() {
    const held = this.end();
    if (!held) return;
    try {
      this.done(await api("POST", `${HELD}/now?number=${held.number}`));
    } catch (problem) {
      notice(say("problem", { detail: detailOf(problem) }), 20_000);
      await this.read();
    }
  }

  /** Tells once what came of it. */
  done({ number, tasks }) {
    this.end();
    for (const { task, lease, left } of tasks) if (left) this.desk.settled(task, lease);
    const failed = tasks.filter((one) => one.failed !== null);
    notice(say("bulk-done", { count: String(tasks.length - failed.length) }), 8_000);
    for (const { task, failed: detail, ...why } of failed) {
      const known = this.desk.book.tasks.get(task);
      const about = known ? isolated(this.desk.title(known.view)).textContent : task.slice(0, 12);
      notice(say("bulk-refused", { name: about, why: detailOf({ detail, ...why }) }), 60_000);
    }
    api("DELETE", `${HELD}?number=${number}`).catch(() => {});
  }
}
