// The desk: what happens on the line changes the book, and the page shows the book.

import { api, byId, clone, detailOf, meta, notice, say, sayText, setText, knows } from "../page/dom.js";
import { learn } from "../page/clock.js";
import { startSearch } from "../page/search.js";
import { decisionOf, titleOfApproval } from "./approval.js";
import { Keep } from "./keep.js";
import { Book } from "./book.js";
import { Line } from "./line.js";
import { Mentions } from "./notes.js";
import { install } from "./install.js";
import { OwnReviews } from "./own-reviews.js";
import { Push } from "./push.js";
import { reviewOf, titleOfReview } from "./review.js";
import { Bulk } from "./macros.js";
import { Offers } from "./offers.js";
import { WorkList } from "./worklist.js";
import { Column, showClock } from "./column.js";
import { Drafts } from "./drafts.js";
import { ring, showLink, startBar } from "./bar.js";

/** A conversation narrower than this is hard to read: then fewer are shown side by side. */
const COLUMN_MIN_PX = 400;
const COLUMNS_MAX = 4;
const title = document.title;

class Desk {
  constructor() {
    this.worker = meta("worker");
    this.keep = new Keep(this.worker);
    this.book = new Book(this.keep);
    this.columns = new Map();
    this.tabs = new Map();
    /** Task ids, the one looked at last first. */
    this.recent = [];
    this.resumed = false;
    this.drafts = new Drafts(this);
    this.mentions = new Mentions(this);
    this.line = new Line(this.worker, () => this.keep.presence, {
      welcome: (tasks) => this.welcome(tasks),
      frame: (frame) => this[`on_${frame.type}`]?.(frame),
      state: showLink,
    });
    this.offers = new Offers(this);
    this.bulk = new Bulk(this);
    this.worklist = new WorkList(this);
    this.push = new Push(this.keep);
    this.reviews = new OwnReviews(this.worker);
    /** The task that a notice led here for, until it is there to be looked at. */
    this.wanted = location.hash.slice(1);
    navigator.serviceWorker?.addEventListener("message", ({ data }) => this.follow(data?.look));
    byId("worklist-open").addEventListener("click", () => this.worklist.open());
    byId("bulk-open").addEventListener("click", () => this.bulk.open());
    startBar(this);
    startSearch((found) => this.wayTo(found));
    new ResizeObserver(() => this.changed()).observe(byId("work"));
    setInterval(() => this.tick(), 1_000);
    addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("visibilitychange", () => {
      this.changed();
      // What was decided by a link meanwhile, on another device, is not asked here any more.
      if (document.visibilityState === "visible") for (const column of this.columns.values()) column.approval?.load();
    });
    api("GET", "/v1/queues").then(({ date }) => learn(date)).catch(() => {});
    this.line.connect();
  }

  welcome(tasks) {
    for (const { view } of this.book.welcome(tasks)) notice(say("gone-elsewhere", { title: this.title(view) }));
    if (!this.resumed) {
      this.resumed = true;
      for (const reply of this.keep.replies) this.resume(reply);
    }
    this.changed();
    this.drafts.read();
    this.mentions.read();
    this.bulk.read();
    // What changed while nobody was told is read anew.
    for (const column of this.columns.values()) {
      column.cases.load();
      (column.authority ?? column.approval).load();
    }
    if (this.wanted) {
      history.replaceState(null, "", location.pathname + location.search);
      queueMicrotask(() => this.follow(this.wanted));
    }
  }

  /** Goes to what a notice was about: its conversation, its offer, or a colleague's mention at it. */
  follow(task) {
    this.wanted = "";
    if (typeof task !== "string") return;
    if (this.book.tasks.has(task)) return this.look(task, true);
    document.querySelector(".floor").classList.remove("reading");
    this.offers.cards.get(task)?.root.querySelector("[data-do=accept]").focus();
    this.mentions.read();
  }

  /** A reply that was on its way when this page was loaded anew is said again under its own key. */
  resume(saved) {
    const task = this.book.owned(saved.task, saved.lease);
    this.send(task?.replies.find(({ key }) => key === saved.key) ?? { ...saved, fate: "sending" });
  }

  async send(reply) {
    const { task, lease, key, text, privately = false } = reply;
    try {
      const seq = await this.line.call({ type: "reply", task, lease, reply: { key, privately, content: { type: "text", text } } });
      this.book.replied(reply, seq);
    } catch (problem) {
      this.book.refused(reply, problem);
      const column = this.columns.get(task);
      if (column) column.giveBack(text);
      else {
        if (!this.keep.draft(task)) this.drafts.set(task, text);
        notice(say("gone-unsent", { detail: detailOf(problem) }), 30_000);
      }
    }
    this.changed();
  }

