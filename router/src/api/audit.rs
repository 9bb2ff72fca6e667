//! The audit log, for those who review; and what is noted in it before it is done.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::page::{Limit, Params, parsed};
use super::problem::Failure;
use super::{Shared, now};
use crate::directory::Role;
use crate::ports::people::{AuditEntry, AuditHead, Deed};

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Entries after this number.
    #[serde(default, deserialize_with = "number")]
    after: u64,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    parsed(deserializer, "the number of an entry")
}

/// A page of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// The entries.
    items: Vec<AuditEntry>,
    /// What to give as `after` for the next page; null at the end.
    #[schema(required)]
    next: Option<String>,
    /// The log's end: whoever keeps it elsewhere can prove later that nothing was cut off or written anew.
    #[schema(required)]
    head: Option<AuditHead>,
}

/// What was done to users and sessions, oldest first, each entry with the hash of the one before.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<Wanted>,
) -> Result<Json<AuditPage>, Failure> {
    let record = app.people().record();
    let items = record.audit(caller.tenant, wanted.after, wanted.limit.0).await?;
    let head = record.audit_head(caller.tenant).await?;
    let next = items.last().filter(|_| items.len() == wanted.limit.0).map(|entry| entry.seq.to_string());
    Ok(Json(AuditPage { items, next, head }))
}

/// Notes what somebody is about to do to the work of others, so that nothing is done that nobody answers for; whether it
/// was done, the log of events says. What programs do to tasks of their own is there only.
pub(super) async fn note(
    app: &Shared,
    caller: &Caller,
    what: &'static str,
    subject: &str,
    asked: Value,
) -> Result<(), Failure> {
    if caller.role == Role::Integrator {
        return Ok(());
    }
    let deed = Deed { at: now(), actor: caller.actor.clone(), what };
    Ok(app.people().record().note(caller.tenant, subject, (Value::Null, asked), &deed).await?)
}
