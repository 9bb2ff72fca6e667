//! Accounts, and how each of them is.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_wire::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::page::Page;
use super::problem::Failure;
use crate::accounts::{AccountHealth, AccountState, key};

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountInfo {
    /// The channel's name.
    channel: String,
    /// The configured name.
    account: String,
    /// How it is, by what the platform answered last.
    state: AccountState,
    /// The same in a sentence, with the cure.
    says: String,
    /// What the platform's answer meant, where all is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Instant>,
}

/// Every account of the caller's.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<Page<AccountInfo>>, Failure> {
    let directory = app.directory();
    let own: Vec<_> = directory.accounts.iter().filter(|(_, entry)| entry.tenant == caller.tenant).collect();
    let keys: Vec<_> = own.iter().map(|(id, _)| key(caller.tenant, **id)).collect();
    let known = app.archive().entries(&keys).await?;
    let known: HashMap<_, _> =
        known.iter().filter_map(|entry| Some((entry.key, AccountHealth::read(entry)?))).collect();
    let items = own.into_iter().zip(keys).map(|((_, entry), key)| {
        let health = known.get(&key);
        let state = health.map_or(AccountState::Unknown, |health| health.state);
        AccountInfo {
            channel: entry.channel.clone(),
            account: entry.account.name.clone(),
            state,
            says: state.says().to_owned(),
            detail: health.map(|health| health.detail.clone()).filter(|detail| !detail.is_empty()),
            since: health.map(|health| Instant(health.since)),
        }
    });
    Ok(Json(Page { items: items.collect(), next: None }))
}
