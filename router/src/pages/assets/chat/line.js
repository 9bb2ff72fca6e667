// The way to the server: a WebSocket, or long polling where WebSockets do not get through. Frames look alike on both.

const WAIT_FIRST_MS = 500;
const WAIT_MAX_MS = 30_000;
/** How long to wait with a message that could not be posted, where nobody says for how long. */
const PAUSE_MS = 2_000;
/** A message that is not acknowledged by then has met a dead connection. */
const ACK_MAX_MS = 10_000;
/** After this long in polling, a WebSocket is tried again. */
const POLL_MAX_MS = 300_000;
/** A timer that comes later than this slept: the connection may be dead without a word. */
const SLEPT_MS = 15_000;

class Line {
  /** `on` has `frame(frame)`, `state(state)`, `session(session)` and `unsent()`: what is to be said, in its order. */
  constructor(origin, account, keep, who, on) {
    Object.assign(this, { origin, account, keep, who, on });
    this.base = `${origin}/v1/chat/${encodeURIComponent(account)}`;
    this.cursor = null;
    this.failures = 0;
    this.deaf = 0;
    this.round = 0;
    /** The message whose answer is awaited, and since when. */
    this.saying = null;
    this.stopped = true;
  }

  start() {
    if (!this.stopped) return;
    this.stopped = false;
    addEventListener("online", () => this.again());
    addEventListener("pageshow", (event) => event.persisted && this.again());
    let tick = Date.now();
    setInterval(() => {
      const now = Date.now();
      if (now - tick > SLEPT_MS) this.again();
      else if (now - this.saying?.since > ACK_MAX_MS) this.again();
      tick = now;
    }, 2_000);
    this.connect();
  }

  /** Connects anew at once: after sleep, a lost network, or on the visitor's wish. */
  again() {
    if (this.stopped) return;
    this.failures = 0;
    this.deaf = 0;
    this.connect();
  }

  /** Ends whatever runs and begins a new round; what belongs to an older round is ignored from here on. */
  async connect() {
    const round = ++this.round;
    clearTimeout(this.timer);
    this.abort?.abort();
    this.abort = new AbortController();
    this.socket?.close();
    this.socket = null;
    this.held = false;
    this.polling = false;
    this.free();
    this.on.state("connecting");
    try {
      if (!this.session) await this.open();
    } catch (problem) {
      if (round !== this.round) return;
      // A token that its own server does not know any more is not worth a second try.
      if (problem.status === 401) this.keep.token = null;
      this.retry(problem);
      return;
    }
    if (round !== this.round) return;
    if (this.deaf >= 2) this.poll(round);
    else this.listen(round);
  }

  /** Gets a session; a token from earlier goes on with that conversation. */
  async open() {
    const body = { ...(this.keep.token && { token: this.keep.token }), ...this.who };
    const answer = await this.call("POST", "/sessions", body);
    const session = await answer.json();
    this.session = session.token;
    this.keep.token = this.session;
    this.on.session(session);
  }

  async call(method, path, body) {
    const headers = { ...(body && { "Content-Type": "application/json" }) };
    if (path !== "/sessions") headers.Authorization = `Bearer ${this.session}`;
    const signal = AbortSignal.any([this.abort.signal, AbortSignal.timeout(40_000)]);
    const text = body && JSON.stringify(body);
    const answer = await fetch(this.base + path, { method, headers, body: text, signal, credentials: "omit" });
    if (answer.ok) return answer;
    const after = Number(answer.headers.get("Retry-After")) * 1_000 || null;
    const problem = await answer.json().catch(() => ({}));
    throw { status: answer.status, code: problem.code, after };
  }

