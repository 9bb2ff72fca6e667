// Puts the chat on the page that its script tag stands in.

const TYPING_EVERY_MS = 3_000;

function begin(script) {
  const { account, mode = "bubble", userId, userName, userHmac } = script.dataset;
  const wanted = (script.dataset.lang || document.documentElement.lang || navigator.language).split("-")[0];
  const lang = Object.hasOwn(TEXTS, wanted) ? wanted : "en";
  const identity = userId && userHmac && { user_id: userId, hmac: userHmac, ...(userName && { name: userName }) };
  const keep = new Keep(account);
  const refused = new Set();
  const seen = new Set();
  let typed = 0;

  const unsent = () => keep.unsent.filter(({ client_id }) => !refused.has(client_id));
  const line = new Line(new URL(script.src).origin, account, keep, identity, {
    state: (state) => view.link(state),
    unsent,
    frame(frame) {
      if (frame.type === "message") {
        // Said twice after a reconnect, it is shown once.
        if (seen.has(frame.cursor)) return;
        seen.add(frame.cursor);
        if (frame.client_id) keep.drop(frame.client_id);
        view.message(frame);
      } else if (frame.type === "ack") {
        keep.drop(frame.client_id);
        view.fate(frame.client_id, "sent");
      } else if (frame.type === "refused") refuse(frame);
      else if (frame.type === "typing") view.types(frame.name);
      else if (frame.type === "state") view.state(frame.state);
    },
  });

  function refuse({ client_id, reason, retry_after_ms }) {
    const later = retry_after_ms > 0;
    refused.add(client_id);
    if (later) {
      view.fate(client_id, "slow");
      setTimeout(() => again(client_id), retry_after_ms);
    } else view.fate(client_id, reason === "too_long" ? "long" : "refused", reason !== "too_long");
  }

  function again(id) {
    refused.delete(id);
    const message = keep.unsent.find(({ client_id }) => client_id === id);
    if (!message) return;
    view.fate(id, "sending");
    line.say(message);
  }

  const view = new View(lang, mode, (mode === "page" && document.querySelector("[data-blendline-chat]")) || document.body, {
    // Nothing is stored and nobody is called before the visitor opens the chat.
    open: () => queueMicrotask(() => line.start()),
    send(text) {
      const message = { client_id: uuid7(), text };
      keep.add(message);
      view.sending(message);
      line.say(message);
    },
    typing() {
      if (Date.now() - typed < TYPING_EVERY_MS) return;
      typed = Date.now();
      line.hint({ type: "typing" });
    },
    again,
    confirm: (confirmed) => line.hint({ type: "confirm", confirmed }),
    takeOver: () => line.takeOver(),
  });

  for (const message of unsent()) view.sending(message);
  // Whoever talked before gets the answers that came meanwhile, and sees on the button that there are some.
  if (keep.token) line.start();
}

const own = document.currentScript;
if (document.body) begin(own);
else document.addEventListener("DOMContentLoaded", () => begin(own));
