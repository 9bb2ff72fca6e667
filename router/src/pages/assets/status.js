// Where a matter stands: times of the reader's clock.

const form = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
for (const time of document.querySelectorAll("time")) {
  time.textContent = form.format(new Date(time.dateTime));
  time.removeAttribute("dir");
}
