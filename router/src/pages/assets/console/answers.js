// Ready answers: added, changed and removed by those who may, looked at by everybody else.

import { api, byId, notice, say } from "../page/dom.js";
import { Dialog } from "../page/dialog.js";
import { Table } from "../page/table.js";

const path = (name) => `/v1/canned-answers/${encodeURIComponent(name)}`;
let asked;

const table = new Table("answers", {
  row(root, answer) {
    for (const button of root.querySelectorAll("[data-do]")) button.onclick = () => ACTS[button.dataset.do](answer);
  },
});

const ACTS = {
  edit(answer) {
    asked = answer;
    const { title, text, queue, language } = answer;
    change.show(answer.name, { title, text, queue: queue ?? "", language: language ?? "" });
  },
  remove(answer) {
    asked = answer;
    remove.show(answer.name);
  },
};

/** What is not chosen is left out. */
const said = ({ title, text, queue, language }) => ({ title, text, ...(queue && { queue }), ...(language && { language }) });

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
