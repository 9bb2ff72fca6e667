//! The desk: a worker's whole day on one page. The server renders the frame and the templates; the scripts fill them.

use maud::{Markup, html};

use super::language::Lang;
use super::sign_in::languages;
use super::texts::{filled, open_text, text};
use super::{
    Page, assets, away, case_parts, desk_answers, desk_authority, desk_forms, desk_macros, desk_notes, desk_parts,
    desk_quality, desk_worklist, search, shell,
};

/// The states of the connection, and what each is called.
const LINK_STATES: [(&str, &str); 7] = [
    ("connecting", "desk-link-connecting"),
    ("online", "desk-link-online"),
    ("waiting", "desk-link-waiting"),
    ("offline", "desk-link-offline"),
    ("replaced", "desk-link-replaced"),
    ("refused", "desk-link-refused"),
    ("ended", "desk-link-ended"),
];

/// The presences a worker chooses from, with what each is called.
const PRESENCES: [(&str, &str, &str); 4] = [
    ("ready", "desk-presence-ready", "desk-presence-ready-means"),
    ("busy", "desk-presence-busy", "desk-presence-busy-means"),
    ("away", "desk-presence-away", "desk-presence-away-means"),
    ("draining", "desk-presence-draining", "desk-presence-draining-means"),
];

/// The page.
pub(super) fn markup(page: &Page<'_>) -> Markup {
    let lang = page.spoken.lang.whole();
    let t = |key| text(lang, key);
    let head = html! {
        meta name="csrf" content=(page.csrf);
        meta name="worker" content=(page.user);
        @if let Some(key) = page.push_key {
            meta name="push-key" content=(key);
        }
        (away::manifest())
        link rel="stylesheet" href=(assets::url("desk.css"));
        link rel="stylesheet" href=(assets::url("case.css"));
        script type="module" src=(assets::url("desk/main.js")) {}
    };
    let body = html! {
        a class="skip" href="#work" { (t("desk-skip")) }
        (bar(lang, page))
        main class="floor" {
            aside class="rail" aria-label=(t("desk-rail")) {
                section aria-labelledby="offers-title" {
                    h2 id="offers-title" { (t("desk-offers")) " " span class="count" id="offers-count" { "0" } }
                    ol class="cards" id="offers" {}
                    p class="empty" id="no-offers" { (t("desk-no-offers")) }
                }
                (desk_notes::mentions(lang))
                (desk_notes::improvements(lang))
                nav aria-labelledby="mine-title" {
                    h2 id="mine-title" { (t("desk-mine")) " " span class="count" id="mine-count" { "0" } }
                    ol class="tabs" id="tabs" {}
                    p class="empty" id="no-tabs" { (t("desk-no-tabs")) }
                }
            }
            div class="work" id="work" tabindex="-1" {
                div class="columns" id="columns" {}
                (idle(lang))
            }
        }
        div class="notices" id="notices" role="status" {}
        p class="quiet" id="say-now" role="alert" {}
        p class="quiet" id="say-soon" aria-live="polite" {}
        (desk_forms::log_contact(lang))
        (search::dialog(lang))
        (desk_macros::markup(lang))
        (desk_worklist::markup(lang))
        (elsewhere(lang))
        (desk_parts::templates(lang))
        (desk_forms::templates(lang))
        (case_parts::templates(lang))
        (case_parts::opening(lang))
        (desk_authority::templates(lang))
        (desk_quality::own(lang))
        (desk_quality::templates(lang))
        (desk_answers::templates(lang))
        (desk_notes::templates(lang))
        noscript { p class="empty" { (t("page-needs-script")) } }
    };
    shell::page(lang, &format!("{} · Blendline", t("desk-title")), "desk", &head, &body)
}

fn bar(lang: Lang, page: &Page<'_>) -> Markup {
    let t = |key| text(lang, key);
    html! {
        header class="bar" {
            h1 { (shell::brand()) span class="quiet" { " " (t("desk-title")) } }
            p class="link" id="link" role="status" data-state="connecting" {
                span class="dot" {}
                @for (state, key) in LINK_STATES {
                    span data-for=(state) hidden[state != "connecting"] { (open_text(lang, key, &["left"])) }
                }
            }
            (presence(lang))
            div class="tools" {
                (search::button(lang))
                (desk_worklist::button(lang))
                (desk_macros::button(lang))
                button type="button" id="log-contact" aria-haspopup="dialog" title=(t("desk-log-title")) {
                    (shell::icon("M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 6a2 2 0 0 1 2-2"))
                    span { (t("desk-log")) }
                }
                button type="button" id="sound" aria-pressed="false" title=(t("desk-sound-title")) {
                    (shell::icon("M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4"))
                    span { (t("desk-sound")) }
                }
                details class="menu" id="me" {
                    summary { bdi class="who" { (page.user) } }
                    div class="sheet" {
                        (languages(lang))
                        (desk_quality::button(lang))
                        @if page.push_key.is_some() {
                            button type="button" id="push" aria-pressed="false" hidden title=(t("desk-push-title")) {
                                (t("desk-push"))
                            }
                        }
                        (keys(lang))
                        button type="button" id="sign-out" { (t("desk-sign-out")) }
                    }
                }
            }
        }
    }
}

