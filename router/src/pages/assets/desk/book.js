// What this worker has: offers, tasks and what is said in them. No page and no network; the welcome list is the truth.

import { plain } from "../page/text.js";

/** What is on its way comes after everything that has its place. */
const placeOf = (entry) => entry.seq ?? (entry.fate === "sending" ? Infinity : entry.after + 0.5);

export class Book {
  constructor(keep) {
    this.keep = keep;
    this.offers = new Map();
    this.tasks = new Map();
  }

  /** Brings both sides together after a connection; returns what is not ours any more. */
  welcome(views) {
    const listed = new Map(views.map((view) => [view.id, view]));
    const gone = [...this.tasks.values()].filter(({ view }) => listed.get(view.id)?.lease !== view.lease);
    this.offers.clear();
    for (const { view } of gone) if (!listed.has(view.id)) this.tasks.delete(view.id);
    for (const view of views) {
      if (view.offered) this.offer(view);
      else this.assigned(view);
    }
    return gone.filter(({ view }) => !this.tasks.has(view.id) && !this.offers.has(view.id));
  }

  offer(view) {
    this.tasks.delete(view.id);
    this.offers.set(view.id, view);
  }

  /** A task is ours: new, or listed again with what was said meanwhile. Returns it with how much of it is news. */
  assigned(view) {
    this.offers.delete(view.id);
    let task = this.tasks.get(view.id);
    if (!task) {
      const mine = this.keep.replies.filter((reply) => reply.task === view.id);
      task = { view, messages: new Map(), replies: mine.map((reply) => ({ ...reply, fate: "sending" })), unread: 0 };
      this.tasks.set(view.id, task);
    }
    task.view = view;
    const before = task.messages.size;
    for (const message of view.messages) {
      if (!task.messages.has(message.seq)) task.messages.set(message.seq, message);
      this.told(view.id, message.seq, message.status);
    }
    this.bind(task);
    return { task, news: before === 0 ? 0 : task.messages.size - before };
  }

  /** The router accepted our acceptance: the offer is a task. */
  accepted(id, lease) {
    const view = this.offers.get(id);
    return view?.lease === lease ? this.assigned({ ...view, offered: false, until: null }).task : this.tasks.get(id);
  }

  /** A message in a task or an offer; `null` where it is not ours. */
  message({ task: id, lease, message }) {
    const offer = this.offers.get(id);
    if (offer?.lease === lease) {
      offer.messages = [...offer.messages.filter(({ seq }) => seq !== message.seq), message];
      return null;
    }
    const task = this.owned(id, lease);
    if (!task || task.messages.has(message.seq)) return null;
    task.messages.set(message.seq, message);
    this.bind(task);
    return task;
  }

  owned(id, lease) {
    const task = this.tasks.get(id);
    return task?.view.lease === lease ? task : null;
  }

  /** Forgets an offer or a task; returns its view. */
  remove(id, lease) {
    const found = this.offers.get(id) ?? this.tasks.get(id)?.view;
    if (found?.lease !== lease) return null;
    this.offers.delete(id);
    this.tasks.delete(id);
    return found;
  }

  /** A reply of ours, from the moment it is written. */
  reply(task, text, at, privately = false) {
    const after = Math.max(0, ...task.messages.keys());
    const { id, lease } = task.view;
    const reply = { task: id, lease, key: crypto.randomUUID(), text, privately, at, after, fate: "sending" };
    task.replies.push(reply);
    this.keep.addReply(reply);
    return reply;
  }

  /** The router has a reply, at this place. */
  replied(reply, seq) {
    this.keep.dropReply(reply.key);
    reply.fate = "sent";
    const task = this.owned(reply.task, reply.lease);
    const index = task?.replies.indexOf(reply) ?? -1;
    if (seq === undefined || index < 0) return;
    task.replies.splice(index, 1);
    if (!task.messages.has(seq)) task.messages.set(seq, { ...reply, seq, from: "worker", bound: true });
  }

  /** What became of a message of ours; false where it is not shown. */
  told(id, seq, status) {
    const message = status && this.tasks.get(id)?.messages.get(seq);
    if (message) message.status = status;
    return Boolean(message);
  }

  /** The router did not take a reply. */
  refused(reply, problem) {
    this.keep.dropReply(reply.key);
    Object.assign(reply, { fate: "failed", problem });
  }

  /** A reply of ours that the router lists under a number of its own is shown once, as listed. */
  bind(task) {
    for (const message of task.messages.values()) {
      if (message.from !== "worker" || message.bound) continue;
      const same = (reply) => reply.fate !== "failed" && reply.after < message.seq && reply.text === message.text;
      const index = task.replies.findIndex(same);
      if (index < 0) continue;
      message.bound = true;
      task.replies.splice(index, 1);
    }
  }

  /** Everything said in a task, in the order everyone sees. */
  said(task) {
    const all = [...task.messages.values(), ...task.replies];
    return all.sort((one, other) => (placeOf(one) === placeOf(other) ? one.at - other.at : placeOf(one) - placeOf(other)));
  }

  /** The customer's name, or the title, or `null`. */
  titleOf(view) {
    if (view.title) return plain(view.title);
    const messages = this.tasks.get(view.id)?.messages.values() ?? view.messages;
    const named = [...messages].findLast?.(({ from, name }) => from === "customer" && name);
    return named ? plain(named.name) : null;
  }
}
