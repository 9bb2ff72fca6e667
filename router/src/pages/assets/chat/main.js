// Puts the chat on the page that its script tag stands in.

const TYPING_EVERY_MS = 3_000;

function begin(script) {
  const { account, mode = "bubble", consent, userId, userName, userEmail, userHmac } = script.dataset;
  const wanted = (script.dataset.lang || document.documentElement.lang || navigator.language).split("-")[0];
  const lang = Object.hasOwn(TEXTS, wanted) ? wanted : "en";
  const named = { ...(userName && { name: userName }), ...(userEmail && { email: userEmail }) };
  const identity = userId && userHmac && { user_id: userId, hmac: userHmac, ...named };
  const keep = new Keep(account);
  /** What was written here and has no answer yet: a full storage may not keep it. */
  const written = new Map();
  const refused = new Set();
  const seen = new Set();
  let typed = 0;
  /** What the visitor said beside messages, until the server has it: whether it is settled, what he agrees to. */
  let words = [];
  /** The place of the last message of ours, and up to where it was told that all was seen. */
  let last = null;
  let told = null;

  /** What is to be said, this window's and other windows', in the order of writing. */
  function unsent() {
    const all = new Map([...keep.unsent.map(({ client_id, text }) => [client_id, text]), ...written]);
    const ids = [...all.keys()].filter((id) => !refused.has(id)).sort();
    return [...ids.map((id) => ({ type: "message", client_id: id, text: all.get(id) })), ...words];
  }

  function drop(id) {
    words = words.filter(({ client_id }) => client_id !== id);
    keep.drop(id);
    written.delete(id);
  }

  /** Says something beside messages; of one type, on one question, only the latest counts. */
  function word(frame) {
    words = [...words.filter(({ type, question }) => type !== frame.type || question !== frame.question), { ...frame, client_id: uuid7() }];
    line.say();
  }

  /** Tells what was seen, where the chat is open on a page that is looked at. */
  function look() {
    if (last !== told && !view.panel.hidden && !document.hidden && line.seen(last)) told = last;
  }

  /** The visitor, or the page for him, says whether the chat may keep things in this browser. */
  function agree(granted, by) {
    if (granted) keep.remember();
    else keep.forget();
    word({ type: "consent", granted, ...(by && { by }) });
  }

  const line = new Line(new URL(script.src).origin, account, keep, { lang, ...(identity && { identity }) }, {
    state(state) {
      view.link(state);
      if (state === "online") look();
    },
    session: (session) => view.offer(session),
    unsent,
    frame(frame) {
      if (frame.type === "message") {
        // Said twice after a reconnect, it is shown once.
        if (seen.has(frame.cursor)) return;
        seen.add(frame.cursor);
        if (frame.client_id) drop(frame.client_id);
        view.message(frame);
        if (frame.from === "agent") last = frame.cursor;
        look();
      } else if (frame.type === "ack") {
        if (words.find(({ client_id, type }) => client_id === frame.client_id && type === "address")) view.thank();
        drop(frame.client_id);
        view.fate(frame.client_id, "sent");
      } else if (frame.type === "refused") refuse(frame);
      else if (frame.type === "typing") view.types(frame.name);
      else if (frame.type === "state") {
        // What goes on again needs no word on its end.
        if (frame.state !== "solved") words = words.filter(({ type }) => type !== "confirm");
        view.state(frame.state);
      }
    },
  });

  function refuse({ client_id, reason, retry_after_ms }) {
    // What is only too early is said again by itself, before anything that was written after it.
    if (retry_after_ms > 0) return view.fate(client_id, "slow");
    const word = words.find((one) => one.client_id === client_id);
    if (word?.type === "press") view.unchosen(word.question);
    refused.add(client_id);
    words = words.filter((word) => word.client_id !== client_id);
    view.fate(client_id, reason === "too_long" ? "long" : "refused", reason !== "too_long");
  }

  function again(id) {
    refused.delete(id);
    view.fate(id, "sending");
    line.say();
  }

  const view = new View(lang, mode, (mode === "page" && document.querySelector("[data-blendline-chat]")) || document.body, {
    // Nothing is stored and nobody is called before the visitor opens the chat.
    open() {
      queueMicrotask(() => {
        line.start();
        look();
        // Nothing is kept before he agrees; what he agreed to once is not asked again.
        if (!keep.remembers && consent !== "given") view.askToKeep();
      });
    },
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
    confirm: (confirmed) => word({ type: "confirm", confirmed }),
    press: (question, button) => word({ type: "press", question, button }),
    rate: (question, score) => word({ type: "rate", question, score }),
    agree,
    address: (email) => word({ type: "address", email }),
    takeOver: () => line.takeOver(),
  });

  for (const message of unsent()) view.sending(message);
  // Where the page asked him, he takes it back where he gave it.
  if (consent === "given") keep.remembers || agree(true, "page");
  else if (keep.remembers) view.mayForget();
  document.addEventListener("visibilitychange", look);
  // Whoever talked before gets the answers that came meanwhile, and sees on the button that there are some.
  if (keep.token) line.start();
}

const own = document.currentScript;
if (document.body) begin(own);
else document.addEventListener("DOMContentLoaded", () => begin(own));
