// The connection to a router, in the protocol of `wire/src/worker.rs`, with the session's cookie for a key.
//
// A call leaves `pending` only with its answer, so a cut connection is made good by saying everything in `pending`
// again, in its order: the router lets a repeated call have no second effect.

import { api, toSignIn } from "../page/dom.js";
import { learn } from "../page/clock.js";

const PROTOCOL_VERSION = 1;
const WAIT_FIRST_MS = 500;
const WAIT_MAX_MS = 15_000;
const WELCOME_MAX_MS = 10_000;
/** A call that is not answered by then has met a dead connection. */
const ANSWER_MAX_MS = 12_000;
/** A timer that comes this much later slept. */
const SLEPT_MS = 15_000;
/** After this long without a word the way to the server is tried. */
const SILENT_MS = 20_000;

export class Line {
  /** `on` has `welcome(tasks)`, `frame(frame)` and `state(name, waitMs)`; `presence()` says what to begin with. */
  constructor(worker, presence, on) {
    Object.assign(this, { worker, presence, on });
    this.pending = new Map();
    this.calls = 0;
    this.failures = 0;
    this.online = false;
    this.stopped = false;
    this.beats = 0;
    addEventListener("online", () => this.again());
    addEventListener("offline", () => !this.stopped && this.lost());
    document.addEventListener("visibilitychange", () => this.beat());
    addEventListener("pageshow", (event) => event.persisted && this.again());
    let tick = Date.now();
    setInterval(() => {
      const at = Date.now();
      if (at - tick > SLEPT_MS) this.again();
      else this.watch(at);
      tick = at;
    }, 2_000);
  }

  /** Notices a connection that died without a word. */
  watch(at) {
    if (!this.online) return;
    if ([...this.pending.values()].some((call) => at - call.said > ANSWER_MAX_MS)) return this.again();
    if (at - this.heard < SILENT_MS || this.trying) return;
    this.trying = true;
    const round = this.socket;
    fetch("/livez", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(5_000) })
      .then(() => (this.heard = Date.now()))
      .catch(() => round === this.socket && this.lost())
      .finally(() => (this.trying = false));
  }

  /** Connects at once. */
  again() {
    if (this.stopped) return;
    this.failures = 0;
    this.connect();
  }

  /** Continues here after another window took over. */
  takeOver() {
    this.stopped = false;
    this.again();
  }

  /** Ends in order: what is still owned goes back at once. */
  leave() {
    this.stopped = true;
    if (this.online) this.socket.send(JSON.stringify({ type: "bye" }));
    this.drop();
  }

  drop() {
    clearTimeout(this.timer);
    clearInterval(this.heart);
    this.online = false;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  connect() {
    this.drop();
    this.refused = false;
    this.on.state("connecting");
    const url = new URL("/v1/workers/connect", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.socket = socket;
    const mine = () => socket === this.socket;
    this.timer = setTimeout(() => mine() && this.lost(), WELCOME_MAX_MS);
    socket.onopen = () => {
      const hello = { type: "hello", version: PROTOCOL_VERSION, worker: this.worker, presence: this.presence() };
      if (mine()) socket.send(JSON.stringify(hello));
    };
    socket.onmessage = ({ data }) => mine() && this.hear(JSON.parse(data));
    socket.onclose = ({ code }) => {
      if (!mine()) return;
      if (code === 4401) return this.end("ended");
      if (this.refused) return this.end("refused");
      this.lost();
    };
  }

  /** The connection is gone: says so, finds out why, and comes back with jitter. */
  lost() {
    this.drop();
    const ceiling = Math.min(WAIT_FIRST_MS * 2 ** Math.min(this.failures++, 8), WAIT_MAX_MS);
    const wait = ceiling * (0.5 + Math.random() / 2);
    this.on.state(navigator.onLine ? "waiting" : "offline", wait);
    this.timer = setTimeout(() => this.connect(), wait);
    // A browser does not say why a socket was refused; the API does, and leads to the sign-in page if it must.
    if (this.failures > 1) api("GET", "/v1/queues").then(({ date }) => learn(date)).catch(() => {});
  }

  /** No further try without the worker's wish. */
  end(state) {
    this.stopped = true;
    this.drop();
    this.on.state(state);
    if (state === "ended") toSignIn();
  }

  hear(frame) {
    this.heard = Date.now();
    if (frame.type === "goodbye") return this.goodbye(frame.reason);
    if (frame.type === "answer") return this.answered(frame);
    if (frame.type !== "welcome") return this.on.frame(frame);
    clearTimeout(this.timer);
    this.failures = 0;
    this.online = true;
    this.heart = setInterval(() => this.beat(), Math.max(frame.heartbeat_ms / 2, 1_000));
    this.beat();
    this.on.state("online");
    this.on.welcome(frame.tasks);
    for (const call of [...this.pending.values()]) this.send(call);
  }

  /** Says that one is here, and whether anybody can see it: who does not look is told on his devices. */
  beat() {
    this.tell({ type: "heartbeat", hidden: document.visibilityState === "hidden" });
  }

  goodbye(reason) {
    if (reason === "replaced") return this.end("replaced");
    // The close code that follows tells why: a session that ended leads to the sign-in page.
    if (reason === "refused") return void (this.refused = true);
    // A router that drains asks us to come back at once, unless that keeps happening.
    if (this.failures > 0) return this.lost();
    this.failures = 1;
    this.connect();
  }

  /** Says something that is answered. Resolves with the place it has got, if any; rejects with the problem document. */
  call(frame) {
    const call = { frame: { ...frame, call: ++this.calls }, said: Infinity };
    const answer = new Promise((resolve, reject) => Object.assign(call, { resolve, reject }));
    this.pending.set(this.calls, call);
    this.send(call);
    return answer;
  }

  send(call) {
    if (!this.online) return;
    call.said = Date.now();
    this.tell(call.frame);
  }

  answered({ call: number, problem, seq }) {
    const call = this.pending.get(number);
    this.pending.delete(number);
    if (problem) call?.reject(problem);
    else call?.resolve(seq);
  }

  /** Says something that is not answered. */
  tell(frame) {
    if (this.online) this.socket.send(JSON.stringify(frame));
  }
}
