//! What workers have begun to write: kept here, so that another window, machine or day goes on with it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_wire::time::Instant;
use blendline_wire::{Pii, TaskId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::json::Strict;
use super::page::{Page, Params, id};
use super::problem::Failure;
use super::tasks::owned;
use super::{Shared, now};
use crate::ports::desks::Draft;

/// The longest draft, in bytes: more than any channel takes.
const DRAFT_BYTES_MAX: usize = 64 * 1024;
/// The longest name of a window, in bytes.
const WINDOW_BYTES_MAX: usize = 64;

/// Whose drafts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    /// Whose; may be left out where the caller is one worker.
    #[serde(default)]
    pub(super) worker: Option<String>,
}

/// A draft.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Draft)]
pub struct DraftInfo {
    /// In which task.
    task: TaskId,
    /// When it was written.
    at: Instant,
    /// What.
    text: Pii<String>,
    /// The window it was written in.
    window: String,
}

impl DraftInfo {
    fn of(draft: Draft) -> Self {
        let Draft { task, at, text, window, .. } = draft;
        Self { task, at: Instant(at), text, window }
    }
}

/// The drafts of a worker.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(whose): Params<Whose>,
) -> Result<Json<Page<DraftInfo>>, Failure> {
    let worker = caller.speaks_for(&app.directory(), whose.worker.as_deref())?;
    let found = app.desks().drafts(caller.tenant, worker).await?;
    Ok(Json(Page { items: found.into_iter().map(DraftInfo::of).collect(), next: None }))
}

/// What is written so far.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DraftChange)]
pub struct Change {
    /// Who writes; may be left out where the caller is one worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// What; empty, nothing is left of it.
    text: Pii<String>,
    /// The window it is written in, by a name of its own choice.
    #[serde(default)]
    window: String,
}

/// Keeps what is written so far in the place of what was; the newest wins.
pub async fn put(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(change): Strict<Change>,
) -> Result<StatusCode, Failure> {
    let task = owned(&app, &caller, id("task", &text)?).await?;
    let worker = caller.speaks_for(&app.directory(), change.worker.as_deref())?;
    if DRAFT_BYTES_MAX < change.text.expose().len() {
        return Err(Failure::bad("/text", "a draft has at most 64 KiB"));
    }
    if WINDOW_BYTES_MAX < change.window.len() {
        return Err(Failure::bad("/window", "the name of a window has at most 64 bytes"));
    }
    let Change { text, window, .. } = change;
    let draft = Draft { tenant: caller.tenant, worker, task: task.id, at: now(), text, window };
    app.desks().put_draft(&draft).await?;
    Ok(StatusCode::NO_CONTENT)
}
