//! The page of endpoints: where events are posted, the ledger of each, a test, posting again, and keys.

use maud::{Markup, html};

use super::super::language::Lang;
use super::super::texts::{open_text, text};
use super::table::{Column, List, Shows, column, table};
use super::{Section, about, dialog, head};
use crate::directory::Role;

const ENDPOINTS: [Column; 8] = [
    column("name", "console-col-name", Shows::Text),
    column("url", "console-outlet-url", Shows::Code),
    column("which", "console-outlet-kinds", Shows::Code),
    column("state", "console-col-state", Shows::State("outlet")),
    column("since", "console-col-since", Shows::Instant),
    column("reason", "console-col-cause", Shows::Text),
    column("keys", "console-outlet-keys", Shows::Number),
    column("", "console-col-actions", Shows::Actions),
];

const DELIVERIES: [Column; 8] = [
    column("event", "console-outlet-event", Shows::Code),
    column("at", "console-col-at", Shows::Instant),
    column("lane", "console-outlet-lane", Shows::Code),
    column("state", "console-col-state", Shows::State("delivery")),
    column("attempts", "console-outlet-attempts", Shows::Number),
    column("next_at", "console-outlet-next", Shows::Instant),
    column("cause", "console-col-cause", Shows::Text),
    column("", "console-col-actions", Shows::Actions),
];

/// Words that the API says, with what each is called and how bad it is.
const WORDS: [(&str, &str, &str); 6] = [
    ("outlet-active", "console-outlet-active", "good"),
    ("outlet-failing", "console-outlet-failing", "late"),
    ("outlet-paused", "console-outlet-paused", "soon"),
    ("delivery-pending", "console-delivery-pending", "soon"),
    ("delivery-delivered", "console-delivery-delivered", "good"),
    ("delivery-failed", "console-delivery-failed", "late"),
];

/// The page.
pub(super) fn markup(lang: Lang, role: Role) -> Markup {
    let t = |key| text(lang, key);
    let may = matches!(role, Role::Operations | Role::Admin);
    html! {
        (head(lang, Section::Outlets, &html! {}))
        (endpoints(lang, may))
        div id="ledger" hidden { (deliveries(lang, may)) }
        @if may { (dialogs(lang)) }
        @for (name, key, level) in WORDS {
            template id={ "say-" (name) } data-level=(level) { (t(key)) }
        }
        template id="say-outlet-all" { (t("console-outlet-all")) }
        template id="say-outlet-ledger" { (open_text(lang, "console-outlet-ledger", &["name"])) }
        template id="say-outlet-taken" { (open_text(lang, "console-outlet-taken", &["name", "ms"])) }
        template id="say-outlet-not-taken" { (open_text(lang, "console-outlet-not-taken", &["name", "cause"])) }
        template id="say-outlet-again" { (open_text(lang, "console-outlet-again-said", &["count"])) }
    }
}

fn endpoints(lang: Lang, may: bool) -> Markup {
    let t = |key| text(lang, key);
    let list = List {
        id: "endpoints",
        route: "/v1/event-endpoints",
        title: "console-outlets",
        empty: "console-none-outlets",
        columns: &ENDPOINTS,
        tools: html! { @if may { button type="button" class="primary" data-do="add" { (t("console-outlet-add")) } } },
        actions: html! {
            button type="button" data-do="ledger" { (t("console-outlet-deliveries")) }
            @if may {
                button type="button" data-do="test" { (t("console-outlet-test")) }
                button type="button" data-do="rotate" { (t("console-outlet-rotate")) }
                button type="button" data-do="pause" data-when="running" { (t("console-outlet-pause")) }
                button type="button" data-do="resume" data-when="paused" { (t("console-outlet-resume")) }
                button type="button" data-do="remove" { (t("console-answer-remove")) }
            }
        },
    };
    table(lang, &list)
}

fn deliveries(lang: Lang, may: bool) -> Markup {
    let t = |key| text(lang, key);
    let columns = if may { &DELIVERIES[..] } else { &DELIVERIES[..DELIVERIES.len() - 1] };
    let list = List {
        id: "deliveries",
        route: "",
        title: "console-outlet-deliveries",
        empty: "console-none-deliveries",
        columns,
        tools: html! {
            label { span { (t("console-col-state")) }
                select name="state" {
                    option value="" { (t("console-all")) }
                    option value="failed" { (t("console-delivery-failed")) }
                    option value="pending" { (t("console-delivery-pending")) }
                    option value="delivered" { (t("console-delivery-delivered")) }
                }
            }
            @if may { button type="button" data-do="replay" { (t("console-outlet-replay")) } }
        },
        actions: html! { button type="button" data-do="again" { (t("console-outlet-again")) } },
    };
    html! { h2 data-slot="of" {} (table(lang, &list)) }
}

fn dialogs(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    let add = html! {
        label { span { (t("console-col-name")) } input name="name" required dir="ltr" maxlength="64" autocomplete="off"; }
        label { span { (t("console-outlet-url")) } input name="url" type="url" required dir="ltr" autocomplete="off"; }
        label { span { (t("console-outlet-kinds")) }
            input name="kinds" dir="ltr" autocomplete="off" spellcheck="false";
            small { (t("console-outlet-kinds-hint")) }
        }
    };
    let rotate = html! {
        p { (t("console-outlet-rotate-hint")) }
        label { span { (t("console-outlet-overlap")) }
            input name="overlap_hours" type="number" min="0" max="720" step="1" value="24" required inputmode="numeric";
        }
    };
    let replay = html! {
        p { (t("console-outlet-replay-hint")) }
        label { span { (t("console-outlet-from")) } input name="from" type="datetime-local" required; }
        label { span { (t("console-outlet-until")) } input name="until" type="datetime-local"; }
        label class="choice" {
            input type="checkbox" name="missed" checked;
            span { (t("console-outlet-missed")) }
        }
    };
    html! {
        (dialog(lang, "add-endpoint", &html! { (t("console-outlet-add")) }, "console-save", false, &add))
        (dialog(lang, "rotate-key", &about(lang, "console-outlet-rotate-title"), "console-outlet-rotate", false, &rotate))
        (dialog(lang, "replay-time", &about(lang, "console-outlet-replay-title"), "console-outlet-replay", false, &replay))
        (dialog(lang, "remove-endpoint", &about(lang, "console-answer-remove-title"), "console-answer-remove", false,
            &html! { p { (t("console-outlet-remove-hint")) } }))
        dialog id="told-once" aria-labelledby="told-once-title" {
            form class="sheet-form" method="dialog" {
                h2 id="told-once-title" { (about(lang, "console-outlet-secret")) }
                p { (t("console-outlet-secret-once")) }
                p class="secret mono" data-slot="secret" {}
                div class="row" { button type="submit" class="primary" { (t("desk-close")) } }
            }
        }
    }
}
