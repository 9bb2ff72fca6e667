// One matter from its first word to the wallboard: the customer writes in Hebrew from the widget, a worker answers, asks an
// approver, and passes it to the back office, where a peak of the front line interrupts it. The router dies in the middle.
// The customer says that it is solved, and how content he was; the manager sees it on the wallboard.

import assert from "node:assert/strict";
import { after, describe } from "node:test";
import { shot } from "./browser.mjs";
import { shopOf } from "./shop.mjs";
import { accept, away, check, desk, heard, linked, look, office, online, reads, reply, sent, settle, shown, unlinked, visitAs, write } from "./stage.mjs";

const SITE = "site";
const HELLO = "שלום! איך אפשר לעזור?";
const QUESTION = "עד כמה הייתם מרוצים מהטיפול? נשמח למספר: 1 (כלל לא) עד 5 (מאוד).";

describe("a whole matter", () => {
  let shop;
  const held = office(async () => {
    shop = await shopOf(() => held.router.url);
    return {
      queues: [
        { name: "service", side: "front", offer_ms: 600_000 },
        { name: "refunds", side: "back", offer_ms: 600_000, target_ms: 3_600_000, interruptible: true },
        { name: "approvals", side: "back", offer_ms: 600_000, target_ms: 3_600_000 },
      ],
      tenant: { satisfaction: `{ queues = ["refunds"], follow_up = "approvals", follow_up_ms = 7200000 }` },
      sites: [{ name: SITE, queue: "service", origins: [shop.url] }],
      workers: [
        { name: "דנה", queues: ["service"], capacity: 100 },
        { name: "רון", queues: ["service", "refunds"], capacity: 100 },
        { name: "מיכל", queues: ["approvals"] },
      ],
      others: [{ name: "מאיה", role: "supervisor" }],
    };
  });
  after(() => shop?.stop());
  const open = async (name) => {
    const page = await look({ locale: "he" });
    await desk(page, held, name, { lang: "he" });
    return page;
  };
  const presence = async (page, value) => {
    await page.click("#presence summary");
    await page.check(`#presence [value=${value}]`);
    await page.click("#presence form button");
    await page.waitForSelector(`#presence[data-presence=${value}]`);
  };

  check("goes from the widget over an approver and the back office to the wallboard, and loses no word", async () => {
    const { router } = held;
    const words = { customer: [], us: [] };
    const customer = await look({ locale: "he", viewport: { width: 420, height: 760 } });
    await customer.goto(`${shop.url}/?account=${SITE}&lang=he`);
    await customer.click("blendline-chat .opener");
    await linked(customer);
    const says = async (text) => {
      await write(customer, text);
      words.customer.push(text);
    };
    const answers = async (page, text) => {
      await reply(page, text);
      words.us.push(text);
      await shown(page, text);
    };

    const ron = await open("רון");
    await presence(ron, "busy");
    const dana = await open("דנה");
    await says("שלום, אפשר החזר על הזמנה 10482?");
    await accept(dana);
    await answers(dana, "שלום! מיד אבדוק.");
    await heard(customer, "שלום! מיד אבדוק.");

    // The approver is asked, and the customer's task waits for her.
    const michal = await open("מיכל");
    await settle(dana, "request", async () => {
      await dana.locator("[name=to] option[value='queue:approvals']").waitFor({ state: "attached" });
      await dana.selectOption("[name=to]", "queue:approvals");
      await dana.fill("[name=note]", "אפשר להחזיר ₪349?");
    });
    await accept(michal);
    await shown(michal, "אפשר להחזיר ₪349?");
    await settle(michal, "done", () => michal.fill("[name=note]", "כן, במלואו"));
    await accept(dana);
    await shown(dana, "כן, במלואו");

    // The router dies with a word on its way, and comes back.
    await router.kill();
    await Promise.all([unlinked(customer), away(dana)]);
    await says("יש חדש?");
    await reply(dana, "יש אישור, מעבירה לביצוע.");
    words.us.push("יש אישור, מעבירה לביצוע.");
    await router.startAgain();
    await Promise.all([linked(customer), online(dana), online(ron)]);
    await sent(customer, "יש חדש?");
    await heard(customer, "יש אישור, מעבירה לביצוע.");
    await shown(dana, "יש חדש?");

    // To the back office, whose worker is there now and the only one who is.
    await presence(ron, "ready");
    await presence(dana, "busy");
    await settle(dana, "transfer", async () => {
      await dana.locator("[name=to] option[value='queue:refunds']").waitFor({ state: "attached" });
      await dana.selectOption("[name=to]", "queue:refunds");
      await dana.fill("[name=note]", "להחזיר ₪349, מאושר");
    });
    await accept(ron);
    await shown(ron, "להחזיר ₪349, מאושר");
    await ron.fill(".composer textarea", "ההחזר");

    // A peak of the front line calls him away, and he has his work back after it, as he left it.
    const other = await router.visitor(SITE, "אורי");
    await other.say("האתר לא עובד");
    await router.awaits("the back work is interrupted", "/v1/events", (all) => all.find(({ event, reason }) => event === "task_withdrawn" && reason === "interrupted"));
    await ron.locator(".offer", { hasText: "האתר לא עובד" }).waitFor();
    await ron.waitForSelector(".notice >> text=יחזור אליך כפי שהשארת אותו");
    await shot(ron, "day-interrupted-he-1280");
    await accept(ron);
    await reply(ron.locator(".column:focus-within"), "הוא עובד שוב");
    await shown(ron, "הוא עובד שוב");
    await settle(ron, "done");
    await ron.locator(".offer .why", { hasText: "חוזר אליך" }).waitFor();
    await accept(ron);
    await shown(ron, "אפשר החזר על הזמנה 10482?");
    await ron.waitForFunction(() => document.querySelector(".column .composer textarea")?.value === "ההחזר");

    // The customer is told, and says that it is solved.
    await answers(ron, "ההחזר בוצע ויגיע תוך שלושה ימים");
    await heard(customer, "ההחזר בוצע ויגיע תוך שלושה ימים");
    await settle(ron, "done", () => ron.selectOption("[name=disposition]", "refunded"));
    // How content he was is asked on his own channel; he answers by a star, and that opens no new task.
    await heard(customer, QUESTION);
    words.us.push(QUESTION);
    await shot(customer, "day-stars-he-420");
    await customer.click("blendline-chat .stars [aria-label='4 / 5']");
    await sent(customer, "★★★★☆");
    words.customer.push("★★★★☆");
    await customer.locator("blendline-chat .stars").waitFor({ state: "detached" });
    await router.awaits("the customer's stars", "/v1/events", (all) => all.find(({ event, score }) => event === "satisfaction_answered" && score === 4));
    await customer.click("blendline-chat .ask .yes");
    await router.awaits("the customer confirmed", "/v1/events", (all) => all.find(({ event }) => event === "task_confirmed"));

    // The manager sees both on the wallboard, in the figures of the log.
    const maya = await look({ locale: "he" });
    await visitAs(maya, held, "מאיה", "/console/board", { lang: "he" });
    const solved = (queue, count) => maya.locator("#queues tbody tr", { hasText: queue }).locator("[data-field=solved]", { hasText: count }).waitFor();
    await solved("service", "1");
    await solved("refunds", "1");
    await solved("approvals", "1");
    await maya.locator("#queues tbody tr", { hasText: "refunds" }).locator("[data-field=rated]", { hasText: "4 ★ (1)" }).waitFor();
    await maya.locator("[data-tile=rated] dd", { hasText: "4 ★ (1)" }).waitFor();
    await shot(maya, "day-board-he-1280");

    // Nobody lost a word, and the customer read none that was not his.
    await reads(customer, "blendline-chat li.me .text", words.customer, "what the customer said");
    await reads(customer, "blendline-chat li.us .text", [HELLO, ...words.us], "what the customer was told");
    const conversations = await router.all("/v1/conversations");
    const mine = [];
    for (const { id } of conversations) {
      const lines = await router.all(`/v1/conversations/${id}/messages`);
      if (lines.some(({ text }) => text === words.customer[0])) mine.push(...lines);
    }
    assert.deepEqual(mine.filter(({ from }) => from === "customer").map(({ text }) => text), words.customer);
    assert.deepEqual(mine.filter(({ from }) => from === "worker").map(({ text }) => text), words.us);
  }, 120_000);
});
