//! What should change: the register with what stands behind each, what it costs, who answers until when, and his answer.

use maud::{Markup, html};

use super::super::language::Lang;
use super::super::texts::text;
use super::table::{Column, List, Shows, column, table};
use super::{Section, head, improvement};

const IMPROVEMENTS: [Column; 10] = [
    column("title", "console-improvement-title", Shows::Text),
    column("source", "console-improvement-source", Shows::Word("improvement")),
    column("queue", "console-col-queue", Shows::Text),
    column("topic", "console-improvement-topic", Shows::Text),
    column("contacts", "console-improvement-contacts", Shows::Number),
    column("cost", "console-improvement-price", Shows::Text),
    column("owner", "console-improvement-owner", Shows::Text),
    column("due", "console-col-due", Shows::Figure),
    column("status", "console-col-state", Shows::State("improvement")),
    column("", "console-col-actions", Shows::Actions),
];

/// The register; who may act on it answers and joins.
pub(super) fn markup(lang: Lang, may: bool) -> Markup {
    let t = |key| text(lang, key);
    let list = List {
        id: "improvements",
        route: "/v1/improvements?firsts=true&limit=200",
        title: "console-improvements",
        empty: "console-none-improvements",
        columns: &IMPROVEMENTS,
        tools: html! { a class="button" href="/v1/improvements/export" download="improvements.csv" { (t("console-improvement-export")) } },
        actions: html! {
            @if may {
                button type="button" data-do="answer" { (t("console-improvement-answer")) }
                button type="button" data-do="join" hidden { (t("console-improvement-join")) }
            }
        },
    };
    html! {
        (head(lang, Section::Improvements, &html! {}))
        (table(lang, &list))
        @if may { (improvement::answer_dialog(lang)) }
        (improvement::words(lang))
    }
}
