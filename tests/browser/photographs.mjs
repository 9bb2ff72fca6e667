// Every page in both languages, wide and narrow, in light and dark. Nothing may stick out, and axe-core may find nothing
// serious; with `BLENDLINE_SHOTS` all of it is photographed, to be looked at.

import { after, describe } from "node:test";
import { takesShots } from "./browser.mjs";
import { FIRST_PASSWORD, PASSWORD, TENANT } from "./router.mjs";
import { recordedHour } from "./rules.mjs";
import { shopOf } from "./shop.mjs";
import { accept, away, beside, chat, check, desk, linked, look, office, online, reply, sent, settle, shown, visitAs, write } from "./stage.mjs";
import { everyWidth } from "./widths.mjs";

const HOUR_MS = 3_600_000;

for (const lang of ["en", "he"]) {
  describe(`the pages in ${lang}`, () => {
    const he = lang === "he";
    const [front, back, site] = he ? ["שירות", "החזרות-ומלאי", "אתר"] : ["service", "returns-and-stock", "site"];
    // Whoever works on cases has work of her own: how long the other pages took changes nothing for her.
    const [matters, shopfront] = he ? ["עניינים", "חנות"] : ["matters", "shopfront"];
    let far;
    let shop;
    const held = office(async (wire) => {
      far = await wire();
      shop = await shopOf(() => held.router.url);
      return {
        queues: [{ name: front, side: "front", offer_ms: 600_000 }, { name: back, side: "back", target_ms: HOUR_MS, offer_ms: 600_000 }, { name: matters, side: "front", offer_ms: 600_000 }],
        sites: [{ name: site, queue: front, origins: [shop.url] }, { name: shopfront, queue: matters }],
        workers: [{ name: he ? "דנה" : "dana", queues: [front, back], capacity: 500 }, { name: he ? "יוסי" : "yossi", queues: [back] }, { name: he ? "מיכל" : "michal", queues: [matters], capacity: 300 }],
        newcomers: [he ? "יוסי" : "yossi"],
        others: [{ name: he ? "רונית" : "ronit", role: "admin" }],
        rules: rulesOf(he),
        // Nobody listens there: the page that says so is looked at.
        oidc: { issuer: "http://127.0.0.1:9", client_id: "blendline", url: "https://desk.example" },
      };
    });
    after(() => shop?.stop());
    const worker = () => held.router.organisation.workers[0].name;

    check(`the door, ${lang}`, async () => {
      const page = await look({ locale: lang });
      await page.goto(`${held.router.url}/sign-in?lang=${lang}`);
      await everyWidth(page, `sign-in-${lang}`);
      for (const [name, text] of [["tenant", TENANT], ["name", worker()], ["password", "not the password"]]) await page.fill(`[name=${name}]`, text);
      await page.click("button[type=submit]");
      await page.waitForSelector("#fault:not([hidden])");
      await everyWidth(page, `sign-in-wrong-${lang}`);
      await page.fill("[name=name]", held.router.organisation.newcomers[0]);
      await page.fill("[name=password]", FIRST_PASSWORD);
      await page.click("button[type=submit]");
      await page.waitForURL("**/password**");
      await everyWidth(page, `password-${lang}`);
      await page.fill("[name=old]", FIRST_PASSWORD);
      await page.fill("[name=new]", "short");
      await page.click("button[type=submit]");
      await page.waitForSelector("#fault:not([hidden])");
      await everyWidth(page, `password-weak-${lang}`);
      await page.goto(`${held.router.url}/sign-in?lang=${lang}`);
      await page.click("#company");
      await page.waitForURL("**/sign-in/company?**");
      await everyWidth(page, `company-refused-${lang}`);
      await page.click(".again a");
      await page.waitForURL("**/sign-in");
    });

    check(`the chat, ${lang}`, async () => {
      const page = await look({ locale: lang });
      await chat(page, held.router.url, encodeURIComponent(site), lang);
      await linked(page);
      await everyWidth(page, `chat-empty-${lang}`);
      const first = he ? "שלום, איפה הזמנה 10482? (SKU-77)" : "Hello, where is order 10482? (SKU-77)";
      await write(page, first);
      await sent(page, first);
      const colleague = await look({ locale: lang });
      await desk(colleague, held, worker(), { lang });
      await accept(colleague);
      const answer = he ? "בודקת… the courier has it, מספר משלוח AB-5512/3" : "Checking… השליח כבר בדרך, parcel AB-5512/3";
      await reply(colleague, answer);
      await page.waitForSelector(`blendline-chat li.us:nth-child(3)`);
      await write(page, "https://shop.example/orders/10482?tab=history&from=%D7%94%D7%96%D7%9E%D7%A0%D7%95%D7%AA-and-a-very-long-address-without-any-space");
      await write(page, he ? "שתי שורות,\nהשנייה: ₪349.90" : "Two lines,\nthe second: ₪349.90");
      await page.waitForFunction(() => document.querySelector("blendline-chat").shadowRoot.querySelectorAll("li.me[data-fate=sent]").length === 3);
      await everyWidth(page, `chat-${lang}`);
      await settle(colleague, "done");
      await page.waitForSelector("blendline-chat .ask:not([hidden])");
      await everyWidth(page, `chat-solved-${lang}`);
      await page.click("blendline-chat .ask .yes");
      await everyWidth(page, `chat-thanks-${lang}`);
    });

    check(`the widget, ${lang}`, async () => {
      const page = await look({ locale: lang });
      await page.goto(`${shop.url}/?account=${encodeURIComponent(site)}&lang=${lang}`);
      await page.waitForSelector("blendline-chat .opener");
      await everyWidth(page, `widget-closed-${lang}`);
      await page.click("blendline-chat .opener");
      await linked(page);
      await everyWidth(page, `widget-open-${lang}`);
    });

    check(`the desk, ${lang}`, async () => {
      const { router } = held;
      const page = await look({ locale: lang });
      await desk(page, held, worker(), { from: far.url, lang });
      await everyWidth(page, `desk-idle-${lang}`);
      await page.click("#presence summary");
      await everyWidth(page, `desk-presence-${lang}`);
      await page.keyboard.press("Escape");
      await page.click("#me summary");
      await everyWidth(page, `desk-me-${lang}`);
      await page.keyboard.press("Escape");
      await page.click("#log-contact");
      await page.waitForSelector("#log-form [name=queue] option:nth-child(2)", { state: "attached" });
      await page.click("#log-form button.primary");
      await everyWidth(page, `desk-log-${lang}`);
      await page.keyboard.press("Escape");

      await furnish(router, page, { site, front, back, he });
      await everyWidth(page, `desk-reading-item-${lang}`);
      await page.setViewportSize({ width: 360, height: 740 });
      await page.click(".column:focus-within [data-do=back]");
      await everyWidth(page, `desk-${lang}`);
      await page.click("[data-do=decline]");
      await everyWidth(page, `desk-decline-${lang}`);
      await page.click("[data-do=decline]");
      await page.setViewportSize({ width: 360, height: 740 });
      await page.click("#tabs li:nth-child(2) button");
      await everyWidth(page, `desk-reading-${lang}`);
      for (const name of ["done", "snooze", "transfer", "request", "refuse"]) {
        const column = page.locator(".column:focus-within");
        await column.locator(`.acts [data-form=${name}]`).click();
        if (["transfer", "request"].includes(name)) {
          await page.waitForSelector(".sheet-form optgroup option", { state: "attached" });
          await column.locator(".sheet-form button.primary").click();
        }
        await everyWidth(page, `desk-form-${name}-${lang}`);
        await page.keyboard.press("Escape");
      }
      far.cut();
      await away(page);
      await reply(page.locator(".column:focus-within"), he ? "עדיין כאן" : "still here");
      await everyWidth(page, `desk-cut-${lang}`);
      far.mend();
      await online(page);
      const second = await beside(page);
      await second.goto(`${far.url}/desk`);
      await page.waitForSelector("#elsewhere[open]");
      await everyWidth(page, `desk-elsewhere-${lang}`);
    });

    check(`the console, ${lang}`, async () => {
      const { router } = held;
      const boss = he ? "רונית" : "ronit";
      const page = await look({ locale: lang });
      const open = (place) => visitAs(page, held, boss, `/console/${place}`, { lang });
      await router.push({ queue: back, title: he ? "זיכוי ידני – חשבונית 8842" : "Manual credit – invoice 8842", text: "PDF" });
      await open("board");
      await page.waitForSelector("#queues tbody tr");
      await page.waitForSelector("#link[data-state=online]");
      await everyWidth(page, `console-board-${lang}`);
      await open("people");
      await page.waitForSelector("#people tbody tr");
      await everyWidth(page, `console-people-${lang}`);
      await open("work");
      await page.waitForSelector("#tasks tbody tr");
      await everyWidth(page, `console-work-${lang}`);
      const waiting = await router.awaits("something waits", "/v1/tasks?open=true", (all) => all.find(({ state }) => state === "waiting" || state === "offered"));
      await open(`work/${waiting.id}`);
      await page.waitForSelector(".reasons li");
      await everyWidth(page, `console-task-${lang}`);
      const { sha256 } = await router.api("PUT", "/v1/rules/draft", { text: rulesOf(he) });
      await router.api("POST", "/v1/rules/publish", { sha256, reason: he ? "זיכויים עוברים לעורף המשרד" : "Refunds go to the back office" });
      await open("rules");
      await page.waitForFunction(() => document.querySelector("#rules-text").value.length > 0);
      await page.fill("#rules-text", rulesOf(he).replace("side: back", "side: bakc").replace("queue: ", "queue: service\n    targe: "));
      await page.waitForSelector(".faults li:nth-child(2)");
      await page.click(".faults li button");
      await everyWidth(page, `console-rules-faults-${lang}`);
      await page.fill("#rules-text", rulesOf(he).replace("target: 1h", "target: 30m").replace("[החזר, זיכוי, refund]", "[זיכוי, voucher]"));
      await page.waitForSelector("#publish:not([disabled])");
      await everyWidth(page, `console-rules-${lang}`);
      await page.click("#tab-diff");
      await everyWidth(page, `console-rules-diff-${lang}`);
      await page.click("#tab-try");
      await page.fill("#try-form [name=text]", he ? "מגיע לי זיכוי על הזמנה 10482" : "I want a voucher for order 10482");
      await page.click("#try-form button.primary");
      await page.waitForSelector("#part-try .tried li");
      await everyWidth(page, `console-rules-try-${lang}`);
      await page.click("#tab-replay");
      await page.setInputFiles("#replay-form [name=day]", { name: "hour.jsonl", mimeType: "text/plain", buffer: Buffer.from(recordedHour(240)) });
      await page.click("#replay-form button.primary");
      await page.waitForSelector("#replayed svg rect");
      await everyWidth(page, `console-rules-replay-${lang}`);
      await page.click("#tab-versions");
      await page.waitForSelector("#versions tbody tr");
      await everyWidth(page, `console-rules-versions-${lang}`);
      await page.click("#publish");
      await everyWidth(page, `console-rules-publish-${lang}`);
      await page.click("#publish-dialog [data-do=cancel]");
      page.on("dialog", (dialog) => dialog.accept());
      await router.whatsapp("972500000001", he ? "רינה" : "Rina", "my order never came", true);
      await open("quarantine");
      await page.click("#quarantine [data-do=look]");
      await everyWidth(page, `console-quarantine-${lang}`);
      for (const section of ["accounts", "users", "keys", "audit"]) {
        await open(section);
        await page.waitForSelector(`#${section} tbody tr`);
        await everyWidth(page, `console-${section}-${lang}`);
      }
      await open("users");
      await page.click("[data-do=add]");
      await page.click("#add-user button.primary");
      await everyWidth(page, `console-user-add-${lang}`);
    }, takesShots ? 240_000 : undefined);

    check(`cases, ${lang}`, async () => {
      const { router } = held;
      const page = await look({ locale: lang });
      await desk(page, held, he ? "מיכל" : "michal", { lang });
      const visitor = await router.visitor(shopfront, he ? "תמר אלון" : "Tamar Alon");
      await visitor.say(he ? "ההזמנה שלי לא הגיעה" : "My order did not come");
      await page.locator(".offer", { hasText: he ? "ההזמנה שלי" : "My order did" }).locator("[data-do=accept]").click();
      const talk = page.locator(".column:focus-within");
      await talk.locator("[data-do=open-case]").click();
      await talk.locator("[name=order]").fill("SO-1017");
      await talk.locator("[name=credit]").fill("129.905");
      await talk.locator(".sheet-form button.primary").click();
      await everyWidth(page, `desk-case-open-${lang}`);
      await talk.locator("[name=credit]").fill("129,90");
      await talk.locator(".sheet-form button.primary").click();
      await talk.locator(".case-way li").first().waitFor();
      await everyWidth(page, `desk-case-${lang}`);
      await talk.locator(".case-move").first().click();
      await talk.locator(".case-form button.primary").click();
      await everyWidth(page, `desk-case-move-${lang}`);
      await talk.locator(".case-form [name=reason]").selectOption("not_received");
      await talk.locator(".case-form button.primary").click();
      await talk.locator(".case-way li[data-state=done]").waitFor();
      await talk.locator(".case-history summary").click();
      await talk.locator(".case-history li").nth(3).waitFor();
      await talk.locator(".case-history").scrollIntoViewIfNeeded();
      await everyWidth(page, `desk-case-history-${lang}`);

      const [{ id, links }] = await router.all("/v1/cases");
      const task = await router.awaits("the customer's task", "/v1/tasks?open=true", (all) => all.find(({ matter, kind }) => matter === links.matter && kind === "conversation"));
      const { path } = await router.api("POST", `/v1/tasks/${task.id}/status-link`, {});
      const status = await look({ locale: lang });
      await status.goto(`${router.url}${path}?lang=${lang}`);
      await everyWidth(status, `status-case-${lang}`);

      const boss = await look({ locale: lang });
      await visitAs(boss, held, he ? "רונית" : "ronit", "/console/cases", { lang });
      await boss.waitForSelector("#cases tbody tr");
      await everyWidth(boss, `console-cases-${lang}`);
      await visitAs(boss, held, he ? "רונית" : "ronit", `/console/cases/${id}`, { lang });
      await boss.locator(".case-history li").first().waitFor();
      await everyWidth(boss, `console-case-${lang}`);
    }, takesShots ? 240_000 : undefined);
  });
}

