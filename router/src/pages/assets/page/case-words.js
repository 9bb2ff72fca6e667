// What a case and its parts are called, and when it is due: from its type, in the page's language.

import { api, detailOf, sayText, setText } from "./dom.js";
import { lasting, now } from "./clock.js";
import { plain } from "./text.js";
import { nameOf, worded } from "./case-fields.js";

/** From here on it is told that little time is left. */
const SOON_MS = 3_600_000;
let types = null;

/** The types of the live rules; asked for anew where `knows(types)` says that something of them is missing. */
export async function caseTypes(knows = () => true) {
  if (types && knows(types)) return types;
  const { items } = await api("GET", "/v1/case-types");
  types = items;
  return types;
}

/** The type of a case, whose stage it has. */
export async function typeOf(info) {
  const has = (all) => all.find(({ name, stages }) => name === info.type && stages.some(({ name }) => name === info.stage.name));
  const all = await caseTypes(has).catch(() => types ?? []);
  return has(all) ?? all.find(({ name }) => name === info.type);
}

/** What a case is called: its type, and the first thing that another system calls it. */
export function titleOf(info, kind) {
  const reference = kind?.fields.find(({ name, type }) => type === "reference" && info.fields[name]);
  const title = plain(worded(info.words, info.type));
  return reference ? `${title} · ${plain(info.fields[reference.name])}` : title;
}

export const stageOf = (info) => plain(worded(info.stage.words, info.stage.name));

/** Shows how long a case may stay in its stage. */
export function showDue(element, info) {
  const due = info.stage.due_at ? Date.parse(info.stage.due_at) - now() : null;
  element.hidden = due === null;
  if (due === null) return;
  element.dataset.level = due < 0 ? "late" : due < SOON_MS ? "soon" : "calm";
  setText(element, sayText(due < 0 ? "case-late" : "case-due", { left: lasting(Math.abs(due)) }));
}

/** The sentence for what was refused, in the page's language where the server's word for it is known. */
export function refusalOf(problem, kind, missing = []) {
  const known = { no_move: "case-no-move", wrong_case_state: "case-no-state", no_case_type: "case-no-type" };
  if (problem?.code === "missing_fields" && missing.length > 0) return sayText("case-needs", { fields: namesOf(kind, missing) });
  return known[problem?.code] ? sayText(known[problem.code]) : detailOf(problem);
}

export const namesOf = (kind, fields) => fields.map((name) => nameOf(kind?.fields.find((field) => field.name === name) ?? { name })).join(", ");

const link = /https:\/\/[^\s<>"']+/gu;

/** A procedure: text with its lines, in which only addresses of safe places lead anywhere. */
export function procedure(place, text) {
  const whole = document.createDocumentFragment();
  let from = 0;
  for (const { 0: address, index } of text.matchAll(link)) {
    const anchor = document.createElement("a");
    Object.assign(anchor, { href: address, textContent: address, target: "_blank", rel: "noopener noreferrer", dir: "ltr" });
    whole.append(text.slice(from, index), anchor);
    from = index + address.length;
  }
  whole.append(text.slice(from));
  place.replaceChildren(whole);
}
