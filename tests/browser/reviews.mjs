// Work that is reviewed: a worker decides, another scores it by keyboard, and the first reads it and answers. How an answer was is
// one tap, and the console shows both.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { shot } from "./browser.mjs";
import { accept, chat, check, desk, linked, look, office, sent, visitAs, write } from "./stage.mjs";
import { everyWidth } from "./widths.mjs";

const RULES = `version: 1
queues:
  front: {side: front, target: 2m}
  reviews: {side: back}
groups:
  desk: {queues: [front], workers: [dana]}
  coaches: {queues: [reviews], workers: [omer]}
authority:
  grants:
    desk: {who: {group: desk}, action: credit, currency: ILS, limit: 10000}
quality:
  reviews: {queue: reviews, target: 1d}
  forms:
    credits:
      of: {action: credit}
      share: 100
      criteria:
        grounds: {words: {en: Was there a reason?, he: "הייתה סיבה?"}, points: 3, weight: 3, fatal: true}
        tone: {words: {en: Was it kind?, he: "זה היה אדיב?"}, points: 3}
  causes:
    no-number: {en: No order number, he: "אין מספר הזמנה"}
`;

const WORDS = {
  en: { hello: "The parcel came broken", criterion: "Was there a reason?", well: "Ask for the number next time", back: "He had none", score: "100 %", cause: "No order number" },
  he: { hello: "החבילה הגיעה שבורה", criterion: "הייתה סיבה?", well: "בפעם הבאה לבקש מספר", back: "לא היה לו", score: "100%", cause: "אין מספר הזמנה" },
};

for (const lang of ["en", "he"]) {
  describe(`reviews, ${lang}`, () => {
    const words = WORDS[lang];
    const held = office(() => ({
      queues: [{ name: "service", side: "front", offer_ms: 600_000 }, { name: "other", side: "back" }],
      sites: [{ name: "shop", queue: "service" }],
      workers: [{ name: "dana", queues: ["service"], capacity: 500 }, { name: "omer", queues: ["other"], capacity: 500 }],
      others: ["maya"],
      rules: RULES,
    }));

    check(`a decision is scored by another, read by its worker, and answered, ${lang}`, async () => {
      const { router } = held;
      const customer = await look({ locale: lang });
      await chat(customer, router.url, "shop", lang);
      await linked(customer);
      await write(customer, words.hello);
      await sent(customer, words.hello);
      const dana = await look({ locale: lang, viewport: { width: 1280, height: 900 } });
      await desk(dana, held, "dana", { lang });
      await accept(dana);
      // The company's own cause is offered behind those that every company has.
      await dana.click(".acts [data-form=transfer]");
      const cause = dana.locator("form[data-verdict=transfer] [name=cause] option[value=no-number]");
      await cause.waitFor({ state: "attached" });
      assert.equal((await cause.textContent()).replace(/[\u2066-\u2069]/g, ""), words.cause);
      await dana.keyboard.press("Escape");
      const omer = await look({ locale: lang, viewport: { width: 360, height: 740 } });
      await desk(omer, held, "omer", { lang });
      const task = await router.awaits("the customer's task", "/v1/tasks?open=true", (all) => all.findLast(({ kind, state }) => kind === "conversation" && state === "active"));
      await router.api("POST", "/v1/decisions", { key: `d-${task.id}`, action: "credit", currency: "ILS", minor: 8_000, task: task.id, worker: "dana", reason: words.hello });

      await accept(omer);
      const asked = omer.locator(".column").first();
      await asked.locator(".criterion", { hasText: words.criterion }).waitFor();
      await asked.locator("[data-slot=reason]", { hasText: words.hello }).waitFor();
      assert.ok(await asked.locator("[data-form=done]").isHidden(), "it ends by a score");
      await asked.locator("[data-slot=work] summary").click();
      await asked.locator(".review-work li", { hasText: words.hello }).waitFor();
      await everyWidth(omer, `review-${lang}`);
      // What is missing is said, and the cursor goes there; then the keyboard alone does it.
      await omer.keyboard.press("Alt+KeyY");
      await asked.locator("[data-slot=fault]:not([hidden])").waitFor();
      await omer.setViewportSize({ width: 1280, height: 800 });
      for (const at of [0, 1]) await asked.locator(`[name=points-${at}][value="3"]`).check();
      await asked.locator("[name=words]").fill(words.well);
      await shot(omer, `review-${lang}-1280`);
      await omer.keyboard.press("Alt+KeyY");
      await asked.waitFor({ state: "detached" });

      await dana.click("#me > summary");
      await dana.click("#own-reviews-open");
      const own = dana.locator(".own-reviews > li");
      await own.filter({ hasText: words.score }).waitFor();
      await own.filter({ hasText: words.well }).waitFor();
      await own.filter({ hasText: words.criterion }).waitFor();
      await everyWidth(dana, `own-reviews-${lang}`);
      await own.locator("[name=answer]").fill(words.back);
      await own.locator("[data-do=answer]").click();
      await own.locator("[data-slot=answer]", { hasText: words.back }).waitFor();
      const [review] = await router.all("/v1/reviews");
      assert.deepEqual([review.state, review.score_milli, review.reviewer], ["disputed", 1_000, "omer"]);
    });

    check(`whoever asked says by one tap how the answer was, and the console shows it, ${lang}`, async () => {
      const { router } = held;
      const customer = await look({ locale: lang });
      await chat(customer, router.url, "shop", lang);
      await linked(customer);
      await write(customer, words.hello);
      await sent(customer, words.hello);
      const dana = await look({ locale: lang, viewport: { width: 1280, height: 900 } });
      await desk(dana, held, "dana", { lang });
      await accept(dana);
      const tasks = await router.all("/v1/tasks?open=true");
      const task = tasks.findLast(({ kind, state }) => kind === "conversation" && state === "active");
      const talk = dana.locator(".column", { has: dana.locator(`#title-${task.id}`) });
      await talk.locator("[data-form=request]").click();
      const form = talk.locator("form[data-verdict=request]");
      await form.locator("[name=to]").selectOption("queue:other");
      await form.locator("[name=note]").fill(words.hello);
      await form.locator("button.primary").click();
      await talk.waitFor({ state: "detached" });
      const omer = await look({ locale: lang, viewport: { width: 1280, height: 800 } });
      await desk(omer, held, "omer", { lang });
      await accept(omer);
      const asked = omer.locator(".column").first();
      await asked.locator("[data-form=done]").click();
      const done = asked.locator("form[data-verdict=done]");
      await done.locator("[name=note]").fill(words.back);
      await done.locator("button.primary").click();
      await asked.waitFor({ state: "detached" });

      await accept(dana);
      const tap = talk.locator(".ratings [data-rating=incomplete]");
      await tap.waitFor();
      await everyWidth(dana, `rating-${lang}`);
      await tap.click();
      await talk.locator(".ratings [data-rating=incomplete][aria-pressed=true]").waitFor();

      const boss = await look({ locale: lang, viewport: { width: 1280, height: 1000 } });
      await visitAs(boss, held, "maya", "/console/quality", { lang });
      await boss.locator("#quality-answers tbody tr", { hasText: "other" }).waitFor();
      await everyWidth(boss, `quality-${lang}`);
    });
  });
}
