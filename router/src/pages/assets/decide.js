// Answers what is asked by a link: what was typed stays when something goes wrong, and a password is kept nowhere.

import { meta, refused, say } from "./page/dom.js";

const form = document.querySelector("#decide");

function complain(sentence, field) {
  const fault = document.querySelector("#fault");
  fault.replaceChildren(sentence);
  fault.hidden = false;
  for (const input of form.querySelectorAll("input")) input.setAttribute("aria-invalid", String(input === field));
  (field ?? form.elements.note).focus();
}

async function answer(act) {
  const { name, password, note } = form.elements;
  const empty = [name, password].find((field) => field && !field.value.trim());
  if (empty) return complain(say("missing"), empty);
  if (act === "deny" && !note.value.trim()) return complain(say("note"), note);
  const body = { act, ...(note.value.trim() && { note: note.value.trim() }), ...(name && { name: name.value.trim(), password: password.value }) };
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    const answered = await fetch(form.dataset.call, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-Blendline-CSRF": meta("csrf") },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
    if (answered.ok) return location.reload();
    const problem = await answered.json().catch(() => ({}));
    // Somebody was quicker: the page says how it was decided.
    if (problem.code === "wrong_decision_state") return location.reload();
    if (password) password.value = "";
    complain(refused(problem), problem.code === "wrong_credentials" ? password : undefined);
  } catch {
    complain(say("unreachable"));
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  answer(event.submitter?.value ?? "approve");
});
