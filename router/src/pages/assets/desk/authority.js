// What this worker may decide beside his task: what is left of it, a form, and what became of what he asked for.

import { api, clone, detailOf, knows, notice, refused, say, sayText } from "../page/dom.js";
import { decimal, minorOf } from "../page/case-fields.js";
import { stageOf, titleOf } from "../page/case-words.js";
import { plain } from "../page/text.js";

/** What was asked for at one matter that is shown, the latest. */
const SHOWN_MAX = 5;

/** What an action is called: a word of the pages, else as the rules name it; an exception names its policy. */
export function actionOf(action) {
  const [kind, ...policy] = String(action).split(".");
  const name = knows(`action-${kind}`) ? sayText(`action-${kind}`) : plain(kind);
  return policy.length > 0 ? `${name} (${plain(policy.join("."))})` : name;
}

/** An amount, or how many where the action is counted, isolated from what stands around it. */
export const amountOf = (minor, { currency, digits = 2 }) => `\u2066${currency ? `${decimal(minor, digits)} ${currency}` : minor}\u2069`;

/** What is asked for, in one line. */
export const whatOf = ({ action, amount }) => `${actionOf(action)}, \u2066${plain(amount)}\u2069`;

/** What is left of one grant, as sentences. */
export function limitsOf(item, kind) {
  const of = (name, minor) => (minor === undefined ? [] : [say(`allow-${name}`, { amount: amountOf(minor, kind) })]);
  return [...of("once", item.once), ...of("day", item.day), ...of("customer", item.customer), ...of("four-eyes", item.four_eyes)];
}

/** Fills a place with sentences, a dot between two. */
export const joined = (place, sentences) => place.replaceChildren(...sentences.flatMap((one, at) => (at > 0 ? [" · ", one] : [one])));

/** Where a decision stands, in one sentence. */
export function standOf(decision) {
  const what = whatOf(decision);
  if (decision.state !== "waiting") return say(`decision-${decision.state}`, { what, name: plain(decision.second ?? decision.decider ?? "") });
  const agreed = decision.lines.findLast(({ kind }) => kind === "approved");
  if (agreed && decision.decider) return say("decision-second", { what, name: plain(decision.decider) });
  const to = decision.lines.findLast(({ kind }) => kind === "routed")?.to;
  return to ? say("decision-waiting", { what, name: plain(to) }) : say("decision-queued", { what });
}

export class Authority {
  /** Beside the task of `column`, whose open places it fills. */
  constructor(column) {
    Object.assign(this, { column, kinds: [] });
    const { slots } = column;
    this.form = slots["authority-form"];
    this.form.addEventListener("submit", (event) => (event.preventDefault(), this.decide()));
    this.form.elements.action.addEventListener("change", () => this.kindChosen());
    this.form.addEventListener("input", () => this.complain(null));
    slots.authority.addEventListener("toggle", () => slots.authority.open && this.load());
    this.load();
  }

  async load() {
    const round = (this.round = (this.round ?? 0) + 1);
    const { id, matter } = this.column.task.view;
    try {
      const [allowed, { items: asked }] = await Promise.all([api("GET", `/v1/decisions/allowance?task=${id}`), api("GET", `/v1/decisions?matter=${matter}`)]);
      if (round === this.round) this.show(allowed, asked);
    } catch {
      // The task itself is there; what may be decided is asked for again when it is looked at.
    }
  }

  show({ items, actions }, asked) {
    const { slots } = this.column;
    this.kinds = actions;
    slots.authority.hidden = items.length === 0 && asked.length === 0;
    joined(slots["authority-line"], items.map((item) => say("allow-line", { action: actionOf(item.action), amount: amountOf(item.minor, this.kindOf(item)) })));
    slots["authority-list"].replaceChildren(...items.map((item) => this.row(item)));
    const latest = asked.sort((one, other) => Date.parse(other.asked_at) - Date.parse(one.asked_at)).slice(0, SHOWN_MAX);
    slots["authority-asked"].hidden = latest.length === 0;
    slots["authority-asked"].replaceChildren(...latest.map((decision) => this.decision(decision)));
    this.fillActions();
  }

  kindOf({ action, currency }) {
    return this.kinds.find((kind) => kind.action === action && kind.currency === currency) ?? { action, currency };
  }

  row(item) {
    const { root, slots } = clone("t-allowance");
    const kind = this.kindOf(item);
    slots.action.textContent = actionOf(item.action);
    slots.now.append(say(item.minor > 0 ? "allow-now" : "allow-nothing", { amount: amountOf(item.minor, kind) }));
    joined(slots.limits, limitsOf(item, kind));
    return root;
  }

