// What all browser tests stand on: one Chromium for all of them, a router for each file, a bound for each test, and what
// people do first.

import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { another, launch, visit } from "./browser.mjs";
import { wire } from "./cut.mjs";
import { named, PASSWORD, Router, TENANT } from "./router.mjs";
import { until, within } from "./within.mjs";

/** No test may take longer; the slowest takes a third of it on a machine with nothing else to do. */
const TEST_MS = 60_000;

let browser;
/** The pages of the running test. */
let pages = [];
/** Every router that runs. */
const routers = new Set();
let failed = false;

before(async () => {
  browser = await launch();
});
after(async () => {
  // Whatever a failed test left open must not keep this process from its end.
  setTimeout(() => process.exit(), 10_000).unref();
  await within(10_000, "Chromium ends", browser?.close());
});

/** A test: within its bound, without a fault of a script, and with something to look at when it fails. */
export function check(name, run, ms = TEST_MS) {
  // The test runner's own bound is the last guard: it cannot say what was waited for.
  test(name, { timeout: ms + 30_000 }, async () => {
    try {
      await within(ms, "the test ends", run());
      assert.deepEqual(pages.flatMap((page) => page.faults), [], "scripts failed or the policy was broken");
    } catch (error) {
      failed = true;
      await within(10_000, "the evidence is kept", evidence(name)).catch(console.error);
      throw error;
    } finally {
      await Promise.all(pages.map((page) => page.context().close()));
      pages = [];
    }
  });
}

async function evidence(name) {
  const dir = await mkdtemp(path.join(tmpdir(), "blendline-browser-failed-"));
  for (const [index, page] of pages.entries()) {
    await page.screenshot({ path: path.join(dir, `${index}.png`) });
    console.error(`${name}: ${page.url()} looked like ${dir}/${index}.png`);
  }
  for (const router of routers) console.error(`the router said:\n${router.said()}`);
}

/**
 * A router for the tests of the suite that this is called in; its workers have a password of their own,
 * but for `newcomers`. `organise` gets
 * what it may need before there is a router, for its addresses belong into the configuration: `wire()` lays a wire to it.
 */
export function office(organise) {
  const held = { router: null, wires: [], cookies: new Map() };
  const lay = async () => {
    const laid = await wire(() => held.router.port);
    held.wires.push(laid);
    return laid;
  };
  before(async () => {
    held.router = await Router.start(await organise(lay));
    routers.add(held.router);
    const { workers, others = [], newcomers = [] } = held.router.organisation;
    const all = [...workers, ...others.map(named)].map(({ name }) => name).filter((name) => !newcomers.includes(name));
    await Promise.all(all.map(async (name) => held.cookies.set(name, await held.router.chooseOwnPassword(name))));
  });
  after(async () => {
    for (const laid of held.wires) laid.stop();
    routers.delete(held.router);
    await held.router?.close(failed);
  });
  return held;
}

/** A new visitor's or worker's page. */
export async function look(options) {
  const page = await visit(browser, options);
  pages.push(page);
  return page;
}

/** Another window of the same browser. */
export async function beside(page) {
  const other = another(await page.context().newPage());
  pages.push(other);
  return other;
}

/** Opens a page of this site with the session that somebody got with his password. */
export async function visitAs(page, held, name, place, { from = held.router.url, lang = "en" } = {}) {
  const [cookie, value] = held.cookies.get(name).split("=");
  // A cookie of this name is for secure places; Chromium takes this machine for one, and a test has to say it is.
  await page.context().addCookies([{ name: cookie, value, url: from.replace("http:", "https:"), secure: true, httpOnly: true, sameSite: "Lax" }]);
  await page.goto(`${from}${place}?lang=${lang}`);
}

/** Opens the desk of a worker with his session, and waits until it is connected. */
export async function desk(page, held, name, options) {
  await visitAs(page, held, name, "/desk", options);
  await online(page);
}

/** Signs in at the page and waits until the desk is connected. */
export async function signIn(page, from, name, lang = "en") {
  await page.goto(`${from}/sign-in?lang=${lang}`);
  await page.fill("[name=tenant]", TENANT);
  await page.fill("[name=name]", name);
  await page.fill("[name=password]", PASSWORD);
  await page.click("button[type=submit]");
  await page.waitForURL("**/desk");
  await online(page);
}

export const online = (page) => page.waitForSelector("#link[data-state=online]", { state: "attached" });
export const away = (page) => page.waitForSelector("#link:is([data-state=waiting], [data-state=connecting], [data-state=offline])", { state: "attached" });

/** Accepts the first offer. */
export async function accept(page) {
  await page.click("#offers [data-do=accept]");
  await page.waitForSelector(".column:focus-within");
}

/** Writes a reply in the conversation that is looked at, or in this one. */
export async function reply(place, text) {
  const field = place.locator(".composer textarea");
  await field.fill(text);
  await field.press("Enter");
}

/** Chooses what becomes of the task that is looked at, fills in its form, and waits until it is gone from the desk. */
export async function settle(page, verdict, fill = async () => {}) {
  await page.click(`.acts [data-form=${verdict}]`);
  await page.waitForSelector(`.sheet-form[data-verdict=${verdict}]`);
  await fill();
  await page.click(".sheet-form button.primary");
  await page.waitForSelector(`.sheet-form[data-verdict=${verdict}]`, { state: "detached" });
}

/** The chat page of a site. */
export const chat = (page, from, site, lang = "en") => page.goto(`${from}/chat/${site}?lang=${lang}`);
export const linked = (page) => page.waitForSelector("blendline-chat[data-link=online]", { state: "attached" });
export const unlinked = (page) => page.waitForSelector("blendline-chat .bar:not([hidden])");

/** Writes in the chat. */
export async function write(page, text) {
  await page.fill("blendline-chat textarea", text);
  await page.press("blendline-chat textarea", "Enter");
}

/** Waits for a text at `selector`, in however many pieces it is shown. */
const reading = (page, selector, text) => page.locator(selector, { hasText: text }).first().waitFor();
export const sent = (page, text) => reading(page, "blendline-chat li.me[data-fate=sent] .text", text);
export const heard = (page, text) => reading(page, "blendline-chat li.us .text", text);
export const shown = (page, text) => reading(page, ".message .text", text);
export const noticed = (page, text) => reading(page, ".notice", text);
export const texts = (page, selector) => page.locator(selector).allTextContents();

/** Waits until the texts at `selector` are these, in this order, and says how they differ when they never are. */
export async function reads(page, selector, expected, what) {
  let found;
  const same = async () => {
    found = await texts(page, selector);
    return found.length === expected.length && found.every((text, index) => text === expected[index]);
  };
  await until(what, same, 30_000).catch(() => assert.deepEqual(found, expected, what));
  assert.deepEqual(found, expected, what);
}
