//! The decisions of a company, page by page.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_authority::{Decision, Line};
use blendline_wire::{DecisionId, TaskId};
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use super::Shared;
use super::auth::{Caller, forbidden};
use super::decision_view::{self, DecisionInfo};
use super::page::{Limit, Page, Params, parsed};
use super::problem::Failure;
use crate::directory::{Directory, Role};
use crate::ports::ledger::{LedgerFilter, LinePlace, LinesWanted, by_decision};

/// Which decisions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DecisionsWanted {
    /// The one that this task asks for.
    #[serde(default, deserialize_with = "some_task")]
    #[param(inline)]
    approval: Option<TaskId>,
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
    let (ids, next) = match wanted.approval {
        Some(task) => {
            super::tasks::owned(&app, &caller, task).await?;
            let asked = LinesWanted { approvals: vec![task], ..LinesWanted::default() };
            let lines = app.archive().lines(&asked).await?;
            let own = lines.iter().filter(|line| line.tenant == caller.tenant);
            (own.map(|line| line.told.decision).collect::<std::collections::BTreeSet<_>>().into_iter().collect(), None)
        }
        None => firsts(&app, &caller, &directory, &wanted).await?,
    };
    let wanted = LinesWanted { decisions: ids, ..LinesWanted::default() };
    let mut found = by_decision(app.archive().lines(&wanted).await?);
    let each = wanted.decisions.iter().filter_map(|id| found.remove(id));
    let info = |lines: Vec<Line>| Some(decision_view::info(&Decision::of(&lines)?, &lines, &directory));
    let items = each.filter_map(|lines| info(lines.into_values().collect())).collect();
    Ok(Json(Page { items, next }))
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

pub(super) fn some_task<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TaskId>, D::Error> {
    parsed(deserializer, "an id of the form tsk_…").map(Some)
}
