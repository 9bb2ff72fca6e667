// The desk as an app of its own, and what it shows while the router is away.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { axe } from "./axe.mjs";
import { shot } from "./browser.mjs";
import { check, desk, look, office, online } from "./stage.mjs";

describe("the desk as an app", () => {
  let far;
  const held = office(async (wire) => ((far = await wire()), {
    queues: [{ name: "service", side: "front" }],
    workers: [{ name: "dana", queues: ["service"] }],
  }));

  check("has a manifest that the browser accepts, with icons that are there", async () => {
    const page = await look();
    await desk(page, held, "dana", { from: far.url });
    const devtools = await page.context().newCDPSession(page);
    const { url, errors, data } = await devtools.send("Page.getAppManifest");
    assert.deepEqual(errors, []);
    const manifest = JSON.parse(data);
    assert.deepEqual([manifest.id, manifest.scope, manifest.display], ["/desk", "/desk", "standalone"]);
    for (const { src, type } of manifest.icons) {
      const icon = await page.request.get(new URL(src, url).href);
      assert.deepEqual([icon.status(), icon.headers()["content-type"]], [200, type]);
    }
  });

  for (const lang of ["en", "he"]) {
    check(`opens with a calm message while the router is away, and by itself when it is back, ${lang}`, async () => {
      const page = await look({ locale: lang });
      // Whoever changes the language keeps the worker: two that took turns let pages wait for the one that went.
      for (const spoken of [lang === "he" ? "en" : "he", lang, lang]) await desk(page, held, "dana", { from: far.url, lang: spoken });
      await page.waitForFunction(async (spoken) => (await (await (await caches.open("blendline-desk-language")).match("/desk/away"))?.text()) === spoken, lang);
      const worker = await page.evaluate(async () => {
        const { active, scope } = await navigator.serviceWorker.ready;
        return { script: active.scriptURL, scope };
      });
      assert.deepEqual([new URL(worker.script).search, new URL(worker.scope).pathname], ["", "/desk"]);
      far.cut();
      await page.goto(`${far.url}/desk`);
      await page.locator("h1", { hasText: lang === "he" ? "אינו עונה" : "does not answer" }).waitFor();
      assert.equal(await page.getAttribute("html", "dir"), lang === "he" ? "rtl" : "ltr");
      const font = await page.evaluate(() => getComputedStyle(document.querySelector(".door")).borderRadius);
      assert.equal(font, "14px", "the style is kept as well");
      await axe(page, `desk-away-${lang}`);
      await shot(page, `desk-away-${lang}-1280`);
      await page.setViewportSize({ width: 360, height: 740 });
      await page.emulateMedia({ colorScheme: "dark" });
      await shot(page, `desk-away-${lang}-360-dark`);
      far.mend();
      await online(page);
    });
  }
});
