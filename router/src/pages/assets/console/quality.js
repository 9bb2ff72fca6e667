// Quality: one answer of the API in five tables, each of which is found by a word and saved as CSV.

import { api, byId, say } from "../page/dom.js";
import { complainIn, Table } from "../page/table.js";

const SCOPES = ["workers", "groups", "queues", "actions"];
/** Below this a score is bad, below the other not good. */
const LOW = 700;
const GOOD = 850;

const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
const percent = (milli) => number.format(milli / 10);
const level = (milli) => (milli < LOW ? "late" : milli < GOOD ? "soon" : "good");
const figure = (milli) => ({ text: percent(milli), level: level(milli) });

/** A table whose rows are told apart by all of what they hold. */
function tableOf(id) {
  const table = new Table(id);
  table.keyOf = JSON.stringify;
  return table;
}

const tables = Object.fromEntries(["figures", "proposals", "reviewers", "answers", "sent-back"].map((name) => [name, tableOf(`quality-${name}`)]));

function show(quality) {
  const { calibration } = quality;
  tables.figures.only(
    SCOPES.flatMap((scope) =>
      quality[scope].map(({ of, count, score_milli: score, low_milli: low, high_milli: high, drift }) => ({
        scope, of, count, drift, score: figure(score), interval: `${percent(low)}–${percent(high)}`,
      })),
    ),
  );
  tables.proposals.only(quality.proposals.map(({ up, score_milli: score, ...rest }) => ({ ...rest, way: up ? "up" : "down", score: figure(score) })));
  tables.reviewers.only(calibration.reviewers.map(({ lenient_milli: lenient, ...rest }) => ({ ...rest, lenient: { text: `${lenient > 0 ? "+" : ""}${percent(lenient)}` } })));
  tables.answers.only(quality.answers);
  tables["sent-back"].only(quality.sent_back);
  byId("quality-sum").hidden = false;
  byId("quality-sum").replaceChildren(
    say("quality-sum", {
      drawn: quality.drawn, waiting: quality.waiting, pairs: calibration.pairs,
      agreed: percent(calibration.agreed_milli), apart: percent(calibration.apart_milli),
    }),
  );
}

try {
  show(await api("GET", "/v1/quality"));
} catch (problem) {
  complainIn(byId("quality-fault"), problem);
}
