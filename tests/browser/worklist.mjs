// Open work as a list: filtered, kept as views with live counts, and taken from by keyboard alone.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { shot } from "./browser.mjs";
import { accept, check, desk, look, office, shown, visitAs } from "./stage.mjs";

/** Who asks for his money back is told apart by a word. */
const RULES = `version: 1
zone: Asia/Jerusalem
queues:
  moves: {side: front, target: 2m}
groups:
  office: {queues: [moves], workers: [gal]}
keywords:
  refund: [החזר, refund]
rules:
  - name: refunds
    when: mentions('refund')
    queue: moves
    tags: [money, החזרים]
`;

for (const lang of ["en", "he"]) {
  describe(`open work as a list, ${lang}`, () => {
    const held = office(() => ({
      queues: [
        { name: "sales", side: "front", offer_ms: 600_000 },
        { name: "parcels", side: "back", offer_ms: 600_000 },
        { name: "other", side: "front", offer_ms: 600_000 },
      ],
      sites: [{ name: "sales", queue: "sales" }, { name: "other", queue: "other" }],
      workers: [{ name: "dana", queues: ["sales", "parcels"], capacity: 200 }, { name: "gal", queues: ["other"] }],
    }));

    check(`a worker who takes nothing new takes what he chooses, within his room, ${lang}`, async () => {
      const page = await look({ locale: lang });
      await desk(page, held, "dana", { lang });
      await page.click("#presence summary");
      await page.check("#presence [value=busy]");
      await page.click("#presence form button");
      await page.waitForSelector("#presence[data-presence=busy]");
      for (const [site, name] of [["sales", "Noa"], ["sales", "אורי"], ["other", "Elsewhere"]]) {
        await (await held.router.visitor(site, name)).say(`I am ${name}`);
      }
      await held.router.push({ queue: "parcels", title: "A parcel", source: "shop", kind: "parcel" });
      await held.router.awaits("all wait", "/v1/tasks?open=true", (all) => all.length === 4);
      await page.keyboard.press("Alt+KeyW");
      await page.waitForFunction(() => document.querySelectorAll(".work-row").length === 3);
      assert.equal(await page.locator(".work-row", { hasText: "Elsewhere" }).count(), 0, "what is not his to do is not shown");
      await shot(page, `worklist-${lang}-1280`);
      await page.setViewportSize({ width: 360, height: 740 });
      await shot(page, `worklist-${lang}-360`);
      await page.setViewportSize({ width: 1280, height: 800 });

      // A view is kept with its filter, and counts what comes.
      await page.selectOption("#work-filter [name=channel]", "webchat");
      await page.waitForFunction(() => document.querySelectorAll(".work-row").length === 2);
      await page.fill("#work-keep [name=name]", "צ׳אט");
      await page.press("#work-keep [name=name]", "Enter");
      const view = page.locator(".work-views li", { hasText: "צ׳אט" });
      await view.locator(".count", { hasText: "2" }).waitFor();
      await (await held.router.visitor("sales", "Third")).say("I am third");
      await view.locator(".count", { hasText: "3" }).waitFor();
      await page.selectOption("#work-filter [name=channel]", "");
      await page.waitForFunction(() => document.querySelectorAll(".work-row").length === 4);
      await view.locator("button").first().click();
      await page.waitForFunction(() => document.querySelectorAll(".work-row").length === 3);
      await shot(page, `worklist-views-${lang}-1280`);

      // The second in line, by keyboard: it is his at once, without a second word.
      await page.locator(".work-row", { hasText: "אורי" }).locator("button").focus();
      await page.keyboard.press("Enter");
      await page.waitForSelector(".column:focus-within");
      await shown(page, "I am אורי");
      await page.keyboard.press("Alt+KeyW");
      await page.locator(".work-row", { hasText: "Noa" }).locator("button").click();
      await shown(page, "I am Noa");
      // He is full now: the rest says so.
      await page.keyboard.press("Alt+KeyW");
      await page.locator(".work-row", { hasText: "third" }).locator(".not-taken").waitFor();
      assert.equal(await page.locator(".work-row button:visible").count(), 0);
      const taken = await held.router.awaits("the audit log", "/v1/audit", (all) => all.filter(({ what }) => what === "task_take").length === 2 && all);
      assert.ok(taken);
      // Another machine has the view as well.
      const other = await look({ locale: lang });
      await desk(other, held, "dana", { lang });
      await other.keyboard.press("Alt+KeyW");
      await other.locator(".work-views li", { hasText: "צ׳אט" }).waitFor();
      await other.locator(".work-views li", { hasText: "צ׳אט" }).locator("[data-slot=remove]").click();
      await other.waitForFunction(() => document.querySelectorAll(".work-views li").length === 0);
    });
  });

  describe(`open work by tag and language, ${lang}`, () => {
    const held = office(() => ({
      queues: [{ name: "sales", side: "front", offer_ms: 600_000 }],
      sites: [{ name: "sales", queue: "sales" }],
      workers: [{ name: "dana", queues: ["sales"] }, { name: "gal", queues: [], capacity: 100 }],
      others: [{ name: "amit", role: "supervisor" }],
      rules: RULES,
    }));
    const rows = (page, count) => page.waitForFunction((count) => document.querySelectorAll("#tasks tbody tr:not([hidden])").length === count, count);

    check(`a supervisor keeps a view of what the rules marked, and moves and pulls back from it, ${lang}`, async () => {
      for (const [name, text] of [["Noa", "I want a refund"], ["אורי", "אני רוצה החזר"], ["Gil", "When do you open?"], ["רות", "מתי אתם פותחים?"]]) {
        await (await held.router.visitor("sales", name)).say(text);
      }
      await held.router.awaits("all wait", "/v1/tasks?open=true", (all) => all.length === 4);
      const page = await look({ locale: lang });
      await visitAs(page, held, "amit", "/console/work", { lang });
      await rows(page, 4);
      await page.fill("#work-filter [name=tag]", "money");
      await page.press("#work-filter [name=tag]", "Tab");
      await rows(page, 2);
      await page.selectOption("#work-filter [name=language]", "he");
      await rows(page, 1);
      await page.locator("#tasks tbody tr [data-field=tags]", { hasText: "החזרים" }).waitFor();
      await page.fill("#work-keep [name=name]", "כסף");
      await page.press("#work-keep [name=name]", "Enter");
      const view = page.locator(".work-views li", { hasText: "כסף" });
      await view.locator(".count", { hasText: "1" }).waitFor();
      await shot(page, `console-work-views-${lang}-1280`);
      await page.setViewportSize({ width: 360, height: 740 });
      await shot(page, `console-work-views-${lang}-360`);
      await page.setViewportSize({ width: 1280, height: 800 });

      // What comes is counted, whatever is listed meanwhile.
      await page.selectOption("#work-filter [name=language]", "en");
      await page.fill("#work-filter [name=tag]", "");
      await page.press("#work-filter [name=tag]", "Tab");
      await rows(page, 2);
      await (await held.router.visitor("sales", "Third")).say("החזר כספי בבקשה");
      await view.locator(".count", { hasText: "2" }).waitFor();
      await view.locator("button").first().click();
      await rows(page, 2);

      await page.selectOption("#work-filter [name=language]", "");
      await rows(page, 3);
      const gal = await look({ locale: lang });
      await desk(gal, held, "gal", { lang });
      await accept(gal);
      const his = page.locator("#tasks tbody tr", { has: page.locator("[data-field=worker]", { hasText: "gal" }) });
      await his.locator("[data-do=back]:enabled").click();
      await gal.waitForSelector(".column", { state: "detached" });
      await page.locator("#tasks tbody tr [data-do=move]").first().click();
      await page.locator("#move-dialog optgroup[data-slot=queues] option").first().waitFor({ state: "attached" });
      await page.selectOption("#move-dialog [name=to]", "queue:sales");
      await page.click("#move-dialog button.primary");
      await page.locator("#tasks tbody tr [data-field=queue]", { hasText: "sales" }).waitFor();
    });
  });
}
