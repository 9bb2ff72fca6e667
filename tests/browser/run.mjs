// Drives the pages in Chromium: `npm ci && node --test run.mjs`.
//
//   BLENDLINE_URL       a running router; without it the mock of this directory is started
//   BLENDLINE_TENANT, BLENDLINE_USER, BLENDLINE_PASSWORD, BLENDLINE_ACCOUNT   who signs in there, and which chat
//   BLENDLINE_SHOTS     a directory for photographs
//   BLENDLINE_PAGES     a built `pages` example, so that cargo is not asked
//   CHROMIUM            another browser than Debian's

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { launch, shot, visit } from "./browser.mjs";
import { wire } from "./cut.mjs";
import { Mock } from "./mock.mjs";

const { BLENDLINE_URL, BLENDLINE_TENANT = "demo", BLENDLINE_USER = "dana", BLENDLINE_PASSWORD = "right", BLENDLINE_ACCOUNT = "demo-site" } = process.env;
const mockOnly = { skip: BLENDLINE_URL ? "needs the mock" : false };
let mock;
let browser;
let base;
let open = [];

before(async () => {
  browser = await launch();
  if (!BLENDLINE_URL) mock = await new Mock().start();
  base = BLENDLINE_URL ?? mock.url;
});
after(async () => {
  await browser?.close();
  mock?.stop();
});
afterEach(async () => {
  const faults = open.flatMap((page) => page.faults);
  for (const page of open) await page.context().close();
  open = [];
  if (mock) {
    mock.tasks.clear();
    mock.broken.clear();
    mock.verdicts.length = 0;
  }
  assert.deepEqual(faults, [], "scripts failed or the policy was broken");
});

async function look(options) {
  const page = await visit(browser, options);
  open.push(page);
  return page;
}

async function signIn(page, from = base, lang = "en") {
  await page.goto(`${from}/sign-in?lang=${lang}`);
  await page.fill("[name=tenant]", BLENDLINE_TENANT);
  await page.fill("[name=name]", BLENDLINE_USER);
  await page.fill("[name=password]", BLENDLINE_PASSWORD);
  await page.click("button[type=submit]");
  await page.waitForURL("**/desk");
  await online(page);
}

const online = (page) => page.waitForSelector("#link[data-state=online]", { state: "attached" });
const chat = (page, lang, from = base) => page.goto(`${from}/chat/${BLENDLINE_ACCOUNT}?lang=${lang}`);
const write = async (page, text) => {
  await page.fill("blendline-chat textarea", text);
  await page.press("blendline-chat textarea", "Enter");
};
const sent = (page, text) => page.waitForSelector(`blendline-chat li.me[data-fate=sent] .text >> text="${text}"`);
const texts = (page, selector) => page.locator(selector).allTextContents();

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
    await sent(page, "slow").catch(() => {});
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

