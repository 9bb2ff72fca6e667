//! Rule sets of a tenant: what is live, the draft, checking, publishing, rolling back, explaining.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_rules::facts::History;
use blendline_rules::{Facts, Severity};
use blendline_wire::inbound::InboundEvent;

use super::auth::Caller;
use super::json::Strict;
use super::page::{Page, Params};
use super::problem::Failure;
use super::rule_info::{
    CheckInfo, DraftInfo, FaultInfo, Message, Publication, Rollback, RulesInfo, SetInfo, Text, VersionInfo, Wanted,
    Which,
};
use super::{Shared, now};
use crate::config::CheckedTenant;
use crate::ports::people::Deed;
use crate::ports::rules::{RuleDraft, RuleSetRow};
use crate::rules::explain::Explained;
use crate::rules::trial::latest_and_live;
use crate::rules::{keeper, publish};

/// What is live, or was under a number, and the draft.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(which): Params<Which>,
) -> Result<Json<RulesInfo>, Failure> {
    let row = match which.version {
        Some(version) => Some(app.rules().rule_set(caller.tenant, version).await?.ok_or_else(unknown_version)?),
        None => live(&app, &caller).await?,
    };
    let set = row.map(|row| SetInfo { about: VersionInfo::of(&row), text: row.text });
    let draft = app.rules().rule_draft(caller.tenant).await?.map(DraftInfo::of);
    Ok(Json(RulesInfo { set, draft }))
}

