// One task: where it stands, why, how it came there, what was said; and what a supervisor does about it.

import { api, attempt, byId, knows, say, sayText, setText, slotsOf } from "../page/dom.js";
import { instant } from "../page/clock.js";
import { Dialog } from "../page/dialog.js";
import { Transcript } from "../page/transcript.js";
import { complainIn, fill } from "../page/table.js";
import { mover, pullBack } from "./move.js";
import { triedLine } from "./tried.js";

const EVERY_MS = 2_000;
const LATEST = 200;
const head = byId("task");
const id = head.dataset.task;
const route = `/v1/tasks/${encodeURIComponent(id)}`;
const slots = slotsOf(document);
const facts = [...document.querySelectorAll(".facts-of [data-field]")];
const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent", maximumFractionDigits: 0 });
let transcript;
let task;

const item = (sentence) => {
  const li = document.createElement("li");
  li.append(sentence);
  return li;
};
const obstacle = (word) => (knows(`obstacle-${word}`) ? sayText(`obstacle-${word}`) : word);

/** The reasons in the order of use: what would give it a worker comes first. */
function reasons({ state, worker, because, waiting }) {
  if (state === "given") return [say("why-given", { name: worker, because: because && knows(`because-${because}`) ? sayText(`because-${because}`) : "" })];
  if (!waiting) return [say("why-aside", { state: knows(`task-${state}`) ? sayText(`task-${state}`) : state })];
  const found = [];
  const { lacking_only: only, obstacles, for_worker: name, for_worker_until: until, opens_at: opens } = waiting;
  if (opens) found.push(say("why-opens", { until: instant(Date.parse(opens)) }));
  if (name) found.push(say("why-for-worker", { name, until: instant(Date.parse(until)) }));
  const most = (counts) => Object.entries(counts).sort(([, one], [, other]) => other - one);
  for (const [word, count] of most(only)) found.push(say("why-only", { count, obstacle: obstacle(word) }));
  if (waiting.reserved_for.length > 0) found.push(say("why-reserved", { queues: waiting.reserved_for.join(", ") }));
  for (const [word, count] of most(obstacles)) if (!only[word]) found.push(say("why-kept", { count, obstacle: obstacle(word) }));
  if (waiting.workers === 0) found.push(say("why-nobody"));
  found.push(say("why-urgency", { percent: percent.format(waiting.urgency_milli / 1_000), count: waiting.in_queue }));
  return found;
}

function showWay(routing) {
  slots["no-way"].hidden = Boolean(routing);
  slots["way-version"].hidden = !routing;
  if (!routing) return;
  setText(slots.version, String(routing.version));
  slots.tried.replaceChildren(...routing.tried.map(triedLine));
}

async function load() {
  try {
    const [found, explanation, { items }] = await Promise.all([api("GET", route), api("GET", `${route}/explanation`), api("GET", `${route}/messages?limit=${LATEST}`)]);
    task = found;
    for (const cell of facts) fill(cell, task[cell.dataset.field]);
    slots.why.replaceChildren(...reasons(explanation).map(item));
    showWay(explanation.routing);
    transcript ??= new Transcript(slots.scroll, slots.messages);
    transcript.show(items);
    slots.silent.hidden = items.length > 0;
    for (const button of head.querySelectorAll("[data-do]")) button.disabled = task.state === "closed";
    complainIn(byId("task-fault"), null);
  } catch (problem) {
    complainIn(byId("task-fault"), problem);
  }
}

if (byId("move-dialog")) {
  const move = mover(load);
  const cancel = new Dialog("cancel-dialog", async () => {
    await api("DELETE", route);
    load();
  });
  head.querySelector("[data-do=move]").addEventListener("click", () => move.show(id));
  head.querySelector("[data-do=cancel-task]").addEventListener("click", () => cancel.show());
  head.querySelector("[data-do=back]").addEventListener("click", () => attempt(() => pullBack(task)).then(load));
}

await load();
// A page that nobody sees asks for nothing.
setInterval(() => document.visibilityState === "visible" && load(), EVERY_MS);
