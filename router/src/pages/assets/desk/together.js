// Which of the customer's conversations are one matter with this one; and the worker's word that they are, or are not.

import { api, clone, detailOf, notice, say, sayText, setText } from "../page/dom.js";
import { complain } from "./forms.js";

export class Together {
  /** At a column, whose open place it fills. */
  constructor(column) {
    this.column = column;
    this.held = [];
  }

  /** What is said here, and by its time what is said in the conversations that are one matter with this one. */
  lines(own) {
    const { book } = this.column.desk;
    const others = this.held.flatMap(({ task, channel }) => {
      const said = book.tasks.has(task) ? book.said(book.tasks.get(task)) : [];
      return said.map((line) => ({ ...line, key: `${task} ${line.key ?? line.seq}`, elsewhere: channel }));
    });
    if (others.length === 0) return own;
    others.sort((one, other) => one.at - other.at);
    const all = [];
    // What is said here keeps its order, whatever its times are.
    for (const line of own) {
      while (others.length > 0 && others[0].at < line.at) all.push(others.shift());
      all.push(line);
    }
    return [...all, ...others];
  }

  /** `together` are held with this one; the customer has `open` ones besides. */
  show(together, open) {
    const { together: place } = this.column.slots;
    this.held = together;
    const rows = [...together.map((one) => ({ ...one, held: true })), ...open];
    const text = JSON.stringify(rows);
    // A form that somebody fills in is not made anew.
    if (text === this.shown) return;
    this.shown = text;
    place.hidden = rows.length === 0;
    place.replaceChildren(...rows.map((one) => this.row(one)));
    this.column.show();
  }

  row({ conversation, channel, held }) {
    const { root, slots } = clone("t-together");
    slots.what.append(say(held ? "matter-with" : "matter-open", { channel }));
    slots.what.title = conversation;
    setText(slots.ask, sayText(held ? "matter-part" : "matter-join"));
    slots.ask.addEventListener("click", () => {
      slots.form.hidden = !slots.form.hidden;
      slots.ask.setAttribute("aria-expanded", String(!slots.form.hidden));
      if (!slots.form.hidden) slots.form.elements.reason.focus();
    });
    slots.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.tell(slots, conversation, held);
    });
    return root;
  }

  async tell({ form, fault }, other, held) {
    const reason = form.elements.reason.value.trim();
    if (!reason) return form.elements.reason.focus();
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    try {
      const one = this.column.task.view.conversation;
      await api("POST", `/v1/matters/${held ? "part" : "join"}`, { one, other, reason });
      notice(say(held ? "matter-parted" : "matter-joined"));
      this.column.root.focus();
      this.column.customer.load();
      this.column.notes.load();
    } catch (problem) {
      complain(fault, detailOf(problem), form.elements.reason);
    } finally {
      button.disabled = false;
    }
  }
}
