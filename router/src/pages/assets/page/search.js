// Looking for what was said: a few letters, the newest first, and a way to each.

import { api, byId, clone, detailOf, sayText, setText, slotsOf } from "./dom.js";
import { instant } from "./clock.js";
import { isolated, plain } from "./text.js";

/** How long somebody pauses before it is looked for. */
const PAUSE_MS = 250;
const PAGE = 30;

/** `wayTo(found)` gives the address of what was found, or does something else and gives nothing. */
export function startSearch(wayTo) {
  const search = new Search(wayTo);
  byId("search-open").addEventListener("click", () => search.open());
  addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.code !== "KeyS") return;
    event.preventDefault();
    search.open();
  });
}

class Search {
  constructor(wayTo) {
    this.wayTo = wayTo;
    this.root = byId("search");
    this.slots = slotsOf(this.root);
    this.field = this.root.querySelector("[name=q]");
    this.more = this.root.querySelector("[data-do=more]");
    /** Of several questions under way the latest counts. */
    this.asked = 0;
    this.root.querySelector("[data-do=close]").addEventListener("click", () => this.root.close());
    this.more.addEventListener("click", () => this.ask(this.next));
    this.field.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), PAUSE_MS);
    });
    this.root.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(this.timer);
      this.ask();
    });
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  open() {
    if (!this.root.open) this.root.showModal();
    this.field.select();
  }

  async ask(after) {
    const typed = this.field.value.trim();
    const asked = ++this.asked;
    if (!typed) return this.show([], false, null);
    const query = new URLSearchParams({ q: typed, limit: PAGE, ...(after && { after }) });
    try {
      const { items, next } = await api("GET", `/v1/search?${query}`);
      if (asked === this.asked) this.show(items, Boolean(after), next);
    } catch (problem) {
      if (asked !== this.asked) return;
      this.slots.fault.hidden = false;
      setText(this.slots.fault, detailOf(problem));
    }
  }

  show(items, goesOn, next) {
    const { list, none, fault } = this.slots;
    fault.hidden = true;
    if (!goesOn) list.replaceChildren();
    list.append(...items.map((found) => this.row(found)));
    none.hidden = list.children.length > 0 || !this.field.value.trim();
    this.next = next;
    this.more.hidden = !next;
  }

  row(found) {
    const { root, slots } = clone("t-found");
    const { name, from, at, text, files, task, note } = found;
    slots.note.hidden = !note;
    setText(slots.name, name ? plain(name) : sayText({ customer: "search-customer", note: "search-system", worker: "search-worker" }[from] ?? "search-task"));
    slots.at.dateTime = at;
    setText(slots.at, instant(Date.parse(at)));
    setText(slots.task, task ?? "");
    slots.text.append(isolated(text));
    slots.files.hidden = files.length === 0;
    setText(slots.files, files.map(plain).join(" · "));
    const link = root.querySelector("a");
    link.href = task ? `/transcripts/${encodeURIComponent(task)}` : "#";
    link.addEventListener("click", (event) => {
      const way = this.wayTo(found);
      if (way) return void (link.href = way);
      event.preventDefault();
      this.root.close();
    });
    return root;
  }

  /** The arrows go through what was found. */
  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const links = [...this.slots.list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    event.preventDefault();
    (at + step < 0 ? this.field : links[Math.min(at + step, links.length - 1)])?.focus();
  }
}
