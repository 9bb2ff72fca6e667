//! Macros at the desk: the dialog for several tasks, the minute in which it can be taken back, and their words.

use maud::{Markup, html};

use super::language::Lang;
use super::texts::{open_text, text};

/// The sentences, by the name a script asks for them.
const SENTENCES: [(&str, &str, &[&str]); 12] = [
    ("act-reply", "desk-act-reply", &[]),
    ("act-note", "desk-act-note", &["text"]),
    ("act-park", "desk-act-park", &["minutes"]),
    ("act-transfer", "desk-act-transfer", &["to"]),
    ("act-finish", "desk-act-finish", &["how"]),
    ("macro-done", "desk-macro-done", &["name"]),
    ("macro-none", "desk-macro-none", &["digit"]),
    ("bulk-waits", "desk-bulk-waits", &["name", "count", "left"]),
    ("bulk-undone", "desk-bulk-undone", &[]),
    ("bulk-done", "desk-bulk-done", &["count"]),
    ("bulk-refused", "desk-bulk-refused", &["name", "why"]),
    ("choose", "desk-choose", &[]),
];

/// What is said of a step that cannot be done, by the server's words for it.
pub(super) const REFUSALS: [(&str, &str, &[&str]); 20] = [
    ("refused-step_refused-other_queue", "desk-step-other-queue", &[]),
    ("refused-step_refused-not_known", "desk-step-not-known", &["step", "about"]),
    ("refused-step_refused-no_target", "desk-step-no-target", &["step"]),
    ("refused-step_refused-his_already", "desk-step-his-already", &["step"]),
    ("refused-step_refused-nobody", "desk-step-nobody", &["step"]),
    ("refused-step_refused-unreadable", "desk-step-unreadable", &[]),
    ("refused-step_refused-over", "desk-step-over", &["step"]),
    ("refused-step_refused-no_account", "desk-step-no-account", &["step"]),
    ("refused-step_refused-too_long", "desk-step-too-long", &["step", "about"]),
    ("refused-step_refused-window", "desk-step-window", &["step"]),
    ("refused-fenced", "desk-macro-fenced", &[]),
    ("refused-unknown_task", "desk-macro-no-task", &[]),
    ("refused-unknown_canned_answer", "desk-macro-gone", &[]),
    ("refused-asker_gone", "desk-macro-asker-gone", &["name"]),
    ("refused-no_move-no_disposition", "desk-macro-no-disposition", &["known"]),
    ("refused-missing_fields-missing", "desk-macro-missing-fields", &["fields"]),
    ("refused-case_held-held", "desk-macro-case-held", &["case"]),
    ("refused-needs_agreement-agreement", "desk-macro-needs-agreement", &["unit"]),
    ("refused-no_consent", "desk-macro-no-consent", &[]),
    ("refused-wrong_state", "desk-macro-wrong-state", &[]),
];

/// The dialog, the bar, and what scripts clone.
pub(super) fn markup(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        dialog id="bulk" class="wide" aria-labelledby="bulk-title" {
            form class="sheet-form" novalidate {
                h2 id="bulk-title" { (t("desk-bulk")) }
                p class="why" { (t("desk-bulk-hint")) }
                p class="fault" role="alert" hidden data-slot="fault" {}
                label { span { (t("desk-bulk-macro")) } select name="macro" data-slot="macro" {} }
                fieldset class="bulk-tasks" {
                    legend { (t("desk-mine")) }
                    ul data-slot="tasks" {}
                    p class="empty" hidden data-slot="none" { (t("desk-no-tabs")) }
                }
                div class="row" {
                    button type="submit" class="primary" data-slot="go" disabled { (t("desk-bulk-go")) }
                    button type="button" data-do="cancel" { (t("desk-cancel")) }
                }
            }
        }
        div class="bulk-bar" id="bulk-bar" role="status" hidden {
            p data-slot="what" {}
            div class="row" {
                button type="button" class="primary" data-do="undo" { (t("desk-bulk-undo")) }
                button type="button" data-do="now" { (t("desk-bulk-now")) }
            }
        }
        template id="t-bulk-task" {
            li {
                label class="choice" {
                    input type="checkbox" data-slot="box";
                    span { b class="along" data-slot="title" dir="auto" {} " " bdi class="queue" data-slot="queue" {} }
                }
                p class="peek" data-slot="says" dir="auto" {}
            }
        }
        @for (name, key, slots) in SENTENCES.into_iter().chain(REFUSALS) {
            template id={ "say-" (name) } { (open_text(lang, key, slots)) }
        }
    }
}

/// The button that opens it.
pub(super) fn button(lang: Lang) -> Markup {
    html! {
        button type="button" id="bulk-open" aria-haspopup="dialog" title=(text(lang, "desk-bulk")) {
            (super::shell::icon("M4 6h10M4 12h10M4 18h10M18 5l2 2 3-3M18 11l2 2 3-3M18 17l2 2 3-3"))
            span { (text(lang, "desk-bulk-short")) }
        }
    }
}
