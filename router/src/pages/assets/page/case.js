// A case: where it stands, what is known, what can be done with it, and what happened to it. At the desk and on the console.

import { api, clone, sayText, setText } from "./dom.js";
import { instant } from "./clock.js";
import { plain } from "./text.js";
import { FieldInputs, worded } from "./case-fields.js";
import { showAgreement } from "./case-agree.js";
import { showAsked, showHistory } from "./case-history.js";
import { JourneyPanel } from "./journey.js";
import { namesOf, procedure, refusalOf, showDue, stageOf, titleOf, typeOf } from "./case-words.js";

export class CasePanel {
  /** `host` has `may` (whether anything can be done), `changed(info)`, `told(events)` for its history, and at a task `task` and `finish(on)`. */
  constructor(info, kind, host) {
    Object.assign(this, { info, kind, host }, clone("t-case"));
    const { root, slots } = this;
    slots.title.id = `case-title-${info.id}`;
    root.setAttribute("aria-labelledby", slots.title.id);
    setText(slots.id, info.id.slice(0, 12));
    slots.id.title = info.id;
    slots.do.hidden = !host.may;
    slots.fields.addEventListener("submit", (event) => (event.preventDefault(), this.save()));
    slots.fields.addEventListener("input", () => (slots.save.disabled = !this.inputs.dirty));
    for (const button of root.querySelectorAll("[data-do]")) button.addEventListener("click", () => this[`on_${button.dataset.do}`](button));
    const stage = (name) => plain(worded(this.kind?.stages.find((one) => one.name === name)?.words, name));
    this.journey = new JourneyPanel(slots.journey, slots["journey-place"], `/v1/cases/${info.id}/journey`, stage);
    this.show(info, kind);
    this.readHistory();
  }

  /** Shows a case as it is now. Who is typing keeps what he typed. */
  show(info, kind) {
    const moved = this.info.stage.name !== info.stage.name;
    Object.assign(this, { info, kind });
    const { slots } = this;
    setText(slots.title, titleOf(info, kind));
    this.way();
    this.facts();
    const text = worded(kind?.stages.find(({ name }) => name === info.stage.name)?.procedure);
    slots.procedure.hidden = !text;
    if (text && slots["procedure-text"].textContent !== text) procedure(slots["procedure-text"], text);
    this.moves();
    showAgreement(this);
    this.showFields();
    if (moved) {
      this.closeForm();
      setText(slots.live, sayText("case-moved-here", { stage: stageOf(info) }));
    }
    this.tick();
  }

  tick() {
    showDue(this.slots.clock, this.info);
  }

  way() {
    this.slots.way.replaceChildren(...this.info.way.map(({ stage, words, state, at }) => {
      const step = clone("t-case-step");
      step.root.dataset.state = state;
      if (state === "here") step.root.setAttribute("aria-current", "step");
      if (at) step.root.title = instant(Date.parse(at));
      setText(step.slots.words, plain(worded(words, stage)));
      setText(step.slots.state, sayText(`case-${state}`));
      return step.root;
    }));
  }

  facts() {
    const { owner, stage, closed } = this.info;
    const told = [owner ? sayText("case-owner", { name: plain(owner) }) : sayText("case-nobody")];
    if (stage.unit) told.push(sayText("case-unit", { unit: plain(stage.unit) }));
    if (!closed) told.push(sayText("case-since", { at: instant(Date.parse(stage.since)) }));
    if (stage.paused) told.push(sayText("case-waits", { reason: sayText(`case-for-${stage.paused.reason}`) }));
    if (closed) told.push(sayText("case-ended", { outcome: sayText(`case-outcome-${closed.outcome}`), at: instant(Date.parse(closed.at)) }));
    if (closed?.confirmed) told.push(sayText("case-confirmed"));
    this.slots.facts.replaceChildren(...told.map((text) => Object.assign(document.createElement("span"), { textContent: text })));
  }

