// A small editor for text in lines: numbers, colours, faults underlined in place, and completion.
//
// What is typed goes into a plain `<textarea>`, whose own letters are transparent: undo, selection, input methods and
// screen readers are the browser's. Under it the visible lines are drawn, with colours and faults.

import { setText, slotsOf } from "../page/dom.js";

const LINE_PX = 20;
/** Lines beyond the visible ones that are drawn as well. */
const BEYOND = 10;
/** A pause in typing that is long enough to look at what was typed. */
const PAUSE_MS = 250;

/** The place in UTF-16 units of a place in characters, as the check counts. */
const unitsOf = (line, characters) => [...line].slice(0, characters).join("").length;

// The check speaks Hebrew to whoever reads the page in Hebrew, and English to all others.
export function saidOf(fault) {
  if (document.documentElement.lang === "he") return { message: fault.message_he, hint: fault.hint_he, lang: "he", dir: "rtl" };
  return { message: fault.message, hint: fault.hint, lang: "en", dir: "ltr" };
}

export class Editor {
  /** `on.changed(text)` is called after a pause in typing; `complete(text, at)` gives `{ from, words: [{ name, doc }] }`. */
  constructor(root, on, complete) {
    this.root = root;
    this.on = on;
    this.complete = complete;
    this.area = root.querySelector("textarea");
    this.list = root.querySelector(".completions");
    this.caret = root.querySelector(".at-caret");
    this.slots = slotsOf(root);
    this.faults = [];
    this.words = [];
    const { area } = this;
    area.addEventListener("input", () => this.typed());
    area.addEventListener("scroll", () => this.draw());
    area.addEventListener("keydown", (event) => this.key(event));
    area.addEventListener("blur", () => this.close());
    document.addEventListener("selectionchange", () => document.activeElement === area && this.moved());
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("li");
      if (option) this.take([...this.list.children].indexOf(option));
    });
    new ResizeObserver(() => this.draw()).observe(area);
  }

  get text() {
    return this.area.value;
  }

  set text(text) {
    this.area.value = text;
    this.lines = text.split("\n");
    this.draw();
  }

  typed() {
    this.lines = this.text.split("\n");
    // Until the next check faults stand where they were, which is nearly right.
    this.draw();
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.on.changed(this.text), PAUSE_MS);
    this.offer(false);
  }

  /** The line and the place in it of the cursor, both from 0. */
  here(at = this.area.selectionStart) {
    const before = this.text.slice(0, at);
    return { line: before.split("\n").length - 1, column: at - before.lastIndexOf("\n") - 1 };
  }

  moved() {
    const { line } = this.here();
    if (line === this.at) return;
    this.at = line;
    this.draw();
    this.sayFault();
  }

  /** What is wrong in the line of the cursor. */
  sayFault() {
    const fault = this.faults.find((one) => one.line === this.at + 1);
    this.caret.dataset.severity = fault?.severity ?? "";
    const said = fault && saidOf(fault);
    if (said) Object.assign(this.caret, { dir: said.dir, lang: said.lang });
    setText(this.caret, said ? [said.message, said.hint].filter(Boolean).join(" – ") : "");
  }

  showFaults(faults) {
    this.faults = faults;
    this.draw();
    this.sayFault();
  }

  /** Puts the cursor where a fault is, and selects what is meant. */
  jump({ line, column, column_end: end }) {
    const before = this.lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    const text = this.lines[line - 1] ?? "";
    this.area.focus();
    this.area.setSelectionRange(before + unitsOf(text, column - 1), before + unitsOf(text, Math.max(end, column) - 1));
    this.area.scrollTop = Math.max(0, (line - 1) * LINE_PX - this.area.clientHeight / 3);
    this.area.scrollLeft = 0;
    this.moved();
  }

  /** Draws the lines in sight. */
  draw() {
    const { area, slots } = this;
    const lines = this.lines ?? [];
    const first = Math.max(0, Math.floor(area.scrollTop / LINE_PX) - BEYOND);
    const last = Math.min(lines.length, Math.ceil((area.scrollTop + area.clientHeight) / LINE_PX) + BEYOND);
    const shift = first * LINE_PX - area.scrollTop;
    slots.lines.style.transform = `translate(${-area.scrollLeft}px, ${shift}px)`;
    slots.numbers.style.transform = `translateY(${shift}px)`;
    const drawn = [];
    const numbers = [];
    for (let index = first; index < last; index++) {
      const faults = this.faults.filter(({ line }) => line === index + 1);
      drawn.push(this.line(lines[index], faults, index === this.at));
      const number = document.createElement("div");
      number.textContent = String(index + 1);
      if (faults.length > 0) number.dataset.severity = faults.some(({ severity }) => severity === "error") ? "error" : "warning";
      numbers.push(number);
    }
    slots.lines.replaceChildren(...drawn);
    slots.numbers.replaceChildren(...numbers);
    this.first = first;
  }

  line(text, faults, here) {
    const root = document.createElement("div");
    root.className = here ? "line here" : "line";
    // Cut at every border of a colour or a fault.
    const note = /(^|\s)#/.exec(text);
    const noteAt = note ? note.index + note[1].length : text.length;
    const key = /^[\s{-]*([^\s:#"'[\]{},]+):(\s|$)/.exec(text.slice(0, noteAt));
    const keyAt = key ? key[0].indexOf(key[1]) : 0;
    const marks = faults.map(({ column, column_end: end, severity }) => ({ from: unitsOf(text, column - 1), to: unitsOf(text, Math.max(end, column + 1) - 1), severity }));
    const cuts = new Set([0, text.length, noteAt, ...(key ? [keyAt, keyAt + key[1].length] : []), ...marks.flatMap(({ from, to }) => [from, Math.min(to, text.length)])]);
    const places = [...cuts].sort((one, other) => one - other);
    for (let index = 0; index + 1 < places.length; index++) {
      const [from, to] = [places[index], places[index + 1]];
      const span = document.createElement("span");
      span.textContent = text.slice(from, to);
      if (from >= noteAt) span.className = "note";
      else if (key && from >= keyAt && to <= keyAt + key[1].length) span.className = "key";
      const mark = marks.find((one) => one.from <= from && to <= one.to);
      if (mark) span.dataset.severity = mark.severity;
      root.append(span);
    }
    if (text === "") root.append("\u200b");
    return root;
  }

  key(event) {
    if (event.isComposing) return;
    if (event.key === "F8") {
      event.preventDefault();
      return this.nextFault(event.shiftKey ? -1 : 1);
    }
    if (event.ctrlKey && event.code === "Space") {
      event.preventDefault();
      return this.offer(true);
    }
    if (!this.list.hidden) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        return this.choose((this.chosen + step + this.words.length) % this.words.length);
      }
      if (event.key === "Enter" || event.key === "Tab") {
        event.preventDefault();
        return this.take(this.chosen);
      }
      if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        return this.close();
      }
    }
    if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !this.area.readOnly) {
      event.preventDefault();
      const { line } = this.here();
      this.insert(`\n${/^\s*/.exec(this.lines[line])[0]}`);
    }
  }

  nextFault(step) {
    if (this.faults.length === 0) return;
    const { line } = this.here();
    const found = step > 0 ? this.faults.find((one) => one.line > line + 1) : this.faults.findLast((one) => one.line < line + 1);
    this.jump(found ?? this.faults.at(step > 0 ? 0 : -1));
  }

  /** Writes at the cursor so that the browser can undo it. */
  insert(text) {
    if (!document.execCommand("insertText", false, text)) {
      this.area.setRangeText(text, this.area.selectionStart, this.area.selectionEnd, "end");
      this.typed();
    }
  }

  /** Offers the words that fit here; without being asked only once something is typed. */
  offer(asked) {
    const at = this.area.selectionStart;
    if (this.area.readOnly || at !== this.area.selectionEnd) return this.close();
    const { from, words } = this.complete(this.text, at) ?? { from: at, words: [] };
    const typed = this.text.slice(from, at);
    const only = words.length === 1 && words[0].name === typed;
    if (words.length === 0 || only || (!asked && typed === "")) return this.close();
    this.words = words;
    this.from = from;
    this.list.replaceChildren(...words.map(({ name, doc }, index) => {
      const option = document.createElement("li");
      option.id = `completion-${index}`;
      option.role = "option";
      const code = document.createElement("span");
      code.textContent = name;
      const says = document.createElement("small");
      says.textContent = doc ?? "";
      option.append(code, says);
      return option;
    }));
    this.list.hidden = false;
    this.place();
    this.choose(0);
  }

  /** The list stands under the letter where the word begins. */
  place() {
    const { line, column } = this.here(this.from);
    const drawn = this.slots.lines.children[line - this.first];
    if (!drawn) return;
    const box = this.list.parentElement.getBoundingClientRect();
    const range = document.createRange();
    let left = column;
    range.setStart(drawn, 0);
    for (const span of drawn.children) {
      if (left <= span.textContent.length) {
        range.setStart(span.firstChild ?? span, span.firstChild ? left : 0);
        break;
      }
      left -= span.textContent.length;
    }
    range.collapse(true);
    const spot = range.getBoundingClientRect();
    const x = (spot.left || drawn.getBoundingClientRect().left) - box.left;
    const below = drawn.getBoundingClientRect().bottom - box.top;
    const up = below + this.list.offsetHeight > box.height && below > box.height / 2;
    this.list.style.left = `${Math.max(0, Math.min(x, box.width - this.list.offsetWidth))}px`;
    this.list.style.top = `${up ? below - LINE_PX - this.list.offsetHeight : below}px`;
  }

  choose(index) {
    this.chosen = index;
    for (const [place, option] of [...this.list.children].entries()) option.setAttribute("aria-selected", String(place === index));
    this.list.children[index]?.scrollIntoView({ block: "nearest" });
    this.area.setAttribute("aria-activedescendant", `completion-${index}`);
  }

  take(index) {
    const word = this.words[index];
    this.close();
    if (!word) return;
    this.area.focus();
    this.area.setSelectionRange(this.from, this.area.selectionStart);
    this.insert(word.insert ?? word.name);
    this.close();
  }

  close() {
    this.list.hidden = true;
    this.area.removeAttribute("aria-activedescendant");
  }
}
