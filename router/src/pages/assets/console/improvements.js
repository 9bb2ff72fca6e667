// What should change: what stands behind each, until when it is answered, the answer, and which may say the same.

import { api, byId, sayText } from "../page/dom.js";
import { lasting, now } from "../page/clock.js";
import { Dialog } from "../page/dialog.js";
import { Table } from "../page/table.js";

const path = (id) => `/v1/improvements/${encodeURIComponent(id)}`;
const owing = ["open", "reopened"];
let asked;
/** By the one that could belong to another, that other. */
let alike = new Map();

/** What is owed next: the answer, or what was promised with it. */
function due({ status, due_at, answer }) {
  const at = owing.includes(status) ? due_at : ["planned", "doing"].includes(status) ? answer?.do_by : null;
  if (!at) return null;
  const left = Date.parse(at) - now();
  return { text: sayText(left < 0 ? "improvement-late" : "improvement-due", { left: lasting(Math.abs(left)) }), level: left < 0 ? "late" : "" };
}

const table = new Table("improvements", {
  read: (item) => ({
    ...item,
    title: item.members > 0 ? sayText("improvement-members", { name: item.title, count: item.members + 1 }) : item.title,
    cost: item.price?.amount,
    due: due(item),
  }),
  row(root, item) {
    const [answer, join] = ["answer", "join"].map((what) => root.querySelector(`[data-do=${what}]`));
    if (answer) {
      answer.hidden = ![...owing, "planned"].includes(item.status);
      answer.onclick = () => ask(item);
    }
    if (join) {
      join.hidden = !alike.has(item.id);
      join.title = table.rows.get(alike.get(item.id))?.item.title ?? "";
      join.onclick = () => joined(item);
    }
  },
});

async function joined({ id }) {
  await api("POST", path(id), { act: "join", into: alike.get(id) });
  load();
}

const dialog = byId("answer-improvement")
  ? new Dialog("answer-improvement", async ({ worker, day, words }) => {
      const act = { act: "answer", worker, words };
      // The day that is promised is over at its end, where the reader is.
      if (day) act.do_by = new Date(`${day}T23:59:59`).toISOString();
      await api("POST", path(asked), act);
      load();
    })
  : null;

function ask({ id, title, owner }) {
  asked = id;
  dialog.show(title, { worker: owner ?? "" });
}

async function load() {
  try {
    const { items } = await api("GET", "/v1/improvements/alike");
    alike = new Map(items.map(({ into, join }) => [join, into]));
  } catch {
    // What may say the same is a help and no more.
    alike = new Map();
  }
  table.load();
}

load();
