// What may be written at a place of a rule set: by the sections around it, from what the API says there is.

/** What a part of each section is called in the API's list of keys. */
const PART_OF = { queues: "queue", groups: "group", calendars: "calendar", rules: "rule" };
const SIDES = [{ name: "front" }, { name: "back" }];
const FLAGS = [{ name: "true" }, { name: "false" }];
const ACCEPTS = [{ name: "offer" }, { name: "auto" }];
const WORD = /[\p{L}\p{N}_.-]*$/u;

const indentOf = (line) => /^[\s]*(- )?/.exec(line)[0].length;
const named = (names) => (names ?? []).map((name) => ({ name }));
const once = (words) => [...new Map(words.map((word) => [word.name, word])).values()];

/** The keys above a line, outermost first: `["groups", "desk", "workers"]`. */
function around(lines, index) {
  const path = [];
  let indent = indentOf(lines[index]);
  for (let up = index - 1; up >= 0 && indent > 0; up--) {
    const found = /^(\s*(?:- )?)([^\s#:{}[\]"']+):/.exec(lines[up]);
    if (!found || found[1].length >= indent) continue;
    // A list's dash may stand under its key.
    if (/^\s*-/.test(lines[index]) && found[1].includes("-")) continue;
    path.unshift(found[2]);
    indent = found[1].length;
  }
  return path;
}

/** The names that this very text gives to things of a section. */
function own(lines, section) {
  const begin = lines.findIndex((line) => line.startsWith(`${section}:`));
  if (begin < 0) return [];
  const inline = /\[([^\]]*)/.exec(lines[begin]);
  if (inline) return inline[1].split(",").map((name) => name.trim()).filter(Boolean);
  const names = [];
  for (const line of lines.slice(begin + 1)) {
    if (/^[^\s#-]/.test(line)) break;
    const found = /^ {1,4}(?:- )?([^\s#:{}[\]"'-][^\s#:{}[\]"']*)\s*(?::|$)/.exec(line);
    if (found) names.push(found[1]);
  }
  return names;
}

/** Completion over a schema of `GET /v1/rules/schema`. */
export function completion(schema) {
  const keysOf = (section) => (schema.sections.find(({ name }) => name === section)?.keys ?? []).map((key) => ({ ...key, insert: `${key.name}: ` }));
  const conditions = [
    ...schema.fields.map(({ name, doc }) => ({ name, doc })),
    ...schema.functions.map(({ name, example, doc }) => ({ name, doc: `${example} – ${doc}`, insert: example.startsWith(name) ? `${name}(` : name })),
  ];

  const valuesOf = (key, lines) => {
    const names = (section) => once(named([...own(lines, section), ...(schema.names[section] ?? [])]));
    switch (key) {
      case "queue": case "queues": case "heir_of": case "to": return names("queues");
      case "needs": case "skills": return names("skills");
      case "channel": return named(schema.names.channels);
      case "account": return named(schema.names.accounts);
      case "language": return named(schema.names.languages);
      case "calendar": return names("calendars");
      case "side": return SIDES;
      case "accept": return ACCEPTS;
      case "interruptible": case "two_people": return FLAGS;
      case "workers": return names("workers");
      default: return [];
    }
  };

  /** The words of a field are offered behind its comparison. */
  const wordsOf = (before) => {
    const field = /([a-z]+\.[a-z_]+)\s*(?:==|!=|in\s*\[?)\s*'[^']*$/.exec(before)?.[1];
    return field && named(schema.fields.find(({ name }) => name === field)?.words);
  };

  const conditionWords = (before, lines) => {
    const list = /(mentions|open)\('[^']*$/.exec(before)?.[1];
    if (list === "mentions") return once(named([...own(lines, "keywords"), ...schema.names.keywords]));
    if (list === "open") return once(named([...own(lines, "calendars"), ...schema.names.calendars]));
    return wordsOf(before) ?? (/'[^']*$/.test(before.replaceAll(/'[^']*'/g, "")) ? [] : conditions);
  };

  const fitting = (before, lines, index) => {
    const path = around(lines, index);
    const section = path[0] ?? "";
    // The innermost key whose value is being written in this line, and what is open around it.
    const value = /(?:^|[\s{,-])([a-z_]+):\s*([^:]*)$/.exec(before);
    if (value?.[1] === "when") return conditionWords(before.slice(before.lastIndexOf("when:") + 5), lines);
    if (path.at(-1) === "when") return conditionWords(before, lines);
    if (/^\s*#/.test(before) || /\s#/.test(before)) return [];
    const flow = before.lastIndexOf("{") > before.lastIndexOf("}");
    if (value && !(flow && /[{,]\s*[\w.-]*$/.test(before) && !/\[[^\]]*$/.test(before))) return valuesOf(value[1], lines);
    const inner = flow ? /([^\s:{},]+):\s*\{[^}]*$/.exec(before)?.[1] : null;
    if (inner === "needs" || inner === "skills") return valuesOf("skills", lines);
    if (path.length === 0 && indentOf(lines[index]) === 0 && !flow) return keysOf("set");
    if (["needs", "skills", "queues", "channel", "account", "language", "heir_of"].includes(path.at(-1)) && path.length > 1) return valuesOf(path.at(-1), lines);
    if (path.includes("workers") && (flow || path.length > 3)) return keysOf("worker");
    const depth = path.length + (flow ? 1 : 0);
    if (section === "rules" || (section && depth > 1)) return keysOf(PART_OF[section]);
    return section === "groups" && path.at(-1) === "workers" ? valuesOf("workers", lines) : [];
  };

  return (text, at) => {
    const before = text.slice(0, at);
    const lines = text.split("\n");
    const index = before.split("\n").length - 1;
    const line = before.slice(before.lastIndexOf("\n") + 1);
    const typed = WORD.exec(line)[0];
    const low = typed.toLowerCase();
    const words = fitting(line, lines, index).filter(({ name }) => name.toLowerCase().includes(low));
    words.sort((one, other) => Number(other.name.toLowerCase().startsWith(low)) - Number(one.name.toLowerCase().startsWith(low)));
    return { from: at - typed.length, words: words.slice(0, 40) };
  };
}
