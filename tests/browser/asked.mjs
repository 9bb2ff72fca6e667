// What customers are asked and told by themselves: how content they were, and where their matter stands.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { shot } from "./browser.mjs";
import { accept, chat, check, desk, heard, linked, look, office, reply, sent, settle, shown, write } from "./stage.mjs";

for (const lang of ["en", "he"]) {
  const he = lang === "he";
  const said = he
    ? { hello: "שלום, החבילה לא הגיעה", word: "סטטוס", received: "הפנייה שלך התקבלה.", question: "עד כמה הייתם מרוצים" }
    : { hello: "Hello, my parcel did not come", word: "Status?", received: "We have received your matter.", question: "How satisfied were you" };
  describe(`what customers are asked and told, ${lang}`, () => {
    const held = office(() => ({
      tenant: {
        satisfaction: `{ queues = ["stars"], follow_up = "care" }`,
        status_word: `{ words = ["status", "סטטוס"], url = "https://help.example.org" }`,
      },
      queues: [
        { name: "stars", side: "front", offer_ms: 600_000, wrap_up_ms: 0 },
        { name: "word", side: "front", offer_ms: 600_000 },
        { name: "care", side: "back", offer_ms: 600_000 },
      ],
      sites: [{ name: "stars", queue: "stars" }, { name: "word", queue: "word" }],
      workers: [
        { name: "dana", queues: ["stars"], capacity: 500 },
        { name: "gal", queues: ["word"], capacity: 500 },
        { name: "maya", queues: ["care"], capacity: 500 },
      ],
    }));

    check(`a low answer by stars becomes a task for whoever is responsible, ${lang}`, async () => {
      const customer = await look({ locale: lang, viewport: { width: 360, height: 740 } });
      await chat(customer, held.router.url, "stars", lang);
      await linked(customer);
      // Without his yes nothing is kept, and the page loaded anew would not know him.
      await customer.click("blendline-chat .keeping .yes");
      await write(customer, said.hello);
      const dana = await look({ locale: lang });
      await desk(dana, held, "dana", { lang });
      await accept(dana);
      await reply(dana, "1");
      await heard(customer, "1");
      await settle(dana, "done", () => dana.selectOption("[name=disposition]", { index: 1 }));
      await heard(customer, said.question);
      const stars = customer.locator("blendline-chat .stars");
      await stars.waitFor();
      await shot(customer, `stars-${lang}-360`);
      await customer.setViewportSize({ width: 1280, height: 800 });
      await shot(customer, `stars-${lang}-1280`);
      // By keyboard alone: the second star.
      await stars.locator("button").nth(1).focus();
      await customer.keyboard.press("Enter");
      await sent(customer, "★★☆☆☆");
      await stars.waitFor({ state: "detached" });
      const maya = await look({ locale: lang });
      await desk(maya, held, "maya", { lang });
      await maya.locator(".offer", { hasText: "★★☆☆☆ stars, dana" }).waitFor();
      await accept(maya);
      await maya.locator(".fields", { hasText: "dana" }).waitFor();
      await shot(maya, `follow-up-${lang}-1280`);
      // The page loaded anew shows what was answered and asks nothing.
      await customer.reload();
      await sent(customer, "★★☆☆☆");
      assert.equal(await customer.locator("blendline-chat .stars").count(), 0);
      const answered = await held.router.awaits("the answer", "/v1/events", (all) => all.find(({ event }) => event === "satisfaction_answered"));
      assert.equal(answered.score, 2);
      assert.ok(answered.follow_up);
      // His next task shows all of it in his history.
      await write(customer, said.hello);
      await accept(dana);
      await shown(dana, "★★☆☆☆");
    });

    check(`the word for the status is answered in the chat, and nobody waits for it, ${lang}`, async () => {
      const customer = await look({ locale: lang, viewport: { width: 360, height: 740 } });
      await chat(customer, held.router.url, "word", lang);
      await linked(customer);
      await write(customer, said.hello);
      await sent(customer, said.hello);
      await write(customer, said.word);
      await heard(customer, said.received);
      await shot(customer, `status-word-${lang}-360`);
      await customer.setViewportSize({ width: 1280, height: 800 });
      await shot(customer, `status-word-${lang}-1280`);
      const text = await customer.locator("blendline-chat li.us .text", { hasText: said.received }).textContent();
      const [, path] = /https:\/\/help\.example\.org(\/status\/\S+)/.exec(text);
      const page = await look({ locale: lang });
      assert.equal((await page.goto(`${held.router.url}${path}`)).status(), 200);
      await page.waitForSelector("main.status");
    });
  });
}
