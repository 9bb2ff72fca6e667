//! A macro for several tasks, done after a minute in which it can be taken back. It waits here and not in a page: whoever
//! closes the page has asked for it all the same, and finds it again wherever he signs in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_wire::time::Instant;
use blendline_wire::{Lease, Problem, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::auth::Caller;
use super::drafts::Whose;
use super::json::Strict;
use super::macros::{self, Order};
use super::page::Params;
use super::problem::Failure;
use super::{Shared, audit, now};
use crate::directory::Role;
use crate::driver::Status;
use crate::patience::BackOff;
use crate::ports::held::{Held, HeldOrder, HeldOutcome, HeldRefusal, TASKS_MAX};
use crate::ports::people::{Deed, User};
use crate::ports::store::StoreError;

/// How long it can be taken back, in seconds, where nothing else is said; and the bounds of what may be said.
const WAIT_S: u64 = 60;
const WAIT_S_MIN: u64 = 5;
const WAIT_S_MAX: u64 = 600;
/// How often it is looked for what is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many are looked at: those of shards that others serve are among them.
const DUE_MAX: usize = 1_000;
/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 100;

/// A macro for several tasks.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HeldMacroOrder)]
pub struct Ask {
    /// Who does it; may be left out where the caller is one worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// The macro's short name.
    name: String,
    /// On which of his tasks, 1 to 100.
    tasks: Vec<AskOne>,
    /// How long it can be taken back, 5 to 600 seconds; left out, 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wait_s: Option<u64>,
}

/// One of the tasks.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HeldMacroTask)]
pub struct AskOne {
    /// The task.
    task: TaskId,
    /// The number of his ownership, as the task came with.
    lease: Lease,
    /// Unique within the task: the same key twice says nothing twice.
    #[schema(min_length = 1)]
    key: String,
    /// The place of the latest line he had seen: what the customer wrote after it brings the task back to him.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<u64>,
}

/// What waits, or what came of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldMacro)]
pub struct HeldInfo {
    /// Its number.
    number: String,
    /// The macro.
    name: String,
    /// True until it was done.
    waits: bool,
    /// When it is done, or was to be.
    due_at: Instant,
    /// On what, with what came of it once it was done.
    tasks: Vec<HeldTask>,
}

/// One of the tasks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldMacroResult)]
pub struct HeldTask {
    /// The task.
    task: TaskId,
    /// The number of his ownership when it was asked for.
    lease: Lease,
    /// Why nothing of it was done; null where it was, and while it waits.
    #[schema(required)]
    failed: Option<String>,
    /// The problem's code, where nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// A stable word for why, where the code alone does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What fills the places of a sentence about it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<String, String>,
    /// True where it was done and the task is not the worker's any more.
    left: bool,
}

impl HeldInfo {
    fn of(held: Held) -> Self {
        let waits = held.waits();
        let outcomes = held.outcomes.into_iter().map(Some).chain(std::iter::repeat(None));
        let task = |(order, outcome): (HeldOrder, Option<HeldOutcome>)| {
            let HeldOutcome { failed, refused, leaves } = outcome.unwrap_or(HeldOutcome::done(false));
            let (code, why) =
                refused.map_or_else(Default::default, |refused| (Some(refused.code), (refused.reason, refused.values)));
            let (reason, values) = why;
            HeldTask { task: order.task, lease: order.lease, failed, code, reason, values, left: leaves }
        };
        let tasks = held.orders.into_iter().zip(outcomes).map(task).collect();
        Self { number: held.number, name: held.name, waits, due_at: Instant(held.due), tasks }
    }
}

/// What of a worker's there is; `held` is null where there is nothing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldMacroOf)]
pub struct OfWorker {
    /// What waits, else what was done last and is not forgotten.
    #[schema(required)]
    held: Option<HeldInfo>,
}

/// The worker's macro that waits, or what came of the last.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(whose): Params<Whose>,
) -> Result<Json<OfWorker>, Failure> {
    let worker = caller.speaks_for(&app.directory(), whose.worker.as_deref())?;
    Ok(Json(OfWorker { held: app.desks().held(caller.tenant, worker).await?.map(HeldInfo::of) }))
}

