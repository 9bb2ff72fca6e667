// Moves a task to a queue or a worker, or pulls it back to its queue: what supervisors do about open work.

import { api } from "../page/dom.js";
import { Dialog } from "../page/dialog.js";

const transfer = (id, to) => api("POST", `/v1/tasks/${encodeURIComponent(id)}/transfer`, { to });

/** Back in line in its queue, for whoever is next. */
export const pullBack = ({ id, queue }) => transfer(id, { queue });

/** Asks to whom a task goes; `moved()` is called once it went. `show(id)` opens the dialog. */
export function mover(moved) {
  let asked;
  const dialog = new Dialog("move-dialog", async ({ to }) => {
    const [kind, ...name] = to.split(":");
    await transfer(asked, { [kind]: name.join(":") });
    moved();
  });
  const names = async (path, kind) => {
    const { items } = await api("GET", path);
    dialog.slots[`${kind}s`].append(...items.map(({ name }) => new Option(name, `${kind}:${name}`)));
  };
  names("/v1/queues", "queue").catch(() => {});
  names("/v1/workers", "worker").catch(() => {});
  return {
    show(id) {
      asked = id;
      dialog.show();
    },
  };
}
