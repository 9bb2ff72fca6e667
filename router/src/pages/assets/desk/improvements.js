// What should change: written down when a task is finished, and read with what became of it.

import { api, byId, clone, detailOf, notice, say, sayText, setText } from "../page/dom.js";
import { instant } from "../page/clock.js";
import { isolated, plain } from "../page/text.js";

/** Something was written down with a verdict: it is shown where the list is open. */
export function wrote() {
  if (mine?.open) read();
}

const mine = byId("my-improvements");
mine?.addEventListener("toggle", () => mine.open && read());

async function read() {
  try {
    const { items } = await api("GET", "/v1/improvements?limit=200");
    items.sort((one, other) => Date.parse(other.opened_at) - Date.parse(one.opened_at));
    byId("improvements-mine").replaceChildren(...items.map(card));
    byId("improvements-none").hidden = items.length > 0;
  } catch (problem) {
    notice(say("problem", { detail: detailOf(problem) }));
  }
}

function card({ title, status, opened_at, answer }) {
  const { root, slots } = clone("t-improvement");
  setText(slots.status, sayText(`improvement-${status}`));
  slots.at.dateTime = opened_at;
  setText(slots.at, instant(Date.parse(opened_at)));
  slots.title.append(isolated(title));
  if (answer) setText(slots.answer, sayText("improvement-answer", { by: plain(answer.by), words: answer.words }));
  return root;
}
