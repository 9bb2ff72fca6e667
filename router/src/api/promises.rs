//! What a company has promised to its customers, and still owes.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_wire::time::Instant;
use blendline_wire::{CaseId, MatterId, Millis};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::auth::Caller;
use super::case_view::{self, PromiseInfo};
use super::cases::{concerns, owner_of};
use super::page::{Limit, Page, Params};
use super::problem::Failure;
use crate::directory::Role;

/// Which promises to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PromisesWanted {
    /// Those of cases of which one is due before this; left out, all.
    #[serde(default)]
    #[param(inline)]
    due_before: Option<Instant>,
    /// Those that this worker answers for.
    #[serde(default)]
    owner: Option<String>,
    /// The `next` of the page before.
    #[serde(default, deserialize_with = "some_place")]
    #[param(value_type = Option<String>)]
    after: Option<(Millis, CaseId)>,
    /// How many cases at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

fn some_place<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<(Millis, CaseId)>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let place = text.split_once('.').and_then(|(due, case)| Some((Millis(due.parse().ok()?), case.parse().ok()?)));
    place.map(Some).ok_or_else(|| serde::de::Error::custom("the `next` of the page before"))
}

/// A promise and its case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Promise)]
pub struct PromiseOf {
    /// The case.
    case: CaseId,
    /// The name of its type.
    case_type: String,
    /// The matter it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    matter: Option<MatterId>,
    /// The promise.
    promise: PromiseInfo,
}

/// Promises that hold and are not kept yet, by when the first of their case is due. A worker sees those that concern him.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<PromisesWanted>,
) -> Result<Json<Page<PromiseOf>>, Failure> {
    let owner = match (caller.role, caller.worker) {
        // Of others' he sees what is in the cases that concern him.
        (Role::Worker, Some(own)) if wanted.owner.is_none() => Some(own),
        _ => owner_of(&app, &caller, wanted.owner.as_deref())?,
    };
    let due_before = wanted.due_before.map_or(Millis(i64::MAX as u64), |Instant(due)| due);
    let found = app.archive().promising(caller.tenant, due_before, wanted.after, wanted.limit.0).await?;
    let last = found.last().filter(|_| found.len() == wanted.limit.0);
    let next = last.and_then(|case| Some(format!("{}.{}", case.promise_due_at()?.0, case.id)));
    let directory = app.directory();
    let mut items = Vec::new();
    for case in found {
        if !concerns(&app, &caller, &case).await? {
            continue;
        }
        let is_wanted = |promise: &blendline_cases::promise::Promise| {
            promise.state.is_open() && promise.due_at < due_before && (owner.is_none() || promise.owner == owner)
        };
        let (id, matter) = (case.id, case.links.matter);
        items.extend(case.promises.into_iter().filter(is_wanted).map(|promise| PromiseOf {
            case: id,
            case_type: case.case_type.clone(),
            matter,
            promise: case_view::promise(promise, &directory),
        }));
    }
    Ok(Json(Page { items, next }))
}
