// Why work goes back: the company's own causes, offered behind those that every company has.

import { api } from "../page/dom.js";
import { nameOf } from "./review.js";

/** Adds the causes of the company's rules to a select. Without them those that are there will do. */
export async function fillCauses(select) {
  const { items } = await api("GET", "/v1/causes").catch(() => ({ items: [] }));
  const own = items.filter((cause) => cause.own).map((cause) => new Option(nameOf(cause), cause.name));
  select.append(...own);
}
