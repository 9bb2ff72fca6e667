// Drives the pages in Chromium: `npm ci && node --test run.mjs`.
//
//   BLENDLINE_URL       a running router; without it the mock of this directory is started
//   BLENDLINE_TENANT, BLENDLINE_USER, BLENDLINE_PASSWORD, BLENDLINE_ACCOUNT   who signs in there, and which chat
//   BLENDLINE_SHOTS     a directory for photographs
//   BLENDLINE_PAGES     a built `pages` example, so that cargo is not asked
//   CHROMIUM            another browser than Debian's

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { shot } from "./browser.mjs";
import { wire } from "./cut.mjs";
import { base, chat, look, mock, mockOnly, online, sent, signIn, texts, write } from "./stage.mjs";
import "./desk.mjs";
import "./photographs.mjs";

describe("a conversation", () => {
  test("a customer writes in Hebrew, a worker answers, both lose the network, nobody loses or repeats a word", async () => {
    const [near, far] = [await wire(base), await wire(base)];
    const visitor = await look({ viewport: { width: 420, height: 760 } });
    const worker = await look();
    await signIn(worker, far.url);
    await chat(visitor, "he", near.url);
    await write(visitor, "שלום, איפה ההזמנה שלי?");
    await sent(visitor, "שלום, איפה ההזמנה שלי?");
    await worker.click("#offers [data-do=accept]");
    await worker.waitForSelector(".column .message[data-from=customer]");
    await worker.fill(".composer textarea", "שלום! בודקת.");
    await worker.press(".composer textarea", "Enter");
    await visitor.waitForSelector('blendline-chat li.us .text >> text="שלום! בודקת."');
    near.cut();
    far.cut();
    await visitor.waitForSelector("blendline-chat .bar:not([hidden])");
    await write(visitor, "תודה, מחכה");
    await write(visitor, "ועוד שאלה: מה עם המטען?");
    await worker.waitForSelector("#link:is([data-state=waiting], [data-state=connecting])", { state: "attached" });
    await worker.fill(".composer textarea", "מצאתי: המשלוח יוצא היום");
    await worker.press(".composer textarea", "Enter");
    assert.equal(await visitor.locator("blendline-chat li.me:not([data-fate=sent])").count(), 2);
    await shot(visitor, "chat-he-420-cut");
    await shot(worker, "desk-en-1280-cut");
    near.mend();
    far.mend();
    await sent(visitor, "ועוד שאלה: מה עם המטען?");
    await visitor.waitForSelector('blendline-chat li.us .text >> text="מצאתי: המשלוח יוצא היום"');
    await worker.waitForSelector('.message .text >> text="ועוד שאלה: מה עם המטען?"');
    await worker.waitForFunction(() => !document.querySelector(".message[data-fate=sending]"));
    const spoken = ["שלום, איפה ההזמנה שלי?", "שלום! בודקת.", "תודה, מחכה", "ועוד שאלה: מה עם המטען?", "מצאתי: המשלוח יוצא היום"];
    const atVisitor = (await texts(visitor, "blendline-chat li .text")).slice(1);
    assert.deepEqual([...atVisitor].sort(), [...spoken].sort());
    assert.deepEqual((await texts(worker, ".message .text")).sort(), [...spoken].sort());
    // A new page has the same, in the same order.
    await visitor.reload();
    await visitor.waitForSelector('blendline-chat li.us .text >> text="מצאתי: המשלוח יוצא היום"');
    assert.deepEqual((await texts(visitor, "blendline-chat li .text")).slice(1), atVisitor);
    await worker.click(".acts [data-form=done]");
    await worker.click(".sheet-form button.primary");
    await visitor.click("blendline-chat .ask .yes");
    await worker.waitForSelector("#idle:not([hidden])");
    near.stop();
    far.stop();
  });
});

