// What should change: written at the desk when a task is finished, answered by a manager on the console, and read by whoever
// wrote it.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { shot } from "./browser.mjs";
import { accept, chat, check, desk, linked, look, office, sent, settle, visitAs, write } from "./stage.mjs";
import { everyWidth } from "./widths.mjs";

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
  en: { hello: "The form asks twice", note: "The return form asks twice", answer: "The second question goes.", price: "12.00 ILS", state: "Will be done",
    noDay: "Choose a day to come", first: "Receipts cannot be found", second: "Nobody finds the receipt", nobody: "No worker", notMeasured: "Measure it before", doing: "Being done", done: "Done", reopened: "Open again" },
  he: { hello: "הטופס שואל פעמיים", note: "טופס ההחזרה שואל פעמיים", answer: "השאלה השנייה תוסר.", price: "12.00 ILS", state: "ייעשה",
    noDay: "יש לבחור יום", first: "אין למצוא קבלות", second: "אף אחד לא מוצא את הקבלה", nobody: "אין עובד", notMeasured: "קודם יש למדוד", doing: "בביצוע", done: "בוצע", reopened: "נפתח מחדש" },
};

for (const lang of ["en", "he"]) {
  describe(`improvements, ${lang}`, () => {
    const words = WORDS[lang];
    const held = office(() => ({
      queues: [{ name: "inbox", side: "front", offer_ms: 600_000 }],
      sites: [{ name: "shop", queue: "inbox" }],
      workers: [{ name: "dana", queues: ["inbox"], capacity: 500 }, { name: "omer", queues: ["inbox"], capacity: 500 }],
      others: [{ name: "ofra", role: "supervisor" }, { name: "aya", role: "auditor" }],
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
        await everyWidth(dana, `improve-wrap-up-${lang}`);
      });
      const open = await router.awaits("the improvement", "/v1/improvements", (all) => all[0]);
      assert.deepEqual([open.title, open.writers[0], open.contacts, open.status], [words.note, "dana", 1, "open"]);

      // This company has no units: who is to answer is said by hand.
      await router.api("POST", `/v1/improvements/${open.id}`, { act: "assign", worker: "omer" });

      const boss = await look({ locale: lang, viewport: { width: 1280, height: 800 } });
      await visitAs(boss, held, "ofra", "/console/improvements", { lang });
      const row = boss.locator("#improvements tbody tr", { hasText: words.note });
      await row.locator("td", { hasText: words.price }).waitFor();
      await everyWidth(boss, `improvements-${lang}`);
      await row.locator("[data-do=answer]").click();
      const form = boss.locator("#answer-improvement form");
      assert.equal(await form.locator("[name=worker]").inputValue(), "omer");
      await form.locator("[name=do_by]").fill("2000-12-01");
      await form.locator("[name=words]").fill(words.answer);
      await form.locator("[type=submit]").click();
      // What was typed stays, and the cursor is on the field at fault.
      await form.locator(".fault", { hasText: words.noDay }).waitFor();
      assert.equal(await form.locator("[name=do_by]").getAttribute("aria-invalid"), "true");
      assert.equal(await form.locator("[name=words]").inputValue(), words.answer);
      await form.locator("[name=do_by]").fill("2099-12-01");
      await form.locator("[name=words]").fill(words.answer);
      await everyWidth(boss, `improvements-answer-${lang}`);
      await form.locator("[type=submit]").click();
      await row.locator("td", { hasText: words.state }).waitFor();

      await dana.click("#my-improvements > summary");
      await dana.locator("#improvements-mine .card", { hasText: words.answer }).waitFor();
      await everyWidth(dana, `improvements-mine-${lang}`);
    });

    check(`what is done about it is done on its page, each act on record, ${lang}`, async () => {
      const { router } = held;
      const kept = (key, title) => router.api("POST", "/v1/improvements", { key, source: "audit", title, queue: "inbox", contacts: { webchat: 3 } });
      const first = await kept(`first-${lang}`, words.first);
      const second = await kept(`second-${lang}`, words.second);
      await router.api("POST", `/v1/improvements/${second.id}`, { act: "join", into: first.id });
      const boss = await look({ locale: lang, viewport: { width: 1280, height: 800 } });
      await visitAs(boss, held, "ofra", "/console/improvements", { lang });
      await boss.click(`#improvements a[href$="${first.id}"]`);
      const act = (name) => boss.click(`#improvement [data-do=${name}]`);
      const stands = (state) => boss.locator(".facts-of [data-field=status]", { hasText: state }).waitFor();

      await act("assign");
      await boss.fill("#assign-improvement [name=worker]", "nobody");
      await boss.click("#assign-improvement [type=submit]");
      await boss.locator("#assign-improvement .fault", { hasText: words.nobody }).waitFor();
      assert.equal(await boss.inputValue("#assign-improvement [name=worker]"), "nobody");
      await boss.fill("#assign-improvement [name=worker]", "omer");
      await boss.click("#assign-improvement [type=submit]");
      await boss.locator(".facts-of [data-field=owner]", { hasText: "omer" }).waitFor();

      await act("answer");
      await boss.fill("#answer-improvement [name=do_by]", "2099-12-01");
      await boss.fill("#answer-improvement [name=words]", words.answer);
      await boss.click("#answer-improvement [type=submit]");
      await boss.locator("[data-slot=answered] .said", { hasText: words.answer }).waitFor();
      await act("begin");
      await stands(words.doing);

      await act("finish");
      await boss.click("#finish-improvement [type=submit]");
      await boss.locator("#finish-improvement .fault", { hasText: words.notMeasured }).waitFor();
      await shot(boss, `improvement-finish-${lang}-1280`);
      await boss.click("#finish-improvement [data-do=cancel]");
      for (const phase of ["before", "after"]) {
        await act("measure");
        assert.equal(await boss.inputValue("#measure-improvement [name=phase]"), phase);
        assert.equal(await boss.inputValue("#measure-improvement [name=queue]"), "inbox");
        if (phase === "after") await everyWidth(boss, `improvement-measure-${lang}`);
        await boss.click("#measure-improvement [type=submit]");
        await boss.locator(`[data-phase=${phase}]:not([hidden])`).waitFor();
      }
      await act("finish");
      await boss.click("#finish-improvement [type=submit]");
      await stands(words.done);

      await boss.locator("[data-slot=joined] li", { hasText: words.second }).locator("[data-do=part]").waitFor();
      await everyWidth(boss, `improvement-${lang}`);
      await boss.click("[data-slot=joined] [data-do=part]");
      await boss.locator("[data-slot=belonging]").waitFor({ state: "hidden" });
      await act("reopen");
      await boss.click("#reopen-improvement [type=submit]");
      await stands(words.reopened);
      await shot(boss, `improvement-reopened-${lang}-1280`);

      const noted = (await router.all("/v1/audit")).filter(({ actor }) => actor === "user ofra").map(({ what }) => what);
      for (const what of ["assign", "answer", "begin", "measure", "finish", "part", "reopen"]) assert.ok(noted.includes(`improvement_${what}`), what);
      // Who may only look finds nothing to change it by.
      const auditor = await look({ locale: lang });
      await visitAs(auditor, held, "aya", `/console/improvements/${first.id}`, { lang });
      await auditor.locator("h1", { hasText: words.first }).waitFor();
      assert.equal(await auditor.locator("#improvement [data-do]").count(), 0);
    });
  });
}
