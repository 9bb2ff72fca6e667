// The cases of a task beside its conversation: opened from it, moved from it, and finished with it.

import { api, byId, clone, notice, say, sayText, setText } from "../page/dom.js";
import { plain } from "../page/text.js";
import { CasePanel } from "../page/case.js";
import { FieldInputs, worded } from "../page/case-fields.js";
import { caseTypes, refusalOf, showDue, stageOf, titleOf, typeOf } from "../page/case-words.js";
import { close, complain, openForm } from "./forms.js";

/** Cases of one matter that are shown. */
const SHOWN_MAX = 10;

export class Cases {
  /** The cases of the task of `column`, whose open places it fills. */
  constructor(column) {
    Object.assign(this, { column, panels: new Map() });
    const open = column.slots.acts.querySelector("[data-do=open-case]");
    open.addEventListener("click", () => this.openForm(open));
    this.load();
  }

  /** The case whose stage's work the task is, by the item's own word. */
  get own() {
    const { case: named } = this.column.task.view.fields ?? {};
    return /^cas_[0-9a-f]{32}$/.test(named ?? "") ? named : null;
  }

  async read() {
    if (this.own) return [await api("GET", `/v1/cases/${this.own}`)];
    const { items } = await api("GET", `/v1/cases?matter=${this.column.task.view.matter}&limit=200`);
    const place = ({ closed, opened_at }) => [closed ? 1 : 0, -Date.parse(opened_at)];
    return items.sort((one, other) => place(one)[0] - place(other)[0] || place(one)[1] - place(other)[1]).slice(0, SHOWN_MAX);
  }

  async load() {
    const round = (this.round = (this.round ?? 0) + 1);
    try {
      const items = await this.read();
      const kinds = await Promise.all(items.map(typeOf));
      if (round === this.round) this.show(items, kinds);
    } catch {
      // The conversation itself is there; cases are asked for again when one changes.
    }
  }

  show(items, kinds) {
    const { slots } = this.column;
    const there = new Set(items.map(({ id }) => id));
    for (const [id, panel] of this.panels) {
      if (there.has(id)) continue;
      panel.root.remove();
      this.panels.delete(id);
    }
    items.forEach((info, place) => {
      const known = this.panels.get(info.id);
      if (known) {
        if (known.info.stage.name !== info.stage.name) this.tell(info, kinds[place]);
        known.show(info, kinds[place]);
        known.readHistory();
      } else this.panels.set(info.id, new CasePanel(info, kinds[place], this.host()));
      const { root } = this.panels.get(info.id);
      if (slots["cases-sheet"].children[place] !== root) slots["cases-sheet"].insertBefore(root, slots["cases-sheet"].children[place]);
    });
    const fresh = slots.cases.hidden && items.length > 0;
    slots.cases.hidden = items.length === 0;
    // Who does a stage's work begins with the case; who talks with the customer opens it when he wants.
    if (fresh && this.work()) slots.cases.open = true;
    // The case shows its fields by their names, and money as money.
    if (this.work()) slots.fields.hidden = true;
    this.line();
    this.column.authority?.fillCases();
  }

  host() {
    const { column } = this;
    return {
      may: true,
      task: column.id,
      finish: (on) => this.finish(on),
      changed: () => this.line(),
    };
  }

  /** What stands in one line while the case is closed. */
  line() {
    const first = this.panels.values().next().value;
    if (!first) return;
    const { slots } = this.column;
    const more = this.panels.size > 1 ? ` ${sayText("case-more", { count: this.panels.size - 1 })}` : "";
    setText(slots["case-line"], `${titleOf(first.info, first.kind)} – ${stageOf(first.info)}${more}`);
    showDue(slots["case-clock"], first.info);
  }

  tell(info, kind) {
    setText(byId("say-soon"), sayText("case-changed", { title: titleOf(info, kind), stage: stageOf(info) }));
  }

  tick() {
    this.line();
    for (const panel of this.panels.values()) panel.tick();
  }

  /** Something changed a case: is it one of these? */
  changed(id, matter) {
    if (this.panels.has(id) || this.own === id || (matter && matter === this.column.task.view.matter)) this.load();
  }

  /** Those that are not over. */
  open() {
    return [...this.panels.values()].filter(({ info }) => !info.closed);
  }

  /** The case whose stage's work this task is. */
  work() {
    return [...this.panels.values()].find((panel) => panel.isWork());
  }

  /** Opens the form that finishes the task, with this disposition chosen. */
  finish(on) {
    const button = this.column.slots.acts.querySelector("[data-form=done]");
    if (button.getAttribute("aria-expanded") !== "true") openForm(this.column, button);
    const form = this.column.slots.form.firstElementChild;
    form.elements.disposition.value = on;
    form.elements.disposition.dispatchEvent(new Event("change"));
    (form.querySelector(".case-inputs :is(input, select, textarea)") ?? form.querySelector("button.primary")).focus();
  }