  /** A lost session is replaced; anything else is tried again later, with jitter so that a crowd spreads. */
  retry({ status, after } = {}) {
    if (status === 401) this.session = null;
    const closed = status === 403 || status === 404;
    this.on.state(closed ? "closed" : "offline");
    if (closed) return;
    const ceiling = Math.min(WAIT_FIRST_MS * 2 ** Math.min(this.failures++, 10), WAIT_MAX_MS);
    const wait = Math.max(after ?? 0, ceiling * (0.5 + Math.random() / 2));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), wait);
  }

  listen(round) {
    const socket = new WebSocket(`${this.base.replace(/^http/, "ws")}/connect`);
    this.socket = socket;
    const mine = () => round === this.round;
    socket.onopen = () => mine() && socket.send(JSON.stringify({ type: "hello", token: this.session, after: this.cursor }));
    socket.onmessage = ({ data }) => mine() && this.hear(JSON.parse(data));
    socket.onclose = ({ code }) => {
      if (!mine()) return;
      this.socket = null;
      if (code === 4409) {
        this.round++;
        this.stopped = true;
        this.on.state("elsewhere");
        return;
      }
      if (code === 4401) this.session = null;
      else if (!this.held && navigator.onLine) this.deaf++;
      this.retry(code === 4401 ? { status: 401 } : { after: code === 1013 ? 5_000 : null });
    };
  }

  /** Continues here after another window took over. */
  takeOver() {
    this.stopped = false;
    this.again();
  }

  hear(frame) {
    if (frame.type === "welcome") {
      this.held = true;
      this.deaf = 0;
      this.failures = 0;
      this.on.state("online");
      this.say();
    } else if (frame.type === "reconnect") {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.connect(), frame.after_ms ?? 0);
    } else {
      if (frame.type === "message") this.cursor = frame.cursor;
      this.on.frame(frame);
      this.answered(frame);
    }
  }

  /**
   * Says what is to be said, one message at a time: so it stays in its order whatever is refused on the way. Unheard, it
   * is said again with the next connection, under the same id.
   */
  say() {
    if (this.saying || !(this.held || this.polling)) return;
    const [message] = this.on.unsent();
    if (!message) return;
    this.saying = { id: message.client_id, since: Date.now() };
    if (this.polling) this.post(message);
    else this.socket?.send(JSON.stringify(message));
  }

  /** Goes on with the next message, or after a while with the same. */
  answered({ client_id, retry_after_ms }) {
    if (!client_id || client_id !== this.saying?.id) return;
    if (!(retry_after_ms > 0)) {
      this.free();
      return this.say();
    }
    this.saying.since = Infinity;
    this.pause = setTimeout(() => {
      this.free();
      this.say();
    }, retry_after_ms);
  }

  free() {
    clearTimeout(this.pause);
    this.saying = null;
  }

  /** Says what is not worth repeating; true where it was said. */
  hint(frame) {
    if (this.held) this.socket?.send(JSON.stringify(frame));
    return this.held;
  }

  /** Says up to where everything was seen; true where it was said. */
  seen(cursor) {
    if (this.hint({ type: "read", cursor })) return true;
    if (this.polling) this.call("POST", "/messages", { client_id: uuid7(), read: cursor }).catch(() => {});
    return this.polling;
  }

  async post({ type, ...message }) {
    const { round } = this;
    const { client_id } = message;
    let frame = { type: "ack", client_id };
    try {
      await this.call("POST", "/messages", message);
    } catch (problem) {
      if (round !== this.round) return;
      if (problem.status === 401) return this.retry(problem);
      const never = problem.status >= 400 && problem.status < 500 && problem.status !== 429;
      frame = { type: "refused", client_id, reason: problem.code, retry_after_ms: never ? null : (problem.after ?? PAUSE_MS) };
    }
    this.on.frame(frame);
    if (round === this.round) this.answered(frame);
  }

  async poll(round) {
    const until = Date.now() + POLL_MAX_MS;
    // The first answer comes at once, so that the visitor sees where he is.
    let wait = 0;
    try {
      while (round === this.round) {
        const after = this.cursor === null ? "" : `after=${encodeURIComponent(this.cursor)}&`;
        const answer = await this.call("GET", `/messages?${after}wait=${wait}`);
        const { messages, state } = await answer.json();
        if (round !== this.round) return;
        for (const message of messages) this.hear({ ...message, type: "message" });
        if (wait === 0) {
          this.failures = 0;
          this.polling = true;
          this.on.state("online");
          this.say();
        }
        if (state) this.on.frame({ type: "state", state });
        wait = 25;
        if (Date.now() > until) return this.again();
      }
    } catch (problem) {
      if (round === this.round) this.retry(problem);
    }
  }
}
