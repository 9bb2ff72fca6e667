//! Decisions: made by workers within their authority, asked for above it, and kept in a ledger.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use blendline_authority::apply::Asking;
use blendline_authority::decide::has_say;
use blendline_authority::used::Used;
use blendline_authority::{Command, Decision, Line, Wish};
use blendline_wire::worker::{Author, DecisionWish};
use blendline_wire::{CaseId, ConversationId, DecisionId, MatterId, Pii, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::decision_view::{self, DecisionInfo};
use super::json::Strict;
use super::page::id;
use super::problem::{Failure, of_call};
use crate::config::did_you_mean;
use crate::directory::{Directory, Role};
use crate::driver::keys;
use crate::handle::{Call, DecideCall};
use crate::payload::StoredMessage;
use crate::ports::ledger::{LinesWanted, by_decision};
use crate::ports::store::Following;

/// Bytes of a caller's key.
const KEY_MAX: usize = 200;
/// The latest lines of a customer that are looked at for what he calls himself.
const LINES_SEEN: usize = 40;
/// Characters of a reason.
const NOTE_CHARS_MAX: usize = 2_000;

/// Something that a worker wishes to give.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionAsking {
    /// The caller's own key of it, 1 to 200 bytes: asking twice is asking once.
    #[schema(min_length = 1, max_length = 200)]
    key: String,
    /// What: `credit`, `refund`, …
    action: String,
    /// How much, in whole minor units of the currency; how many, where the action is counted.
    #[schema(minimum = 1)]
    minor: i64,
    /// The currency, as `ILS`; left out where the action is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// Who wishes it; left out, the worker whose key or session it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// The task in which it came up: it tells the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    /// The case it is for: its fields that add up such decisions say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    case: Option<CaseId>,
    /// Why, for whoever is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reason: Option<Pii<String>>,
    /// False: where somebody else decides, the task stays with its worker meanwhile.
    #[serde(default = "yes")]
    waits: bool,
}

const fn yes() -> bool {
    true
}

/// What a decision belongs to.
#[derive(Clone, Copy, Default)]
pub(super) struct Belongs {
    pub(super) contact: Option<blendline_wire::ContactKey>,
    pub(super) conversation: Option<ConversationId>,
    pub(super) matter: Option<MatterId>,
}