  /** The moves that a worker may make: onward as buttons, those that end it behind one. */
  moves() {
    const { info, slots, host } = this;
    const mine = info.moves.filter(({ by }) => by.includes("worker"));
    this.ends = mine.filter(({ closes }) => closes);
    const shown = mine.filter(({ closes, on }) => !closes || (on && this.isWork()));
    // A button that somebody stands on is not made anew.
    const text = JSON.stringify([shown, this.isWork()]);
    if (text !== this.shownMoves) slots.moves.replaceChildren(...shown.map((move) => this.moveButton(move)));
    this.shownMoves = text;
    const act = (name, shown) => (this.root.querySelector(`[data-do=${name}]`).hidden = !shown);
    act("pause", !info.closed && !info.stage.paused);
    act("resume", Boolean(info.stage.paused));
    act("assign", !info.closed);
    act("close", this.ends.length > 0);
    act("reopen", Boolean(info.closed) && !info.closed.confirmed);
    slots.moves.hidden = !host.may || slots.moves.childElementCount === 0;
  }

  moveButton(move) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "case-move";
    button.dataset.to = move.to;
    const words = document.createElement("b");
    words.textContent = plain(worded(move.words, move.to));
    button.append(words);
    if (move.missing.length > 0) {
      const needs = document.createElement("small");
      needs.textContent = sayText("case-needs", { fields: namesOf(this.kind, move.missing) });
      button.append(needs);
    }
    button.addEventListener("click", () => (move.on && this.isWork() ? this.host.finish(move.on) : this.askMove(move, button)));
    return button;
  }

  /** Whether the task beside it does its stage's work: then its end moves the case. */
  isWork() {
    return Boolean(this.host.task) && this.info.task === this.host.task;
  }

  showFields() {
    const { info, kind, slots } = this;
    const fields = kind?.fields ?? [];
    slots.fields.hidden = fields.length === 0;
    const same = this.inputs && fields.every(({ name }) => this.inputs.rows.has(name)) && this.inputs.rows.size === fields.length;
    if (same) this.inputs.update(info.fields);
    else this.inputs = new FieldInputs(slots.inputs, fields, info.fields);
    for (const { input } of this.inputs.rows.values()) input.disabled = !this.host.may || Boolean(info.closed);
    slots.save.hidden = !this.host.may || Boolean(info.closed);
    slots.save.disabled = !this.inputs.dirty;
  }

  async readHistory() {
    const asked = (this.round = (this.round ?? 0) + 1);
    try {
      const history = await api("GET", `/v1/cases/${this.info.id}/history`);
      if (asked !== this.round) return;
      const { slots, kind } = this;
      const text = JSON.stringify([history.items, history.asked]);
      if (text === this.shownHistory) return;
      this.shownHistory = text;
      this.journey.read();
      setText(slots.count, String(history.items.length));
      showHistory(slots.events, history.items, kind);
      this.host.told?.(history.items);
      slots["asked-part"].hidden = !showAsked(slots.asked, history.asked, kind);
    } catch {
      // The case itself is there; its history is asked for again when it changes.
    }
  }

  /** Asks something of the case. Where no answer came, asking the same again is the same call. */
  async ask(act) {
    const text = JSON.stringify(act);
    if (this.asking?.text !== text) this.asking = { text, key: crypto.randomUUID() };
    try {
      const info = await api("POST", `/v1/cases/${this.info.id}`, { key: this.asking.key, act });
      this.asking = null;
      this.complain(null);
      await this.take(info);
    } catch (problem) {
      if (problem?.status && problem.status < 500) this.asking = null;
      throw problem;
    }
  }

  async take(info) {
    this.show(info, (await typeOf(info)) ?? this.kind);
    this.readHistory();
    this.host.changed?.(info);
  }

  /** Reads the case anew. */
  async reload() {
    await this.take(await api("GET", `/v1/cases/${this.info.id}`));
  }

  complain(text) {
    this.slots.fault.hidden = text === null;
    setText(this.slots.fault, text ?? "");
  }

  async save() {
    const { inputs, slots } = this;
    const fields = inputs.read();
    if (!fields || Object.keys(fields).length === 0) return;
    slots.save.disabled = true;
    slots["fields-fault"].hidden = true;
    const undo = inputs.saved(fields);
    try {
      await this.ask({ set: { fields } });
      setText(slots.live, sayText("case-saved"));
    } catch (problem) {
      undo();
      if (problem?.code === "wrong_field" && inputs.complain(problem.field, sayText("case-wrong-value"))) inputs.rows.get(problem.field).input.focus();
      else {
        slots["fields-fault"].hidden = false;
        setText(slots["fields-fault"], refusalOf(problem, this.kind));
      }
    } finally {
      slots.save.disabled = !inputs.dirty;
    }
  }

  /** A form at its place: `fields` are its inputs, `act(values)` what is asked with them. */
  form(opener, title, fields, act, missing = []) {
    const was = this.opener;
    this.closeForm();
    if (was === opener) return opener.focus();
    const { root: form, slots } = clone("t-case-form");
    setText(slots.title, title);
    const inputs = new FieldInputs(slots.inputs, fields, {}, true);
    this.opener = opener;
    opener.setAttribute("aria-expanded", "true");
    const leave = () => {
      this.closeForm();
      opener.focus();
    };
    form.querySelector("[data-do=cancel]").addEventListener("click", leave);
    form.addEventListener("keydown", (event) => event.key === "Escape" && leave());
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const values = inputs.read();
      if (!values) return;
      const buttons = form.querySelectorAll("button");
      for (const button of buttons) button.disabled = true;
      try {
        await this.ask(act(values));
        this.closeForm();
        this.root.focus();
      } catch (problem) {
        if (problem?.code === "wrong_field" && inputs.complain(problem.field, sayText("case-wrong-value"))) return;
        slots.fault.hidden = false;
        setText(slots.fault, refusalOf(problem, this.kind, missing));
      } finally {
        for (const button of buttons) button.disabled = false;
      }
    });
    this.slots.form.append(form);
    this.slots.form.hidden = false;
    (form.querySelector("input, select, textarea") ?? form.querySelector("button")).focus();
  }

  closeForm() {
    this.opener?.setAttribute("aria-expanded", "false");
    this.opener = null;
    this.slots.form.replaceChildren();
    this.slots.form.hidden = true;
  }

  askMove(move, button) {
    const fields = move.missing.map((name) => this.kind?.fields.find((field) => field.name === name)).filter(Boolean);
    const title = sayText("case-move-to", { stage: plain(worded(move.words, move.to)) });
    this.form(button, title, fields, (values) => ({ move: { to: move.to, fields: values } }), move.missing);
  }

  choice(name, title, options) {
    return { name, type: "choice", words: { "": title }, of: options.map(([value, text]) => ({ name: value, words: { "": text } })) };
  }

  on_pause(button) {
    const reasons = ["customer", "colleague", "approval", "time"].map((reason) => [reason, sayText(`case-for-${reason}`)]);
    this.form(button, sayText("case-pause"), [this.choice("reason", sayText("case-reason"), reasons)], ({ reason }) => ({ pause: reason }));
  }

  on_resume(button) {
    this.now(button, { resume: true });
  }

  on_reopen(button) {
    this.now(button, { reopen: true });
  }

  async on_assign(button) {
    try {
      const { items } = await api("GET", "/v1/workers");
      const workers = items.map(({ name }) => [name, name]);
      this.form(button, sayText("case-assign"), [this.choice("owner", sayText("case-new-owner"), workers)], ({ owner }) => ({ assign: owner }));
    } catch (problem) {
      this.complain(refusalOf(problem, this.kind));
    }
  }

  on_close(button) {
    const { ends, kind } = this;
    const ways = ends.map((move) => [move.to, plain(worded(move.words, move.to))]);
    const needed = ends.length === 1 ? ends[0].missing : [];
    const fields = needed.map((name) => kind?.fields.find((field) => field.name === name)).filter(Boolean);
    const missing = ends.flatMap((move) => move.missing);
    this.form(button, sayText("case-close"), [this.choice("end", sayText("case-end"), ways), ...fields], ({ end, ...values }) => ({ move: { to: end, fields: values } }), missing);
  }

  async now(button, act) {
    button.disabled = true;
    try {
      await this.ask(act);
    } catch (problem) {
      this.complain(refusalOf(problem, this.kind));
    } finally {
      button.disabled = false;
    }
  }
}

