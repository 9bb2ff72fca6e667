// Signs in or out, or changes a password: whatever the form calls. What was typed stays when something goes wrong, and the cursor goes to the field at fault.

const form = document.querySelector("#sign-in");
const fault = document.querySelector("#fault");
const inputs = [...form.querySelectorAll("input")];
const csrf = document.querySelector("meta[name=csrf]").content;

function complain(text, field) {
  fault.textContent = text;
  fault.hidden = false;
  for (const input of inputs) input.setAttribute("aria-invalid", String(input === field));
  (field ?? inputs.at(-1))?.focus();
}

/** The page's sentence on something, in its language; nothing where it has none. */
function says(name, seconds) {
  const sentence = document.getElementById(`says-${name}`)?.cloneNode(true);
  const left = sentence?.querySelector("[data-slot=left]");
  if (left) left.textContent = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: "second" }).format(seconds);
  return sentence?.textContent;
}

/** Where to go afterwards: a path of this site and nothing else. */
function next() {
  const asked = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
  return asked.origin === location.origin ? asked.pathname + asked.search : "/";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const empty = inputs.find((input) => !input.value.trim());
  if (empty) return complain(says("missing"), empty);
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(form.dataset.call, {
      method: form.dataset.method ?? "POST",
      headers: { "Content-Type": "application/json", "X-Blendline-CSRF": csrf },
      body: inputs.length > 0 ? JSON.stringify(Object.fromEntries(new FormData(form))) : null,
    });
    if (answer.ok) return location.assign(form.dataset.next ?? next());
    const { code, detail, field } = await answer.json().catch(() => ({}));
    const text = says(code, answer.headers.get("Retry-After")) ?? detail ?? `${answer.status} ${answer.statusText}`;
    complain(text, form.elements[field?.slice(1)]);
  } catch {
    complain(says("unreachable"));
  } finally {
    button.disabled = false;
  }
});
inputs[0]?.focus();
