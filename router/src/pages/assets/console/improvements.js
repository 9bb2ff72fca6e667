// What should change: what stands behind each, until when it is answered, the answer, and which may say the same.

import { api, detailOf, notice, say } from "../page/dom.js";
import { Table } from "../page/table.js";
import { act, answerable, answering, read } from "./improvement-words.js";

/** By the one that could belong to another, that other. */
let alike = new Map();
const answer = answering(load);

const table = new Table("improvements", {
  read,
  row(root, item) {
    linked(root, item);
    const [toAnswer, toJoin] = ["answer", "join"].map((what) => root.querySelector(`[data-do=${what}]`));
    if (toAnswer) {
      toAnswer.hidden = !answerable(item);
      toAnswer.onclick = () => answer.show(item);
    }
    if (toJoin) {
      toJoin.hidden = !alike.has(item.id);
      toJoin.title = table.rows.get(alike.get(item.id))?.item.title ?? "";
      toJoin.onclick = () => join(item);
    }
  },
});

/** What it says leads to its page. */
function linked(root, { id }) {
  const words = root.querySelector("[data-field=title] bdi");
  if (words.querySelector("a")) return;
  const link = document.createElement("a");
  link.href = `/console/improvements/${encodeURIComponent(id)}`;
  link.textContent = words.textContent;
  words.replaceChildren(link);
}

async function join({ id }) {
  try {
    await act(id, { act: "join", into: alike.get(id) });
  } catch (problem) {
    notice(say("problem", { detail: detailOf(problem) }));
  }
  load();
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
