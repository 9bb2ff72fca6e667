// What a worker may decide beside his task, what goes to somebody above him, and how that one answers: at his desk by one
// key, or by a signed link from wherever he is.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { shot } from "./browser.mjs";
import { PASSWORD } from "./router.mjs";
import { accept, chat, check, desk, linked, look, office, sent, write } from "./stage.mjs";
import { everyWidth } from "./widths.mjs";

const RULES = `version: 1
zone: Asia/Jerusalem
queues:
  front: {side: front, target: 2m}
  approvals: {side: back, target: 15m}
groups:
  desk: {queues: [front], workers: [dana]}
  managers: {queues: [approvals], workers: [omer]}
cases:
  complaint:
    words: {en: A complaint, he: תלונה}
    fields:
      credit: {type: money, currency: ILS, by: credit, words: {en: Credit, he: זיכוי}}
    stages:
      open: {words: {en: We look into it, he: אנחנו בודקים}, target: 1d, queue: front}
      done: {words: {en: Done, he: טופל}, closes: solved}
    moves:
      - {from: open, to: done, on: answered}
authority:
  grants:
    desk: {who: {group: desk}, action: credit, currency: ILS, limit: 10000, day: 15000, customer: {limit: 100000, within: 30d}}
    swaps: {who: {group: desk}, action: replacement, limit: 1}
    managers: {who: {group: managers}, action: credit, currency: ILS, limit: 200000}
  approvals: {queue: approvals, target: 15m}
`;

const WORDS = {
  en: { hello: "The parcel came broken", line: "Credit up to 100.00 ILS", less: "Credit up to 70.00 ILS", why: "It came broken", no: "Offer a replacement first", say: "Say why not", refused: "it is more than may be decided at once" },
  he: { hello: "החבילה הגיעה שבורה", line: "זיכוי עד 100.00 ILS", less: "זיכוי עד 70.00 ILS", why: "החבילה הגיעה שבורה", no: "קודם להציע החלפה", say: "יש לכתוב למה לא", refused: "זה יותר ממה שמותר להחליט בפעם אחת" },
};

/** A text with what isolates directions left out, as a screen shows it. */
const bare = (text) => text.replace(/[\u2066-\u2069]/gu, "");

