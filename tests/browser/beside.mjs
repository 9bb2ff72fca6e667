// What surrounds a conversation: drafts, ready answers, notes and mentions, search, and the matter on paper.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe } from "node:test";
import { shot } from "./browser.mjs";
import { accept, check, desk, look, office, online, reply, shown, visitAs } from "./stage.mjs";
import { everyWidth } from "./widths.mjs";
import { until } from "./within.mjs";

const PEOPLE = ["drafts", "restart", "answers", "notes", "finder", "stands"];

for (const lang of ["en", "he"]) {
  const he = lang === "he";
  describe(`beside a conversation, ${lang}`, () => {
    const held = office(() => ({
      events: { plain_http: true, private_networks: true },
      queues: PEOPLE.map((name) => ({ name, side: "front", offer_ms: 600_000 })),
      sites: PEOPLE.map((name) => ({ name, queue: name })),
      workers: [...PEOPLE.map((name) => ({ name, queues: [name], capacity: 500 })), { name: "יוסי", queues: [] }],
      others: [{ name: "ofra", role: "operations" }, { name: "amit", role: "supervisor" }, { name: "auditor", role: "auditor" }],
    }));
    const begin = async (name, said, customer = "נועה לוי") => {
      const visitor = await held.router.visitor(name, customer);
      await visitor.say(said);
      const page = await look({ locale: lang });
      await desk(page, held, name, { lang });
      await accept(page);
      return { page, visitor };
    };
    const draft = ".composer textarea";
    const kept = (worker, text) => until(`the draft is “${text}”`, async () => (await held.router.api("GET", `/v1/drafts?worker=${worker}`)).items.some((one) => one.text === text));

    check(`a draft goes on in another browser, and the newest wins with a word, ${lang}`, async () => {
      const { page } = await begin("drafts", "שלום, איפה ההזמנה?");
      await page.fill(draft, "מיד אבדוק");
      await kept("drafts", "מיד אבדוק");
      // Another machine: nothing of this browser is there.
      const other = await look({ locale: lang });
      await desk(other, held, "drafts", { lang });
      await other.waitForFunction(() => document.querySelector(".composer textarea")?.value === "מיד אבדוק");
      await other.fill(draft, "מיד אבדוק, רגע");
      await kept("drafts", "מיד אבדוק, רגע");
      // The first window comes back: what it has is older.
      await page.click("#take-here");
      await online(page);
      await page.waitForFunction(() => document.querySelector(".composer textarea").value === "מיד אבדוק, רגע");
      await page.waitForSelector(`.notice >> text=${he ? "הטיוטה כאן הייתה ישנה יותר" : "Your draft here was older"}`);
      await shot(page, `draft-${lang}-1280`);
      await reply(page, "מצאתי");
      await shown(page, "מצאתי");
      await until("a draft that was sent is none any more", async () => (await held.router.api("GET", "/v1/drafts?worker=drafts")).items.length === 0);
    });

    check(`a draft survives the router's end, ${lang}`, async () => {
      const { page } = await begin("restart", "Hello?");
      await page.fill(draft, "half a thought");
      await kept("restart", "half a thought");
      await page.close();
      await held.router.kill();
      await held.router.startAgain();
      const again = await look({ locale: lang });
      await desk(again, held, "restart", { lang });
      await again.waitForFunction(() => document.querySelector(".composer textarea")?.value === "half a thought");
    });

    check(`ready answers are kept in the console and put in with two keys, ${lang}`, async () => {
      const console_ = await look({ locale: lang });
      await visitAs(console_, held, "ofra", "/console/answers", { lang });
      const add = async (name, title, text) => {
        await console_.click("[data-do=add]");
        await console_.fill("#add-answer [name=name]", name);
        await console_.fill("#add-answer [name=title]", title);
        await console_.fill("#add-answer [name=text]", text);
        await console_.click("#add-answer button.primary");
      };
      await add("איחור", "חבילה מתעכבת", "שלום {{contact.fist_name}},\nאני {{worker.name}}.");
      await console_.waitForSelector('#add-answer .fault >> text=line 1, column 6: nothing is called `contact.fist_name`: did you mean `contact.first_name`');
      assert.equal(await console_.inputValue("#add-answer [name=name]"), "איחור", "what was typed stays");
      await console_.fill("#add-answer [name=text]", "שלום {{contact.first_name}},\nאני {{worker.name}}. הזמנה {{field.order}}");
      await shot(console_, `console-answer-${lang}-1280`);
      await console_.click("#add-answer button.primary");
      await console_.locator("#answers tbody tr", { hasText: "איחור" }).waitFor();
      await shot(console_, `console-answers-${lang}-1280`);
      await add("thanks", "Thanks", "Thank you!");
      await console_.locator("#answers tbody tr", { hasText: "Thank you!" }).waitFor();

      const { page } = await begin("answers", "החבילה מתעכבת");
      await page.focus(draft);
      await page.keyboard.press("Alt+KeyA");
      await page.waitForSelector(".answers .answer");
      await page.keyboard.type("איח");
      await page.waitForFunction(() => document.querySelectorAll(".answers .answer").length === 1);
      await shot(page, `answers-${lang}-1280`);
      await page.keyboard.press("Enter");
      await page.waitForSelector(`.notice >> text=field.order`);
      assert.equal(await page.inputValue(draft), "שלום נועה,\nאני answers. הזמנה …");
      assert.equal(await page.evaluate(() => getSelection().toString() || document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)), "…", "the gap is selected");
      await page.keyboard.type("10482");
      await page.keyboard.press("Enter");
      await shown(page, "אני answers. הזמנה 10482");
      // Who only looks finds nothing to change them by.
      const watching = await look({ locale: lang });
      await visitAs(watching, held, "amit", "/console/answers", { lang });
      await watching.locator("#answers tbody tr", { hasText: "Thank you!" }).waitFor();
      assert.equal(await watching.locator("[data-do=add], [data-do=edit]").count(), 0);
      await console_.locator("#answers tbody tr", { hasText: "Thank you!" }).locator("[data-do=remove]").click();
      await console_.click("#remove-answer button.primary");
      await console_.locator("#answers tbody tr", { hasText: "Thank you!" }).waitFor({ state: "detached" });
    });

    check(`a note reaches the colleague it mentions and never the customer, ${lang}`, async () => {
      const { page, visitor } = await begin("notes", "אפשר החזר על הזמנה 10482?");
      const colleague = await look({ locale: lang });
      await desk(colleague, held, "יוסי", { lang });
      await page.click(".notes summary");
      await page.locator(".note-form select option", { hasText: "יוסי" }).waitFor({ state: "attached" });
      await page.selectOption(".note-form select", "יוסי");
      await page.locator(".notes .note-form textarea").press("End");
      await page.keyboard.type("אפשר להחזיר ₪349? SECRET-NOTE");
      await page.click(".notes .note-form [type=submit]");
      await page.locator(".notes .note", { hasText: "SECRET-NOTE" }).waitFor();
      await shot(page, `notes-${lang}-1280`);
      const card = colleague.locator("#mentions .mention", { hasText: "SECRET-NOTE" });
      await card.waitFor();
      assert.match(await colleague.textContent("#say-now"), /SECRET-NOTE/);
      await shot(colleague, `mention-${lang}-1280`);
      await card.locator("[data-do=answer]").click();
      await card.locator("textarea").fill("כן, במלואו. SECRET-ANSWER");
      await card.locator("[type=submit]").click();
      await card.waitFor({ state: "detached" });
      await page.locator(".notes .note", { hasText: "SECRET-ANSWER" }).waitFor();
      // A mention that was seen does not come again.
      await colleague.reload();
      await online(colleague);
      assert.equal(await colleague.locator("#mentions .mention").count(), 0);
      await reply(page, "ההחזר בדרך");
      await until("the customer has the answer", async () => (await visitor.read()).messages.length === 2);
      const { messages } = await visitor.read();
      assert.deepEqual(messages.map(({ text }) => text), ["אפשר החזר על הזמנה 10482?", "ההחזר בדרך"], "no note is the customer's");
      for (const list of ["/v1/outbox", "/v1/conversations"]) assert.ok(!JSON.stringify(await held.router.all(list)).includes("SECRET"), list);
      const events = await held.router.all("/v1/events");
      assert.equal(events.filter(({ event }) => event === "note_added").length, 2, "each is an event of the journey");
      assert.ok(!JSON.stringify(events).includes("SECRET"), "events hold no text");
      // Notes are found by whoever may read them: the manager, and who has the task, but not who was only mentioned.
      const found = () => held.router.api("GET", "/v1/search?q=SECRET");
      const notes = await until("the notes are in the index", async () => (await found()).items.length === 2 && (await found()).items);
      assert.deepEqual(notes.map(({ note, from, text }) => [note, from, text.includes("SECRET-ANSWER")]), [[true, null, true], [true, null, false]]);
      for (const [place, many] of [[page, 2], [colleague, 0]]) {
        const seen = await place.evaluate(async () => (await (await fetch("/v1/search?q=SECRET")).json()).items.length);
        assert.equal(seen, many, "a worker finds the notes at his own tasks");
      }
    });

    check(`what was said is found in every form, by whom it concerns, and printed, ${lang}`, async () => {
      const { page, visitor } = await begin("finder", "מה עם הַהֶחְזֵר על הזמנה AB-5512/3? +972 50-123-4567");
      await reply(page, "ההחזר בדרך אליך, דנה");
      await shown(page, "ההחזר בדרך");
      await visitor.say("<b>תודה</b> רבה");
      const find = async (place, words, ms = 0) => {
        await place.keyboard.press("Alt+KeyS");
        await place.fill("#search [name=q]", "");
        await place.waitForFunction(() => !document.querySelector("#search .found, #search [data-slot=none]:not([hidden])"));
        await place.fill("#search [name=q]", words);
        if (ms === 0) return place.locator("#search .found").first().waitFor();
        return place.locator("#search [data-slot=none]:not([hidden])").waitFor();
      };
      await until("it is in the index", async () => (await held.router.api("GET", `/v1/search?q=${encodeURIComponent("תודה")}`)).items.length > 0);
      for (const words of ["החזר", "ההחזר הזמנה", "ab-5512", "<b>תודה"]) await find(page, words);
      await shot(page, `search-${lang}-1280`);
      await find(page, "זיכוי", 1);
      await page.keyboard.press("Escape");
      // A worker finds nothing of tasks that were never his.
      const stranger = await look({ locale: lang });
      await desk(stranger, held, "יוסי", { lang });
      await find(stranger, "החזר", 1);
      // In the console it leads to the task.
      const manager = await look({ locale: lang });
      await visitAs(manager, held, "amit", "/console/board", { lang });
      await find(manager, "החזר");
      await manager.locator("#search .found").first().click();
      await manager.waitForURL("**/console/work/tsk_*");
      const id = manager.url().split("/").at(-1).split("?")[0];
      await manager.goto(`${held.router.url}/transcripts/${id}?lang=${lang}`);
      await manager.locator(".paper-line .text", { hasText: "<b>תודה</b> רבה" }).waitFor();
      assert.match(await manager.textContent(".paper"), /050|50-123-4567/);
      await everyWidth(manager, `transcript-${lang}`);
      await manager.emulateMedia({ media: "print" });
      assert.equal(await manager.isVisible("#print"), false);
      await shot(manager, `transcript-print-${lang}`);
      // Who looks after the system sees no names and numbers.
      const auditor = await look({ locale: lang });
      await visitAs(auditor, held, "auditor", `/transcripts/${id}`, { lang });
      await auditor.locator(".paper-line").first().waitFor();
      const paper = await auditor.textContent(".paper");
      assert.ok(!paper.includes("123-4567") && !paper.includes("נועה לוי"), paper);
      await visitAs(stranger, held, "יוסי", `/transcripts/${id}`, { lang });
      assert.match(await stranger.textContent("body"), /unknown_task/);
    });

    check(`a customer sees where his matter stands, and nothing else, ${lang}`, async () => {
      const { page, visitor } = await begin("stands", "אפשר החזר? SECRET-WORDS");
      await page.click("[data-do=status-link]");
      await page.waitForFunction(() => document.querySelector(".composer textarea").value.includes("/status/bst1."));
      const link = (await page.inputValue(draft)).trim();
      const customer = await look({ locale: lang });
      const stands = async (stage) => {
        const answer = await customer.goto(`${link}?lang=${lang}`);
        await customer.locator(".stage", { hasText: stage }).waitFor();
        return answer;
      };
      const answer = await stands(he ? "בטיפול" : "In work");
      assert.equal(answer.headers()["cache-control"], "no-store");
      const seen = await customer.textContent("body");
      assert.match(seen, /stands/, "the company tells who works on it");
      for (const other of ["SECRET-WORDS", "נועה", "tsk_", "mat_", "cnv_"]) assert.ok(!seen.includes(other), `${other} in ${seen}`);
      await shot(customer, `status-${lang}-1280`);
      await customer.setViewportSize({ width: 360, height: 740 });
      await shot(customer, `status-${lang}-360`);
      await reply(page, "ההחזר בדרך");
      await shown(page, "ההחזר בדרך");
      await page.click(".acts [data-form=done]");
      await page.click(".sheet-form button.primary");
      await page.waitForSelector("#idle:not([hidden])");
      await stands(he ? "הסתיימה" : "Done");
      for (const wrong of [link.slice(0, -1) + (link.endsWith("0") ? "1" : "0"), link.replace("bst1", "bst2"), `${held.router.url}/status/x`]) {
        assert.equal((await customer.goto(wrong)).status(), 404);
        await customer.waitForSelector(`h1 >> text=${he ? "אינו פעיל" : "does not work"}`);
      }
      let limited;
      for (let count = 0; count < 40 && limited !== 429; count++) limited = (await fetch(link)).status;
      assert.equal(limited, 429, "who follows it too often waits");
      await visitor.read();
    });

    check(`webhooks are set up, tested, read and posted again, ${lang}`, async () => {
      const posts = [];
      let answers = 200;
      const receiver = createServer((request, response) => {
        posts.push(request.headers["webhook-id"]);
        request.resume();
        response.writeHead(answers).end();
      });
      await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
      try {
        const page = await look({ locale: lang });
        await visitAs(page, held, "ofra", "/console/outlets", { lang });
        const row = (list, text) => page.locator(`#${list} tbody tr`, { hasText: text });
        await page.click("#endpoints [data-do=add]");
        await page.fill("#add-endpoint [name=name]", "crm");
        await page.fill("#add-endpoint [name=url]", `http://127.0.0.1:${receiver.address().port}/in`);
        await page.fill("#add-endpoint [name=kinds]", "task_made");
        await page.click("#add-endpoint button.primary");
        await page.waitForSelector("#add-endpoint .fault >> text=task_made");
        await page.fill("#add-endpoint [name=kinds]", "task_created, task_solved");
        await page.click("#add-endpoint button.primary");
        await page.waitForSelector("#told-once[open]");
        const first = await page.textContent("#told-once .secret");
        assert.match(first, /^whsec_/);
        await page.click("#told-once button");
        await row("endpoints", "crm").locator("[data-do=test]").click();
        await page.waitForSelector(`.notice >> text=${he ? "התקבלה אצל" : "took the test"}`);
        await held.router.push({ queue: "answers", title: "Late delivery" });
        await until("it is delivered", async () => posts.length >= 2);
        await row("endpoints", "crm").locator("[data-do=ledger]").click();
        await row("deliveries", "evt_").locator(".state", { hasText: he ? "נמסר" : "Delivered" }).waitFor();
        await shot(page, `console-outlets-${lang}-1280`);
        const before = posts.length;
        await row("deliveries", "evt_").first().locator("[data-do=again]").click();
        await until("it is posted again under its id", async () => posts.length > before && posts.at(-1) === posts[1]);
        await row("endpoints", "crm").locator("[data-do=rotate]").click();
        await page.click("#rotate-key button.primary");
        await page.waitForSelector("#told-once[open]");
        assert.notEqual(await page.textContent("#told-once .secret"), first);
        await page.click("#told-once button");
        await row("endpoints", "crm").locator("[data-field=keys]", { hasText: "2" }).waitFor();
        answers = 500;
        await row("endpoints", "crm").locator("[data-do=test]").click();
        await page.waitForSelector(`.notice >> text=500`);
        await row("endpoints", "crm").locator("[data-do=pause]").click();
        await row("endpoints", "crm").locator(".state", { hasText: he ? "מושהה" : "Paused" }).waitFor();
        const watching = await look({ locale: lang });
        await visitAs(watching, held, "auditor", "/console/outlets", { lang });
        await watching.locator("#endpoints tbody tr", { hasText: "crm" }).waitFor();
        assert.equal(await watching.locator("[data-do=test], [data-do=rotate], #endpoints [data-do=add]").count(), 0);
        await row("endpoints", "crm").locator("[data-do=remove]").click();
        await page.click("#remove-endpoint button.primary");
        await row("endpoints", "crm").waitFor({ state: "detached" });
      } finally {
        receiver.closeAllConnections();
        receiver.close();
      }
    });
  });
}