  decision(decision) {
    const { root, slots } = clone("t-decision");
    slots.what.append(standOf(decision));
    const note = decision.lines.length > 1 ? decision.lines.at(-1).note : null;
    slots.note.hidden = !note;
    slots.note.textContent = note ?? "";
    const withdraw = root.querySelector("[data-do=withdraw]");
    withdraw.hidden = decision.state !== "waiting";
    withdraw.addEventListener("click", () => this.withdraw(decision, withdraw));
    const link = root.querySelector("[data-do=link]");
    link.hidden = withdraw.hidden;
    link.addEventListener("click", () => this.link(decision));
    return root;
  }

  /** A link for whoever is asked and is not at his desk, into the clipboard and before the eyes. */
  async link({ id }) {
    try {
      const { path } = await api("POST", `/v1/decisions/${id}/link`, {});
      const link = location.origin + path;
      await navigator.clipboard?.writeText(link).catch(() => {});
      notice(say("decision-linked", { link }), 30_000);
    } catch (problem) {
      notice(say("problem", { detail: detailOf(problem) }));
    }
  }

  /** The actions that somebody may decide; what was chosen stays chosen. */
  fillActions() {
    const { action } = this.form.elements;
    const text = JSON.stringify(this.kinds);
    if (text === this.shownKinds) return this.fillCases();
    const was = action.value;
    action.replaceChildren(...this.kinds.map((kind, place) => new Option(actionOf(kind.action), String(place))));
    if (this.shownKinds && was) action.value = was;
    this.shownKinds = text;
    this.kindChosen();
  }

  kindChosen() {
    this.column.slots["authority-currency"].textContent = this.kind?.currency ? `(${this.kind.currency})` : "";
    this.fillCases();
  }

  /** For which case it is: one of those beside the task that are open. */
  fillCases() {
    const { case: select } = this.form.elements;
    const open = this.column.cases.open();
    const text = JSON.stringify(open.map(({ info }) => [info.id, info.stage.name]));
    this.column.slots["authority-cases"].hidden = open.length === 0;
    if (text === this.shownCases) return;
    this.shownCases = text;
    const options = open.map(({ info, kind }) => new Option(`${titleOf(info, kind)} – ${stageOf(info)}`, info.id));
    select.replaceChildren(...options, new Option(sayText("decide-no-case"), ""));
  }

  get kind() {
    return this.kinds[Number(this.form.elements.action.value)];
  }

  complain(sentence, field) {
    const fault = this.column.slots["authority-fault"];
    fault.hidden = sentence === null;
    fault.replaceChildren(...(sentence === null ? [] : [sentence]));
    this.form.elements.amount.setAttribute("aria-invalid", String(field !== undefined));
    field?.focus();
  }

  /** What is typed, as the call has it; nothing where it is no amount. */
  wish() {
    const { amount, reason, case: of, waits } = this.form.elements;
    const { action, currency, digits } = this.kind;
    const minor = minorOf(amount.value, digits);
    if (minor === null || minor < 1) {
      this.complain(currency ? say("decide-wrong-amount", { example: decimal(10 ** digits * 50, digits) }) : say("decide-wrong-count"), amount);
      return null;
    }
    return {
      action,
      minor,
      task: this.column.id,
      waits: waits.checked,
      ...(currency && { currency }),
      ...(reason.value.trim() && { reason: reason.value.trim() }),
      ...(of.value && { case: of.value }),
    };
  }

  async decide() {
    const wish = this.kind && this.wish();
    if (!wish) return;
    const text = JSON.stringify(wish);
    // Where no answer came, asking the same again is the same decision.
    if (this.asking?.text !== text) this.asking = { text, key: crypto.randomUUID() };
    const button = this.form.querySelector("button.primary");
    button.disabled = true;
    this.answer();
    try {
      const decision = await api("POST", "/v1/decisions", { key: this.asking.key, ...wish });
      this.asking = null;
      for (const name of ["amount", "reason"]) this.form.elements[name].value = "";
      await this.decided(decision, wish);
    } catch (problem) {
      if (problem?.status && problem.status < 500) this.asking = null;
      this.complain(refused(problem), problem?.field === "/minor" ? this.form.elements.amount : undefined);
    } finally {
      button.disabled = false;
    }
  }

  async decided(decision, { waits }) {
    const { column } = this;
    if (decision.state === "waiting" && waits && (await this.isAside())) {
      notice(say("decision-aside", { what: whatOf(decision) }));
      return column.desk.left(column.id, column.task.view.lease);
    }
    this.answer(standOf(decision));
    this.load();
    column.cases.load();
  }

  /** Whether the task waits for the answer now: then it is not at this desk any more. */
  async isAside() {
    const { state } = await api("GET", `/v1/tasks/${encodeURIComponent(this.column.id)}`);
    return state === "requesting";
  }

  answer(...sentence) {
    this.column.slots["authority-answer"].replaceChildren(...sentence);
  }

  async withdraw({ id }, button) {
    button.disabled = true;
    try {
      this.answer(standOf(await api("POST", `/v1/decisions/${id}`, { act: "withdraw" })));
    } catch (problem) {
      notice(say("problem", { detail: detailOf(problem) }));
    }
    this.load();
  }
}
