// One conversation: its clock, what was said, what can be done with it, and the reply.

import { api, clone, detailOf, notice, say, sayText, setText } from "../page/dom.js";
import { lasting, level, now } from "../page/clock.js";
import { isolated, plain } from "../page/text.js";
import { openAnswers } from "./answers.js";
import { Approval, decisionOf } from "./approval.js";
import { Authority } from "./authority.js";
import { Cases } from "./case.js";
import { Customer } from "./customer.js";
import { runByKey } from "./macros.js";
import { Notes } from "./notes.js";
import { openForm } from "./forms.js";
import { Ratings } from "./rating.js";
import { Review, reviewOf } from "./review.js";
import { Transcript } from "../page/transcript.js";

/** How often a worker who is writing says so, so that the task is not taken back for silence. */
const TOUCH_EVERY_MS = 20_000;

/** A draft older than this may be about something that the customer has said otherwise since. */
const DRAFT_OLD_MS = 3_000;

/** Shows how much time is left. */
export function showClock(element, view) {
  const left = view.due_at - now();
  element.dataset.level = level(view);
  setText(element, sayText(left < 0 ? "overdue" : "due-in", { left: lasting(Math.abs(left)) }));
}

export class Column {
  /** `desk` has `book`, `line`, `keep`, `title(view)`, `settled(id, lease)`, `back()` and `changed()`. */
  constructor(desk, task) {
    Object.assign(this, { desk, task }, clone("t-column"));
    const { slots, root } = this;
    this.transcript = new Transcript(slots.scroll, slots.messages);
    slots.title.id = `title-${task.view.id}`;
    root.setAttribute("aria-labelledby", slots.title.id);
    this.text = slots.composer.elements.text;
    this.text.id = `reply-${task.view.id}`;
    slots["composer-label"].htmlFor = this.text.id;
    this.text.value = desk.keep.draft(task.view.id);
    this.fields();
    // Without a conversation there is nobody to reply to: a request is answered when it is solved.
    slots.composer.hidden = !task.view.conversation;
    this.listen();
    this.customer = new Customer(this);
    this.notes = new Notes(this);
    this.cases = new Cases(this);
    if (decisionOf(task.view)) this.approval = new Approval(this);
    else if (reviewOf(task.view)) this.approval = new Review(this);
    else {
      this.authority = new Authority(this);
      this.ratings = new Ratings(this);
    }
  }