  on_offer({ task }) {
    this.book.offer(task);
    this.changed();
    if (this.worklist.taking.has(task.id)) return this.tookFromList();
    setText(byId("say-now"), sayText("offer-new", { queue: task.queue }));
    ring(this.keep);
    this.notify(sayText("offer-new", { queue: task.queue }), task.id);
    this.changed();
  }

  /** A notice of the desktop, for who looks at another window and wants sound as well. Nothing of the task is in it. */
  notify(text, tag) {
    // Where this device is told anyway, it is told once.
    if (!this.keep.sound || this.push.on || document.visibilityState === "visible" || globalThis.Notification?.permission !== "granted") return;
    const told = new Notification(text, { tag, lang: document.documentElement.lang, dir: document.documentElement.dir });
    told.addEventListener("click", () => (window.focus(), told.close()));
  }

  on_assigned({ task }) {
    this.book.assigned(task);
    this.look(task.id, this.worklist.taking.delete(task.id));
    this.drafts.read();
  }

  on_message(frame) {
    const task = this.book.message(frame);
    if (task && frame.message.from === "customer") {
      task.unread++;
      const name = frame.message.name ?? sayText("customer");
      setText(byId("say-soon"), `${sayText("message-new", { name })}: ${frame.message.text ?? ""}`);
    }
    this.changed();
  }

  on_withdrawn({ task, lease, reason }) {
    const view = this.book.offers.get(task) ?? this.book.tasks.get(task)?.view;
    const shown = view && this.title(view);
    if (!this.book.remove(task, lease)) return;
    notice(say(knows(`gone-${reason}`) ? `gone-${reason}` : "gone-elsewhere", { title: shown }));
    this.changed();
  }

  on_remind({ task, lease }) {
    const owned = this.book.owned(task, lease);
    if (owned) owned.reminded = true;
    this.changed();
  }

  /** What was taken from the list was asked for: it needs no second word. */
  tookFromList() {
    queueMicrotask(() => {
      for (const [id, card] of this.offers.cards) if (this.worklist.taking.delete(id)) this.offers.accept(card);
      for (const id of this.book.tasks.keys()) if (this.worklist.taking.delete(id)) this.look(id, true);
    });
  }

  /** A supervisor says something: it stays until it is closed. */
  on_told(told) {
    setText(byId("say-now"), sayText("told", told));
    notice(say("told", told), 600_000);
    ring(this.keep);
  }

  on_noted(noted) {
    this.mentions.told(noted);
    // What became of what was asked for is told by a note.
    this.columns.get(noted.task)?.authority?.load();
  }

  on_case_changed({ case: id, matter }) {
    for (const column of this.columns.values()) {
      column.cases.changed(id, matter);
      if (matter && column.task.view.matter === matter) column.authority?.load();
    }
  }

  on_reply_status({ task, seq, status, detail }) {
    if (this.book.told(task, seq, status)) this.changed();
    if (status === "failed" || status === "unknown") notice(say("delivery", { detail: detail ?? status }), 30_000);
  }

  accepted(id, lease) {
    if (!this.book.accepted(id, lease)) return;
    this.look(id, true);
    this.drafts.read();
  }

  settled(id, lease) {
    const view = this.book.tasks.get(id)?.view;
    if (view) notice(say("settled", { title: this.title(view) }), 4_000);
    this.left(id, lease);
  }

  /** A task is not at this desk any more, by what its worker did. */
  left(id, lease) {
    this.book.remove(id, lease);
    this.drafts.set(id, "");
    this.changed();
    byId("work").focus();
  }

  title(view) {
    if (decisionOf(view)) return titleOfApproval(view);
    if (reviewOf(view)) return titleOfReview(view);
    return this.book.titleOf(view) ?? sayText("untitled", { kind: sayText(`kind-${view.kind}`), id: view.id });
  }

  /** Looks at a task: its column is shown, and takes the cursor where `go` says so. */
  look(id, go) {
    this.recent = go ? [id, ...this.recent.filter((other) => other !== id)] : [...this.recent.filter((other) => other !== id), id];
    if (go) document.querySelector(".floor").classList.add("reading");
    this.render();
    if (go) this.columns.get(id)?.focus();
  }

  /** What was found: in its column where it is open, else as it is printed. */
  wayTo({ task }) {
    if (!task) return null;
    if (!this.book.tasks.has(task)) return `/transcripts/${encodeURIComponent(task)}`;
    this.look(task, true);
    return null;
  }

  back() {
    document.querySelector(".floor").classList.remove("reading");
    this.render();
    this.tabs.get(this.recent[0])?.root.querySelector("button").focus();
  }