fn presence(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        details class="menu presence" id="presence" data-presence="ready" {
            summary {
                span class="quiet" { (t("desk-presence-label")) ": " }
                span class="dot" {}
                @for (value, key, _) in PRESENCES {
                    span data-for=(value) hidden[value != "ready"] { (t(key)) }
                }
            }
            form class="sheet" {
                fieldset {
                    legend { (t("desk-presence-label")) }
                    @for (value, key, means) in PRESENCES {
                        label class="choice" {
                            input type="radio" name="presence" value=(value) checked[value == "ready"];
                            span { b { (t(key)) } " " small { (t(means)) } }
                        }
                    }
                }
                label for="presence-reason" { (t("desk-reason")) }
                input id="presence-reason" name="reason" dir="auto" maxlength="200" autocomplete="off";
                button class="primary" type="submit" { (t("desk-presence-set")) }
            }
        }
    }
}

fn keys(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        dl class="keys" {
            dt { kbd { "Alt" } "+" kbd { "O" } } dd { (t("desk-key-offer")) }
            dt { kbd { "Alt" } "+" kbd { "1" } "…" kbd { "9" } } dd { (t("desk-key-tab")) }
            dt { kbd { "Alt" } "+" kbd { "A" } } dd { (t("desk-key-answers")) }
            dt { kbd { "Alt" } "+" kbd { "Shift" } "+" kbd { "1" } "…" kbd { "9" } } dd { (t("desk-key-macro")) }
            dt { kbd { "Alt" } "+" kbd { "W" } } dd { (t("desk-work")) }
            dt { kbd { "Alt" } "+" kbd { "B" } } dd { (t("desk-bulk")) }
            dt { kbd { "Alt" } "+" kbd { "S" } } dd { (t("desk-key-search")) }
            dt { kbd { "Alt" } "+" kbd { "Y" } } dd { (t("desk-key-approve")) ", " (t("desk-key-review")) }
            dt { kbd { "Alt" } "+" kbd { "N" } } dd { (t("desk-key-deny")) }
            dt { kbd { "Enter" } } dd { (t("desk-key-send")) }
            dt { kbd { "Shift" } "+" kbd { "Enter" } } dd { (t("desk-key-line")) }
        }
    }
}

/// What is shown where no conversation is open.
fn idle(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        div class="idle" id="idle" {
            @for (value, _, _) in PRESENCES {
                @let (headline, hint) = match value {
                    "ready" => ("desk-idle-ready", "desk-idle-ready-hint"),
                    "busy" => ("desk-idle-busy", "desk-idle-busy-hint"),
                    "away" => ("desk-idle-away", "desk-idle-away-hint"),
                    _ => ("desk-idle-draining", "desk-idle-draining-hint"),
                };
                div data-for=(value) hidden[value != "ready"] {
                    h2 { (t(headline)) }
                    p { (t(hint)) }
                }
            }
            button type="button" class="primary" id="be-ready" hidden { (t("desk-be-ready")) }
        }
    }
}

/// What is shown when the router speaks to another window of this worker, or not to this one.
fn elsewhere(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        dialog id="elsewhere" aria-labelledby="elsewhere-title" {
            h2 id="elsewhere-title" { (t("desk-elsewhere")) }
            p { (t("desk-elsewhere-hint")) }
            button type="button" class="primary" id="take-here" { (t("desk-take-here")) }
        }
    }
}

/// What a device shows of what happened at the desk.
pub(super) fn notice(lang: Lang, what: &str, queue: &str) -> String {
    let key = match what {
        "offer" => "desk-push-offer",
        "returned" => "desk-push-returned",
        "mention" => "desk-push-mention",
        _ => "desk-push-assigned",
    };
    filled(lang, key, "queue", queue)
}
