// Debian's Chromium, and photographs.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { chromium } from "playwright-core";

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const SHOTS = process.env.BLENDLINE_SHOTS;
/** Scripts and styles as they lie there, instead of those in the program: for who works on them. */
const ASSETS = process.env.BLENDLINE_ASSETS;
/** The longest that anything on a page is waited for: far more than it takes, even on a busy machine. */
const WAIT_MS = 20_000;

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS, timeout: 60_000 });

/** A page of its own visitor; faults of scripts and of the policy are collected in `page.faults`. */
export async function visit(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light", locale: "en", reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(WAIT_MS);
  if (ASSETS) await context.route("**/assets/*/**", (route) => route.fulfill({ path: path.join(ASSETS, new URL(route.request().url()).pathname.split("/").slice(3).join("/")) }));
  return another(await context.newPage());
}

/** Collects what goes wrong on a page. */
export function another(page) {
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (message) => {
    // A cut network is part of the tests; a broken policy never is.
    const text = message.text();
    if (message.type() === "error" && /Content Security Policy|TrustedHTML|Refused to/.test(text)) page.faults.push(text);
  });
  return page;
}

/** Whether photographs are taken. */
export const takesShots = SHOTS !== undefined;

/** Photographs a page where `BLENDLINE_SHOTS` names a directory. */
export async function shot(page, name) {
  if (!SHOTS) return;
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
}
