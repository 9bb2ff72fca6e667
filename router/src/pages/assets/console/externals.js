// What other systems told and could not be applied: tried again, or dropped with a reason.

import { api, detailOf, notice, say } from "../page/dom.js";
import { Dialog } from "../page/dialog.js";
import { Table } from "../page/table.js";

let asked;
const path = ({ id }) => `/v1/external-events/${encodeURIComponent(id)}`;

/** What a case refused tells its parts by name: they are shown without the names, whose meaning the reason says. */
function partsOf(detail) {
  try {
    const { refusal, ...parts } = JSON.parse(detail);
    return refusal ? Object.values(parts).flat().join(", ") : detail;
  } catch {
    return detail;
  }
}

const table = new Table("externals", {
  read: (event) => ({ ...event, detail: partsOf(event.detail) }),
  row(root, event) {
    const [retry, drop] = ["retry", "drop"].map((what) => root.querySelector(`[data-do=${what}]`));
    if (retry) retry.onclick = () => tryAgain(event);
    if (drop) drop.onclick = () => ask(event);
  },
});

async function tryAgain(event) {
  try {
    const { state } = await api("POST", path(event), { act: "retry" });
    notice(say(state === "parked" ? "external-still" : "external-done", { name: event.reference }));
  } catch (problem) {
    notice(say("problem", { detail: detailOf(problem) }));
  }
  table.load();
}

const dialog = document.getElementById("drop-external")
  ? new Dialog("drop-external", async ({ reason }) => {
      await api("POST", path(asked), { act: "drop", reason });
      table.load();
    })
  : null;

function ask(event) {
  asked = event;
  dialog.show(event.reference);
}

table.load();
