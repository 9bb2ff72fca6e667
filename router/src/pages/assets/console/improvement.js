// One thing that should change: what stands behind it, what was answered and measured, and what a supervisor does about it.

import { api, attempt, byId, clone, say, sayText, setText, slotsOf } from "../page/dom.js";
import { instant } from "../page/clock.js";
import { Dialog } from "../page/dialog.js";
import { complainIn, fill } from "../page/table.js";
import { isolated, plain } from "../page/text.js";
import { act, answerable, answering, dayOf, path, read } from "./improvement-words.js";

const EVERY_MS = 5_000;
const DAY_MS = 86_400_000;
/** How much is measured where nothing else is said. */
const DAYS = 28;
const head = byId("improvement");
const id = head.dataset.improvement;
const slots = slotsOf(byId("page"));
const fault = byId("improvement-fault");
const facts = [...document.querySelectorAll(".facts-of [data-field]")];
const language = document.documentElement.lang;
const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
let item;

/** The last day of a stretch that ends before `until`. */
const lastDay = (until) => day.format(Date.parse(until) - 1);
const link = (element, href, text) => {
  element.hidden = !href;
  if (href) Object.assign(element, { href, textContent: text });
};
const shown = (element, text) => {
  element.hidden = !text;
  if (text) setText(element, plain(text));
};

function showAnswer({ answer }) {
  slots.unanswered.hidden = Boolean(answer);
  slots.answered.hidden = !answer;
  if (!answer) return;
  const { by, at, do_by: until, words } = answer;
  setText(slots.words, plain(words));
  slots.by.replaceChildren(say("improvement-answered", { by: plain(by), at: instant(Date.parse(at)) }));
  slots["do-by"].replaceChildren(until ? say("improvement-do-on", { day: lastDay(until) }) : say("improvement-never"));
}

function showMeasured(phase, measured) {
  document.querySelector(`[data-phase=${phase}]`).hidden = !measured;
  if (!measured) return;
  const { figure, queue, topic, case_type: type, since, until, count, of, milli } = measured;
  const value = figure === "contacts"
    ? say("measure-week", { number: number.format(milli / 1_000), count: number.format(count) })
    : say("measure-part", { percent: percent.format(milli / 1_000), count: number.format(count), of: number.format(of) });
  slots[`${phase}-value`].replaceChildren(value);
  const which = [queue, topic, type].filter(Boolean).map(plain);
  slots[`${phase}-what`].replaceChildren(`${sayText(`measure-${figure}`)} · `, which.length > 0 ? isolated(which.join(" · ")) : say("measure-all"));
  slots[`${phase}-when`].replaceChildren(say("measure-stretch", { since: day.format(Date.parse(since)), until: lastDay(until) }));
}

function showEvidence({ text, writers, evidence }) {
  shown(slots.text, text);
  shown(slots.writers, [...new Set(writers)].join(", "));
  slots.evidence.replaceChildren(...evidence.map(({ at, task, case: of, channels, words }) => {
    const { root, slots: places } = clone("t-evidence");
    Object.assign(places.at, { dateTime: at, textContent: instant(Date.parse(at)) });
    link(places.task, task && `/console/work/${encodeURIComponent(task)}`, task?.slice(0, 12));
    link(places.case, of && `/console/cases/${encodeURIComponent(of)}`, of?.slice(0, 12));
    setText(places.channels, Object.entries(channels).map(([name, count]) => `${plain(name)} ${number.format(count)}`).join(", "));
    shown(places.words, words);
    return root;
  }));
}

function showBelonging({ group, joined = [] }) {
  slots.belonging.hidden = !group && joined.length === 0;
  slots.into.hidden = !group;
  if (group) slots["into-link"].href = `/console/improvements/${encodeURIComponent(group)}`;
  // A button that somebody stands on is not made anew.
  const text = JSON.stringify(joined);
  if (slots.joined.dataset.shown === text) return;
  slots.joined.dataset.shown = text;
  slots.joined.replaceChildren(...joined.map((member) => {
    const { root, slots: places } = clone("t-joined");
    setText(places.title, plain(member.title));
    root.querySelector("a").href = `/console/improvements/${encodeURIComponent(member.id)}`;
    root.querySelector("[data-do=part]")?.addEventListener("click", () => does(member.id, { act: "part" }));
    return root;
  }));
}

