// The chat: on its own page and in other people's, with and without WebSockets.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, describe } from "node:test";
import { gzipSync } from "node:zlib";
import { shot } from "./browser.mjs";
import { IDENTITY_SECRET } from "./router.mjs";
import { shopOf } from "./shop.mjs";
import { accept, beside, chat, check, desk, heard, linked, look, office, reads, reply, sent, settle, shown, texts, unlinked, write } from "./stage.mjs";

const KILOBYTE = 1_000;

describe("the chat", () => {
  let shop;
  let far;
  const held = office(async (wire) => {
    shop = await shopOf(() => held.router.url);
    far = await wire();
    const names = ["talk", "poll", "tabs", "slow", "hostile", "known", "marks"];
    return {
      queues: names.map((name) => ({ name, side: "front" })),
      sites: names.map((name) => ({ name, queue: name, origins: [shop.url, far.url] })),
      workers: names.map((name) => ({ name, queues: [name] })),
    };
  });
  after(() => {
    shop?.stop();
  });

  check("weighs less than 15 KB compressed", async () => {
    const body = await (await fetch(`${held.router.url}/chat/widget.js`)).text();
    const weight = gzipSync(body, { level: 9 }).length;
    assert.ok(weight < 15 * KILOBYTE, `${weight} bytes compressed of ${body.length}`);
  });

  check("stores nothing and calls nobody before it is opened, on a page with a strict policy", async () => {
    const page = await look();
    const called = [];
    page.on("request", (request) => called.push(new URL(request.url()).pathname));
    await page.goto(`${shop.url}/?account=talk`);
    await page.waitForSelector("blendline-chat .opener");
    assert.deepEqual(called.filter((path) => path.startsWith("/v1/")), []);
    assert.equal(await page.evaluate(() => localStorage.length + document.cookie.length), 0);
    await shot(page, "widget-he-1280-closed");
    await page.click("blendline-chat .opener");
    await linked(page);
    await write(page, "אפשר לשאול מכאן?");
    await sent(page, "אפשר לשאול מכאן?");
    await shot(page, "widget-he-1280-open");
    assert.equal(await page.evaluate(() => localStorage.length + document.cookie.length), 0, "nobody agreed to anything");
    // Closed, it counts what comes.
    await page.keyboard.press("Escape");
    await page.waitForSelector("blendline-chat .opener:focus");
    const worker = await look();
    await desk(worker, held, "talk");
    await accept(worker);
    await reply(worker, "כמובן");
    await page.waitForSelector("blendline-chat .badge >> text=1");
    await shot(page, "widget-he-1280-badge");
    await page.click("blendline-chat .opener");
    await heard(page, "כמובן");
    await settle(worker, "done");
    await page.click("blendline-chat .ask .no");
    await worker.waitForSelector(".offer .why >> text=it comes back to you");
  });

  check("goes on by long polling where WebSockets do not get through", async () => {
    far.refuse(/^upgrade: *websocket/im);
    const page = await look();
    await chat(page, far.url, "poll");
    await write(page, "over http");
    await sent(page, "over http");
    const worker = await look();
    await desk(worker, held, "poll");
    await accept(worker);
    await reply(worker, "I hear you");
    await heard(page, "I hear you");
    await write(page, "good");
    await shown(worker, "good");
    await reads(page, "blendline-chat li.me .text", ["over http", "good"], "each word once");
    await settle(worker, "done");
    await page.click("blendline-chat .ask .yes");
    await held.router.awaits("the customer confirmed", "/v1/events", (events) => events.some(({ event }) => event === "task_confirmed"));
    far.refuse(null);
  });

  check("gives way to another tab and comes back on a click", async () => {
    const first = await look();
    await chat(first, held.router.url, "tabs");
    await first.click("blendline-chat .keeping .yes");
    await write(first, "first tab");
    await sent(first, "first tab");
    const second = await beside(first);
    await chat(second, held.router.url, "tabs");
    await second.waitForSelector('blendline-chat .text >> text="first tab"');
    await first.click("blendline-chat .bar button");
    await second.waitForSelector("blendline-chat .bar button");
    await write(first, "back again");
    await sent(first, "back again");
    await reads(first, "blendline-chat li.me .text", ["first tab", "back again"], "each word once");
    // What he agreed to is in the register, and taken back it leaves nothing behind.
    const consents = () => held.router.all("/v1/consents");
    const kept = (await consents()).find(({ purposes }) => purposes.chat_memory);
    assert.deepEqual([kept.purposes.chat_memory.granted, kept.purposes.chat_memory.source], [true, "chat"]);
    await first.click("blendline-chat .forget");
    assert.equal(await first.evaluate(() => localStorage.length), 0);
    await held.router.awaits("it is taken back", "/v1/consents", (all) => all.some(({ purposes }) => purposes.chat_memory?.granted === false));
  });

  check("tells the worker what the visitor has seen, and the visitor that he was read", async () => {
    const page = await look();
    await chat(page, held.router.url, "marks");
    await write(page, "are you there?");
    await sent(page, "are you there?");
    const worker = await look();
    await desk(worker, held, "marks");
    await accept(worker);
    await page.waitForSelector("blendline-chat li.me .mark >> text=Seen");
    await reply(worker, "yes, we are");
    await heard(page, "yes, we are");
    await worker.waitForSelector('.message[data-from=worker][data-fate=seen] .fate >> text=Read');
    await shot(worker, "desk-en-1280-seen");
  });

  check("says that a flood is too much, keeps it, and sends it in its order by itself", async () => {
    const page = await look({ viewport: { width: 360, height: 640 } });
    await chat(page, held.router.url, "slow", "he");
    await linked(page);
    const lines = Array.from({ length: 7 }, (_, index) => `הודעה ${index + 1}`);
    for (const line of lines) await write(page, line);
    await page.waitForSelector("blendline-chat li.me[data-fate=slow]");
    await shot(page, "chat-he-360-slow");
    await sent(page, lines.at(-1));
    await reads(page, "blendline-chat li.me .text", lines, "the visitor's order");
    const [{ id }] = await held.router.awaits("there is a conversation", "/v1/conversations", (all) => all.filter(({ account }) => account === "slow"));
    const recorded = await held.router.all(`/v1/conversations/${id}/messages`);
    assert.deepEqual(recorded.map(({ text }) => text), lines);
  });

  check("says what is too long, and shows hostile text as text", async () => {
    const page = await look();
    page.on("dialog", (dialog) => page.faults.push(`a dialog opened: ${dialog.message()}`));
    await chat(page, held.router.url, "hostile");
    // A message has at most 8 KiB: 4,000 Hebrew letters are less, and 3,000 signs of three bytes are more.
    await write(page, "ש".repeat(4_000));
    await sent(page, "ש".repeat(4_000));
    await write(page, "₪".repeat(3_000));
    await page.waitForSelector("blendline-chat li.me[data-fate=long] .fate >> text=too long");
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>\u202Egnp.exe';
    await write(page, hostile);
    await page.waitForFunction(() => document.querySelector("blendline-chat").shadowRoot.querySelectorAll("li.me[data-fate=sent]").length === 2);
    assert.equal((await texts(page, "blendline-chat li.me .text")).at(-1), hostile);
    assert.equal(await page.title(), "Chat");
  });

  check("believes who a visitor is only with the company's signature", async () => {
    const worker = await look();
    await desk(worker, held, "known");
    const hmac = createHmac("sha256", IDENTITY_SECRET).update("4471").digest("hex");
    for (const [name, signature, title] of [["נועה לוי", hmac, "נועה לוי"], ["The Director", hmac.replaceAll("a", "b"), "Customer"]]) {
      const page = await look();
      await page.goto(`${shop.url}/?account=known&user=4471&name=${encodeURIComponent(name)}&hmac=${signature}`);
      await page.click("blendline-chat .opener");
      await linked(page);
      await write(page, "it is me");
      await accept(worker);
      await shown(worker, "it is me");
      assert.equal(await worker.textContent(".message[data-from=customer] .name"), title);
      await settle(worker, "done");
    }
  });

  check("says when it is not available, and when the network is gone", async () => {
    const page = await look();
    await chat(page, held.router.url, "no-such-chat");
    await page.waitForSelector("blendline-chat[data-link=closed] .bar");
    const other = await look();
    await chat(other, far.url, "talk", "he");
    await linked(other);
    far.cut();
    await unlinked(other);
    far.mend();
    await linked(other);
  });
});
