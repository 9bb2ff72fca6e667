// Figures of the pages, measured on a release build on a quiet machine; no test, for a busy machine says nothing.
//
//   node paint.mjs            all three; `node paint.mjs cold`, `event` or `board` for one
//
// cold    the desk in a browser that never saw it: first paint, and what it loads of script and style, compressed
// event   from a message's time in the record to its paint at the desk, while 200 streams of events are open
// board   script per second of a wallboard with 500 queues and 10,000 workers, while items come and go

import { createHash, randomBytes } from "node:crypto";
import http from "node:http";
import { gzipSync } from "node:zlib";
import path from "node:path";
import { fileURLToPath } from "node:url";

process.env.BLENDLINE_PROGRAM ??= path.join(fileURLToPath(new URL("../..", import.meta.url)), "target/release/blendline");
const { launch, visit } = await import("./browser.mjs");
const { Router } = await import("./router.mjs");
const { until } = await import("./within.mjs");

const KB = 1_024;
const COLD_TIMES = 10;
const STREAMS = 200;
/** As many as stand side by side on a wide screen. */
const VISITORS = 3;
const MESSAGES = 500;
const MESSAGE_EVERY_MS = 40;
const QUEUES = 500;
const WORKERS = 10_000;
const BOARD_MS = 20_000;
const ITEMS_PER_SECOND = 50;
const KEY = "blk_paint_0123456789abcdef0123456789abcdef";

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const at = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
const round = (value) => Math.round(value * 10) / 10;
const spread = (values) => {
  const sorted = values.toSorted((one, other) => one - other);
  return { p50: round(at(sorted, 0.5)), p99: round(at(sorted, 0.99)), max: round(sorted.at(-1)), of: sorted.length };
};

/** A page in a browser profile of its own, signed in. */
async function enter(browser, router, cookie, place, { before = async () => {}, ...options } = {}) {
  const page = await visit(browser, options);
  const [name, value] = cookie.split("=");
  await page.context().addCookies([{ name, value, url: router.url.replace("http:", "https:"), secure: true, httpOnly: true, sameSite: "Lax" }]);
  await before(page);
  await page.goto(`${router.url}${place}?lang=en`);
  return page;
}

const small = (more) => ({
  queues: [{ name: "service", side: "front", offer_ms: 600_000 }],
  sites: [{ name: "site", queue: "service" }],
  workers: [{ name: "dana", queues: ["service"], capacity: 100 * VISITORS }],
  chat: { messages_per_minute: 60_000, messages_burst: 1_000 },
  ...more,
});

async function cold(browser) {
  const router = await Router.start(small());
  try {
    const cookie = await router.chooseOwnPassword("dana");
    const paints = [];
    let bytes = 0;
    for (let time = 0; time < COLD_TIMES; time++) {
      const bodies = [];
      const page = await enter(browser, router, cookie, "/desk", { before: async (opened) => opened.on("response", (response) => {
        if (["script", "stylesheet"].includes(response.request().resourceType())) bodies.push(response.body());
      }) });
      await page.waitForSelector("#link[data-state=online]", { state: "attached" });
      paints.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
      bytes = (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0);
      await page.context().close();
    }
    return { first_paint_ms: spread(paints), script_and_style_kb: round(bytes / KB), asked: { first_paint_ms: 300, script_and_style_kb: 80 } };
  } finally {
    await router.close();
  }
}

/** Streams of events that somebody else reads; gives what ends them. */
async function streams(router, count) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: count });
  const open = () => new Promise((done, failed) => {
    const request = http.get(`${router.url}/v1/floor`, { agent, headers: { Authorization: `Bearer ${KEY}`, Accept: "text/event-stream" } }, (answer) => {
      if (answer.statusCode !== 200) return failed(new Error(`a stream was answered ${answer.statusCode}`));
      answer.on("error", () => {}).resume();
      return done(request);
    });
    request.on("error", failed);
  });
  const all = [];
  while (all.length < count) all.push(...await Promise.all(Array.from({ length: Math.min(20, count - all.length) }, open)));
  return () => {
    for (const request of all) request.removeAllListeners("error").on("error", () => {}).destroy();
    agent.destroy();
  };
}

/** In the page: notes when each message that begins with `mark` was painted, by the wall clock. */
function noteBy(mark) {
  window.painted = {};
  const channel = new MessageChannel();
  let waiting = [];
  channel.port1.onmessage = () => {
    for (const text of waiting) window.painted[text] = performance.timeOrigin + performance.now();
    waiting = [];
  };
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        const text = node.textContent?.match(new RegExp(`${mark}-\\d+`))?.[0];
        if (!text || text in window.painted || waiting.includes(text)) continue;
        // A frame is painted behind its callbacks; what is posted in one runs after the paint.
        if (waiting.push(text) === 1) requestAnimationFrame(() => channel.port2.postMessage(null));
      }
    }
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
}

