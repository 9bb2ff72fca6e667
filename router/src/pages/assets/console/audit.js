// The audit log, with its end: whoever keeps that can prove later that nothing was cut off.

import { setText, slotsOf } from "../page/dom.js";
import { Table } from "../page/table.js";

/** What is too long to be read in a line: the page of the rules shows it. */
const LONG = ["diff", "sha256"];

/** The fields that a deed changed, from what to what. */
function change({ before, after }) {
  const text = (value) => (value === null || value === undefined ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));
  if (typeof after === "string") return after;
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  const differing = [...names].filter((name) => !LONG.includes(name) && text(before?.[name]) !== text(after?.[name]));
  return differing.map((name) => `${name}: ${text(before?.[name])} → ${text(after?.[name])}`).join("; ");
}

const table = new Table("audit", { read: (entry) => ({ ...entry, change: change(entry).slice(0, 2_000) }) });
await table.load();
const { seq, hash } = table.page?.head ?? {};
if (seq) {
  const place = document.querySelector("[data-slot=head]");
  const slots = slotsOf(place);
  setText(slots.seq, String(seq));
  setText(slots.hash, hash);
  place.hidden = false;
}
