// What every page of the console has: menus, the way out, and where a date is told.

import { api, byId, detailOf, notice, say } from "../page/dom.js";
import { listenMenus } from "../page/menus.js";
import { startSearch } from "../page/search.js";

listenMenus();
startSearch(({ task }) => task && `/console/work/${encodeURIComponent(task)}`);
byId("sign-out").addEventListener("click", async () => {
  try {
    await api("DELETE", "/v1/sessions/current");
  } catch (problem) {
    return notice(say("problem", { detail: detailOf(problem) }));
  }
  location.assign("/sign-in?next=/console");
});

// On a narrow screen the page that one is on stays in sight, also when the screen was turned.
function keepInSight() {
  document.querySelector(".pages [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}
keepInSight();
matchMedia("(max-width: 900px)").addEventListener("change", keepInSight);