describe("the chat", () => {
  test("weighs less than 15 KB compressed", async () => {
    const body = await (await fetch(`${base}/chat/widget.js`)).text();
    const weight = gzipSync(body, { level: 9 }).length;
    console.log(`widget.js: ${body.length} bytes, ${weight} compressed`);
    assert.ok(weight < 15_000);
  });

  test("stores nothing and calls nobody before it is opened", mockOnly, async () => {
    const page = await look();
    const called = [];
    page.on("request", (request) => called.push(new URL(request.url()).pathname));
    // Another origin, and yet this machine: Chromium asks before a public site may reach a local one.
    await page.goto(base.replace("localhost", "127.0.0.1") + "/shop");
    await page.waitForSelector("blendline-chat .opener");
    assert.deepEqual(called.filter((path) => path.startsWith("/v1/")), []);
    assert.equal(await page.evaluate(() => localStorage.length + document.cookie.length), 0);
    await shot(page, "widget-he-1280-closed");
    await page.click("blendline-chat .opener");
    await page.waitForFunction(() => document.querySelector("blendline-chat").dataset.link === "online");
    await shot(page, "widget-he-1280-open");
    await page.keyboard.press("Escape");
    await page.waitForSelector("blendline-chat .opener:focus");
  });

  test("goes on by long polling where WebSockets do not get through", mockOnly, async () => {
    mock.broken.add("chatSockets");
    const page = await look();
    await chat(page, "en");
    await write(page, "over http");
    await sent(page, "over http");
    const visitor = [...mock.visitors.values()].at(-1);
    mock.place(visitor, { from: "agent", name: "Dana", text: "I hear you", client_id: null });
    await page.waitForSelector('blendline-chat li.us .text >> text="I hear you"');
    assert.equal((await texts(page, "blendline-chat li .text")).filter((text) => text === "over http").length, 1);
  });

  test("gives way to another tab and comes back on a click", mockOnly, async () => {
    const first = await look();
    await chat(first, "en");
    await write(first, "first tab");
    await sent(first, "first tab");
    const second = await first.context().newPage();
    await chat(second, "en");
    await second.waitForSelector('blendline-chat .text >> text="first tab"');
    await first.click("blendline-chat .bar button");
    await second.waitForSelector("blendline-chat .bar button");
    await write(first, "back again");
    await sent(first, "back again");
  });

  test("keeps what is refused and says so", mockOnly, async () => {
    const page = await look({ viewport: { width: 360, height: 640 } });
    await chat(page, "he");
    await write(page, "slow");
    await page.waitForSelector("blendline-chat li.me[data-fate=slow]");
    await shot(page, "chat-he-360-refused");
  });

  test("shows hostile text as text", mockOnly, async () => {
    const page = await look();
    await chat(page, "en");
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>\u202Egnp.exe';
    await write(page, hostile);
    await page.waitForSelector("blendline-chat li.me[data-fate=sent]");
    assert.equal((await texts(page, "blendline-chat li.me .text")).at(-1), hostile);
    assert.notEqual(await page.title(), "1");
  });
});

describe("signing in", () => {
  test("says what is wrong, keeps what was typed and points at the field", mockOnly, async () => {
    const page = await look();
    await page.goto(`${base}/sign-in?lang=en`);
    await page.fill("[name=tenant]", "demo");
    await page.click("button[type=submit]");
    assert.equal(await page.getAttribute("[name=name]", "aria-invalid"), "true");
    await page.fill("[name=name]", "dana");
    await page.fill("[name=password]", "wrong");
    await page.click("button[type=submit]");
    await page.waitForSelector('#fault >> text="Company, name or password is wrong."');
    assert.equal(await page.inputValue("[name=tenant]"), "demo");
    await shot(page, "sign-in-en-1280-wrong");
  });

  test("leads nowhere but to this site, and out again", mockOnly, async () => {
    const page = await look();
    await page.goto(`${base}/sign-in?lang=en&next=//evil.test/desk`);
    for (const name of ["tenant", "name"]) await page.fill(`[name=${name}]`, "x");
    await page.fill("[name=password]", "right");
    await page.click("button[type=submit]");
    await page.waitForURL(`${base}/desk`);
    await online(page);
    await page.click("#me summary");
    await page.click("#sign-out");
    await page.waitForURL("**/sign-in");
  });
});
