// The rules page: what is typed is checked, compared with what is live, tried, and published.

import { api, byId, detailOf, notice, say, sayText, setText, slotsOf } from "../page/dom.js";
import { instant } from "../page/clock.js";
import { Dialog } from "../page/dialog.js";
import { Table, complainIn } from "../page/table.js";
import { completion } from "./complete.js";
import { showDiff } from "./diff.js";
import { Editor, saidOf } from "./editor.js";
import { Replay } from "./replay.js";
import { listenTabs } from "./tabs.js";
import { triedLine } from "./tried.js";

const slots = slotsOf(document);
const bar = byId("live-version");
const may = bar.dataset.may === "change";
let complete = () => null;
/** What was read or saved last, and what the check said of what is typed now. */
let saved = "";
let checked = null;
let rounds = 0;

const editor = new Editor(byId("editor"), { changed: () => check() }, (text, at) => complete(text, at));
const show = listenTabs(document.querySelector(".tablist"), (part) => part === "versions" && versions.load());
new Replay(() => editor.text);

function showState() {
  const unsaved = editor.text !== saved;
  if (!may) return;
  byId("save-draft").disabled = !unsaved;
  byId("publish").disabled = !(checked?.good && checked.diff);
  slots.draft.replaceChildren(unsaved ? say("unsaved") : draftOf ? say("draft-of", { author: draftOf.author, at: instant(Date.parse(draftOf.at)) }) : "");
}

/** Has what is typed checked; an answer that was overtaken is passed over. */
async function check() {
  const round = ++rounds;
  showState();
  try {
    const found = await api("POST", "/v1/rules/check", { text: editor.text });
    if (round !== rounds) return;
    checked = found;
    complainIn(slots["rules-fault"], null);
    showChecked();
  } catch (problem) {
    if (round === rounds) complainIn(slots["rules-fault"], problem);
  }
}

function showChecked() {
  const { faults, diff } = checked;
  editor.showFaults(faults);
  slots["no-faults"].hidden = faults.length > 0;
  const errors = faults.filter(({ severity }) => severity === "error").length;
  byId("fault-count").hidden = errors === 0;
  setText(byId("fault-count"), String(errors));
  slots.faults.replaceChildren(...faults.map((fault) => {
    const item = document.createElement("li");
    item.dataset.severity = fault.severity;
    const button = document.createElement("button");
    button.type = "button";
    const where = document.createElement("small");
    where.append(say(fault.severity), " · ", say("fault-at", fault));
    const what = document.createElement("span");
    const said = saidOf(fault);
    what.textContent = said.message;
    const hint = document.createElement("small");
    hint.textContent = said.hint;
    for (const part of [what, hint]) Object.assign(part, { dir: said.dir, lang: said.lang });
    button.append(where, what, ...(said.hint ? [hint] : []));
    button.addEventListener("click", () => editor.jump(fault));
    item.append(button);
    return item;
  }));
  slots["no-diff"].hidden = showDiff(slots.diff, diff);
  showState();
}

let draftOf = null;

async function load() {
  try {
    const { set, draft } = await api("GET", "/v1/rules");
    slots.live.replaceChildren(set ? say("live", { ...set, at: instant(Date.parse(set.at)) }) : say("no-live"));
    draftOf = draft;
    saved = draft?.text ?? set?.text ?? "";
    editor.text = saved;
    complainIn(slots["rules-fault"], null);
    await check();
  } catch (problem) {
    complainIn(slots["rules-fault"], problem);
  }
}

async function save() {
  const text = editor.text;
  checked = await api("PUT", "/v1/rules/draft", { text });
  saved = text;
  const { draft } = await api("GET", "/v1/rules");
  draftOf = draft;
  showChecked();
}

if (may) {
  byId("save-draft").addEventListener("click", async () => {
    try {
      await save();
      notice(say("saved"), 4_000);
    } catch (problem) {
      notice(say("problem", { detail: detailOf(problem) }));
    }
  });
  const publish = new Dialog("publish-dialog", async ({ reason }) => {
    try {
      // Only a draft is published, and only the one that was looked at.
      if (editor.text !== saved || !draftOf) await save();
      const version = await api("POST", "/v1/rules/publish", { sha256: checked.sha256, reason });
      notice(say("published", version));
    } catch (problem) {
      throw problem?.code === "second_person" ? { ...problem, detail: sayText("second-person") } : problem;
    }
    load();
  });
  byId("publish").addEventListener("click", () => {
    publish.show();
    showDiff(publish.slots["publish-diff"], checked.diff);
    publish.form.elements.reason.focus();
  });
  addEventListener("beforeunload", (event) => editor.text !== saved && event.preventDefault());
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.code !== "KeyS") return;
    event.preventDefault();
    if (!byId("save-draft").disabled) byId("save-draft").click();
  });
}

let looked = null;
const back = may && new Dialog("back-dialog", async ({ reason }) => {
  notice(say("published", await api("POST", "/v1/rules/rollback", { version: looked.version, reason })));
  versions.load();
  load();
});
const seen = byId("version");
const versions = new Table("versions", {
  row(root, version) {
    root.querySelector("[data-do=see]").onclick = () => see(version);
    const button = root.querySelector("[data-do=roll-back]");
    if (button) button.onclick = () => ((looked = version), back.show(String(version.version)));
  },
});
versions.keyOf = ({ version }) => version;

async function see({ version }) {
  try {
    const { set } = await api("GET", `/v1/rules?version=${version}`);
    const { diff } = await api("POST", "/v1/rules/check", { text: set.text });
    looked = set;
    setText(slotsOf(seen).name, String(version));
    if (!showDiff(slots["version-diff"], diff)) showDiff(slots["version-diff"], set.text.replace(/^/gm, "  "));
    seen.showModal();
  } catch (problem) {
    notice(say("problem", { detail: detailOf(problem) }));
  }
}
seen.querySelector("[data-do=take]")?.addEventListener("click", () => {
  editor.text = looked.text;
  seen.close();
  show("edit");
  check();
});

const form = byId("try-form");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { fault } = slotsOf(form);
  const { way, text } = Object.fromEntries(new FormData(form));
  const empty = !text.trim() && form.elements.text;
  if (empty) return complainIn(fault, { detail: sayText("missing") }), empty.focus();
  const [channel, account] = JSON.parse(way);
  try {
    const found = await api("POST", "/v1/rules/explain", { channel, account, text, rules: editor.text });
    complainIn(fault, null);
    showTried(found);
  } catch (problem) {
    complainIn(fault, problem?.code === "rules_in_error" ? { detail: sayText("in-error") } : problem);
  }
});

function showTried({ queue, language, tried }) {
  const place = slots["tried-result"];
  const own = slotsOf(place);
  setText(own.queue, queue ?? sayText("no-queue"));
  setText(own.language, language);
  own.tried.replaceChildren(...tried.map(triedLine));
  place.hidden = false;
}

load();
api("GET", "/v1/rules/schema").then((schema) => {
  complete = completion(schema);
}, () => {});
api("GET", "/v1/accounts").then(({ items }) => {
  form.elements.way.append(...items.map(({ channel, account }) => new Option(`${account} (${channel})`, JSON.stringify([channel, account]))));
}, () => {});
