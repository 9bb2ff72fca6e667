//! Notes beside a conversation, and the mentions in the rail: what colleagues say to each other.

use maud::{Markup, html};

use super::language::Lang;
use super::texts::{open_text, text};

/// How what should change stands.
const STATUSES: [(&str, &str); 6] = [
    ("open", "console-improvement-open"),
    ("planned", "console-improvement-planned"),
    ("declined", "console-improvement-declined"),
    ("doing", "console-improvement-doing"),
    ("done", "console-improvement-done"),
    ("reopened", "console-improvement-reopened"),
];

/// The notes of a column, which the script fills when it has some or is opened.
pub(super) fn panel(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        details class="notes" data-slot="notes" {
            summary { (t("desk-notes")) " " span class="count" data-slot="notes-count" { "0" } }
            div class="notes-sheet" {
                p class="why" { (t("desk-notes-hint")) }
                ol class="notes-list" tabindex="0" role="group" aria-label=(t("desk-notes")) data-slot="notes-list" {}
                p class="empty" data-slot="notes-none" { (t("desk-notes-none")) }
                form class="note-form" data-slot="note-form" {
                    p class="fault" role="alert" hidden data-slot="note-fault" {}
                    textarea name="text" rows="2" dir="auto" maxlength="4000" required
                        aria-label=(t("desk-note-write")) placeholder=(t("desk-note-write")) {}
                    div class="row" {
                        select name="mention" aria-label=(t("desk-note-mention")) {
                            option value="" { (t("desk-note-mention")) }
                        }
                        button type="submit" { (t("desk-note-add")) }
                    }
                }
            }
        }
    }
}

/// The place of mentions in the rail.
pub(super) fn mentions(lang: Lang) -> Markup {
    html! {
        section aria-labelledby="mentions-title" id="mentions-part" hidden {
            h2 id="mentions-title" { (text(lang, "desk-mentions")) " " span class="count" id="mentions-count" { "0" } }
            ol class="cards" id="mentions" {}
        }
    }
}

/// What the worker wrote that should change, and what became of it: read when it is opened.
pub(super) fn improvements(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        details class="own-notes" id="my-improvements" {
            summary { (t("desk-improvements")) }
            ol class="cards" id="improvements-mine" tabindex="0" aria-label=(t("desk-improvements")) {}
            p class="empty" id="improvements-none" hidden { (t("desk-improvements-none")) }
        }
        template id="t-improvement" {
            li class="card" {
                p class="card-top" { b data-slot="status" {} time class="clock" data-slot="at" {} }
                p class="text along" data-slot="title" dir="auto" {}
                p class="text along" data-slot="answer" dir="auto" {}
            }
        }
        @for (status, key) in STATUSES {
            template id={ "say-improvement-" (status) } { (t(key)) }
        }
        template id="say-improvement-answer" { (open_text(lang, "desk-improvement-answer", &["by", "words"])) }
    }
}

/// The templates, and the sentences that depend on data.
pub(super) fn templates(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        template id="t-note" {
            li class="note" {
                p class="meta" { bdi class="name" data-slot="name" dir="auto" {} " " time data-slot="at" {} }
                p class="text" data-slot="text" dir="auto" {}
            }
        }
        template id="t-mention" {
            li class="card mention" tabindex="-1" {
                p class="card-top" { bdi class="name" data-slot="name" dir="auto" {} time class="clock" data-slot="at" {} }
                p class="text along" data-slot="text" dir="auto" {}
                form class="note-form" data-slot="answer" hidden {
                    p class="fault" role="alert" hidden data-slot="fault" {}
                    textarea name="text" rows="2" dir="auto" maxlength="4000" required
                        aria-label=(t("desk-note-write")) {}
                    div class="row" { button type="submit" class="primary" { (t("desk-note-add")) } }
                }
                div class="row" {
                    button type="button" data-do="answer" aria-expanded="false" { (t("desk-mention-answer")) }
                    button type="button" data-do="seen" { (t("desk-mention-seen")) }
                }
            }
        }
        template id="say-mention-said" { (open_text(lang, "desk-mention-said", &["from", "text"])) }
        template id="say-note-said" { (open_text(lang, "desk-note-said", &["from", "text"])) }
    }
}
