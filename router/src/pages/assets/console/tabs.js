// Tabs: one is shown, arrows move among them in the direction of reading.

export function listenTabs(list, shown) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const rtl = document.documentElement.dir === "rtl";
  // On a narrow screen the tabs are pushed along.
  const keepInSight = () => list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  matchMedia("(max-width: 900px)").addEventListener("change", keepInSight);
  const show = (tab, focus) => {
    for (const one of tabs) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
      document.getElementById(one.getAttribute("aria-controls")).hidden = one !== tab;
    }
    if (focus) tab.focus();
    keepInSight();
    shown(tab.id.replace("tab-", ""));
  };
  for (const tab of tabs) tab.addEventListener("click", () => show(tab, false));
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const step = { ArrowRight: rtl ? -1 : 1, ArrowLeft: rtl ? 1 : -1 }[event.key];
    const next = event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : step && (at + step + tabs.length) % tabs.length;
    if (next === undefined) return;
    event.preventDefault();
    show(tabs[next], true);
  });
  return (name) => show(document.getElementById(`tab-${name}`), false);
}
