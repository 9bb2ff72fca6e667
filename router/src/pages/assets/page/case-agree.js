// What the unit that a case is about may not do alone: who may agree to it, and whoever may does it here.

import { sayText, setText } from "./dom.js";
import { plain } from "./text.js";
import { worded } from "./case-fields.js";

/** Shows it in a case's panel, which asks. */
export function showAgreement(panel) {
  const { info, kind, slots, host } = panel;
  const { agreement, agreed } = info;
  slots.agreement.hidden = !agreement;
  if (!agreement) return;
  // Two ends may be called the same to the customer: how each ends tells them apart.
  const words = (name) => {
    const stage = kind?.stages.find((one) => one.name === name);
    const outcome = stage?.closes ? ` – ${sayText(`case-outcome-${stage.closes}`)}` : "";
    return `${plain(worded(stage?.words, name))}${outcome}`;
  };
  const names = agreement.units.length > 0 ? agreement.units.map(plain).join(", ") : sayText("case-nobody-agrees");
  const told = [`${sayText("case-agreement", { unit: plain(agreement.about) })} ${names}`];
  if (agreed?.stage) told.push(sayText("case-agreed", { stage: words(agreed.stage) }));
  setText(slots["agreement-text"], told.join(" "));
  const ends = agreement.may && host.may ? info.moves.filter(({ closes, to }) => closes && agreed?.stage !== to) : [];
  const shown = JSON.stringify(ends.map(({ to }) => to));
  // A button that somebody stands on is not made anew.
  if (shown === panel.shownEnds) return;
  panel.shownEnds = shown;
  slots["agreement-do"].replaceChildren(...ends.map(({ to }) => {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.dataset.agree = to;
    button.textContent = sayText("case-agree", { stage: words(to) });
    button.addEventListener("click", () => panel.now(button, { agree: { stage: to } }));
    return button;
  }));
}
