//! What a worker may decide beside his task, and what he is asked to decide: `desk/authority.js` and `desk/approval.js` fill it.

use maud::{Markup, html};

use super::language::Lang;
use super::texts::{open_text, text};

/// What actions are called; those of a company's own have the name that its rules give them.
pub(super) const ACTIONS: [(&str, &str); 6] = [
    ("credit", "desk-action-credit"),
    ("discount", "desk-action-discount"),
    ("exception", "desk-action-exception"),
    ("fee-waiver", "desk-action-fee-waiver"),
    ("refund", "desk-action-refund"),
    ("replacement", "desk-action-replacement"),
];

/// Sentences, by the name a script asks for them, with their open places.
pub(super) const SENTENCES: [(&str, &str, &[&str]); 21] = [
    ("allow-now", "desk-allow-now", &["amount"]),
    ("allow-once", "desk-allow-once", &["amount"]),
    ("allow-day", "desk-allow-day", &["amount"]),
    ("allow-customer", "desk-allow-customer", &["amount"]),
    ("allow-four-eyes", "desk-allow-four-eyes", &["amount"]),
    ("allow-line", "desk-allow-line", &["action", "amount"]),
    ("allow-nothing", "desk-allow-nothing", &[]),
    ("decision-granted", "desk-decision-granted", &["what", "name"]),
    ("decision-waiting", "desk-decision-waiting", &["what", "name"]),
    ("decision-queued", "desk-decision-queued", &["what"]),
    ("decision-denied", "desk-decision-denied", &["what", "name"]),
    ("decision-withdrawn", "desk-decision-withdrawn", &["what"]),
    ("decision-reversed", "desk-decision-reversed", &["what"]),
    ("decision-second", "desk-decision-second", &["what", "name"]),
    ("decision-aside", "desk-decision-aside", &["what"]),
    ("approval-title", "desk-approval-title", &["what"]),
    ("approval-none", "desk-approval-none", &[]),
    ("decide-wrong-amount", "desk-decide-wrong-amount", &["example"]),
    ("decide-wrong-count", "desk-decide-wrong-count", &[]),
    ("decision-linked", "desk-decision-linked", &["link"]),
    ("decide-no-case", "desk-decide-no-case", &[]),
];

/// What is said of a refused wish, by the server's words for it; `why` is one of [`REASONS`].
pub(super) const REFUSALS: [(&str, &str, &[&str]); 11] = [
    ("refused-over_limit", "desk-refused-over-limit", &["why", "alone", "most"]),
    ("refused-not_yours", "desk-refused-not-yours", &["why", "names"]),
    ("refused-not_yours-own", "desk-refused-own", &[]),
    ("refused-not_yours-same_person", "desk-refused-same-person", &[]),
    ("refused-wrong_decision_state-granted", "desk-refused-granted", &[]),
    ("refused-wrong_decision_state-denied", "desk-refused-denied", &[]),
    ("refused-wrong_decision_state-withdrawn", "desk-refused-withdrawn", &[]),
    ("refused-wrong_decision_state-reversed", "desk-refused-reversed", &[]),
    ("refused-unknown_decision", "desk-refused-unknown", &[]),
    ("refused-undecided", "desk-refused-undecided", &[]),
    ("refused-unknown_action", "desk-refused-action", &[]),
];

/// Why somebody may not decide something.
pub(super) const REASONS: [(&str, &str); 8] = [
    ("no_grant", "desk-because-no-grant"),
    ("not_now", "desk-because-not-now"),
    ("not_qualified", "desk-because-not-qualified"),
    ("too_much", "desk-because-too-much"),
    ("day_limit", "desk-because-day-limit"),
    ("no_customer", "desk-because-no-customer"),
    ("customer_limit", "desk-because-customer-limit"),
    ("nobody_second", "desk-because-nobody-second"),
];

/// The place beside a task for what may be decided there.
pub(super) fn panel(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        details class="authority" data-slot="authority" hidden {
            summary {
                span class="cases-line" {
                    span class="quiet" { (t("desk-allow")) ": " }
                    span data-slot="authority-line" {}
                }
            }
            div class="authority-sheet" tabindex="0" role="group" aria-label=(t("desk-allow")) {
                ul class="authority-list" data-slot="authority-list" {}
                ol class="authority-asked" data-slot="authority-asked" aria-label=(t("desk-decisions")) hidden {}
                (form(lang))
            }
        }
    }
}

