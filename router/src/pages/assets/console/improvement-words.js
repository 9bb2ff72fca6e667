// What should change, on its list and on its own page: what is owed next, and the manager's answer.

import { api, byId, sayText } from "../page/dom.js";
import { lasting, now } from "../page/clock.js";
import { Dialog } from "../page/dialog.js";

export const path = (id) => `/v1/improvements/${encodeURIComponent(id)}`;
export const act = (id, asked) => api("POST", path(id), asked);
export const owing = ["open", "reopened"];

/** What is owed next: the answer, or what was promised with it. */
function due({ status, due_at, answer }) {
  const at = owing.includes(status) ? due_at : ["planned", "doing"].includes(status) ? answer?.do_by : null;
  if (!at) return null;
  const left = Date.parse(at) - now();
  return { text: sayText(left < 0 ? "improvement-late" : "improvement-due", { left: lasting(Math.abs(left)) }), level: left < 0 ? "late" : "" };
}

/** One as its row and its page show it. */
export const read = (item) => ({
  ...item,
  title: item.members > 0 ? sayText("improvement-members", { name: item.title, count: item.members + 1 }) : item.title,
  cost: item.price?.amount,
  due: due(item),
});

/** Whether it may be answered (again). */
export const answerable = ({ status, group }) => !group && [...owing, "planned"].includes(status);

/** A day of the reader's: its beginning, or the one after it. */
export const dayOf = (text, after = 0) => {
  const [year, month, day] = text.split("-").map(Number);
  return new Date(year, month - 1, day + after);
};

/** The form of a manager's answer; `changed()` is called once it went. `show(item)` opens it. */
export function answering(changed) {
  if (!byId("answer-improvement")) return null;
  let asked;
  const dialog = new Dialog("answer-improvement", async ({ worker, do_by: day, words }) => {
    const answer = { act: "answer", worker, words };
    // The day that is promised is over at its end, where the reader is.
    if (day) answer.do_by = dayOf(day, 1).toISOString();
    await act(asked, answer);
    changed();
  });
  return {
    show({ id, title, owner }) {
      asked = id;
      dialog.show(title, { worker: owner ?? "" });
    },
  };
}
