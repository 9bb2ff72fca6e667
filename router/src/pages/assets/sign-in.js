// Signs in, or changes a password: whatever the form calls. What was typed stays when something goes wrong, and the cursor goes to the field at fault.

const form = document.querySelector("#sign-in");
const fault = document.querySelector("#fault");
const inputs = [...form.querySelectorAll("input")];
const csrf = document.querySelector("meta[name=csrf]").content;

function complain(text, field) {
  fault.textContent = text;
  fault.hidden = false;
  for (const input of inputs) input.setAttribute("aria-invalid", String(input === field));
  (field ?? inputs.at(-1)).focus();
}

/** Where to go afterwards: a path of this site and nothing else. */
function next() {
  const asked = new URL(new URLSearchParams(location.search).get("next") ?? "/desk", location.origin);
  return asked.origin === location.origin ? asked.pathname + asked.search : "/desk";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = Object.fromEntries(new FormData(form));
  const empty = inputs.find((input) => !input.value.trim());
  if (empty) return complain(document.querySelector("#says-missing").textContent, empty);
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(form.dataset.call, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Blendline-CSRF": csrf },
      body: JSON.stringify(body),
    });
    if (answer.ok) return location.assign(next());
    const problem = await answer.json().catch(() => ({}));
    complain(problem.detail ?? `${answer.status} ${answer.statusText}`);
  } catch {
    complain(document.querySelector("#says-unreachable").textContent);
  } finally {
    button.disabled = false;
  }
});
inputs[0].focus();