  listen() {
    const { slots, root, text } = this;
    text.addEventListener("input", () => {
      if (!this.begun || text.value === "") this.begun = { at: now(), heard: this.heard() };
      this.desk.drafts.set(this.id, text.value);
      this.touch();
    });
    text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.reply();
    });
    slots.composer.addEventListener("submit", (event) => {
      event.preventDefault();
      this.reply();
    });
    slots.answers.addEventListener("click", () => openAnswers(this));
    root.addEventListener("keydown", (event) => {
      if (event.altKey && event.shiftKey && /^Digit[1-9]$/.test(event.code)) {
        event.preventDefault();
        event.stopPropagation();
        return runByKey(this, Number(event.code.at(-1)));
      }
      if (!event.altKey || event.code !== "KeyA") return;
      event.preventDefault();
      openAnswers(this);
    });
    const link = slots.acts.querySelector("[data-do=status-link]");
    link.hidden = slots.composer.hidden;
    link.addEventListener("click", () => this.linkToStatus());
    for (const button of slots.acts.querySelectorAll("[data-form]")) {
      button.addEventListener("click", () => openForm(this, button));
    }
    root.querySelector("[data-do=back]").addEventListener("click", () => this.desk.back());
    const earlier = root.querySelector("[data-do=earlier]");
    earlier.hidden = this.task.messages.size < 20;
    earlier.addEventListener("click", () => this.earlier(earlier));
  }

  get id() {
    return this.task.view.id;
  }

  show() {
    const { slots, task } = this;
    setText(slots.title, this.desk.title(task.view));
    setText(slots.queue, task.view.queue);
    setText(slots.side, sayText(`side-${task.view.side}`));
    setText(slots.kind, sayText(`kind-${task.view.kind}`));
    this.transcript.show(this.customer.together.lines(this.desk.book.said(task)));
    slots.flag.hidden = !task.reminded;
    if (task.reminded) slots.flag.replaceChildren(say("remind", { title: this.desk.title(task.view) }));
    this.tick();
  }

  tick() {
    showClock(this.slots.clock, this.task.view);
    this.customer?.tick();
    this.cases?.tick();
  }

  fields() {
    const entries = Object.entries(this.task.view.fields ?? {});
    this.slots.fields.hidden = entries.length === 0;
    for (const [name, value] of entries) {
      const pair = document.createElement("div");
      const term = document.createElement("dt");
      const held = document.createElement("dd");
      term.textContent = plain(name);
      held.dir = "auto";
      held.append(typeof value === "boolean" ? (value ? "✓" : "✗") : isolated(plain(value)));
      pair.append(term, held);
      this.slots.fields.append(pair);
    }
  }

  /** Still at it: the silence timer begins anew. */
  touch() {
    if (now() - (this.touched ?? 0) < TOUCH_EVERY_MS) return;
    this.touched = now();
    this.task.reminded = false;
    const { id: task, lease } = this.task.view;
    this.desk.line.tell({ type: "touch", task, lease });
  }

  reply() {
    const text = this.text.value.trim();
    if (!text || this.isOvertaken()) return;
    this.begun = null;
    this.text.value = "";
    this.desk.drafts.set(this.id, "");
    this.task.reminded = false;
    this.desk.send(this.desk.book.reply(this.task, text, now(), this.isPrivate()));
    this.desk.changed();
    this.transcript.end();
  }

  /** Whether the worker wants that only the customer reads it. It stays so until he says otherwise: nobody publishes by mistake. */
  isPrivate() {
    const { privately } = this.slots;
    return !privately.hidden && privately.querySelector("input").checked;
  }

  /** The place of what the customer said last. */
  heard() {
    return Math.max(0, ...[...this.task.messages.values()].filter(({ from }) => from === "customer").map(({ seq }) => seq));
  }

  /** The customer wrote after this reply was begun: that is told once before it is sent. */
  isOvertaken() {
    const heard = this.heard();
    if (!this.begun || heard <= this.begun.heard || now() - this.begun.at < DRAFT_OLD_MS) return false;
    this.begun = { at: now(), heard };
    notice(say("overtaken"), 12_000);
    this.transcript.end();
    return true;
  }

  /** A reply that the router refused comes back into the draft, unless something new is there already. */
  giveBack(text) {
    if (this.text.value) return;
    this.text.value = text;
    this.desk.drafts.set(this.id, text);
  }

  async earlier(button) {
    button.disabled = true;
    try {
      const { items } = await api("GET", `/v1/tasks/${encodeURIComponent(this.id)}/messages?limit=200`);
      for (const message of items) if (!this.task.messages.has(message.seq)) this.task.messages.set(message.seq, message);
      button.hidden = true;
      this.desk.changed();
    } catch (problem) {
      notice(say("problem", { detail: detailOf(problem) }));
    } finally {
      button.disabled = false;
    }
  }

  /** Puts a link into the reply by which the customer sees where this stands. */
  async linkToStatus() {
    try {
      const { path } = await api("POST", `/v1/tasks/${encodeURIComponent(this.id)}/status-link`, {});
      const { text } = this;
      text.focus();
      text.setRangeText(`${location.origin}${path} `, text.selectionStart, text.selectionEnd, "end");
      text.dispatchEvent(new Event("input"));
    } catch (problem) {
      notice(say("problem", { detail: detailOf(problem) }));
    }
  }

  focus() {
    (this.slots.composer.hidden ? this.root : this.text).focus({ preventScroll: true });
  }
}
