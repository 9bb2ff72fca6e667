// What the visitor sees, in a shadow tree of its own: the page around it can neither style nor break it.

/** Text becomes text here, never markup. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

function icon(path) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(space, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

class View {
  /** `on` has `open()`, `send(text)`, `typing()`, `again(id)`, `confirm(yes)`, `agree(yes)`, `address(email)`, `takeOver()`. */
  constructor(lang, mode, place, on) {
    this.texts = TEXTS[lang];
    this.on = on;
    this.mode = mode;
    this.rows = new Map();
    this.unread = 0;
    this.clock = new Intl.DateTimeFormat(lang, { hour: "numeric", minute: "2-digit" });
    this.host = make("blendline-chat", { lang, dir: RTL.includes(lang) ? "rtl" : "ltr" });
    const root = this.host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    root.append(this.frame(lang));
    place.append(this.host);
    this.panel.hidden = true;
    this.show(mode === "page");
  }

  say(key) {
    return this.texts[key] ?? key;
  }

  frame(lang) {
    const say = (key) => this.say(key);
    this.log = make("ol", { role: "log", "aria-label": say("log"), "aria-live": "polite", tabindex: "0" });
    this.log.append(make("li", { class: "us", role: "presentation" }, make("p", { class: "text", dir: "auto" }, say("greeting"))));
    this.typing = make("p", { class: "typing", hidden: true, role: "status" });
    this.status = make("p", { class: "status", role: "status" });
    this.bar = make("p", { class: "bar", role: "status", hidden: true });
    this.input = make("textarea", { rows: "1", dir: "auto", maxlength: "4000", placeholder: say("hint"), "aria-label": say("hint"), enterkeyhint: "send" });
    this.ask = make("div", { class: "ask", hidden: true, role: "group", "aria-label": say("question") }, make("p", {}, say("question")), this.answer("yes", true), this.answer("no", false));
    this.keeping = make("div", { class: "ask keeping", hidden: true, role: "group", "aria-label": say("remember") });
    this.mail = this.mailForm();
    const send = make("button", { class: "send", type: "submit", "aria-label": say("send"), title: say("send") }, icon("M4 12 20 4l-5 16-4-6z"));
    const form = make("form", {}, this.input, send);
    const close = make("button", { class: "close", type: "button", "aria-label": say("close"), title: say("close") }, icon("M6 6l12 12M18 6 6 18"));
    const head = make("header", {}, make("div", {}, make("h2", {}, say("title")), this.status), close);
    this.panel = make("section", { class: "panel", role: this.mode === "page" ? "region" : "dialog", "aria-label": say("title") }, head, this.log, this.typing, this.bar, this.ask, this.mail, this.keeping, form);
    this.badge = make("span", { class: "badge", hidden: true });
    this.opener = make("button", { class: "opener", type: "button", "aria-expanded": "false" }, icon("M4 5h16v11H9l-5 4z"), make("span", {}, say("open")), this.badge);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
    this.input.addEventListener("input", () => {
      this.grow();
      this.on.typing();
    });
    this.opener.addEventListener("click", () => this.show(true));
    close.addEventListener("click", () => this.show(false));
    this.panel.addEventListener("keydown", (event) => event.key === "Escape" && this.show(false));
    return make("div", { class: `root ${this.mode}`, lang, dir: this.host.dir }, this.panel, this.opener);
  }

  answer(key, yes) {
    const button = make("button", { type: "button", class: yes ? "yes" : "no" }, this.say(key));
    button.addEventListener("click", () => {
      this.ask.replaceChildren(make("p", {}, this.say("thanks")));
      this.on.confirm(yes);
    });
    return button;
  }

  /** Where he may leave an address, while nobody is there. */
  mailForm() {
    const email = make("input", { type: "email", required: true, maxlength: "254", dir: "ltr", autocomplete: "email", placeholder: this.say("mail-hint"), "aria-label": this.say("mail-hint") });
    this.mailWhy = make("p");
    const form = make("form", { class: "ask mail", hidden: true }, this.mailWhy, email, make("button", { type: "submit", class: "yes" }, this.say("mail-send")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.on.address(email.value.trim());
    });
    return form;
  }

  /** What the session allows: an address may be left where the company answers by mail. */
  offer({ mail, away }) {
    this.takesMail ??= mail;
    this.mailWhy.textContent = this.say(away ? "mail-away" : "mail-ask");
    this.mayLeave();
  }

  mayLeave() {
    this.mail.hidden = !this.takesMail || this.asked !== "waiting";
  }

  /** The address has arrived. */
  thank() {
    this.takesMail = false;
    this.mail.replaceChildren(make("p", { role: "status" }, this.say("mail-thanks")));
  }

  /** Asks whether the chat may keep things in this browser. */
  askToKeep() {
    const choice = (key, yes) => {
      const button = make("button", { type: "button", class: yes ? "yes" : "no" }, this.say(key));
      button.addEventListener("click", () => {
        this.keeping.hidden = true;
        if (!yes) return;
        this.on.agree(true);
        this.mayForget();
      });
      return button;
    };
    if (this.answered) return;
    this.answered = true;
    this.keeping.replaceChildren(make("p", {}, this.say("remember")), choice("remember-yes", true), choice("remember-no", false));
    this.keeping.hidden = false;
  }

  /** What he agreed to he takes back as easily. */
  mayForget() {
    const forget = make("button", { type: "button", class: "forget" }, this.say("forget"));
    forget.addEventListener("click", () => {
      forget.remove();
      this.on.agree(false);
    });
    this.status.after(forget);
  }

  show(open) {
    if (this.mode === "page") open = true;
    const was = !this.panel.hidden;
    this.panel.hidden = !open;
    this.opener.hidden = open;
    this.opener.setAttribute("aria-expanded", String(open));
    if (open) {
      this.count(0);
      this.on.open();
      this.bottom(true);
      this.input.focus({ preventScroll: true });
    } else if (was) this.opener.focus();
  }

  count(unread) {
    this.unread = unread;
    this.badge.hidden = unread === 0;
    this.badge.textContent = unread > 9 ? "9+" : String(unread);
    this.badge.setAttribute("aria-label", this.say("unread"));
  }

  submit() {
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.grow();
    this.on.send(text);
  }

  grow() {
    this.input.rows = Math.min(this.input.value.split("\n").length, 5);
  }

  /** A message of ours that is on its way. */
  sending({ client_id, text }) {
    const row = this.row("me", this.say("you"), text);
    const fate = make("p", { class: "fate" }, this.say("sending"));
    row.append(fate);
    this.rows.set(client_id, row);
    this.log.append(row);
    this.bottom(true);
  }

  /** What became of a message of ours; `retry` shows a button, `note` says more than that it was not sent. */
  fate(id, key, retry) {
    const row = this.rows.get(id);
    // What has its place and its time already is more than sent.
    if (!row || row.dataset.fate === "sent") return;
    row.dataset.fate = key;
    const fate = row.querySelector(".fate");
    fate.replaceChildren(this.say(key));
    if (!retry) return;
    const again = make("button", { type: "button" }, this.say("again"));
    again.addEventListener("click", () => this.on.again(id));
    fate.append(" ", again);
  }

  /** A message with its place. Ours is already shown where its id is known, and only moves there. */
  message({ from, name, text, at, client_id, scale, cursor, buttons, pressed }) {
    const mine = from === "visitor";
    // Whatever he says next, the question is over.
    if (mine) this.stars?.remove();
    const known = client_id && this.rows.get(client_id);
    const row = known ?? this.row(mine ? "me" : "us", name ?? this.say(mine ? "you" : "us"), text);
    const fate = row.querySelector(".fate") ?? make("p", { class: "fate" });
    fate.replaceChildren(make("time", { datetime: new Date(at).toISOString() }, this.clock.format(at)));
    if (mine) fate.append(" · ", make("span", { class: "mark" }, this.say("sent")));
    row.append(fate);
    row.dataset.fate = "sent";
    if (!mine && scale) row.append(this.rate(cursor, scale));
    if (!mine && buttons) row.append(this.choice(cursor, buttons));
    if (mine && pressed) this.chosen(pressed);
    if (client_id) this.rows.set(client_id, row);
    const stick = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
    // What is on its way stays below what has its place; what was refused stays where it was written.
    const first = [...this.rows.values()].find((other) => other !== row && !["sent", "refused", "long"].includes(other.dataset.fate));
    if (first) first.before(row);
    else if (!known || this.log.lastElementChild !== row) this.log.append(row);
    this.bottom(stick || mine);
    if (!mine) {
      this.seen();
      this.typing.hidden = true;
      if (this.panel.hidden) this.count(this.unread + 1);
    }
  }

  /** Whoever answers, or is there, has read what was said. */
  seen() {
    for (const mark of this.log.querySelectorAll(".me[data-fate=sent] .mark")) mark.textContent = this.say("seen");
  }

  /** Stars to press, the worst first; with the keyboard they are buttons like any other. */
  rate(question, scale) {
    this.stars?.remove();
    const star = (score) => {
      const button = make("button", { type: "button", "aria-label": `${score} / ${scale}` }, "★");
      button.addEventListener("click", () => {
        this.stars.replaceChildren(make("span", { role: "status" }, this.say("thanks")));
        this.on.rate(question, score);
      });
      return button;
    };
    const all = Array.from({ length: scale }, (_, index) => star(index + 1));
    this.stars = make("div", { class: "stars", role: "group", "aria-label": this.say("stars") }, ...all);
    return this.stars;
  }

  /** What he may press: one of them, once. */
  choice(question, buttons) {
    const group = make("div", { class: "choice", role: "group", "aria-label": this.say("choose") });
    for (const { id, label } of buttons) {
      const button = make("button", { type: "button", dir: "auto", value: id, "aria-pressed": "false" }, label);
      button.addEventListener("click", () => {
        if (button.getAttribute("aria-disabled")) return;
        this.chosen(id, group);
        this.on.press(question, id);
      });
      group.append(button);
    }
    (this.choices ??= new Map()).set(question, group);
    return group;
  }

  /** Shows what he chose, there or where it was asked last; what is chosen is not chosen again. */
  chosen(id, group = [...(this.choices?.values() ?? [])].findLast((one) => [...one.children].some(({ value }) => value === id))) {
    for (const button of group?.children ?? []) {
      button.setAttribute("aria-pressed", String(button.value === id));
      // Not `disabled`: who stands on it with the keyboard stays there.
      button.setAttribute("aria-disabled", "true");
    }
  }

  /** It was not taken: he may choose again. */
  unchosen(question) {
    for (const button of this.choices?.get(question)?.children ?? []) {
      button.setAttribute("aria-pressed", "false");
      button.removeAttribute("aria-disabled");
    }
  }

  row(side, name, text) {
    const who = make("p", { class: "name" }, make("bdi", {}, plain(name)));
    // The log is the list: to a screen reader its lines follow each other.
    return make("li", { class: side, role: "presentation" }, who, make("p", { class: "text", dir: "auto" }, isolated(text)));
  }

  types(name) {
    clearTimeout(this.typingTimer);
    this.seen();
    if (name) this.typing.replaceChildren(make("bdi", {}, plain(name)), " ", this.say("typing"));
    else this.typing.replaceChildren(this.say("typing-us"));
    this.typing.hidden = false;
    this.typingTimer = setTimeout(() => (this.typing.hidden = true), 6_000);
  }

  state(state) {
    this.status.textContent = this.say(state);
    this.panel.dataset.state = state;
    if (this.asked !== state && state === "solved") {
      this.ask.replaceChildren(make("p", {}, this.say("question")), this.answer("yes", true), this.answer("no", false));
    }
    this.asked = state;
    this.ask.hidden = state !== "solved";
    this.mayLeave();
    if (state === "active") this.seen();
  }

  link(state) {
    const shown = { offline: "offline", elsewhere: "elsewhere", closed: "closed" }[state];
    this.bar.hidden = !shown;
    this.host.dataset.link = state;
    if (shown) this.bar.replaceChildren(this.say(shown));
    else if (state === "connecting" && !this.asked) this.status.textContent = this.say("connecting");
    else if (state === "online" && !this.asked) this.status.textContent = "";
    if (state !== "elsewhere") return;
    const here = make("button", { type: "button" }, this.say("here"));
    here.addEventListener("click", () => this.on.takeOver());
    this.bar.append(" ", here);
  }

  bottom(stick) {
    if (stick) this.log.scrollTop = this.log.scrollHeight;
  }
}
