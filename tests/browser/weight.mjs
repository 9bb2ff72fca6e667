// What a page weighs: its scripts and styles as a proxy would compress them, and when it first paints.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { gzipSync } from "node:zlib";
import { chat, check, look, office, visitAs } from "./stage.mjs";

const KB = 1_024;
/** Of script and style, compressed, on a page that nobody has seen before. */
const PAGE_MAX = 80 * KB;
const WIDGET_MAX = 15 * KB;

describe("the weight of pages", () => {
  const held = office(() => ({
    queues: [{ name: "service", side: "front" }],
    sites: [{ name: "site", queue: "service" }],
    workers: [{ name: "dana", queues: ["service"] }],
    others: [{ name: "boss", role: "admin" }],
  }));

  /** Opens a page with an empty cache; gives what it loaded of scripts and styles, compressed, and its first paint. */
  const weigh = async (open) => {
    const page = await look();
    const bodies = [];
    page.on("response", (response) => {
      if (["script", "stylesheet"].includes(response.request().resourceType())) bodies.push(response.body());
    });
    await open(page);
    await page.waitForLoadState("networkidle").catch(() => {});
    const bytes = (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0);
    const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0);
    return { bytes, paint };
  };

  check("keeps desk, console and widget light", async () => {
    const pages = {
      desk: (page) => visitAs(page, held, "dana", "/desk"),
      board: (page) => visitAs(page, held, "boss", "/console/board"),
      rules: (page) => visitAs(page, held, "boss", "/console/rules"),
    };
    for (const [name, open] of Object.entries(pages)) {
      const { bytes, paint } = await weigh(open);
      console.log(`${name}: ${(bytes / KB).toFixed(1)} KB of script and style, first paint after ${Math.round(paint)} ms`);
      assert.ok(bytes < PAGE_MAX, `${name} loads ${bytes} bytes`);
    }
    const page = await look();
    const [response] = await Promise.all([page.waitForResponse(/widget\.js/), chat(page, held.router.url, "site")]);
    const widget = gzipSync(await response.body()).length;
    console.log(`widget: ${(widget / KB).toFixed(1)} KB`);
    assert.ok(widget < WIDGET_MAX, `the widget has ${widget} bytes`);
  });
});
