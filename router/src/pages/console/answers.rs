//! The page of ready answers: all of them, and for those who may a form for each.

use maud::{Markup, html};

use super::super::language::Lang;
use super::super::texts::{open_text, text};
use super::table::{Column, List, Shows, column, table};
use super::{Section, about, dialog, head};
use crate::canned::{FIELD, VARIABLES};
use crate::directory::Role;

const ANSWERS: [Column; 8] = [
    column("name", "console-col-name", Shows::Code),
    column("title", "console-answer-title", Shows::Text),
    column("queue", "console-col-queue", Shows::Text),
    column("language", "console-answer-language", Shows::Word("language")),
    column("text", "console-answer-text", Shows::Text),
    column("acts", "console-answer-acts", Shows::Text),
    column("changed_at", "console-col-since", Shows::Instant),
    column("", "console-col-actions", Shows::Actions),
];

/// What an answer may be in, with what each is called.
const LANGUAGES: [(&str, &str); 4] = [
    ("he", "console-language-he"),
    ("en", "console-language-en"),
    ("ar", "console-language-ar"),
    ("ru", "console-language-ru"),
];

/// The page.
pub(super) fn markup(lang: Lang, role: Role) -> Markup {
    let t = |key| text(lang, key);
    let may = matches!(role, Role::Operations | Role::Admin);
    let columns = if may { &ANSWERS[..] } else { &ANSWERS[..ANSWERS.len() - 1] };
    let list = List {
        id: "answers",
        route: "/v1/canned-answers",
        title: "console-answers",
        empty: "console-none-answers",
        columns,
        tools: html! {
            @if may { button type="button" class="primary" data-do="add" { (t("console-answer-add")) } }
        },
        actions: html! {
            button type="button" data-do="edit" { (t("console-answer-edit")) }
            button type="button" data-do="remove" { (t("console-answer-remove")) }
        },
    };
    html! {
        (head(lang, Section::Answers, &html! {}))
        (table(lang, &list))
        @if may {
            (dialog(lang, "add-answer", &html! { (t("console-answer-add")) }, "console-save", true, &fields(lang, true)))
            (dialog(lang, "change-answer", &about(lang, "console-answer-change"), "console-save", true, &fields(lang, false)))
            (dialog(lang, "remove-answer", &about(lang, "console-answer-remove-title"), "console-answer-remove", false,
                &html! { p { (t("console-answer-remove-hint")) } }))
        }
        @for (name, key) in LANGUAGES {
            template id={ "say-language-" (name) } { (t(key)) }
        }
        template id="say-then-wrong" { (open_text(lang, "console-answer-then-wrong", &["line"])) }
        template id="say-language-und" { (t("console-language-und")) }
    }
}

fn fields(lang: Lang, new: bool) -> Markup {
    let t = |key| text(lang, key);
    html! {
        @if new {
            label { span { (t("console-col-name")) }
                input name="name" required dir="auto" maxlength="40" autocomplete="off" spellcheck="false";
                small { (t("console-answer-name-hint")) }
            }
        }
        label { span { (t("console-answer-title")) } input name="title" required dir="auto" maxlength="120" autocomplete="off"; }
        div class="inline" {
            label { span { (t("console-col-queue")) }
                select name="queue" { option value="" { (t("console-answer-any")) } }
            }
            label { span { (t("console-answer-language")) }
                select name="language" {
                    option value="" { (t("console-answer-any")) }
                    @for (name, key) in LANGUAGES { option value=(name) { (t(key)) } }
                }
            }
        }
        label { span { (t("console-answer-text")) }
            textarea name="text" rows="7" dir="auto" maxlength="4000" {}
        }
        label { span { (t("console-answer-then")) }
            textarea name="then" rows="3" dir="auto" maxlength="2000" spellcheck="false" {}
            small dir="ltr" { (t("console-answer-then-hint")) }
        }
        label { span { (t("console-answer-hotkey")) }
            select name="hotkey" {
                option value="" { "–" }
                @for digit in 1..=9 { option value=(digit) { (digit) } }
            }
        }
        p class="why" {
            (t("console-answer-places")) " "
            @for name in VARIABLES { code dir="ltr" { "{{" (name) "}}" } " " }
            code dir="ltr" { "{{" (FIELD) "…}}" }
        }
    }
}