/// The place of what a task asks its worker to decide.
pub(super) fn approval_place(lang: Lang) -> Markup {
    html! { section class="approval" data-slot="approval" hidden aria-label=(text(lang, "desk-approval")) {} }
}

/// The form by which something is decided, or asked for.
fn form(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        form class="authority-form" data-slot="authority-form" novalidate {
            div class="case-inputs" {
                label class="case-input" { span { (t("desk-decide-action")) } select name="action" {} }
                label class="case-input" {
                    span { (t("desk-decide-amount")) " " bdi data-slot="authority-currency" {} }
                    input name="amount" dir="ltr" inputmode="decimal" maxlength="24" autocomplete="off" required;
                }
                label class="case-input" data-slot="authority-cases" hidden {
                    span { (t("desk-case")) } select name="case" {}
                }
            }
            label { span { (t("desk-decide-reason")) }
                textarea name="reason" rows="2" dir="auto" maxlength="2000" {}
            }
            label class="choice" { input type="checkbox" name="waits"; span { (t("desk-decide-waits")) } }
            p class="fault" role="alert" hidden data-slot="authority-fault" {}
            p class="authority-answer" role="status" data-slot="authority-answer" {}
            div class="row" { button type="submit" class="primary" { (t("desk-decide-go")) } }
        }
    }
}

/// What the scripts clone.
pub(super) fn templates(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        template id="t-allowance" { li { b data-slot="action" {} span data-slot="now" {} span class="why" data-slot="limits" {} } }
        template id="t-decision" {
            li {
                span data-slot="what" {}
                p class="why" data-slot="note" dir="auto" hidden {}
                button type="button" data-do="withdraw" hidden { (t("desk-decision-withdraw")) }
                button type="button" data-do="link" hidden title=(t("desk-decision-link-title")) {
                    (t("desk-decision-link"))
                }
            }
        }
        (approval(lang))
        @for (name, key, slots) in SENTENCES.into_iter().chain(REFUSALS) {
            template id={ "say-" (name) } { (open_text(lang, key, slots)) }
        }
        @for (name, key) in REASONS { template id={ "say-because-" (name) } { (t(key)) } }
        @for (name, key) in ACTIONS { template id={ "say-action-" (name) } { (t(key)) } }
        template id="say-nobody-may" { (t("desk-refused-nobody")) }
    }
}

/// What whoever is asked sees, and how he answers.
fn approval(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        template id="t-approval" {
            div class="approval-sheet" {
                h3 data-slot="what" {}
                dl class="approval-facts" {
                    div { dt { (t("desk-approval-asker")) } dd { bdi data-slot="asker" {} } }
                    div data-slot="customer-part" { dt { (t("desk-approval-customer")) } dd { bdi data-slot="customer" {} } }
                    div data-slot="reason-part" { dt { (t("desk-approval-reason")) } dd dir="auto" data-slot="reason" {} }
                    div { dt { (t("desk-approval-alone")) } dd { bdi data-slot="alone" {} } }
                    div { dt { (t("desk-approval-own")) } dd data-slot="own" {} }
                }
                p class="fault" role="alert" hidden data-slot="fault" {}
                div class="row" data-slot="acts" {
                    button type="button" class="primary" data-do="approve" aria-keyshortcuts="Alt+Y" {
                        (t("desk-approve")) " " kbd aria-hidden="true" { "Alt+Y" }
                    }
                    button type="button" data-do="deny" aria-expanded="false" aria-keyshortcuts="Alt+N" {
                        (t("desk-deny")) " " kbd aria-hidden="true" { "Alt+N" }
                    }
                }
                form class="denying" data-slot="denying" hidden novalidate {
                    label { span { (t("desk-deny-why")) }
                        input name="note" dir="auto" maxlength="2000" required autocomplete="off";
                    }
                    div class="row" { button type="submit" class="primary" { (t("desk-deny-go")) } }
                }
            }
        }
    }
}
