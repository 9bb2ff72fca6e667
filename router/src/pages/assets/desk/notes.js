// What colleagues say to each other: notes beside a conversation, and the mentions of this worker. No customer gets any.

import { api, byId, clone, detailOf, notice, say, sayText, setText } from "../page/dom.js";
import { instant } from "../page/clock.js";
import { isolated, plain } from "../page/text.js";
import { complain } from "./forms.js";
import { ring } from "./bar.js";

const path = (task) => `/v1/tasks/${encodeURIComponent(task)}/notes`;

function fill({ slots }, { from, at, text }) {
  setText(slots.name, plain(from));
  slots.at.dateTime = at;
  setText(slots.at, instant(Date.parse(at)));
  slots.text.append(isolated(text));
}

/** Writes a note from a form; what was typed stays when it is refused. */
async function write(task, form, fault) {
  const text = form.elements.text.value.trim();
  if (!text) return false;
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    await api("POST", path(task), { text });
    form.elements.text.value = "";
    fault.hidden = true;
    return true;
  } catch (problem) {
    complain(fault, detailOf(problem), form.elements.text);
    return false;
  } finally {
    button.disabled = false;
  }
}

/** The notes of a column. */
export class Notes {
  constructor(column) {
    this.column = column;
    const { notes, "note-form": form } = column.slots;
    notes.addEventListener("toggle", () => notes.open && this.open());
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (await write(column.id, form, column.slots["note-fault"])) this.load();
    });
    form.elements.mention.addEventListener("change", () => this.mention(form));
    this.load();
  }

  async load() {
    try {
      this.show((await api("GET", path(this.column.id))).items);
    } catch {
      // The conversation itself is there; notes are asked for again when they are opened.
    }
  }

  show(items) {
    const { "notes-list": list, "notes-none": none, "notes-count": count } = this.column.slots;
    list.replaceChildren(...items.map((note) => {
      const row = clone("t-note");
      fill(row, note);
      return row.root;
    }));
    list.scrollTop = list.scrollHeight;
    none.hidden = items.length > 0;
    setText(count, String(items.length));
    this.column.slots.notes.dataset.some = String(items.length > 0);
  }

  async open() {
    this.load();
    const select = this.column.slots["note-form"].elements.mention;
    if (select.length > 1) return;
    try {
      const { items } = await api("GET", "/v1/workers");
      for (const { name } of items) if (name !== this.column.desk.worker) select.append(new Option(name, name));
    } catch {
      // A name can be written by hand.
    }
  }

  mention(form) {
    const { mention, text } = form.elements;
    if (!mention.value) return;
    text.setRangeText(`@${mention.value} `, text.selectionStart, text.selectionEnd, "end");
    mention.value = "";
    text.focus();
  }
}

/** The mentions of this worker, in the rail until he has seen them. */
export class Mentions {
  constructor(desk) {
    this.desk = desk;
    this.cards = new Map();
  }

  async read() {
    try {
      const { items } = await api("GET", "/v1/mentions");
      const there = new Set(items.map(({ id }) => id));
      for (const id of [...this.cards.keys()]) if (!there.has(id)) this.drop(id);
      for (const note of items) this.card(note);
    } catch {
      // The next connection asks again.
    }
    this.count();
  }

  /** A colleague wrote just now. */
  told({ from, text, task, mentioned }) {
    this.desk.columns.get(task)?.notes.load();
    const values = { from: plain(from), text };
    setText(byId("say-now"), sayText(mentioned ? "mention-said" : "note-said", values));
    if (!mentioned) return notice(say("note-said", values));
    ring(this.desk.keep);
    this.read();
  }

  card(note) {
    if (this.cards.has(note.id)) return;
    const card = clone("t-mention");
    const { root, slots } = card;
    fill(card, note);
    const answer = root.querySelector("[data-do=answer]");
    answer.addEventListener("click", () => {
      slots.answer.hidden = !slots.answer.hidden;
      answer.setAttribute("aria-expanded", String(!slots.answer.hidden));
      if (!slots.answer.hidden) slots.answer.elements.text.focus();
    });
    slots.answer.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (await write(note.task, slots.answer, slots.fault)) this.seen(note);
    });
    root.querySelector("[data-do=seen]").addEventListener("click", () => this.seen(note));
    this.cards.set(note.id, card);
    byId("mentions").append(root);
  }

  async seen({ id, task }) {
    try {
      await api("POST", "/v1/mentions/seen", { note: id });
    } catch (problem) {
      return notice(say("problem", { detail: detailOf(problem) }));
    }
    this.drop(id);
    this.count();
    this.desk.columns.get(task)?.notes.load();
  }

  drop(id) {
    this.cards.get(id)?.root.remove();
    this.cards.delete(id);
  }

  count() {
    byId("mentions-part").hidden = this.cards.size === 0;
    setText(byId("mentions-count"), String(this.cards.size));
  }
}
