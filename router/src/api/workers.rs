//! Workers as they are now, and their presence.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_core::{Command, Scheduler};
use blendline_wire::task::{AcceptMode, Presence};
use blendline_wire::time::Instant;
use blendline_wire::worker::ServerFrame;
use blendline_wire::{Pii, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::auth::Caller;
use super::json::Strict;
use super::page::Page;
use super::problem::{Failure, of_call};
use super::{Shared, audit};
use crate::directory::Role;
use crate::handle::Call;
use crate::ports::live::{Present, There, worker_topic};

/// How much is said at once, in characters.
const WORDS_MAX: usize = 1_000;

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

/// Something said to whoever is at a worker's desk.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WorkerMessage)]
pub struct Words {
    /// What, at most 1,000 characters.
    text: Pii<String>,
}

/// Says something to a worker who is there. It is shown at his desk and kept nowhere: who is not there is not told.
pub async fn tell(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
    Strict(Words { text }): Strict<Words>,
) -> Result<StatusCode, Failure> {
    let directory = app.directory();
    let worker = caller.speaks_for(&directory, Some(&name))?;
    let length = text.expose().trim().chars().count();
    if length == 0 || WORDS_MAX < length {
        return Err(Failure::bad("/text", "say 1 to 1000 characters"));
    }
    let there = move |core: &Scheduler| core.worker(worker).is_some_and(|worker| worker.session.is_some());
    let there = app.door(caller.tenant).look(there).await;
    if !there.map_err(|error| of_call(error, caller.tenant, &directory))? {
        let detail = format!("{name} is not there: nobody would read it");
        return Err(Failure::new(StatusCode::CONFLICT, "not_connected", "He is not connected", detail));
    }
    // That it was said is noted; what was said is between the two.
    audit::note(&app, &caller, "worker_told", &name, json!({ "characters": length })).await?;
    let from = caller.person.as_ref().map_or_else(|| caller.actor.clone(), |person| person.display.clone());
    let told = ServerFrame::Told { from, text };
    // These types cannot fail to be written.
    let body = serde_json::to_vec(&told).unwrap_or_default();
    app.parts.live.tell(&worker_topic(worker), body.into()).await;
    Ok(StatusCode::NO_CONTENT)
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
    if caller.role != Role::Worker {
        audit::note(&app, &caller, "worker_presence", &name, json!(change)).await?;
    }
    let command = Command::Presence { worker, presence: change.presence, reason: change.reason };
    match app.door(caller.tenant).call(actor, Call::Plain(command)).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(of_call(error, caller.tenant, &directory)),
    }
}
