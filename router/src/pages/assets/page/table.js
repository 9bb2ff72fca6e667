// A table of the console: rows of a list of the API, page by page, found by a word, and as CSV.

import { api, detailOf, knows, sayText, setText, slotsOf } from "./dom.js";
import { instant, lasting, now } from "./clock.js";
import { plain } from "./text.js";

const number = new Intl.NumberFormat(document.documentElement.lang);
/** Rows that are kept on a page: beyond them one searches instead of scrolling. */
const ROWS_MAX = 2_000;
/** A cell that a spreadsheet would take for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

const millis = (value) => (typeof value === "number" ? value : Date.parse(value));

const SHOWN = {
  // In an element of its own, whose direction does not turn the cell.
  text: (cell, value) => setText(inner(cell, "bdi", () => {}), plain(value)),
  code: (cell, value) => setText(inner(cell, "code", (code) => (code.dir = "ltr")), plain(value)),
  number: (cell, value) => setText(cell, number.format(value)),
  instant: (cell, value) => setText(inner(cell, "time", (time) => (time.dateTime = new Date(millis(value)).toISOString())), instant(millis(value))),
  figure(cell, { text, level }) {
    cell.dataset.level = level ?? "";
    setText(inner(cell, "span", (span) => (span.className = "figure")), text);
  },
  since: (cell, value) => setText(cell, lasting(now() - millis(value))),
  word: (cell, value) => setText(cell, word(cell.dataset.words, value)),
  state(cell, value) {
    const mark = inner(cell, "span", (span) => (span.className = "state"));
    mark.dataset.level = document.getElementById(`say-${cell.dataset.words}-${value}`)?.dataset.level ?? "";
    setText(mark, word(cell.dataset.words, value));
  },
};

const word = (list, value) => (knows(`${list}-${value}`) ? sayText(`${list}-${value}`) : String(value));

function inner(cell, tag, make) {
  if (cell.firstElementChild) return cell.firstElementChild;
  const element = document.createElement(tag);
  make(element);
  cell.append(element);
  return element;
}

/** Shows a value in a cell; what is not there leaves it empty. */
export function fill(cell, value) {
  if (value === null || value === undefined || value === "") return cell.replaceChildren();
  SHOWN[cell.dataset.as]?.(cell, value);
}

/** A problem where everybody looks for it; nothing takes it away. */
export function complainIn(fault, problem) {
  fault.hidden = problem === null;
  if (problem !== null) setText(fault, sayText("problem", { detail: detailOf(problem) }));
}

export class Table {
  /** `on.row(root, item)` is called for each row that is shown, `on.read(item)` makes of an item what is shown. */
  constructor(id, on = {}) {
    this.root = document.getElementById(id);
    this.slots = slotsOf(this.root);
    this.on = on;
    this.rows = new Map();
    this.route = this.root.dataset.list;
    this.find = this.root.querySelector("[data-do=find]");
    this.find.addEventListener("input", () => this.search());
    this.root.querySelector("[data-do=csv]").addEventListener("click", () => this.csv());
    this.more = this.root.querySelector("[data-do=more]");
    this.more.addEventListener("click", () => this.load(this.next));
  }

  /** Reads the list from its beginning, or on from where it ended. */
  async load(after) {
    const route = new URL(this.route, location.href);
    if (after) route.searchParams.set("after", after);
    this.root.setAttribute("aria-busy", "true");
    this.more.disabled = true;
    try {
      const page = await api("GET", route.pathname + route.search);
      if (!after) this.clear();
      for (const item of page.items) this.put(item);
      this.next = page.next;
      this.page = page;
      this.more.hidden = !page.next || this.rows.size >= ROWS_MAX;
      complainIn(this.slots.fault, null);
    } catch (problem) {
      complainIn(this.slots.fault, problem);
    } finally {
      this.root.removeAttribute("aria-busy");
      this.more.disabled = false;
      this.search();
    }
  }

  clear() {
    this.rows.clear();
    this.slots.rows.replaceChildren();
  }

  keyOf(item) {
    return item.id ?? item.seq ?? item.name ?? `${item.channel} ${item.account}`;
  }

  /** Shows an item: in its row where it has one, which keeps cursor and selection. */
  put(item) {
    const read = this.on.read?.(item) ?? item;
    let row = this.rows.get(this.keyOf(item));
    if (!row) {
      const root = this.slots.row.content.firstElementChild.cloneNode(true);
      row = { root, cells: [...root.querySelectorAll("[data-field]")].filter((cell) => cell.dataset.as !== "actions"), shown: {} };
      this.rows.set(this.keyOf(item), row);
      this.slots.rows.append(root);
    }
    row.item = item;
    for (const cell of row.cells) {
      const value = read[cell.dataset.field];
      const same = row.shown[cell.dataset.field];
      if ((same === value || (value?.text !== undefined && same?.text === value.text && same.level === value.level)) && cell.dataset.as !== "since") continue;
      row.shown[cell.dataset.field] = value;
      fill(cell, value);
    }
    this.on.row?.(row.root, item);
    return row;
  }

  /** Shows these items and no others, in their order; a row that stays keeps cursor and selection. */
  only(items) {
    const keys = new Set(items.map((item) => this.keyOf(item)));
    for (const [key, { root }] of this.rows) {
      if (keys.has(key)) continue;
      root.remove();
      this.rows.delete(key);
    }
    const rows = items.map((item) => this.put(item).root);
    rows.forEach((root, place) => {
      if (this.slots.rows.children[place] !== root) this.slots.rows.insertBefore(root, this.slots.rows.children[place]);
    });
    this.search();
  }

  /** Times go on. */
  tick() {
    for (const { cells, shown } of this.rows.values()) {
      for (const cell of cells) if (cell.dataset.as === "since") fill(cell, shown[cell.dataset.field]);
    }
  }

  /** Shows the rows that have every word that is looked for. */
  search() {
    const words = this.find.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { root } of this.rows.values()) {
      const text = words.length > 0 ? root.textContent.toLocaleLowerCase() : "";
      root.hidden = !words.every((one) => text.includes(one));
      if (!root.hidden) count++;
    }
    setText(this.slots.count, number.format(count) + (this.more.hidden ? "" : "+"));
    this.slots.empty.hidden = count > 0;
  }

  csv() {
    const heads = [...this.root.querySelectorAll("thead th")].map((head) => head.textContent);
    const cells = ({ root }) => [...root.querySelectorAll("td")].filter((cell) => cell.dataset.as !== "actions").map((cell) => cell.textContent);
    const shown = [...this.rows.values()].filter(({ root }) => !root.hidden).map(cells);
    saveCsv(this.root.id, [heads.slice(0, shown[0]?.length ?? heads.length), ...shown]);
  }
}

/** Saves rows as a CSV file that spreadsheets read as UTF-8, in which nothing is a formula. */
export function saveCsv(name, rows) {
  const cell = (value) => {
    const text = String(value ?? "");
    return `"${(FORMULA.test(text) && !/^-?[\d.,]+$/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  };
  const text = `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = `${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
