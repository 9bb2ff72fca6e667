// The floor, live: one stream of events, from which every page that shows it reads.

import { api, byId, choose } from "../page/dom.js";
import { learn } from "../page/clock.js";

const AGAIN_MS = 2_000;

function showLink(state) {
  const link = byId("link");
  if (link.dataset.state === state) return;
  link.dataset.state = state;
  choose(link, state);
}

/** Follows the floor; `changed(floor, names)` is called with all of it, and with the names that changed by kind. */
export function followFloor(changed) {
  let floor = null;
  let stream = null;
  const lists = ["queues", "groups", "people"];
  const open = () => {
    showLink("connecting");
    stream = new EventSource("/v1/floor");
    stream.addEventListener("floor", ({ data }) => {
      floor = JSON.parse(data);
      showLink("online");
      changed(floor, null);
    });
    stream.addEventListener("changes", ({ data }) => {
      const news = JSON.parse(data);
      floor.at = news.at;
      const names = {};
      for (const list of lists) {
        const by = new Map(news[list].map((item) => [item.name, item]));
        floor[list] = floor[list].map((item) => by.get(item.name) ?? item);
        names[list] = news[list];
      }
      for (const side of news.sides) floor.sides[floor.sides.findIndex((one) => one.side === side.side)] = side;
      names.sides = news.sides;
      showLink("online");
      changed(floor, names);
    });
    stream.addEventListener("away", () => showLink("offline"));
    stream.addEventListener("error", () => {
      showLink("offline");
      // A browser does not say why a stream was refused; the API does, and leads to the sign-in page if it must.
      if (stream.readyState !== EventSource.CLOSED) return;
      api("GET", "/v1/sessions/current").then(({ date }) => learn(date)).catch(() => {});
      setTimeout(open, AGAIN_MS);
    });
  };
  open();
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && open());
}
