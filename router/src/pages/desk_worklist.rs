//! Open work at the desk: the dialog with its filter, the views that a worker keeps, and rows to take from.

use maud::{Markup, html};

use super::language::Lang;
use super::texts::text;
use super::work_views;

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
                (work_views::markup(lang, false))
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
                p class="tags" hidden data-slot="tags" {}
                p class="why" { (t("desk-work-age")) " " span data-slot="age" {} span class="not-taken" data-slot="why" hidden {} }
                button type="button" class="primary" data-slot="take" { (t("desk-work-take")) }
            }
        }
        (work_views::templates(lang))
        @for (name, key) in SENTENCES { template id={ "say-" (name) } { (t(key)) } }
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
