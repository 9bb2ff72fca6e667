// Drafts: kept in this browser at once, and on the server a moment later. The newest wins, wherever it was written.

import { api, notice, say } from "../page/dom.js";
import { now } from "../page/clock.js";

/** How long somebody pauses before what he wrote is sent to the server, and how long it waits at most. */
const PAUSE_MS = 600;
const LONGEST_MS = 3_000;

export class Drafts {
  /** `desk` has `keep`, `book`, `columns` and `title(view)`. */
  constructor(desk) {
    this.desk = desk;
    this.waiting = new Map();
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.flush());
    addEventListener("storage", ({ key }) => this.elsewhere(desk.keep.draftOf(key)));
  }

  /** Something was written, or nothing is left of it. */
  set(task, text) {
    const { keep } = this.desk;
    if (keep.draft(task) === text) return;
    keep.setDraft(task, text, { at: now() });
    this.later(task);
  }

  later(task) {
    const since = this.waiting.get(task)?.since ?? Date.now();
    clearTimeout(this.waiting.get(task)?.timer);
    const wait = Math.max(0, Math.min(PAUSE_MS, since + LONGEST_MS - Date.now()));
    this.waiting.set(task, { since, timer: setTimeout(() => this.send(task), wait) });
  }

  flush() {
    for (const task of [...this.waiting.keys()]) this.send(task);
  }

  async send(task) {
    clearTimeout(this.waiting.get(task)?.timer);
    this.waiting.delete(task);
    const { keep } = this.desk;
    const kept = keep.draftEntry(task);
    try {
      await api("PUT", `/v1/tasks/${encodeURIComponent(task)}/draft`, { text: kept?.text ?? "", window: keep.window });
      keep.draftSaved(task, kept?.at);
      this.told = false;
    } catch (problem) {
      // What is not ours any more needs no draft; everything else is said once and sent again with the next letter.
      if (problem?.status === 404 || this.told || !this.desk.book.tasks.has(task)) return;
      this.told = true;
      notice(say("draft-unsaved"));
    }
  }

  /** Brings what the server has and what this window has together. */
  async read() {
    const { book, keep } = this.desk;
    const before = new Map([...book.tasks.keys()].map((task) => [task, keep.draftEntry(task)?.at]));
    let items;
    try {
      ({ items } = await api("GET", "/v1/drafts"));
    } catch {
      // What is in this browser is there; the next connection asks again.
      return;
    }
    const there = new Map(items.map((draft) => [draft.task, draft]));
    for (const [task, at] of before) {
      const kept = keep.draftEntry(task);
      const found = there.get(task);
      // What was written while the server was asked is newer than its answer.
      if (!book.tasks.has(task) || kept?.at !== at) continue;
      if (kept?.unsaved && !(found && kept.at < Date.parse(found.at))) this.later(task);
      else if (found) this.take(task, found.text, Date.parse(found.at));
      else if (kept) this.take(task, "", now());
    }
  }

  /** Another window of this browser wrote. */
  elsewhere(task) {
    if (task && this.desk.book.tasks.has(task)) this.show(task);
  }

  take(task, text, at) {
    this.desk.keep.setDraft(task, text, { at, unsaved: false });
    this.show(task);
  }

  /** Shows what is newest, with a word where something else stood there. */
  show(task) {
    const column = this.desk.columns.get(task);
    const text = this.desk.keep.draft(task);
    if (!column || column.text.value === text) return;
    if (column.text.value !== "" && text !== "") notice(say("draft-taken", { title: this.desk.title(column.task.view) }), 20_000);
    column.text.value = text;
  }
}
