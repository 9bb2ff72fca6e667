// Open work: filtered, kept as views with live counts; each task leads to why it stands where it stands, and supervisors
// move it from here.

import { api, attempt, byId, say, setText, slotsOf } from "../page/dom.js";
import { Table, complainIn } from "../page/table.js";
import { plain } from "../page/text.js";
import { Views, counted } from "../page/views.js";
import { mover, pullBack } from "./move.js";

/** How often all of it is looked at again. */
const AGAIN_MS = 5_000;
const move = byId("move-dialog") && mover(() => look());
let round = 0;

const table = new Table("tasks", {
  read: (task) => ({ ...task, tags: task.tags.map(plain).join(" · "), language: task.language === "und" ? null : task.language }),
  row(root, task) {
    const code = root.querySelector("[data-field=id] code");
    if (!code.querySelector("a")) {
      const link = document.createElement("a");
      link.href = `/console/work/${encodeURIComponent(task.id)}`;
      link.textContent = task.id;
      code.replaceChildren(link);
    }
    for (const button of root.querySelectorAll("[data-do=move], [data-do=back]")) {
      button.onclick = () => (button.dataset.do === "move" ? move.show(task.id) : back(task));
    }
    const had = root.querySelector("[data-do=back]");
    if (had) had.disabled = task.state === "waiting";
  },
});

const back = (task) => attempt(() => pullBack(task)).then(look);

const complain = (detail) => complainIn(table.slots.fault, { detail });
const views = new Views({ list: slotsOf(byId("work-asked")).views, look: () => look(), complain });

async function look() {
  const asked = ++round;
  try {
    const { items, count, unread } = await api("GET", views.route());
    if (asked !== round) return;
    views.offer(items);
    table.only(items);
    if (items.length < count || unread) setText(table.slots.count, say("of-all", { shown: items.length, count: counted(count, unread) }).textContent);
    complainIn(table.slots.fault, null);
  } catch (problem) {
    if (asked === round) complainIn(table.slots.fault, problem);
  }
}

const again = () => Promise.all([look(), views.show()]);
setInterval(() => table.tick(), 1_000);
// A page that nobody sees asks for nothing.
setInterval(() => document.visibilityState === "visible" && again(), AGAIN_MS);
views.choices();
again();
