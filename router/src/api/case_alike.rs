//! Cases that are nobody's yet, found by what a customer says of them: forgotten goods by their list.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_rules::normal::normal;
use blendline_wire::event::case::CaseValue;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::auth::Caller;
use super::case_view::{self, CaseInfo};
use super::page::Page;
use super::problem::Failure;
use crate::api::page::Params;
use crate::ports::store::CaseFilter;

/// How many open cases of a type are looked through.
const LOOKED_THROUGH: usize = 1_000;
/// How many are shown.
const SHOWN: usize = 10;
/// The longest claim.
const CLAIM_CHARS_MAX: usize = 1_000;

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AlikeWanted {
    /// The type of the cases.
    #[serde(rename = "type")]
    case_type: String,
    /// The field that is compared.
    field: String,
    /// What the customer says, in his words; at most 1000 characters.
    text: String,
}

/// A case that may be meant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseAlike)]
pub struct AlikeInfo {
    /// Which part of the words that the customer said the case has too, in parts of a thousand.
    share_milli: u32,
    /// The case.
    case: CaseInfo,
}

/// Open cases without a customer that have words of the text, those with most of them first.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<AlikeWanted>,
) -> Result<Json<Page<AlikeInfo>>, Failure> {
    if wanted.text.chars().count() > CLAIM_CHARS_MAX {
        return Err(Failure::bad("text", format!("give at most {CLAIM_CHARS_MAX} characters")));
    }
    let claim = words(&wanted.text);
    if claim.is_empty() {
        return Err(Failure::bad("text", "name at least one thing"));
    }
    let filter = CaseFilter { open: true, case_type: Some(wanted.case_type.clone()), ..CaseFilter::default() };
    let mut alike = Vec::new();
    for case in app.archive().cases(caller.tenant, &filter, None, LOOKED_THROUGH).await? {
        let Some(CaseValue::Text(text)) = case.fields.get(&wanted.field).filter(|_| case.links.contact.is_none())
        else {
            continue;
        };
        let share = share_milli(&claim, &words(text.expose()));
        if share > 0 {
            alike.push((share, case));
        }
    }
    // Of those alike the one found last is the likeliest.
    alike.sort_by_key(|(share, case)| (std::cmp::Reverse(*share), std::cmp::Reverse(case.opened_at), case.id));
    let directory = app.directory();
    let shown = alike.into_iter().take(SHOWN);
    let items = shown
        .map(|(share_milli, case)| AlikeInfo { share_milli, case: case_view::info(case, &directory, caller.worker) });
    Ok(Json(Page { items: items.collect(), next: None }))
}

/// The words of a text, without regard to signs, case and order.
fn words(text: &str) -> BTreeSet<String> {
    normal(text).split_whitespace().map(str::to_owned).collect()
}

fn share_milli(claim: &BTreeSet<String>, found: &BTreeSet<String>) -> u32 {
    let both = claim.intersection(found).count();
    u32::try_from(both * 1_000 / claim.len().max(1)).unwrap_or(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_compared_word_by_word() {
        let share = |claim: &str, found: &str| share_milli(&words(claim), &words(found));
        assert_eq!(share("Milk, eggs", "EGGS; bread; milk"), 1_000);
        assert_eq!(share("milk eggs cheese butter", "milk"), 250);
        assert_eq!(share("חלב וביצים", "חלב, לחם"), 500);
        assert_eq!(share("cheese", "milk"), 0);
    }
}
