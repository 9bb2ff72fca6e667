// Lines that came, went and stayed, as the API writes them: a mark in front of each.

const KINDS = { "+": "came", "-": "went", "@": "place" };

/** Shows a difference; true when there is one. */
export function showDiff(place, text) {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  place.replaceChildren(...lines.map((line) => {
    const span = document.createElement("span");
    span.className = KINDS[line[0]] ?? "";
    span.textContent = line;
    return span;
  }));
  place.hidden = lines.length === 0;
  return lines.length > 0;
}
