//! Workers as they are now, and their presence.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_core::{Command, Scheduler};
use blendline_wire::task::{AcceptMode, Presence};
use blendline_wire::time::Instant;
use blendline_wire::{TaskId, TenantId, WorkerId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::json::Strict;
use super::page::Page;
use super::problem::{Failure, of_call};
use crate::directory::Role;
use crate::handle::Call;
use crate::ports::live::{Present, There};

/// A worker now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Worker)]
pub struct WorkerInfo {
    /// The configured name.
    name: String,
    /// Whether he has a connection.
    connected: bool,
    /// Whether he takes work.
    presence: Presence,
    /// How he receives it.
    accept: AcceptMode,
    /// How much he can have at once; an ordinary task weighs 100.
    capacity: u32,
    /// How much of that is taken.
    load: u32,
    /// What he has, is offered, or gets back.
    tasks: Vec<TaskId>,
    /// Since when he has nothing.
    idle_since: Instant,
}

/// All workers. A worker sees his colleagues without their tasks, and so does everybody while no owner can be asked.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<Page<WorkerInfo>>, Failure> {
    let directory = app.directory();
    let of_tenant = directory.workers.iter().filter(|(_, (owner, _))| *owner == caller.tenant);
    let asked: Vec<(WorkerId, String)> = of_tenant.map(|(id, (_, name))| (*id, name.clone())).collect();
    let look = move |core: &Scheduler| asked.into_iter().filter_map(|(id, name)| info(core, id, name)).collect();
    let mut items: Vec<WorkerInfo> = match app.door(caller.tenant).look(look).await {
        Ok(items) => items,
        // Between two owners, or where none is reached: as the last one said.
        Err(error) => match app.parts.live.presence(caller.tenant).await {
            Some(there) => as_said(&app, caller.tenant, there),
            None => return Err(of_call(error, caller.tenant, &app.directory())),
        },
    };
    if caller.role == Role::Worker {
        // Whom he may pass work to, and who is there; what they are at is none of his.
        items.iter_mut().for_each(|item| item.tasks.clear());
    }
    Ok(Json(Page { items, next: None }))
}

/// Workers as the owner saw them a few seconds ago: without their tasks, which may be others by now.
fn as_said(app: &Shared, tenant: TenantId, there: There) -> Vec<WorkerInfo> {
    let directory = app.directory();
    let named = |present: Present| {
        let (owner, name) = directory.workers.get(&present.worker)?;
        (*owner == tenant).then(|| WorkerInfo {
            name: name.clone(),
            connected: present.connected,
            presence: present.presence,
            accept: present.accept,
            capacity: present.capacity,
            load: present.load,
            tasks: Vec::new(),
            idle_since: Instant(present.idle_since),
        })
    };
    there.workers.into_iter().filter_map(named).collect()
}

fn info(core: &Scheduler, id: WorkerId, name: String) -> Option<WorkerInfo> {
    let worker = core.worker(id)?;
    Some(WorkerInfo {
        name,
        connected: worker.session.is_some(),
        presence: worker.presence,
        accept: worker.accept,
        capacity: worker.capacity,
        load: core.load_of(id),
        tasks: core.held_by(id).collect(),
        idle_since: Instant(worker.idle_since),
    })
}

/// A change of presence.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresenceChange {
    /// To what.
    presence: Presence,
    /// Why, in his words or from a list.
    #[serde(default)]
    reason: String,
}

/// Changes a worker's presence: his own, or anybody's by a supervisor.
pub async fn presence(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
    Strict(change): Strict<PresenceChange>,
) -> Result<StatusCode, Failure> {
    let directory = app.directory();
    let worker = caller.speaks_for(&directory, Some(&name))?;
    let actor = if caller.role == Role::Worker { blendline_wire::event::Actor::Worker(worker) } else { caller.actor() };
    let command = Command::Presence { worker, presence: change.presence, reason: change.reason };
    match app.door(caller.tenant).call(actor, Call::Plain(command)).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(of_call(error, caller.tenant, &directory)),
    }
}
