// The people: who is there, what each has, and what a supervisor does about it.

import { api, byId, notice, say, sayText, setText, slotsOf } from "../page/dom.js";
import { Dialog } from "../page/dialog.js";
import { Table, complainIn } from "../page/table.js";
import { plain } from "../page/text.js";
import { occupancy } from "./figures.js";
import { followFloor } from "./live.js";

let asked;
const works = byId("work-of");

const table = new Table("people", {
  read: (person) => ({
    ...person,
    standing: person.connected ? person.presence : "gone",
    groups: person.groups.join(", "),
    occupancy: occupancy(person),
    idle_since: person.connected ? person.idle_since : null,
  }),
  row(root, person) {
    root.querySelector("[data-do=work]").onclick = () => showWork(person);
    for (const button of root.querySelectorAll("[data-do=presence], [data-do=tell]")) {
      button.disabled = !person.connected;
      button.onclick = () => {
        asked = person;
        if (button.dataset.do === "tell") tell.show(plain(person.name));
        else change.show(plain(person.name), { presence: person.presence });
      };
    }
  },
});

/** A form whose values go to a route of the person's. */
const about = (id, route) => byId(id) && new Dialog(id, async (said) => {
  await api("POST", `/v1/workers/${encodeURIComponent(asked.name)}/${route}`, said);
  notice(say("done"), 4_000);
});
const change = about("presence-dialog", "presence");
const tell = about("tell-dialog", "messages");

/** What somebody has open; each task leads to its page, where it can be moved or pulled back. */
async function showWork({ name }) {
  const slots = slotsOf(works);
  setText(slots.name, plain(name));
  slots.work.replaceChildren();
  slots["no-work"].hidden = true;
  works.showModal();
  try {
    const { items } = await api("GET", `/v1/tasks?open=true&limit=200&worker=${encodeURIComponent(name)}`);
    slots.work.replaceChildren(...items.map(({ id, queue, state }) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = `/console/work/${encodeURIComponent(id)}`;
      link.dir = "ltr";
      link.textContent = id;
      const where = document.createElement("bdi");
      where.textContent = plain(queue);
      item.append(link, " · ", where, ` · ${sayText(`task-${state}`)}`);
      return item;
    }));
    slots["no-work"].hidden = items.length > 0;
    complainIn(slots.fault, null);
  } catch (problem) {
    complainIn(slots.fault, problem);
  }
}

followFloor((floor, news) => {
  if (!news) table.clear();
  for (const person of news?.people ?? floor.people) table.put(person);
  if (!news || table.find.value) table.search();
});
setInterval(() => document.visibilityState === "visible" && table.tick(), 1_000);
