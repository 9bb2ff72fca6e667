// The desk, as a worker uses it. Run by run.mjs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { shot } from "./browser.mjs";
import { base, look, mock, mockOnly, online, signIn, texts } from "./stage.mjs";

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
