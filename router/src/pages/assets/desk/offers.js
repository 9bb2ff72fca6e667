// Offers: what, why to me, how long, and two answers.

import { byId, clone, detailOf, knows, notice, say, sayText, setText } from "../page/dom.js";
import { lasting, now } from "../page/clock.js";

export class Offers {
  /** `desk` has `book`, `line`, `title(view)`, `accepted(id)` and `changed()`. */
  constructor(desk) {
    this.desk = desk;
    this.cards = new Map();
  }

  show() {
    const { offers } = this.desk.book;
    for (const [id, card] of this.cards) {
      if (offers.get(id)?.lease === card.view.lease) continue;
      const held = card.root.contains(document.activeElement);
      card.root.remove();
      this.cards.delete(id);
      // Whoever answers by keyboard goes on with the next offer.
      if (held) (byId("offers").querySelector(".offer") ?? byId("work")).focus();
    }
    for (const view of offers.values()) {
      const card = this.cards.get(view.id) ?? this.card(view);
      card.view = view;
      setText(card.slots.title, this.desk.title(view));
      setText(card.slots.peek, view.messages.at(-1)?.text ?? "");
    }
    byId("no-offers").hidden = offers.size > 0;
    setText(byId("offers-count"), String(offers.size));
    this.tick();
  }

  card(view) {
    const card = { ...clone("t-offer"), view, begun: now() };
    const { root, slots } = card;
    setText(slots.queue, view.queue);
    slots.why.replaceChildren(...this.why(view));
    root.querySelector("[data-do=accept]").addEventListener("click", () => this.accept(card));
    const decline = root.querySelector("[data-do=decline]");
    decline.addEventListener("click", () => {
      slots.declining.hidden = !slots.declining.hidden;
      decline.setAttribute("aria-expanded", String(!slots.declining.hidden));
      if (!slots.declining.hidden) slots.declining.elements.reason.focus();
    });
    slots.declining.addEventListener("submit", (event) => {
      event.preventDefault();
      this.decline(card, slots.declining.elements.reason.value);
    });
    this.cards.set(view.id, card);
    byId("offers").append(root);
    return card;
  }

  /** Why it came to this worker: what it is where that tells something, and what the router says. */
  why(view) {
    const names = [view.kind, view.why ?? "queue"].map((name) => `why-${name}`);
    return names.filter(knows).flatMap((name, index) => [index > 0 ? " · " : "", say(name, view)]);
  }

  async answer(card, frame) {
    const { id: task, lease } = card.view;
    for (const button of card.root.querySelectorAll("button")) button.disabled = true;
    try {
      await this.desk.line.call({ ...frame, task, lease });
      return true;
    } catch (problem) {
      this.desk.book.remove(task, lease);
      notice(say("problem", { detail: detailOf(problem) }));
      return false;
    } finally {
      this.desk.changed();
    }
  }

  async accept(card) {
    const { id, lease } = card.view;
    if (await this.answer(card, { type: "accept" })) this.desk.accepted(id, lease);
  }

  async decline(card, reason) {
    const { id, lease } = card.view;
    if (await this.answer(card, { type: "decline", reason })) this.desk.book.remove(id, lease);
    this.desk.changed();
  }

  tick() {
    const at = now();
    for (const { view, slots, begun } of this.cards.values()) {
      const left = Math.max(0, (view.until ?? at) - at);
      setText(slots.left, sayText("answer-within", { left: lasting(left) }));
      slots.left.dataset.level = left < 10_000 ? "late" : "calm";
      slots.bar.max = Math.max(1, (view.until ?? at) - begun);
      slots.bar.value = left;
      setText(slots.since, sayText("waiting-since", { left: lasting(at - view.earned_at) }));
    }
  }
}
