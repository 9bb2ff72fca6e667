//! Where a matter stands, as the customer reads it: no session, no script, and nothing but this.

use blendline_cases::types::{FieldKind, Words};
use blendline_cases::way::{Lies, way};
use blendline_cases::{Case, CaseType};
use blendline_wire::event::case::CaseValue;
use blendline_wire::{Millis, money};
use maud::{Markup, html};

use super::language::{Lang, Spoken};
use super::sign_in::languages;
use super::texts::text;
use super::{assets, shell};
use crate::status::Stage;

/// What is shown.
#[derive(Debug)]
pub struct Shown {
    /// The company.
    pub tenant: String,
    /// The stage.
    pub stage: Stage,
    /// Until when an answer is promised, or when it goes on.
    pub promised: Option<Millis>,
    /// Who works on it, where the company tells.
    pub owner: Option<String>,
    /// When it began.
    pub since: Millis,
    /// What was promised and is to be kept yet.
    pub promises: Vec<Pledge>,
    /// The case it is, where it is one: then its stage counts.
    pub case: Option<ShownCase>,
}

/// A case, in the customer's words.
#[derive(Debug)]
pub struct ShownCase {
    /// What its type is called.
    pub title: String,
    /// The stages on its way, each with where it lies.
    pub way: Vec<(String, Lies)>,
    /// When its stage should be left.
    pub due_at: Option<Millis>,
    /// What was granted to him, each with what it is called.
    pub granted: Vec<(String, String)>,
}

impl ShownCase {
    /// A case in the words of this language.
    pub fn of(case: &Case, kind: &CaseType, language: &str) -> Self {
        let words = |words: &Words, otherwise: &str| words.text(language).unwrap_or(otherwise).to_owned();
        let way = way(kind, case).into_iter().map(|(stage, lies)| (words(&stage.words, &stage.name), lies));
        let granted = case.fields.iter().filter_map(|(name, value)| {
            let field = kind.fields.get(name)?;
            let (FieldKind::Money { by: Some(_), .. }, CaseValue::Money { minor, currency }) = (&field.kind, value)
            else {
                return None;
            };
            Some((words(&field.words, name), money::shown(*minor, currency)))
        });
        Self {
            title: words(&kind.words, &kind.name),
            way: way.collect(),
            due_at: case.due_at(),
            granted: granted.collect(),
        }
    }
}

/// Something that was promised.
#[derive(Debug)]
pub struct Pledge {
    /// Until when.
    pub due_at: Millis,
    /// What, as the customer was told.
    pub words: Option<String>,
}

/// The stages that a customer sees as steps, in their order.
const STEPS: [(&str, &[Stage]); 3] = [
    ("page-status-received", &[Stage::Received]),
    ("page-status-in-work", &[Stage::InWork, Stage::Checking, Stage::Later, Stage::WaitsForYou]),
    ("page-status-done", &[Stage::Done, Stage::Ended]),
];

const fn says(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Received => ("page-status-received", "page-status-received-next"),
        Stage::InWork => ("page-status-in-work", "page-status-in-work-next"),
        Stage::Checking => ("page-status-checking", "page-status-checking-next"),
        Stage::Later => ("page-status-later", "page-status-later-next"),
        Stage::WaitsForYou => ("page-status-waits", "page-status-waits-next"),
        Stage::Done => ("page-status-done", "page-status-done-next"),
        Stage::Ended => ("page-status-ended", "page-status-ended-next"),
    }
}

/// The page.
pub(super) fn markup(spoken: Spoken, shown: &Shown) -> Markup {
    let lang = spoken.lang.whole();
    let t = |key| text(lang, key);
    if let Some(case) = &shown.case {
        return page(lang, &of_case(lang, shown, case));
    }
    let (stage, next) = says(shown.stage);
    let at = STEPS.iter().position(|(_, stages)| stages.contains(&shown.stage)).unwrap_or(0);
    let promised = match shown.stage {
        Stage::Later => "page-status-goes-on",
        _ => "page-status-promised",
    };
    let content = html! {
        h1 { (t("page-status")) }
        p class="why" { bdi { (shown.tenant) } }
        ol class="steps" {
            @for (index, (key, _)) in STEPS.iter().enumerate() {
                li data-done=[(index < at).then_some("true")] aria-current=[(index == at).then_some("step")] { (t(key)) }
            }
        }
        p class="stage" { b { (t(stage)) } }
        p { (t(next)) }
        dl class="status-facts" {
            div { dt { (t("page-status-since")) } dd { (time(shown.since)) } }
            @if let Some(promised_at) = shown.promised { div { dt { (t(promised)) } dd { (time(promised_at)) } } }
            (pledges(lang, shown))
            @if let Some(owner) = &shown.owner { div { dt { (t("page-status-owner")) } dd { bdi { (owner) } } } }
        }
    };
    page(lang, &content)
}

/// Where a case stands.
fn of_case(lang: Lang, shown: &Shown, case: &ShownCase) -> Markup {
    let t = |key| text(lang, key);
    let next = case.way.iter().find(|(_, lies)| *lies == Lies::Ahead);
    html! {
        h1 { (t("page-status")) }
        p class="why" { bdi { (shown.tenant) } " · " bdi { (case.title) } }
        ol class="steps way" {
            @for (words, lies) in &case.way {
                li data-done=[(*lies == Lies::Done).then_some("true")] aria-current=[(*lies == Lies::Here).then_some("step")] {
                    bdi { (words) }
                }
            }
        }
        dl class="status-facts" {
            div { dt { (t("page-status-since")) } dd { (time(shown.since)) } }
            @if let Some(due_at) = case.due_at { div { dt { (t("page-status-due")) } dd { (time(due_at)) } } }
            @for (words, amount) in &case.granted { div { dt { bdi { (words) } } dd { bdi dir="ltr" { (amount) } } } }
            (pledges(lang, shown))
            @if let Some((words, _)) = next { div { dt { (t("page-status-then")) } dd { bdi { (words) } } } }
            @if let Some(owner) = &shown.owner { div { dt { (t("page-status-owner")) } dd { bdi { (owner) } } } }
        }
    }
}

/// What is promised and not kept yet.
fn pledges(lang: Lang, shown: &Shown) -> Markup {
    html! {
        @for pledge in &shown.promises {
            div {
                dt { (text(lang, "page-status-promise")) }
                dd { (time(pledge.due_at)) @if let Some(words) = &pledge.words { " " bdi { (words) } } }
            }
        }
    }
}

/// What is shown for a link that is not ours or is over: the same for both, so that nobody learns which.
pub(super) fn over(spoken: Spoken) -> Markup {
    let lang = spoken.lang.whole();
    let t = |key| text(lang, key);
    page(lang, &html! { h1 { (t("page-status-over")) } p { (t("page-status-over-next")) } })
}

fn page(lang: Lang, content: &Markup) -> Markup {
    let head = html! {
        meta name="robots" content="noindex";
        link rel="stylesheet" href=(assets::url("status.css"));
        script type="module" src=(assets::url("status.js")) {}
    };
    let body = html! { main class="door status" { (content) (languages(lang)) } };
    shell::page(lang, &text(lang, "page-status"), "entrance", &head, &body)
}

pub(super) fn time(at: Millis) -> Markup {
    let whole = at.to_rfc3339();
    let short: String = whole.chars().take(16).map(|letter| if letter == 'T' { ' ' } else { letter }).collect();
    html! { time dir="ltr" datetime=(whole) { (short) " UTC" } }
}
