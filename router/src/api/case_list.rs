//! Cases in lists, and how many there are in each stage.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_wire::{CaseId, ConversationId, MatterId};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::case_view::{self, CaseInfo};
use super::cases::concerns;
use super::page::{Limit, Page, Params, parsed};
use super::problem::Failure;
use super::{Shared, now};
use crate::directory::{Directory, Role};
use crate::ports::store::CaseFilter;

/// Which cases to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CasesWanted {
    /// Those of this matter.
    #[serde(default, deserialize_with = "some_matter")]
    #[param(inline)]
    matter: Option<MatterId>,
    /// Those of the contact of this conversation, in whichever conversation they came up.
    #[serde(default, deserialize_with = "some_conversation")]
    #[param(inline)]
    contact_of: Option<ConversationId>,
    /// True: only those that are not over.
    #[serde(default, deserialize_with = "flag")]
    open: bool,
    /// True: only those that are over.
    #[serde(default, deserialize_with = "flag")]
    over: bool,
    /// Those of this type.
    #[serde(default, rename = "type")]
    case_type: Option<String>,
    /// Those in this stage of the type.
    #[serde(default)]
    stage: Option<String>,
    /// Those for whose stage this unit answers.
    #[serde(default)]
    unit: Option<String>,
    /// Those of this owner.
    #[serde(default)]
    owner: Option<String>,
    /// True: only those whose stage should have been left by now.
    #[serde(default, deserialize_with = "flag")]
    late: bool,
    /// True: what is due first comes first; else by id.
    #[serde(default, deserialize_with = "flag")]
    by_due: bool,
    /// Those after this one.
    #[serde(default, deserialize_with = "some_case")]
    #[param(inline)]
    after: Option<CaseId>,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

fn some_matter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MatterId>, D::Error> {
    parsed(deserializer, "an id of the form mat_…").map(Some)
}

fn some_conversation<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ConversationId>, D::Error> {
    parsed(deserializer, "an id of the form cnv_…").map(Some)
}

fn some_case<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<CaseId>, D::Error> {
    parsed(deserializer, "an id of the form cas_…").map(Some)
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    parsed(deserializer, "true or false")
}

/// Cases, a page at a time. A worker names a matter or a contact, and sees those that concern him: of a customer with whom
/// he talks all of them.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<CasesWanted>,
) -> Result<Json<Page<CaseInfo>>, Failure> {
    if caller.role == Role::Worker && wanted.matter.is_none() && wanted.contact_of.is_none() {
        return Err(Failure::bad("matter", "name a matter, or a contact by one of his conversations"));
    }
    let (mut contact, mut is_his) = (None, false);
    if let Some(conversation) = wanted.contact_of {
        contact = Some(super::conversations::owned(&app, &caller, conversation).await?.contact);
        is_his = super::conversations::concerning(&app, &caller, conversation).await?.is_some();
    }
    let directory = app.directory();
    let filter = CaseFilter {
        contact,
        late_at: wanted.late.then(now),
        by_due: wanted.by_due,
        ..filter(&wanted, &caller, &directory)?
    };
    let found = app.archive().cases(caller.tenant, &filter, wanted.after, wanted.limit.0).await?;
    let next = found.last().filter(|_| found.len() == wanted.limit.0).map(|case| case.id.to_string());
    let mut items = Vec::with_capacity(found.len());
    for case in found {
        if is_his || concerns(&app, &caller, &case).await? {
            items.push(case_view::info(case, &directory, caller.worker));
        }
    }
    Ok(Json(Page { items, next }))
}

fn filter(wanted: &CasesWanted, caller: &Caller, directory: &Directory) -> Result<CaseFilter, Failure> {
    let owner = match &wanted.owner {
        Some(name) => Some(
            directory
                .worker(caller.tenant, name)
                .ok_or_else(|| Failure::not_found("worker", format!("no worker is called `{name}`")).at("owner"))?,
        ),
        None => None,
    };
    let is_wanted = |stage: &blendline_cases::types::Stage| {
        wanted.stage.as_ref().is_none_or(|name| *name == stage.name)
            && wanted.unit.as_ref().is_none_or(|unit| Some(unit) == stage.unit.as_ref())
    };
    let types = directory.rules.get(&caller.tenant).map(|routing| &routing.cases);
    let named = types.into_iter().flat_map(|types| types.all()).flat_map(|kind| {
        let stages = kind.stages.iter().filter(|stage| is_wanted(stage));
        stages.map(|stage| format!("{}/{}", kind.name, stage.name)).collect::<Vec<_>>()
    });
    let stages = (wanted.stage.is_some() || wanted.unit.is_some()).then(|| named.collect());
    Ok(CaseFilter {
        matter: wanted.matter,
        open: wanted.open,
        over: wanted.over,
        case_type: wanted.case_type.clone(),
        stages,
        owner,
        ..CaseFilter::default()
    })
}

/// How many cases stand in a stage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseCount)]
pub struct CountInfo {
    /// The name of their type.
    #[serde(rename = "type")]
    case_type: String,
    /// The name of the stage.
    stage: String,
    /// How many.
    count: u64,
    /// How many of them should have left it by now.
    late: u64,
}

/// How many cases there are in each stage. Of the query of the list it takes what says which.
pub async fn counts(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<CasesWanted>,
) -> Result<Json<Page<CountInfo>>, Failure> {
    let filter = CaseFilter { late_at: Some(now()), ..filter(&wanted, &caller, &app.directory())? };
    let found = app.archive().case_counts(caller.tenant, &filter).await?;
    let mut items: Vec<CountInfo> = found
        .into_iter()
        .map(|one| CountInfo { case_type: one.case_type, stage: one.stage, count: one.count, late: one.late })
        .collect();
    items.retain(|one| !wanted.late || one.late > 0);
    Ok(Json(Page { items, next: None }))
}
