// Hostile content: whatever people write is shown as they wrote it; nothing of it runs, and nothing is fetched for it.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { BIDI, MARK, PAYLOADS } from "./payloads.mjs";
import { accept, chat, check, desk, linked, look, office, texts, visitAs } from "./stage.mjs";
import { RULES } from "./rules.mjs";
import { until } from "./within.mjs";

const TURNS = /[\u202a-\u202e\u2066-\u2069]/u;

describe("hostile content", () => {
  const held = office(() => ({
    queues: [{ name: "service", side: "front", offer_ms: 600_000 }, { name: "chats", side: "front", offer_ms: 600_000 }, { name: "items", side: "back" }],
    sites: [{ name: "site", queue: "chats" }],
    workers: [{ name: "dana", queues: ["service"], capacity: 500 }, { name: "noa", queues: ["chats"] }, { name: "items", queues: ["items"], accept: "auto", capacity: 20_000 }],
    others: [{ name: "boss", role: "admin" }],
    rules: RULES,
  }));

  /** A page on which everything is noted that a payload could bring about. */
  const watched = async () => {
    const page = await look();
    page.asked = [];
    page.on("request", (request) => page.asked.push(request.url()));
    page.on("dialog", (dialog) => page.faults.push(`a dialog opened: ${dialog.message()}`));
    page.on("popup", () => page.faults.push("a window opened"));
    return page;
  };
  /** Nothing ran, nothing was fetched, and the page is where it was. */
  const unharmed = async (page, path) => {
    assert.equal(await page.evaluate((mark) => window[mark], MARK), undefined, "something ran");
    assert.deepEqual(page.asked.filter((url) => !url.startsWith(held.router.url) && !url.startsWith("blob:")), [], "something was fetched");
    assert.ok(page.url().startsWith(`${held.router.url}${path}`), page.url());
    assert.equal(await page.evaluate(() => document.querySelectorAll("iframe, object, embed, base, [onerror], [onload], [onfocus], [style*='url']").length), 0);
  };

  check(`shows ${PAYLOADS.length} messages at the desk as they were written`, async () => {
    assert.ok(PAYLOADS.length >= 100);
    const from = "972500000077";
    const page = await watched();
    await desk(page, held, "dana");
    for (const payload of PAYLOADS) await held.router.whatsapp(from, "\"><img src=x onerror=alert(1)>\u202Egnp", payload);
    await accept(page);
    if (await page.isVisible("[data-do=earlier]")) await page.click("[data-do=earlier]");
    await until("every message is shown", async () => (await texts(page, ".column .message .text")).length === PAYLOADS.length);
    assert.deepEqual(await texts(page, ".column .message .text"), PAYLOADS);
    assert.equal(await page.locator(".column .message .text:not([dir=auto])").count(), 0, "every message has its own direction");
    assert.match(await page.textContent("#tabs .name"), /\[U\+202E\]gnp/);
    await unharmed(page, "/desk");
  });

  check("shows titles, fields and names that try to break out, with what turns direction made visible", async () => {
    const page = await watched();
    await desk(page, held, "items");
    for (const payload of PAYLOADS) await held.router.push({ queue: "items", title: payload, text: payload, fields: { [payload.slice(0, 60)]: payload } });
    await until("every item has its tab", async () => (await page.locator("#tabs li").count()) === PAYLOADS.length, 30_000);
    const titles = await texts(page, "#tabs .name");
    assert.deepEqual(titles.filter((title) => TURNS.test(title)), []);
    for (const payload of BIDI.filter((text) => TURNS.test(text))) assert.ok(titles.some((title) => title.includes("[U+20")), payload);
    await unharmed(page, "/desk");
  });

  check("shows the same to the customer, and in the console", async () => {
    const page = await watched();
    await chat(page, held.router.url, "site");
    await linked(page);
    await page.fill("blendline-chat textarea", PAYLOADS[0]);
    await page.press("blendline-chat textarea", "Enter");
    const task = await held.router.awaits("the task is there", "/v1/tasks?queue=chats&open=true", ([one]) => one);
    const worker = await watched();
    await desk(worker, held, "noa");
    await accept(worker);
    const mine = await held.router.awaits("it is hers", "/v1/tasks?worker=noa&open=true", (all) => all.find(({ state }) => state === "active"));
    for (const [index, text] of PAYLOADS.entries()) {
      await held.router.api("POST", `/v1/tasks/${task.id}/reply`, { worker: "noa", lease: mine.lease, key: `k${index}`, content: { type: "text", text } });
    }
    await until("every reply is heard", async () => (await page.locator("blendline-chat li.us .text").count()) === PAYLOADS.length + 1, 30_000);
    assert.deepEqual((await texts(page, "blendline-chat li.us .text")).slice(1), PAYLOADS);
    await unharmed(page, "/chat/site");
    const boss = await watched();
    await visitAs(boss, held, "boss", `/console/work/${task.id}`);
    await until("the transcript is shown", async () => (await boss.locator(".transcript .text").count()) === PAYLOADS.length + 1);
    await unharmed(boss, "/console/work");
    // Faults of rules repeat what was written, and so do the lists.
    await visitAs(boss, held, "boss", "/console/rules");
    await boss.waitForFunction(() => document.querySelector("#rules-text").value.length > 0);
    const names = PAYLOADS.filter((text) => !/[\n\u2028\u2029]/.test(text)).map((text) => `  - {name: ${JSON.stringify(text)}, queue: ${JSON.stringify(text)}}`);
    await boss.fill("#rules-text", `${RULES}${names.join("\n")}\n`);
    await boss.waitForSelector(".faults li");
    await unharmed(boss, "/console/rules");
    await boss.fill("#rules-text", await boss.inputValue("#rules-text").then(() => held.router.api("GET", "/v1/rules")).then(({ set }) => set.text));
    await held.router.whatsapp("972500000078", "x", PAYLOADS.join(" "), true);
    await visitAs(boss, held, "boss", "/console/quarantine");
    await boss.locator("#quarantine tbody [data-do=look]").first().click();
    await unharmed(boss, "/console/quarantine");
  });

  check("keeps numbers, amounts and addresses in their order within Hebrew", async () => {
    const page = await watched();
    await desk(page, held, "dana");
    const said = "התקשרו אל +972 50 123 4567 או כתבו אל dana@shop.example לגבי ₪-149.90 על SKU-77 עד 3/12/2026. 5 ימים";
    await held.router.whatsapp("972500000079", "רינה", said);
    await accept(page);
    await page.waitForFunction((text) => [...document.querySelectorAll(".message .text")].some((one) => one.textContent === text), said);
    /** The order of these words on the screen, from left to right. */
    const order = (words) => page.evaluate(([text, words]) => {
      const place = [...document.querySelectorAll(".message .text")].find((one) => one.textContent === text);
      const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
      const found = [];
      for (let node; (node = walker.nextNode()); ) {
        for (const word of words) {
          const at = node.data.indexOf(word);
          if (at < 0) continue;
          const range = document.createRange();
          range.setStart(node, at);
          range.setEnd(node, at + word.length);
          found.push([word, range.getBoundingClientRect().left]);
        }
      }
      return found.sort(([, one], [, other]) => one - other).map(([word]) => word);
    }, [said, words]);
    assert.deepEqual(await order(["+", "972", "50", "123", "4567"]), ["+", "972", "50", "123", "4567"]);
    assert.deepEqual(await order(["dana", "shop", "example"]), ["dana", "shop", "example"]);
    assert.deepEqual(await order(["SKU", "77"]), ["SKU", "77"]);
    assert.deepEqual(await order(["149", "90"]), ["149", "90"]);
    assert.deepEqual(await order(["3/12/2026", "ימים"]), ["ימים", "3/12/2026"], "the end of a sentence is no part of a date");
    assert.equal((await order(["התקשרו", "כתבו"]))[1], "התקשרו", "the sentence itself reads from the right");
  });
});
