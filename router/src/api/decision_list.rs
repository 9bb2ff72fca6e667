//! The decisions of a company, page by page.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_authority::{Decision, Line};
use blendline_wire::{DecisionId, MatterId, TaskId, TenantId};
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use super::Shared;
use super::auth::{Caller, forbidden};
use super::decision_view::{self, DecisionInfo};
use super::decisions::customer;
use super::page::{LIMIT_MAX, Limit, Page, Params, parsed};
use super::problem::Failure;
use crate::directory::{Directory, Role};
use crate::ports::ledger::{LedgerFilter, LinePlace, LinesWanted, by_decision};
use crate::ports::store::TaskFilter;

/// Which decisions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DecisionsWanted {
    /// The one that this task asks for.
    #[serde(default, deserialize_with = "some_task")]
    #[param(inline)]
    approval: Option<TaskId>,
    /// Those that somebody was asked for in this matter.
    #[serde(default, deserialize_with = "some_matter")]
    #[param(inline)]
    matter: Option<MatterId>,
    /// Those that were asked for from then on, as RFC 3339.
    #[serde(default)]
    since: Option<String>,
    /// Those that were asked for before then.
    #[serde(default)]
    until: Option<String>,
    /// Those that this worker asked for.
    #[serde(default)]
    asker: Option<String>,
    /// Those after this place, which the answer before gave as `next`.
    #[serde(default)]
    after: Option<String>,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

/// Decisions in the order in which they were asked for, a page at a time. A worker sees his own; of a task that he has, what it
/// asks for.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<DecisionsWanted>,
) -> Result<Json<Page<DecisionInfo>>, Failure> {
    let directory = app.directory();
    let is_asked = wanted.approval.is_some();
    let (ids, next) = match (wanted.approval, wanted.matter) {
        (Some(task), _) => {
            super::tasks::owned(&app, &caller, task).await?;
            (asked_by(&app, caller.tenant, vec![task], |_| true).await?, None)
        }
        (None, Some(matter)) => {
            let filter = TaskFilter { matter: Some(matter), ..TaskFilter::default() };
            let tasks = app.archive().tasks(caller.tenant, &filter, TaskId(0), LIMIT_MAX).await?;
            let own = caller.worker.filter(|_| caller.role == Role::Worker);
            let is_his = |line: &Line| own.is_none_or(|own| line.told.asker == own);
            let tasks = tasks.into_iter().map(|task| task.id).collect();
            (asked_by(&app, caller.tenant, tasks, is_his).await?, None)
        }
        (None, None) => firsts(&app, &caller, &directory, &wanted).await?,
    };
    let wanted = LinesWanted { decisions: ids, ..LinesWanted::default() };
    let mut found = by_decision(app.archive().lines(&wanted).await?);
    let mut items = Vec::new();
    for lines in wanted.decisions.iter().filter_map(|id| found.remove(id)) {
        let lines: Vec<Line> = lines.into_values().collect();
        let Some(decision) = Decision::of(&lines) else { continue };
        // Whoever is asked reads for whom; a list needs no names.
        let customer = if is_asked { customer(&app, caller.role, &decision).await? } else { None };
        items.push(decision_view::info(&decision, &lines, &directory).of(customer));
    }
    Ok(Json(Page { items, next }))
}

/// The names of the decisions that these tasks ask for.
async fn asked_by(
    app: &Shared,
    tenant: TenantId,
    approvals: Vec<TaskId>,
    is_wanted: impl Fn(&Line) -> bool,
) -> Result<Vec<DecisionId>, Failure> {
    let lines = app.archive().lines(&LinesWanted { approvals, ..LinesWanted::default() }).await?;
    let wanted = lines.iter().filter(|line| line.tenant == tenant && is_wanted(line));
    Ok(wanted.map(|line| line.told.decision).collect::<BTreeSet<_>>().into_iter().collect())
}

/// The names of the decisions of a page, and where the next begins.
async fn firsts(
    app: &Shared,
    caller: &Caller,
    directory: &Directory,
    wanted: &DecisionsWanted,
) -> Result<(Vec<DecisionId>, Option<String>), Failure> {
    let named = match &wanted.asker {
        Some(name) => Some(
            directory
                .worker(caller.tenant, name)
                .ok_or_else(|| Failure::not_found("worker", format!("no worker is called `{name}`")).at("asker"))?,
        ),
        None => None,
    };
    let own = caller.worker.filter(|_| caller.role == Role::Worker);
    if own.is_some() && named.is_some() && own != named {
        return Err(forbidden("a worker sees the decisions that he asked for"));
    }
    let filter = LedgerFilter {
        since: instant(wanted.since.as_deref(), "since")?,
        until: instant(wanted.until.as_deref(), "until")?,
        asker: named.or(own),
        firsts: true,
    };
    let after = wanted.after.as_deref().map(place).transpose()?;
    let found = app.archive().ledger(caller.tenant, &filter, after, wanted.limit.0).await?;
    let next = found.last().filter(|_| found.len() == wanted.limit.0).map(|line| {
        let LinePlace { at, decision, line } = LinePlace::of(line);
        format!("{}.{decision}.{line}", at.0)
    });
    Ok((found.iter().map(|line| line.told.decision).collect(), next))
}

pub(super) fn instant(text: Option<&str>, place: &str) -> Result<Option<blendline_wire::Millis>, Failure> {
    let read = |text: &str| {
        blendline_wire::Millis::from_rfc3339(text)
            .ok_or_else(|| Failure::bad(place, "give an instant such as 2026-12-01T00:00:00Z"))
    };
    text.map(read).transpose()
}

fn place(text: &str) -> Result<LinePlace, Failure> {
    let mut parts = text.split('.');
    let mut read = || {
        let at = parts.next()?.parse().ok().map(blendline_wire::Millis)?;
        let decision = parts.next()?.parse().ok()?;
        let line = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some(LinePlace { at, decision, line })
    };
    read().ok_or_else(|| Failure::bad("after", "give what the answer before gave as `next`"))
}

fn some_matter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MatterId>, D::Error> {
    parsed(deserializer, "an id of the form mat_…").map(Some)
}

pub(super) fn some_decision<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DecisionId>, D::Error> {
    parsed(deserializer, "an id of the form dec_…").map(Some)
}

pub(super) fn some_task<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TaskId>, D::Error> {
    parsed(deserializer, "an id of the form tsk_…").map(Some)
}
