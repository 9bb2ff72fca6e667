//! A case as desk and console show it: what their scripts clone. `page/case.js` brings it to life.

use maud::{Markup, html};

use super::journey_parts;
use super::language::Lang;
use super::texts::{open_text, text};

/// For what a case waits, with what each is called.
pub(super) const PAUSES: [(&str, &str); 4] = [
    ("customer", "desk-case-for-customer"),
    ("colleague", "desk-case-for-colleague"),
    ("approval", "desk-case-for-approval"),
    ("time", "desk-case-for-time"),
];

/// How a case ends, with what each is called.
const OUTCOMES: [(&str, &str); 4] = [
    ("solved", "desk-case-solved"),
    ("withdrawn", "desk-case-withdrawn"),
    ("refused", "desk-case-refused"),
    ("lost", "desk-case-lost"),
];

/// Sentences, by the name a script asks for them, with their open places.
pub(super) const SENTENCES: [(&str, &str, &[&str]); 71] = [
    ("case-due", "desk-case-due", &["left"]),
    ("case-late", "desk-case-late", &["left"]),
    ("case-owner", "desk-case-owner", &["name"]),
    ("case-nobody", "desk-case-nobody", &[]),
    ("case-unit", "desk-case-unit", &["unit"]),
    ("case-since", "desk-case-since", &["at"]),
    ("case-waits", "desk-case-waits", &["reason"]),
    ("case-ended", "desk-case-ended", &["outcome", "at"]),
    ("case-confirmed", "desk-case-confirmed", &[]),
    ("case-needs", "desk-case-needs", &["fields"]),
    ("case-moved-here", "desk-case-moved-here", &["stage"]),
    ("case-saved", "desk-case-saved", &[]),
    ("case-move-to", "desk-case-move-to", &["stage"]),
    ("case-more", "desk-case-more", &["count"]),
    ("case-pressed", "desk-case-pressed", &["button", "at"]),
    ("case-unpressed", "desk-case-unpressed", &["buttons", "at"]),
    ("case-done", "desk-case-way-done", &[]),
    ("case-here", "desk-case-way-here", &[]),
    ("case-ahead", "desk-case-way-ahead", &[]),
    ("case-wrong-money", "desk-case-wrong-money", &["example"]),
    ("case-wrong-number", "desk-case-wrong-number", &[]),
    ("case-wrong-date", "desk-case-wrong-date", &[]),
    ("case-wrong-value", "desk-case-wrong-value", &[]),
    ("case-wrong-empty", "desk-case-wrong-empty", &[]),
    ("case-no-move", "desk-case-no-move", &[]),
    ("case-no-state", "desk-case-no-state", &[]),
    ("case-no-type", "desk-case-no-type", &[]),
    ("case-by-system", "desk-case-by-system", &[]),
    ("case-by-customer", "desk-case-by-customer", &[]),
    ("case-by-integrator", "desk-case-by-integrator", &[]),
    ("case-by-operator", "desk-case-by-operator", &[]),
    ("case-by-rule", "desk-case-by-rule", &[]),
    ("case-by-platform", "desk-case-by-platform", &[]),
    ("case-event-opened", "desk-case-event-opened", &["who", "stage"]),
    ("case-event-moved", "desk-case-event-moved", &["who", "from", "to", "took"]),
    ("case-event-late", "desk-case-event-late", &["who", "from", "to", "took"]),
    ("case-event-set", "desk-case-event-set", &["who", "field", "value"]),
    ("case-event-written", "desk-case-event-written", &["who", "field"]),
    ("case-event-emptied", "desk-case-event-emptied", &["who", "field"]),
    ("case-event-assigned", "desk-case-event-assigned", &["who", "owner"]),
    ("case-event-paused", "desk-case-event-paused", &["who", "reason"]),
    ("case-event-resumed", "desk-case-event-resumed", &["who", "took"]),
    ("case-event-closed", "desk-case-event-closed", &["who", "outcome"]),
    ("case-event-reopened", "desk-case-event-reopened", &["who", "stage"]),
    ("case-event-confirmed", "desk-case-event-confirmed", &[]),
    ("case-event-linked", "desk-case-event-linked", &["who"]),
    ("case-event-work", "desk-case-event-work", &["task"]),
    ("case-event-no-work", "desk-case-event-no-work", &[]),
    ("case-event-told-customer", "desk-case-event-told-customer", &[]),
    ("case-event-told-agent", "desk-case-event-told-agent", &[]),
    ("case-event-untold-customer", "desk-case-event-untold-customer", &[]),
    ("case-event-untold-agent", "desk-case-event-untold-agent", &[]),
    ("case-event-measured", "desk-case-event-measured", &["measure", "took"]),
    ("case-event-promise_made", "desk-journey-promise-made", &[]),
    ("case-event-promise_kept", "desk-journey-promise-kept", &[]),
    ("case-event-promise_broken", "desk-journey-promise-broken", &[]),
    ("case-event-promise_withdrawn", "desk-journey-promise-withdrawn", &[]),
    ("case-event-promise_at_risk", "desk-case-event-promise-at-risk", &[]),
    ("case-event-case_at_risk", "desk-journey-case-at-risk", &[]),
    ("case-event-case_escalated", "desk-case-event-escalated", &[]),
    ("case-event-case_resurfaced", "desk-case-event-resurfaced", &[]),
    ("case-event-case_aside", "desk-case-event-aside", &[]),
    ("case-event-case_agreed", "desk-case-event-agreed", &["who"]),
    ("case-event-case_held", "desk-case-event-held", &[]),
    ("case-event-case_released", "desk-case-event-released", &[]),
    ("case-event-other", "desk-case-event-other", &["who", "event"]),
    ("case-finish", "desk-case-finish", &["stage", "name"]),
    ("case-agreement", "desk-case-agreement", &["unit"]),
    ("case-agree", "desk-case-agree", &["stage"]),
    ("case-agreed", "desk-case-agreed", &["stage"]),
    ("case-nobody-agrees", "desk-case-nobody-agrees", &[]),
];

