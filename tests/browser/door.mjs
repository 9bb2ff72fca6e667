// Signing in, the first password of one's own, and signing out.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { shot } from "./browser.mjs";
import { FIRST_PASSWORD, PASSWORD, TENANT } from "./router.mjs";
import { beside, check, look, office, online, signIn } from "./stage.mjs";

describe("the door", () => {
  const held = office(() => ({
    queues: [{ name: "service", side: "front" }],
    workers: ["noa", "dan"].map((name) => ({ name, queues: ["service"] })),
    others: ["amit"],
    newcomers: ["dan"],
  }));

  check("says what is wrong, keeps what was typed and points at the field", async () => {
    const page = await look();
    await page.goto(`${held.router.url}/sign-in?lang=en`);
    await page.fill("[name=tenant]", TENANT);
    await page.click("button[type=submit]");
    assert.equal(await page.getAttribute("[name=name]", "aria-invalid"), "true");
    await page.fill("[name=name]", "noa");
    await page.fill("[name=password]", "wrong");
    await page.click("button[type=submit]");
    await page.waitForSelector('#fault >> text="Company, name or password is wrong."');
    assert.equal(await page.inputValue("[name=tenant]"), TENANT);
    await shot(page, "sign-in-en-1280-wrong");
    await page.goto(`${held.router.url}/sign-in?lang=he`);
    for (const [name, text] of [["tenant", TENANT], ["name", "noa"], ["password", "wrong"]]) await page.fill(`[name=${name}]`, text);
    await page.click("button[type=submit]");
    await page.waitForSelector('#fault >> text="החברה, השם או הסיסמה אינם נכונים."');
    await shot(page, "sign-in-he-1280-wrong");
  });

  check("leads who comes for the first time to a password of his own, and then to the desk", async () => {
    const page = await look();
    await page.goto(`${held.router.url}/sign-in?lang=en`);
    for (const [name, text] of [["tenant", TENANT], ["name", "dan"], ["password", FIRST_PASSWORD]]) await page.fill(`[name=${name}]`, text);
    await page.click("button[type=submit]");
    await page.waitForURL("**/password**");
    await page.fill("[name=old]", FIRST_PASSWORD);
    await page.fill("[name=new]", "short");
    await page.click("button[type=submit]");
    await page.waitForSelector("#fault:not([hidden]) >> text=too easy to guess");
    assert.equal(await page.getAttribute("[name=new]", "aria-invalid"), "true");
    await page.fill("[name=old]", "not what I was given");
    await page.fill("[name=new]", PASSWORD);
    await page.click("button[type=submit]");
    await page.waitForSelector('#fault >> text="This is not the password you were given."');
    assert.equal(await page.getAttribute("[name=old]", "aria-invalid"), "true");
    await page.fill("[name=old]", FIRST_PASSWORD);
    await page.click("button[type=submit]");
    await page.waitForURL("**/desk");
    await online(page);
  });

  check("leads nowhere but to this site, and out again in every window", async () => {
    const page = await look();
    await page.goto(`${held.router.url}/sign-in?lang=en&next=//evil.test/desk`);
    for (const [name, text] of [["tenant", TENANT], ["name", "noa"], ["password", PASSWORD]]) await page.fill(`[name=${name}]`, text);
    await page.click("button[type=submit]");
    await page.waitForURL(`${held.router.url}/desk`);
    await online(page);
    const second = await beside(page);
    await second.goto(`${held.router.url}/desk`);
    await online(second);
    await second.click("#me summary");
    await second.click("#sign-out");
    await second.waitForURL("**/sign-in**");
    await page.goto(`${held.router.url}/desk`);
    await page.waitForURL("**/sign-in?next=/desk");
  });

  check("tells who is no worker so, and lets him sign in as somebody else", async () => {
    const page = await look();
    await page.goto(`${held.router.url}/sign-in?lang=he`);
    for (const [name, text] of [["tenant", TENANT], ["name", "amit"], ["password", PASSWORD]]) await page.fill(`[name=${name}]`, text);
    await page.click("button[type=submit]");
    await page.waitForURL("**/console/board");
    await page.goto(`${held.router.url}/desk`);
    await page.waitForSelector('h1 >> text="שולחן העבודה הוא לעובדים"');
    await shot(page, "no-desk-he-1280");
    await page.click("button[type=submit]");
    await page.waitForURL("**/sign-in");
    await page.goto(`${held.router.url}/desk`);
    await page.waitForURL("**/sign-in?next=/desk");
  });

  check("throws out who was disabled, at once", async () => {
    const page = await look();
    await signIn(page, held.router.url, "noa");
    await held.router.api("PATCH", "/v1/users/noa", { disabled: true });
    await page.waitForURL("**/sign-in?next=%2Fdesk");
    await held.router.api("PATCH", "/v1/users/noa", { disabled: false });
  });
});
