//! The table of what other systems told and could not be applied: it is tried again, or dropped with a reason.

use maud::{Markup, html};

use super::super::language::Lang;
use super::super::texts::{open_text, text};
use super::table::{Column, List, Shows, column, table};
use super::{about, dialog};

const EXTERNALS: [Column; 8] = [
    column("came_at", "console-col-at", Shows::Instant),
    column("system", "console-external-system", Shows::Text),
    column("kind", "console-col-kind", Shows::Code),
    column("reference", "console-external-reference", Shows::Code),
    column("sequence", "console-col-number", Shows::Number),
    column("reason", "console-col-cause", Shows::Word("external")),
    column("detail", "console-col-detail", Shows::Text),
    column("", "console-col-actions", Shows::Actions),
];

/// Reasons that the API says, with what each is called.
const REASONS: [(&str, &str); 22] = [
    ("unknown_system", "console-external-unknown-system"),
    ("unknown_kind", "console-external-unknown-kind"),
    ("unknown_reference", "console-external-unknown-reference"),
    ("case_closed", "console-external-case-closed"),
    ("no_move", "console-external-no-move"),
    ("no_value", "console-external-no-value"),
    ("id_reused", "console-external-id-reused"),
    ("sequence_reused", "console-external-sequence-reused"),
    ("too_late", "console-external-too-late"),
    ("too_many", "console-external-too-many"),
    ("no_type", "console-external-no-type"),
    ("closed", "console-external-case-closed"),
    ("paused", "console-external-paused"),
    ("not_yours", "console-external-not-yours"),
    ("missing", "console-external-missing"),
    ("unknown_field", "console-external-unknown-field"),
    ("wrong_value", "console-external-wrong-value"),
    ("needs_decision", "console-external-needs-decision"),
    ("needs_agreement", "console-external-needs-agreement"),
    ("held", "console-external-held"),
    ("one_voice", "console-external-one-voice"),
    ("too_many_moves", "console-external-too-many-moves"),
];

/// The table, and what is asked before one is dropped.
pub(super) fn markup(lang: Lang, may: bool) -> Markup {
    let t = |key| text(lang, key);
    let list = List {
        id: "externals",
        route: "/v1/external-events?parked=true&limit=200",
        title: "console-externals",
        empty: "console-none-externals",
        columns: &EXTERNALS,
        tools: html! {},
        actions: html! {
            @if may {
                button type="button" data-do="retry" { (t("console-external-retry")) }
                button type="button" data-do="drop" { (t("console-external-drop")) }
            }
        },
    };
    let why = html! {
        label { span { (t("console-external-why")) } input name="reason" required dir="auto" maxlength="200" autocomplete="off"; }
    };
    html! {
        (table(lang, &list))
        @if may { (dialog(lang, "drop-external", &about(lang, "console-external-drop-one"), "console-external-drop", false, &why)) }
        @for (name, key) in REASONS { template id={ "say-external-" (name) } { (t(key)) } }
        template id="say-external-done" { (open_text(lang, "console-external-done", &["name"])) }
        template id="say-external-still" { (open_text(lang, "console-external-still", &["name"])) }
    }
}
