// axe-core over a page as it stands: nothing serious may be wrong with it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SERIOUS = ["serious", "critical"];

/** The addresses of the pages it has looked at. */
export const seen = new Set();

/** Fails with what is wrong, where, and how it looks to axe. */
export async function axe(page, name) {
  seen.add(new URL(page.url()).pathname);
  // Past the page's own policy, which lets no script in from outside: by the browser's debugger.
  const debug = await page.context().newCDPSession(page);
  await debug.send("Runtime.evaluate", { expression: source });
  await debug.detach();
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return violations.map(({ id, impact, help, nodes }) => ({ id, impact, help, at: nodes.slice(0, 4).map(({ target, failureSummary }) => `${target}: ${failureSummary.split("\n")[1]?.trim()}`) }));
  });
  const serious = found.filter(({ impact }) => SERIOUS.includes(impact));
  assert.deepEqual(serious, [], `axe finds serious faults on ${name}`);
}
