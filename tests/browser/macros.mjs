// Macros: kept in the console, done at the desk with one key, refused as a whole, and done on several tasks after a minute in
// which it can be taken back.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { shot } from "./browser.mjs";
import { accept, check, desk, look, office, shown, texts, visitAs } from "./stage.mjs";

/** What is told of a task that was somebody else's when a macro was done on it. */
const REFUSED = { en: "The task is not yours any more.", he: "המשימה כבר אינה שלך." };

for (const lang of ["en", "he"]) {
  describe(`macros, ${lang}`, () => {
    const held = office(() => ({
      queues: ["one", "many", "gone"].map((name) => ({ name, side: "front", offer_ms: 600_000, wrap_up_ms: 0 })),
      sites: ["one", "many", "gone"].map((name) => ({ name, queue: name })),
      workers: ["one", "many", "gone"].map((name) => ({ name, queues: [name], capacity: 500 })),
      others: [{ name: "ofra", role: "operations" }, { name: "auditor", role: "auditor" }],
    }));
    const put = (name, macro) => held.router.api("PUT", `/v1/canned-answers/${encodeURIComponent(name)}`, { version: 0, title: name, text: "", ...macro });
    const open = async (name) => (await held.router.all(`/v1/tasks?open=true&queue=${name}`)).length;

    check(`a macro is kept in the console, and done by one key or not at all, ${lang}`, async () => {
      const console_ = await look({ locale: lang });
      await visitAs(console_, held, "ofra", "/console/answers", { lang });
      await console_.click("[data-do=add]");
      for (const [field, value] of [["name", "resend"], ["title", "Send it again"], ["text", "{{contact.first_name}}, we send it again."], ["then", "note sent again\nfinsh answered"]]) {
        await console_.fill(`#add-answer [name=${field}]`, value);
      }
      await console_.selectOption("#add-answer [name=hotkey]", "1");
      await console_.click("#add-answer button.primary");
      await console_.locator("#add-answer .fault", { hasText: "2" }).waitFor();
      await console_.fill("#add-answer [name=then]", "finish answered\nnote sent again");
      await console_.click("#add-answer button.primary");
      await console_.locator("#add-answer .fault", { hasText: "put it last" }).waitFor();
      await console_.fill("#add-answer [name=then]", "note sent again\nfinish answered");
      await shot(console_, `macro-form-${lang}-1280`);
      await console_.click("#add-answer button.primary");
      await console_.locator("#answers tbody tr", { hasText: "finish answered" }).waitFor();
      await put("order", { text: "Order {{field.order}}", hotkey: 2, then: [{ act: "finish", disposition: "answered" }] });

      const visitor = await held.router.visitor("one", "Noa Levi");
      await visitor.say("Where is it?");
      const page = await look({ locale: lang });
      await desk(page, held, "one", { lang });
      await accept(page);
      await page.keyboard.press("Alt+Shift+Digit2");
      await page.locator(".notice", { hasText: "field.order" }).waitFor();
      assert.equal(await open("one"), 1, "nothing of it was done");
      await page.keyboard.press("Alt+KeyA");
      await page.locator(".answers .answer", { hasText: "resend" }).waitFor();
      await shot(page, `macros-${lang}-1280`);
      await page.keyboard.press("Escape");
      await page.keyboard.press("Alt+Shift+Digit1");
      await page.waitForSelector(".column", { state: "detached" });
      const { messages, state } = await visitor.read();
      assert.deepEqual([messages.at(-1).text, state], ["Noa, we send it again.", "solved"]);
      const noted = await held.router.awaits("the audit log", "/v1/audit", (all) => all.find(({ what }) => what === "macro_run"));
      assert.equal(noted.after.macro, "resend");
    });

    check(`a macro on several tasks shows what it would do, waits, and is taken back, ${lang}`, async () => {
      await put("closing", { text: "We are closing this.", then: [{ act: "finish", disposition: "answered" }] });
      let page = await look({ locale: lang });
      await desk(page, held, "many", { lang });
      const visitors = [];
      for (const name of ["Noa", "Uri"]) {
        const visitor = await held.router.visitor("many", name);
        await visitor.say(`I am ${name}`);
        visitors.push(visitor);
        await accept(page);
        await shown(page, `I am ${name}`);
      }
      await held.router.push({ queue: "many", title: "A parcel" , source: "shop", kind: "parcel" });
      await accept(page);
      await page.keyboard.press("Alt+KeyB");
      await page.locator("#bulk option", { hasText: "closing" }).waitFor({ state: "attached" });
      await page.selectOption("#bulk [name=macro]", "closing");
      for (const box of await page.locator("#bulk [data-slot=box]").all()) await box.check();
      await page.waitForFunction(() => document.querySelectorAll("#bulk [data-able]").length === 3);
      assert.equal(await page.locator("#bulk [data-able=false]").count(), 1, "a parcel has nobody to reply to");
      await shot(page, `bulk-${lang}-1280`);
      await page.setViewportSize({ width: 360, height: 740 });
      await shot(page, `bulk-${lang}-360`);
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.click("#bulk button.primary");
      await page.waitForSelector("#bulk-bar:not([hidden])");
      await shot(page, `bulk-waits-${lang}-1280`);
      assert.equal(await open("many"), 3, "nothing is done yet");
      // The cursor is on the way back.
      await page.keyboard.press("Enter");
      await page.waitForSelector("#bulk-bar", { state: "hidden" });
      assert.equal(await open("many"), 3);

      await page.keyboard.press("Alt+KeyB");
      await page.locator("#bulk option", { hasText: "closing" }).waitFor({ state: "attached" });
      await page.selectOption("#bulk [name=macro]", "closing");
      for (const box of await page.locator("#bulk [data-slot=box]").all()) await box.check();
      await page.waitForFunction(() => document.querySelectorAll("#bulk [data-able]").length === 3);
      await page.click("#bulk button.primary");
      await page.waitForSelector("#bulk-bar:not([hidden])");
      // It waits at the router: the page that comes after this one shows it, also after a restart.
      await page.close();
      await held.router.kill();
      await held.router.startAgain();
      page = await look({ locale: lang });
      await desk(page, held, "many", { lang });
      await page.waitForSelector("#bulk-bar:not([hidden])");
      assert.equal(await open("many"), 3, "nothing is done yet");
      await page.click("#bulk-bar [data-do=now]");
      await page.waitForFunction(() => document.querySelectorAll("#tabs li").length === 1);
      assert.equal(await open("many"), 1, "the parcel stays");
      for (const visitor of visitors) assert.equal((await visitor.read()).messages.at(-1).text, "We are closing this.");
      assert.equal((await texts(page, "#mine-count"))[0], "1");
    });

    check(`what was asked for several tasks is done although the page is closed, and is told once, ${lang}`, async () => {
      await put("later", { text: "We close this later.", then: [{ act: "finish", disposition: "answered" }] });
      const page = await look({ locale: lang });
      await desk(page, held, "gone", { lang });
      const visitor = await held.router.visitor("gone", "Tal");
      await visitor.say("I am Tal");
      await accept(page);
      await shown(page, "I am Tal");
      const { items: [task] } = await held.router.api("GET", "/v1/tasks?open=true&worker=gone");
      // The page asks for a minute; this test, for five seconds.
      const { status } = await page.evaluate(async ({ id, lease }) => {
        const headers = { "Content-Type": "application/json", "X-Blendline-CSRF": document.querySelector("meta[name=csrf]").content };
        const body = JSON.stringify({ name: "later", wait_s: 5, tasks: [{ task: id, lease, key: "by-hand" }, { task: id, lease: lease + 1, key: "not-his" }] });
        return { status: (await fetch("/v1/held-macro", { method: "PUT", headers, body })).status };
      }, task);
      assert.equal(status, 201);
      await page.close();
      await held.router.awaits("it is done", "/v1/tasks?open=true&worker=gone", (all) => all.length === 0);
      assert.equal((await visitor.read()).messages.at(-1).text, "We close this later.");
      const other = await look({ locale: lang });
      await desk(other, held, "gone", { lang });
      await other.locator("#notices", { hasText: REFUSED[lang] }).waitFor();
      await shot(other, `bulk-refused-${lang}-1280`);
      await held.router.awaits("the audit log", "/v1/audit", (all) => all.some(({ what }) => what === "macro_hold"));
    });
  });
}
