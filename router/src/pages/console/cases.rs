//! Cases on the console: a list by where they stand and what is due, and the page of one.

use maud::{Markup, html};

use super::super::case_parts;
use super::super::language::Lang;
use super::super::texts::{open_text, text};
use super::table::{Column, List, Shows, column, table};
use super::{Section, head};

const CASES: [Column; 8] = [
    column("id", "console-col-case", Shows::Code),
    column("about", "console-col-about", Shows::Text),
    column("stage", "console-case-stage", Shows::Text),
    column("due", "console-col-due", Shows::Figure),
    column("owner", "console-case-owner", Shows::Text),
    column("unit", "console-case-unit", Shows::Text),
    column("how", "console-col-state", Shows::State("case")),
    column("opened_at", "console-case-opened", Shows::Instant),
];

/// Whether a case is open, with what each is called and how bad it is.
const STATES: [(&str, &str, &str); 3] = [
    ("case-open", "console-case-is-open", "good"),
    ("case-paused", "console-case-is-paused", "soon"),
    ("case-over", "console-case-is-over", ""),
];

/// The list.
pub(super) fn markup(lang: Lang) -> Markup {
    let list = List {
        id: "cases",
        route: "",
        title: "console-cases",
        empty: "console-none-cases",
        columns: &CASES,
        tools: html! {},
        actions: html! {},
    };
    html! {
        (head(lang, Section::Cases, &html! {}))
        section class="card work-asked" aria-label=(text(lang, "console-case-which")) {
            (filter(lang))
            ul class="case-counts" id="case-counts" aria-label=(text(lang, "console-case-counts")) {}
        }
        (table(lang, &list))
        template id="t-case-count" {
            li {
                button type="button" aria-pressed="false" data-slot="only" {
                    bdi data-slot="words" {} " " span class="count" data-slot="count" {} " " span class="late" data-slot="late" {}
                }
            }
        }
        template id="say-case-counted-late" { (open_text(lang, "console-case-counted-late", &["count"])) }
        (words(lang))
        (case_parts::templates(lang))
    }
}

fn filter(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    let names = |title: &str, name: &str| {
        html! {
            label { span { (text(lang, title)) }
                select name=(name) { option value="" { (text(lang, "desk-work-any")) } }
            }
        }
    };
    html! {
        form id="case-filter" class="work-filter" {
            (names("console-case-type", "type"))
            (names("console-case-stage", "stage"))
            (names("console-case-unit", "unit"))
            (names("console-case-owner", "owner"))
            label { span { (t("console-col-state")) }
                select name="state" {
                    option value="open" { (t("console-case-is-open")) }
                    option value="late" { (t("console-case-is-late")) }
                    option value="over" { (t("console-case-is-over")) }
                    option value="" { (t("desk-work-any")) }
                }
            }
        }
    }
}

/// The page of the case `id`.
pub(super) fn one(lang: Lang, id: &str, may: bool) -> Markup {
    let t = |key| text(lang, key);
    html! {
        header class="page-head" {
            h1 { (t("console-col-case")) " " bdi class="case-name" dir="ltr" { (id) } }
            p class="fault" role="alert" hidden id="case-fault" {}
            a class="button" href="/console/cases" { (t("console-case-back")) }
        }
        div class="card" id="case-place" data-case=(id) data-may=[may.then_some("true")] {}
        section class="card" aria-labelledby="case-tasks-title" {
            h2 id="case-tasks-title" { (t("console-case-tasks")) }
            ul class="case-tasks" id="case-tasks" {}
            p class="empty" hidden id="case-no-tasks" { (t("console-case-no-tasks")) }
        }
        (words(lang))
        (case_parts::templates(lang))
    }
}

fn words(lang: Lang) -> Markup {
    html! {
        @for (name, key, level) in STATES {
            template id={ "say-" (name) } data-level=[(!level.is_empty()).then_some(level)] { (text(lang, key)) }
        }
    }
}
