// A router in one file, as far as the pages can tell: chat, sessions and the worker protocol, in memory. It lets the
// pages be driven and photographed without the rest, and breaks on demand in ways that are hard to bring about
// with the real one. Pages and assets come from `cargo run --example pages`, with their real headers.

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import http from "node:http";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const OFFER_MS = 30_000;
const TARGET_MS = 180_000;

/** Starts the program that serves the pages; resolves with its address. */
async function startPages() {
  const command = process.env.BLENDLINE_PAGES;
  const child = command
    ? spawn(command, [], { stdio: ["ignore", "pipe", "inherit"] })
    : spawn("cargo", ["run", "-q", "-p", "blendline-router", "--example", "pages"], { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  const address = await new Promise((resolve, reject) => {
    child.stdout.once("data", (data) => resolve(String(data).trim()));
    child.once("exit", (code) => reject(new Error(`the pages did not start: ${code}`)));
  });
  return { address, stop: () => child.kill() };
}

const json = (response, status, body) => {
  const type = status >= 400 ? "application/problem+json" : "application/json";
  response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" });
  response.end(body === undefined ? undefined : JSON.stringify(body));
};
const problem = (status, code, detail) => ({ type: `/problems/${code}`, title: code, status, code, detail });

export class Mock {
  constructor() {
    this.visitors = new Map();
    this.tasks = new Map();
    this.logged = new Map();
    this.chatSockets = new Map();
    this.verdicts = [];
    this.accepted = 0;
    this.numbers = 0;
    /** What is broken: `chatSockets` refuses WebSockets to visitors. */
    this.broken = new Set();
  }

  async start() {
    this.pages = await startPages();
    this.server = http.createServer((request, response) => this.serve(request, response).catch((error) => json(response, 500, problem(500, "mock", String(error)))));
    this.upgrades = new WebSocketServer({ noServer: true });
    this.server.on("upgrade", (request, socket, head) => this.upgrade(request, socket, head));
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.url = `http://localhost:${this.server.address().port}`;
    return this;
  }

  stop() {
    this.pages.stop();
    this.server.closeAllConnections();
    this.server.close();
  }

  async serve(request, response) {
    const { pathname, searchParams } = new URL(request.url, "http://mock");
    if (pathname === "/shop") return this.shop(response);
    if (!pathname.startsWith("/v1/") && pathname !== "/livez") return this.proxy(request, response);
    let body = "";
    for await (const part of request) body += part;
    const said = body ? JSON.parse(body) : {};
    const chat = /^\/v1\/chat\/([^/]+)\/(sessions|messages)$/.exec(pathname);
    if (chat) {
      // The widget stands on other people's pages: the real server allows the origins its account lists.
      response.setHeader("Access-Control-Allow-Origin", request.headers.origin ?? "*");
      response.setHeader("Access-Control-Allow-Headers", "Authorization, Content-Type");
      response.setHeader("Access-Control-Expose-Headers", "Retry-After");
      response.setHeader("Vary", "Origin");
      if (request.method === "OPTIONS") return json(response, 204);
    }
    if (chat) return this.serveChat(request, response, chat[2], said, searchParams);
    const { method } = request;
    if (pathname === "/livez") return json(response, 200, {});
    if (pathname === "/v1/sessions" && method === "POST") {
      if (!request.headers["x-blendline-csrf"]) return json(response, 403, problem(403, "csrf", "the header is missing"));
      if (said.password !== "right") return json(response, 401, problem(401, "credentials", "Company, name or password is wrong."));
      response.setHeader("Set-Cookie", "__Host-session=1; Path=/; Secure; HttpOnly; SameSite=Lax");
      return json(response, 204);
    }
    if (!/__Host-session=1/.test(request.headers.cookie ?? "")) return json(response, 401, problem(401, "signed_out", "sign in first"));
    if (pathname === "/v1/sessions/current") {
      response.setHeader("Set-Cookie", "__Host-session=; Path=/; Secure; Max-Age=0");
      return json(response, 204);
    }
    if (pathname === "/v1/queues") return json(response, 200, { items: [{ name: "service" }, { name: "refunds" }, { name: "החזרות ומלאי" }] });
    if (pathname === "/v1/workers") return json(response, 200, { items: [{ name: "dana" }, { name: "yossi" }, { name: "מיכל" }] });
    if (pathname === "/v1/logged-contacts") {
      this.logged.set(request.headers["idempotency-key"], said);
      return json(response, 201, { task: "tsk_900" });
    }
    json(response, 404, problem(404, "unknown_url", "there is no such address"));
  }

  /** Somebody else's page, with a strict policy of its own, that has the widget's one tag. */
  shop(response) {
    const socket = this.url.replace("http", "ws");
    const policy = `default-src 'none'; script-src ${this.url}; connect-src ${this.url} ${socket}; require-trusted-types-for 'script'`;
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy });
    response.end(`<!doctype html><html lang="he" dir="rtl"><body><h1>חנות</h1><script src="${this.url}/chat/widget.js" data-account="demo-site" async></script></body></html>`);
  }

  proxy(request, response) {
    const upstream = http.request(this.pages.address + request.url, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    upstream.on("error", () => response.destroy());
    request.pipe(upstream);
  }

  visitor(token) {
    return [...this.visitors.values()].find((one) => one.token === token);
  }

  async serveChat(request, response, what, said, query) {
    if (what === "sessions") {
      const visitor = this.visitor(said.token) ?? { id: `vis_${++this.numbers}`, token: randomUUID(), messages: [], ids: new Set(), state: null };
      this.visitors.set(visitor.id, visitor);
      return json(response, 200, { token: visitor.token, visitor: visitor.id, expires_at: Date.now() + 86_400_000 });
    }
    const visitor = this.visitor((request.headers.authorization ?? "").replace("Bearer ", ""));
    if (!visitor) return json(response, 401, problem(401, "token", "get a new session"));
    if (request.method === "POST") {
      this.fromVisitor(visitor, said);
      return json(response, 202, { client_id: said.client_id });
    }
    const after = Number(query.get("after") ?? 0);
    const missed = () => visitor.messages.filter(({ cursor }) => Number(cursor) > after);
    if (missed().length === 0 && query.get("wait") !== "0") {
      await new Promise((resolve) => {
        visitor.wake = resolve;
        request.on("close", resolve);
      });
    }
    json(response, 200, { messages: missed(), state: visitor.state });
  }

  upgrade(request, socket, head) {
    const chat = request.url.startsWith("/v1/chat/");
    const refused = chat ? this.broken.has("chatSockets") : !/__Host-session=1/.test(request.headers.cookie ?? "");
    if (refused) return socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
    this.upgrades.handleUpgrade(request, socket, head, (open) => {
      const tell = (frame) => open.readyState === 1 && open.send(JSON.stringify(frame));
      open.on("message", (data) => (chat ? this.onVisitor(open, tell, JSON.parse(data)) : this.onWorker(open, tell, JSON.parse(data))));
      open.on("error", () => {});
    });
  }

  onVisitor(open, tell, frame) {
    if (frame.type === "hello") {
      const visitor = this.visitor(frame.token);
      if (!visitor) return open.close(4401);
      this.chatSockets.get(visitor.id)?.open.close(4409);
      this.chatSockets.set(visitor.id, { open, tell });
      open.visitor = visitor;
      open.on("close", () => this.chatSockets.get(visitor.id)?.open === open && this.chatSockets.delete(visitor.id));
      tell({ type: "welcome", visitor: visitor.id });
      for (const message of visitor.messages) if (Number(message.cursor) > Number(frame.after ?? 0)) tell({ type: "message", ...message });
      if (visitor.state) tell({ type: "state", state: visitor.state });
    } else if (frame.type === "message") {
      if (frame.text === "slow") return tell({ type: "refused", client_id: frame.client_id, reason: "rate_limited", retry_after_ms: 3_600_000 });
      this.fromVisitor(open.visitor, frame);
      tell({ type: "ack", client_id: frame.client_id });
    } else if (frame.type === "confirm") open.visitor.confirmed = frame.confirmed;
  }

  toVisitor(visitor, frame) {
    this.chatSockets.get(visitor.id)?.tell(frame);
    visitor.wake?.();
  }

  setState(visitor, state) {
    visitor.state = state;
    this.toVisitor(visitor, { type: "state", state });
  }

  fromVisitor(visitor, { client_id, text }) {
    if (visitor.ids.has(client_id)) return;
    visitor.ids.add(client_id);
    this.place(visitor, { from: "visitor", name: null, text, client_id });
    const name = visitor.name ?? null;
    let task = [...this.tasks.values()].find((one) => one.visitor === visitor);
    if (!task) {
      task = this.task({ visitor, queue: "service", kind: "conversation", conversation: `cnv_${++this.numbers}` });
      this.setState(visitor, "waiting");
    }
    this.add(task, { from: "customer", name, text });
  }

  place(visitor, message) {
    const placed = { cursor: String(visitor.messages.length + 1), at: Date.now(), ...message };
    visitor.messages.push(placed);
    this.toVisitor(visitor, { type: "message", ...placed });
  }

  /** A task, offered to the worker at once; `view` says what is special about it. */
  task({ visitor = null, messages = [], ...view }) {
    const at = Date.now();
    const id = `tsk_${++this.numbers}`;
    const task = { visitor, keys: new Set(), view: { id, lease: 1, offered: true, until: at + OFFER_MS, side: "front", queue: "service", kind: "conversation", matter: `mat_${id}`, earned_at: at, due_at: at + TARGET_MS, messages: [], ...view } };
    if (task.view.kind === "conversation") task.view.conversation ??= `cnv_${id}`;
    for (const message of messages) task.view.messages.push({ seq: task.view.messages.length + 1, at, ...message });
    this.tasks.set(id, task);
    this.tellWorker({ type: "offer", task: task.view });
    return task;
  }

  add(task, message) {
    const placed = { seq: task.view.messages.length + 1, at: Date.now(), ...message };
    task.view.messages.push(placed);
    if (message.from === "customer") this.tellWorker({ type: "message", task: task.view.id, lease: task.view.lease, message: placed });
  }

  tellWorker(frame) {
    this.worker?.tell(frame);
  }

  withdraw(task, reason) {
    this.tasks.delete(task.view.id);
    this.tellWorker({ type: "withdrawn", task: task.view.id, lease: task.view.lease, reason });
  }

  onWorker(open, tell, frame) {
    if (frame.type === "hello") {
      this.worker?.tell({ type: "goodbye", reason: "replaced" });
      this.worker?.open.close();
      this.worker = { open, tell };
      this.presence = frame.presence ?? "ready";
      tell({ type: "welcome", session: `ses_${++this.numbers}`, heartbeat_ms: 5_000, tasks: [...this.tasks.values()].map(({ view }) => view) });
      return;
    }
    if (frame.call === undefined) return;
    const refusal = this.onCall(frame);
    // `lostAnswers` plays a router that commits and is cut off before it can say so.
    if (this.broken.delete("lostAnswers")) return open.terminate();
    tell({ type: "answer", call: frame.call, ...(refusal && { problem: refusal }) });
  }

  onCall(frame) {
    if (frame.type === "presence") {
      this.presence = frame.presence;
      return null;
    }
    const task = this.tasks.get(frame.task);
    if (!task || task.view.lease !== frame.lease) return problem(409, "fenced", "this task is not yours any more");
    if (frame.type === "accept") {
      Object.assign(task.view, { offered: false, until: undefined });
      if (task.visitor) this.setState(task.visitor, "active");
    } else if (frame.type === "decline") this.tasks.delete(frame.task);
    else if (frame.type === "reply" && !task.keys.has(frame.reply.key)) {
      const { text } = frame.reply.content;
      if (text === "refuse this") return problem(422, "window_closed", "the window is closed: send a template");
      task.keys.add(frame.reply.key);
      this.add(task, { from: "worker", name: "dana", text });
      if (task.visitor) this.place(task.visitor, { from: "agent", name: "דנה", text, client_id: null });
    } else if (frame.type === "settle") {
      this.verdicts.push(frame.verdict);
      this.tasks.delete(frame.task);
      if (task.visitor && frame.verdict.verdict === "done") this.setState(task.visitor, "solved");
    }
    return null;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await new Mock().start();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(mock.stop()));
  console.log(`${mock.url}/chat/demo-site?lang=he and ${mock.url}/sign-in (any name, password "right")`);
}