/// Every version that was ever live, the latest first.
pub async fn versions(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Page<VersionInfo>>, Failure> {
    let found = app.rules().rule_sets(caller.tenant, wanted.after.unwrap_or(u32::MAX), wanted.limit.0).await?;
    let next = |row: &RuleSetRow| row.version.to_string();
    Ok(Json(Page::of(found, wanted.limit, next, |row| VersionInfo::of(&row))))
}

/// Says what is wrong with a text; nothing changes.
pub async fn check(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(said): Strict<Text>,
) -> Result<Json<CheckInfo>, Failure> {
    checked(&app, &caller, &said.text).await.map(Json)
}

/// Puts a draft in the place of the one before it, and says what is wrong with it.
pub async fn draft(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(said): Strict<Text>,
) -> Result<Json<CheckInfo>, Failure> {
    let checked = checked(&app, &caller, &said.text).await?;
    let draft = RuleDraft { text: said.text, author: caller.actor.clone(), at: now() };
    app.rules().put_rule_draft(caller.tenant, &draft, &deed(&caller, "rules_drafted")).await?;
    Ok(Json(checked))
}

/// The draft, if it is still the one that whoever calls has seen.
pub(super) async fn draft_named(app: &Shared, caller: &Caller, sha256: &str) -> Result<RuleDraft, Failure> {
    let Some(draft) = app.rules().rule_draft(caller.tenant).await? else {
        return Err(conflict("no_draft", "there is no draft: put one with PUT /v1/rules/draft"));
    };
    if publish::sha256(&draft.text) != sha256.to_ascii_lowercase() {
        let detail = "the draft is another by now: look at it, and name it by its own sha256";
        return Err(conflict("meanwhile", detail).at("/sha256"));
    }
    Ok(draft)
}

/// Makes the draft live.
pub async fn publish(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(said): Strict<Publication>,
) -> Result<Json<VersionInfo>, Failure> {
    with_reason(&said.reason)?;
    let draft = draft_named(&app, &caller, &said.sha256).await?;
    let (latest, live) = latest_and_live(app.rules(), caller.tenant).await?;
    if publish::wants_two(&draft.text, live.as_ref()) && draft.author == caller.actor {
        let detail = "these rules need two people: somebody else publishes what you wrote";
        return Err(conflict("second_person", detail));
    }
    let row = RuleSetRow {
        version: latest.map_or(0, |latest| latest.version) + 1,
        text: draft.text,
        author: draft.author,
        publisher: caller.actor.clone(),
        reason: said.reason,
        at: now(),
        from_configuration: false,
        stage: None,
    };
    made_live(&app, &caller, row, "rules_published").await
}

/// Makes the text of an earlier version live again, as a new version. One person may: it was live before.
pub async fn rollback(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(said): Strict<Rollback>,
) -> Result<Json<VersionInfo>, Failure> {
    with_reason(&said.reason)?;
    let earlier = app.rules().rule_set(caller.tenant, said.version).await?;
    let earlier =
        earlier.ok_or_else(|| unprocessable("unknown_version", "no version has this number").at("/version"))?;
    let latest = app.rules().rule_sets(caller.tenant, u32::MAX, 1).await?.pop();
    let row = RuleSetRow {
        version: latest.map_or(0, |latest| latest.version) + 1,
        publisher: caller.actor.clone(),
        reason: format!("back to version {}: {}", earlier.version, said.reason),
        at: now(),
        from_configuration: false,
        stage: None,
        ..earlier
    };
    made_live(&app, &caller, row, "rules_rolled_back").await
}

/// Shows where rules send a message; nothing changes.
pub async fn explain(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(said): Strict<Message>,
) -> Result<Json<Explained>, Failure> {
    let text = match said.rules {
        Some(text) => text,
        None => live(&app, &caller).await?.map(|row| row.text).unwrap_or_default(),
    };
    let checked = blendline_rules::check("rules", &text, &crate::rules::world(None));
    let Some(set) = checked.set else {
        return Err(unprocessable("rules_in_error", "the rules have errors, or there are none: POST /v1/rules/check"));
    };
    let event = InboundEvent { text: Some(said.text), ..InboundEvent::default() };
    let facts = Facts::of(&event, (&said.channel, &said.account), History::default(), now(), &set.zone);
    Ok(Json(Explained::of(&blendline_rules::Classifier::new(&set), &facts)))
}

pub(super) async fn live(app: &Shared, caller: &Caller) -> Result<Option<RuleSetRow>, Failure> {
    Ok(latest_and_live(app.rules(), caller.tenant).await?.1)
}

async fn checked(app: &Shared, caller: &Caller, text: &str) -> Result<CheckInfo, Failure> {
    let live = live(app, caller).await?;
    let faults = publish::faults(configured(app, caller)?, text);
    let told = faults.all().iter().map(|fault| {
        let (message_he, hint_he) = fault.in_hebrew();
        FaultInfo {
            severity: if fault.severity == Severity::Error { "error" } else { "warning" },
            code: fault.code,
            line: fault.line,
            column: fault.column,
            column_end: fault.column_end,
            message: fault.message.clone(),
            hint: fault.hint.clone(),
            message_he,
            hint_he,
        }
    });
    Ok(CheckInfo {
        sha256: publish::sha256(text),
        good: !faults.any_error(),
        faults: told.collect(),
        diff: crate::rules::diff::diff(live.as_ref().map_or("", |live| &live.text), text),
    })
}

/// Refuses a change of what is live that nobody gives a reason for.
pub(super) fn with_reason(reason: &str) -> Result<(), Failure> {
    if reason.trim().is_empty() {
        return Err(Failure::bad("/reason", "say why: the next who wonders reads it"));
    }
    Ok(())
}

/// Publishes a row that is without errors, whose queues that are gone have heirs.
async fn made_live(
    app: &Shared,
    caller: &Caller,
    row: RuleSetRow,
    what: &'static str,
) -> Result<Json<VersionInfo>, Failure> {
    let joined = keeper::with(configured(app, caller)?, &row).map_err(|faults| {
        let first = faults.all().iter().find(|fault| fault.severity == Severity::Error);
        let first =
            first.map_or_else(String::new, |fault| format!("; the first, in line {}: {}", fault.line, fault.message));
        unprocessable("rules_in_error", format!("it has {} errors{first}", faults.errors()))
    })?;
    publish::all_have_heirs(&joined, caller.tenant, app.archive()).await.map_err(|orphan| match orphan {
        publish::Orphan::Queue(queue) => {
            let detail = format!("the queue `{queue}` has open tasks and is gone: name its heir, `heir_of: [{queue}]`");
            unprocessable("no_heir", detail)
        }
        publish::Orphan::Store(error) => error.into(),
    })?;
    if !app.rules().publish_rule_set(caller.tenant, &row, &deed(caller, what)).await? {
        return Err(conflict("meanwhile", "somebody else published meanwhile: look at the difference again"));
    }
    tracing::info!(tenant = joined.name, version = row.version, by = caller.actor, "Rules were published.");
    Ok(Json(VersionInfo::of(&row)))
}

pub(super) fn configured<'a>(app: &'a Shared, caller: &Caller) -> Result<&'a CheckedTenant, Failure> {
    let directory = app.directory();
    let name = directory.tenants.get(&caller.tenant);
    let found = name.and_then(|name| app.configured().iter().find(|tenant| tenant.name == *name));
    found.ok_or_else(|| Failure::busy("this process does not know the tenant"))
}

pub(super) fn deed(caller: &Caller, what: &'static str) -> Deed {
    Deed { at: now(), actor: caller.actor.clone(), what }
}

fn unknown_version() -> Failure {
    Failure::not_found("version", "no version of the rules has this number").at("/version")
}

pub(super) fn conflict(code: &str, detail: &str) -> Failure {
    Failure::new(StatusCode::CONFLICT, code, "This cannot be done now", detail)
}

pub(super) fn unprocessable(code: &str, detail: impl Into<String>) -> Failure {
    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, code, "This cannot be done", detail)
}
