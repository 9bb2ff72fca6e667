// Opens the desk with a calm message while the router is away, shows notices while nobody looks at it, and does nothing else:
// what is said at the desk is kept by the router and by the desk's own page, never here. Its own page comes from the same
// build as this file.

const BUILD = "{build}";
const STORE = `blendline-away-${BUILD}`;
const LANGS = ["en", "he"];
const page = (lang) => `/desk/away?lang=${lang}`;
const FILES = [...LANGS.map(page), ...["blendline.css", "desk-away.js", "icon.svg"].map((name) => `/assets/${BUILD}/${name}`)];
/** The language that the desk had last. It outlives this file's version, and this worker's memory does not live long. */
const SPOKEN = "blendline-desk-language";
/** What a proxy says in the router's place. */
const AWAY = new Set([502, 503, 504]);

addEventListener("install", (event) => {
  // Without the cookies: the page is the same for everybody, and its language is asked for by name. Both are kept by the
  // one worker: a worker for each would take the other's place, and Chromium lets pages wait while that happens.
  const all = FILES.map((file) => new Request(file, { credentials: "omit", cache: "reload" }));
  event.waitUntil(caches.open(STORE).then((store) => store.addAll(all)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const old = async () => {
    for (const name of await caches.keys()) if (name.startsWith("blendline-away-") && name !== STORE) await caches.delete(name);
    await clients.claim();
  };
  event.waitUntil(old());
});

const kept = async (file) => (await caches.open(STORE)).match(file);

async function away() {
  const spoken = await (await caches.open(SPOKEN)).match("/desk/away");
  const lang = await spoken?.text();
  return kept(page(LANGS.includes(lang) ? lang : LANGS[0]));
}

addEventListener("message", (event) => {
  const lang = event.data?.lang;
  if (LANGS.includes(lang)) event.waitUntil(caches.open(SPOKEN).then((store) => store.put("/desk/away", new Response(lang))));
});

async function open(request) {
  try {
    const answer = await fetch(request);
    return AWAY.has(answer.status) ? ((await away()) ?? answer) : answer;
  } catch (fault) {
    const calm = await away();
    if (!calm) throw fault;
    return calm;
  }
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const place = new URL(request.url).pathname;
  if (request.mode === "navigate" && place === "/desk") event.respondWith(open(request));
  // What its page is made of never changes under its address.
  else if (place.startsWith(`/assets/${BUILD}/`) && FILES.includes(place)) event.respondWith(kept(place).then((file) => file ?? fetch(request)));
});

// A notice has words for whoever sees the screen, and the way to what it is about: nothing else (router/src/push).
addEventListener("push", (event) => {
  const { title, tag, link, lang } = event.data?.json() ?? {};
  if (typeof title !== "string") return;
  const shown = { tag, renotify: Boolean(tag), lang, dir: lang === "he" ? "rtl" : "ltr", icon: `/assets/${BUILD}/icon-192.png`, data: { link } };
  event.waitUntil(registration.showNotification(title, shown));
});

async function goTo(link) {
  const asked = new URL(link ?? "/desk", location.origin);
  const place = asked.origin === location.origin && asked.pathname === "/desk" ? asked : new URL("/desk", location.origin);
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const desk = windows.find(({ url }) => new URL(url).pathname === "/desk");
  if (!desk) return clients.openWindow(place.href);
  desk.postMessage({ look: place.hash.slice(1) });
  return desk.focus();
}

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(goTo(event.notification.data?.link));
});
