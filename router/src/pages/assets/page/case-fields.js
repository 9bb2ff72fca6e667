// The fields of a case as inputs of their kinds: what is typed becomes a value, or a sentence beside it says what is wrong.
// Money is whole minor units all the way: it is never a fraction.

import { sayText, setText } from "./dom.js";
import { plain } from "./text.js";

const lang = document.documentElement.lang;
let numbered = 0;

/** The text in the page's language; else the one for everybody, else English, else the first. */
export const worded = (words, otherwise = "") => words?.[lang] ?? words?.[""] ?? words?.en ?? Object.values(words ?? {})[0] ?? otherwise;

export const nameOf = (field) => plain(worded(field.words, field.name));

/** An amount in minor units as people write it. */
export function decimal(minor, digits) {
  const text = String(Math.abs(minor)).padStart(digits + 1, "0");
  const sign = minor < 0 ? "-" : "";
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** An amount without what people write around and between its digits: signs of currencies, and marks of thousands. */
function bare(text, digits) {
  const digitsAlone = text.replace(/[\s\u200e\u200f\u202f'’₪$€£]/gu, "");
  // Three digits behind a comma are thousands, but where the currency itself has three; behind a point they are no amount, for
  // nobody knows which he meant.
  if (digits !== 3 && /^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(digitsAlone)) return digitsAlone.replaceAll(",", "");
  if (digits !== 3 && /^-?\d{1,3}(\.\d{3})+,\d+$/.test(digitsAlone)) return digitsAlone.replaceAll(".", "");
  return digitsAlone;
}

/** What somebody wrote as an amount, in minor units; null where it is none. */
export function minorOf(text, digits) {
  const found = /^(-?)(\d{1,13})(?:[.,](\d+))?$/.exec(bare(text, digits));
  if (!found || (found[3]?.length ?? 0) > digits) return null;
  const minor = Number(found[2] + (found[3] ?? "").padEnd(digits, "0"));
  if (!Number.isSafeInteger(minor)) return null;
  return found[1] ? -minor : minor;
}

/** A value for people to read. */
export function shown(field, value) {
  if (value === undefined || value === null) return "";
  if (typeof value === "object") return `${decimal(value.minor, field?.digits ?? 2)} ${value.currency}`;
  const choice = field?.of?.find(({ name }) => name === value);
  return choice ? plain(worded(choice.words, choice.name)) : String(value);
}

/** What stands in the input of a value. */
function typed(field, value) {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? decimal(value.minor, field.digits ?? 2) : String(value);
}

/** The value of what was typed, or the sentence that says why it is none. */
function valueOf(field, text) {
  switch (field.type) {
    case "number":
      return /^-?\d{1,15}$/.test(text.trim()) ? { value: Number(text.trim()) } : { fault: sayText("case-wrong-number") };
    case "money": {
      const minor = minorOf(text, field.digits);
      return minor === null ? { fault: sayText("case-wrong-money", { example: decimal(1250, field.digits) }) } : { value: { minor, currency: field.currency } };
    }
    default:
      return { value: text.trim() };
  }
}

function inputOf(field) {
  if (field.type === "choice") {
    const select = document.createElement("select");
    select.append(new Option(sayText("case-choose"), ""), ...field.of.map(({ name, words }) => new Option(plain(worded(words, name)), name)));
    return select;
  }
  const input = document.createElement(field.type === "text" ? "textarea" : "input");
  if (field.type === "text") input.rows = 2;
  else input.type = field.type === "date" ? "date" : "text";
  input.dir = ["money", "number"].includes(field.type) ? "ltr" : "auto";
  if (field.type === "money") input.inputMode = "decimal";
  if (field.type === "number") input.inputMode = "numeric";
  input.maxLength = 4_000;
  input.autocomplete = "off";
  return input;
}

/** Inputs for some fields. What was typed stays when something is refused, and when another changes the case meanwhile. */
export class FieldInputs {
  /** `required`: every one of them must have a value. */
  constructor(place, fields, values = {}, required = false) {
    this.rows = new Map();
    place.replaceChildren(...fields.map((field) => this.row(field, required)));
    this.update(values);
  }

  row(field, required) {
    const label = document.createElement("label");
    label.className = "case-input";
    const name = document.createElement("span");
    name.textContent = nameOf(field) + (field.currency ? ` (${field.currency})` : "");
    const input = inputOf(field);
    input.name = field.name;
    input.required = required;
    const fault = document.createElement("small");
    fault.className = "field-fault";
    fault.id = `case-fault-${++numbered}`;
    fault.hidden = true;
    input.setAttribute("aria-describedby", fault.id);
    input.addEventListener("input", () => this.complain(field.name, null));
    label.append(name, input, fault);
    this.rows.set(field.name, { field, input, fault, was: "" });
    return label;
  }

  /** Shows these values where nobody is typing something else. */
  update(values) {
    for (const row of this.rows.values()) {
      const text = typed(row.field, values[row.field.name]);
      if (row.input.value === row.was) row.input.value = text;
      // A date that a browser does not take is no value of ours.
      row.was = text;
    }
  }

  /** Takes these as saved from now on; gives what takes that back. */
  saved(values) {
    const rows = Object.keys(values).map((name) => this.rows.get(name));
    const before = rows.map(({ was }) => was);
    for (const row of rows) row.was = row.input.value;
    return () => rows.forEach((row, place) => (row.was = before[place]));
  }

  /** True where something was typed that is not saved. */
  get dirty() {
    return [...this.rows.values()].some(({ input, was }) => input.value !== was || input.validity.badInput);
  }

  /** What was typed, by field, `null` where one was emptied; nothing at all where something is no value. */
  read() {
    const values = {};
    let wrong = null;
    for (const [name, { field, input, was }] of this.rows) {
      const fault = this.faultOf(field, input);
      this.complain(name, fault);
      if (fault) wrong ??= input;
      else if (input.value.trim() === "") {
        if (was !== "") values[name] = null;
      } else if (input.value !== was || input.required) values[name] = valueOf(field, input.value).value;
    }
    wrong?.focus();
    return wrong ? null : values;
  }

  faultOf(field, input) {
    if (input.validity.badInput) return sayText(field.type === "date" ? "case-wrong-date" : "case-wrong-value");
    if (input.value.trim() === "") return input.required ? sayText("case-wrong-empty") : null;
    return valueOf(field, input.value).fault ?? null;
  }

  /** Says at a field what is wrong with it; true where there is such a field. */
  complain(name, text) {
    const row = this.rows.get(name);
    if (!row) return false;
    row.input.setAttribute("aria-invalid", String(text !== null));
    row.fault.hidden = text === null;
    setText(row.fault, text ?? "");
    return true;
  }

  focus() {
    [...this.rows.values()][0]?.input.focus();
  }
}
