// What the chat remembers between pages: the session's token, and messages that are not yet known to have arrived.

/** The browser's storage, which nothing is put into before the visitor agrees; `null` where the browser refuses it. */
function lastingStorage() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** Storage that lives as long as the page. */
function passingStorage() {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
    key: (index) => [...kept.keys()][index] ?? null,
    get length() {
      return kept.size;
    },
  };
}

class Keep {
  constructor(account) {
    this.prefix = `blendline.chat.${account}.`;
    this.lasting = lastingStorage();
    this.remembers = Boolean(this.lasting?.getItem(`${this.prefix}kept`));
    this.storage = this.remembers ? this.lasting : passingStorage();
  }

  /** The visitor agreed: what was kept for the page lasts from here on. */
  remember() {
    if (this.remembers || !this.lasting) return;
    this.remembers = true;
    this.move(this.lasting);
    this.write("kept", new Date().toISOString());
  }

  /** The visitor does not agree any more: nothing stays in the browser. */
  forget() {
    if (!this.remembers) return;
    this.remembers = false;
    this.storage.removeItem(`${this.prefix}kept`);
    this.move(passingStorage());
  }

  move(to) {
    const from = this.storage;
    this.storage = to;
    for (const key of keysOf(from, this.prefix)) {
      this.write(key.slice(this.prefix.length), from.getItem(key));
      from.removeItem(key);
    }
  }

  get token() {
    return this.storage.getItem(`${this.prefix}token`);
  }

  set token(token) {
    if (token) this.write("token", token);
    else this.storage.removeItem(`${this.prefix}token`);
  }

  /** Messages that wait for their acknowledgement, oldest first: each under a key of its own, so that two tabs
   * never overwrite each other's. Ids of version 7 sort by time. */
  get unsent() {
    const prefix = `${this.prefix}out.`;
    return keysOf(this.storage, prefix)
      .sort()
      .map((key) => ({ client_id: key.slice(prefix.length), text: this.storage.getItem(key) ?? "" }));
  }

  add(message) {
    this.write(`out.${message.client_id}`, message.text);
  }

  drop(id) {
    this.storage.removeItem(`${this.prefix}out.${id}`);
  }

  write(name, value) {
    try {
      this.storage.setItem(this.prefix + name, value);
    } catch {
      // A full storage costs the memory across pages, not the message.
    }
  }
}

const keysOf = (storage, prefix) =>
  Array.from({ length: storage.length }, (_, index) => storage.key(index)).filter((key) => key?.startsWith(prefix));

let latest = 0;

/** A UUID of version 7: its order is the order of writing, also within a millisecond and when the clock is put back. */
function uuid7() {
  latest = Math.max(latest + 1, Date.now());
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setBigUint64(0, (BigInt(latest) << 16n) | BigInt((bytes[6] << 8) | bytes[7]));
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
