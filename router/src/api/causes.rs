//! Why work is sent back: the words that a verdict or a move may give as its cause.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_quality::rules::CAUSES;
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::page::Page;
use super::problem::Failure;
use super::reviews::quality_of;

/// Why work is sent back.
#[derive(Debug, Serialize, ToSchema)]
pub struct CauseInfo {
    /// The word that is given as `cause`.
    name: String,
    /// Whether it is the company's own, from its rules.
    own: bool,
    /// What people call it, by language; those that every company has are named by whoever shows them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    words: BTreeMap<String, String>,
}

/// Every cause: those that all have, and those of the live rules.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<Page<CauseInfo>>, Failure> {
    let directory = app.directory();
    let shipped = CAUSES.iter().map(|name| CauseInfo { name: (*name).to_owned(), own: false, words: BTreeMap::new() });
    let own = quality_of(&directory, caller.tenant).into_iter().flat_map(|quality| &quality.causes);
    let own = own.map(|(name, words)| CauseInfo { name: name.clone(), own: true, words: words.0.clone() });
    Ok(Json(Page { items: shipped.chain(own).collect(), next: None }))
}
