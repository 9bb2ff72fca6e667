// Which open work is listed: a filter, and the views that somebody keeps, each with how many tasks it shows now.

import { api, byId, clone, detailOf, notice, say, setText } from "./dom.js";
import { plain } from "./text.js";

/** Words of rules that are offered to choose from. */
const TAGS_MAX = 200;
/** What was counted, with a mark where the record is still being read. */
export const counted = (count, unread) => (count === null ? "–" : `${count}${unread ? "+" : ""}`);

export class Views {
  /** `look()` lists what the filter says; `complain(text)` shows what went wrong, `list` is where the views stand. */
  constructor({ list, look, complain }) {
    Object.assign(this, { list, look, complain, tags: new Set() });
    this.filter = byId("work-filter");
    this.filter.addEventListener("change", look);
    this.filter.addEventListener("submit", (event) => (event.preventDefault(), look()));
    this.keep = byId("work-keep");
    this.keep.addEventListener("submit", (event) => (event.preventDefault(), this.save()));
  }

  /** What the filter has to choose from, asked for once. */
  async choices() {
    if (this.asked) return;
    this.asked = true;
    const { queue, worker } = this.filter.elements;
    const names = async (route, select) => {
      const { items } = await api("GET", route);
      select?.append(...items.map(({ name }) => new Option(name, name)));
    };
    await Promise.allSettled([names("/v1/queues", queue), worker && names("/v1/workers", worker)]);
  }

  /** The filter as it stands, as a view keeps it. */
  read() {
    const said = [...new FormData(this.filter)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value !== "");
    const { older_min, ...rest } = Object.fromEntries(said);
    return { ...rest, ...(older_min && { older_min: Number(older_min) }) };
  }

  /** The route of the list. */
  route() {
    return `/v1/worklist?${new URLSearchParams(this.read())}`;
  }

  /** Words of rules that stand in the list can be asked for. */
  offer(items) {
    for (const tag of items.flatMap(({ tags }) => tags)) {
      if (this.tags.has(tag) || this.tags.size >= TAGS_MAX) continue;
      this.tags.add(tag);
      byId("work-tags").append(new Option("", tag));
    }
  }

  async show() {
    try {
      const { items } = await api("GET", "/v1/worklist/views");
      const held = this.list.contains(document.activeElement) && [...this.list.querySelectorAll("button")].indexOf(document.activeElement);
      this.list.replaceChildren(...items.map((view) => this.view(view)));
      // The list is made anew while somebody goes through it by keyboard.
      if (held !== false) this.list.querySelectorAll("button")[held]?.focus();
    } catch (problem) {
      this.complain(detailOf(problem));
    }
  }

  view({ name, filter, count, unread }) {
    const { root, slots } = clone("t-work-view");
    setText(slots.name, plain(name));
    setText(slots.count, counted(count, unread));
    slots.open.addEventListener("click", () => {
      for (const field of this.filter.elements) if (field.name) field.value = filter[field.name] ?? "";
      this.look();
    });
    slots.remove.setAttribute("aria-label", `${slots.remove.getAttribute("aria-label")} ${plain(name)}`);
    slots.remove.addEventListener("click", async () => {
      await api("DELETE", `/v1/worklist/views/${encodeURIComponent(name)}`).catch((problem) => notice(say("problem", { detail: detailOf(problem) })));
      await this.show();
      this.keep.elements.name.focus();
    });
    return root;
  }

  async save() {
    const name = this.keep.elements.name.value.trim();
    if (!name) return this.keep.elements.name.focus();
    try {
      await api("PUT", `/v1/worklist/views/${encodeURIComponent(name)}`, this.read());
      this.keep.reset();
      await this.show();
    } catch (problem) {
      this.complain(detailOf(problem));
    }
  }
}
