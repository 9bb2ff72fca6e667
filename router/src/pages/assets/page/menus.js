// Menus close by Escape and by a click elsewhere.

export function listenMenus() {
  const menus = [...document.querySelectorAll("details.menu")];
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus.filter(({ open }) => open)) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  addEventListener("pointerdown", ({ target }) => {
    for (const menu of menus) if (!menu.contains(target)) menu.open = false;
  });
}
