// A page as it stands, wide and narrow, in light and dark.

import assert from "node:assert/strict";
import { axe } from "./axe.mjs";
import { shot, takesShots } from "./browser.mjs";

const WIDTHS = [[1280, 800], [360, 740], ...(takesShots ? [[2560, 1300]] : [])];
/** Without photographs each scheme is looked at once, at another width. */
const schemesOf = (width) => (takesShots ? ["light", "dark"] : [width === 360 ? "dark" : "light"]);

/** Looks at a page as it stands, at every width. */
export async function everyWidth(page, name) {
  for (const [width, height] of WIDTHS) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of schemesOf(width)) {
      await page.emulateMedia({ colorScheme });
      await shot(page, `${name}-${width}-${colorScheme}`);
      if (colorScheme === (width === 360 ? "dark" : "light") && width < 2000) await axe(page, `${name}-${width}-${colorScheme}`);
    }
    const out = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(out <= 0, `${name} sticks out by ${out} pixels at a width of ${width}`);
  }
  await page.setViewportSize({ width: WIDTHS[0][0], height: WIDTHS[0][1] });
}
