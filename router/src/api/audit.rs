//! The audit log, for those who review.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::auth::Caller;
use super::page::{Limit, Params, parsed};
use super::problem::Failure;
use crate::ports::people::{AuditEntry, AuditHead};

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
