// The reviews of this worker's own work, the latest first, each of which he answers once.

import { api, byId, clone, refused, say, sayText, setText, slotsOf } from "../page/dom.js";
import { instant, now } from "../page/clock.js";
import { plain } from "../page/text.js";
import { worded } from "../page/case-fields.js";
import { actionOf } from "./authority.js";

/** How many are shown. */
const SHOWN_MAX = 50;

export class OwnReviews {
  constructor(worker) {
    this.worker = worker;
    /** What the criteria of each form are called, by its name. */
    this.forms = new Map();
    this.root = byId("own-reviews");
    this.slots = slotsOf(this.root);
    byId("own-reviews-open").addEventListener("click", () => {
      byId("me").open = false;
      this.open();
    });
  }

  open() {
    this.root.showModal();
    this.load();
  }

  async load() {
    const { slots } = this;
    try {
      const { items } = await api("GET", `/v1/reviews?worker=${encodeURIComponent(this.worker)}&limit=200`);
      const made = items.filter(({ score_milli: score }) => score !== undefined).reverse().slice(0, SHOWN_MAX);
      slots.list.replaceChildren(...made.map((review) => this.row(review)));
      slots.empty.hidden = made.length > 0;
      slots.fault.hidden = true;
    } catch (problem) {
      this.complain(problem);
    }
  }

  complain(problem) {
    this.slots.fault.hidden = false;
    this.slots.fault.replaceChildren(refused(problem));
  }

  row(review) {
    const { root, slots } = clone("t-own-review");
    const at = Date.parse(review.scored_at);
    setText(slots.what, review.action ? `${actionOf(review.action)}, \u2066${plain(review.amount ?? "")}\u2069` : plain(review.form));
    slots.at.dateTime = review.scored_at;
    setText(slots.at, instant(at));
    setText(slots.score, sayText("review-score", { score: review.score_milli / 10 }));
    slots.words.hidden = !review.words;
    setText(slots.words, review.words ?? "");
    this.criteria(review, slots.criteria);
    slots.answer.hidden = !review.answer;
    setText(slots.answer, review.answer ? `${sayText("review-answered")}: ${review.answer}` : "");
    slots.answering.hidden = !(Date.parse(review.answer_until) > now());
    const field = root.querySelector("[name=answer]");
    root.querySelector("[data-do=answer]").addEventListener("click", () => this.answer(review, field));
    return root;
  }

  /** The points, by what the form calls what they were given for; a form that is gone leaves its short names. */
  async criteria({ id, form, points }, place) {
    const asked = this.forms.get(form) ?? api("GET", `/v1/reviews/${id}`).then(({ criteria }) => criteria).catch(() => []);
    this.forms.set(form, asked);
    const known = await asked;
    place.replaceChildren(...Object.entries(points).map(([name, given]) => {
      const item = document.createElement("li");
      const words = plain(worded(known.find((one) => one.name === name)?.words, name));
      item.append(words, /[?!.:]$/.test(words) ? " " : ": ", say("review-points", { points: given }));
      return item;
    }));
  }

  async answer({ id }, field) {
    const words = field.value.trim();
    if (!words) return field.focus();
    try {
      await api("POST", `/v1/reviews/${id}`, { act: "answer", words });
      this.load();
    } catch (problem) {
      this.complain(problem);
    }
  }
}
