// The desk: each thing that a worker does there, over the real router.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { shot } from "./browser.mjs";
import { accept, away, beside, check, desk, look, noticed, office, online, reads, reply, settle, shown, texts } from "./stage.mjs";
import { until } from "./within.mjs";

const DAY_MS = 86_400_000;
/** Each test has a worker, a queue and a chat of its own, so that none sees another's work. */
const PEOPLE = ["phones", "keys", "told", "overtaken", "presence", "reasons", "answers", "expiry", "lost", "refused", "park", "ask", "give", "passes", "takes", "solve", "log", "windows", "hostile", "narrow"];

describe("the desk", () => {
  let far;
  const held = office(async (wire) => {
    far = await wire();
    return {
      queues: [...PEOPLE.map((name) => ({ name, side: "front", offer_ms: name === "expiry" ? 1_500 : 60_000 })), { name: "refunds", side: "back" }, { name: "elsewhere", side: "back" }],
      sites: PEOPLE.map((name) => ({ name, queue: name })),
      workers: [...PEOPLE.map((name) => ({ name, queues: [name] })), { name: "ron", queues: ["refunds"] }, { name: "nobody", queues: ["elsewhere"] }],
    };
  });
  /** A customer who has written, and the desk of the one worker who may have it. */
  const begin = async (name, said, customer = "נועה לוי") => {
    const visitor = await held.router.visitor(name, customer);
    await visitor.say(said);
    const page = await look();
    await desk(page, held, name);
    return { page, visitor };
  };
  const events = (kind, found) => held.router.awaits(`there is ${kind}`, "/v1/events", (all) => all.find((event) => event.event === kind && found(event)));
  /** The only task of a queue, as the API has it. */
  const task = async (queue) => (await held.router.all(`/v1/tasks?queue=${queue}`)).at(-1);

  check("is used by keyboard alone", async () => {
    const page = await look();
    await desk(page, held, "keys");
    const visitor = await held.router.visitor("keys", "Noa");
    await visitor.say("Are you there?");
    await page.waitForSelector(".offer");
    assert.match(await page.textContent("#say-now"), /keys/);
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
    for (const name of ["done", "snooze", "transfer", "request", "refuse"]) assert.ok(reached.includes(name), `${name} in ${reached}`);
    await page.focus(".acts [data-form=snooze]");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".sheet-form input:focus");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".acts [data-form=snooze]:focus");
  });

  check("sets presence with a reason, and offers nothing to who is not ready", async () => {
    const page = await look();
    await desk(page, held, "presence");
    const choose = async (presence, reason) => {
      await page.click("#presence summary");
      await page.check(`#presence [value=${presence}]`);
      await page.fill("#presence-reason", reason);
      if (presence === "away") await shot(page, "desk-en-1280-presence");
      await page.click("#presence button");
      await events("worker_presence", (event) => event.presence === presence && event.reason === reason);
    };
    await choose("busy", "writing a report");
    const visitor = await held.router.visitor("presence", "Noa");
    await visitor.say("Anybody?");
    await held.router.awaits("the task waits", "/v1/tasks?queue=presence", ([one]) => one?.state === "waiting");
    // A page that is loaded anew keeps what was chosen.
    await page.reload();
    await online(page);
    assert.equal((await task("presence")).state, "waiting");
    await page.click("#be-ready");
    await accept(page);
    await choose("away", "lunch");
    await page.waitForSelector("#be-ready:not([hidden])");
    await page.waitForSelector(".notice >> text=handed over");
    assert.equal((await task("presence")).state, "waiting");
    await page.setViewportSize({ width: 360, height: 640 });
    await page.waitForSelector("#be-ready", { state: "visible" });
    await shot(page, "desk-en-360-away");
  });

  check("shows offers live with the reason, also when the page is loaded anew", async () => {
    const { page, visitor } = await begin("reasons", "first");
    const reason = async (text) => {
      await page.waitForSelector(`.offer .why >> text=${text}`);
      await page.reload();
      await page.waitForSelector(`.offer .why >> text=${text}`);
    };
    await reason("the most urgent in reasons");
    await visitor.say("and second");
    await page.waitForSelector('.offer .peek >> text="and second"');
    await accept(page);
    await reply(page, "hello");
    await shown(page, "hello");
    await settle(page, "done");
    await visitor.say("one more thing");
    await reason("you spoke with this customer last");
    await page.click("[data-do=decline]");
    await page.selectOption(".offer [name=reason]", "break");
    await page.click(".offer form button");
    await page.waitForSelector("#no-offers:not([hidden])");
    await events("offer_declined", (event) => event.reason === "break");
    const other = await held.router.visitor("reasons", "Dan");
    await other.say("new here");
    await reason("you have the least open");
    await held.router.push({ queue: "reasons", title: "Late delivery" });
    await page.waitForSelector(".offer .why >> text=work item");
  });

  check("takes an offer that is not answered away, and says why work goes", async () => {
    const { page } = await begin("expiry", "hello?");
    await page.waitForSelector(".offer");
    await page.waitForSelector(".notice >> text=ran out of time");
    const { id } = await held.router.push({ queue: "expiry", title: "Late delivery" });
    await accept(page);
    await held.router.api("DELETE", `/v1/tasks/${id}`);
    await page.waitForSelector(".notice >> text=closed by whoever opened it");
    await page.waitForSelector("#idle:not([hidden])");
  });

  check("replies, and counts what comes while one looks elsewhere", async () => {
    const { page, visitor } = await begin("answers", "שלום, איפה ההזמנה?");
    await accept(page);
    await reply(page, "Checking… אחזור אליך");
    await page.waitForSelector(".message[data-from=worker][data-fate=sent]");
    assert.deepEqual((await visitor.read()).messages.map(({ from, text }) => [from, text]), [["visitor", "שלום, איפה ההזמנה?"], ["agent", "Checking… אחזור אליך"]]);
    const second = await held.router.visitor("answers", "Dan");
    await second.say("other matter");
    await accept(page);
    await page.setViewportSize({ width: 600, height: 800 });
    await visitor.say("תודה!");
    await page.waitForFunction(() => document.title.startsWith("(1)"));
    await page.keyboard.press("Alt+Digit1");
    await shown(page, "תודה!");
    await page.waitForFunction(() => !document.title.startsWith("("));
  });

  check("keeps drafts, and repeats a reply whose answer was lost", async () => {
    const visitor = await held.router.visitor("lost", "Noa");
    await visitor.say("Hi");
    const page = await look();
    await desk(page, held, "lost", { from: far.url });
    await accept(page);
    await page.fill(".composer textarea", "half a th");
    await page.reload();
    await online(page);
    assert.equal(await page.inputValue(".composer textarea"), "half a th");
    // The router commits, and is cut off before it can say so.
    far.lose(/"type":"answer"/);
    await reply(page, "once");
    await page.waitForSelector('.message[data-from=worker]:not([data-fate=sending]) .text >> text="once"');
    await reads(page, ".message .text", ["Hi", "once"], "the reply is there once");
    assert.deepEqual((await visitor.read()).messages.map(({ text }) => text), ["Hi", "once"]);
  });

  check("gives back a reply to a task that is somebody else's by now", async () => {
    const visitor = await held.router.visitor("refused", "Noa");
    await visitor.say("Hi");
    const page = await look();
    await desk(page, held, "refused", { from: far.url });
    await accept(page);
    far.cut();
    await away(page);
    await reply(page, "too late for this");
    const { id } = await task("refused");
    await held.router.api("POST", `/v1/tasks/${id}/transfer`, { to: { queue: "elsewhere" } });
    far.mend();
    await page.waitForSelector(".notice >> text=A reply was not sent");
    await page.waitForSelector("#idle:not([hidden])");
    assert.deepEqual((await visitor.read()).messages.map(({ text }) => text), ["Hi"]);
  });

  check("parks until a time, and until the customer writes", async () => {
    const { page, visitor } = await begin("park", "I shall look for the receipt");
    await accept(page);
    await settle(page, "snooze", async () => {
      await page.check(".sheet-form [name=reason][value=time]");
      await page.fill(".sheet-form [name=until]", "2020-01-01T10:00");
      await page.click(".sheet-form button.primary");
      await page.waitForSelector('.fault >> text="Choose a time in the future."');
      await page.fill(".sheet-form [name=until]", local(Date.now() + 3 * DAY_MS));
    });
    const parked = await events("task_parked", ({ reason }) => reason === "time");
    assert.ok(Math.abs(parked.until - Date.now() - 3 * DAY_MS) < 120_000, `until ${parked.until}`);
    await visitor.say("found it");
    await page.waitForSelector(".offer .why >> text=it comes back to you");
    await accept(page);
    await reply(page, "please send it");
    await settle(page, "snooze");
    assert.equal((await task("park")).state, "parked");
    await visitor.say("here it is");
    await page.waitForSelector('.offer .peek >> text="here it is"');
  });

  check("asks another queue, and goes on with the answer", async () => {
    const { page, visitor } = await begin("ask", "Can I have my money back?");
    const back = await look();
    await desk(back, held, "ron");
    await accept(page);
    await settle(page, "request", async () => {
      await page.click(".sheet-form button.primary");
      await page.waitForSelector('.fault >> text="Fill in what is marked."');
      await page.selectOption("[name=to]", "queue:refunds");
      await page.fill("[name=note]", "Order 10482: may we refund ₪349?");
    });
    assert.equal((await task("ask")).state, "requesting");
    await back.waitForSelector(".offer .why >> text=a colleague asks for it");
    await accept(back);
    await shown(back, "Order 10482: may we refund ₪349?");
    assert.equal(await back.locator(".composer:visible").count(), 0, "a request has no customer to reply to");
    await settle(back, "done", () => back.fill("[name=note]", "Yes, in full"));
    await page.waitForSelector(".offer .why >> text=it comes back to you");
    await accept(page);
    await shown(page, "Yes, in full");
    await reply(page, "Your money is on its way");
    await settle(page, "done", () => page.selectOption("[name=disposition]", "refunded"));
    const { messages } = await visitor.read();
    assert.deepEqual(messages.map(({ text }) => text), ["Can I have my money back?", "Your money is on its way"], "notes are not the customer's");
  });

  check("gives back what is not for this worker", async () => {
    const { page } = await begin("give", "hello");
    await accept(page);
    await settle(page, "refuse", () => page.fill(".sheet-form [name=reason]", "not my field"));
    await events("task_refused", ({ reason }) => reason === "not my field");
    assert.equal((await task("give")).state, "waiting");
  });

  check("transfers to a colleague with a note, and to a queue", async () => {
    const { page } = await begin("passes", "who knows about warranties?");
    const { id } = await task("passes");
    await accept(page);
    await page.click(".acts [data-form=transfer]");
    await page.waitForSelector(".sheet-form [value='worker:takes']", { state: "attached" });
    assert.equal(await page.textContent(".sheet-form [value='worker:takes']"), "takes (not here)");
    await page.click(".sheet-form [data-do=cancel]");
    const colleague = await look();
    await desk(colleague, held, "takes");
    await settle(page, "transfer", async () => {
      await page.waitForSelector(".sheet-form [value='worker:takes']", { state: "attached" });
      assert.equal(await page.textContent(".sheet-form [value='worker:takes']"), "takes");
      await page.selectOption("[name=to]", "worker:takes");
      await page.fill("[name=note]", "he has the receipt");
    });
    await colleague.waitForSelector(".offer .why >> text=passed on to you");
    await accept(colleague);
    await shown(colleague, "he has the receipt");
    assert.equal(await colleague.getAttribute(".message:last-child", "data-from"), "note");
    await settle(colleague, "transfer", () => colleague.selectOption("[name=to]", "queue:elsewhere"));
    await held.router.awaits("the task is in the other queue", "/v1/tasks?queue=elsewhere", (all) => all.some((one) => one.id === id));
  });

  check("solves with a result, and the customer has the last word", async () => {
    const { page, visitor } = await begin("solve", "where is my parcel?");
    await accept(page);
    await reply(page, "it comes today");
    await settle(page, "done", () => page.selectOption("[name=disposition]", "arranged"));
    await page.waitForSelector("#idle:not([hidden])");
    await events("task_solved", ({ disposition }) => disposition === "arranged");
    assert.equal((await visitor.read()).state, "solved");
    // What the customer writes while it is being solved is read by somebody.
    await visitor.say("and the charger?");
    await accept(page);
    await page.click(".acts [data-form=done]");
    await visitor.say("it was in the order");
    await shown(page, "it was in the order");
  });

  check("logs a call once, whatever happens to the answer", async () => {
    const page = await look();
    await desk(page, held, "log", { from: far.url });
    await page.click("#log-contact");
    await page.waitForSelector("#log-form [name=queue] [value=log]", { state: "attached" });
    await page.click("#log-form button.primary");
    await page.waitForSelector('#log-form .fault >> text="Fill in what is marked."');
    await page.selectOption("#log-form [name=queue]", "log");
    await page.fill("#log-form [name=note]", "Asked about opening hours");
    await shot(page, "desk-en-1280-log");
    far.lose(/^HTTP\/1.1 201/, 2);
    // Chromium itself sends a request again when a connection that it had used before is gone; then the worker does.
    for (let click = 1; click <= 3 && (await page.isVisible("#log-form")); click++) {
      await page.evaluate(() => (document.querySelector("#log-form .fault").hidden = true));
      await page.click("#log-form button.primary");
      await page.waitForFunction(() => !document.querySelector("#log-dialog").open || !document.querySelector("#log-form .fault").hidden);
    }
    await page.waitForSelector(".notice >> text=The contact is logged.");
    const logged = await held.router.all("/v1/tasks?queue=log");
    assert.deepEqual(logged.map(({ kind, closed, worker }) => [kind, closed, worker]), [["log", "logged", "log"]]);
    await events("contact_logged", ({ medium, duration_ms }) => medium === "call" && duration_ms === 300_000);
    const [line] = await held.router.all(`/v1/tasks/${logged[0].id}/messages`);
    assert.equal(line.text, "Asked about opening hours");
  });

  check("stops when another window takes over, and continues on a click", async () => {
    const page = await look();
    await desk(page, held, "windows");
    const second = await beside(page);
    await second.goto(`${held.router.url}/desk`);
    await online(second);
    await page.waitForSelector("#elsewhere[open]");
    await page.click("#take-here");
    await second.waitForSelector("#elsewhere[open]");
    await online(page);
  });

  check("runs no text of a customer and fetches nothing for it", async () => {
    const page = await look();
    await desk(page, held, "hostile");
    const fetched = [];
    page.on("request", (request) => fetched.push(request.url()));
    page.on("dialog", (dialog) => page.faults.push(`a dialog opened: ${dialog.message()}`));
    const hostile = ["<img src=http://evil.test/x onerror=alert(1)>", '"><svg onload=alert(1)>', "javascript:alert(1)"];
    for (const text of hostile) {
      await held.router.push({ queue: "hostile", title: text, text, fields: { [text]: text } });
      await accept(page);
      await page.waitForFunction((said) => [...document.querySelectorAll(".column:focus-within .message .text")].some((one) => one.textContent === said), text);
    }
    assert.deepEqual((await texts(page, "#tabs .name")).sort(), [...hostile].sort());
    assert.deepEqual(fetched.filter((url) => !url.startsWith(held.router.url)), []);
  });

  check("shows what was said before by another way, and tells of the limits of the channel", async () => {
    const [before, here] = ["972500000101", "972500000102"];
    await held.router.whatsapp(before, "רינה", "המשלוח לא הגיע");
    await held.router.whatsapp(here, "רינה", "שוב אני, מהטלפון החדש");
    await held.router.awaits("both are tasks", "/v1/tasks?queue=phones", (all) => all.length === 2);
    const address = (number) => ({ channel: "whatsapp_cloud", address: number });
    await held.router.api("POST", "/v1/people/merge", { one: address(before), other: address(here) });
    const page = await look();
    await desk(page, held, "phones");
    await page.locator(".offer", { hasText: "שוב אני" }).locator("[data-do=accept]").click();
    await page.click(".history summary");
    await page.waitForSelector('.ways .text >> text="המשלוח לא הגיע"');
    await page.fill(".composer textarea", "א".repeat(4_000));
    await page.waitForSelector(".limit >> text=Characters left: 96");
  });

  check("shows what a supervisor says, until it is closed", async () => {
    const page = await look();
    await desk(page, held, "told");
    await held.router.api("POST", "/v1/workers/told/messages", { text: "Please take line 2 <b>now</b>" });
    await noticed(page, "key tests: Please take line 2 <b>now</b>");
    assert.match(await page.textContent("#say-now"), /line 2/);
    await page.click(".notice [data-do=close]");
    await page.waitForSelector(".notice", { state: "detached" });
  });

  check("tells before sending that the customer wrote meanwhile", async () => {
    const { page, visitor } = await begin("overtaken", "Where is my order?");
    await accept(page);
    await page.fill(".composer textarea", "It leaves today");
    await visitor.say("Never mind, it is here");
    await shown(page, "Never mind, it is here");
    await page.clock.setSystemTime(Date.now() + 60_000);
    await page.press(".composer textarea", "Enter");
    await page.waitForSelector(".notice >> text=wrote meanwhile");
    assert.equal(await page.inputValue(".composer textarea"), "It leaves today");
    await page.press(".composer textarea", "Enter");
    await shown(page, "It leaves today");
  });

  check("shows one thing at a time where there is little room", async () => {
    const { page } = await begin("narrow", "שלום");
    await page.setViewportSize({ width: 360, height: 740 });
    await accept(page);
    await page.waitForSelector(".rail", { state: "hidden" });
    await page.click("[data-do=back]");
    await page.waitForSelector(".rail", { state: "visible" });
    await page.waitForSelector(".work", { state: "hidden" });
    await page.click("#tabs button");
    await page.waitForSelector(".column", { state: "visible" });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, "nothing sticks out");
  });
});

/** An instant as a `datetime-local` field wants it. */
const local = (ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
