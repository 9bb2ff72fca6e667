// What a customer went through, at the desk and on the console; two matters that were held together, parted by hand; and what
// the unit that a case is about may not do alone.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { axe } from "./axe.mjs";
import { shot } from "./browser.mjs";
import { accept, chat, check, desk, linked, look, noticed, office, reply, sent, shown, visitAs, write } from "./stage.mjs";
import { everyWidth } from "./widths.mjs";

const RULES = `version: 1
zone: Asia/Jerusalem
queues:
  front: {side: front, target: 2m}
  stock: {side: back, target: 1d}
groups:
  desk: {queues: [front], workers: [dana]}
  warehouse: {queues: [stock], workers: [ron]}
cases:
  delivery-problem: {like: delivery-problem, queues: {service: front, warehouse: stock}}
  complaint: {like: complaint, queues: {service: front, inquiry: front, quality: stock}}
`;

const WORDS = {
  en: {
    hello: "Hello, my order did not come",
    other: "One more thing about my chair",
    answer: "I look into it",
    wrote: "The customer wrote",
    began: "A case began: We are checking the order",
    contacts: "Contacts: 1",
    people: "People: 1",
    waits: "waits for the customer",
    one: "One matter with a conversation on webchat",
    parted: "They are two matters.",
    why: "He asks about another chair",
    noted: "This is another matter than cnv_",
    agrees: "May agree: head",
    agreed: "Another unit agreed",
  },
  he: {
    hello: "שלום, ההזמנה שלי לא הגיעה",
    other: "ועוד משהו לגבי הכיסא",
    answer: "אני בודקת",
    wrote: "הלקוח כתב",
    began: "נפתח תיק: אנחנו בודקים את ההזמנה",
    contacts: "פניות: 1",
    people: "אנשים: 1",
    waits: "ממתין ללקוח",
    one: "אותו עניין כמו בשיחה ב־webchat",
    parted: "אלה שני עניינים.",
    why: "הוא שואל על כיסא אחר",
    noted: "זה עניין אחר מ־cnv_",
    agrees: "יכולים להסכים: head",
    agreed: "יחידה אחרת הסכימה",
  },
};