async function event(browser) {
  const router = await Paint.start(small());
  try {
    const page = await enter(browser, router, await router.chooseOwnPassword("dana"), "/desk", { viewport: { width: 2_560, height: 1_300 } });
    await page.waitForSelector("#link[data-state=online]", { state: "attached" });
    const visitors = [];
    for (let number = 0; number < VISITORS; number++) {
      const visitor = await router.visitor("site", `visitor ${number}`);
      await visitor.say("good morning");
      visitors.push(visitor);
      await page.click("#offers [data-do=accept]");
    }
    await until("every visitor has his column", () => page.evaluate((count) => document.querySelectorAll(".column").length === count, VISITORS), 30_000);
    const end = await streams(router, STREAMS);
    const mark = `m${randomBytes(4).toString("hex")}`;
    await page.evaluate(noteBy, mark);
    const saying = [];
    for (let number = 0; number < MESSAGES; number++) {
      saying.push(visitors[number % VISITORS].say(`${mark}-${number}`));
      await sleep(MESSAGE_EVERY_MS);
    }
    await Promise.all(saying);
    await until("everything is painted", () => page.evaluate((count) => Object.keys(window.painted).length === count, MESSAGES), 30_000);
    const painted = await page.evaluate(() => window.painted);
    end();
    const committed = {};
    for (const { id } of await router.all("/v1/conversations")) {
      for (const { text, at: time } of await router.all(`/v1/conversations/${id}/messages`)) committed[text] = new Date(time).getTime();
    }
    const took = Object.entries(painted).map(([text, time]) => time - committed[text]);
    return { commit_to_paint_ms: spread(took), streams: STREAMS, asked: { p99: 100 } };
  } finally {
    await router.close();
  }
}

/** A router with a key for what reads beside the browser, and with as many queues and workers as a wallboard may have. */
class Paint extends Router {
  toml() {
    const { crowd } = this.organisation;
    const sha256 = createHash("sha256").update(KEY).digest("hex");
    const key = `[[tenant.key]]\nname = "streams"\nrole = "operations"\nsha256 = "${sha256}"\n`;
    const queue = (number) => `queue ${number}`.replace(" ", "-");
    const many = crowd ? [
      ...Array.from({ length: QUEUES }, (_, number) => `[[tenant.queue]]\nname = "${queue(number)}"\nside = "${number % 2 ? "back" : "front"}"\n`),
      ...Array.from({ length: WORKERS }, (_, number) => `[[tenant.worker]]\nname = "w${number}"\nqueues = ["${queue(number % QUEUES)}"]\n`),
    ] : [];
    return super.toml().replace("[server]\n", "[server]\nrequests_per_second = 1000\nrequests_burst = 2000\nconnections_per_ip_max = 1000\n") + [key, ...many].join("\n");
  }
}

async function board(browser) {
  const router = await Paint.start(small({ crowd: true, others: [{ name: "boss", role: "admin" }] }));
  try {
    const page = await enter(browser, router, await router.chooseOwnPassword("boss"), "/console/board");
    await page.waitForSelector("#link[data-state=online]", { state: "attached" });
    await page.waitForFunction((count) => document.querySelectorAll("#queues tbody tr").length >= Math.min(count, 50), QUEUES);
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    const used = async () => {
      const { metrics } = await session.send("Performance.getMetrics");
      const of = (name) => metrics.find((metric) => metric.name === name).value * 1_000;
      return { script: of("ScriptDuration"), layout: of("LayoutDuration") + of("RecalcStyleDuration"), all: of("TaskDuration") };
    };
    let ends = false;
    let pushed = 0;
    const pushing = (async () => {
      while (!ends) {
        const queue = `queue-${(pushed * 7) % QUEUES}`;
        await router.push({ queue, title: `item ${pushed++}` });
        await sleep(1_000 / ITEMS_PER_SECOND);
      }
    })();
    await sleep(3_000);
    const [before, begin] = [await used(), performance.now()];
    await sleep(BOARD_MS);
    const [after, seconds] = [await used(), (performance.now() - begin) / 1_000];
    ends = true;
    await pushing;
    const per = (name) => round((after[name] - before[name]) / seconds);
    return { script_ms_per_second: per("script"), layout_ms_per_second: per("layout"), all_ms_per_second: per("all"), queues: QUEUES, workers: WORKERS, items_per_second: round(pushed / (seconds + 3)), asked: { script_ms_per_second: 50 } };
  } finally {
    await router.close();
  }
}

const all = { cold, event, board };
const wanted = process.argv.slice(2);
const browser = await launch();
try {
  for (const name of wanted.length > 0 ? wanted : Object.keys(all)) {
    console.log(JSON.stringify({ measured: name, ...await all[name](browser) }));
  }
} finally {
  await browser.close();
}
process.exit();
