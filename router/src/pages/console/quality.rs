//! Quality: scores and where they go, how alike reviewers judge, how answers were, what came back, and which limits reviews speak
//! for. `console/quality.js` fills the tables from one answer of the API.

use maud::{Markup, html};

use super::super::language::Lang;
use super::super::texts::{open_text, text};
use super::table::{Column, List, Shows, column, table};
use super::{Section, head};

const FIGURES: [Column; 6] = [
    column("scope", "console-quality-scope", Shows::Word("scope")),
    column("of", "console-col-name", Shows::Text),
    column("count", "console-quality-reviews", Shows::Number),
    column("score", "console-quality-score", Shows::Figure),
    column("interval", "console-quality-interval", Shows::Code),
    column("drift", "console-quality-drift", Shows::State("drift")),
];

const PROPOSALS: [Column; 7] = [
    column("worker", "console-col-worker", Shows::Text),
    column("action", "console-quality-action", Shows::Code),
    column("way", "console-quality-way", Shows::State("limit")),
    column("count", "console-quality-reviews", Shows::Number),
    column("score", "console-quality-score", Shows::Figure),
    column("now", "console-quality-alone", Shows::Code),
    column("amount", "console-quality-limit", Shows::Code),
];

const REVIEWERS: [Column; 3] = [
    column("reviewer", "console-quality-reviewer", Shows::Text),
    column("pairs", "console-quality-pairs", Shows::Number),
    column("lenient", "console-quality-lenient", Shows::Figure),
];

const ANSWERS: [Column; 8] = [
    column("queue", "console-col-queue", Shows::Text),
    column("unit", "console-quality-unit", Shows::Text),
    column("given", "console-quality-given", Shows::Number),
    column("missed", "console-quality-missed", Shows::Number),
    column("good", "desk-rating-good", Shows::Number),
    column("late", "desk-rating-late", Shows::Number),
    column("incomplete", "desk-rating-incomplete", Shows::Number),
    column("wrong", "desk-rating-wrong", Shows::Number),
];

const SENT_BACK: [Column; 5] = [
    column("queue", "console-col-queue", Shows::Text),
    column("unit", "console-quality-unit", Shows::Text),
    column("way", "console-quality-came", Shows::Word("way")),
    column("cause", "console-quality-cause", Shows::Word("cause")),
    column("count", "console-quality-count", Shows::Number),
];

/// Words that the API says, with what each is called and how bad it is.
const WORDS: [(&str, &str, &str); 19] = [
    ("scope-workers", "console-scope-worker", ""),
    ("scope-groups", "console-scope-group", ""),
    ("scope-queues", "console-scope-queue", ""),
    ("scope-actions", "console-scope-action", ""),
    ("drift-up", "console-drift-up", "good"),
    ("drift-down", "console-drift-down", "late"),
    ("drift-steady", "console-drift-steady", ""),
    ("drift-unknown", "console-drift-unknown", ""),
    ("limit-up", "console-limit-up", "good"),
    ("limit-down", "console-limit-down", "late"),
    ("way-transfer", "console-way-transfer", ""),
    ("way-stage", "console-way-stage", ""),
    ("way-denied", "console-way-denied", ""),
    ("cause-incomplete", "desk-cause-incomplete", ""),
    ("cause-wrong", "desk-cause-wrong", ""),
    ("cause-misrouted", "desk-cause-misrouted", ""),
    ("cause-other", "desk-cause-other", ""),
    ("cause-unstated", "console-cause-unstated", ""),
    ("cause-denied", "console-way-denied", ""),
];

/// The page.
pub(super) fn markup(lang: Lang) -> Markup {
    let list = |id, title, empty, columns| {
        let (tools, actions) = (html! {}, html! {});
        table(lang, &List { id, route: "", title, empty, columns, tools, actions })
    };
    html! {
        (head(lang, Section::Quality, &html! {
            a class="button" href="/v1/reviews/export" download="reviews.csv" { (text(lang, "console-quality-export")) }
        }))
        p class="fault" role="alert" hidden id="quality-fault" {}
        p class="card" id="quality-sum" hidden {}
        (list("quality-figures", "console-quality-figures", "console-none-reviews", &FIGURES[..]))
        (list("quality-proposals", "console-quality-proposals", "console-none-proposals", &PROPOSALS[..]))
        (list("quality-reviewers", "console-quality-reviewers", "console-none-pairs", &REVIEWERS[..]))
        (list("quality-answers", "console-quality-answers", "console-none-answers-rated", &ANSWERS[..]))
        (list("quality-sent-back", "console-quality-sent-back", "console-none-sent-back", &SENT_BACK[..]))
        template id="say-quality-sum" {
            (open_text(lang, "console-quality-sum", &["drawn", "waiting", "pairs", "agreed", "apart"]))
        }
        @for (name, key, level) in WORDS {
            template id={ "say-" (name) } data-level=[(!level.is_empty()).then_some(level)] { (text(lang, key)) }
        }
    }
}
