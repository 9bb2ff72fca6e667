// Photographs of every page in both languages, three widths, light and dark, to be looked at. Run by run.mjs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { shot } from "./browser.mjs";
import { base, chat, look, mock, online, signIn, write } from "./stage.mjs";

/** Some work to look at: an offer, and three conversations that are open. */
async function furnish(page) {
  const now = Date.now();
  const said = (from, name, text, before) => ({ from, name, text, at: now - before * 1_000 });
  mock.task({ offered: false, messages: [said("customer", "Dana Levi", "Hi, my order 10482 came without the charger.", 200), said("worker", "dana", "I am sorry. I am checking what happened at the warehouse.", 150), said("customer", "Dana Levi", "Thanks! I need it before Thursday.", 40)], earned_at: now - 40_000, due_at: now + 140_000, fields: { order: "10482", segment: "gold", amount: 34900 } });
  mock.task({ offered: false, queue: "החזרות ומלאי", messages: [said("customer", "משה כהן", "שלום, הזמנתי 3 יחידות של SKU-77 וקיבלתי 2. מה עושים?", 400), said("note", "yossi", "נבדק במחסן: היחידה השלישית יצאה היום במשלוח 5512.", 300), said("customer", "משה כהן", "אפשר זיכוי של ₪149.90 לכרטיס?", 250)], earned_at: now - 250_000, due_at: now - 70_000 });
  mock.task({ offered: false, kind: "request", side: "back", queue: "refunds", title: "Refund of ₪349.00 for order 10482", messages: [said("note", "yossi", "Please approve: the charger is out of stock until Sunday.", 3_000)], earned_at: now - 3_000_000, due_at: now + 9_000_000 });
  mock.task({ messages: [said("customer", "أحمد", "مرحبا، متى يصل الطلب رقم 22871؟", 30)], earned_at: now - 30_000 });
  mock.task({ kind: "item", side: "back", queue: "refunds", title: "זיכוי ידני – חשבונית 8841", earned_at: now - 5_000_000, due_at: now + 3_600_000 });
  await page.reload();
  await online(page);
}

describe("photographs", { skip: process.env.BLENDLINE_URL || !process.env.BLENDLINE_SHOTS ? "BLENDLINE_SHOTS names no directory" : false }, () => {
  for (const lang of ["en", "he"]) {
    for (const [width, height] of [[360, 740], [1280, 800], [2560, 1300]]) {
      for (const colorScheme of ["light", "dark"]) {
        test(`${lang} ${width} ${colorScheme}`, async () => {
          const name = `${lang}-${width}-${colorScheme}`;
          const page = await look({ viewport: { width, height }, colorScheme, locale: lang });
          await page.goto(`${base}/sign-in?lang=${lang}`);
          await shot(page, `sign-in-${name}`);
          await signIn(page, base, lang);
          await shot(page, `desk-idle-${name}`);
          await furnish(page);
          await page.waitForSelector(".offer");
          await shot(page, `desk-${name}`);
          if (width === 360) {
            await page.click("#tabs li:nth-child(2) button");
            await shot(page, `desk-reading-${name}`);
          }
          await page.locator(".acts [data-form=request]:visible").first().click();
          await page.waitForSelector(".sheet-form optgroup option", { state: "attached" });
          await shot(page, `desk-form-${name}`);
          mock.tasks.clear();
          await chat(page, lang);
          await write(page, lang === "he" ? "שלום, איפה הזמנה 10482? (SKU-77)" : "Hello, where is order 10482?");
          await page.waitForSelector("blendline-chat li.me[data-fate=sent]");
          const visitor = [...mock.visitors.values()].at(-1);
          mock.place(visitor, { from: "agent", name: "דנה", text: "Checking… אחזור אליך בהקדם", client_id: null });
          mock.toVisitor(visitor, { type: "typing" });
          mock.setState(visitor, "solved");
          await page.waitForSelector("blendline-chat .ask:not([hidden])");
          await shot(page, `chat-${name}`);
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
          assert.equal(overflow, false);
        });
      }
    }
  }
});
