//! What the desk's scripts clone: an offer, a tab, a column, a message, and every sentence that depends on data.

use maud::{Markup, html};

use super::language::Lang;
use super::texts::{open_text, text};
use super::{case_parts, desk_authority, desk_notes, desk_quality, journey_parts, shell};

/// What a transcript says of its messages, by the name its script asks for: for every page that shows one.
pub(super) const OF_MESSAGES: [(&str, &str, &[&str]); 9] = [
    ("arrived", "desk-reply-arrived", &[]),
    ("seen", "desk-reply-seen", &[]),
    ("reach-followers", "desk-reach-followers", &["count"]),
    ("reach-likes", "desk-reach-likes", &["count"]),
    ("reach-shares", "desk-reach-shares", &["count"]),
    ("reach-replies", "desk-reach-replies", &["count"]),
    ("reach-views", "desk-reach-views", &["count"]),
    ("attachment", "desk-attachment", &["kind", "name"]),
    ("pressed", "desk-pressed", &["payload"]),
];

/// Sentences, by the name a script asks for them, with their open places.
pub(super) const SENTENCES: [(&str, &str, &[&str]); 57] = [
    ("offer-new", "desk-say-offer", &["queue"]),
    ("push-denied", "desk-push-denied", &[]),
    ("push-failed", "desk-push-failed", &["detail"]),
    ("message-new", "desk-say-message", &["name"]),
    ("customer", "desk-customer", &[]),
    ("me", "desk-me", &[]),
    ("system", "desk-system", &[]),
    ("untitled", "desk-untitled", &["kind", "id"]),
    ("due-in", "desk-due-in", &["left"]),
    ("overdue", "desk-overdue", &["left"]),
    ("waiting-since", "desk-waiting-since", &["left"]),
    ("answer-within", "desk-answer-within", &["left"]),
    ("kind-conversation", "desk-kind-conversation", &[]),
    ("kind-item", "desk-kind-item", &[]),
    ("kind-request", "desk-kind-request", &[]),
    ("kind-log", "desk-kind-log", &[]),
    ("why-request", "desk-why-request", &[]),
    ("why-item", "desk-why-item", &[]),
    ("why-least_loaded", "desk-why-least-loaded", &[]),
    ("why-most_urgent", "desk-why-most-urgent", &["queue"]),
    ("why-sticky", "desk-why-sticky", &[]),
    ("why-directed", "desk-why-directed", &[]),
    ("why-returned", "desk-why-returned", &[]),
    ("why-queue", "desk-why-queue", &["queue"]),
    ("side-front", "desk-side-front", &[]),
    ("side-back", "desk-side-back", &[]),
    ("sending", "desk-reply-sending", &[]),
    ("sent", "desk-reply-sent", &[]),
    ("failed", "desk-reply-failed", &["detail"]),
    ("remind", "desk-remind", &["title"]),
    ("gone-expired", "desk-gone-expired", &["title"]),
    ("gone-worker_lost", "desk-gone-worker-lost", &["title"]),
    ("gone-silent", "desk-gone-silent", &["title"]),
    ("gone-absence", "desk-gone-absence", &["title"]),
    ("gone-interrupted", "desk-gone-interrupted", &["title"]),
    ("gone-cancelled", "desk-gone-cancelled", &["title"]),
    ("gone-reassigned", "desk-gone-reassigned", &["title"]),
    ("gone-queue_removed", "desk-gone-queue-removed", &["title"]),
    ("gone-elsewhere", "desk-gone-elsewhere", &["title"]),
    ("gone-unsent", "desk-gone-unsent", &["detail"]),
    ("problem", "desk-problem", &["detail"]),
    ("delivery", "desk-delivery", &["detail"]),
    ("limit-public", "desk-limit-public", &[]),
    ("limit-room", "desk-limit-room", &["count"]),
    ("limit-window", "desk-limit-window", &["left"]),
    ("limit-closed", "desk-limit-closed", &[]),
    ("overtaken", "desk-overtaken", &[]),
    ("told", "desk-told", &["from", "text"]),
    ("settled", "desk-settled", &["title"]),
    ("logged", "desk-logged", &[]),
    ("not-there", "desk-worker-not-there", &["name"]),
    ("matter-with", "desk-matter-with", &["channel"]),
    ("matter-open", "desk-matter-open", &["channel"]),
    ("matter-part", "desk-matter-part", &[]),
    ("matter-join", "desk-matter-join", &[]),
    ("matter-joined", "desk-matter-joined", &[]),
    ("matter-parted", "desk-matter-parted", &[]),
];

/// All templates but those of forms.
pub(super) fn templates(lang: Lang) -> Markup {
    html! {
        (offer(lang))
        (tab(lang))
        (column(lang))
        (message())
        (way())
        (together(lang))
        (notice(lang))
        @for (name, key, slots) in SENTENCES.into_iter().chain(OF_MESSAGES) {
            template id={ "say-" (name) } { (open_text(lang, key, slots)) }
        }
    }
}

fn offer(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        template id="t-offer" {
            li class="card offer" tabindex="-1" {
                p class="card-top" { bdi class="queue" data-slot="queue" {} span class="clock" data-slot="left" {} }
                progress class="lease" data-slot="bar" max="1" value="1" aria-hidden="true" {}
                h3 class="along" data-slot="title" dir="auto" {}
                p class="peek along" data-slot="peek" dir="auto" {}
                p class="why" { span data-slot="why" {} " · " span data-slot="since" {} }
                div class="row" {
                    button type="button" class="primary" data-do="accept" { (t("desk-accept")) }
                    button type="button" data-do="decline" aria-expanded="false" { (t("desk-decline")) }
                }
                form class="inline" data-slot="declining" hidden {
                    label { span { (t("desk-decline-why")) }
                        select name="reason" {
                            option value="busy" { (t("desk-decline-busy")) }
                            option value="skill" { (t("desk-decline-skill")) }
                            option value="conflict" { (t("desk-decline-conflict")) }
                            option value="break" { (t("desk-decline-break")) }
                        }
                    }
                    button type="submit" { (t("desk-decline-now")) }
                }
            }
        }
    }
}

