// Notices on this device while nobody looks at the desk: this browser's push service brings them, and desk-worker.js shows them.

import { api, byId, detailOf, meta, notice, say } from "../page/dom.js";

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const same = (one, other) => one?.byteLength === other.byteLength && new Uint8Array(one).every((byte, index) => byte === other[index]);

export class Push {
  constructor(keep) {
    this.keep = keep;
    this.button = byId("push");
    this.key = meta("push-key");
    // Without the key the installation sends none; without the rest this browser shows none.
    if (!this.button || !navigator.serviceWorker || !globalThis.PushManager || !globalThis.Notification) return;
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.toggle());
    this.show();
    this.begin();
  }

  /** Whether this device is told. */
  get on() {
    return Boolean(this.keep.push);
  }

  show() {
    this.button.setAttribute("aria-pressed", String(this.on));
  }

  async manager() {
    return (await navigator.serviceWorker.ready).pushManager;
  }

  /** On a page that was opened anew: says it again where it was asked for, which mends what was lost on either side. */
  async begin() {
    try {
      if (this.on && Notification.permission === "granted") return await this.subscribe();
      this.keep.push = null;
      // What somebody else asked for in this browser would tell of his work to whoever sits here now.
      await (await (await this.manager()).getSubscription())?.unsubscribe();
    } catch {
      // The next page tries again.
    } finally {
      this.show();
    }
  }

  async toggle() {
    this.button.disabled = true;
    try {
      if (this.on) await this.stop();
      else if ((await Notification.requestPermission()) === "granted") await this.subscribe();
      else notice(say("push-denied"), 20_000);
    } catch (problem) {
      notice(say("push-failed", { detail: problem.detail ? detailOf(problem) : problem.message }), 20_000);
    } finally {
      this.button.disabled = false;
      this.show();
    }
  }

  async subscribe() {
    const manager = await this.manager();
    const applicationServerKey = bytes(this.key);
    let found = await manager.getSubscription();
    // A subscription is for one key: another installation's, or one before it was made anew, is of no use.
    if (found && !same(found.options.applicationServerKey, applicationServerKey)) {
      await found.unsubscribe();
      found = null;
    }
    found ??= await manager.subscribe({ userVisibleOnly: true, applicationServerKey });
    const { endpoint, keys } = found.toJSON();
    const device = { endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth }, lang: document.documentElement.lang };
    this.keep.push = (await api("POST", "/v1/push/devices", device)).id;
  }

  /** Nothing is shown here any more, whether the router can be told of it or not. */
  async stop() {
    const id = this.keep.push;
    if (!id) return;
    this.keep.push = null;
    const told = api("DELETE", `/v1/push/devices/${encodeURIComponent(id)}`).catch((problem) => problem);
    await (await (await this.manager()).getSubscription())?.unsubscribe();
    const problem = await told;
    if (problem?.status && problem.status !== 404) throw problem;
  }
}
