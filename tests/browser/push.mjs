// Notices on devices: the switch at the desk, and what the service worker shows and opens. Chromium has no push service here, so
// the browser's side of it is played; tests/tests/spine/push.rs plays the service's.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { axe } from "./axe.mjs";
import { shot } from "./browser.mjs";
import { accept, check, desk, look, office, signIn } from "./stage.mjs";
import { until } from "./within.mjs";

const P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH = "BTBZMqHH6r4Tts7J_aSIgg";

/** A push service of this browser's own, which keeps its subscription as a browser does. */
function play({ endpoint, p256dh, auth }) {
  const kept = () => JSON.parse(localStorage.getItem("played") ?? "null");
  const subscription = (key) => ({
    endpoint,
    options: { applicationServerKey: Uint8Array.from(key).buffer },
    toJSON: () => ({ endpoint, expirationTime: null, keys: { p256dh, auth } }),
    unsubscribe: async () => (localStorage.removeItem("played"), true),
  });
  PushManager.prototype.getSubscription = async () => kept() && subscription(kept());
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    if (!userVisibleOnly) throw new Error("a push that shows nothing");
    localStorage.setItem("played", JSON.stringify([...applicationServerKey]));
    return subscription(applicationServerKey);
  };
}

describe("notices on devices", () => {
  const held = office(() => ({
    server: { push_contact: "mailto:ops@example.org" },
    queues: ["he", "en", "click"].map((name) => ({ name, side: "front", offer_ms: 600_000 })),
    workers: ["he", "en", "click", "out"].map((name) => ({ name, queues: name === "out" ? ["en"] : [name] })),
  }));
  const begin = async (name, lang = "en") => {
    const page = await look({ locale: lang });
    await page.context().grantPermissions(["notifications"], { origin: held.router.url });
    await page.addInitScript(play, { endpoint: `https://push.example.org/send/${name}`, p256dh: P256DH, auth: AUTH });
    await desk(page, held, name, { lang });
    return page;
  };
  const pressed = (page, on) => page.waitForSelector(`#push[aria-pressed=${on}]`, { state: "attached" });
  const devices = (page) => page.evaluate(async () => (await (await fetch("/v1/push/devices")).json()).items);

  for (const lang of ["en", "he"]) {
    check(`are switched on and off at the desk, and stay on for the next page, ${lang}`, async () => {
      const page = await begin(lang, lang);
      await page.click("#me summary");
      await pressed(page, false);
      await page.click("#push");
      await pressed(page, true);
      const [device] = await devices(page);
      assert.deepEqual([device.service, device.lang], ["push.example.org", lang]);
      await axe(page, `desk-push-${lang}`);
      await shot(page, `desk-push-${lang}-1280`);
      await page.reload();
      await pressed(page, true);
      await page.click("#me summary");
      await page.click("#push");
      await pressed(page, false);
      await until("the router knows of none", async () => (await devices(page)).length === 0);
      assert.equal(await page.evaluate(() => localStorage.getItem("played")), null, "the browser has none either");
    });
  }

  check("end with signing out, so that the next person here is told nothing", async () => {
    const page = await look();
    await page.context().grantPermissions(["notifications"], { origin: held.router.url });
    await page.addInitScript(play, { endpoint: "https://push.example.org/send/out", p256dh: P256DH, auth: AUTH });
    await signIn(page, held.router.url, "out");
    await page.click("#me summary");
    await page.click("#push");
    await pressed(page, true);
    await page.click("#sign-out");
    await page.waitForURL("**/sign-in*");
    assert.equal(await page.evaluate(() => localStorage.getItem("played")), null);
    const { items } = await held.router.api("GET", "/v1/audit?limit=200");
    assert.ok(items.some(({ what }) => what === "push_device_removed"), "the router was told");
  });

  check("are shown by the service worker, in their direction, and a click leads to the task", async () => {
    const page = await begin("click");
    await held.router.push({ queue: "click", title: "A parcel", text: "Where is it?" });
    await accept(page);
    const task = (await held.router.all("/v1/tasks?queue=click"))[0].id;
    await page.evaluate(() => navigator.serviceWorker.ready);
    const devtools = await page.context().newCDPSession(page);
    const registered = new Promise((resolve) => devtools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => registrations[0] && resolve(registrations[0].registrationId)));
    await devtools.send("ServiceWorker.enable");
    const push = async (data) => devtools.send("ServiceWorker.deliverPushMessage", { origin: held.router.url, registrationId: await registered, data });
    const shown = () => page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(({ title, tag, lang, dir, data }) => ({ title, tag, lang, dir, data })));
    await push(JSON.stringify({ what: "returned", title: "משימה חזרה", link: `/desk#${task}`, tag: task, lang: "he" }));
    await until("the notice is shown", async () => (await shown()).length === 1);
    assert.deepEqual(await shown(), [{ title: "משימה חזרה", tag: task, lang: "he", dir: "rtl", data: { link: `/desk#${task}` } }]);

    // A click is the system's: what follows from it is that the desk goes to the task.
    await page.setViewportSize({ width: 360, height: 740 });
    await page.click("[data-do=back]");
    await page.waitForSelector(".work", { state: "hidden" });
    await page.evaluate((look) => navigator.serviceWorker.dispatchEvent(new MessageEvent("message", { data: { look } })), task);
    await page.waitForSelector(".column:focus-within");
    await page.goto(`${held.router.url}/desk?lang=en#${task}`);
    await page.reload();
    await page.waitForSelector(".column:focus-within");
    assert.equal(new URL(page.url()).hash, "", "the address leads there once");
  });
});