/** Rules as people of that language would write them. */
function rulesOf(he) {
  const [queue, list] = he ? ["זיכויים", "זיכוי"] : ["refunds", "refund"];
  return `# ${he ? "הכללים של החנות" : "The shop's rules"}
version: 1
zone: Asia/Jerusalem

queues:
  ${he ? "כללי" : "general"}: {side: front, target: 2m}
  ${queue}: {side: back, target: 1h, interruptible: true, protected: 20%}

groups:
  ${he ? "משרד" : "office"}: {queues: [${he ? "כללי" : "general"}, ${queue}], workers: [${he ? "דנה" : "dana"}]}

keywords:
  ${list}: [החזר, זיכוי, refund]

rules:
  - name: ${he ? "זיכויים" : "refunds"}
    when: mentions('${list}')
    queue: ${queue}

cases:
  delivery-problem: {like: delivery-problem, queues: {service: ${he ? "כללי" : "general"}, warehouse: ${queue}}}
`;
}

/** Some work to look at: two offers, and three tasks that are open. */
async function furnish(router, page, { site, front, back, he }) {
  const visitor = await router.visitor(site, "Dana Levi");
  await visitor.say("Hi, my order 10482 came without the charger.");
  await accept(page);
  await reply(page, "I am sorry. I am checking what happened at the warehouse.");
  await visitor.say("Thanks! I need it before Thursday.");
  await shown(page, "Thanks! I need it before Thursday.");
  const other = await router.visitor(site, "משה כהן");
  await other.say("שלום, הזמנתי 3 יחידות של SKU-77 וקיבלתי 2. מה עושים?");
  await accept(page);
  await reply(page.locator(".column:focus-within"), "נבדק במחסן: היחידה השלישית יצאה במשלוח 5512.");
  await other.say("אפשר זיכוי של ₪149.90 לכרטיס?");
  await shown(page, "אפשר זיכוי של ₪149.90 לכרטיס?");
  await router.push({ queue: back, title: "Refund of ₪349.00 for order 10482", text: "Please approve: the charger is out of stock until Sunday.", fields: { order: "10482", segment: "gold", amount: 34900, "מספר לקוח": "IL-0057" } });
  await accept(page);
  await (await router.visitor(site, "أحمد")).say("مرحبا، متى يصل الطلب رقم 22871؟");
  await router.push({ queue: back, title: he ? "זיכוי ידני – חשבונית 8841" : "Manual credit – invoice 8841 זיכוי ידני", text: "PDF" });
  await page.waitForFunction(() => document.querySelectorAll(".offer").length === 2);
  await online(page);
}
