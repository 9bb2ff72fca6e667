// What should change: written at the desk when a task is finished, answered by a manager on the console, and read by whoever
// wrote it.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { axe } from "./axe.mjs";
import { shot } from "./browser.mjs";
import { accept, chat, check, desk, linked, look, office, sent, settle, visitAs, write } from "./stage.mjs";

const RULES = `version: 1
zone: Asia/Jerusalem
queues:
  front: {side: front, target: 2m}
groups:
  desk: {queues: [front], workers: [dana]}
improvements:
  cost: {currency: ILS, contact: 1200}
`;

const WORDS = {
  en: { hello: "The form asks twice", note: "The return form asks twice", answer: "The second question goes.", price: "12.00 ILS", state: "Will be done" },
  he: { hello: "הטופס שואל פעמיים", note: "טופס ההחזרה שואל פעמיים", answer: "השאלה השנייה תוסר.", price: "12.00 ILS", state: "ייעשה" },
};

for (const lang of ["en", "he"]) {
  describe(`improvements, ${lang}`, () => {
    const words = WORDS[lang];
    const held = office(() => ({
      queues: [{ name: "inbox", side: "front", offer_ms: 600_000 }],
      sites: [{ name: "shop", queue: "inbox" }],
      workers: [{ name: "dana", queues: ["inbox"], capacity: 500 }, { name: "omer", queues: ["inbox"], capacity: 500 }],
      others: [{ name: "ofra", role: "supervisor" }],
      rules: RULES,
    }));

    check(`a note at wrap-up is answered and read again, ${lang}`, async () => {
      const { router } = held;
      const customer = await look({ locale: lang });
      await chat(customer, router.url, "shop", lang);
      await linked(customer);
      await write(customer, words.hello);
      await sent(customer, words.hello);
      const dana = await look({ locale: lang, viewport: { width: 1280, height: 800 } });
      await desk(dana, held, "dana", { lang });
      await accept(dana);
      await settle(dana, "done", async () => {
        await dana.fill("form[data-verdict=done] [name=improve]", words.note);
        await shot(dana, `improve-wrap-up-${lang}-1280`);
      });
      const open = await router.awaits("the improvement", "/v1/improvements", (all) => all[0]);
      assert.deepEqual([open.title, open.writers[0], open.contacts, open.status], [words.note, "dana", 1, "open"]);

      // This company has no units: who is to answer is said by hand.
      await router.api("POST", `/v1/improvements/${open.id}`, { act: "assign", worker: "omer" });

      const boss = await look({ locale: lang, viewport: { width: 1280, height: 800 } });
      await visitAs(boss, held, "ofra", "/console/improvements", { lang });
      const row = boss.locator("#improvements tbody tr", { hasText: words.note });
      await row.locator("td", { hasText: words.price }).waitFor();
      await shot(boss, `improvements-${lang}-1280`);
      await axe(boss, `the register of improvements, ${lang}`);
      await row.locator("[data-do=answer]").click();
      const form = boss.locator("#answer-improvement form");
      assert.equal(await form.locator("[name=worker]").inputValue(), "omer");
      await form.locator("[name=day]").fill("2099-12-01");
      await form.locator("[name=words]").fill(words.answer);
      await shot(boss, `improvements-answer-${lang}-1280`);
      await form.locator("[type=submit]").click();
      await row.locator("td", { hasText: words.state }).waitFor();

      await dana.click("#my-improvements > summary");
      await dana.locator("#improvements-mine .card", { hasText: words.answer }).waitFor();
      await shot(dana, `improvements-mine-${lang}-1280`);
    });
  });
}