for (const lang of ["en", "he"]) {
  describe(`decisions, ${lang}`, () => {
    const words = WORDS[lang];
    const held = office(() => ({
      queues: [{ name: "service", side: "front", offer_ms: 600_000 }, { name: "other", side: "back" }],
      sites: [{ name: "shop", queue: "service" }],
      workers: [{ name: "dana", queues: ["service"], capacity: 500 }, { name: "omer", queues: ["other"], capacity: 500 }],
      rules: RULES,
    }));

    /** Dana with a customer's conversation and a case of it. */
    const begun = async (viewport = { width: 1280, height: 800 }) => {
      const { router } = held;
      const customer = await look({ locale: lang });
      await chat(customer, router.url, "shop", lang);
      await linked(customer);
      await write(customer, words.hello);
      await sent(customer, words.hello);
      const dana = await look({ locale: lang, viewport });
      await desk(dana, held, "dana", { lang });
      await accept(dana);
      const task = await router.awaits("the customer's task", "/v1/tasks?open=true", (all) => all.findLast(({ kind, state }) => kind === "conversation" && state === "active"));
      await router.api("POST", "/v1/cases", { type: "complaint", key: `c-${task.id}`, task: task.id });
      return { dana, talk: dana.locator(".column", { has: dana.locator(`#title-${task.id}`) }), task };
    };
    const line = (talk, text) => talk.locator("[data-slot=authority-line]").filter({ hasText: new RegExp(text.replace(/[.]/g, "\\.").split(/ (?=\d)/).join(".*")) }).waitFor();
    const wish = async (talk, amount, { reason, waits = false } = {}) => {
      const form = talk.locator(".authority-form");
      await form.locator("[name=amount]").fill(amount);
      if (reason) await form.locator("[name=reason]").fill(reason);
      await form.locator("[name=waits]").setChecked(waits);
      await form.locator("button.primary").click();
    };
    const decided = (state) => held.router.awaits(`a decision is ${state}`, "/v1/decisions", (all) => all.find((it) => it.state === state));

    check(`what is his is decided at once, and what is not goes to whoever may, ${lang}`, async () => {
      const { router } = held;
      const { dana, talk } = await begun();
      await talk.locator(".authority:not([hidden])").waitFor();
      await line(talk, words.line);
      await talk.locator(".authority summary").click();
      await talk.locator("[data-slot=authority-cases]:not([hidden])").waitFor();
      await everyWidth(dana, `decide-${lang}`);

      // What is no amount is said at its field, and stays.
      await wish(talk, "12.505");
      await talk.locator("[data-slot=authority-fault]:not([hidden])").waitFor();
      assert.equal(await talk.locator(".authority-form [name=amount]").inputValue(), "12.505");
      assert.equal((await router.all("/v1/decisions")).length, 0, "nobody guesses what he meant");
      await wish(talk, "80", { reason: words.why });
      await line(talk, words.less);
      const granted = await decided("granted");
      assert.deepEqual([granted.minor, granted.currency, granted.decider], [8_000, "ILS", "dana"]);
      // The case says what was given.
      await talk.locator(".cases > summary").click();
      await talk.locator(".case-fields [name=credit]").waitFor();
      await dana.waitForFunction(() => document.querySelector(".case-fields [name=credit]").value === "80.00");

      // Beyond everybody it is refused, in the reader's language.
      await wish(talk, "2,000.01");
      await talk.locator("[data-slot=authority-fault]", { hasText: words.refused }).waitFor();
      await shot(dana, `decide-refused-${lang}-1280`);

      // Above him somebody is asked, and he may withdraw it.
      await wish(talk, "1,200.50", { reason: words.why });
      const waiting = await decided("waiting");
      assert.equal(waiting.minor, 120_050);
      await talk.locator(".authority-asked [data-do=withdraw]").waitFor();
      await shot(dana, `decide-waits-${lang}-1280`);
      await talk.locator(".authority-asked [data-do=withdraw]").click();
      await decided("withdrawn");
      await talk.locator(".authority-asked [data-do=withdraw]").waitFor({ state: "hidden" });
      assert.equal((await router.all("/v1/tasks?open=true")).filter(({ queue }) => queue === "approvals").length, 0, "nobody is asked any more");
    });

    check(`whoever is asked and is not at his desk decides by a link, ${lang}`, async () => {
      const { router } = held;
      const { dana, talk } = await begun();
      await talk.locator(".authority summary").click();
      await wish(talk, "130", { reason: words.why });
      await talk.locator(".authority-asked [data-do=link]:visible").click();
      const told = await dana.locator(".notice", { hasText: "/decide/" }).textContent();
      const link = /https?:\S+\/decide\/\w+/.exec(told)[0];

      // Who has the link sees what is asked; another session than a fresh one proves nothing.
      const omer = await look({ locale: lang, viewport: { width: 360, height: 740 } });
      await omer.goto(`${link}?lang=${lang}`);
      await omer.locator(".stage", { hasText: "130.00 ILS" }).waitFor();
      await everyWidth(omer, `decide-link-${lang}`);
      const answer = async (password, act, note) => {
        await omer.fill("[name=name]", "omer");
        await omer.fill("[name=password]", password);
        if (note) await omer.fill("[name=note]", note);
        await omer.click(`#decide button[value=${act}]`);
      };
      await answer("not his password", "approve");
      await omer.locator("#fault:not([hidden])").waitFor();
      assert.equal(await omer.inputValue("[name=name]"), "omer", "what was typed stays");
      await answer(PASSWORD, "deny");
      await omer.locator("#fault", { hasText: words.say }).waitFor();
      assert.equal((await decided("waiting")).minor, 13_000, "nothing is decided yet");
      await answer(PASSWORD, "deny", words.no);
      await omer.locator(".stage[data-state=denied]").waitFor();
      await omer.setViewportSize({ width: 1280, height: 800 });
      await shot(omer, `decide-linked-${lang}-1280`);
      // It decides once; afterwards it says how it was decided.
      await omer.goto(`${link}?lang=${lang}`);
      await omer.locator(".stage[data-state=denied]").waitFor();
      assert.equal(await omer.locator("#decide").count(), 0);
      await talk.locator(".authority-asked li", { hasText: words.no }).waitFor();
      const audit = await router.all("/v1/audit");
      for (const what of ["decision_link", "decision_by_link"]) assert.ok(audit.some((entry) => entry.what === what), what);
    });

    check(`whoever is asked answers by one key, ${lang}`, async () => {
      const omer = await look({ locale: lang, viewport: { width: 360, height: 740 } });
      await desk(omer, held, "omer", { lang });
      const { dana, talk } = await begun({ width: 1280, height: 900 });
      await talk.locator(".authority summary").click();
      await line(talk, lang === "en" ? "Credit up to" : "זיכוי עד");
      await wish(talk, "200", { reason: words.why });
      await accept(omer);
      const asked = omer.locator(".column").first();
      await asked.locator(".approval-facts [data-slot=reason]", { hasText: words.why }).waitFor();
      assert.match(bare(await asked.locator(".approval h3").textContent()), /200\.00 ILS/);
      assert.match(bare(await asked.locator("[data-slot=own]").textContent()), /2000\.00 ILS/);
      assert.ok(await asked.locator("[data-form=done]").isHidden(), "it ends by an answer");
      await everyWidth(omer, `approve-${lang}`);

      // No, by a key and a reason: it is read where it was asked.
      await omer.keyboard.press("Alt+KeyN");
      await omer.keyboard.press("Enter");
      await asked.locator("[data-slot=fault]:not([hidden])").waitFor();
      await omer.keyboard.type(words.no);
      await omer.keyboard.press("Enter");
      await asked.waitFor({ state: "detached" });
      await talk.locator(".authority-asked li", { hasText: words.no }).waitFor();
      await shot(dana, `decide-denied-${lang}-1280`);

      // Yes, by a key. The task that was set aside comes back with the answer.
      await wish(talk, "150", { reason: words.why, waits: true });
      await talk.waitFor({ state: "detached" });
      await accept(omer);
      await asked.locator(".approval-facts").waitFor();
      await omer.setViewportSize({ width: 1280, height: 800 });
      await shot(omer, `approve-${lang}-1280`);
      await omer.keyboard.press("Alt+KeyY");
      await asked.waitFor({ state: "detached" });
      await dana.locator(".offer", { hasText: "✓" }).locator("[data-do=accept]").click();
      await dana.locator(".message[data-from=note] .text", { hasText: "✓" }).waitFor();
      await talk.locator(".authority-asked li", { hasText: "omer" }).first().waitFor({ state: "attached" });
    });
  });
}
