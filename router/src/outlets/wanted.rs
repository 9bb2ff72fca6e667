//! What of the log an endpoint gets, and how it is told: by kind, and where the endpoint is another system's, what befell the
//! cases that bear one of its references.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use blendline_cases::Case;
use blendline_wire::CaseId;
use blendline_wire::event::Event;
use blendline_wire::event::case::CaseValue;
use serde_json::{Value, json};

use super::form;
use crate::ports::outlets::{Endpoint, Entered};
use crate::ports::store::{Archive, StoreError};

/// What another system is told of a case where its endpoint does not say.
pub const WRITTEN_BACK: &[&str] = &[
    "case_opened",
    "case_moved",
    "case_closed",
    "case_reopened",
    "case_confirmed",
    "decision_granted",
    "decision_reversed",
    "promise_made",
    "promise_kept",
    "promise_broken",
    "promise_withdrawn",
];

/// True where the endpoint gets events of this kind.
pub fn is_kind_of(endpoint: &Endpoint, event: &Event) -> bool {
    let kind = form::kind(event);
    match (endpoint.kinds.is_empty(), &endpoint.reference) {
        (true, Some(_)) => WRITTEN_BACK.contains(&kind.as_str()),
        (true, None) => true,
        (false, _) => endpoint.kinds.contains(&kind),
    }
}

/// What is to be posted to an endpoint of these events; order is kept in each reference where it is another system's.
pub async fn entered(archive: &dyn Archive, endpoint: &Endpoint, events: &[Event]) -> Result<Vec<Entered>, StoreError> {
    let of_kind = events.iter().filter(|event| is_kind_of(endpoint, event));
    let Some(field) = &endpoint.reference else { return Ok(of_kind.map(form::entered).collect()) };
    let mut cases: BTreeMap<CaseId, Option<Case>> = BTreeMap::new();
    let mut entered = Vec::new();
    for event in of_kind {
        let Some(id) = case_of(event) else { continue };
        if let Entry::Vacant(place) = cases.entry(id) {
            place.insert(archive.case(id).await?.filter(|case| case.tenant == endpoint.tenant));
        }
        let case = cases.get(&id).and_then(Option::as_ref);
        if let Some(reference) = case.and_then(|case| reference_of(case, field)) {
            entered.push(Entered { lane: format!("ref:{reference}"), ..form::entered(event) });
        }
    }
    Ok(entered)
}

/// What is posted; another system is told its own reference with it, and how the case stands now.
pub async fn posted(archive: &dyn Archive, endpoint: &Endpoint, event: &Event) -> Result<Value, StoreError> {
    let mut body = form::posted(event);
    let (Some(field), Some(id)) = (&endpoint.reference, case_of(event)) else { return Ok(body) };
    if let Some(case) = archive.case(id).await?.filter(|case| case.tenant == endpoint.tenant) {
        body["reference"] = json!(reference_of(&case, field));
        body["case"] = json!({ "id": case.id, "type": case.case_type, "stage": case.stage.name });
    }
    Ok(body)
}

/// The case that an event is of, or that its decision is for.
fn case_of(event: &Event) -> Option<CaseId> {
    event.kind.case().or_else(|| event.kind.decision()?.of_case)
}

fn reference_of<'a>(case: &'a Case, field: &str) -> Option<&'a str> {
    match case.fields.get(field)? {
        CaseValue::Text(text) => Some(text.expose()),
        CaseValue::Number(_) | CaseValue::Money { .. } => None,
    }
}