describe("the desk", mockOnly, () => {
  test("is used by keyboard alone", async () => {
    const page = await look();
    await signIn(page);
    mock.task({ messages: [{ from: "customer", name: "Noa", text: "Are you there?" }] });
    await page.waitForSelector(".offer");
    assert.match(await page.textContent("#say-now"), /service/);
    await page.waitForFunction(() => document.title.startsWith("(1)"));
    await page.keyboard.press("Alt+KeyO");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".composer textarea:focus");
    await page.keyboard.type("Yes, I am");
    await page.keyboard.press("Enter");
    await page.waitForSelector('.message[data-fate=sent] .text >> text="Yes, I am"');
    const reached = [];
    for (let step = 0; step < 8; step++) {
      await page.keyboard.press("Shift+Tab");
      reached.push(await page.evaluate(() => document.activeElement.dataset.form ?? ""));
    }
    assert.ok(["done", "snooze", "transfer", "request", "refuse"].every((name) => reached.includes(name)));
    await page.focus(".acts [data-form=snooze]");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".sheet-form input:focus");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".acts [data-form=snooze]:focus");
  });

  test("settles in every way", async () => {
    const page = await look();
    await signIn(page);
    const settle = async (name, fill) => {
      mock.task({ offered: false, messages: [{ from: "customer", name: "Noa", text: name }] });
      await page.reload();
      await online(page);
      await page.click(`.acts [data-form=${name}]`);
      await fill();
      await page.click(".sheet-form button.primary");
      await page.waitForSelector("#idle:not([hidden])");
      return mock.verdicts.at(-1);
    };
    assert.deepEqual(await settle("done", () => page.selectOption("[name=disposition]", "refunded")), { verdict: "done", disposition: "refunded" });
    const parked = await settle("snooze", () => page.check(".sheet-form [name=reason][value=time]"));
    assert.ok(parked.reason === "time" && parked.clock === "stops" && Math.abs(parked.for_ms - 86_400_000) < 120_000);
    assert.deepEqual(await settle("transfer", () => page.selectOption("[name=to]", "worker:מיכל")), { verdict: "transfer", to: { worker: "מיכל" } });
    const asked = await settle("request", async () => {
      await page.click(".sheet-form button.primary");
      await page.waitForSelector(".fault:not([hidden])");
      await page.selectOption("[name=to]", "queue:refunds");
      await page.fill("[name=note]", "Is the charger in stock?");
    });
    assert.deepEqual(asked, { verdict: "request", to: { queue: "refunds" }, note: "Is the charger in stock?", clock: "runs" });
    assert.deepEqual(await settle("refuse", () => page.fill(".sheet-form [name=reason]", "not mine")), { verdict: "refuse", reason: "not mine" });
  });

  test("declines with a reason, and says why work goes away", async () => {
    const page = await look();
    await signIn(page);
    mock.task({});
    await page.click("[data-do=decline]");
    await page.selectOption(".offer [name=reason]", "skill");
    await page.click(".offer form button");
    await page.waitForSelector("#no-offers:not([hidden])");
    const task = mock.task({ title: "Late delivery" });
    await page.waitForSelector(".offer");
    mock.withdraw(task, "expired");
    await page.waitForSelector(".notice >> text=Late delivery");
  });

  test("keeps drafts, repeats a reply whose answer was lost, and gives back one that is refused", async () => {
    const page = await look();
    await signIn(page);
    const task = mock.task({ offered: false, messages: [{ from: "customer", name: "Noa", text: "Hi" }] });
    await page.reload();
    await page.fill(".composer textarea", "half a th");
    await page.reload();
    await online(page);
    assert.equal(await page.inputValue(".composer textarea"), "half a th");
    mock.broken.add("lostAnswers");
    await page.fill(".composer textarea", "once");
    await page.press(".composer textarea", "Enter");
    await page.waitForSelector('.message[data-from=worker] .text >> text="once"');
    await page.waitForFunction(() => !document.querySelector(".message[data-fate=sending]"));
    assert.equal(task.view.messages.filter(({ text }) => text === "once").length, 1);
    assert.equal((await texts(page, ".message .text")).filter((text) => text === "once").length, 1);
    await page.fill(".composer textarea", "refuse this");
    await page.press(".composer textarea", "Enter");
    await page.waitForSelector(".message[data-fate=failed]");
    assert.equal(await page.inputValue(".composer textarea"), "refuse this");
  });

  test("stops when another window takes over, and continues on a click", async () => {
    const page = await look();
    await signIn(page);
    const second = await page.context().newPage();
    await second.goto(`${base}/desk`);
    await online(second);
    await page.waitForSelector("#elsewhere[open]");
    await page.click("#take-here");
    await second.waitForSelector("#elsewhere[open]");
    await online(page);
  });

  test("runs no text of a customer and fetches nothing for it", async () => {
    const page = await look();
    await signIn(page);
    const before = [];
    page.on("request", (request) => before.push(request.url()));
    const hostile = ['<img src=http://evil.test/x onerror=alert(1)>', '"><svg onload=alert(1)>', "javascript:alert(1)", "{{7*7}}", "\u202Egnp.exe\u2066"];
    page.on("dialog", (dialog) => page.faults.push(`a dialog opened: ${dialog.message()}`));
    for (const text of hostile) mock.task({ offered: false, title: text, queue: text, fields: { [text]: text }, messages: [{ from: "customer", name: text, text, payload: text, attachments: [{ kind: text, filename: text }] }] });
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await page.waitForFunction((count) => document.querySelectorAll("#tabs li").length === count, hostile.length);
    for (let index = 1; index <= hostile.length; index++) {
      await page.click(`#tabs li:nth-child(${index}) button`);
      await page.waitForFunction((text) => [...document.querySelectorAll(".message .text")].some((one) => one.textContent === text), hostile[index - 1]);
    }
    assert.deepEqual(before.filter((url) => !url.startsWith(base)), []);
  });

  test("logs a call once, and sets presence with a reason", async () => {
    const page = await look();
    await signIn(page);
    await page.click("#log-contact");
    await page.selectOption("#log-form [name=queue]", "service");
    await page.fill("#log-form [name=note]", "Asked about opening hours");
    await shot(page, "desk-en-1280-log");
    await page.click("#log-form button.primary");
    await page.waitForSelector(".notice");
    assert.deepEqual([...mock.logged.values()].at(-1), { queue: "service", medium: "call", duration_ms: 300_000, note: "Asked about opening hours" });
    await page.click("#presence summary");
    await page.check("#presence [value=away]");
    await page.fill("#presence-reason", "lunch");
    await shot(page, "desk-en-1280-presence");
    await page.click("#presence button");
    await page.waitForSelector("#be-ready:not([hidden])");
    await page.setViewportSize({ width: 360, height: 640 });
    await page.waitForSelector("#be-ready", { state: "visible" });
    await shot(page, "desk-en-360-away");
    assert.equal(mock.presence, "away");
    await page.reload();
    await online(page);
    assert.equal(mock.presence, "away");
  });
});

describe("photographs", { skip: BLENDLINE_URL || !process.env.BLENDLINE_SHOTS ? "BLENDLINE_SHOTS names no directory" : false }, () => {
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
