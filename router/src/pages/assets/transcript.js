// A matter on paper: times of the reader's clock, and the button that prints.

const lang = document.documentElement.lang;
const form = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
for (const time of document.querySelectorAll("time")) {
  time.textContent = form.format(new Date(time.dateTime));
  time.removeAttribute("dir");
}
document.getElementById("print").addEventListener("click", () => print());
