// Two kinds of charts as SVG: bars beside each other for names, columns on each other for times. What they show stands in
// a table beside them, so to a screen reader they are one picture with a name.

const SVG = "http://www.w3.org/2000/svg";
const rtl = document.documentElement.dir === "rtl";
/** What is so far and what is new, beside each other; what is well and what is not, on each other. */
const PAIR = ["one", "two"];
const FATES = ["two", "three"];

function draw(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function canvas(place, height, title) {
  const width = Math.max(240, place.clientWidth);
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": title });
  return { svg, width };
}

/** What each colour stands for. */
function legend(names, classes) {
  const list = document.createElement("ul");
  list.className = "legend";
  for (const [index, name] of names.entries()) {
    const item = document.createElement("li");
    const mark = draw("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" });
    mark.append(draw("rect", { width: 10, height: 10, rx: 2, class: classes[index] }));
    item.append(mark, name);
    list.append(item);
  }
  return list;
}

/** Draws now, and again when there is more or less room. */
function kept(place, make) {
  place.redraw = () => place.replaceChildren(...make());
  place.redraw();
  if (place.watched) return;
  place.watched = true;
  let width = place.clientWidth;
  new ResizeObserver(() => {
    if (place.clientWidth === width) return;
    width = place.clientWidth;
    place.redraw();
  }).observe(place);
}

/** Bars from the page's start: `rows` are `{ label, values, goal? }`, each value from 0 to `max`. */
export function bars(place, { title, names, rows, max, format }) {
  const BAR = 13;
  const LABEL = 18;
  kept(place, () => {
    const step = LABEL + names.length * (BAR + 2) + 10;
    const { svg, width } = canvas(place, rows.length * step, title);
    const room = width - 64;
    const from = (x, w) => (rtl ? width - x - w : x);
    for (const [index, { label, values, goal }] of rows.entries()) {
      const top = index * step;
      // In an SVG `start` follows the text's own direction; the label lies along the page's.
      svg.append(draw("text", { x: rtl ? width : 0, y: top + 12, direction: rtl ? "rtl" : "ltr", "text-anchor": "start" }, label));
      for (const [place, value] of values.entries()) {
        const y = top + LABEL + place * (BAR + 2);
        const w = value === null ? 0 : Math.max(1, (room * Math.min(value, max)) / max);
        svg.append(draw("rect", { x: from(0, w), y, width: w, height: BAR, rx: 3, class: PAIR[place] }));
        const says = value === null ? "–" : format(value);
        svg.append(draw("text", { x: rtl ? width - w - 6 : w + 6, y: y + 10.5, direction: "ltr", "text-anchor": rtl ? "end" : "start" }, says));
      }
      if (goal) {
        const x = from((room * goal) / max, 0);
        svg.append(draw("line", { x1: x, x2: x, y1: top + LABEL - 3, y2: top + LABEL + values.length * (BAR + 2), class: "goal" }));
      }
    }
    return [legend(names, PAIR), svg];
  });
}

/** Columns over time, from left to right in every language: `points` are `{ label, values }`, which lie on each other. */
export function columns(place, { title, names, points, format }) {
  const COLUMN_MAX = 56;
  const HEIGHT = 150;
  const FOOT = 20;
  kept(place, () => {
    const { svg, width } = canvas(place, HEIGHT + FOOT + 8, title);
    const most = Math.max(1, ...points.map(({ values }) => values.reduce((sum, value) => sum + value, 0)));
    const step = Math.min(COLUMN_MAX, width / Math.max(1, points.length));
    // Half a task is none: the line between is at a whole number.
    for (const part of most > 1 ? [1, Math.ceil(most / 2) / most] : [1]) {
      const y = 8 + HEIGHT * (1 - part);
      svg.append(draw("line", { x1: 0, x2: width, y1: y, y2: y, class: "grid" }));
      svg.append(draw("text", { x: 2, y: y - 3 + (part === 1 ? 13 : 0), direction: "ltr" }, format(most * part)));
    }
    svg.append(draw("line", { x1: 0, x2: width, y1: HEIGHT + 8, y2: HEIGHT + 8, class: "grid" }));
    const every = Math.ceil(points.length / Math.max(2, Math.floor(width / 70)));
    for (const [index, { label, values }] of points.entries()) {
      const x = index * step;
      let y = HEIGHT + 8;
      const column = draw("g", {});
      column.append(draw("title", {}, `${label}: ${values.map((value, place) => `${names[place]} ${format(value)}`).join(", ")}`));
      for (const [place, value] of values.entries()) {
        const height = (HEIGHT * value) / most;
        y -= height;
        column.append(draw("rect", { x: x + step * 0.1, y, width: Math.max(1, step * 0.8), height, class: FATES[place] }));
      }
      svg.append(column);
      if (index % every === 0) svg.append(draw("text", { x: x + 2, y: HEIGHT + FOOT + 2, direction: "ltr" }, label));
    }
    return [legend(names, FATES), svg];
  });
}
