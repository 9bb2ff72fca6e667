// Time as the server has it: a worker's own clock may be wrong, and deadlines are the server's.

let offset = 0;
const lang = document.documentElement.lang;
const short = new Intl.DateTimeFormat(lang, { hour: "numeric", minute: "2-digit" });
const long = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
const whole = (unit) => new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 });
const hours = whole("hour");
const days = whole("day");
const seconds = whole("second");

/** Learns the difference from a `Date` header, which has whole seconds: less than two are no difference. */
export function learn(header) {
  const theirs = Date.parse(header ?? "");
  if (!Number.isFinite(theirs)) return;
  const difference = theirs - Date.now();
  offset = Math.abs(difference) < 2_000 ? 0 : difference;
}

export const now = () => Date.now() + offset;

/** How long something lasts, in the shortest form that still tells. */
export function lasting(ms) {
  const total = Math.max(0, Math.round(ms / 1_000));
  if (total < 3_600) return `${Math.floor(total / 60)}:${String(total % 60).padStart(2, "0")}`;
  return total < 48 * 3_600 ? hours.format(Math.round(total / 3_600)) : days.format(Math.round(total / 86_400));
}

export const inSeconds = (ms) => seconds.format(Math.ceil(ms / 1_000));

/** The hour; with the day where that is not today. */
export function instant(ms) {
  const same = new Date(ms).toDateString() === new Date(now()).toDateString();
  return (same ? short : long).format(ms);
}

/** How pressing a deadline is: `late`, `soon` or `calm`. */
export function level(task, at = now()) {
  const left = task.due_at - at;
  if (left < 0) return "late";
  return left < Math.max(60_000, (task.due_at - task.earned_at) / 5) ? "soon" : "calm";
}