/** What can be done where it stands: of one that belongs to another, that one is asked. */
const CAN = {
  answer: answerable,
  begin: ({ status, group }) => !group && status === "planned",
  measure: ({ group }) => !group,
  finish: ({ status, group }) => !group && ["planned", "doing"].includes(status),
  assign: ({ status, group }) => !group && !["done", "declined"].includes(status),
  part: ({ group }) => Boolean(group),
  reopen: ({ status, group }) => !group && ["done", "declined"].includes(status),
};

function show(found) {
  item = found;
  const as = read(item);
  setText(slots.title, plain(as.title));
  for (const cell of facts) fill(cell, as[cell.dataset.field]);
  showAnswer(item);
  showMeasured("before", item.before);
  showMeasured("after", item.after);
  slots.unmeasured.hidden = Boolean(item.before || item.after);
  showEvidence(item);
  showBelonging(item);
  for (const button of head.querySelectorAll("[data-do]")) button.hidden = !CAN[button.dataset.do](item);
}

async function load() {
  try {
    show(await api("GET", path(id)));
    complainIn(fault, null);
  } catch (problem) {
    complainIn(fault, problem);
  }
}

/** Does one act, and shows what became of it. */
const does = (id, asked) => attempt(() => act(id, asked)).then(load);

/** A form that asks for one act with what is typed. */
const form = (name, asked) =>
  new Dialog(name, async (values) => {
    await act(id, asked(values));
    load();
  });

/** The form that measures: the second time by the same measure as the first, unless somebody says otherwise. */
function measuring() {
  const dialog = form("measure-improvement", ({ phase, figure, queue, topic, case_type: type, since, until }) => ({
    act: "measure", phase, figure, ...(queue && { queue }), ...(topic && { topic }), ...(type && { case_type: type }),
    since: dayOf(since).toISOString(), until: dayOf(until, 1).toISOString(),
  }));
  const { elements } = dialog.form;
  const names = async (route, select) => {
    const { items } = await api("GET", route);
    select.append(...items.map(({ name }) => new Option(name, name)));
  };
  names("/v1/queues", elements.queue).catch(() => {});
  names("/v1/case-types", elements.case_type).catch(() => {});
  const local = (at) => {
    const date = new Date(at);
    return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
  };
  return {
    show() {
      const { before, after, queue = "", topic = "" } = item;
      const known = before ?? after ?? { figure: "contacts", queue, topic };
      const [since, until] = before && !after ? [Date.now() - (DAYS - 1) * DAY_MS, Date.now()] : [Date.parse(item.opened_at) - DAYS * DAY_MS, Date.parse(item.opened_at) - DAY_MS];
      dialog.show(plain(item.title), {
        phase: before && !after ? "after" : "before", figure: known.figure, queue: known.queue ?? "", topic: known.topic ?? "",
        case_type: known.case_type ?? "", since: local(since), until: local(until),
      });
    },
  };
}

if (byId("measure-improvement")) {
  const asked = (what) => () => ({ act: what });
  const dialogs = {
    answer: answering(load),
    measure: measuring(),
    assign: form("assign-improvement", ({ worker }) => ({ act: "assign", worker })),
    finish: form("finish-improvement", asked("finish")),
    reopen: form("reopen-improvement", asked("reopen")),
  };
  const ACTS = {
    answer: () => dialogs.answer.show(item),
    measure: () => dialogs.measure.show(),
    assign: () => dialogs.assign.show(plain(item.title), { worker: item.owner ?? "" }),
    finish: () => dialogs.finish.show(plain(item.title)),
    reopen: () => dialogs.reopen.show(plain(item.title)),
    begin: () => does(id, { act: "begin" }),
    part: () => does(id, { act: "part" }),
  };
  for (const button of head.querySelectorAll("[data-do]")) button.addEventListener("click", ACTS[button.dataset.do]);
}

await load();
// A page that nobody sees asks for nothing.
setInterval(() => document.visibilityState === "visible" && load(), EVERY_MS);
