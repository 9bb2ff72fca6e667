//! What should change: the register with what stands behind each, what it costs, who answers until when, and his answer.

use maud::{Markup, html};

use super::super::language::Lang;
use super::super::texts::{open_text, text};
use super::table::{Column, List, Shows, column, table};
use super::{Section, about, dialog, head};

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

/// From where one is known and how it stands, with what each is called and how bad it is.
const WORDS: [(&str, &str, &str); 11] = [
    ("wrap_up", "console-improvement-wrap-up", ""),
    ("audit", "console-improvement-audit", ""),
    ("feedback", "console-improvement-feedback", ""),
    ("repeat", "console-improvement-repeat", ""),
    ("shadowing", "console-improvement-shadowing", ""),
    ("open", "console-improvement-open", "soon"),
    ("planned", "console-improvement-planned", "good"),
    ("declined", "console-improvement-declined", ""),
    ("doing", "console-improvement-doing", "good"),
    ("done", "console-improvement-done", "good"),
    ("reopened", "console-improvement-reopened", "late"),
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
    let answer = html! {
        label { span { (t("console-improvement-owner")) } input name="worker" required dir="auto" autocomplete="off"; }
        label { span { (t("console-improvement-do-by")) } input type="date" name="day"; }
        label { span { (t("console-improvement-words")) } textarea name="words" required rows="4" dir="auto" maxlength="4000" {} }
    };
    html! {
        (head(lang, Section::Improvements, &html! {}))
        (table(lang, &list))
        @if may {
            (dialog(lang, "answer-improvement", &about(lang, "console-improvement-answer-one"), "console-improvement-answer", false, &answer))
        }
        @for (name, key, level) in WORDS {
            template id={ "say-improvement-" (name) } data-level=[(!level.is_empty()).then_some(level)] { (t(key)) }
        }
        template id="say-improvement-members" { (open_text(lang, "console-improvement-members", &["name", "count"])) }
        template id="say-improvement-due" { (open_text(lang, "console-improvement-due", &["left"])) }
        template id="say-improvement-late" { (open_text(lang, "console-improvement-late", &["left"])) }
    }
}
