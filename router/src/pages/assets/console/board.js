// The wallboard: tiles, queues, the day, groups.

import { sayText, setText, slotsOf } from "../page/dom.js";
import { columns } from "../page/chart.js";
import { lasting, now } from "../page/clock.js";
import { Table, saveCsv } from "../page/table.js";
import { figure, kept, left, level, number, occupancy, oldest, percent, rated } from "./figures.js";
import { followFloor } from "./live.js";

const QUARTER_MS = 15 * 60_000;
const SHOWN_MIN = 12;
const hour = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const slots = slotsOf(document);
let floor = null;

const queues = new Table("queues", {
  read: (queue) => ({
    ...queue,
    oldest: oldest(queue),
    lately: level(queue.lately, queue.goal_milli),
    level: level(queue.today, queue.goal_milli),
    target: figure(queue.goal_milli === null ? lasting(queue.target_ms) : `${percent.format(queue.goal_milli / 1_000)} / ${lasting(queue.target_ms)}`),
    left: left(queue.today),
    kept: kept(queue),
    solved: queue.today.solved,
    rated: rated(queue.today),
  }),
  row: (root, queue) => (root.dataset.level = level(queue.lately, queue.goal_milli).level),
});
const groups = new Table("groups", {
  read: (group) => ({ ...group, connected: figure(sayText("of", { count: number.format(group.connected), whole: number.format(group.people) })), occupancy: occupancy(group) }),
});

function tile(name, { text, level: bad }) {
  const place = document.querySelector(`[data-tile="${name}"]`);
  place.dataset.level = bad;
  setText(place.querySelector("dd"), text);
}

/** The sums over everything, front queues for what customers feel. */
function showTiles() {
  const front = floor.queues.filter(({ side }) => side === "front");
  const sum = (items, of) => items.reduce((total, item) => total + of(item), 0);
  const waits = front.filter(({ oldest_at }) => oldest_at).sort((one, other) => Date.parse(one.oldest_at) - Date.parse(other.oldest_at));
  const whole = { in_time: sum(front, ({ today }) => today.in_time), late: sum(front, ({ today }) => today.late), left: sum(front, ({ today }) => today.left) };
  const goals = front.map(({ goal_milli }) => goal_milli).filter((goal) => goal !== null);
  const there = floor.people.filter(({ connected }) => connected);
  tile("waiting", figure(number.format(sum(front, ({ waiting }) => waiting))));
  tile("oldest", waits.length > 0 ? oldest(waits[0]) : figure("–"));
  tile("level", level(whole, goals.length > 0 ? Math.max(...goals) : null));
  tile("left", left(whole));
  tile("ready", figure(sayText("of", { count: number.format(there.filter(({ presence }) => presence === "ready").length), whole: number.format(floor.people.length) })));
  tile("rated", rated({ rated: sum(floor.queues, ({ today }) => today.rated), rated_sum: sum(floor.queues, ({ today }) => today.rated_sum) }));
  tile("busy", occupancy({ load: sum(there, ({ load }) => load), capacity: sum(there, ({ capacity }) => capacity) }));
}

function showDay({ side, quarters }) {
  const since = Date.parse(floor.since);
  const label = (index) => hour.format(since + index * QUARTER_MS);
  // The morning before anything came is of no use to anybody; the last hours are shown in any case.
  const begun = quarters.findIndex(({ came, solved }) => came + solved > 0);
  const first = Math.max(0, Math.min(begun < 0 ? Infinity : begun, quarters.length - SHOWN_MIN));
  const shown = quarters.map((tally, index) => ({ ...tally, label: label(index) })).slice(first);
  const title = document.querySelector(`[data-side="${side}"] figcaption`).textContent;
  // What came and had nobody yet is not drawn: it stands in the queues.
  const points = shown.map(({ label: at, in_time, late, left: gone }) => ({ label: at, values: [in_time, late + gone] }));
  columns(slots[`chart-${side}`], { title, names: [sayText("in-time"), sayText("late")], points, format: (value) => number.format(value) });
  slots[`quarters-${side}`].replaceChildren(...shown.map(({ label: at, came, in_time, late, left: gone, solved }) => {
    const row = document.createElement("tr");
    for (const [index, text] of [at, ...[came, in_time, late, gone, solved].map((value) => number.format(value))].entries()) {
      const cell = row.insertCell();
      cell.textContent = text;
      if (index > 0) cell.className = "number";
    }
    return row;
  }));
}

for (const button of document.querySelectorAll("[data-do=chart-csv]")) {
  button.addEventListener("click", () => {
    const rows = [...button.closest("figure").querySelectorAll("tr")];
    saveCsv(`day-${button.closest("figure").dataset.side}`, rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
  });
}

followFloor((latest, news) => {
  floor = latest;
  if (!news) for (const table of [queues, groups]) table.clear();
  for (const queue of news?.queues ?? floor.queues) queues.put(queue);
  for (const group of news?.groups ?? floor.groups) groups.put(group);
  for (const side of news?.sides ?? floor.sides) showDay(side);
  if (!news) for (const table of [queues, groups]) table.search();
  showTiles();
});

/** Waits go on while nothing happens. */
setInterval(() => {
  if (!floor || document.visibilityState !== "visible") return;
  for (const queue of floor.queues) if (queue.oldest_at) queues.put(queue);
  showTiles();
}, 1_000);
