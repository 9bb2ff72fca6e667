//! The page of one thing that should change: what stands behind it, what was answered and measured, and what is done about it.

use maud::{Markup, html};

use super::super::language::Lang;
use super::super::texts::{open_text, text};
use super::{about, dialog};

/// The facts that stand at the top, as the API names them, with how each is shown.
const FACTS: [(&str, &str, &str, &str); 10] = [
    ("status", "console-col-state", "state", "improvement"),
    ("owner", "console-improvement-owner", "text", ""),
    ("due", "console-col-due", "figure", ""),
    ("contacts", "console-improvement-contacts", "number", ""),
    ("cost", "console-improvement-price", "text", ""),
    ("source", "console-improvement-source", "word", "improvement"),
    ("queue", "console-col-queue", "text", ""),
    ("topic", "console-improvement-topic", "text", ""),
    ("unit", "console-case-unit", "text", ""),
    ("opened_at", "console-improvement-opened", "instant", ""),
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

/// What is counted, as the API names it.
const FIGURES: [(&str, &str); 4] = [
    ("contacts", "console-measure-contacts"),
    ("repeats", "console-measure-repeats"),
    ("denials", "console-measure-denials"),
    ("low_answers", "console-measure-low"),
];

const PHASES: [(&str, &str); 2] = [("before", "console-measure-before"), ("after", "console-measure-after")];

/// What can be done, with how the page calls it.
const ACTS: [(&str, &str); 7] = [
    ("answer", "console-improvement-answer"),
    ("begin", "console-improvement-begin"),
    ("measure", "console-improvement-measure"),
    ("finish", "console-improvement-finish"),
    ("assign", "console-improvement-assign"),
    ("part", "console-improvement-part"),
    ("reopen", "console-improvement-reopen"),
];

/// Sentences that are filled.
const SENTENCES: [(&str, &str, &[&str]); 10] = [
    ("improvement-members", "console-improvement-members", &["name", "count"]),
    ("improvement-due", "console-improvement-due", &["left"]),
    ("improvement-late", "console-improvement-late", &["left"]),
    ("improvement-answered", "console-improvement-answered", &["by", "at"]),
    ("improvement-do-on", "console-improvement-do-on", &["day"]),
    ("improvement-never", "console-improvement-never", &[]),
    ("measure-part", "console-measure-part", &["percent", "count", "of"]),
    ("measure-week", "console-measure-week", &["number", "count"]),
    ("measure-stretch", "console-measure-stretch", &["since", "until"]),
    ("measure-all", "console-measure-all", &[]),
];

/// Why something cannot be done, by the server's words for it.
const REFUSALS: [(&str, &str, &[&str]); 12] = [
    ("refused-wrong_improvement_state-joined", "console-improvement-no-joined", &[]),
    ("refused-wrong_improvement_state-not_joined", "console-improvement-no-not-joined", &[]),
    ("refused-wrong_improvement_state-no_group", "console-improvement-no-group", &[]),
    ("refused-wrong_improvement_state-moved", "console-improvement-no-moved", &[]),
    ("refused-wrong_improvement_state-not_measured", "console-improvement-no-measured", &[]),
    ("refused-not_yours-no_manager", "console-improvement-no-manager", &["names"]),
    ("refused-bad_request-no_day", "console-improvement-no-day", &[]),
    ("refused-bad_request-no_words", "desk-fault-missing", &[]),
    ("refused-bad_request-no_stretch", "console-improvement-no-stretch", &[]),
    ("refused-unknown_worker", "console-improvement-no-worker", &[]),
    ("refused-unknown_improvement", "console-improvement-no-such", &[]),
    ("refused-too_many", "console-improvement-too-many", &[]),
];

/// The content of the page of `id`; who may act on it finds the forms.
pub(super) fn markup(lang: Lang, id: &str, may: bool) -> Markup {
    let t = |key| text(lang, key);
    html! {
        header class="page-head" data-improvement=(id) id="improvement" {
            h1 { bdi data-slot="title" {} }
            p class="fault" role="alert" hidden id="improvement-fault" {}
            @if may {
                div class="row" {
                    @for (name, key) in ACTS { button type="button" hidden data-do=(name) { (t(key)) } }
                }
            }
        }
        dl class="card facts-of" {
            @for (field, key, kind, words) in FACTS {
                div { dt { (t(key)) } dd data-field=(field) data-as=(kind) data-words=[(!words.is_empty()).then_some(words)] {} }
            }
        }
        div class="halves" {
            (answered(lang))
            (measured(lang))
            (behind(lang))
            (belonging(lang, may))
        }
        @if may { (dialogs(lang)) }
        (words(lang))
    }
}

fn answered(lang: Lang) -> Markup {
    html! {
        section class="card" aria-labelledby="answered-title" {
            h2 id="answered-title" { (text(lang, "console-improvement-answer")) }
            p class="empty" data-slot="unanswered" { (text(lang, "console-improvement-unanswered")) }
            div hidden data-slot="answered" {
                p class="said" dir="auto" data-slot="words" {}
                p class="why" data-slot="by" {}
                p data-slot="do-by" {}
            }
        }
    }
}

fn measured(lang: Lang) -> Markup {
    html! {
        section class="card" aria-labelledby="measured-title" {
            h2 id="measured-title" { (text(lang, "console-improvement-measured")) }
            p class="empty" data-slot="unmeasured" { (text(lang, "console-improvement-unmeasured")) }
            dl class="measures" {
                @for (phase, key) in PHASES {
                    div hidden data-phase=(phase) {
                        dt { (text(lang, key)) }
                        dd { b data-slot={ (phase) "-value" } {} p data-slot={ (phase) "-what" } {} p class="why" data-slot={ (phase) "-when" } {} }
                    }
                }
            }
        }
    }
}

fn behind(lang: Lang) -> Markup {
    html! {
        section class="card" aria-labelledby="behind-title" {
            h2 id="behind-title" { (text(lang, "console-improvement-behind")) }
            p class="said" dir="auto" hidden data-slot="text" {}
            p class="why" hidden data-slot="writers" {}
            ul class="reasons" data-slot="evidence" {}
            template id="t-evidence" {
                li {
                    time data-slot="at" {} " "
                    a hidden dir="ltr" data-slot="task" {} " "
                    a hidden dir="ltr" data-slot="case" {} " "
                    bdi data-slot="channels" {}
                    p class="said" dir="auto" hidden data-slot="words" {}
                }
            }
        }
    }
}

fn belonging(lang: Lang, may: bool) -> Markup {
    html! {
        section class="card" aria-labelledby="belonging-title" hidden data-slot="belonging" {
            h2 id="belonging-title" { (text(lang, "console-improvement-belonging")) }
            p hidden data-slot="into" { (text(lang, "console-improvement-into")) " " a data-slot="into-link" { (text(lang, "console-improvement-into-this")) } }
            ul class="members" data-slot="joined" {}
            template id="t-joined" {
                li {
                    a { bdi data-slot="title" {} }
                    @if may { " " button type="button" data-do="part" { (text(lang, "console-improvement-part")) } }
                }
            }
        }
    }
}

/// The manager's answer. The list of them asks for it too.
pub(super) fn answer_dialog(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    let answer = html! {
        label { span { (t("console-improvement-owner")) } input name="worker" required dir="auto" autocomplete="off"; }
        label { span { (t("console-improvement-do-by")) } input type="date" name="do_by"; }
        label { span { (t("console-improvement-words")) } textarea name="words" required rows="4" dir="auto" maxlength="4000" {} }
    };
    let title = about(lang, "console-improvement-answer-one");
    dialog(lang, "answer-improvement", &title, "console-improvement-answer", false, &answer)
}

fn dialogs(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    let assign = html! {
        label { span { (t("console-improvement-owner")) } input name="worker" required dir="auto" autocomplete="off"; }
    };
    let means = |key| html! { p { (t(key)) } };
    html! {
        (answer_dialog(lang))
        (dialog(lang, "assign-improvement", &about(lang, "console-improvement-assign-one"), "console-improvement-assign", false, &assign))
        (dialog(lang, "measure-improvement", &about(lang, "console-improvement-measure-one"), "console-improvement-measure", false, &measure_fields(lang)))
        (dialog(lang, "finish-improvement", &about(lang, "console-improvement-finish-one"), "console-improvement-finish", false, &means("console-improvement-finish-means")))
        (dialog(lang, "reopen-improvement", &about(lang, "console-improvement-reopen-one"), "console-improvement-reopen", false, &means("console-improvement-reopen-means")))
    }
}

fn measure_fields(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    let all = || html! { option value="" { (t("desk-work-any")) } };
    html! {
        div class="pairs" {
            label { span { (t("console-measure-when")) }
                select name="phase" { @for (phase, key) in PHASES { option value=(phase) { (t(key)) } } }
            }
            label { span { (t("console-measure-figure")) }
                select name="figure" { @for (figure, key) in FIGURES { option value=(figure) { (t(key)) } } }
            }
            label { span { (t("console-col-queue")) } select name="queue" { (all()) } }
            label { span { (t("console-case-type")) } select name="case_type" { (all()) } }
            label { span { (t("console-measure-topic")) } input name="topic" dir="auto" autocomplete="off" maxlength="200"; }
            label { span { (t("console-measure-since")) } input type="date" name="since" required; }
            label { span { (t("console-measure-until")) } input type="date" name="until" required; }
        }
        p class="why" { (t("console-measure-hint")) }
    }
}

/// Words that both pages say.
pub(super) fn words(lang: Lang) -> Markup {
    html! {
        @for (name, key, level) in WORDS {
            template id={ "say-improvement-" (name) } data-level=[(!level.is_empty()).then_some(level)] { (text(lang, key)) }
        }
        @for (name, key) in FIGURES { template id={ "say-measure-" (name) } { (text(lang, key)) } }
        @for (name, key, slots) in SENTENCES.into_iter().chain(REFUSALS) {
            template id={ "say-" (name) } { (open_text(lang, key, slots)) }
        }
        template id="say-nobody-may" { (text(lang, "desk-refused-nobody")) }
    }
}