/// Decides: 201 where it is granted at once, 202 where somebody else is asked; 200 where it was asked for before.
pub async fn ask(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(asked): Strict<DecisionAsking>,
) -> Result<Response, Failure> {
    let directory = app.directory();
    let asker = decider(&caller, &directory, asked.worker.as_deref())?;
    let belongs = belongs(&app, &caller, asked.task, asked.case).await?;
    let (of_case, task, waits) = (asked.case, asked.task, asked.waits);
    let wish = DecisionWish {
        key: asked.key,
        action: asked.action,
        minor: asked.minor,
        currency: asked.currency,
        reason: asked.reason,
    };
    let call = wished(&directory, (caller.tenant, asker), (of_case, task, belongs), wish)?;
    let decision = call.decision;
    let is_known = !lines(&app, decision).await?.is_empty();
    let call = DecideCall { waits, ..call };
    let done = app.door(caller.tenant).call(actor(&caller, asker), Call::Decide(Box::new(call))).await;
    done.map_err(|error| of_call(error, caller.tenant, &directory))?;
    let (info, waits) = shown(&app, &directory, decision).await?;
    let status = match (is_known, waits) {
        (true, _) => StatusCode::OK,
        (false, true) => StatusCode::ACCEPTED,
        (false, false) => StatusCode::CREATED,
    };
    let mut response = (status, Json(info)).into_response();
    if let Ok(location) = HeaderValue::try_from(format!("/v1/decisions/{decision}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// What the owner is asked for a wish of this worker's.
fn wished(
    directory: &Directory,
    (tenant, asker): (TenantId, WorkerId),
    (of_case, task, belongs): (Option<CaseId>, Option<TaskId>, Belongs),
    wish: DecisionWish,
) -> Result<DecideCall, Failure> {
    let DecisionWish { key, action, minor, currency, reason } = wish;
    if key.is_empty() || KEY_MAX < key.len() {
        return Err(Failure::bad("/key", "give a key of your own, 1 to 200 bytes: the same key twice is one decision"));
    }
    let currency = currency.unwrap_or_default();
    known_action(tenant, directory, &action, &currency)?;
    if minor < 1 {
        return Err(Failure::bad("/minor", "give a whole number of minor units above nothing"));
    }
    let decision = keys::decision(tenant, &key);
    let wish = Wish { asker, action, currency, minor, contact: belongs.contact };
    let asking = Asking {
        decision,
        key,
        tenant,
        wish: wish.clone(),
        of_case,
        task,
        conversation: belongs.conversation,
        matter: belongs.matter,
        note: checked_note(reason, "/reason")?,
    };
    let command = Command::Ask(Box::new(asking));
    Ok(DecideCall { tenant, decision, wish, by: asker, of_case, command, waits: true, tells: false })
}

/// What the owner is asked where a worker decides on his own connection.
pub async fn of_frame(
    app: &Shared,
    (tenant, worker): (TenantId, WorkerId),
    task: TaskId,
    wish: DecisionWish,
) -> Result<Call, Failure> {
    let row = app.archive().task(task).await?.filter(|row| row.tenant == tenant && super::tasks::is_of(row, worker));
    let row = row.ok_or_else(|| Failure::not_found("task", "no task has this id"))?;
    let mut belongs = Belongs { matter: Some(row.matter), conversation: row.conversation, contact: None };
    if let Some(conversation) = row.conversation {
        belongs.contact = app.archive().conversation(conversation).await?.map(|row| row.contact);
    }
    let call = wished(&app.directory(), (tenant, worker), (None, Some(task), belongs), wish)?;
    Ok(Call::Decide(Box::new(DecideCall { tells: true, ..call })))
}

/// As which worker the caller decides. A person decides as himself: nobody signs in to use another's authority.
pub(super) fn decider(caller: &Caller, directory: &Directory, named: Option<&str>) -> Result<WorkerId, Failure> {
    if caller.person.is_some() && caller.worker.is_none() {
        return Err(Failure::bad("/worker", "only workers decide, each as himself: sign in as one"));
    }
    caller.speaks_for(directory, named)
}

fn actor(caller: &Caller, by: WorkerId) -> blendline_wire::event::Actor {
    match caller.actor() {
        blendline_wire::event::Actor::Integrator => blendline_wire::event::Actor::Integrator,
        _ => blendline_wire::event::Actor::Worker(by),
    }
}

fn known_action(tenant: TenantId, directory: &Directory, action: &str, currency: &str) -> Result<(), Failure> {
    let live = directory.rules.get(&tenant).and_then(|routing| routing.authority.as_ref());
    let grants = || live.into_iter().flat_map(|live| &live.authority.grants);
    if grants().any(|grant| grant.action == action && grant.currency == currency) {
        return Ok(());
    }
    let (place, detail) = match grants().find(|grant| grant.action == action) {
        Some(other) if other.currency.is_empty() => ("/currency", format!("`{action}` is counted: give no currency")),
        Some(other) => ("/currency", format!("`{action}` is given in {}", other.currency)),
        None => {
            let known = grants().map(|grant| grant.action.as_str());
            ("/action", format!("nobody may give `{action}`: {}", did_you_mean(action, known)))
        }
    };
    Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_action", "This cannot be done", detail).at(place))
}

pub(super) fn checked_note(note: Option<Pii<String>>, place: &str) -> Result<Option<Pii<String>>, Failure> {
    if note.as_ref().is_some_and(|note| NOTE_CHARS_MAX < note.expose().chars().count()) {
        return Err(Failure::bad(place, format!("at most {NOTE_CHARS_MAX} characters")));
    }
    Ok(note.filter(|note| !note.expose().trim().is_empty()))
}

/// Whose customer it is about: that of the task, else that of the case.
pub(super) async fn belongs(
    app: &Shared,
    caller: &Caller,
    task: Option<TaskId>,
    case: Option<CaseId>,
) -> Result<Belongs, Failure> {
    let mut belongs = Belongs::default();
    if let Some(task) = task {
        let task = super::tasks::owned(app, caller, task).await.map_err(|failure| failure.at("/task"))?;
        belongs.conversation = task.conversation;
        belongs.matter = Some(task.matter);
    }
    if let Some(case) = case {
        let links = super::cases::owned(app, caller, case).await.map_err(|failure| failure.at("/case"))?.links;
        belongs.contact = links.contact;
        belongs.conversation = belongs.conversation.or(links.conversation);
        belongs.matter = belongs.matter.or(links.matter);
    }
    if let Some(conversation) = belongs.conversation {
        let row = app.archive().conversation(conversation).await?;
        belongs.contact = row.map(|row| row.contact).or(belongs.contact);
    }
    Ok(belongs)
}

/// All lines of a decision, in their order.
pub(super) async fn lines(app: &Shared, decision: DecisionId) -> Result<Vec<Line>, Failure> {
    let wanted = LinesWanted { decisions: vec![decision], ..LinesWanted::default() };
    let lines = by_decision(app.archive().lines(&wanted).await?);
    Ok(lines.into_values().flat_map(std::collections::BTreeMap::into_values).collect())
}

async fn shown(app: &Shared, directory: &Directory, id: DecisionId) -> Result<(DecisionInfo, bool), Failure> {
    let lines = lines(app, id).await?;
    let decision = Decision::of(&lines).ok_or_else(unknown)?;
    let waits = decision.state() == blendline_authority::State::Waiting;
    Ok((decision_view::info(&decision, &lines, directory), waits))
}

fn unknown() -> Failure {
    Failure::not_found("decision", "no decision has this id")
}

/// One decision.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<DecisionInfo>, Failure> {
    let (decision, lines) = owned(&app, &caller, id("decision", &text)?).await?;
    let customer = customer(&app, caller.role, &decision).await?;
    Ok(Json(decision_view::info(&decision, &lines, &app.directory()).of(customer)))
}

/// What the customer calls himself, for those who may read names.
pub(super) async fn customer(app: &Shared, role: Role, decision: &Decision) -> Result<Option<Pii<String>>, Failure> {
    let conversation = decision.first.conversation.filter(|_| !matches!(role, Role::Operations | Role::Auditor));
    let Some(conversation) = conversation else { return Ok(None) };
    let Some(row) = app.archive().conversation(conversation).await? else { return Ok(None) };
    let Following { lines, .. } = app.archive().follow(row.account, row.contact, None, LINES_SEEN).await?;
    let named = |(_, line): (ConversationId, StoredMessage)| line.body.name.filter(|_| line.author == Author::Customer);
    Ok(lines.into_iter().rev().find_map(named))
}

/// The decision, when it concerns the caller: a worker's are those that he asked for, decided or was asked, and those that he
/// has a say in.
pub(super) async fn owned(app: &Shared, caller: &Caller, id: DecisionId) -> Result<(Decision, Vec<Line>), Failure> {
    let lines = lines(app, id).await?;
    let decision = Decision::of(&lines).filter(|decision| decision.first.tenant == caller.tenant);
    let decision = decision.ok_or_else(unknown)?;
    let concerns = match (caller.role, caller.worker) {
        (Role::Worker, Some(own)) => concerns(app, &decision, &lines, own),
        _ => true,
    };
    if concerns { Ok((decision, lines)) } else { Err(unknown()) }
}

fn concerns(app: &Shared, decision: &Decision, lines: &[Line], own: WorkerId) -> bool {
    let is_in = |line: &Line| {
        let told = &line.told;
        [Some(told.asker), told.decider, told.second, told.to].contains(&Some(own))
    };
    if lines.iter().any(is_in) {
        return true;
    }
    let (directory, now, told) = (app.directory(), super::now(), &decision.first.told);
    let Some(routing) = directory.rules.get(&decision.first.tenant) else { return false };
    let (used, scores, open) = (Used::default(), Default::default(), Default::default());
    let terms = routing.authority.as_ref().map(|live| live.terms(routing.version, &used, (&scores, &open), now));
    terms.is_some_and(|terms| has_say(&terms, &told.action, &told.currency, own))
}

/// Something that is asked of a decision.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionAct {
    /// What.
    act: Act,
    /// Who asks it; left out, the worker whose key or session it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// Why, for whoever asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    note: Option<Pii<String>>,
}

/// Asks it of the owner.
pub(super) async fn decide(
    app: &Shared,
    (tenant, actor, by): (TenantId, blendline_wire::event::Actor, WorkerId),
    decision: &Decision,
    command: Command,
) -> Result<(), Failure> {
    let call = DecideCall {
        tenant,
        decision: decision.id(),
        wish: blendline_authority::apply::wish_of(decision),
        by,
        of_case: decision.first.told.of_case,
        command,
        waits: true,
        tells: false,
    };
    let done = app.door(tenant).call(actor, Call::Decide(Box::new(call))).await;
    done.map(drop).map_err(|error| of_call(error, tenant, &app.directory()))
}

/// What can be asked of a decision.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = DecisionVerb)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Somebody who may agrees.
    Approve,
    /// Somebody who may says no.
    Deny,
    /// Whoever asked does not want it any more.
    Withdraw,
    /// What was given is taken back.
    Reverse,
}

/// Asks something of a decision.
pub async fn act(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(DecisionAct { act, worker, note }): Strict<DecisionAct>,
) -> Result<Json<DecisionInfo>, Failure> {
    let directory = app.directory();
    let by = decider(&caller, &directory, worker.as_deref())?;
    let (decision, _) = owned(&app, &caller, id("decision", &text)?).await?;
    let note = checked_note(note, "/note")?;
    let command = match act {
        Act::Approve => Command::Approve { by, note },
        Act::Deny => Command::Deny { by, note },
        Act::Withdraw => Command::Withdraw { by, note },
        Act::Reverse => Command::Reverse { by, note },
    };
    decide(&app, (caller.tenant, actor(&caller, by), by), &decision, command).await?;
    Ok(Json(shown(&app, &directory, decision.id()).await?.0))
}