/// All that a page with cases needs. `reassigns`: whoever reads it may give a case to others.
pub(super) fn templates(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        (case(lang))
        (form(lang))
        (journey_parts::templates(lang))
        template id="t-case-step" { li { bdi data-slot="words" {} " " span class="quiet" data-slot="state" {} } }
        template id="t-case-event" { li { time data-slot="at" {} " " span data-slot="what" {} } }
        @for (name, key, slots) in SENTENCES {
            template id={ "say-" (name) } { (open_text(lang, key, slots)) }
        }
        @for (name, key) in PAUSES { template id={ "say-case-for-" (name) } { (t(key)) } }
        @for (name, key) in OUTCOMES { template id={ "say-case-outcome-" (name) } { (t(key)) } }
        template id="say-case-choose" { (t("desk-choose")) }
        template id="say-case-assign" { (t("desk-case-assign")) }
        template id="say-case-pause" { (t("desk-case-pause")) }
        template id="say-case-close" { (t("desk-case-close")) }
        template id="say-case-reason" { (t("desk-case-reason")) }
        template id="say-case-end" { (t("desk-case-end")) }
        template id="say-case-new-owner" { (t("desk-case-new-owner")) }
    }
}

fn case(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        template id="t-case" {
            section class="case" tabindex="-1" {
                header class="case-head" {
                    h3 class="along" data-slot="title" dir="auto" {}
                    code class="case-id" dir="ltr" data-slot="id" {}
                    span class="clock" data-slot="clock" {}
                }
                p class="quiet" role="status" data-slot="live" {}
                ol class="case-way" data-slot="way" aria-label=(t("desk-case-way")) {}
                p class="facts" data-slot="facts" {}
                details class="case-procedure" data-slot="procedure" open {
                    summary { (t("desk-case-procedure")) }
                    p class="case-text" data-slot="procedure-text" dir="auto" {}
                }
                div class="case-do" data-slot="do" {
                    div class="row" data-slot="moves" role="group" aria-label=(t("desk-case-moves")) {}
                    div class="row" role="group" aria-label=(t("desk-case-acts")) {
                        button type="button" data-do="pause" aria-expanded="false" { (t("desk-case-pause")) }
                        button type="button" data-do="resume" { (t("desk-case-resume")) }
                        button type="button" data-do="assign" aria-expanded="false" { (t("desk-case-assign")) }
                        button type="button" data-do="close" aria-expanded="false" { (t("desk-case-close")) }
                        button type="button" data-do="reopen" { (t("desk-case-reopen")) }
                    }
                }
                div class="case-agreement" hidden data-slot="agreement" {
                    p data-slot="agreement-text" dir="auto" {}
                    div class="row" data-slot="agreement-do" {}
                }
                p class="fault" role="alert" hidden data-slot="fault" {}
                div data-slot="form" hidden {}
                form class="case-fields" data-slot="fields" novalidate {
                    h4 { (t("desk-case-fields")) }
                    div class="case-inputs" data-slot="inputs" {}
                    p class="fault" role="alert" hidden data-slot="fields-fault" {}
                    div class="row" { button type="submit" data-slot="save" { (t("desk-case-save")) } }
                }
                div class="case-asked" data-slot="asked-part" hidden {
                    h4 { (t("desk-case-asked")) }
                    ol data-slot="asked" {}
                }
                details class="case-history" data-slot="history" {
                    summary { (t("desk-case-history")) " " span class="count" data-slot="count" { "0" } }
                    div class="case-events" tabindex="0" role="group" aria-label=(t("desk-case-history")) {
                        ol data-slot="events" {}
                    }
                }
                (journey_parts::place(lang))
            }
        }
    }
}