fn tab(lang: Lang) -> Markup {
    html! {
        template id="t-tab" {
            li { button type="button" class="tab" {
                span class="tab-top" { span class="name along" data-slot="title" dir="auto" {} span class="clock" data-slot="clock" {} }
                span class="tab-low" {
                    bdi class="queue" data-slot="queue" {}
                    span class="peek along" data-slot="peek" dir="auto" {}
                    span class="unread" hidden data-slot="unread" title=(text(lang, "desk-unread")) {}
                }
            } }
        }
    }
}

fn column(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        template id="t-column" {
            section class="column" tabindex="-1" {
                header class="head" {
                    div class="head-top" {
                        h2 class="along" data-slot="title" dir="auto" {}
                        span class="clock" data-slot="clock" {}
                        button type="button" class="plain back" data-do="back" { (t("desk-back")) }
                    }
                    p class="facts" {
                        bdi class="queue" data-slot="queue" {} span data-slot="side" {} span data-slot="kind" {}
                    }
                    dl class="fields" data-slot="fields" hidden {}
                }
                details class="history" data-slot="history" hidden {
                    summary { (t("desk-history")) " " span class="count" data-slot="count" { "0" } }
                    div class="ways" tabindex="0" role="group" aria-label=(t("desk-history")) data-slot="ways" {}
                }
                (journey_parts::place(lang))
                div class="together" hidden data-slot="together" {}
                (desk_authority::approval_place(lang))
                (case_parts::panel(lang))
                (desk_authority::panel(lang))
                (desk_notes::panel(lang))
                (desk_quality::ratings(lang))
                div class="transcript" data-slot="scroll" tabindex="0" role="log" aria-live="off"
                    aria-label=(t("desk-transcript")) {
                    button type="button" class="plain earlier" data-do="earlier" hidden { (t("desk-earlier")) }
                    ol data-slot="messages" {}
                }
                p class="flag" data-slot="flag" hidden {}
                p class="limit" data-slot="limit" hidden {}
                div class="acts" data-slot="acts" role="group" aria-label=(t("desk-acts")) {
                    @for (name, key) in [
                        ("done", "desk-done"),
                        ("snooze", "desk-snooze"),
                        ("transfer", "desk-transfer"),
                        ("request", "desk-request"),
                        ("refuse", "desk-refuse"),
                    ] {
                        button type="button" data-form=(name) aria-expanded="false" { (t(key)) }
                    }
                    button type="button" data-do="open-case" aria-expanded="false" { (t("desk-case-open")) }
                    button type="button" data-do="status-link" title=(t("desk-status-link-title")) { (t("desk-status-link")) }
                }
                div class="form-place" data-slot="form" hidden {}
                label class="privately" data-slot="privately" hidden {
                    input type="checkbox" name="privately";
                    span { (t("desk-privately")) }
                }
                form class="composer" data-slot="composer" {
                    label class="quiet" data-slot="composer-label" { (t("desk-reply-label")) }
                    button type="button" class="plain" data-slot="answers" aria-label=(t("desk-answers"))
                        title={ (t("desk-answers")) " (Alt+A)" } {
                        (shell::icon("M4 5h16v10H10l-4 4v-4H4zM8 9h8M8 12h5"))
                    }
                    textarea name="text" rows="2" dir="auto" maxlength="8000" placeholder=(t("desk-reply-hint")) {}
                    button class="primary send" type="submit" aria-label=(t("desk-send")) title=(t("desk-send")) {
                        (shell::icon("M4 12 20 4l-5 16-4-6z"))
                    }
                }
            }
        }
    }
}

/// What was said with a customer on one channel.
fn way() -> Markup {
    html! {
        template id="t-way" {
            section class="way" {
                h3 { bdi data-slot="channel" dir="ltr" {} " · " bdi data-slot="account" {} }
                ol data-slot="messages" {}
            }
        }
    }
}

/// A conversation of the customer that is one matter with this one, or may be.
fn together(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        template id="t-together" {
            div class="together-row" {
                p { span data-slot="what" dir="auto" {} " "
                    button type="button" data-slot="ask" aria-expanded="false" {}
                }
                form class="note-form" hidden data-slot="form" {
                    p class="fault" role="alert" hidden data-slot="fault" {}
                    label { span { (t("desk-matter-reason")) }
                        input type="text" name="reason" dir="auto" maxlength="500" required;
                    }
                    div class="row" { button type="submit" class="primary" { (t("desk-matter-go")) } }
                }
            }
        }
    }
}

pub(super) fn message() -> Markup {
    html! {
        template id="t-message" {
            li class="message" {
                p class="meta" { bdi class="name" data-slot="name" dir="auto" {} time data-slot="at" {} }
                p class="text" data-slot="text" dir="auto" {}
                p class="extra" data-slot="extra" hidden dir="auto" {}
                p class="fate" data-slot="fate" hidden {}
            }
        }
    }
}

pub(super) fn notice(lang: Lang) -> Markup {
    html! {
        template id="t-notice" {
            div class="notice" {
                p data-slot="text" dir="auto" {}
                button type="button" class="plain" data-do="close" aria-label=(text(lang, "desk-close")) {
                    (shell::icon("M6 6l12 12M18 6 6 18"))
                }
            }
        }
    }
}
