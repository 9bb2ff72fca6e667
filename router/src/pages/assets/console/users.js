// Who may sign in: adding, changing, a password for the first time, and letting nobody in.

import { api, byId, detailOf, notice, say, setText, slotsOf } from "../page/dom.js";
import { Dialog } from "../page/dialog.js";
import { Table } from "../page/table.js";

const standing = ({ disabled, must_change }) => (disabled ? "disabled" : must_change ? "must_change" : "active");
const path = ({ name }) => `/v1/users/${encodeURIComponent(name)}`;
let asked;

const table = new Table("users", {
  read: (user) => ({ ...user, standing: standing(user) }),
  row(root, user) {
    for (const button of root.querySelectorAll("[data-do]")) {
      button.hidden = button.dataset.when !== undefined && (button.dataset.when === "disabled") !== user.disabled;
      button.onclick = () => ACTS[button.dataset.do](user);
    }
  },
});

const ACTS = {
  role(user) {
    asked = user;
    change.show(user.name, { role: user.role, worker: user.worker ?? "" });
    showWorker(change);
  },
  reset: (user) => patch(user, { reset_password: true }),
  disable: (user) => patch(user, { disabled: true }),
  enable: (user) => patch(user, { disabled: false }),
};

async function patch(user, body) {
  try {
    shown(await api("PATCH", path(user), body));
  } catch (problem) {
    notice(say("problem", { detail: detailOf(problem) }));
  }
}

/** A user as he is now; a password that was made for him is told this once. */
function shown(user) {
  const { one_time_password: secret, ...rest } = user;
  table.put(rest);
  table.search();
  if (!secret) return;
  const slots = slotsOf(byId("told-once"));
  setText(slots.name, user.name);
  setText(slots.secret, secret);
  byId("told-once").showModal();
}

const worded = ({ worker, role, ...rest }) => ({ ...rest, role, ...(role === "worker" && { worker }) });
const add = new Dialog("add-user", async (said) => shown(await api("POST", "/v1/users", worded(said))));
const change = new Dialog("change-user", async (said) => shown(await api("PATCH", path(asked), worded(said))));

/** Only a worker is one of the workers. */
function showWorker({ form, slots }) {
  const is = form.elements.role.value === "worker";
  slots.worker.hidden = !is;
  form.elements.worker.required = is;
}

for (const dialog of [add, change]) dialog.form.elements.role.addEventListener("change", () => showWorker(dialog));
document.querySelector("[data-do=add]").addEventListener("click", () => {
  add.show("");
  showWorker(add);
});
table.load();
api("GET", "/v1/workers").then(({ items }) => {
  for (const { form } of [add, change]) for (const { name } of items) form.elements.worker.append(new Option(name, name));
}, () => {});
