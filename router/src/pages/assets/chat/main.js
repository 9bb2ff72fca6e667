// Puts the chat on the page that its script tag stands in.

const TYPING_EVERY_MS = 3_000;

function begin(script) {
  const { account, mode = "bubble", userId, userName, userHmac } = script.dataset;
  const wanted = (script.dataset.lang || document.documentElement.lang || navigator.language).split("-")[0];
  const lang = Object.hasOwn(TEXTS, wanted) ? wanted : "en";
  const identity = userId && userHmac && { user_id: userId, hmac: userHmac, ...(userName && { name: userName }) };
  const keep = new Keep(account);
  /** What was written here and has no answer yet: a full storage may not keep it. */
  const written = new Map();
  const refused = new Set();
  const seen = new Set();
  let typed = 0;
  /** Whether the matter is settled, until the server has the visitor's word. */
  let word = null;
  /** His stars, likewise. */
  let rating = null;

  /** What is to be said, this window's and other windows', in the order of writing. */
  function unsent() {
    const all = new Map([...keep.unsent.map(({ client_id, text }) => [client_id, text]), ...written]);
    const ids = [...all.keys()].filter((id) => !refused.has(id)).sort();
    return [...ids.map((id) => ({ type: "message", client_id: id, text: all.get(id) })), ...[word, rating].filter(Boolean)];
  }

  function drop(id) {
    if (word?.client_id === id) word = null;
    if (rating?.client_id === id) rating = null;
    keep.drop(id);
    written.delete(id);
  }

  const line = new Line(new URL(script.src).origin, account, keep, identity, {
    state: (state) => view.link(state),
    unsent,
    frame(frame) {
      if (frame.type === "message") {
        // Said twice after a reconnect, it is shown once.
        if (seen.has(frame.cursor)) return;
        seen.add(frame.cursor);
        if (frame.client_id) drop(frame.client_id);
        view.message(frame);
      } else if (frame.type === "ack") {
        drop(frame.client_id);
        view.fate(frame.client_id, "sent");
      } else if (frame.type === "refused") refuse(frame);
      else if (frame.type === "typing") view.types(frame.name);
      else if (frame.type === "state") {
        // What goes on again needs no word on its end.
        if (frame.state !== "solved") word = null;
        view.state(frame.state);
      }
    },
  });

  function refuse({ client_id, reason, retry_after_ms }) {
    // What is only too early is said again by itself, before anything that was written after it.
    if (retry_after_ms > 0) return view.fate(client_id, "slow");
    refused.add(client_id);
    view.fate(client_id, reason === "too_long" ? "long" : "refused", reason !== "too_long");
  }

  function again(id) {
    refused.delete(id);
    view.fate(id, "sending");
    line.say();
  }

  const view = new View(lang, mode, (mode === "page" && document.querySelector("[data-blendline-chat]")) || document.body, {
    // Nothing is stored and nobody is called before the visitor opens the chat.
    open: () => queueMicrotask(() => line.start()),
    send(text) {
      const message = { client_id: uuid7(), text };
      written.set(message.client_id, text);
      keep.add(message);
      view.sending(message);
      line.say();
    },
    typing() {
      if (Date.now() - typed < TYPING_EVERY_MS) return;
      typed = Date.now();
      line.hint({ type: "typing" });
    },
    again,
    confirm(confirmed) {
      word = { type: "confirm", client_id: uuid7(), confirmed };
      line.say();
    },
    rate(question, score) {
      rating = { type: "rate", client_id: uuid7(), question, score };
      line.say();
    },
    takeOver: () => line.takeOver(),
  });

  for (const message of unsent()) view.sending(message);
  // Whoever talked before gets the answers that came meanwhile, and sees on the button that there are some.
  if (keep.token) line.start();
}

const own = document.currentScript;
if (document.body) begin(own);
else document.addEventListener("DOMContentLoaded", () => begin(own));