/// Lets a macro wait, to be done on several tasks.
pub async fn put(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(ask): Strict<Ask>,
) -> Result<(StatusCode, Json<HeldInfo>), Failure> {
    let worker = caller.speaks_for(&app.directory(), ask.worker.as_deref())?;
    if ask.tasks.is_empty() || TASKS_MAX < ask.tasks.len() {
        return Err(Failure::bad("/tasks", format!("name 1 to {TASKS_MAX} tasks")));
    }
    if let Some(at) = ask.tasks.iter().position(|one| one.key.is_empty() || KEY_BYTES_MAX < one.key.len()) {
        return Err(Failure::bad(format!("/tasks/{at}/key"), "a key has 1 to 100 bytes"));
    }
    let wait_s = ask.wait_s.unwrap_or(WAIT_S);
    if !(WAIT_S_MIN..=WAIT_S_MAX).contains(&wait_s) {
        return Err(Failure::bad("/wait_s", format!("it can be taken back for {WAIT_S_MIN} to {WAIT_S_MAX} seconds")));
    }
    let known = app.desks().canned(caller.tenant).await?.iter().any(|canned| canned.name == ask.name);
    if !known {
        return Err(Failure::not_found("canned_answer", "no ready answer has this name").at("/name"));
    }
    let order = |AskOne { task, lease, key, seen }: AskOne| HeldOrder { task, lease, key, seen };
    let held = Held {
        tenant: caller.tenant,
        worker,
        number: Uuid::now_v7().to_string(),
        by: caller.actor.clone(),
        name: ask.name,
        due: now().plus(wait_s * 1_000),
        orders: ask.tasks.into_iter().map(order).collect(),
        outcomes: Vec::new(),
    };
    let asked = json!({ "macro": held.name, "tasks": held.orders.len() });
    audit::note(&app, &caller, "macro_hold", &held.number, asked).await?;
    if app.desks().hold(&held).await? {
        Ok((StatusCode::CREATED, Json(HeldInfo::of(held))))
    } else {
        let detail = "one macro for several tasks waits already: take it back, or have it done now";
        Err(Failure::new(StatusCode::CONFLICT, "held", "Another waits", detail))
    }
}

/// Which one.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Whose; may be left out where the caller is one worker.
    #[serde(default)]
    worker: Option<String>,
    /// Its number.
    number: String,
}

/// Whether it was taken back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldMacroForgotten)]
pub struct Forgotten {
    /// True: nothing of it was done, nor will be. False: it was done before.
    undone: bool,
}

/// Takes back what waits, or forgets what came of it.
pub async fn remove(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(which): Params<Which>,
) -> Result<Json<Forgotten>, Failure> {
    let worker = caller.speaks_for(&app.directory(), which.worker.as_deref())?;
    // Not while it is being done: then it is too late.
    let _alone = app.doing().lock().await;
    let held = app.desks().held(caller.tenant, worker).await?.filter(|held| held.number == which.number);
    let Some(held) = held else { return Err(Failure::not_found("held_macro", "no macro of this number waits")) };
    let undone = held.outcomes.is_empty();
    if held.waits() && !undone {
        // A part was done before a crash, and the rest will be.
        return Ok(Json(Forgotten { undone }));
    }
    if undone {
        audit::note(&app, &caller, "macro_take_back", &held.number, json!({ "macro": held.name })).await?;
    }
    app.desks().forget_held(caller.tenant, worker, &held.number).await?;
    Ok(Json(Forgotten { undone }))
}

/// Does at once what waits.
pub async fn hasten(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(which): Params<Which>,
) -> Result<Json<HeldInfo>, Failure> {
    let worker = caller.speaks_for(&app.directory(), which.worker.as_deref())?;
    match carry_out(&app, caller.tenant, worker, &which.number).await? {
        Some(held) => Ok(Json(HeldInfo::of(held))),
        None => Err(Failure::not_found("held_macro", "no macro of this number waits")),
    }
}

/// Does what is due, for tenants whose shard this process serves, until `stop`.
pub async fn keep_doing(app: Shared, stop: CancellationToken) {
    let mut back_off = BackOff::default();
    loop {
        match stop.run_until_cancelled(do_due(&app)).await {
            None => return,
            Some(Ok(())) => back_off = BackOff::default(),
            Some(Err(error)) => {
                tracing::warn!(%error, "Macros that wait are not done: the record does not answer.");
                back_off.wait().await;
            }
        }
        if stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_none() {
            return;
        }
    }
}