  /** In the form that finishes a stage's task: its dispositions are those that move the case, and what they need is asked. */
  dress(form, place) {
    const panel = this.work();
    if (!panel) return;
    const { kind, info } = panel;
    const moves = info.moves.filter(({ on, by }) => on && by.includes("worker"));
    const select = form.elements.disposition;
    select.replaceChildren(...moves.map(({ on, to, words }) => new Option(sayText("case-finish", { stage: plain(worded(words, to)), name: on }), on)));
    const ask = () => {
      const missing = moves.find(({ on }) => on === select.value)?.missing ?? [];
      const fields = missing.map((name) => kind?.fields.find((field) => field.name === name)).filter(Boolean);
      place.hidden = fields.length === 0;
      this.needed = { form, panel, inputs: new FieldInputs(place, fields, {}, true) };
    };
    select.addEventListener("change", ask);
    ask();
  }

  /** Records what the disposition needs. False where something is wrong, which stands in the form then. */
  async ready(form, fault) {
    const { needed } = this;
    if (needed?.form !== form) return true;
    const { inputs, panel } = needed;
    const fields = inputs.read();
    if (!fields) return false;
    if (Object.keys(fields).length === 0) return true;
    try {
      await panel.ask({ set: { fields } });
      return true;
    } catch (problem) {
      if (problem?.code === "wrong_field" && inputs.complain(problem.field, sayText("case-wrong-value"))) return false;
      complain(fault, refusalOf(problem, panel.kind));
      return false;
    }
  }

  /** The sentence for a refused end of the task, where it is its case that refuses. */
  refusal(problem) {
    const panel = this.work();
    return panel && ["no_move", "missing_fields", "wrong_case_state"].includes(problem?.code) ? refusalOf(problem, panel.kind) : null;
  }

  /** The form that opens a case from this task, or closes where it was open. */
  async openForm(button) {
    const { column } = this;
    const was = column.slots.form.firstElementChild?.dataset.verdict;
    close(column);
    if (was === "case") return button.focus();
    const { root: form, slots } = clone("t-form-case");
    const leave = () => {
      close(column);
      button.setAttribute("aria-expanded", "false");
      button.focus();
    };
    button.setAttribute("aria-expanded", "true");
    form.querySelector("[data-do=cancel]").addEventListener("click", leave);
    form.addEventListener("keydown", (event) => event.key === "Escape" && leave());
    column.slots.form.append(form);
    column.slots.form.hidden = false;
    try {
      const [kinds] = await Promise.all([caseTypes((all) => all.length > 0), this.known(slots, leave)]);
      slots.none.hidden = kinds.length > 0;
      for (const part of [slots.types, slots.go]) part.hidden = kinds.length === 0;
      this.askOpening(form, slots, kinds, leave);
    } catch (problem) {
      complain(slots.fault, refusalOf(problem));
    }
  }

  askOpening(form, slots, kinds, leave) {
    const { type } = form.elements;
    type.append(...kinds.map(({ name, words }) => new Option(plain(worded(words, name)), name)));
    let inputs;
    const ask = () => (inputs = new FieldInputs(slots.inputs, kinds.find(({ name }) => name === type.value)?.fields ?? []));
    type.addEventListener("change", ask);
    ask();
    type.focus();
    // The same form again is the same case, whatever became of the answer.
    const key = crypto.randomUUID();
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const fields = inputs.read();
      if (!fields) return;
      slots.go.disabled = true;
      try {
        const { id } = await api("POST", "/v1/cases", { type: type.value, key, task: this.column.id, fields });
        leave();
        notice(say("case-opened"), 4_000);
        await this.load();
        this.showPanel(id);
      } catch (problem) {
        if (problem?.code === "wrong_field" && inputs.complain(problem.field, sayText("case-wrong-value"))) return;
        complain(slots.fault, refusalOf(problem));
      } finally {
        slots.go.disabled = false;
      }
    });
  }

  showPanel(id) {
    this.column.slots.cases.open = true;
    this.panels.get(id)?.root.focus();
  }

  /** The customer's open cases that came up elsewhere. */
  async known(slots, leave) {
    const { conversation } = this.column.task.view;
    if (!conversation) return;
    const { items } = await api("GET", `/v1/cases?contact_of=${conversation}&open=true&limit=20`);
    const others = items.filter(({ id }) => !this.panels.has(id));
    slots.known.hidden = others.length === 0;
    const rows = others.map(async (info) => {
      const { root, slots: parts } = clone("t-case-known");
      setText(parts.title, titleOf(info, await typeOf(info)));
      setText(parts.stage, stageOf(info));
      root.querySelector("[data-do=link]").addEventListener("click", () => this.link(info, conversation, slots.fault, leave));
      return root;
    });
    slots["known-list"].replaceChildren(...(await Promise.all(rows)));
  }

  async link({ id }, conversation, fault, leave) {
    try {
      await api("POST", `/v1/cases/${id}`, { key: crypto.randomUUID(), act: { link: { conversation } } });
      leave();
      notice(say("case-linked"), 4_000);
      await this.load();
      this.showPanel(id);
    } catch (problem) {
      complain(fault, refusalOf(problem));
    }
  }
}

