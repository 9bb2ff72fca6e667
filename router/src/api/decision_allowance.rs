//! What a worker may decide, and what is left of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_authority::Wish;
use blendline_authority::used::Used;
use blendline_wire::{DecisionId, TaskId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::auth::Caller;
use super::decision_list::{some_decision, some_task};
use super::decision_view::{self, Allowance};
use super::decisions::{belongs, decider, owned};
use super::page::Params;
use super::problem::Failure;
use super::review_list::scores;
use crate::ports::ledger::LinesWanted;

/// For whom and where to say what may be decided.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AllowanceWanted {
    /// The task in which it comes up: it tells the customer.
    #[serde(default, deserialize_with = "some_task")]
    #[param(inline)]
    task: Option<TaskId>,
    /// The decision that it is about, for whoever is asked: it tells the customer.
    #[serde(default, deserialize_with = "some_decision")]
    #[param(inline)]
    decision: Option<DecisionId>,
    /// Who; left out, the worker whose key or session it is.
    #[serde(default)]
    worker: Option<String>,
}

/// What a worker may decide here, and what is left of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Allowances {
    /// By each of his grants.
    items: Vec<Allowance>,
    /// What somebody may decide at all, for a form: the action and its currency.
    actions: Vec<ActionInfo>,
}

/// An action that somebody may decide.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DecidableAction)]
pub struct ActionInfo {
    /// The action.
    action: String,
    /// Its currency; left out where it is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// How many digits the currency has behind the point.
    digits: u32,
}

/// What a worker may decide here.
pub async fn allowance(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<AllowanceWanted>,
) -> Result<Json<Allowances>, Failure> {
    let directory = app.directory();
    let by = decider(&caller, &directory, wanted.worker.as_deref())?;
    let contact = match wanted.decision {
        Some(decision) => owned(&app, &caller, decision).await?.0.first.told.contact,
        None => belongs(&app, &caller, wanted.task, None).await?.contact,
    };
    let nothing = Allowances { items: Vec::new(), actions: Vec::new() };
    let Some(routing) = directory.rules.get(&caller.tenant) else { return Ok(Json(nothing)) };
    let Some(live) = &routing.authority else { return Ok(Json(nothing)) };
    let now = super::now();
    let mut actions: Vec<(String, String)> = Vec::new();
    for grant in &live.authority.grants {
        let of = (grant.action.clone(), grant.currency.clone());
        if !actions.contains(&of) {
            actions.push(of);
        }
    }
    let open = live.open(now);
    let scores = if live.asks_for_quality() { scores(&app, caller.tenant, by, now).await? } else { BTreeMap::new() };
    let mut items = Vec::new();
    for (action, currency) in &actions {
        let wish = Wish { asker: by, action: action.clone(), currency: currency.clone(), minor: 1, contact };
        let used = live.used_wanted(caller.tenant, &wish, None, now);
        let lines = app.archive().lines(&LinesWanted { used: vec![used], ..LinesWanted::default() }).await?;
        let used = Used::of(lines, action, currency);
        let terms = live.terms(routing.version, &used, (&scores, &open), now);
        let left = blendline_authority::decide::allowance(&terms, by, action, currency, contact);
        items.extend(left.map(|(grant, left)| decision_view::allowance(grant, left)));
    }
    let action = |(action, currency): (String, String)| ActionInfo {
        digits: if currency.is_empty() { 0 } else { blendline_wire::money::minor_digits(&currency) },
        currency: (!currency.is_empty()).then_some(currency),
        action,
    };
    Ok(Json(Allowances { items, actions: actions.into_iter().map(action).collect() }))
}
