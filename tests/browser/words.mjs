// Nobody loses or repeats a word: a customer and a worker talk in Hebrew while both networks drop and come back, and the
// router is killed, ended and started again between. Every word is counted at both ends and in the record.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { shot } from "./browser.mjs";
import { accept, away, chat, check, linked, look, office, online, reads, reply, settle, signIn, unlinked, write } from "./stage.mjs";

const SITE = "shop";

describe("a conversation", () => {
  let near;
  let far;
  const held = office(async (wire) => {
    near = await wire();
    far = await wire();
    return {
      queues: [{ name: "service", side: "front" }],
      sites: [{ name: SITE, queue: "service", origins: [near.url] }],
      workers: [{ name: "dana", queues: ["service"] }],
    };
  });

  check("loses, repeats and moves no word, though both networks drop and the router dies", async () => {
    const { router } = held;
    const visitor = await look({ viewport: { width: 420, height: 760 }, locale: "he" });
    const worker = await look({ locale: "he" });
    const talk = new Talk(visitor, worker);
    await signIn(worker, far.url, "dana", "he");
    await chat(visitor, near.url, SITE, "he");
    await visitor.click("blendline-chat .keeping .yes");
    await talk.customer("שלום, איפה ההזמנה שלי?");
    await accept(worker);
    await talk.worker("שלום! מיד אבדוק.");
    await talk.settled("before anything happened");

    // The customer's network drops: what he writes is kept, and what the worker writes waits for him.
    near.cut();
    await unlinked(visitor);
    await talk.customer("אני כאן?", "אין לי רשת");
    await talk.worker("מצאתי את ההזמנה");
    await shot(visitor, "chat-he-420-cut");
    near.mend();
    await talk.settled("after the customer's network dropped");

    // The worker's drops.
    far.cut();
    await away(worker);
    await talk.worker("היא אצל השליח", "ותגיע מחר");
    await talk.customer("תודה, ומתי?");
    await shot(worker, "desk-he-1280-cut");
    far.mend();
    await talk.settled("after the worker's network dropped");

    // Both drop, and meanwhile the router is killed and started again.
    near.cut();
    far.cut();
    await unlinked(visitor);
    await away(worker);
    await talk.customer("ומה עם המטען?");
    await talk.worker("המטען בחבילה", "והחשבונית במייל");
    await router.kill();
    await talk.customer("יש כאן מישהו?");
    await router.startAgain();
    near.mend();
    far.mend();
    await talk.settled("after a kill while both networks were down");

    // The router is killed with words on their way, whose fate nobody knows.
    await talk.customer("רגע,", "עוד שאלה");
    await talk.worker("בבקשה");
    await router.kill();
    await Promise.all([unlinked(visitor), away(worker)]);
    await talk.customer("אפשר לשנות כתובת?");
    await talk.worker("אפשר, לאן?");
    await router.startAgain();
    await talk.settled("after a kill with words on their way");

    // It ends in order, and says so.
    await talk.customer("לרחוב הרצל 5");
    await talk.worker("רשמתי");
    await router.stop();
    await talk.customer("חיפה");
    await talk.worker("תודה");
    await router.startAgain();
    await talk.settled("after an end in order");

    // Networks that are gone without a word swallow what is said; whoever finds another says it again.
    near.silence();
    far.silence();
    await talk.customer("שומעים אותי?");
    await talk.worker("ההזמנה עודכנה");
    near.mend();
    far.mend();
    for (const page of [visitor, worker]) await page.evaluate(() => dispatchEvent(new Event("online")));
    await talk.settled("after two silent networks");

    // Both windows are loaded anew with words that were not sent, and more of them than may be sent at once.
    near.cut();
    far.cut();
    await unlinked(visitor);
    await away(worker);
    await talk.customer(..."אחת שתיים שלוש ארבע חמש שש שבע".split(" "));
    await talk.worker("שאלה אחרונה:", "לאשר את המשלוח?");
    await worker.fill(".composer textarea", "טיוטה שלא נשלחה");
    near.mend();
    far.mend();
    await Promise.all([visitor.reload(), worker.reload()]);
    await Promise.all([linked(visitor), online(worker)]);
    await talk.customer("כן, לאשר");
    await talk.settled("after both windows were loaded anew");
    assert.equal(await worker.inputValue(".composer textarea"), "טיוטה שלא נשלחה", "the draft is still a draft");

    // The record has the same, and so have windows that are opened now.
    const [conversation] = (await router.all("/v1/conversations")).map(({ id }) => id);
    const lines = await router.all(`/v1/conversations/${conversation}/messages`);
    const saidBy = (from) => lines.filter((line) => line.from === from).map(({ text }) => text);
    assert.deepEqual(saidBy("customer"), talk.words.customer, "the customer's words in the record");
    assert.deepEqual(saidBy("worker"), talk.words.worker, "the worker's words in the record");
    assert.deepEqual(lines.map(({ seq }) => seq), lines.map((_, index) => index + 1), "no place is empty or taken twice");
    assert.equal((await router.all("/v1/conversations")).length, 1, "one conversation, whatever happened");
    assert.equal((await router.all("/v1/tasks")).length, 1, "and one task");
    await Promise.all([visitor.reload(), worker.reload()]);
    await Promise.all([linked(visitor), online(worker)]);
    await talk.settled("in windows opened now");

    await settle(worker, "done");
    await visitor.click("blendline-chat .ask .yes");
    await router.awaits("the customer confirmed", "/v1/events", (events) => events.some(({ event }) => event === "task_confirmed"));
  }, 120_000);
});

/** Both ends of a conversation, and every word that was written at either. */
class Talk {
  constructor(visitor, worker) {
    this.pages = { customer: visitor, worker };
    this.words = { customer: [], worker: [] };
  }

  async customer(...lines) {
    for (const line of lines) {
      await write(this.pages.customer, line);
      this.words.customer.push(line);
    }
  }

  async worker(...lines) {
    for (const line of lines) {
      await reply(this.pages.worker, line);
      this.words.worker.push(line);
    }
  }

  /** Waits until both ends show every word once, in the order in which it was written, and none on its way. */
  async settled(when) {
    const { customer, worker } = this.pages;
    // A page that was loaded anew shows its work a moment after it is online.
    await worker.locator(".message").first().waitFor();
    const earlier = worker.locator("[data-do=earlier]:visible");
    if (await earlier.count()) await earlier.click();
    for (const [page, selector, words] of [
      [worker, ".message[data-from=customer] .text", this.words.customer],
      [worker, ".message[data-from=worker] .text", this.words.worker],
      [customer, "blendline-chat li.me .text", this.words.customer],
      // The greeting is the widget's own.
      [customer, "blendline-chat li.us .text", [HELLO, ...this.words.worker]],
    ]) {
      await reads(page, selector, words, `${selector}, ${when}`);
    }
    await customer.waitForFunction(() => !document.querySelector("blendline-chat").shadowRoot.querySelector("li.me:not([data-fate=sent])"));
    await worker.waitForFunction(() => !document.querySelector(".message:is([data-fate=sending], [data-fate=failed])"));
  }
}

const HELLO = "שלום! איך אפשר לעזור?";
