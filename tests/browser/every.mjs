// Whether every page was looked at: run after all others, it compares what axe-core saw with what the program serves.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe } from "node:test";
import { axe, seen } from "./axe.mjs";
import { check, look, office, visitAs } from "./stage.mjs";
import { everyWidth } from "./widths.mjs";

/** Every page in HTML, as the document of the API names them. */
const { paths } = JSON.parse(readFileSync(new URL("../../router/openapi.json", import.meta.url), "utf8"));
const PAGES = Object.entries(paths).filter(([, { get }]) => get?.responses["200"]?.content?.["text/html"]).map(([path]) => path);
/** Those that need a matter or a link of their own are looked at where they come up. */
const matching = (template) => new RegExp(`^${template.replace(/\{[^}]+\}/g, "[^/]+")}$`);

for (const lang of ["en", "he"]) {
  describe(`every page, ${lang}`, () => {
    const held = office(() => ({
      queues: [{ name: "service", side: "front" }],
      sites: [{ name: "shop", queue: "service" }],
      workers: [{ name: "dana", queues: ["service"] }],
      others: [{ name: "ada", role: "admin" }],
    }));

    check(`the console of somebody who begins has no serious fault on any page, ${lang}`, async () => {
      const page = await look({ locale: lang });
      await visitAs(page, held, "ada", "/console", { lang });
      const all = await page.locator("nav.pages a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
      assert.ok(all.length >= 14, `the console leads to ${all.length} pages`);
      for (const place of all) {
        await visitAs(page, held, "ada", place, { lang });
        await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
        await everyWidth(page, `empty${place.replaceAll("/", "-")}-${lang}`);
      }
    }, 240_000);

    check(`the documentation of the API, the password's page and the desk's without a connection, ${lang}`, async () => {
      const page = await look({ locale: lang });
      await page.goto(`${held.router.url}/desk/away`);
      await page.locator("h1, p").first().waitFor();
      await axe(page, `desk-away-${lang}`);
      await page.goto(`${held.router.url}/docs`);
      await page.locator("h1").first().waitFor();
      await axe(page, `docs-${lang}`);
      await visitAs(page, held, "ada", "/password", { lang });
      await axe(page, `own-password-${lang}`);
    }, 120_000);
  });
}

describe("no page is left out", () => {
  check("every page was looked at by axe", () => {
    const found = (template) => [...seen].some((path) => matching(template).test(path));
    const missing = PAGES.filter((template) => !found(template));
    // Who runs some of the tests by name has looked at some of the pages.
    if (process.execArgv.concat(process.argv).some((word) => word.startsWith("--test-name-pattern"))) return;
    assert.deepEqual(missing, []);
  });
});