async fn do_due(app: &Shared) -> Result<(), StoreError> {
    let mut failed = None;
    let due = app.desks().held_due(now(), DUE_MAX).await?;
    for held in due.into_iter().filter(|held| serves(app, held)) {
        // One that cannot be done now keeps nobody else's waiting.
        failed = carry_out(app, held.tenant, held.worker, &held.number).await.err().or(failed);
    }
    failed.map_or(Ok(()), Err)
}

fn serves(app: &Shared, held: &Held) -> bool {
    let owner = app.parts.owners.get(&app.parts.doors.shard(held.tenant));
    owner.is_some_and(|status| matches!(*status.borrow(), Status::Serving { .. }))
}

/// Whether who asked for it may still speak for the worker: what somebody asked for who may not sign in any more, or is
/// another worker by now, is not done in his name.
async fn may_still(app: &Shared, held: &Held) -> Result<bool, StoreError> {
    let directory = app.directory();
    match held.by.split_once(' ') {
        Some(("user", name)) => {
            let user = app.people().record().user(held.tenant, name).await?;
            let is_his = |user: &User| {
                let named = user.worker.as_deref().and_then(|name| directory.worker(held.tenant, name));
                user.role == Role::Admin || named == Some(held.worker)
            };
            Ok(user.is_some_and(|user| !user.disabled && is_his(&user)))
        }
        Some(("key", name)) => Ok(directory.keys.values().any(|key| key.tenant == held.tenant && key.name == name)),
        _ => Ok(false),
    }
}

/// Does nothing of what is left, and says so: in the audit log first, then to whoever looks what came of it.
async fn drop_rest(app: &Shared, held: &mut Held) -> Result<(), StoreError> {
    let left = held.orders.len() - held.outcomes.len();
    let dropped = json!({ "macro": held.name, "tasks": left, "asked_by": held.by });
    let deed = Deed { at: now(), actor: "system".to_owned(), what: "macro_drop" };
    app.people().record().note(held.tenant, &held.number, (Value::Null, dropped), &deed).await?;
    let detail = format!("the {} who asked for it may not act for this worker any more", held.by);
    let by = held.by.split_once(' ').map_or("", |(_, name)| name);
    let values = BTreeMap::from([("name".to_owned(), by.to_owned())]);
    let outcome = HeldOutcome::refused(detail, HeldRefusal { code: "asker_gone".to_owned(), reason: None, values });
    held.outcomes.extend(std::iter::repeat_n(outcome, left));
    app.desks().keep_held(held, true).await
}

/// Does it on one task after the other, and keeps what came of each. After a crash it goes on with the one that was under
/// way, under the same key and the same ownership: nothing is done twice, and where all of it was done already it is told as
/// one that the worker had no more.
async fn carry_out(app: &Shared, tenant: TenantId, worker: WorkerId, number: &str) -> Result<Option<Held>, StoreError> {
    let _alone = app.doing().lock().await;
    let held = app.desks().held(tenant, worker).await?;
    let Some(mut held) = held.filter(|held| held.number == number) else { return Ok(None) };
    if held.waits() && !may_still(app, &held).await? {
        drop_rest(app, &mut held).await?;
        return Ok(Some(held));
    }
    let caller = Caller { tenant, role: Role::Worker, worker: Some(worker), actor: held.by.clone(), person: None };
    for order in held.orders.clone().into_iter().skip(held.outcomes.len()) {
        let of = (order.task, held.name.as_str());
        let outcome = match macros::on_one(app, &caller, worker, of, Order::held(order)).await {
            Ok(done) => HeldOutcome::done(done.leaves),
            Err(failure) if failure.problem.status == StatusCode::SERVICE_UNAVAILABLE.as_u16() => {
                // The owner is away: it is tried again.
                return Err(StoreError::Unavailable(failure.problem.detail));
            }
            Err(failure) => {
                let Problem { detail, code, reason, values, .. } = *failure.problem;
                HeldOutcome::refused(detail, HeldRefusal { code, reason, values })
            }
        };
        held.outcomes.push(outcome);
        app.desks().keep_held(&held, !held.waits()).await?;
    }
    Ok(Some(held))
}
