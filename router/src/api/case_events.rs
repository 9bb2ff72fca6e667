//! What happened to a case, and what its customer was given to press.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use blendline_wire::event::{Actor, Event, EventKind};
use blendline_wire::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::cases::owned;
use super::page::id;
use super::problem::Failure;
use super::view::worker_name;
use crate::case_history::{self, Asked};
use crate::directory::Directory;

/// What happened to a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseHistory {
    /// Its latest 500 events, oldest first.
    items: Vec<HappeningInfo>,
    /// The buttons that the customer was sent, oldest first.
    asked: Vec<AskedInfo>,
}

/// An event of a case, with the names of those in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseHappening)]
pub struct HappeningInfo {
    /// The event, as the log has it.
    happened: Event,
    /// The worker who did it, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<String>,
    /// Who owns the case from then on, where that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_owner: Option<String>,
}

/// Buttons that a customer was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseAsked)]
pub struct AskedInfo {
    /// When.
    at: Instant,
    /// In which stage; its type has the buttons.
    stage: String,
    /// What he pressed: `confirm`, `deny`, or the stage that it led to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pressed: Option<String>,
    /// When he pressed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pressed_at: Option<Instant>,
}

impl HappeningInfo {
    fn of(happened: Event, directory: &Directory) -> Self {
        let who = match happened.actor {
            Actor::Worker(worker) => Some(worker_name(worker, directory)),
            _ => None,
        };
        let new_owner = match &happened.kind {
            EventKind::CaseAssigned(assigned) => assigned.to,
            EventKind::CaseOpened(opened) => opened.owner,
            _ => None,
        };
        Self { who, new_owner: new_owner.map(|owner| worker_name(owner, directory)), happened }
    }
}

impl AskedInfo {
    fn of(asked: Asked) -> Self {
        Self {
            at: Instant(asked.at),
            stage: asked.stage,
            pressed: asked.pressed.as_ref().map(|(_, press)| press.name().to_owned()),
            pressed_at: asked.pressed.map(|(at, _)| Instant(at)),
        }
    }
}

/// What happened to a case, for whom it concerns.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<CaseHistory>, Failure> {
    let case = owned(&app, &caller, id("case", &text)?).await?;
    let events = case_history::of_case(app.archive(), caller.tenant, case.id).await?;
    let directory = app.directory();
    let kind = directory.rules.get(&caller.tenant).and_then(|routing| routing.cases.get(&case.case_type));
    let asked = kind.map(|kind| case_history::asked(kind, &events)).unwrap_or_default();
    Ok(Json(CaseHistory {
        items: events.into_iter().map(|event| HappeningInfo::of(event, &directory)).collect(),
        asked: asked.into_iter().map(AskedInfo::of).collect(),
    }))
}
