// The desk where others read along: a comment on the company's page is answered in public, or to the customer alone.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, describe } from "node:test";
import { shot } from "./browser.mjs";
import { accept, check, desk, look, office, shown } from "./stage.mjs";
import { until } from "./within.mjs";

describe("the desk in public and in private", () => {
  /** What the platform was asked to say: the path, and the body. */
  const said = [];
  const platform = http.createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    said.push({ path: request.url, body: JSON.parse(body) });
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ id: `901_${said.length}`, message_id: `m_${said.length}`, recipient_id: "8001" }));
  });
  const held = office(async () => {
    platform.listen(0, "127.0.0.1");
    await once(platform, "listening");
    return {
      graph: `http://127.0.0.1:${platform.address().port}`,
      queues: [{ name: "page", side: "front", offer_ms: 60_000 }],
      sites: [],
      workers: [{ name: "dana", queues: ["page"] }],
    };
  });
  after(() => platform.close());

  check("answers a comment for the customer alone, in Hebrew and in English", async () => {
    await held.router.comment("701", "Dana Test", "900_1", "Where is my order?");
    const page = await look();
    await desk(page, held, "dana", { lang: "he" });
    await accept(page);
    await page.getByLabel(/תשובה בפרטי/).waitFor();
    await shot(page, "desk-he-1280-privately");
    await desk(page, held, "dana");
    const control = page.getByLabel(/Answer in private/);
    await control.waitFor();
    assert.equal(await control.isChecked(), false, "what nobody asked for is said in public");
    // By keyboard: from the reply back over the button of ready answers.
    await page.focus(".composer textarea");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    assert.equal(await page.evaluate(() => document.activeElement.name), "privately");
    await page.keyboard.press("Space");
    await shot(page, "desk-en-1280-privately");
    await page.fill(".composer textarea", "Your number, please");
    await page.press(".composer textarea", "Enter");
    await shown(page, "Your number, please");
    const asked = (words) => until("the platform is asked", () => said.find(({ body }) => JSON.stringify(body).includes(words)));
    const call = await asked("Your number");
    assert.match(call.path, /\/messages$/);
    assert.deepEqual(call.body.recipient, { comment_id: "900_1" });

    // Once for each comment: the second comes back, and is not said in public by mistake.
    await page.fill(".composer textarea", "And your name");
    await page.press(".composer textarea", "Enter");
    await page.waitForFunction(() => document.querySelector(".composer textarea").value === "And your name" && document.querySelector(".message[data-fate=failed], .notice"));
    assert.equal(await control.isChecked(), true);
    await control.uncheck();
    await page.press(".composer textarea", "Enter");
    assert.match((await asked("And your name")).path, /\/900_1\/comments$/);
    // Whoever opens it anew is not offered what the platform does not take.
    await desk(page, held, "dana");
    await shown(page, "And your name");
    assert.ok(await page.getByLabel(/Answer in private/).isHidden());
  });
});
