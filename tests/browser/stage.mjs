// What all browser tests stand on: the browser, the server, and what people do first.

import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";
import { launch, visit } from "./browser.mjs";
import { Mock } from "./mock.mjs";

const { BLENDLINE_URL, BLENDLINE_TENANT = "demo", BLENDLINE_USER = "dana", BLENDLINE_PASSWORD = "right", BLENDLINE_ACCOUNT = "demo-site" } = process.env;
export const mockOnly = { skip: BLENDLINE_URL ? "needs the mock" : false };
export let mock;
let browser;
export let base;
let open = [];

before(async () => {
  browser = await launch();
  if (!BLENDLINE_URL) mock = await new Mock().start();
  base = BLENDLINE_URL ?? mock.url;
});
after(async () => {
  await browser?.close();
  mock?.stop();
});
afterEach(async () => {
  const faults = open.flatMap((page) => page.faults);
  for (const page of open) await page.context().close();
  open = [];
  if (mock) {
    mock.tasks.clear();
    mock.broken.clear();
    mock.verdicts.length = 0;
  }
  assert.deepEqual(faults, [], "scripts failed or the policy was broken");
});

export async function look(options) {
  const page = await visit(browser, options);
  open.push(page);
  return page;
}

export async function signIn(page, from = base, lang = "en") {
  await page.goto(`${from}/sign-in?lang=${lang}`);
  await page.fill("[name=tenant]", BLENDLINE_TENANT);
  await page.fill("[name=name]", BLENDLINE_USER);
  await page.fill("[name=password]", BLENDLINE_PASSWORD);
  await page.click("button[type=submit]");
  await page.waitForURL("**/desk");
  await online(page);
}

export const online = (page) => page.waitForSelector("#link[data-state=online]", { state: "attached" });
export const chat = (page, lang, from = base) => page.goto(`${from}/chat/${BLENDLINE_ACCOUNT}?lang=${lang}`);
export const write = async (page, text) => {
  await page.fill("blendline-chat textarea", text);
  await page.press("blendline-chat textarea", "Enter");
};
export const sent = (page, text) => page.waitForSelector(`blendline-chat li.me[data-fate=sent] .text >> text="${text}"`);
export const texts = (page, selector) => page.locator(selector).allTextContents();
