// What the chat remembers between pages: the session's token, and messages that are not yet known to have arrived.

/** Storage that works where the browser refuses it: then things are kept as long as the page lives. */
function openStorage() {
  try {
    const probe = "blendline.probe";
    localStorage.setItem(probe, "1");
    localStorage.removeItem(probe);
    return localStorage;
  } catch {
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
}

class Keep {
  constructor(account) {
    this.storage = openStorage();
    this.prefix = `blendline.chat.${account}.`;
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
    const keys = Array.from({ length: this.storage.length }, (_, index) => this.storage.key(index));
    return keys
      .filter((key) => key?.startsWith(prefix))
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
