// What becomes of a task: each form makes one verdict, said in one call with nothing lost when it is refused.

import { api, clone, detailOf, sayText } from "../page/dom.js";
import { now } from "../page/clock.js";
import { wrote } from "./improvements.js";
import { fillCauses } from "./causes.js";

const DAY_MS = 86_400_000;

/** Adds the names of a list to a select. */
export function fill(element, kind, names) {
  for (const { name, label } of names) element.append(new Option(label ?? name, kind ? `${kind}:${name}` : name));
}

/** Opens a form in its column, or closes it where it was open. */
export function openForm(column, button) {
  const name = button.dataset.form;
  const place = column.slots.form;
  const was = place.firstElementChild?.dataset.verdict;
  close(column);
  if (was === name) return button.focus();
  const { root: form, slots } = clone(`t-form-${name}`);
  button.setAttribute("aria-expanded", "true");
  const kind = column.task.view.kind;
  for (const part of form.querySelectorAll("[data-only], [data-not]")) {
    if ((part.dataset.only ?? kind) !== kind || part.dataset.not === kind) part.remove();
  }
  if (form.elements.until) form.elements.until.value = local(now() + DAY_MS);
  if (slots.queues) fillTargets(column, slots);
  if (form.elements.cause) fillCauses(form.elements.cause);
  if (slots.needs) column.cases.dress(form, slots.needs);
  form.querySelector("[data-do=cancel]").addEventListener("click", () => {
    close(column);
    button.focus();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    close(column);
    button.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    settle(column, form, slots.fault);
  });
  place.append(form);
  place.hidden = false;
  form.querySelector("input, select, textarea").focus();
}

async function fillTargets(column, slots) {
  const list = async (path) => (await api("GET", path)).items ?? [];
  try {
    const [queues, workers] = await Promise.all([list("/v1/queues"), slots.workers ? list("/v1/workers") : []]);
    fill(slots.queues, "queue", queues);
    if (slots.workers) fill(slots.workers, "worker", workers.filter(({ name }) => name !== column.desk.worker).map(colleague));
  } catch (problem) {
    complain(slots.fault, detailOf(problem));
  }
}

/** A colleague as a form lists him: work sent to somebody who is not there waits in its queue for everybody. */
function colleague({ name, connected, presence }) {
  return { name, label: connected && presence !== "away" ? name : sayText("not-there", { name }) };
}

export function close(column) {
  column.slots.form.replaceChildren();
  column.slots.form.hidden = true;
  for (const button of column.slots.acts.querySelectorAll("[aria-expanded]")) button.setAttribute("aria-expanded", "false");
}

export function complain(fault, text, field) {
  fault.textContent = text;
  fault.hidden = false;
  const form = fault.closest("form");
  for (const input of form.querySelectorAll("input, select, textarea")) input.setAttribute("aria-invalid", String(input === field));
  field?.focus();
}

/** The first field that must be filled and is not. Those of a case say so themselves. */
export const missing = (form) => [...form.elements].find((field) => field.required && !field.closest(".case-inputs") && !field.value.trim());

async function settle(column, form, fault) {
  const empty = missing(form);
  if (empty) return complain(fault, sayText("missing"), empty);
  const verdict = verdictOf(form);
  if (verdict.for_ms <= 0) return complain(fault, sayText("past"), form.elements.until);
  const { id: task, lease } = column.task.view;
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    if (!(await column.cases.ready(form, fault))) return;
    // What the customer wrote after this brings the task back: nobody closes what nobody has read.
    const seen = Math.max(0, ...column.task.messages.keys());
    const improve = form.elements.improve?.value.trim();
    await column.desk.line.call({ type: "settle", task, lease, verdict, seen, ...(improve && { improve }) });
    column.desk.settled(task, lease);
    if (improve) wrote();
  } catch (problem) {
    complain(fault, column.cases.refusal(problem) ?? detailOf(problem));
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

/** The verdict a form stands for. */
function verdictOf(form) {
  const field = (name) => form.elements[name]?.value.trim() ?? "";
  const note = field("note") ? { note: field("note") } : {};
  switch (form.dataset.verdict) {
    case "done":
      return { verdict: "done", disposition: field("disposition"), ...note };
    case "snooze":
      return {
        verdict: "snooze",
        for_ms: Math.round(new Date(field("until")).getTime() - now()) || 0,
        reason: field("reason"),
        clock: "stops",
      };
    case "refuse":
      return { verdict: "refuse", reason: field("reason") };
    default: {
      const [kind, ...name] = field("to").split(":");
      const clock = form.elements.clock && { clock: field("clock") };
      const cause = field("cause") && { cause: field("cause") };
      return { verdict: form.dataset.verdict, to: { [kind]: name.join(":") }, ...note, ...clock, ...cause };
    }
  }
}

/** An instant as a `datetime-local` field wants it. */
function local(ms) {
  const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 16);
}
