//! Keys of programs: what is configured, without their hashes.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::page::Page;
use super::view::worker_name;
use crate::directory::Role;

/// A key, without what would let anybody use it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub struct KeyInfo {
    /// What it is called in logs.
    name: String,
    /// What it may do.
    role: Role,
    /// The only worker it may speak for; null for any.
    #[schema(required)]
    worker: Option<String>,
}

/// Every key of the caller's tenant, by name.
pub async fn list(State(app): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Json<Page<KeyInfo>> {
    let directory = app.directory();
    let own = directory.keys.values().filter(|key| key.tenant == caller.tenant);
    let mut items: Vec<KeyInfo> = own
        .map(|key| KeyInfo {
            name: key.name.clone(),
            role: key.role,
            worker: key.worker.map(|worker| worker_name(worker, &directory)),
        })
        .collect();
    items.sort_by(|one, other| one.name.cmp(&other.name));
    Json(Page { items, next: None })
}
