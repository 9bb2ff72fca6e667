// Open tasks, by queue and office; each leads to why it stands where it stands.

import { api } from "../page/dom.js";
import { Table } from "../page/table.js";

const table = new Table("tasks", {
  row(root, { id }) {
    const cell = root.querySelector("[data-field=id]");
    const link = document.createElement("a");
    link.href = `/console/work/${encodeURIComponent(id)}`;
    link.textContent = id;
    link.dir = "ltr";
    cell.replaceChildren(link);
  },
});

function load() {
  const route = new URL("/v1/tasks?open=true&limit=200", location.href);
  for (const select of table.root.querySelectorAll("select")) if (select.value) route.searchParams.set(select.name, select.value);
  table.route = route.pathname + route.search;
  return table.load();
}

for (const select of table.root.querySelectorAll("select")) select.addEventListener("change", load);
setInterval(() => table.tick(), 1_000);
load();
api("GET", "/v1/queues").then(({ items }) => {
  const select = table.root.querySelector("[name=queue]");
  for (const { name } of items) select.append(new Option(name, name));
}, () => {});
