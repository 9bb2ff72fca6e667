// What happened to a case, each event as a sentence; and what its customer was given to press.

import { clone, knows, say, sayText, setText } from "./dom.js";
import { instant, lasting } from "./clock.js";
import { plain } from "./text.js";
import { nameOf, shown, worded } from "./case-fields.js";

const millis = (value) => (typeof value === "number" ? value : Date.parse(value));

/** Who did it, for people. */
function whoOf({ who, happened }) {
  if (who) return plain(who);
  const actor = typeof happened.actor === "string" ? happened.actor : "operator";
  return knows(`case-by-${actor}`) ? sayText(`case-by-${actor}`) : actor;
}

const reasonOf = (reason) => (knows(`case-for-${reason}`) ? sayText(`case-for-${reason}`) : reason);
const outcomeOf = (outcome) => (knows(`case-outcome-${outcome}`) ? sayText(`case-outcome-${outcome}`) : outcome);

/** The name of the sentence, and what stands in its places. */
function sentence(one, kind) {
  const { happened: event, new_owner: owner } = one;
  const who = whoOf(one);
  const stage = (name) => plain(worded(kind?.stages.find((stage) => stage.name === name)?.words, name));
  const field = kind?.fields.find(({ name }) => name === event.field);
  const named = field ? nameOf(field) : event.field;
  switch (event.event) {
    case "case_opened":
      return ["opened", { who, stage: stage(event.entered.stage) }];
    case "case_moved":
      return [event.left.late ? "late" : "moved", { who, from: stage(event.left.stage), to: stage(event.entered.stage), took: lasting(event.left.ran_ms) }];
    case "case_field_set":
      if (!event.filled) return ["emptied", { who, field: named }];
      return event.value === undefined ? ["written", { who, field: named }] : ["set", { who, field: named, value: shown(field, event.value) }];
    case "case_assigned":
      return ["assigned", { who, owner: owner ? plain(owner) : sayText("case-nobody") }];
    case "case_paused":
      return ["paused", { who, reason: reasonOf(event.reason) }];
    case "case_resumed":
      return ["resumed", { who, took: lasting(event.waited_ms) }];
    case "case_closed":
      return ["closed", { who, outcome: outcomeOf(event.outcome) }];
    case "case_reopened":
      return ["reopened", { who, stage: stage(event.entered.stage) }];
    case "case_confirmed":
      return ["confirmed", {}];
    case "case_linked":
      return ["linked", { who }];
    case "case_work":
      return event.of_task ? ["work", { task: event.of_task }] : event.reason ? ["no-work", {}] : null;
    case "case_told":
      return [`${event.outcome === "told" ? "told" : "untold"}-${event.whom}`, {}];
    case "case_measured":
      return ["measured", { measure: event.measure, took: lasting(event.took_ms) }];
    case "case_held":
      return [event.held_by ? "case_held" : "case_released", {}];
    default:
      return knows(`case-event-${event.event}`) ? [event.event, { who }] : ["other", { who, event: event.event }];
  }
}

function row(one, kind) {
  const said = sentence(one, kind);
  if (!said) return null;
  const { root, slots } = clone("t-case-event");
  const at = millis(one.happened.at);
  slots.at.dateTime = new Date(at).toISOString();
  setText(slots.at, instant(at));
  const name = `case-event-${said[0]}`;
  // Each value stands isolated: an amount reads the same way in a Hebrew sentence.
  slots.what.append(knows(name) ? say(name, said[1]) : one.happened.event);
  return root;
}

/** Shows the events, the newest first. */
export function showHistory(list, items, kind) {
  list.replaceChildren(...[...items].reverse().map((one) => row(one, kind)).filter(Boolean));
}

/** Shows what the customer was given to press, and what he pressed; true where there is any. */
export function showAsked(list, asked, kind) {
  list.replaceChildren(...asked.map(({ at, stage, pressed, pressed_at }) => {
    const buttons = kind?.stages.find(({ name }) => name === stage)?.buttons ?? [];
    const says = ({ name, words }) => plain(worded(words, name));
    const item = document.createElement("li");
    const button = buttons.find(({ name }) => name === pressed);
    item.dataset.pressed = String(Boolean(pressed));
    item.textContent = pressed
      ? sayText("case-pressed", { button: button ? says(button) : pressed, at: instant(millis(pressed_at)) })
      : sayText("case-unpressed", { buttons: buttons.map(says).join(" / "), at: instant(millis(at)) });
    return item;
  }));
  return asked.length > 0;
}
