// Ready answers: added, changed and removed by those who may, looked at by everybody else.

import { api, byId, notice, say, sayText } from "../page/dom.js";
import { Dialog } from "../page/dialog.js";
import { Table } from "../page/table.js";

const path = (name) => `/v1/canned-answers/${encodeURIComponent(name)}`;
let asked;

/** An act as it is written: one a line. */
const written = (act) => {
  if (act.act === "note") return `note ${act.text}`;
  if (act.act === "park") return `park ${act.minutes} ${act.reason}`;
  if (act.act === "transfer") return `transfer ${Object.entries(act.to)[0].join(" ")}`;
  return `finish ${act.disposition}`;
};

/** The acts of these lines; the first that cannot be read is told with its number. */
function acts(lines) {
  return lines.split("\n").map((line) => line.trim()).filter(Boolean).map((line, index) => {
    const [, act, rest] = /^(\S+)\s*(.*)$/.exec(line);
    const [one, ...others] = rest.split(/\s+/);
    if (act === "note" && rest) return { act, text: rest };
    if (act === "park" && /^\d+$/.test(one)) return { act, minutes: Number(one), reason: others[0] || "time" };
    if (act === "transfer" && ["queue", "worker"].includes(one) && others.length > 0) return { act, to: { [one]: others.join(" ") } };
    if (act === "finish" && rest) return { act, disposition: rest };
    throw { detail: sayText("then-wrong", { line: String(index + 1) }) };
  });
}

const table = new Table("answers", {
  read: (answer) => ({ ...answer, acts: answer.then.map(written).join(" · ") }),
  row(root, answer) {
    for (const button of root.querySelectorAll("[data-do]")) button.onclick = () => ACTS[button.dataset.do](answer);
  },
});

const ACTS = {
  edit(answer) {
    asked = answer;
    const { title, text, queue, language, then, hotkey } = answer;
    change.show(answer.name, { title, text, queue: queue ?? "", language: language ?? "", then: then.map(written).join("\n"), hotkey: hotkey ?? "" });
  },
  remove(answer) {
    asked = answer;
    remove.show(answer.name);
  },
};

/** What is not chosen is left out. */
const said = ({ title, text, queue, language, then, hotkey }) => ({
  title,
  text,
  ...(queue && { queue }),
  ...(language && { language }),
  ...(then.trim() && { then: acts(then) }),
  ...(hotkey && { hotkey: Number(hotkey) }),
});

async function done() {
  notice(say("done"), 4_000);
  await table.load();
}

const form = (id, send) => byId(id) && new Dialog(id, async (values) => (await send(values), await done()));
const add = form("add-answer", (values) => api("PUT", path(values.name.trim()), { version: 0, ...said(values) }));
const change = form("change-answer", (values) => api("PUT", path(asked.name), { version: asked.version, ...said(values) }));
const remove = form("remove-answer", () => api("DELETE", path(asked.name)));

document.querySelector("[data-do=add]")?.addEventListener("click", () => add.show(""));
table.load();
if (add) {
  api("GET", "/v1/queues").then(({ items }) => {
    for (const dialog of [add, change]) for (const { name } of items) dialog.form.elements.queue.append(new Option(name, name));
  }, () => {});
}
