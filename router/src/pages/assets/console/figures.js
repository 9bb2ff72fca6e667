// Figures of the floor in words, the same wherever they are shown.

import { sayText } from "../page/dom.js";
import { lasting, now } from "../page/clock.js";

const lang = document.documentElement.lang;
export const number = new Intl.NumberFormat(lang);
const slots = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
export const percent = new Intl.NumberFormat(lang, { style: "percent", maximumFractionDigits: 0 });
/** Below its goal by no more than this, a queue is close. */
const CLOSE_MILLI = 50;

export const figure = (text, level = "") => ({ text, level });

/** The part that had a worker in time; nothing where nothing was due yet. */
export function level({ in_time, late, left }, goal) {
  const due = in_time + late + left;
  if (due === 0) return figure("–");
  const milli = (in_time * 1_000) / due;
  return figure(percent.format(milli / 1_000), goal === null || milli >= goal ? "good" : milli >= goal - CLOSE_MILLI ? "soon" : "late");
}

/** The part that was given up before anybody had it. */
export function left({ in_time, late, left: gone }) {
  const due = in_time + late + gone;
  return figure(due === 0 ? "–" : `${percent.format(gone / due)} (${number.format(gone)})`);
}

/** How long the oldest has waited, against the queue's target. */
export function oldest({ oldest_at, target_ms }) {
  if (!oldest_at) return figure("–");
  const waited = Math.max(0, now() - Date.parse(oldest_at));
  return figure(lasting(waited), waited > target_ms ? "late" : waited > target_ms * 0.8 ? "soon" : "");
}

/** What is kept for a queue: front slots free of back work, or its part of the hours. */
export function kept({ side, waiting, reserve_milli, promised_milli, taken_milli }) {
  if (side === "front") return figure(reserve_milli > 0 ? sayText("reserve", { count: slots.format(reserve_milli / 1_000) }) : "–");
  if (promised_milli === 0) return figure("–");
  const share = { taken: percent.format(taken_milli / 1_000), promised: percent.format(promised_milli / 1_000) };
  // Nothing is owed to an empty queue.
  return figure(sayText("share", share), waiting > 0 && taken_milli < promised_milli ? "soon" : "");
}

/** How content customers were, of five, and how many said so. */
export function rated({ rated: count, rated_sum: sum }) {
  return figure(count === 0 ? "–" : sayText("rated", { mean: slots.format(sum / count), count: number.format(count) }));
}

export function occupancy({ load, capacity }) {
  return figure(capacity > 0 ? percent.format(load / capacity) : "–", capacity > 0 && load >= capacity ? "soon" : "");
}