/// What is asked before a case is moved, paused, given away or closed.
fn form(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        template id="t-case-form" {
            form class="sheet-form case-form" novalidate {
                h4 data-slot="title" {}
                p class="fault" role="alert" hidden data-slot="fault" {}
                div class="case-inputs" data-slot="inputs" {}
                div class="row" {
                    button type="submit" class="primary" { (t("desk-case-go")) }
                    button type="button" data-do="cancel" { (t("desk-cancel")) }
                }
            }
        }
    }
}

/// The place of a task's cases in its column.
pub(super) fn panel(lang: Lang) -> Markup {
    html! {
        details class="cases" data-slot="cases" hidden {
            summary {
                span class="cases-line" {
                    span class="quiet" { (text(lang, "desk-case")) ": " }
                    bdi data-slot="case-line" {}
                }
                span class="clock" data-slot="case-clock" {}
            }
            div class="cases-sheet" tabindex="0" role="group" aria-label=(text(lang, "desk-case")) data-slot="cases-sheet" {}
        }
    }
}

/// The form at a task that opens a case, or brings one of the customer's into the conversation.
pub(super) fn opening(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        template id="t-form-case" {
            form class="sheet-form" data-verdict="case" novalidate {
                h3 { (t("desk-case-open")) }
                p class="fault" role="alert" hidden data-slot="fault" {}
                div data-slot="known" hidden {
                    p class="why" { (t("desk-case-known")) }
                    ul class="case-known" data-slot="known-list" {}
                }
                p class="empty" hidden data-slot="none" { (t("desk-case-no-types")) }
                label data-slot="types" { span { (t("desk-case-type")) } select name="type" {} }
                div class="case-inputs" data-slot="inputs" {}
                div class="row" {
                    button type="submit" class="primary" data-slot="go" { (t("desk-case-open-go")) }
                    button type="button" data-do="cancel" { (t("desk-cancel")) }
                }
            }
        }
        template id="t-case-known" {
            li { bdi data-slot="title" {} " – " bdi data-slot="stage" {} " " button type="button" data-do="link" { (t("desk-case-link")) } }
        }
        template id="say-case-opened" { (t("desk-case-opened")) }
        template id="say-case-linked" { (t("desk-case-linked")) }
        template id="say-case-changed" { (open_text(lang, "desk-case-changed", &["title", "stage"])) }
    }
}
