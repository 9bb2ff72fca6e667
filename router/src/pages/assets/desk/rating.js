// How the answers to a task's requests were: one tap each.

import { api, clone, notice, refused, say, sayText, setText } from "../page/dom.js";
import { plain } from "../page/text.js";

export class Ratings {
  /** Beside the task of `column`, whose open place it fills. */
  constructor(column) {
    this.column = column;
    this.load();
  }

  async load() {
    try {
      const { items } = await api("GET", `/v1/answers?task=${encodeURIComponent(this.column.id)}`);
      this.show(items);
    } catch {
      // The answer itself is there; how it was is asked again when the task is looked at anew.
    }
  }

  show(items) {
    const { ratings } = this.column.slots;
    ratings.hidden = items.length === 0;
    ratings.replaceChildren(...items.map((answer) => this.row(answer)));
  }

  row(answer) {
    const { root, slots } = clone("t-rating");
    setText(slots.of, sayText("answer-of", { name: plain(answer.worker), queue: plain(answer.queue) }));
    for (const button of slots.taps.querySelectorAll("[data-rating]")) {
      button.setAttribute("aria-pressed", String(button.dataset.rating === answer.rating));
      button.addEventListener("click", () => this.rate(answer, button));
    }
    return root;
  }

  async rate({ id }, button) {
    button.disabled = true;
    try {
      await api("POST", `/v1/answers/${id}`, { rating: button.dataset.rating });
      notice(say("rated", { rating: button.textContent }), 4_000);
      await this.load();
    } catch (problem) {
      notice(refused(problem));
    } finally {
      button.disabled = false;
    }
  }
}
