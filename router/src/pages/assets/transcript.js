// A matter on paper: times of the reader's clock, and the button that prints.

import { isolated } from "./page/text.js";

const lang = document.documentElement.lang;
const form = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
for (const time of document.querySelectorAll("time")) {
  time.textContent = form.format(new Date(time.dateTime));
  time.removeAttribute("dir");
}
// Numbers and codes keep their order in whatever direction surrounds them.
for (const text of document.querySelectorAll(".paper-line .text")) text.replaceChildren(isolated(text.textContent));
document.getElementById("print").addEventListener("click", () => print());
