// Text that others wrote: names look like what they are, and numbers keep their order in whatever direction surrounds them.

/** Characters that only help the direction of what stands beside them: nobody misses them in a name. */
const MARKS = /[\u061c\u200e\u200f]/gu;
/** Characters that turn the direction of what follows: a name with one of them looks like another. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/gu;
/** What no line of a name or a label may hold. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/gu;

const code = (mark) => `[U+${mark.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`;

/** A name, a title, the name of a file: in one line, with what turns direction made visible. */
export const plain = (text) => String(text).replace(MARKS, "").replace(TURNS, code).replace(CONTROLS, " ");

/**
 * What reads from left to right whatever surrounds it: addresses, codes such as SKU-77, phone numbers in groups, and
 * amounts and dates with a sign, a currency or strokes. Left to themselves, +972 50 123 4567 would read backwards in a
 * Hebrew sentence. Each piece is bounded: a text made to be hard to read costs no more than others.
 */
const PIECES = [
  String.raw`(?:https?:\/\/|www\.)[^\s<>"']+`,
  String.raw`[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}`,
  String.raw`[A-Za-z]\w{0,63}(?:[-_\/#]\w{1,64}){1,8}`,
  String.raw`(?:[+*]|\(?0)\d[\d ()\-–]{0,24}\d`,
  String.raw`[+\-−]?[$€£₪]?[+\-−]?\d+(?:[.,:\/\-–]\d+){0,16}(?:\s?[%$€£₪])?`,
];
/** Only where a word begins: the number in SKU-77 is no part of its own. */
const LEFT_TO_RIGHT = new RegExp(String.raw`(?<![\p{L}\p{N}_])(?:${PIECES.join("|")})`, "gu");

/** A text of somebody's, in which such parts stand isolated. Its text is the same, letter by letter. */
export function isolated(text) {
  const whole = document.createDocumentFragment();
  let from = 0;
  for (const found of text.matchAll(LEFT_TO_RIGHT)) {
    whole.append(text.slice(from, found.index));
    const part = document.createElement("bdi");
    part.dir = "ltr";
    part.textContent = found[0];
    whole.append(part);
    from = found.index + found[0].length;
  }
  whole.append(text.slice(from));
  return whole;
}
