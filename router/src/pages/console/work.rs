//! Open work on the console: filtered, kept as views with live counts, moved and pulled back by supervisors.

use maud::{Markup, html};

use super::super::language::Lang;
use super::super::texts::text;
use super::super::work_views;
use super::table::{Column, List, Shows, column, table};
use super::{Section, head, task};
use crate::directory::Role;

const WORK: [Column; 11] = [
    column("id", "console-col-task", Shows::Code),
    column("state", "console-col-state", Shows::State("task")),
    column("title", "console-col-about", Shows::Text),
    column("queue", "console-col-queue", Shows::Text),
    column("side", "console-col-side", Shows::Word("side")),
    column("tags", "console-col-tags", Shows::Text),
    column("language", "console-answer-language", Shows::Word("language")),
    column("worker", "console-col-worker", Shows::Text),
    column("earned_at", "console-col-waits", Shows::Since),
    column("due_at", "console-col-due", Shows::Instant),
    column("", "console-col-actions", Shows::Actions),
];

/// The page. Who may move work does so in each row.
pub(super) fn markup(lang: Lang, role: Role) -> Markup {
    let t = |key| text(lang, key);
    let may = matches!(role, Role::Supervisor | Role::Admin);
    let list = List {
        id: "tasks",
        route: "",
        title: "console-open-tasks",
        empty: "console-none-open",
        columns: if may { &WORK } else { &WORK[..WORK.len() - 1] },
        tools: html! {},
        actions: html! {
            button type="button" data-do="move" { (t("console-move")) }
            button type="button" data-do="back" { (t("console-pull-back")) }
        },
    };
    html! {
        (head(lang, Section::Work, &html! {}))
        section class="card work-asked" aria-label=(t("desk-work-views")) id="work-asked" { (work_views::markup(lang, true)) }
        (table(lang, &list))
        (work_views::templates(lang))
        @if may { (task::move_dialog(lang)) }
    }
}
