// Templates, sentences and calls: what every part of the desk needs from the page.

const template = (id) => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no template ${id}`);
  return found.content.cloneNode(true);
};

export const byId = (id) => document.getElementById(id);
export const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";

/** The open places of an element, by name. */
export function slotsOf(root) {
  return Object.fromEntries([...root.querySelectorAll("[data-slot]")].map((slot) => [slot.dataset.slot, slot]));
}

/** The single element of a template, with its open places. */
export function clone(id) {
  const root = template(id).firstElementChild;
  return { root, slots: slotsOf(root) };
}

/** Whether the page has a sentence of this name. */
export const knows = (name) => document.getElementById(`say-${name}`) !== null;

/** A sentence in the page's language, its open places filled with text (never with markup). */
export function say(name, values = {}) {
  const sentence = template(`say-${name}`);
  for (const slot of sentence.querySelectorAll("[data-slot]")) slot.textContent = values[slot.dataset.slot] ?? "";
  return sentence;
}

export const sayText = (name, values) => say(name, values).textContent;

/** Shows the one child that is for `value`. */
export function choose(root, value) {
  for (const child of root.querySelectorAll(":scope > [data-for]")) child.hidden = child.dataset.for !== value;
}

/** Changes a text only where it differs, so that screen readers and selections are left in peace. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows a sentence for a while, where it covers nothing that is typed into. */
export function notice(sentence, forMs = 9_000) {
  const { root, slots } = clone("t-notice");
  slots.text.append(sentence);
  root.querySelector("[data-do=close]").addEventListener("click", () => root.remove());
  byId("notices").append(root);
  setTimeout(() => root.remove(), forMs);
}

/** Does something, and says that it is done, or what went wrong. */
export async function attempt(work) {
  try {
    await work();
    notice(say("done"), 4_000);
  } catch (problem) {
    notice(say("problem", { detail: detailOf(problem) }));
  }
}

/** A call of the HTTP API. Throws the problem document; a session that ended leads to the sign-in page. */
export async function api(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: {
      Accept: "application/json",
      ...(body && { "Content-Type": "application/json" }),
      ...(method !== "GET" && { "X-Blendline-CSRF": meta("csrf") }),
    },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  if (answer.status === 401) toSignIn();
  const read = await answer.json().catch(() => ({}));
  if (!answer.ok) throw { detail: `${answer.status} ${answer.statusText}`, ...read };
  return { ...read, date: answer.headers.get("Date") };
}

export function toSignIn() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
}

/**
 * What is said of a problem: by the server's words for it where the page has a sentence for them, else as the server put it;
 * and where it could not be reached, that.
 */
export function refused(problem) {
  const { code, reason, values, detail } = problem ?? {};
  const name = [`refused-${code}-${reason}`, `refused-${code}`].find(knows);
  if (!name) return document.createTextNode(detail ?? sayText("unreachable"));
  const why = knows(`because-${reason}`) ? sayText(`because-${reason}`) : (reason ?? "");
  return say(name, { names: knows("nobody-may") ? sayText("nobody-may") : "", ...values, why });
}

/** The same as text. */
export const detailOf = (problem) => refused(problem).textContent;
