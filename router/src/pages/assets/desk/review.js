// The work that this worker is asked to review: what was decided or said, and the form by which he scores it.

import { api, clone, knows, notice, refused, say, sayText, setText } from "../page/dom.js";
import { plain } from "../page/text.js";
import { actionOf } from "./authority.js";

/** The review that a task asks for, by the item's own word. */
export const reviewOf = ({ fields }) => (/^jdg_[0-9a-f]{32}$/.test(fields?.review ?? "") ? fields.review : null);

/** What is reviewed, in a few words. */
const pieceOf = ({ action, amount, form }) => (action ? `${actionOf(action)}${amount ? `, \u2066${plain(amount)}\u2069` : ""}` : plain(form));

/** What a criterion is called in the page's language. */
export function nameOf({ name, words }) {
  return plain(words[document.documentElement.lang] ?? words.en ?? Object.values(words)[0] ?? name);
}

/** What such a task is called, in the reader's language. */
export function titleOfReview({ fields, title }) {
  const what = plain(title ?? "").split(": ")[0];
  return sayText("review-title", { what: actionOf(what), name: plain(fields.worker ?? "") });
}

export class Review {
  constructor(column) {
    Object.assign(this, { column, id: reviewOf(column.task.view) }, clone("t-review"));
    const { approval, acts } = column.slots;
    approval.append(this.root);
    // It ends by a score, and is nothing to tell a customer of.
    for (const name of ["[data-form=done]", "[data-do=open-case]"]) acts.querySelector(name).hidden = true;
    column.slots.fields.hidden = true;
    this.slots.form.addEventListener("submit", (event) => (event.preventDefault(), this.send()));
    this.slots.form.addEventListener("input", () => (this.slots.fault.hidden = true));
    this.load();
  }

  async load() {
    try {
      this.show(await api("GET", `/v1/reviews/${this.id}`));
    } catch (problem) {
      this.complain(refused(problem));
    }
  }

  show(review) {
    const { slots } = this;
    if (review.state !== "waiting") {
      notice(say("review-none"));
      return this.column.desk.left(this.column.id, this.column.task.view.lease);
    }
    setText(slots.what, sayText("review-title", { what: pieceOf(review), name: plain(review.worker) }));
    slots["reason-part"].hidden = !review.made?.reason;
    setText(slots.reason, review.made?.reason ?? "");
    slots["queue-part"].hidden = !review.queue;
    setText(slots.queue, plain(review.queue ?? ""));
    slots.work.hidden = review.messages.length === 0;
    slots.messages.replaceChildren(...review.messages.filter(({ text }) => text).map(line));
    // What was given already stays while it is read anew.
    if (!slots.criteria.firstElementChild) slots.criteria.append(...review.criteria.map(criterion));
    this.criteria = review.criteria;
    this.column.slots.approval.hidden = false;
  }

  complain(sentence, field) {
    this.column.slots.approval.hidden = false;
    this.slots.fault.hidden = false;
    this.slots.fault.replaceChildren(sentence);
    field?.focus();
  }

  /** Alt+Y sends the score. */
  key(code) {
    if (code !== "KeyY") return false;
    this.send();
    return true;
  }

  async send() {
    if (this.busy || !this.criteria) return;
    const { form } = this.slots;
    const given = new FormData(form);
    const open = this.criteria.findIndex((_, at) => given.get(`points-${at}`) === null);
    if (open >= 0) return this.complain(say("review-missing"), form.elements[`points-${open}`][0]);
    const points = this.criteria.map(({ name }, at) => [name, given.get(`points-${at}`) === "" ? null : Number(given.get(`points-${at}`))]);
    const words = given.get("words").trim();
    this.busy = true;
    try {
      const body = { act: "score", points: Object.fromEntries(points), ...(words && { words }) };
      const { score_milli: score } = await api("POST", `/v1/reviews/${this.id}`, body);
      notice(say("review-done", { score: score / 10 }));
      this.column.desk.left(this.column.id, this.column.task.view.lease);
    } catch (problem) {
      this.complain(refused(problem));
    } finally {
      this.busy = false;
    }
  }
}

/** One line of what was said. */
function line({ from, name, text }) {
  const root = document.createElement("li");
  const who = document.createElement("b");
  const said = document.createElement("span");
  who.textContent = `${plain(name ?? "") || (knows(from) ? sayText(from) : from)}: `;
  said.dir = "auto";
  said.textContent = text;
  root.append(who, said);
  return root;
}

/** The points of one criterion: one tap. */
function criterion(of, at) {
  const { root, slots } = clone("t-criterion");
  setText(slots.name, nameOf(of));
  slots.fatal.hidden = !of.fatal;
  const choices = [...Array.from({ length: of.points + 1 }, (_, points) => [String(points), String(points)]), ["", sayText("review-not-applicable")]];
  for (const [value, shown] of choices) {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name: `points-${at}`, value });
    label.className = "point";
    label.append(input, shown);
    slots.points.append(label);
  }
  return root;
}
