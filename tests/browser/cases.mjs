// A customer's matter with a process, by the shipped type: opened at the desk, looked for by the back office, told to the
// customer at each step, and looked after on the console.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { axe } from "./axe.mjs";
import { shot } from "./browser.mjs";
import { accept, chat, check, desk, heard, linked, look, office, sent, visitAs, write } from "./stage.mjs";

/** Who talks with customers, and who looks for parcels. */
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
`;

const WORDS = {
  en: {
    hello: "Hello, my order did not come",
    ask: "status",
    checked: "We are looking into your delivery",
    searched: "Order SO-1017 is with our warehouse",
    coming: "Order SO-1017 is on its way. Day of delivery: 2026-12-01.",
    stages: ["We are checking the order", "The warehouse is looking for it", "It is on its way", "Solved"],
    procedure: "Look the order up",
    needed: "This is needed.",
    owner: "Owner: ron",
  },
  he: {
    hello: "שלום, ההזמנה שלי לא הגיעה",
    ask: "סטטוס",
    checked: "אנחנו בודקים את המשלוח",
    searched: "הזמנה SO-1017 הועברה למחסן",
    coming: "הזמנה SO-1017 בדרך אליך. מועד האספקה: 2026-12-01.",
    stages: ["אנחנו בודקים את ההזמנה", "המחסן מאתר את המשלוח", "המשלוח בדרך", "טופל"],
    procedure: "בדקו את ההזמנה",
    needed: "השדה הזה נדרש.",
    owner: "אחראי: ron",
  },
};

for (const lang of ["en", "he"]) {
  describe(`cases, ${lang}`, () => {
    const words = WORDS[lang];
    const held = office(() => ({
      queues: [{ name: "service", side: "front", offer_ms: 600_000 }, { name: "other", side: "front" }],
      sites: [{ name: "shop", queue: "service" }],
      workers: [{ name: "dana", queues: ["service"], capacity: 500 }, { name: "ron", queues: ["other"], capacity: 300 }],
      others: [{ name: "maya", role: "supervisor" }],
      tenant: { status_word: `{ words = ["status", "סטטוס"], every_minutes = 1 }` },
      rules: RULES,
    }));

    /** Waits until a case stands here on this page. */
    const stands = (place, at) => place.locator(".case-way li[aria-current=step]", { hasText: words.stages[at] }).waitFor();

    check(`a lost parcel goes from the chat over the warehouse to the customer's own word, ${lang}`, async () => {
      const { router } = held;
      const customer = await look({ locale: lang, viewport: { width: 420, height: 760 } });
      await chat(customer, router.url, "shop", lang);
      await linked(customer);
      await write(customer, words.hello);
      await sent(customer, words.hello);

      // The worker opens a case for it, and fills in what he knows.
      const dana = await look({ locale: lang });
      await desk(dana, held, "dana", { lang });
      await accept(dana);
      const talk = dana.locator(".column").first();
      await talk.locator("[data-do=open-case]").click();
      await talk.locator(".sheet-form[data-verdict=case] [name=order]").fill("SO-1017");
      await talk.locator(".sheet-form[data-verdict=case] [name=credit]").fill("12.505");
      await talk.locator(".sheet-form[data-verdict=case] button.primary").click();
      await talk.locator(".field-fault:not([hidden])").waitFor();
      assert.equal(await talk.locator("[name=order]").inputValue(), "SO-1017", "what was typed stays");
      await shot(dana, `case-open-${lang}-1280`);
      await talk.locator(".sheet-form[data-verdict=case] [name=credit]").fill("12.50");
      await talk.locator(".sheet-form[data-verdict=case] button.primary").click();
      await stands(talk, 0);
      await heard(customer, words.checked);
      // Whoever talks with him sees it where he reads what the customer says, without a reload.
      await talk.locator(".message .text", { hasText: words.checked }).waitFor();
      await talk.locator(".case-text", { hasText: words.procedure }).waitFor();
      assert.equal(await talk.locator(".case-fields [name=credit]").inputValue(), "12.50");
      await talk.locator(".case-fields [name=promised]").fill("2026-12-01");
      await talk.locator(".case-fields button").click();
      const [{ id, fields }] = await router.awaits("the day is kept", "/v1/cases", (all) => all.some(({ fields }) => fields.promised) && all);
      assert.deepEqual(fields, { order: "SO-1017", promised: "2026-12-01", credit: { minor: 1_250, currency: "ILS" } });

      // The stage's own task is finished by what moves the case, and what that needs is asked in the same form.
      await accept(dana);
      const work = dana.locator(".column", { has: dana.locator(".cases[open]") }).last();
      // Both show the case: only then is the last of them the work.
      await dana.locator(".column .cases[open]").nth(1).waitFor();
      await stands(work, 0);
      await work.locator(".acts [data-form=done]").click();
      assert.equal(await work.locator("[name=disposition] option").count(), 3);
      await work.locator("[name=disposition]").selectOption("locate");
      await work.locator(".form-place button.primary").click();
      await work.locator(".form-place .field-fault", { hasText: words.needed }).waitFor();
      await shot(dana, `case-finish-${lang}-1280`);
      await axe(dana, `the desk with a case, ${lang}`);
      await work.locator(".form-place [name=reason]").selectOption("not_received");
      await work.locator(".form-place button.primary").click();
      await heard(customer, words.searched);
      // In the conversation the case moves on by itself.
      await stands(talk, 1);

      // The back office finds it.
      const ron = await look({ locale: lang, viewport: { width: 360, height: 740 } });
      await desk(ron, held, "ron", { lang });
      await accept(ron);
      await stands(ron.locator(".column"), 1);
      await shot(ron, `case-work-${lang}-360`);
      await ron.locator(".case-move").first().click();
      await ron.locator(".form-place [name=found]").selectOption("on_the_way");
      await ron.locator(".form-place button.primary").click();
      await heard(customer, words.coming);
      await stands(talk, 2);
      await shot(dana, `case-moved-${lang}-1280`);
      await talk.locator(".message .text", { hasText: words.coming }).waitFor();

      // Who asks by the company's word hears of his case, in his words.
      await write(customer, words.ask);
      await heard(customer, `: ${words.stages[2]}`);

      // Who may only look at the link sees the same, in his own words.
      const task = await router.awaits("the customer's task", "/v1/tasks?open=true", (all) => all.find(({ kind }) => kind === "conversation"));
      const { path } = await router.api("POST", `/v1/tasks/${task.id}/status-link`, {});
      const status = await look({ locale: lang });
      await status.goto(`${router.url}${path}?lang=${lang}`);
      await status.locator(".steps li[aria-current=step]", { hasText: words.stages[2] }).waitFor();
      assert.equal(await status.locator(".steps li[data-done=true]").count(), 2);
      await axe(status, `the status of a case, ${lang}`);
      await shot(status, `case-status-${lang}-1280`);

      // A supervisor finds it, gives it away, and answers for that; whoever has the conversation sees it at once.
      const maya = await look({ locale: lang });
      await visitAs(maya, held, "maya", "/console/cases", { lang });
      const row = maya.locator("#cases tbody tr", { hasText: "SO-1017" });
      await row.waitFor();
      await maya.selectOption("#case-filter [name=state]", "over");
      await row.waitFor({ state: "detached" });
      await maya.selectOption("#case-filter [name=state]", "open");
      await maya.locator(".case-counts button", { hasText: words.stages[2] }).click();
      await row.waitFor();
      await axe(maya, `the cases, ${lang}`);
      await shot(maya, `cases-${lang}-1280`);
      await row.locator("a").click();
      await stands(maya, 2);
      await maya.locator(".case-history li").nth(8).waitFor();
      const told = await maya.locator(".case-history [data-slot=what]").allTextContents();
      assert.deepEqual(told.filter((text) => /\b(promise|case)_[a-z]/.test(text)), [], "no program's words");
      await maya.click(".case [data-do=assign]");
      await maya.selectOption(".case-form [name=owner]", "ron");
      await maya.click(".case-form button.primary");
      await maya.locator(".case .facts", { hasText: words.owner }).waitFor();
      await talk.locator(".case .facts", { hasText: words.owner }).waitFor();
      const audit = await router.all("/v1/audit");
      assert.ok(audit.some(({ what, subject }) => what === "case_assign" && subject === id), "it is in the audit log");

      // It is ended from the conversation, the customer is asked, and the supervisor opens it again.
      await talk.locator(".case [data-do=close]").click();
      await talk.locator(".case-form [name=end]").selectOption("solved");
      await talk.locator(".case-form button.primary").click();
      await stands(talk, 3);
      await talk.locator(".case-asked li[data-pressed=false]").waitFor();
      await stands(maya, 3);
      await axe(maya, `a case that is over, ${lang}`);
      await shot(maya, `case-console-${lang}-1280`);
      // The customer says by a button that it is not solved: once, by keyboard, and it stays shown as chosen.
      const no = customer.locator("blendline-chat .choice button[value$=':deny']");
      await no.waitFor();
      await shot(customer, `case-buttons-${lang}-420`);
      await axe(customer, `a chat with buttons, ${lang}`);
      await no.focus();
      await customer.keyboard.press("Enter");
      await customer.keyboard.press("Enter");
      await stands(talk, 2);
      await customer.locator("blendline-chat .choice button[value$=':deny'][aria-pressed=true]").waitFor();
      assert.equal(await customer.locator("blendline-chat .choice button:not([aria-disabled])").count(), 0);
      assert.equal(await customer.locator("blendline-chat li.me").count(), 3, "it is one reply, with the words of the button");
      await shot(customer, `case-chosen-${lang}-420`);
      await talk.locator(".case [data-do=close]").click();
      await talk.locator(".case-form [name=end]").selectOption("solved");
      await talk.locator(".case-form button.primary").click();
      await stands(maya, 3);
      await maya.click(".case [data-do=reopen]");
      await stands(talk, 2);
      await ron.locator(".offer").waitFor();
    }, 120_000);
  });
}
