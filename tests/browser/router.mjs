// The real program on a data directory of its own: started, killed, stopped, and started again on the same data.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { until, within } from "./within.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PROGRAM = path.resolve(process.env.BLENDLINE_PROGRAM ?? path.join(process.env.CARGO_TARGET_DIR ?? path.join(ROOT, "target"), "debug", "blendline"));
const START_MS = 30_000;
const STOP_MS = 20_000;
const ADMIN_KEY = "bl_browser_admin_0123456789abcdef0123456789abcdef";
const APP_SECRET = "app-secret-of-the-browser-tests";
const NUMBER = "106540352242922";
const PAGE = "300400500600";
export const TENANT = "acme";
/** What everybody chooses at the first sign-in. */
export const PASSWORD = "four horses eat lemons";
/** What the configuration gives everybody for the first sign-in. */
export const FIRST_PASSWORD = "given at the first day";
export const IDENTITY_SECRET = "identity-secret-of-the-browser-tests";

async function freePort() {
  const server = net.createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A TOML string: JSON's is one. */
const text = (value) => JSON.stringify(value);
const keys = (table) => Object.entries(table).map(([key, value]) => `${key} = ${text(value)}\n`).join("");

/** One of `others`, who is a supervisor unless something else is said. */
export const named = (other) => (typeof other === "string" ? { name: other, role: "supervisor" } : other);

/** Whatever runs ends with this process, however that ends. */
const children = new Set();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

export class Router {
  /**
   * `queues` are `{ name, side, … }`, `sites` web chats `{ name, queue, origins }`, `workers` `{ name, queues, … }`, each
   * of whom is a user of the same name with a first password; `units` are `{ name, parent }`, `others` are supervisors, or `{ name, role }`, `rules` is the text of
   * a rule set, `server` and `chat` keys of their sections, `events` those of its own, `oidc` those of the company's sign-in, `tenant` keys of the company with their values in TOML, and `graph` where the platform of its page in public is.
   */
  constructor(organisation) {
    this.organisation = organisation;
    this.starts = 0;
  }

  static async start(organisation) {
    const router = new this(organisation);
    router.dir = mkdtempSync(path.join(tmpdir(), `blendline-browser-${process.pid}-`));
    router.port = await freePort();
    router.url = `http://localhost:${router.port}`;
    writeFileSync(path.join(router.dir, "blendline.toml"), router.toml());
    await router.startAgain();
    return router;
  }

  toml() {
    const { queues, sites = [], workers, units = [], others = [], rules, server = {}, chat = {}, events, graph, oidc, tenant = {} } = this.organisation;
    if (rules) writeFileSync(path.join(this.dir, "rules.yaml"), rules);
    const hash = createHash("sha256").update(ADMIN_KEY).digest("hex");
    const tables = [
      `data_dir = ${text(path.join(this.dir, "data"))}\n`,
      `[server]\nlisten = "127.0.0.1:${this.port}"\n${keys(server)}`,
      `[chat]\nsessions_per_minute = 6000\n${keys(chat)}`,
      ...(events ? [`[events]\n${Object.entries(events).map(([key, value]) => `${key} = ${value}\n`).join("")}`] : []),
      `[log]\nfilter = "info"\n`,
      `[[tenant]]\nname = ${text(TENANT)}\nstatus_owner = true\nreserve_milli = 0\n${Object.entries(tenant).map(([key, value]) => `${key} = ${value}\n`).join("")}${rules ? `rules = "rules.yaml"\n` : ""}`,
      ...(oidc ? [`[tenant.oidc]\n${keys(oidc)}`] : []),
      `[[tenant.key]]\nname = "tests"\nrole = "admin"\nsha256 = "${hash}"\n`,
      ...queues.map((queue) => `[[tenant.queue]]\n${keys({ target_ms: 180_000, ...queue })}`),
      ...sites.map(({ name, queue, origins }) => `[[tenant.account]]\n${keys({ name, channel: "webchat", external_id: name, queue })}[tenant.account.settings]\n${keys({ ...(origins && { allowed_origins: origins }), identity_secret: IDENTITY_SECRET })}`),
      `[[tenant.account]]\n${keys({ name: "phone", channel: "whatsapp_cloud", external_id: NUMBER, queue: queues[0].name })}[tenant.account.settings]\n${keys({ app_secret: APP_SECRET, verify_token: "verify-the-browser-tests", access_token: "token-of-the-browser-tests", base_url: "http://127.0.0.1:9" })}`,
      ...(graph ? [`[[tenant.account]]\n${keys({ name: "page", channel: "facebook_page", external_id: PAGE, queue: queues[0].name })}[tenant.account.settings]\n${keys({ app_secret: APP_SECRET, verify_token: "verify-the-browser-tests", access_token: "token-of-the-browser-tests", base_url: graph })}`] : []),
      ...units.map((unit) => `[[tenant.unit]]\n${keys(unit)}`),
      ...workers.map((worker) => `[[tenant.worker]]\n${keys(worker)}`),
      ...workers.map(({ name }) => `[[tenant.user]]\n${keys({ name, role: "worker", worker: name, password: FIRST_PASSWORD })}`),
      ...others.map(named).map(({ name, role }) => `[[tenant.user]]\n${keys({ name, role, password: FIRST_PASSWORD })}`),
    ];
    return tables.join("\n");
  }

  /** Starts the program and waits until it says that it is ready. */
  async startAgain() {
    assert.ok(existsSync(PROGRAM), `${PROGRAM} is not there: build it first (cargo build --workspace --bins; ./test browser does)`);
    this.log = path.join(this.dir, `router-${++this.starts}.log`);
    const log = openSync(this.log, "w");
    // From its own folder, so that no page shows where that is.
    const child = spawn(PROGRAM, ["serve", "--config", "blendline.toml"], { cwd: this.dir, stdio: ["ignore", log, log] });
    closeSync(log);
    children.add(child);
    child.once("exit", () => children.delete(child));
    this.child = child;
    this.ended = once(child, "exit");
    const ready = async () => {
      if (child.exitCode !== null) throw new Error(`the router ended at its start:\n${this.said()}`);
      return (await fetch(`${this.url}/readyz`).catch(() => null))?.ok;
    };
    await until("the router is ready", ready, START_MS).catch((error) => {
      throw new Error(`${error.message}; it said:\n${this.said()}`);
    });
  }

  /** SIGKILL: nothing is said good-bye to. */
  async kill() {
    this.child.kill("SIGKILL");
    await within(STOP_MS, "the killed router is gone", this.ended);
  }

  /** SIGTERM, and an end in order. */
  async stop() {
    this.child.kill("SIGTERM");
    const [code] = await within(STOP_MS, "the router ends in order after SIGTERM", this.ended);
    assert.equal(code, 0, this.said());
  }

  /** Ends it, and removes what it left; `keep` leaves it for whoever looks. */
  async close(keep) {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill();
    if (keep) console.error(`kept for you: ${this.dir}`);
    else rmSync(this.dir, { recursive: true, force: true });
  }

  /** What it has said since its latest start, the end of it. */
  said() {
    return readFileSync(this.log, "utf8").split("\n").slice(-60).join("\n");
  }

  /** A call of the API with the administrator's key. */
  async api(method, path, body) {
    const headers = { Authorization: `Bearer ${ADMIN_KEY}`, ...(body && { "Content-Type": "application/json" }) };
    const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(20_000) });
    const read = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${read}`);
    return read ? JSON.parse(read) : {};
  }

  /** Every item of a list, page by page. */
  async all(list) {
    const items = [];
    for (let after = ""; after !== null; ) {
      const page = await this.api("GET", `${list}${list.includes("?") ? "&" : "?"}limit=200${after && `&after=${after}`}`);
      items.push(...page.items);
      after = page.next ?? null;
    }
    return items;
  }

  /** Waits until a list of the API has what `found` looks for, and gives it. */
  awaits(what, path, found) {
    return until(what, async () => found(await this.all(path)));
  }

  /** Gives somebody a password of his own without a page; gives the cookie of his session. */
  async chooseOwnPassword(name) {
    const call = async (route, body, headers) => {
      const sent = { "Content-Type": "application/json", Origin: this.url, ...headers };
      const answer = await fetch(this.url + route, { method: body ? "POST" : "GET", headers: sent, body: body && JSON.stringify(body) });
      assert.ok(answer.ok, `${route}: ${answer.status} ${answer.ok ? "" : await answer.text()}`);
      return answer;
    };
    const signedIn = await call("/v1/sessions", { tenant: TENANT, name, password: FIRST_PASSWORD });
    const Cookie = signedIn.headers.get("set-cookie").split(";")[0];
    const { csrf } = await (await call("/v1/sessions/current", null, { Cookie })).json();
    const changed = await call("/v1/sessions/current/password", { old: FIRST_PASSWORD, new: PASSWORD }, { Cookie, "X-Blendline-CSRF": csrf });
    return changed.headers.get("set-cookie").split(";")[0];
  }

  /** A customer writes on WhatsApp; what is torn lost its end before it was signed, and nobody can read it. */
  async whatsapp(from, name, message, torn = false) {
    const id = `wamid.${randomBytes(12).toString("hex")}`;
    const said = { from, id, timestamp: String(Math.floor(Date.now() / 1_000)), ...(typeof message === "string" ? { type: "text", text: { body: message } } : message) };
    const value = { messaging_product: "whatsapp", metadata: { display_phone_number: "15550000000", phone_number_id: NUMBER }, contacts: [{ profile: { name }, wa_id: from }], messages: [said] };
    const whole = JSON.stringify({ object: "whatsapp_business_account", entry: [{ id: "0", changes: [{ field: "messages", value }] }] });
    const body = torn ? whole.slice(0, -1) : whole;
    const signature = createHmac("sha256", APP_SECRET).update(body).digest("hex");
    const headers = { "Content-Type": "application/json", "X-Hub-Signature-256": `sha256=${signature}` };
    const answer = await fetch(`${this.url}/v1/webhooks/whatsapp_cloud/phone`, { method: "POST", headers, body });
    assert.equal(answer.status, 200, await answer.text());
  }

  /** A customer comments on the company's page. */
  async comment(from, name, id, words) {
    const value = { from: { id: from, name }, item: "comment", verb: "add", created_time: Math.floor(Date.now() / 1_000), post_id: `${PAGE}_1`, parent_id: `${PAGE}_1`, comment_id: id, message: words };
    const body = JSON.stringify({ object: "page", entry: [{ id: PAGE, time: value.created_time, changes: [{ field: "feed", value }] }] });
    const signature = createHmac("sha256", APP_SECRET).update(body).digest("hex");
    const headers = { "Content-Type": "application/json", "X-Hub-Signature-256": `sha256=${signature}` };
    const answer = await fetch(`${this.url}/v1/webhooks/facebook_page/page`, { method: "POST", headers, body });
    assert.equal(answer.status, 200, await answer.text());
  }

  /** A visitor of a chat without a browser, whose name the company vouches for. */
  async visitor(site, name) {
    const { origins } = this.organisation.sites.find((one) => one.name === site);
    const Origin = origins?.[0] ?? this.url;
    const user_id = randomUUID();
    const identity = { user_id, name, hmac: createHmac("sha256", IDENTITY_SECRET).update(user_id).digest("hex") };
    const call = async (method, path, body, token) => {
      const headers = { Origin, "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
      const answer = await fetch(`${this.url}/v1/chat/${site}/${path}`, { method, headers, body: body && JSON.stringify(body) });
      const read = await answer.json();
      assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${JSON.stringify(read)}`);
      return read;
    };
    const { token } = await call("POST", "sessions", { identity });
    return {
      say: (said) => call("POST", "messages", { client_id: randomUUID(), text: said }, token),
      /** What there is, with where the matter stands. */
      read: () => call("GET", "messages?wait=0", null, token),
    };
  }

  /** A work item is pushed. */
  push(item) {
    return this.api("POST", "/v1/items", { external_ref: randomBytes(8).toString("hex"), ...item });
  }
}
