// A recorded day under the live rules and under the draft, side by side: chart, table, and what would go elsewhere.

import { api, byId, say, sayText, setText, slotsOf } from "../page/dom.js";
import { lasting } from "../page/clock.js";
import { bars } from "../page/chart.js";
import { complainIn, saveCsv } from "../page/table.js";
import { plain } from "../page/text.js";

const lang = document.documentElement.lang;
const percent = new Intl.NumberFormat(lang, { style: "percent", maximumFractionDigits: 0 });
const number = new Intl.NumberFormat(lang);
const MOVES_MAX = 50;
/** What a request may hold: a day that is longer is for the command line. */
const BYTES_MAX = 200_000;

const level = ({ arrived, in_time }) => (arrived > 0 ? in_time / arrived : null);

export class Replay {
  /** `text()` gives the draft. */
  constructor(text) {
    this.form = byId("replay-form");
    this.slots = { ...slotsOf(byId("replayed")), ...slotsOf(this.form) };
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run(text());
    });
    this.csv = this.form.querySelector("[data-do=replay-csv]");
    this.csv.addEventListener("click", () => {
      const rows = [...byId("replayed").querySelectorAll("tr")];
      saveCsv("replay", rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
    });
  }

  async run(text) {
    const [file] = this.form.elements.day.files;
    const button = this.form.querySelector("button");
    if (!file || file.size > BYTES_MAX) {
      complainIn(this.slots.fault, { detail: sayText(file ? "too-long" : "missing") });
      return this.form.elements.day.focus();
    }
    button.disabled = true;
    this.form.setAttribute("aria-busy", "true");
    try {
      this.show(await api("POST", "/v1/rules/replay/day", { text, day: await file.text() }));
      complainIn(this.slots.fault, null);
    } catch (problem) {
      complainIn(this.slots.fault, problem);
    } finally {
      button.disabled = false;
      this.form.removeAttribute("aria-busy");
    }
  }

  show({ live, draft, moved, moves }) {
    byId("replayed").hidden = false;
    this.csv.hidden = false;
    const names = [...new Set([...live.queues, ...draft.queues].map(({ queue }) => queue))];
    const of = (result, name) => result.queues.find(({ queue }) => queue === name);
    const rows = names.map((name) => ({ label: name, values: [live, draft].map((result) => of(result, name) && level(of(result, name))).map((value) => value ?? null) }));
    bars(this.slots.chart, { title: byId("replayed").querySelector("figcaption").textContent, names: [sayText("of-live"), sayText("of-draft")], rows, max: 1, format: (value) => percent.format(value) });
    this.slots.figures.replaceChildren(...names.flatMap((name) => [[live, "of-live"], [draft, "of-draft"]].map(([result, says], index) => row(name, of(result, name), sayText(says), index === 0))));
    setText(this.slots.count, number.format(moved));
    const way = (rule, queue) => `${plain(queue)} (${plain(rule ?? "–")})`;
    this.slots.moves.replaceChildren(...moves.slice(0, MOVES_MAX).map((one) => {
      const item = document.createElement("li");
      item.append(say("move", { count: number.format(one.count), from: way(one.live_rule, one.live_queue), to: way(one.draft_rule, one.draft_queue) }));
      return item;
    }));
  }
}

function row(name, figures, under, first) {
  const tr = document.createElement("tr");
  const cell = (text, kind) => {
    const td = document.createElement(kind === "name" ? "th" : "td");
    if (kind === "name") Object.assign(td, { scope: "rowgroup", rowSpan: 2, dir: "auto" });
    if (kind === "number") td.className = "number";
    td.textContent = text;
    tr.append(td);
  };
  if (first) cell(plain(name), "name");
  cell(under);
  const share = figures && level(figures);
  const texts = figures
    ? [figures.arrived, figures.in_time, share === null ? "–" : percent.format(share), lasting(figures.wait_mean_ms), lasting(figures.wait_p90_ms), figures.left, figures.done, figures.interrupted]
    : Array(8).fill("–");
  for (const text of texts) cell(typeof text === "number" ? number.format(text) : text, "number");
  return tr;
}
