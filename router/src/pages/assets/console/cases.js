// Cases: by type, stage, unit, owner and what is due, with how many stand in each stage.

import { api, byId, clone, sayText, setText } from "../page/dom.js";
import { lasting, now } from "../page/clock.js";
import { plain } from "../page/text.js";
import { Table, complainIn } from "../page/table.js";
import { worded } from "../page/case-fields.js";
import { caseTypes, stageOf, titleOf } from "../page/case-words.js";

/** How often all of it is looked at again. */
const AGAIN_MS = 5_000;
const SOON_MS = 3_600_000;
const filter = byId("case-filter");
let kinds = [];
let round = 0;

/** The filter as the API has it. */
function asked() {
  const { type, stage, unit, owner, state } = filter.elements;
  const query = new URLSearchParams();
  for (const [name, { value }] of Object.entries({ type, stage, unit, owner })) if (value) query.set(name, value);
  if (["open", "late"].includes(state.value)) query.set("open", "true");
  if (state.value === "late") query.set("late", "true");
  if (state.value === "over") query.set("over", "true");
  return query;
}

function due({ stage }) {
  if (!stage.due_at) return null;
  const left = Date.parse(stage.due_at) - now();
  return { text: sayText(left < 0 ? "case-late" : "case-due", { left: lasting(Math.abs(left)) }), level: left < 0 ? "late" : left < SOON_MS ? "soon" : "" };
}

const table = new Table("cases", {
  read: (info) => ({
    ...info,
    about: titleOf(info, kinds.find(({ name }) => name === info.type)),
    stage: stageOf(info),
    due: due(info),
    unit: info.stage.unit,
    how: info.closed ? "over" : info.stage.paused ? "paused" : "open",
  }),
  row(root, { id }) {
    const code = root.querySelector("[data-field=id] code");
    if (code.querySelector("a")) return;
    const link = document.createElement("a");
    link.href = `/console/cases/${encodeURIComponent(id)}`;
    link.textContent = id.slice(0, 12);
    link.title = id;
    code.replaceChildren(link);
  },
});

/** The first page, and how many there are; who has read on keeps what he reads. */
async function look() {
  const mine = ++round;
  const query = asked();
  try {
    // Counts show where all of them stand, whichever stage is looked at.
    const all = new URLSearchParams(query);
    all.delete("stage");
    query.set("by_due", "true");
    table.route = `/v1/cases?${query}`;
    const [page, counts] = await Promise.all([api("GET", table.route), api("GET", `/v1/cases/counts?${all}`)]);
    if (mine !== round) return;
    if (table.rows.size <= page.items.length || table.asked !== table.route) {
      table.next = page.next;
      table.more.hidden = !page.next;
      table.only(page.items);
    }
    table.asked = table.route;
    showCounts(counts.items);
    complainIn(table.slots.fault, null);
  } catch (problem) {
    if (mine === round) complainIn(table.slots.fault, problem);
  }
}

function showCounts(items) {
  const place = byId("case-counts");
  const held = place.contains(document.activeElement) && [...place.querySelectorAll("button")].indexOf(document.activeElement);
  place.replaceChildren(...items.map(({ type, stage, count, late }) => {
    const { root, slots } = clone("t-case-count");
    const kind = kinds.find(({ name }) => name === type);
    const words = worded(kind?.stages.find(({ name }) => name === stage)?.words, stage);
    setText(slots.words, plain(kinds.length > 1 ? `${worded(kind?.words, type)}: ${words}` : words));
    setText(slots.count, String(count));
    setText(slots.late, late > 0 ? sayText("case-counted-late", { count: late }) : "");
    const { type: ofType, stage: ofStage } = filter.elements;
    const chosen = ofStage.value === stage && (!ofType.value || ofType.value === type);
    slots.only.setAttribute("aria-pressed", String(chosen));
    slots.only.addEventListener("click", () => {
      ofType.value = chosen ? "" : type;
      stages();
      ofStage.value = chosen ? "" : stage;
      look();
    });
    return root;
  }));
  // The list is made anew while somebody goes through it by keyboard.
  if (held !== false) place.querySelectorAll("button")[held]?.focus();
}

const options = (select, names) => {
  const was = select.value;
  select.replaceChildren(select.options[0], ...names.map(([value, text]) => new Option(text, value)));
  select.value = names.some(([value]) => value === was) ? was : "";
};

/** The stages and units of the chosen type, or of all. */
function stages() {
  const { type, stage, unit } = filter.elements;
  const chosen = kinds.filter(({ name }) => !type.value || name === type.value).flatMap(({ stages }) => stages);
  const once = (pairs) => [...new Map(pairs)];
  options(stage, once(chosen.map(({ name, words }) => [name, plain(worded(words, name))])));
  options(unit, once(chosen.filter(({ unit }) => unit).map(({ unit }) => [unit, plain(unit)])));
}

async function begin() {
  try {
    const [types, { items }] = await Promise.all([caseTypes(), api("GET", "/v1/workers")]);
    kinds = types;
    options(filter.elements.type, kinds.map(({ name, words }) => [name, plain(worded(words, name))]));
    options(filter.elements.owner, items.map(({ name }) => [name, name]));
    stages();
  } catch (problem) {
    complainIn(table.slots.fault, problem);
  }
  look();
}

filter.addEventListener("change", ({ target }) => {
  if (target.name === "type") stages();
  look();
});
filter.addEventListener("submit", (event) => event.preventDefault());
// A page that nobody sees asks for nothing.
setInterval(() => document.visibilityState === "visible" && look(), AGAIN_MS);
begin();