  /** Shows the book, once for everything that happens in the same turn. */
  changed() {
    if (this.due) return;
    this.due = true;
    queueMicrotask(() => {
      this.due = false;
      this.render();
    });
  }

  render() {
    const { tasks } = this.book;
    this.recent = [...this.recent.filter((id) => tasks.has(id)), ...[...tasks.keys()].filter((id) => !this.recent.includes(id))];
    this.offers.show();
    this.showColumns();
    this.showTabs();
    const unread = [...tasks.values()].reduce((sum, task) => sum + task.unread, 0) + this.book.offers.size;
    document.title = unread > 0 ? `(${unread}) ${title}` : title;
  }

  showColumns() {
    const place = byId("columns");
    const { tasks } = this.book;
    const room = Math.min(COLUMNS_MAX, Math.max(1, Math.floor(byId("work").clientWidth / COLUMN_MIN_PX)));
    const shown = new Set(this.recent.slice(0, room));
    for (const [id, column] of this.columns) {
      if (!shown.has(id)) column.root.remove();
      if (tasks.get(id) !== column.task) {
        column.root.remove();
        this.columns.delete(id);
      }
    }
    let before = place.firstElementChild;
    // In the order of the tabs, so that a look at one does not shuffle the others.
    for (const [id, task] of tasks) {
      if (!shown.has(id)) continue;
      const column = this.columns.get(id) ?? this.newColumn(task);
      const fresh = !column.root.isConnected;
      if (column.root === before) before = before.nextElementSibling;
      else place.insertBefore(column.root, before);
      if (document.visibilityState === "visible" && column.root.offsetParent) task.unread = 0;
      column.show();
      if (fresh) column.transcript.end();
    }
    const floor = document.querySelector(".floor");
    floor.classList.toggle("none", tasks.size === 0);
    if (tasks.size === 0) floor.classList.remove("reading");
    byId("idle").hidden = tasks.size > 0;
  }

  newColumn(task) {
    const column = new Column(this, task);
    column.root.addEventListener("focusin", () => {
      if (this.recent[0] === task.view.id) return;
      this.recent = [task.view.id, ...this.recent.filter((id) => id !== task.view.id)];
      this.showTabs();
    });
    this.columns.set(task.view.id, column);
    return column;
  }

  showTabs() {
    const { tasks } = this.book;
    for (const [id, tab] of this.tabs) {
      if (tasks.has(id)) continue;
      tab.root.remove();
      this.tabs.delete(id);
    }
    for (const [id, task] of tasks) {
      const tab = this.tabs.get(id) ?? this.newTab(id);
      setText(tab.slots.title, this.title(task.view));
      setText(tab.slots.queue, task.view.queue);
      setText(tab.slots.peek, this.book.said(task).at(-1)?.text ?? "");
      tab.slots.unread.hidden = task.unread === 0;
      setText(tab.slots.unread, String(task.unread));
      tab.root.querySelector("button").setAttribute("aria-current", String(id === this.recent[0]));
      showClock(tab.slots.clock, task.view);
    }
    byId("no-tabs").hidden = tasks.size > 0;
    setText(byId("mine-count"), String(tasks.size));
  }

  newTab(id) {
    const tab = clone("t-tab");
    tab.root.querySelector("button").addEventListener("click", () => this.look(id, true));
    byId("tabs").append(tab.root);
    this.tabs.set(id, tab);
    return tab;
  }

  tick() {
    this.offers.tick();
    for (const column of this.columns.values()) if (column.root.isConnected) column.tick();
    for (const [id, task] of this.book.tasks) {
      const tab = this.tabs.get(id);
      if (tab) showClock(tab.slots.clock, task.view);
    }
  }

  /** Alt+O goes to the first offer, Alt+1…9 to a conversation; Alt+Y and Alt+N answer what the task that is looked at asks. By place on the keyboard: any layout has it. */
  key(event) {
    if (!event.altKey || event.shiftKey || event.ctrlKey || event.metaKey) return;
    if (event.code === "KeyO") {
      document.querySelector(".floor").classList.remove("reading");
      byId("offers").querySelector(".offer [data-do=accept]")?.focus();
    } else if (event.code === "KeyY" || event.code === "KeyN") {
      if (!this.columns.get(this.recent[0])?.approval?.key(event.code)) return;
    } else if (event.code === "KeyW") {
      this.worklist.open();
    } else if (event.code === "KeyB") {
      this.bulk.open();
    } else if (/^Digit[1-9]$/.test(event.code)) {
      const id = [...this.book.tasks.keys()][Number(event.code.at(-1)) - 1];
      if (id) this.look(id, true);
    } else return;
    event.preventDefault();
  }
}

new Desk();
install();
