// Where events are posted: endpoints with their keys, what became of each event, a test, and posting again.

import { api, byId, detailOf, notice, say, sayText, setText, slotsOf } from "../page/dom.js";
import { Dialog } from "../page/dialog.js";
import { Table } from "../page/table.js";
import { plain } from "../page/text.js";

const path = ({ name }, rest = "") => `/v1/event-endpoints/${encodeURIComponent(name)}${rest}`;
/** The endpoint that a form, or the ledger, is about. */
let asked;
let shown;

const endpoints = new Table("endpoints", {
  read: (endpoint) => ({ ...endpoint, which: endpoint.kinds.join(", ") || sayText("outlet-all") }),
  row(root, endpoint) {
    for (const button of root.querySelectorAll("[data-do]")) {
      button.hidden = button.dataset.when !== undefined && (button.dataset.when === "paused") !== (endpoint.state === "paused");
      button.onclick = () => ACTS[button.dataset.do](endpoint, button);
    }
  },
});

const ledger = byId("ledger");
const deliveries = new Table("deliveries", {
  row(root, delivery) {
    const button = root.querySelector("[data-do=again]");
    if (button) button.onclick = () => attempt(() => again({ events: [delivery.event] }));
  },
});
deliveries.keyOf = ({ event }) => event;
const state = deliveries.root.querySelector("[name=state]");

/** Does something; what goes wrong is told. */
async function attempt(work) {
  try {
    await work();
  } catch (problem) {
    notice(say("problem", { detail: detailOf(problem) }));
  }
}

async function showLedger(endpoint) {
  shown = endpoint;
  ledger.hidden = false;
  ledger.querySelector("[data-slot=of]").replaceChildren(say("outlet-ledger", { name: plain(endpoint.name) }));
  const query = state.value ? `?state=${state.value}` : "";
  deliveries.route = path(endpoint, `/deliveries${query}`);
  await deliveries.load();
}

/** A key is told once, here. */
function tell({ name, secret }) {
  if (!secret) return;
  const slots = slotsOf(byId("told-once"));
  setText(slots.name, plain(name));
  setText(slots.secret, secret);
  byId("told-once").showModal();
}

async function again(what) {
  const { events } = await api("POST", path(shown, "/replay"), what);
  notice(say("outlet-again", { count: events }));
  await showLedger(shown);
}

const pausing = (paused) => (endpoint) => attempt(async () => endpoints.put(await api("PATCH", path(endpoint), { paused })));

const ACTS = {
  ledger: async (endpoint) => {
    await showLedger(endpoint);
    ledger.scrollIntoView({ block: "nearest" });
  },
  test: (endpoint, button) =>
    attempt(async () => {
      button.disabled = true;
      try {
        const { taken, cause, took_ms: ms } = await api("POST", path(endpoint, "/test"));
        notice(taken ? say("outlet-taken", { name: plain(endpoint.name), ms }) : say("outlet-not-taken", { name: plain(endpoint.name), cause }), 15_000);
      } finally {
        button.disabled = false;
      }
    }),
  rotate(endpoint) {
    asked = endpoint;
    rotate.show(plain(endpoint.name), { overlap_hours: 24 });
  },
  pause: pausing(true),
  resume: pausing(false),
  remove(endpoint) {
    asked = endpoint;
    remove.show(plain(endpoint.name));
  },
};

const form = (id, send) => byId(id) && new Dialog(id, send);
const kindsOf = (text) => text.split(/[\s,]+/).filter(Boolean);
const add = form("add-endpoint", async ({ name, url, kinds }) => {
  const added = await api("POST", "/v1/event-endpoints", { name: name.trim(), url: url.trim(), kinds: kindsOf(kinds) });
  await endpoints.load();
  tell(added);
});
const rotate = form("rotate-key", async ({ overlap_hours: hours }) => {
  const changed = await api("POST", path(asked, "/rotate"), { overlap_hours: Number(hours) });
  await endpoints.load();
  tell(changed);
});
const remove = form("remove-endpoint", async () => {
  await api("DELETE", path(asked));
  if (shown?.name === asked.name) ledger.hidden = true;
  await endpoints.load();
});
const replay = form("replay-time", async ({ from, until, missed }) => {
  const instant = (local) => new Date(local).toISOString();
  await again({ from: instant(from), ...(until && { until: instant(until) }), missed: Boolean(missed) });
});

document.querySelector("#endpoints [data-do=add]")?.addEventListener("click", () => add.show(""));
document.querySelector("#deliveries [data-do=replay]")?.addEventListener("click", () => {
  const day = new Date(Date.now() - 86_400_000 - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  replay.show(plain(shown.name), { from: day });
});
state.addEventListener("change", () => showLedger(shown));
endpoints.load();
