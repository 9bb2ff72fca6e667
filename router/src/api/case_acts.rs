//! What is asked of a case that there is: a move, a promise, what is known, what it belongs to.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use blendline_cases::command::NewPromise;
use blendline_cases::{Case, Command};
use blendline_wire::event::case::{AgreedTo, CaseLinks, CaseOutcome, CaseValue};
use blendline_wire::event::promise::{Keeps, Withdrawal};
use blendline_wire::task::ParkReason;
use blendline_wire::time::Instant;
use blendline_wire::{CaseId, ConversationId, Pii, WorkerId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::auth::Caller;
use super::case_view::{self, CaseInfo};
use super::cases::{checked, owned, owner_of, spoken};
use super::frames::known_cause;
use super::json::Strict;
use super::page::id;
use super::problem::{Failure, of_call};
use super::{Shared, audit};
use crate::directory::Role;
use crate::handle::{Call, CaseCall};

/// Something that is asked of a case.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseAct {
    /// The caller's own key of this call, 1 to 200 bytes: the same key twice is one call.
    #[schema(min_length = 1, max_length = 200)]
    key: String,
    /// What is asked.
    act: Act,
}

/// What can be asked of a case.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = CaseAsk)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// It goes to another stage.
    Move(MoveAct),
    /// What is known has changed.
    Set(SetAct),
    /// It belongs to this worker from now on; `null`: to nobody.
    Assign(Option<String>),
    /// It waits for this; its type says what its target does meanwhile.
    Pause(ParkReason),
    /// True: it waits no more.
    Resume(bool),
    /// It ends so, by the move that its type has for it.
    Close(CaseOutcome),
    /// True: it is not over after all, and goes on where it was.
    Reopen(bool),
    /// A worker of another unit than the one that the case is about agrees to what that unit may not do alone.
    Agree(AgreedTo),
    /// It belongs to this as well.
    Link(LinkAct),
    /// The customer is promised this.
    Promise(PromiseAct),
    /// The promise of this number is kept.
    Keep(u32),
    /// A promise does not hold any more: the customer is told, of the new one where there is one.
    Withdraw(WithdrawAct),
}

/// What is promised.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = CasePromiseOrder)]
#[serde(deny_unknown_fields)]
pub struct PromiseAct {
    /// Until when it is to be kept.
    due_at: Instant,
    /// What, in the customer's words, 1 to 500 characters.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    words: Pii<String>,
    /// What keeps it; left out, somebody says so by `keep`.
    #[serde(default = "said")]
    kept_by: Keeps,
    /// The worker who answers for it; left out, whoever owns the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
}

fn said() -> Keeps {
    Keeps::Said
}

/// Which promise does not hold any more.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = CaseWithdraw)]
#[serde(deny_unknown_fields)]
pub struct WithdrawAct {
    /// Its number.
    promise: u32,
    /// Why.
    reason: Withdrawal,
    /// What is promised instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instead: Option<PromiseAct>,
}

/// Where a case goes.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = CaseMove)]
#[serde(deny_unknown_fields)]
pub struct MoveAct {
    /// The stage.
    to: String,
    /// What became known with it; `null` empties a field.
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: BTreeMap<String, Option<CaseValue>>,
    /// Why, where it goes back to a stage where it had been: `incomplete`, `wrong`, `misrouted`, `other`, or a cause of the
    /// tenant's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

/// What is known of a case.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = CaseSet)]
#[serde(deny_unknown_fields)]
pub struct SetAct {
    /// Values by field; `null` empties a field.
    #[schema(value_type = Object)]
    fields: BTreeMap<String, Option<CaseValue>>,
}

/// What a case belongs to besides.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = CaseLink)]
#[serde(deny_unknown_fields)]
pub struct LinkAct {
    /// The conversation on which the customer is told from now on, with its matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationId>,
    /// The case it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<CaseId>,
}

/// Asks something of a case.
pub async fn act(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(CaseAct { key, act }): Strict<CaseAct>,
) -> Result<Json<CaseInfo>, Failure> {
    checked(&key)?;
    let case = asked(&app, &caller, id("case", &text)?, &act).await?;
    let (what, asked) = act.told();
    let cause = known_cause(&app.directory(), caller.tenant, act.cause(), "/cause")?;
    let command = command(&app, &caller, act).await?;
    // A worker's own acts are in the log of events under his name; who acts on others' work answers for it here too.
    if caller.role != Role::Worker {
        audit::note(&app, &caller, what, &case.to_string(), asked).await?;
    }
    let asked = CaseCall { tenant: caller.tenant, case, case_type: None, key, command, cause };
    let answer = app.door(caller.tenant).call(caller.actor(), Call::Case(Box::new(asked))).await;
    let directory = app.directory();
    answer.map_err(|error| of_call(error, caller.tenant, &directory))?;
    let case = app.archive().case(case).await?.ok_or_else(|| Failure::not_found("case", "no case has this id"))?;
    Ok(Json(case_view::info(case, &directory, caller.worker)))
}

/// The case that something is asked of. Whoever talks with its customer may bring it into that conversation, though it came
/// up in another.
async fn asked(app: &Shared, caller: &Caller, id: CaseId, act: &Act) -> Result<CaseId, Failure> {
    // Whoever answers for a unit may agree in the cases of others.
    let answers = |worker: WorkerId| app.directory().units.values().any(|unit| unit.manager == Some(worker));
    if matches!(act, Act::Agree(_)) && caller.worker.is_some_and(answers) {
        let case = app.archive().case(id).await?.filter(|case| case.tenant == caller.tenant);
        return case.map(|case| case.id).ok_or_else(|| Failure::not_found("case", "no case has this id"));
    }
    let Act::Link(LinkAct { conversation: Some(conversation), .. }) = act else {
        return Ok(owned(app, caller, id).await?.id);
    };
    let contact = super::conversations::concerning(app, caller, *conversation).await?.map(|row| row.contact);
    let case = app.archive().case(id).await?.filter(|case| case.tenant == caller.tenant);
    // What nobody has claimed yet becomes whoever's claim fits it.
    let is_his = |case: &Case| case.links.contact.is_none() || case.links.contact == contact;
    match case.filter(|case| contact.is_some() && is_his(case)) {
        Some(case) => Ok(case.id),
        None => Ok(owned(app, caller, id).await?.id),
    }
}

impl Act {
    /// Why the case goes back, where it is said.
    fn cause(&self) -> Option<String> {
        match self {
            Self::Move(MoveAct { cause, .. }) => cause.clone(),
            _ => None,
        }
    }