for (const lang of ["en", "he"]) {
  describe(`journeys, ${lang}`, () => {
    const words = WORDS[lang];
    const held = office(() => ({
      queues: [{ name: "service", side: "front", offer_ms: 600_000 }, { name: "other", side: "front" }],
      sites: [{ name: "shop", queue: "service" }],
      units: [{ name: "head" }, { name: "store" }],
      workers: [
        { name: "dana", queues: ["service"], capacity: 500, unit: "store" },
        { name: "ron", queues: ["other"], capacity: 300, unit: "head" },
      ],
      others: [{ name: "maya", role: "supervisor" }],
      rules: RULES,
    }));

    /** A customer of his own, whose words Dana has. */
    async function customer(dana, text) {
      const page = await look({ locale: lang, viewport: { width: 420, height: 760 } });
      await chat(page, held.router.url, "shop", lang);
      await linked(page);
      await write(page, text);
      await sent(page, text);
      await dana.locator(".offer", { hasText: text }).locator("[data-do=accept]").click();
      return dana.locator(".column", { has: dana.locator(".message .text", { hasText: text }) });
    }

    /** The open conversation in which this is the latest. */
    const talks = () => held.router.all("/v1/tasks?open=true").then((all) => all.filter(({ kind }) => kind === "conversation"));

    check(`what a customer went through stands at the desk and on the console, ${lang}`, async () => {
      const { router } = held;
      const dana = await look({ locale: lang });
      await desk(dana, held, "dana", { lang });
      const talk = await customer(dana, words.hello);
      await reply(talk, words.answer);
      await shown(dana, words.answer);
      const [{ id: task }] = await talks();
      const opening = { type: "delivery-problem", key: `j-${lang}`, task, owner: "dana", language: lang, fields: { order: "SO-1017" } };
      const { id } = await router.api("POST", "/v1/cases", opening);
      await talk.locator(".case").first().waitFor({ state: "attached" });

      await talk.locator(":scope > .journey > summary").click();
      const sheet = talk.locator(":scope > .journey .journey-sheet");
      await sheet.locator(".journey-line li", { hasText: words.wrote }).waitFor();
      for (const said of [words.contacts, words.people]) await sheet.locator(".journey-figures li", { hasText: said }).waitFor();
      await sheet.locator(".journey-line li", { hasText: words.waits }).first().waitFor();
      assert.ok((await sheet.locator(".journey-bar span").count()) > 0);
      assert.equal(await sheet.locator(".journey-line li", { hasText: words.answer }).count(), 0, "nobody's words are in it");
      await everyWidth(dana, `journey-desk-${lang}`);

      const maya = await look({ locale: lang });
      await visitAs(maya, held, "maya", `/console/cases/${id}`, { lang });
      await maya.locator(".case .journey > summary").click();
      await maya.locator(".case .journey-line li", { hasText: words.began }).waitFor();
      await maya.locator(".case .journey").evaluate((place) => place.scrollIntoView());
      await everyWidth(maya, `journey-console-${lang}`);
      await shot(maya, `journey-console-${lang}-360`);
    }, 120_000);

    check(`two matters that were held together are parted with a reason, ${lang}`, async () => {
      const { router } = held;
      const dana = await look({ locale: lang });
      await desk(dana, held, "dana", { lang });
      const before = new Set((await talks()).map(({ id }) => id));
      await customer(dana, `${words.hello}?`);
      await customer(dana, words.other);
      const [one, other] = (await talks()).filter(({ id }) => !before.has(id)).map(({ conversation }) => conversation);
      await router.api("POST", "/v1/matters/join", { one, other, reason: "x" });
      await dana.reload();
      await dana.locator(".tab", { hasText: words.other }).click();
      const row = dana.locator(".together-row", { hasText: words.one });
      await row.waitFor();
      const both = dana.locator(".column", { has: row });
      await both.locator(".message[data-elsewhere=webchat] .text", { hasText: words.hello }).waitFor();
      await row.locator("[data-slot=ask]").click();
      await row.locator("[name=reason]").fill(words.why);
      await axe(dana, `the desk with a matter that is held together, ${lang}`);
      await shot(dana, `matter-${lang}-1280`);
      await row.locator("button.primary").click();
      await noticed(dana, words.parted);
      await row.waitFor({ state: "detached" });
      await dana.locator(".message[data-elsewhere]").first().waitFor({ state: "detached" });
      await dana.locator(".note .text", { hasText: words.noted }).filter({ hasText: words.why }).first().waitFor({ state: "attached" });
      const events = await router.all("/v1/events");
      const parted = events.filter(({ event, actor }) => event === "matters_parted" && actor.worker);
      assert.equal(parted.length, 1, "under her name");
    }, 120_000);

    if (lang === "he") {
      check("what a unit may not do alone, another agrees to at its desk", async () => {
        const { router } = held;
        const dana = await look({ locale: lang });
        await desk(dana, held, "dana", { lang });
        const before = new Set((await talks()).map(({ id }) => id));
        const talk = await customer(dana, `${words.other}!`);
        const { id: task } = (await talks()).find(({ id }) => !before.has(id));
        const fields = { unit: "store", subject: "waiting", remedy: "explained" };
        const { id } = await router.api("POST", "/v1/cases", { type: "complaint", key: "c-he", task, owner: "dana", language: lang, fields });
        for (const to of ["inquiring", "deciding"]) await router.api("POST", `/v1/cases/${id}`, { key: to, act: { move: { to } } });
        await talk.locator("details.cases > summary").click();
        await talk.locator(".case-agreement", { hasText: words.agrees }).waitFor();
        assert.equal(await talk.locator("[data-agree]").count(), 0, "it is about her own unit");
        await shot(dana, "agreement-he-1280");

        const ron = await look({ locale: lang, viewport: { width: 360, height: 740 } });
        await desk(ron, held, "ron", { lang });
        await accept(ron);
        await ron.locator("[data-agree=unfounded]").waitFor();
        assert.equal(await ron.locator("[data-agree]").count(), 2);
        await axe(ron, "the desk with an agreement, he");
        await ron.locator("[data-agree=unfounded]").scrollIntoViewIfNeeded();
        await shot(ron, "agree-he-360");
        await ron.locator("[data-agree=unfounded]").click();
        await talk.locator(".case-agreement", { hasText: words.agreed }).waitFor();

        // Now she may end it so, and in no other way.
        await talk.locator(".case [data-do=close]").click();
        await talk.locator(".case-form [name=end]").selectOption("unfounded");
        await talk.locator(".case-form button.primary").click();
        await talk.locator(".case-agreement").waitFor({ state: "hidden" });
        const closed = await router.api("GET", `/v1/cases/${id}`);
        assert.deepEqual([closed.stage.name, closed.closed.outcome], ["unfounded", "refused"]);
      }, 120_000);
    }
  });
}
