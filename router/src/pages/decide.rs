//! What is asked of whoever has a link to a decision, and how he answers: no session, and nothing but this.

use blendline_authority::State;
use blendline_wire::Millis;
use maud::{Markup, html};

use super::desk_authority::{ACTIONS, REASONS, REFUSALS};
use super::language::{Lang, Spoken};
use super::sign_in::{field, languages};
use super::texts::{open_text, text};
use super::{assets, shell, status};
use crate::api::decision_view::DecisionInfo;

/// What is shown.
#[derive(Debug)]
pub struct Asked {
    /// The company.
    pub tenant: String,
    /// The link's own text.
    pub token: String,
    /// Until when the link works.
    pub until: Millis,
    /// The decision.
    pub decision: DecisionInfo,
    /// How whoever decides proves who he is.
    pub step_up: StepUp,
}

/// How whoever decides proves who he is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StepUp {
    /// He signed in within the last minutes.
    Fresh {
        /// As whom.
        name: String,
        /// What the page sends with his answer.
        csrf: String,
    },
    /// He proves it here.
    Prove {
        /// By his password.
        passwords: bool,
        /// By the account of his company.
        company: bool,
    },
}

/// The page.
pub(super) fn markup(spoken: Spoken, asked: &Asked) -> Markup {
    let lang = spoken.lang.whole();
    let t = |key| text(lang, key);
    let told = &asked.decision;
    let content = html! {
        h1 { (t("page-decide")) }
        p class="why" { bdi { (asked.tenant) } }
        p class="stage" { b { (action(lang, told.action())) } ", " bdi dir="ltr" { (told.amount()) } }
        dl class="status-facts" {
            div { dt { (t("page-decide-asker")) } dd { bdi { (told.asker()) } } }
            div { dt { (t("page-decide-since")) } dd { (status::time(told.asked_at())) } }
            @if let Some(reason) = told.reason() { div { dt { (t("page-decide-reason")) } dd dir="auto" { (reason) } } }
            @if told.waits() { div { dt { (t("page-decide-until")) } dd { (status::time(asked.until)) } } }
        }
        @if told.waits() { (answer(lang, asked)) } @else { (decided(lang, told)) }
    };
    page(lang, asked, &content)
}

/// How it was decided.
fn decided(lang: Lang, told: &DecisionInfo) -> Markup {
    let (state, key) = match told.state() {
        State::Granted => ("granted", "page-decide-granted"),
        State::Denied => ("denied", "page-decide-denied"),
        State::Reversed => ("reversed", "page-decide-reversed"),
        State::Waiting | State::Withdrawn => ("withdrawn", "page-decide-withdrawn"),
    };
    html! {
        p class="stage" role="status" data-state=(state) { (text(lang, key)) }
        @if let Some(name) = told.decided_by() { p { (text(lang, "page-decide-by")) " " bdi { (name) } } }
        @if let Some(note) = told.last_note() { p dir="auto" { (note) } }
    }
}

fn answer(lang: Lang, asked: &Asked) -> Markup {
    let t = |key| text(lang, key);
    let can = !matches!(asked.step_up, StepUp::Prove { passwords: false, .. });
    html! {
        @if let StepUp::Prove { company, passwords } = &asked.step_up {
            p class="why" { (t(if *passwords { "page-decide-prove" } else { "page-decide-prove-company" })) }
            @if *company {
                p { a href={ "/sign-in/company?tenant=" (encoded(&asked.tenant)) "&next=/decide/" (asked.token) } {
                    (t("sign-in-company"))
                } }
            }
        }
        @if can {
            form id="decide" novalidate data-call={ "/decide/" (asked.token) } {
                p class="fault" id="fault" role="alert" hidden {}
                @match &asked.step_up {
                    StepUp::Fresh { name, .. } => p { (t("page-decide-as")) " " b { bdi { (name) } } },
                    StepUp::Prove { .. } => {
                        (field(&t("sign-in-name"), "name", "text", "username"))
                        (field(&t("sign-in-password"), "password", "password", "current-password"))
                    },
                }
                label for="field-note" { (t("page-decide-note")) }
                input id="field-note" name="note" dir="auto" maxlength="2000" autocomplete="off";
                div class="row" {
                    button class="primary" type="submit" value="approve" { (t("desk-approve")) }
                    button type="submit" value="deny" { (t("desk-deny")) }
                }
            }
            noscript { p { (t("page-needs-script")) } }
            (sentences(lang))
        }
    }
}

/// What the script says of what was refused, by the server's words for it.
fn sentences(lang: Lang) -> Markup {
    html! {
        @for (name, key) in [
            ("unreachable", "sign-in-unreachable"),
            ("missing", "sign-in-missing"),
            ("note", "page-decide-note-missing"),
            ("refused-wrong_credentials", "sign-in-wrong"),
            ("refused-company_sign_in", "sign-in-company-only"),
            ("refused-rate_limited", "page-decide-later"),
            ("refused-step_up", "page-decide-step-up"),
            ("refused-no_worker", "page-decide-no-worker"),
            ("refused-must_change", "page-decide-must-change"),
            ("refused-unknown_link", "page-status-over"),
        ] {
            template id={ "say-" (name) } { (text(lang, key)) }
        }
        @for (name, key, slots) in REFUSALS { template id={ "say-" (name) } { (open_text(lang, key, slots)) } }
        @for (name, key) in REASONS { template id={ "say-because-" (name) } { (text(lang, key)) } }
        template id="say-nobody-may" { (text(lang, "desk-refused-nobody")) }
    }
}

/// What an action is called.
fn action(lang: Lang, action: &str) -> String {
    let (kind, policy) = action.split_once('.').unwrap_or((action, ""));
    let known = ACTIONS.iter().find(|(name, _)| *name == kind);
    let name = known.map_or_else(|| kind.to_owned(), |(_, key)| text(lang, key));
    if policy.is_empty() { name } else { format!("{name} ({policy})") }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// What is shown for a link that is not ours or is over: the same for both, so that nobody learns which.
pub(super) fn over(spoken: Spoken) -> Markup {
    status::over(spoken)
}

fn page(lang: Lang, asked: &Asked, content: &Markup) -> Markup {
    let csrf = match &asked.step_up {
        StepUp::Fresh { csrf, .. } => csrf.as_str(),
        // Before there is a session the header's presence is what counts: another site's page cannot send it.
        StepUp::Prove { .. } => "1",
    };
    let head = html! {
        meta name="robots" content="noindex";
        meta name="csrf" content=(csrf);
        link rel="stylesheet" href=(assets::url("status.css"));
        script type="module" src=(assets::url("status.js")) {}
        script type="module" src=(assets::url("decide.js")) {}
    };
    let body = html! { main class="door status" { (content) (languages(lang)) } };
    shell::page(lang, &text(lang, "page-decide"), "entrance", &head, &body)
}
