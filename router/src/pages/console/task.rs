//! The page of one task: where it stands, why, how the rules brought it there, and what was said in it.

use maud::{Markup, html};

use super::super::desk_parts;
use super::super::language::Lang;
use super::super::texts::{open_text, text};
use super::dialog;
use crate::directory::Role;

/// The facts that stand at the top, as the API names them, with how each is shown.
const FACTS: [(&str, &str, &str, &str); 9] = [
    ("state", "console-col-state", "state", "task"),
    ("worker", "console-col-worker", "text", ""),
    ("queue", "console-col-queue", "text", ""),
    ("side", "console-col-side", "word", "side"),
    ("kind", "console-col-kind", "word", "kind"),
    ("earned_at", "console-col-waits", "since", ""),
    ("due_at", "console-col-due", "instant", ""),
    ("until", "console-col-until", "instant", ""),
    ("created_at", "console-col-at", "instant", ""),
];

/// What keeps workers from a task, by the API's word: how many, and how many are kept by this alone.
const OBSTACLES: [(&str, &str); 10] = [
    ("other_queue", "console-obstacle-queue"),
    ("no_skill", "console-obstacle-skill"),
    ("skill_too_low", "console-obstacle-level"),
    ("not_connected", "console-obstacle-gone"),
    ("away", "console-obstacle-away"),
    ("busy", "console-obstacle-busy"),
    ("draining", "console-obstacle-draining"),
    ("no_room", "console-obstacle-room"),
    ("declined", "console-obstacle-declined"),
    ("reserved", "console-obstacle-reserved"),
];

/// Why a worker was chosen, by the event's word.
const BECAUSE: [(&str, &str); 6] = [
    ("least_loaded", "console-because-least-loaded"),
    ("most_urgent", "console-because-most-urgent"),
    ("sticky", "console-because-sticky"),
    ("directed", "console-because-directed"),
    ("returned", "console-because-returned"),
    ("promised", "console-because-promised"),
];

/// The content of the page of the task `id`.
pub(super) fn markup(lang: Lang, role: Role, id: &str) -> Markup {
    let t = |key| text(lang, key);
    let may = matches!(role, Role::Supervisor | Role::Admin);
    html! {
        header class="page-head" data-task=(id) id="task" {
            h1 { (t("console-col-task")) " " bdi dir="ltr" { (id) } }
            p class="fault" role="alert" hidden id="task-fault" {}
            @if may {
                div class="row" {
                    button type="button" data-do="move" { (t("console-move")) }
                    button type="button" data-do="back" { (t("console-pull-back")) }
                    button type="button" data-do="cancel-task" { (t("console-cancel-task")) }
                }
            }
        }
        dl class="card facts-of" {
            @for (field, key, kind, words) in FACTS {
                div { dt { (t(key)) } dd data-field=(field) data-as=(kind) data-words=[(!words.is_empty()).then_some(words)] {} }
            }
        }
        div class="halves" {
            section class="card" aria-labelledby="why-title" {
                h2 id="why-title" { (t("console-why")) }
                ul class="reasons" data-slot="why" {}
            }
            section class="card" aria-labelledby="way-title" {
                h2 id="way-title" { (t("console-way")) }
                p class="empty" data-slot="no-way" { (t("console-no-way")) }
                p hidden data-slot="way-version" { (open_text(lang, "console-way-version", &["version"])) }
                ol class="tried" data-slot="tried" {}
            }
        }
        section class="card" aria-labelledby="said-title" {
            h2 id="said-title" { (t("desk-transcript")) }
            div class="transcript" tabindex="0" role="log" aria-live="off" aria-labelledby="said-title" data-slot="scroll" {
                ol data-slot="messages" {}
            }
            p class="empty" hidden data-slot="silent" { (t("console-silent")) }
        }
        (desk_parts::message())
        (words(lang))
        @if may { (dialogs(lang)) }
    }
}

fn dialogs(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        (move_dialog(lang))
        (dialog(lang, "cancel-dialog", &html! { (t("console-cancel-task")) }, "console-cancel-task", false,
            &html! { p { (t("console-cancel-means")) } }))
    }
}

/// To whom a task is moved. `console/move.js` fills it.
pub(super) fn move_dialog(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    let to = html! {
        label { span { (t("desk-to")) }
            select name="to" required {
                option value="" { (t("desk-choose")) }
                optgroup label=(t("desk-queues")) data-slot="queues" {}
                optgroup label=(t("desk-workers")) data-slot="workers" {}
            }
        }
    };
    dialog(lang, "move-dialog", &html! { (t("console-move")) }, "console-move", false, &to)
}

/// The sentences of this page.
fn words(lang: Lang) -> Markup {
    html! {
        @for (name, key) in OBSTACLES {
            template id={ "say-obstacle-" (name) } { (text(lang, key)) }
        }
        @for (name, key) in BECAUSE {
            template id={ "say-because-" (name) } { (text(lang, key)) }
        }
        @for (name, key, slots) in [
            ("why-urgency", "console-why-urgency", &["percent", "count"] as &[&str]),
            ("why-for-worker", "console-why-for-worker", &["name", "until"]),
            ("why-opens", "console-why-opens", &["until"]),
            ("why-only", "console-why-only", &["count", "obstacle"]),
            ("why-kept", "console-why-kept", &["count", "obstacle"]),
            ("why-reserved", "console-why-reserved", &["queues"]),
            ("why-given", "console-why-given", &["name", "because"]),
            ("why-aside", "console-why-aside", &["state"]),
            ("why-nobody", "console-why-nobody", &[]),
            ("tried", "console-tried", &["rule", "because"]),
            ("tried-filtered", "console-tried-filtered", &["filter", "words"]),
            ("tried-false", "console-tried-false", &["part"]),
            ("tried-failed", "console-tried-failed", &["part", "error"]),
            ("tried-nothing_asked", "console-tried-nothing-asked", &[]),
            ("tried-holds", "console-tried-holds", &[]),
            ("customer", "desk-customer", &[]),
            ("me", "console-worker-said", &[]),
            ("system", "desk-system", &[]),
        ]
        .into_iter()
        .chain(desk_parts::OF_MESSAGES)
        {
            template id={ "say-" (name) } { (open_text(lang, key, slots)) }
        }
    }
}
