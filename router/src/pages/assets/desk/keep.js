// What the desk keeps in this browser: drafts, replies that are on their way, presence and sound. Nothing else.

const DRAFT_MAX_MS = 7 * 86_400_000;

export class Keep {
  constructor(worker) {
    this.prefix = `blendline.desk.${worker}.`;
    this.forgetOld();
  }

  read(storage, name) {
    try {
      return JSON.parse(storage.getItem(this.prefix + name));
    } catch {
      return null;
    }
  }

  write(storage, name, value) {
    try {
      if (value === null) storage.removeItem(this.prefix + name);
      else storage.setItem(this.prefix + name, JSON.stringify(value));
    } catch {
      // A full storage costs the memory of a draft, never the reply.
    }
  }

  names(storage, start) {
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index));
    const whole = this.prefix + start;
    return keys.filter((key) => key.startsWith(whole)).map((key) => key.slice(this.prefix.length));
  }

  draft(task) {
    return this.read(localStorage, `draft.${task}`)?.text ?? "";
  }

  draftEntry(task) {
    return this.read(localStorage, `draft.${task}`);
  }

  /** `unsaved` while the server does not have it; an empty one is kept until it does not have the old one any more. */
  setDraft(task, text, { at = Date.now(), unsaved = true } = {}) {
    this.write(localStorage, `draft.${task}`, text || unsaved ? { text, at, unsaved } : null);
  }

  /** The server has the draft that was written at this time. */
  draftSaved(task, at) {
    const kept = this.draftEntry(task);
    if (kept && kept.at === at) this.setDraft(task, kept.text, { at, unsaved: false });
  }

  /** The task whose draft is kept under a key of the storage. */
  draftOf(key) {
    const start = `${this.prefix}draft.`;
    return key?.startsWith(start) ? key.slice(start.length) : null;
  }

  /** What this window is called where drafts are kept. */
  get window() {
    const name = this.read(sessionStorage, "window") ?? crypto.randomUUID();
    this.write(sessionStorage, "window", name);
    return name;
  }

  /** Replies that are not answered yet, in the order of writing; they outlive a reload of this tab. */
  get replies() {
    const kept = this.names(sessionStorage, "reply.").map((name) => this.read(sessionStorage, name)).filter(Boolean);
    return kept.sort((one, other) => one.at - other.at);
  }

  addReply(reply) {
    this.write(sessionStorage, `reply.${reply.key}`, reply);
  }

  dropReply(key) {
    this.write(sessionStorage, `reply.${key}`, null);
  }

  get presence() {
    return this.read(sessionStorage, "presence");
  }

  set presence(presence) {
    this.write(sessionStorage, "presence", presence);
  }

  get sound() {
    return this.read(localStorage, "sound") === true;
  }

  set sound(on) {
    this.write(localStorage, "sound", on || null);
  }

  /** What the router calls this device, where it is told while nobody looks. */
  get push() {
    return this.read(localStorage, "push");
  }

  set push(device) {
    this.write(localStorage, "push", device);
  }

  forgetOld() {
    for (const name of this.names(localStorage, "draft.")) {
      if (!(Date.now() - this.read(localStorage, name)?.at < DRAFT_MAX_MS)) this.write(localStorage, name, null);
    }
  }

  /** On signing out: the next person at this computer reads nothing. */
  forget() {
    for (const storage of [localStorage, sessionStorage]) {
      for (const name of this.names(storage, "")) this.write(storage, name, null);
    }
  }
}
