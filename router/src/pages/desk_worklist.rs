//! Open work at the desk: the dialog with its filter, the views that a worker keeps, and rows to take from.

use maud::{Markup, html};

use super::language::Lang;
use super::texts::text;

/// Why a row cannot be taken, and the states, by the names a script asks for them.
const SENTENCES: [(&str, &str); 11] = [
    ("open-waiting", "desk-work-waiting"),
    ("open-offered", "desk-work-offered"),
    ("open-active", "desk-work-active"),
    ("open-aside", "desk-work-aside"),
    ("not-taken-for_another", "desk-work-for-another"),
    ("not-taken-not_your_queue", "desk-work-not-your-queue"),
    ("not-taken-not_your_skill", "desk-work-not-your-skill"),
    ("not-taken-let_go", "desk-work-let-go"),
    ("not-taken-closed", "desk-work-closed"),
    ("not-taken-no_room", "desk-work-no-room"),
    ("not-taken-not_there", "desk-work-not-there"),
];

/// The dialog and what scripts clone.
pub(super) fn markup(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        dialog id="worklist" class="wide" aria-labelledby="worklist-title" {
            div class="sheet-form" {
                h2 id="worklist-title" { (t("desk-work")) " " span class="count" data-slot="count" { "0" } }
                p class="why" { (t("desk-work-hint")) }
                p class="fault" role="alert" hidden data-slot="fault" {}
                ul class="work-views" aria-label=(t("desk-work-views")) data-slot="views" {}
                form id="work-filter" class="work-filter" { (filters(lang)) }
                form id="work-keep" class="work-keep" {
                    label { span { (t("desk-work-name")) } input name="name" dir="auto" maxlength="60" autocomplete="off"; }
                    button type="submit" { (t("desk-work-save")) }
                }
                ol class="work-rows" data-slot="rows" {}
                p class="empty" hidden data-slot="none" { (t("desk-work-none")) }
                div class="row" { button type="button" data-do="cancel" { (t("desk-close")) } }
            }
        }
        template id="t-work-row" {
            li class="card work-row" {
                p class="card-top" {
                    bdi class="queue" data-slot="queue" {} bdi class="queue" data-slot="channel" {}
                    span data-slot="state" {} span class="clock" data-slot="clock" {}
                }
                h3 class="along" data-slot="title" dir="auto" {}
                p class="peek along" data-slot="says" dir="auto" {}
                p class="why" { (t("desk-work-age")) " " span data-slot="age" {} span class="not-taken" data-slot="why" hidden {} }
                button type="button" class="primary" data-slot="take" { (t("desk-work-take")) }
            }
        }
        template id="t-work-view" {
            li {
                button type="button" data-slot="open" { bdi data-slot="name" {} " " span class="count" data-slot="count" {} }
                button type="button" class="plain" data-slot="remove" aria-label=(t("desk-work-forget")) { "✕" }
            }
        }
        @for (name, key) in SENTENCES { template id={ "say-" (name) } { (t(key)) } }
    }
}

fn filters(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        label { span { (t("desk-work-queue")) } select name="queue" { option value="" { (t("desk-work-any")) } } }
        label { span { (t("desk-work-channel")) }
            select name="channel" {
                option value="" { (t("desk-work-any")) }
                @for connector in blendline_connectors::all() { option value=(connector.name()) { (connector.name()) } }
            }
        }
        label { span { (t("desk-work-side")) }
            select name="side" {
                option value="" { (t("desk-work-any")) }
                option value="front" { (t("desk-side-front")) }
                option value="back" { (t("desk-side-back")) }
            }
        }
        label { span { (t("desk-work-state")) }
            select name="state" {
                option value="" { (t("desk-work-any")) }
                @for (value, key) in [("waiting", "desk-work-waiting"), ("active", "desk-work-active"), ("aside", "desk-work-aside")] {
                    option value=(value) { (t(key)) }
                }
            }
        }
        label { span { (t("desk-work-older")) } input type="number" name="older_min" min="0" max="525600" inputmode="numeric"; }
    }
}

/// The button that opens it.
pub(super) fn button(lang: Lang) -> Markup {
    html! {
        button type="button" id="worklist-open" aria-haspopup="dialog" title=(text(lang, "desk-work")) {
            (super::shell::icon("M4 6h16M4 12h16M4 18h10"))
            span { (text(lang, "desk-work")) }
        }
    }
}
