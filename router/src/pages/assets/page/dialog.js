// A dialog with a form: what was typed stays when something goes wrong, and the cursor goes to the field at fault.

import { detailOf, sayText, setText, slotsOf } from "./dom.js";

/** The first field that must be filled and is not. */
const missing = (form) => [...form.elements].find((field) => field.required && !field.value.trim());

export class Dialog {
  /** `send(values, dialog)` does what the form is for; a problem that it throws is shown in the form. */
  constructor(id, send) {
    this.root = document.getElementById(id);
    this.form = this.root.querySelector("form");
    this.slots = slotsOf(this.root);
    this.form.querySelector("[data-do=cancel]")?.addEventListener("click", () => this.root.close());
    this.form.addEventListener("submit", (event) => {
      if (!send) return;
      event.preventDefault();
      this.submit(send);
    });
  }

  /** Shows the form anew, about `name`. */
  show(name, values = {}) {
    this.form.reset();
    this.complain(null);
    if (this.slots.name) setText(this.slots.name, name);
    for (const [field, value] of Object.entries(values)) this.form.elements[field].value = value;
    this.root.showModal();
    this.form.querySelector("input, select, textarea, button")?.focus();
  }

  complain(text, field) {
    if (!this.slots.fault) return;
    this.slots.fault.hidden = text === null;
    if (text !== null) setText(this.slots.fault, text);
    for (const input of this.form.querySelectorAll("input, select, textarea")) input.setAttribute("aria-invalid", String(input === field));
    field?.focus();
  }

  async submit(send) {
    const empty = missing(this.form);
    if (empty) return this.complain(sayText("missing"), empty);
    const buttons = this.form.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    try {
      await send(Object.fromEntries(new FormData(this.form)), this);
      this.root.close();
    } catch (problem) {
      this.complain(detailOf(problem), this.form.elements[problem?.field?.slice(1)]);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }
}
