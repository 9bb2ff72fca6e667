// What other systems told and could not be applied: the console lists it with its reason in the reader's language; it is tried
// again, or dropped with why.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { check, look, noticed, office, visitAs } from "./stage.mjs";
import { everyWidth } from "./widths.mjs";

const RULES = `version: 1
zone: Asia/Jerusalem
queues:
  front: {side: front, target: 2m}
  stock: {side: back, target: 1d}
cases:
  delivery-problem: {like: delivery-problem, queues: {service: front, warehouse: stock}}
systems:
  delivery:
    reference: order
    events:
      lost: {set: {found: "{what}"}, move: choosing}
      delivered: {move: solved}
`;

const WORDS = {
  en: { none: "No case bears this reference", kind: "The rules say nothing of this kind", value: "A field is missing", move: "The case's stage allows no such move", applied: "SO-1017: applied", still: "SO-9999: it still cannot be applied", empty: "Fill this in" },
  he: { none: "לאף תיק אין אסמכתה כזאת", kind: "הכללים אינם אומרים דבר על סוג זה", value: "חסר שדה", move: "השלב של התיק אינו מאפשר מעבר כזה", applied: "SO-1017: הוחל", still: "SO-9999: עדיין לא ניתן להחיל", empty: "" },
};

for (const lang of ["en", "he"]) {
  describe(`other systems, ${lang}`, () => {
    const words = WORDS[lang];
    const held = office(() => ({
      queues: [{ name: "service", side: "front" }],
      sites: [{ name: "shop", queue: "service" }],
      workers: [{ name: "dana", queues: ["service"] }],
      others: [{ name: "ofra", role: "operations" }, { name: "aya", role: "auditor" }],
      rules: RULES,
    }));
    const tell = (id, reference, kind, fields = {}) =>
      held.router.api("POST", "/v1/systems/delivery/events", { id, reference, kind, at: "2026-11-25T09:30:00Z", fields });
    const opened = (order) => held.router.api("POST", "/v1/cases", { type: "delivery-problem", key: order, language: lang, fields: { order } });

    check(`what could not be applied is listed with its reason, tried again, and dropped with why, ${lang}`, async () => {
      const { router } = held;
      await tell("early", "SO-1017", "delivered");
      await tell("nobody", "SO-9999", "delivered");
      await tell("strange", "SO-1018", "eaten-by-the-dog");
      await opened("SO-1018");
      await tell("empty", "SO-1018", "lost");
      const page = await look({ locale: lang });
      await visitAs(page, held, "ofra", "/console/quarantine", { lang });
      const row = (...has) => has.reduce((found, text) => found.filter({ hasText: text }), page.locator("#externals tbody tr"));
      await row("SO-1017", words.none).waitFor();
      await row("SO-9999", words.none).waitFor();
      await row("SO-1018", "eaten-by-the-dog", words.kind).waitFor();
      await row("SO-1018", "what", words.value).waitFor();
      await everyWidth(page, `console-externals-${lang}`);

      // Its case is there by now.
      await opened("SO-1017");
      await row("SO-1017").locator("[data-do=retry]").click();
      await Promise.race([noticed(page, words.applied), row("SO-1017", words.move).waitFor()]);
      await row("SO-9999").locator("[data-do=retry]").click();
      await noticed(page, words.still);
      assert.deepEqual((await page.locator("#externals [data-field=detail]").allTextContents()).filter((text) => text.includes("{")), [], "no program's words");

      await row("SO-9999").locator("[data-do=drop]").click();
      await page.click("#drop-external [type=submit]");
      await page.locator("#drop-external .fault:not([hidden])").waitFor();
      await page.fill("#drop-external [name=reason]", lang === "he" ? "הזמנת ניסיון" : "A test order");
      await everyWidth(page, `console-externals-drop-${lang}`);
      await page.click("#drop-external [type=submit]");
      await row("SO-9999").waitFor({ state: "detached" });
      const noted = (await router.all("/v1/audit")).map(({ what }) => what);
      assert.ok(noted.includes("external_retry") && noted.includes("external_drop"));

      const auditor = await look({ locale: lang });
      await visitAs(auditor, held, "aya", "/console/quarantine", { lang });
      await auditor.locator("#externals tbody tr", { hasText: "eaten" }).waitFor();
      assert.equal(await auditor.locator("#externals [data-do=retry]").count(), 0, "who may only look finds nothing to change it by");
    });
  });
}
