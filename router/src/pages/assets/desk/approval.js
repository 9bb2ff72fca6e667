// What this worker is asked to decide: all that he needs for it in one place, and an answer by one key.

import { api, clone, notice, refused, say, sayText } from "../page/dom.js";
import { actionOf, amountOf, joined, limitsOf, standOf, whatOf } from "./authority.js";
import { plain } from "../page/text.js";

/** The decision that a task asks for, by the item's own word. */
export const decisionOf = ({ fields }) => (/^dec_[0-9a-f]{32}$/.test(fields?.decision ?? "") ? fields.decision : null);

/** What such a task is called, in the reader's language. */
export function titleOfApproval({ fields, title }) {
  const amount = plain(title ?? "").split(": ").slice(1).join(": ");
  return `${actionOf(fields.action)}: \u2066${amount}\u2069`;
}

export class Approval {
  constructor(column) {
    Object.assign(this, { column }, clone("t-approval"));
    const { approval, acts } = column.slots;
    approval.append(this.root);
    // It ends by an answer, and is nothing to tell a customer of.
    for (const name of ["[data-form=done]", "[data-do=open-case]"]) acts.querySelector(name).hidden = true;
    column.slots.fields.hidden = true;
    this.deny = this.root.querySelector("[data-do=deny]");
    this.approve = this.root.querySelector("[data-do=approve]");
    this.approve.addEventListener("click", () => this.decide("approve"));
    this.deny.addEventListener("click", () => this.ask());
    this.slots.denying.addEventListener("submit", (event) => {
      event.preventDefault();
      const { note } = this.slots.denying.elements;
      if (note.value.trim()) this.decide("deny", note.value.trim());
      else this.complain(sayText("missing"), note);
    });
    this.slots.denying.addEventListener("keydown", (event) => event.key === "Escape" && this.ask());
    this.load();
  }

  async load() {
    try {
      const { items } = await api("GET", `/v1/decisions?approval=${this.column.id}`);
      if (!items[0]) return this.complain(say("approval-none"));
      if (items[0].state !== "waiting") {
        notice(standOf(items[0]));
        return this.column.desk.left(this.column.id, this.column.task.view.lease);
      }
      const allowed = await api("GET", `/v1/decisions/allowance?decision=${items[0].id}`);
      this.show(items[0], allowed);
    } catch (problem) {
      this.complain(refused(problem));
    }
  }

  show(decision, { items, actions }) {
    const { slots } = this;
    this.decision = decision;
    const kind = actions.find(({ action, currency }) => action === decision.action && currency === decision.currency) ?? decision;
    slots.what.replaceChildren(say("approval-title", { what: whatOf(decision) }));
    slots.asker.textContent = plain(decision.asker);
    slots["customer-part"].hidden = !decision.customer;
    slots.customer.textContent = plain(decision.customer ?? "");
    slots["reason-part"].hidden = !decision.reason;
    slots.reason.textContent = decision.reason ?? "";
    slots.alone.textContent = amountOf(decision.alone, kind);
    const own = items.filter(({ action, currency }) => action === decision.action && currency === decision.currency);
    const left = own.flatMap((item) => [say(item.minor > 0 ? "allow-now" : "allow-nothing", { amount: amountOf(item.minor, kind) }), ...limitsOf(item, kind)]);
    joined(slots.own, left.length > 0 ? left : [say("allow-nothing")]);
    this.column.slots.approval.hidden = false;
  }

  complain(sentence, field) {
    this.column.slots.approval.hidden = false;
    this.slots.fault.hidden = false;
    this.slots.fault.replaceChildren(sentence);
    field?.focus();
  }

  /** Asks why not, or leaves that. */
  ask() {
    const { denying } = this.slots;
    denying.hidden = !denying.hidden;
    this.deny.setAttribute("aria-expanded", String(!denying.hidden));
    if (denying.hidden) this.deny.focus();
    else denying.elements.note.focus();
  }

  /** One key: Alt+Y approves, Alt+N asks for the reason of a no. */
  key(code) {
    if (!this.decision) return false;
    if (code === "KeyY") this.decide("approve");
    else if (this.slots.denying.hidden) this.ask();
    else this.slots.denying.elements.note.focus();
    return true;
  }

  async decide(act, note) {
    if (this.busy) return;
    this.busy = true;
    const buttons = this.root.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    const { column } = this;
    try {
      const decision = await api("POST", `/v1/decisions/${this.decision.id}`, { act, ...(note && { note }) });
      notice(standOf(decision));
      column.desk.left(column.id, column.task.view.lease);
    } catch (problem) {
      // Whoever may not decide it passes it on by trying: then only the notice is left to read.
      notice(refused(problem), 20_000);
      this.complain(refused(problem));
    } finally {
      this.busy = false;
      for (const button of buttons) button.disabled = false;
    }
  }
}
