// A rule set for tests, and a recorded hour to run it on.

/** Messages that mention a refund go to the back office. The queue `service`, and `dana`, are the configuration's. */
export const RULES = `version: 1
zone: Asia/Jerusalem

queues:
  general: {side: front, target: 2m}
  refunds: {side: back, target: 1h, interruptible: true, protected: 20%}

groups:
  office: {queues: [general, refunds], workers: [dana]}

keywords:
  refund: [החזר, זיכוי, refund]

rules:
  - name: refunds
    when: mentions('refund')
    queue: refunds
`;

const HOUR_MS = 3_600_000;

/** An hour in which one of three messages is about a refund, and everybody is there. */
export function recordedHour(count = 60) {
  const begin = Date.parse("2026-11-24T08:00:00Z");
  const at = (ms) => new Date(begin + ms).toISOString();
  const texts = ["איפה ההזמנה שלי?", "אני רוצה החזר כספי", "When do you open?"];
  const arrival = (_, index) => ({ at: at((index * HOUR_MS) / count), channel: "webchat", account: "site", text: texts[index % 3], work_ms: 45_000 });
  return Array.from({ length: count }, arrival).map((line) => JSON.stringify(line)).join("\n");
}
