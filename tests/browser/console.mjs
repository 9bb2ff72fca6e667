// The console: what operations people and managers see there, and what they change.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe } from "node:test";
import { accept, check, desk, look, office, reply, settle, visitAs } from "./stage.mjs";
import { RULES, recordedHour } from "./rules.mjs";
import { until } from "./within.mjs";

const PEOPLE = [{ name: "amit", role: "supervisor" }, { name: "ofra", role: "operations" }, { name: "second", role: "operations" }, { name: "boss", role: "admin" }, { name: "auditor", role: "auditor" }];

describe("the console", () => {
  let far;
  const held = office(async (wire) => ((far = await wire()), {
    queues: [{ name: "service", side: "front", offer_ms: 600_000 }, { name: "moves", side: "front", offer_ms: 600_000 }],
    sites: [{ name: "site", queue: "service" }],
    workers: [{ name: "dana", queues: ["service"], capacity: 500 }, { name: "gil", queues: ["moves"] }, { name: "tal", queues: ["moves"] }],
    others: PEOPLE,
    rules: RULES,
  }));
  const open = async (name, section, lang = "en") => {
    const page = await look({ locale: lang });
    await visitAs(page, held, name, `/console/${section}`, { lang });
    return page;
  };
  /** Everything that the editor holds, instead of what it held. */
  const write = (page, text) => page.fill("#rules-text", text);
  const row = (page, list, text) => page.locator(`#${list} tbody tr`, { hasText: text });

  check("shows everybody his pages and nobody another's", async () => {
    const page = await open("amit", "board");
    const names = await page.locator(".pages a").allTextContents();
    assert.deepEqual(names.map((name) => name.trim()), ["Wallboard", "People", "Open work", "Cases", "Quality", "What should change", "Ready answers", "Rules", "Accounts"]);
    assert.equal((await page.goto(`${held.router.url}/console/users`)).status(), 403);
    assert.equal((await page.goto(`${held.router.url}/console/nothing`)).status(), 404);
    await page.goto(`${held.router.url}/`);
    await page.waitForURL("**/console/board");
    const stranger = await look();
    await stranger.goto(`${held.router.url}/console`);
    await stranger.waitForURL("**/sign-in?next=/console");
  });

  check("shows queues, people and the day as they change, in the same figures as the API", async () => {
    const board = await open("amit", "board");
    await board.waitForSelector("#link[data-state=online]");
    const people = await open("amit", "people");
    await row(people, "people", "dana").locator(".state", { hasText: "Not connected" }).waitFor();
    const visitor = await held.router.visitor("site", "נועה");
    await visitor.say("שלום, איפה ההזמנה שלי?");
    await board.waitForFunction(() => document.querySelector("[data-tile=waiting] dd").textContent === "1");
    await row(board, "queues", "service").locator("[data-field=waiting]", { hasText: "1" }).waitFor();
    const page = await look();
    await desk(page, held, "dana");
    await accept(page);
    await row(people, "people", "dana").locator(".state", { hasText: "Ready" }).waitFor();
    await row(people, "people", "dana").locator("[data-field=front]", { hasText: "1" }).waitFor();
    await reply(page, "Hello");
    await settle(page, "done");
    await row(board, "queues", "service").locator("[data-field=solved]", { hasText: "1" }).waitFor();
    await row(board, "queues", "service").locator("[data-field=level]", { hasText: "100%" }).waitFor();
    await row(board, "groups", "office").locator("[data-field=connected]", { hasText: "1 of 1" }).waitFor();
    const { queues } = await held.router.api("GET", "/v1/floor");
    assert.deepEqual(queues.find(({ name }) => name === "service").today, { came: 1, in_time: 1, late: 0, left: 0, rated: 0, rated_sum: 0, solved: 1 });
    await board.waitForFunction(() => document.querySelectorAll("[data-side=front] g rect.two").length > 0);
    const saved = board.waitForEvent("download");
    await board.click("#queues [data-do=csv]");
    assert.match(await readFile(await (await saved).path(), "utf8"), /^\ufeff"Queue","Office".*\r\n"service","Front office"/);
  });

  check("lets a supervisor see why a task waits, move it, pull it back and send somebody away", async () => {
    const { id } = await held.router.push({ queue: "moves", title: "Late delivery", text: "Order 7" });
    const page = await open("amit", "work");
    await row(page, "tasks", id).locator("a").click();
    await page.waitForSelector(".reasons >> text=they are not connected");
    const gil = await look();
    await desk(gil, held, "gil");
    await accept(gil);
    await page.locator("[data-field=worker]", { hasText: "gil" }).waitFor();
    await page.click("[data-do=move]");
    await page.locator("#move-dialog optgroup[data-slot=workers] option").first().waitFor({ state: "attached" });
    await page.selectOption("#move-dialog [name=to]", "worker:tal");
    await page.click("#move-dialog button.primary");
    await gil.waitForSelector(".notice >> text=somebody else");
    await page.click("[data-do=back]");
    await gil.waitForSelector(".offer");
    const people = await open("amit", "people");
    await row(people, "people", "gil").locator("[data-do=presence]").click();
    await people.selectOption("#presence-dialog [name=presence]", "busy");
    await people.fill("#presence-dialog [name=reason]", "helps at the counter");
    await people.click("#presence-dialog button.primary");
    await row(people, "people", "gil").locator(".state", { hasText: "Busy" }).waitFor();
    await held.router.awaits("the reason is in the log", "/v1/events", (all) => all.find((event) => event.event === "worker_presence" && event.reason === "helps at the counter"));
  });

  check("shows faults of rules in place, with a way to each", async () => {
    const page = await open("ofra", "rules");
    await page.waitForFunction(() => document.querySelector("#rules-text").value.includes("mentions('refund')"));
    await write(page, RULES.replace("mentions('refund')", "msg.chanel == 'webchat'"));
    const fault = page.locator(".faults li", { hasText: "chanel" });
    await fault.waitFor();
    assert.match(await fault.textContent(), /line 16, column 15.*did you mean/s);
    assert.equal(await page.locator(".under [data-severity=error]").textContent(), "chanel");
    await fault.locator("button").click();
    assert.deepEqual(await page.evaluate(() => [document.activeElement.id, document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)]), ["rules-text", "chanel"]);
    await page.waitForSelector("#at-caret >> text=chanel");
    assert.ok(await page.isDisabled("#publish"), "what has errors cannot be published");
    await page.keyboard.press("Home");
    await page.keyboard.press("F8");
    await page.waitForSelector("#at-caret >> text=chanel");
  });

  check("says in Hebrew what is wrong with rules, on the Hebrew page", async () => {
    const page = await open("ofra", "rules", "he");
    await page.waitForFunction(() => document.querySelector("#rules-text").value.includes("mentions('refund')"));
    await write(page, RULES.replace("mentions('refund')", "msg.chanel == 'webchat'"));
    const fault = page.locator(".faults li", { hasText: "chanel" });
    await fault.waitFor();
    assert.match(await fault.textContent(), /אין שדה כזה: .*chanel/s);
    assert.deepEqual(await fault.locator("button > span").evaluate(({ dir, lang }) => [dir, lang]), ["rtl", "he"]);
    await fault.locator("button").click();
    await page.waitForSelector("#at-caret >> text=אין שדה כזה");
  });

  check("completes keys, fields, names and words where each fits", async () => {
    const page = await open("ofra", "rules");
    await page.waitForFunction(() => document.querySelector("#rules-text").value.length > 0);
    /** What is offered behind this text. */
    const offered = async (text) => {
      await write(page, text);
      await page.focus("#rules-text");
      await page.keyboard.press("Control+End");
      await page.keyboard.press("Control+Space");
      await page.waitForSelector("#completions:not([hidden])");
      const words = await page.locator("#completions li span").allTextContents();
      await page.keyboard.press("Escape");
      return words;
    };
    assert.ok((await offered("que")).includes("queues"));
    assert.ok((await offered(`${RULES}    tar`)).includes("target"));
    assert.ok((await offered(`${RULES}  - name: x\n    queue: ref`)).includes("refunds"));
    assert.ok((await offered(`${RULES}  - name: x\n    when: msg.la`)).includes("msg.language"));
    assert.ok((await offered(`${RULES}  - name: x\n    when: mentions('re`)).includes("refund"));
    assert.ok((await offered("queues:\n  a: {si")).includes("side"));
    assert.deepEqual(await offered("queues:\n  a: {side: fr"), ["front"]);
    await write(page, "");
    await page.keyboard.type("queues:\n  a: {sid");
    await page.waitForSelector("#completions:not([hidden])");
    await page.keyboard.press("Enter");
    await page.keyboard.type("fron");
    await page.keyboard.press("Tab");
    assert.equal(await page.inputValue("#rules-text"), "queues:\n  a: {side: front");
  });

  check("tries a message, replays an hour, publishes and goes back", async () => {
    const page = await open("ofra", "rules");
    await page.waitForFunction(() => document.querySelector("#rules-text").value.includes("mentions('refund')"));
    const draft = RULES.replace("[החזר, זיכוי, refund]", "[זיכוי, voucher]");
    await write(page, draft);
    await page.waitForSelector("#publish:not([disabled])");
    await page.click("#tab-diff");
    await page.waitForSelector("#part-diff .went >> text=refund: [החזר, זיכוי, refund]");
    await page.waitForSelector("#part-diff .came >> text=refund: [זיכוי, voucher]");
    await page.click("#tab-try");
    await page.selectOption("#try-form [name=way]", { label: "site (webchat)" });
    await page.fill("#try-form [name=text]", "מגיע לי זיכוי");
    await page.click("#try-form button.primary");
    await page.waitForSelector("#part-try .tried [data-applied=true] >> text=refunds");
    await page.click("#tab-replay");
    await page.setInputFiles("#replay-form [name=day]", { name: "hour.jsonl", mimeType: "text/plain", buffer: Buffer.from(recordedHour()) });
    await page.click("#replay-form button.primary");
    await page.waitForSelector("#replayed:not([hidden]) svg rect");
    await page.waitForSelector("#moves-title >> text=20");
    await page.click("#tab-edit");
    await page.click("#save-draft");
    await page.waitForSelector(".notice >> text=The draft is saved");
    await page.click("#publish");
    await page.waitForSelector("#publish-dialog .diff .came");
    await page.click("#publish-dialog button.primary");
    await page.waitForSelector("#publish-dialog .fault:not([hidden])");
    await page.fill("#publish-dialog [name=reason]", "refunds are called vouchers now");
    await page.click("#publish-dialog button.primary");
    await page.waitForSelector("#live-version >> text=version 2, published by user ofra");
    assert.equal((await held.router.api("GET", "/v1/rules")).set.text, draft);
    await page.click("#tab-versions");
    await row(page, "versions", "vouchers").waitFor();
    const first = page.locator("#versions tbody tr").nth(1);
    await first.locator("[data-do=see]").click();
    await page.waitForSelector("#version .diff .came");
    await page.click("#version button.primary");
    await first.locator("[data-do=roll-back]").click();
    await page.fill("#back-dialog [name=reason]", "customers say refund");
    await page.click("#back-dialog button.primary");
    await page.waitForSelector("#live-version >> text=version 3");
    assert.equal((await held.router.api("GET", "/v1/rules")).set.text, RULES);
    // A task that came by the rules says by which.
    const task = await until("messages go by what is live now", async () => {
      await (await held.router.visitor("site", "Ron")).say("I want a refund");
      return (await held.router.all("/v1/tasks?queue=refunds")).at(-1);
    });
    await visitAs(page, held, "ofra", `/console/work/${task.id}`);
    await page.waitForSelector(".tried [data-applied=true] >> text=refunds");
    await page.waitForSelector('.transcript .text >> text="I want a refund"');
    // Why, on a page in Hebrew, is Hebrew.
    await visitAs(page, held, "ofra", `/console/work/${task.id}`, { lang: "he" });
    await page.locator(".tried [data-applied=true]", { hasText: "כל מה שהכלל דורש מתקיים" }).waitFor();
  });

  check("takes two people where the rules say so", async () => {
    const page = await open("ofra", "rules");
    await page.waitForFunction(() => document.querySelector("#rules-text").value.includes("refund"));
    await write(page, RULES.replace("version: 1\n", "version: 1\ntwo_people: true\n"));
    await page.waitForSelector("#publish:not([disabled])");
    await page.click("#publish");
    await page.fill("#publish-dialog [name=reason]", "four eyes");
    await page.click("#publish-dialog button.primary");
    await page.waitForSelector("#publish-dialog .fault >> text=two people");
    const other = await open("second", "rules");
    await other.waitForSelector("#live-version >> text=Draft by user ofra");
    await other.waitForSelector("#publish:not([disabled])");
    await other.click("#publish");
    await other.fill("#publish-dialog [name=reason]", "looked at");
    await other.click("#publish-dialog button.primary");
    await other.waitForSelector("#live-version >> text=published by user second");
    // Whoever only watches tries things out, and finds nothing to change them by.
    const watching = await open("amit", "rules");
    assert.equal(await watching.locator("#publish, #save-draft").count(), 0);
    assert.equal(await watching.getAttribute("#rules-text", "readonly"), "");
  });

  check("adds users, gives passwords once, blocks, and tells the audit log", async () => {
    const page = await open("boss", "users");
    await page.click("[data-do=add]");
    await page.fill("#add-user [name=name]", "לירון");
    await page.selectOption("#add-user [name=role]", "supervisor");
    await page.click("#add-user button.primary");
    await page.waitForSelector("#told-once[open]");
    assert.ok((await page.textContent("#told-once .secret")).length > 10);
    await page.click("#told-once button");
    await row(page, "users", "לירון").locator("[data-do=disable]").click();
    await row(page, "users", "לירון").locator(".state", { hasText: "May not sign in" }).waitFor();
    await page.click("[data-do=add]");
    await page.fill("#add-user [name=name]", "לירון");
    await page.selectOption("#add-user [name=role]", "supervisor");
    await page.click("#add-user button.primary");
    await page.waitForSelector("#add-user .fault:not([hidden])");
    assert.equal(await page.inputValue("#add-user [name=name]"), "לירון", "what was typed stays");
    const log = await open("auditor", "audit");
    await row(log, "audit", "User added").filter({ hasText: "לירון" }).waitFor();
    const words = await log.locator("#audit tbody [data-field=what]").allTextContents();
    assert.ok(words.length > 0 && words.every((word) => !word.includes("_")), `each deed has its words: ${words}`);
    await log.fill("#audit [data-do=find]", "changed לירון");
    await until("only what is looked for is shown", async () => (await log.locator("#audit tbody tr:visible").count()) === 1);
    const keys = await open("boss", "keys");
    await row(keys, "keys", "tests").waitFor();
    const accounts = await open("amit", "accounts");
    await row(accounts, "accounts", "phone").locator(".state", { hasText: "Nothing sent yet" }).waitFor();
  });

  check("repairs what could not be read and has it read again", async () => {
    await held.router.whatsapp("972500000001", "Rina", "my order never came", true);
    const page = await open("boss", "quarantine");
    await row(page, "quarantine", "whatsapp_cloud").locator("[data-do=look]").click();
    await page.click("#repair button.primary");
    await page.waitForSelector("#repair .fault:not([hidden])");
    await page.fill("#repair [name=body]", `${await page.inputValue("#repair [name=body]")}}`);
    await page.click("#repair button.primary");
    await page.waitForSelector(".notice >> text=events in it: 1");
    await held.router.awaits("it is a task", "/v1/events", (all) => all.find(({ event, kind }) => event === "task_created" && kind === "conversation"));
  });

  check("shows that what it shows is not now when the connection is gone", async () => {
    const page = await look();
    await visitAs(page, held, "amit", "/console/board", { from: far.url });
    await page.waitForSelector("#link[data-state=online]");
    far.cut();
    await page.waitForSelector("#link[data-state=offline]");
    far.mend();
    await page.waitForSelector("#link[data-state=online]");
  });
});
