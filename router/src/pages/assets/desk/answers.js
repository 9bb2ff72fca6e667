// Ready answers: chosen by a few letters and the arrows, and put where the caret is, filled with what is known.

import { api, clone, detailOf, notice, say, setText } from "../page/dom.js";
import { isolated } from "../page/text.js";
import { close, complain } from "./forms.js";
import { runHere, summary } from "./macros.js";

/** Rows that are shown at once: the others are found by a letter more. */
const SHOWN_MAX = 30;
const GAP = "…";

/** Opens the list in its column, or closes it where it is open. */
export async function openAnswers(column) {
  const was = column.slots.form.querySelector(".answers");
  close(column);
  if (was) return column.focus();
  const panel = new Answers(column);
  await panel.load();
}

class Answers {
  constructor(column) {
    Object.assign(this, { column, all: [], shown: [], at: 0 }, clone("t-answers"));
    const { find, list } = this.slots;
    list.id = `answers-${column.id}`;
    find.setAttribute("aria-controls", list.id);
    find.addEventListener("input", () => this.show());
    find.addEventListener("keydown", (event) => this.key(event));
    column.slots.form.append(this.root);
    column.slots.form.hidden = false;
    find.focus();
  }

  async load() {
    try {
      const { items } = await api("GET", `/v1/tasks/${encodeURIComponent(this.column.id)}/answers`);
      // Where there is nobody to write to, what only says something is of no use.
      this.all = items.filter(({ then }) => then.length > 0 || !this.column.slots.composer.hidden);
      this.show();
    } catch (problem) {
      complain(this.slots.fault, detailOf(problem));
    }
  }

  show() {
    const words = this.slots.find.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const holds = ({ name, title, text }) => words.every((word) => `${name} ${title} ${text}`.toLocaleLowerCase().includes(word));
    this.shown = this.all.filter(holds).slice(0, SHOWN_MAX);
    this.slots.list.replaceChildren(...this.shown.map((answer, index) => this.row(answer, index)));
    this.slots.none.hidden = this.shown.length > 0;
    this.go(0);
  }

  row(answer, index) {
    const { root, slots } = clone("t-answer");
    root.id = `${this.slots.list.id}-${index}`;
    setText(slots.name, answer.name);
    setText(slots.title, answer.title);
    slots.text.append(isolated(answer.text));
    slots.text.hidden = !answer.text.trim();
    if (answer.then.length > 0) slots.acts.append(isolated(`▸ ${summary(answer)}`));
    slots.acts.hidden = answer.then.length === 0;
    setText(slots.hotkey, `Alt+Shift+${answer.hotkey}`);
    slots.hotkey.hidden = !answer.hotkey;
    root.addEventListener("click", () => this.choose(answer));
    return root;
  }

  go(at) {
    const rows = [...this.slots.list.children];
    this.at = rows.length > 0 ? (at + rows.length) % rows.length : 0;
    rows.forEach((row, index) => row.setAttribute("aria-selected", String(index === this.at)));
    rows[this.at]?.scrollIntoView({ block: "nearest" });
    this.slots.find.setAttribute("aria-activedescendant", rows[this.at]?.id ?? "");
  }

  key(event) {
    if (event.key === "ArrowDown") this.go(this.at + 1);
    else if (event.key === "ArrowUp") this.go(this.at - 1);
    else if (event.key === "Enter" && !event.isComposing) this.choose(this.shown[this.at]);
    else if (event.key === "Escape") this.leave();
    else return;
    event.preventDefault();
  }

  leave() {
    close(this.column);
    this.column.focus();
  }

  choose(answer) {
    if (!answer) return;
    const { text } = this.column;
    this.leave();
    // With acts behind it, it is done rather than written.
    if (answer.then.length > 0) return runHere(this.column, answer.name);
    const from = text.selectionStart;
    text.setRangeText(answer.text, from, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input"));
    if (answer.missing.length === 0) return;
    notice(say("answers-missing", { names: answer.missing.join(", ") }));
    const gap = text.value.indexOf(GAP, from);
    if (gap >= 0) text.setSelectionRange(gap, gap + GAP.length);
  }
}