    /// What it is called in the audit log, and what of it stands there: no values of fields, which may say anything of
    /// anybody.
    fn told(&self) -> (&'static str, serde_json::Value) {
        match self {
            Self::Move(MoveAct { to, fields, cause }) => {
                ("case_move", json!({ "to": to, "cause": cause, "fields": fields.keys().collect::<Vec<_>>() }))
            }
            Self::Set(SetAct { fields }) => ("case_set", json!({ "fields": fields.keys().collect::<Vec<_>>() })),
            Self::Assign(owner) => ("case_assign", json!({ "to": owner })),
            Self::Pause(reason) => ("case_pause", json!({ "reason": reason })),
            Self::Resume(_) => ("case_resume", json!({})),
            Self::Close(outcome) => ("case_close", json!({ "outcome": outcome })),
            Self::Reopen(_) => ("case_reopen", json!({})),
            Self::Agree(to) => ("case_agree", json!({ "to": to })),
            Self::Promise(PromiseAct { due_at, owner, .. }) => {
                ("case_promise", json!({ "due_at": due_at, "owner": owner }))
            }
            Self::Keep(promise) => ("case_keep", json!({ "promise": promise })),
            Self::Withdraw(WithdrawAct { promise, reason, .. }) => {
                ("case_withdraw", json!({ "promise": promise, "reason": reason }))
            }
            Self::Link(LinkAct { conversation, parent }) => {
                ("case_link", json!({ "conversation": conversation, "parent": parent }))
            }
        }
    }
}

fn new_promise(app: &Shared, caller: &Caller, asked: PromiseAct) -> Result<NewPromise, Failure> {
    let PromiseAct { due_at: Instant(due_at), words, kept_by, owner } = asked;
    Ok(NewPromise { due_at, words, kept_by, owner: owner_of(app, caller, owner.as_deref())? })
}

async fn command(app: &Shared, caller: &Caller, act: Act) -> Result<Command, Failure> {
    let needs_true = |said: bool, command: Command| {
        if said { Ok(command) } else { Err(Failure::bad("/act", "it is `true`")) }
    };
    Ok(match act {
        Act::Move(MoveAct { to, fields, .. }) => Command::Move { to, fields },
        Act::Set(SetAct { fields }) => Command::Set { fields },
        Act::Assign(owner) => Command::Assign { owner: owner_of(app, caller, owner.as_deref())? },
        Act::Pause(reason) => Command::Pause { reason },
        Act::Resume(said) => needs_true(said, Command::Resume)?,
        Act::Close(outcome) => Command::Close { outcome },
        Act::Reopen(said) => needs_true(said, Command::Reopen)?,
        Act::Agree(to) => Command::Agree { to },
        Act::Promise(promise) => Command::Promise(new_promise(app, caller, promise)?),
        Act::Keep(promise) => Command::Keep { promise },
        Act::Withdraw(WithdrawAct { promise, reason, instead }) => {
            let instead = instead.map(|new| new_promise(app, caller, new)).transpose()?;
            Command::Withdraw { promise, reason, instead }
        }
        Act::Link(LinkAct { conversation, parent }) => {
            if let Some(parent) = parent {
                owned(app, caller, parent).await.map_err(|failure| failure.at("/act/link/parent"))?;
            }
            let mut links = match conversation {
                Some(id) => {
                    let row = super::conversations::owned(app, caller, id).await;
                    let row = row.map_err(|failure| failure.at("/act/link/conversation"))?;
                    let (account, contact) = (Some(row.account), Some(row.contact));
                    CaseLinks { matter: Some(row.matter), conversation, account, contact, parent: None }
                }
                None => CaseLinks::default(),
            };
            links.parent = parent;
            let language = spoken(app, links.conversation).await?;
            Command::Link { links, language }
        }
    })
}
