//! Queues as they are now.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use blendline_core::input::Settings;
use blendline_wire::task::Side;
use blendline_wire::time::Instant;
use blendline_wire::{Millis, QueueId};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Caller;
use super::page::Page;
use super::problem::{Failure, of_call};
use super::{Shared, items};

/// A queue now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Queue)]
pub struct QueueInfo {
    /// Its name.
    name: String,
    /// Which office.
    #[schema(required)]
    side: Option<Side>,
    /// How soon its tasks should be responded to, in milliseconds.
    #[schema(required)]
    target_ms: Option<u64>,
    /// Tasks that wait, those that wait for one worker only not counted.
    waiting: usize,
    /// When the first of them is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_due_at: Option<Instant>,
}

/// All queues.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<Page<QueueInfo>>, Failure> {
    let directory = app.directory();
    let of_tenant = directory.queues.iter().filter(|(_, (owner, _))| *owner == caller.tenant);
    let ids = of_tenant.map(|(id, _)| *id).collect();
    Ok(Json(Page { items: seen(&app, &caller, ids).await?, next: None }))
}

/// One queue.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
) -> Result<Json<QueueInfo>, Failure> {
    let directory = app.directory();
    let unknown = || items::unknown_queue(&directory, caller.tenant, &name, "name");
    let id = directory.queue(caller.tenant, &name).ok_or_else(unknown)?;
    seen(&app, &caller, vec![id]).await?.pop().map(Json).ok_or_else(unknown)
}

/// Looks at these queues between two batches.
async fn seen(app: &Shared, caller: &Caller, ids: Vec<QueueId>) -> Result<Vec<QueueInfo>, Failure> {
    let directory = app.directory();
    let asked = ids.clone();
    let look = move |core: &blendline_core::Scheduler| {
        let now = asked.into_iter().map(|id| core.queue_now(id));
        now.map(|now| (now.waiting, now.first_due)).collect::<Vec<_>>()
    };
    let seen = app.door(caller.tenant).look(look).await.map_err(|error| of_call(error, caller.tenant, &directory))?;
    let info = |(id, (waiting, first_due)): (QueueId, (usize, Option<Millis>))| {
        let settings = directory.settings.iter().find_map(|setting| match setting {
            Settings::Queue(queue) if queue.id == id => Some(queue),
            _ => None,
        });
        QueueInfo {
            name: super::view::queue_name(id, &directory),
            side: settings.map(|queue| queue.side),
            target_ms: settings.map(|queue| queue.target_ms),
            waiting,
            first_due_at: first_due.map(Instant),
        }
    };
    Ok(ids.into_iter().zip(seen).map(info).collect())
}
