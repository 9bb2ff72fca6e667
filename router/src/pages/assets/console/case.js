// One case: where it stands, all that happened to it, the tasks that did its work; and what a supervisor does about it.

import { api, byId } from "../page/dom.js";
import { complainIn } from "../page/table.js";
import { CasePanel } from "../page/case.js";
import { typeOf } from "../page/case-words.js";

const EVERY_MS = 3_000;
const place = byId("case-place");
const id = place.dataset.case;
let panel = null;

/** The tasks that did its work, the newest first; each leads to why it stands where it stands. */
function showTasks(events) {
  const tasks = [...new Set(events.map(({ happened }) => happened.of_task).filter(Boolean))].reverse();
  byId("case-no-tasks").hidden = tasks.length > 0;
  byId("case-tasks").replaceChildren(...tasks.map((task) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    Object.assign(link, { href: `/console/work/${encodeURIComponent(task)}`, textContent: task, dir: "ltr" });
    item.append(link);
    return item;
  }));
}

async function load() {
  try {
    const info = await api("GET", `/v1/cases/${encodeURIComponent(id)}`);
    const kind = await typeOf(info);
    if (panel) {
      panel.show(info, kind);
      panel.readHistory();
    } else {
      panel = new CasePanel(info, kind, { may: place.dataset.may === "true", told: showTasks });
      panel.slots.history.open = true;
      place.append(panel.root);
    }
    complainIn(byId("case-fault"), null);
  } catch (problem) {
    complainIn(byId("case-fault"), problem);
  }
}

await load();
setInterval(() => panel?.tick(), 1_000);
// A page that nobody sees asks for nothing.
setInterval(() => document.visibilityState === "visible" && load(), EVERY_MS);
