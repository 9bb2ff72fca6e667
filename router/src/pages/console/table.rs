//! Tables: the head and the template of a row, from one list of columns. `page/table.js` fills them.

use maud::{Markup, html};

use super::super::language::Lang;
use super::super::texts::{open_text, text};

/// A column of a table.
pub(super) struct Column {
    /// The field of the API's answer.
    pub(super) field: &'static str,
    /// What it is called.
    pub(super) title: &'static str,
    /// How it is shown.
    pub(super) shows: Shows,
}

/// How a value is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shows {
    /// As somebody wrote it, in its own direction.
    Text,
    /// As a program wrote it: left to right.
    Code,
    /// A number, where numbers stand under each other.
    Number,
    /// An instant, in the reader's own time.
    Instant,
    /// How long ago an instant was, going on.
    Since,
    /// A word of a closed list, by its sentence `say-{list}-{word}`.
    Word(&'static str),
    /// The same with a mark in front of it that says how bad it is: its level is in [`WORDS`].
    State(&'static str),
    /// A figure that a script has put into words, with a level that says how bad it is.
    Figure,
    /// What can be done about the row.
    Actions,
}

impl Shows {
    const fn kind(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Code => "code",
            Self::Number => "number",
            Self::Instant => "instant",
            Self::Since => "since",
            Self::Word(_) => "word",
            Self::State(_) => "state",
            Self::Figure => "figure",
            Self::Actions => "actions",
        }
    }

    const fn words(self) -> Option<&'static str> {
        match self {
            Self::Word(list) | Self::State(list) => Some(list),
            _ => None,
        }
    }

    fn class(self) -> Option<&'static str> {
        matches!(self, Self::Number | Self::Figure).then_some("number")
    }
}

/// A column of text.
pub(super) const fn column(field: &'static str, title: &'static str, shows: Shows) -> Column {
    Column { field, title, shows }
}

/// A list of the API as a table: what it is called, the route, the columns, and what stands beside the search.
pub(super) struct List<'a> {
    pub(super) id: &'a str,
    /// The route; nothing where a script brings the rows.
    pub(super) route: &'a str,
    pub(super) title: &'a str,
    pub(super) empty: &'a str,
    pub(super) columns: &'a [Column],
    pub(super) tools: Markup,
    /// What the last cell of a row holds.
    pub(super) actions: Markup,
}

/// The table of a list, empty.
pub(super) fn table(lang: Lang, list: &List<'_>) -> Markup {
    let t = |key| text(lang, key);
    html! {
        section class="list" id=(list.id) data-list=(list.route) aria-labelledby={ (list.id) "-title" } {
            div class="list-tools" {
                label class="grow" { span { (t("console-find")) }
                    input type="search" data-do="find" dir="auto" autocomplete="off" maxlength="100";
                }
                (list.tools)
                button type="button" data-do="csv" { (t("console-csv")) }
            }
            p class="fault" role="alert" hidden data-slot="fault" {}
            div class="sheet-of" tabindex="0" role="group" aria-labelledby={ (list.id) "-title" } {
                table class="stacks" {
                    caption { span id={ (list.id) "-title" } { (t(list.title)) } " " span class="count" data-slot="count" { "0" } }
                    thead {
                        tr {
                            @for column in list.columns {
                                th scope="col" class=[column.shows.class()] { (t(column.title)) }
                            }
                        }
                    }
                    tbody data-slot="rows" {}
                }
                p class="empty" hidden data-slot="empty" { (t(list.empty)) }
            }
            button type="button" hidden data-do="more" { (t("console-more")) }
            template data-slot="row" {
                tr {
                    @for column in list.columns {
                        td data-field=(column.field) data-as=(column.shows.kind()) data-words=[column.shows.words()]
                            data-label=(t(column.title)) class=[column.shows.class()] {
                            @if column.shows == Shows::Actions { div class="row" { (list.actions) } }
                        }
                    }
                }
            }
        }
    }
}

/// Words that the API says, by `{list}-{word}`, with what each is called and how bad it is.
pub(super) const WORDS: [(&str, &str, &str); 34] = [
    ("presence-ready", "desk-presence-ready", "good"),
    ("presence-busy", "desk-presence-busy", "soon"),
    ("presence-away", "desk-presence-away", ""),
    ("presence-draining", "desk-presence-draining", "soon"),
    ("presence-gone", "console-presence-gone", ""),
    ("side-front", "desk-side-front", ""),
    ("side-back", "desk-side-back", ""),
    ("kind-conversation", "desk-kind-conversation", ""),
    ("kind-item", "desk-kind-item", ""),
    ("kind-request", "desk-kind-request", ""),
    ("kind-log", "desk-kind-log", ""),
    ("task-waiting", "console-task-waiting", "soon"),
    ("task-offered", "console-task-offered", ""),
    ("task-active", "console-task-active", "good"),
    ("task-parked", "console-task-parked", ""),
    ("task-requesting", "console-task-requesting", ""),
    ("task-interrupted", "console-task-interrupted", "soon"),
    ("task-closed", "console-task-closed", ""),
    ("account-fine", "console-account-fine", "good"),
    ("account-unknown", "console-account-unknown", ""),
    ("account-limited", "console-account-limited", "soon"),
    ("account-unreachable", "console-account-unreachable", "late"),
    ("account-credentials_refused", "console-account-credentials", "late"),
    ("account-misconfigured", "console-account-misconfigured", "late"),
    ("account-locked", "console-account-locked", "late"),
    ("role-integrator", "console-role-integrator", ""),
    ("role-worker", "console-role-worker", ""),
    ("role-supervisor", "console-role-supervisor", ""),
    ("role-operations", "console-role-operations", ""),
    ("role-auditor", "console-role-auditor", ""),
    ("role-admin", "console-role-admin", ""),
    ("user-active", "console-user-active", "good"),
    ("user-must_change", "console-user-must-change", "soon"),
    ("user-disabled", "console-user-disabled", "late"),
];

/// Sentences of every page of the console, for its scripts to clone.
pub(super) fn sentences(lang: Lang) -> Markup {
    html! {
        @for (name, key, level) in WORDS {
            template id={ "say-" (name) } data-level=[(!level.is_empty()).then_some(level)] { (text(lang, key)) }
        }
        template id="say-problem" { (open_text(lang, "desk-problem", &["detail"])) }
        template id="say-missing" { (text(lang, "desk-fault-missing")) }
        template id="say-unreachable" { (text(lang, "desk-fault-unreachable")) }
        template id="say-of-all" { (open_text(lang, "console-of-all", &["shown", "count"])) }
        template id="say-done" { (text(lang, "console-done")) }
        template id="say-yes" { (text(lang, "chat-yes")) }
    }
}
