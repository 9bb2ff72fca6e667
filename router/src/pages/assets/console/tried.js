// A rule that was tried on a message: whether it applied, and why, in the page's language.

import { knows, say, sayText } from "../page/dom.js";

/** Its line in a list. */
export function triedLine(one) {
  const item = document.createElement("li");
  item.dataset.applied = one.applied;
  const because = knows(`tried-${one.code}`) ? sayText(`tried-${one.code}`, one.about) : one.because;
  item.append(say("tried", { rule: one.rule, because }));
  for (const { field, value } of one.values) {
    const code = document.createElement("code");
    code.dir = "ltr";
    code.textContent = `${field} = ${value}`;
    item.append(" ", code);
  }
  return item;
}
