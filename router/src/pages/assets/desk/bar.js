// The bar: connection, presence, sound, logging a contact, signing out.

import { api, byId, choose, detailOf, notice, say, sayText, setText } from "../page/dom.js";
import { inSeconds } from "../page/clock.js";
import { listenMenus } from "../page/menus.js";
import { complain, fill, missing } from "./forms.js";

/** Says what the connection is doing. */
export function showLink(state, waitMs) {
  const link = byId("link");
  link.dataset.state = state;
  choose(link, state);
  const left = link.querySelector(`[data-for="${state}"] [data-slot=left]`);
  if (left) setText(left, inSeconds(waitMs));
  const elsewhere = byId("elsewhere");
  if (state === "replaced" && !elsewhere.open) elsewhere.showModal();
  else if (state !== "replaced" && elsewhere.open) elsewhere.close();
}

export function showPresence(presence) {
  const menu = byId("presence");
  menu.dataset.presence = presence;
  choose(menu.querySelector("summary"), presence);
  choose(byId("idle"), presence);
  byId("be-ready").hidden = presence === "ready";
  menu.querySelector(`input[value="${presence}"]`).checked = true;
}

/** Presence is shown at once and taken back if the router refuses it. */
async function setPresence(desk, presence, reason) {
  const before = desk.keep.presence ?? "ready";
  desk.keep.presence = presence;
  showPresence(presence);
  try {
    await desk.line.call({ type: "presence", presence, reason });
  } catch (problem) {
    desk.keep.presence = before;
    showPresence(before);
    notice(say("problem", { detail: detailOf(problem) }));
  }
}

function listenPresence(desk) {
  const menu = byId("presence");
  const form = menu.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    setPresence(desk, form.elements.presence.value, form.elements.reason.value.trim());
    form.elements.reason.value = "";
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  byId("be-ready").addEventListener("click", () => setPresence(desk, "ready", ""));
}

/** A short sound, made here: nothing to load. Browsers allow it after the click that switched it on. */
export function ring(keep) {
  if (!keep.sound) return;
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency: 660 });
  const gain = new GainNode(context, { gain: 0.08 });
  gain.gain.exponentialRampToValueAtTime(0.0001, context.currentTime + 0.35);
  tone.connect(gain).connect(context.destination);
  tone.start();
  tone.stop(context.currentTime + 0.35);
  tone.addEventListener("ended", () => context.close());
}

function listenSound(keep) {
  const button = byId("sound");
  const show = () => button.setAttribute("aria-pressed", String(keep.sound));
  button.addEventListener("click", () => {
    keep.sound = !keep.sound;
    // Whoever wants to hear of offers wants to see them from another window, too; he is asked once.
    if (keep.sound && globalThis.Notification?.permission === "default") Notification.requestPermission().catch(() => {});
    show();
    ring(keep);
  });
  show();
}

function listenLog() {
  const dialog = byId("log-dialog");
  const form = byId("log-form");
  const fault = form.querySelector(".fault");
  let key = null;
  byId("log-contact").addEventListener("click", async () => {
    // One key per opened form: a second click after a lost answer logs nothing twice.
    key ??= crypto.randomUUID();
    dialog.showModal();
    if (form.elements.queue.length > 1) return;
    try {
      fill(form.elements.queue, "", (await api("GET", "/v1/queues")).items ?? []);
    } catch (problem) {
      complain(fault, detailOf(problem));
    }
  });
  form.querySelector("[data-do=cancel]").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const empty = missing(form);
    if (empty) return complain(fault, sayText("missing"), empty);
    const { queue, medium, minutes, note } = Object.fromEntries(new FormData(form));
    const body = { queue, medium, duration_ms: Math.round(Number(minutes) * 60_000), note: note.trim(), key };
    try {
      await api("POST", "/v1/logged-contacts", body);
    } catch (problem) {
      return complain(fault, detailOf(problem));
    }
    key = null;
    fault.hidden = true;
    form.elements.note.value = "";
    dialog.close();
    notice(say("logged"));
  });
}

function listenLeaving(desk) {
  byId("take-here").addEventListener("click", () => desk.line.takeOver());
  byId("elsewhere").addEventListener("cancel", (event) => event.preventDefault());
  byId("sign-out").addEventListener("click", async () => {
    // The connection goes first: it would take the session's end for a reason to sign in again.
    desk.line.leave();
    // Whoever signs in here next is not told of this one's work.
    await desk.push.stop().catch(() => {});
    try {
      await api("DELETE", "/v1/sessions/current");
    } catch (problem) {
      desk.line.takeOver();
      return notice(say("problem", { detail: detailOf(problem) }));
    }
    desk.keep.forget();
    location.assign("/sign-in");
  });
}

export function startBar(desk) {
  listenPresence(desk);
  listenMenus();
  listenSound(desk.keep);
  listenLog();
  listenLeaving(desk);
  showPresence(desk.keep.presence ?? "ready");
}
