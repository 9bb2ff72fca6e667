//! The form in which an event leaves: what docs/events.md promises.

use blendline_wire::event::{Actor, Event, EventKind};
use blendline_wire::time::Instant;
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::ports::outlets::{Entered, Outgoing};

/// The word for a kind of event.
pub fn kind(event: &Event) -> String {
    let value = serde_json::to_value(&event.kind).unwrap_or_default();
    value["event"].as_str().unwrap_or_default().to_owned()
}

/// Why there is no such kind of event, with the kinds that there are.
pub fn unknown_kind(word: &str) -> Option<String> {
    // Nearly every kind has fields and misses them here; what is asked is whether the word is known.
    let error = EventKind::deserialize(json!({ "event": word })).err()?.to_string();
    error.starts_with("unknown variant").then_some(error)
}

/// For the exchange.
pub fn outgoing(event: &Event) -> Outgoing {
    let kind = kind(event);
    Outgoing {
        id: event.id.to_string(),
        routing_key: format!("{}.{kind}", event.tenant),
        kind,
        at: event.at,
        body: serde_json::to_vec(event).unwrap_or_default(),
    }
}

/// For a webhook.
pub fn posted(event: &Event) -> Value {
    json!({ "type": kind(event), "timestamp": Instant(event.at), "data": event })
}

/// As an entry of a ledger.
pub fn entered(event: &Event) -> Entered {
    Entered { event: event.id.0, at: event.at, lane: lane(event) }
}

/// In what order is kept: a case's events by their case, which outlives conversations, a decision's by their decision; else the matter, or the conversation or
/// task where there is no matter, or the worker.
fn lane(event: &Event) -> String {
    if let Some(case) = event.kind.case() {
        return case.to_string();
    }
    if let Some(told) = event.kind.decision() {
        return told.decision.to_string();
    }
    let named = event.matter.map(|id| id.to_string()).or_else(|| event.conversation.map(|id| id.to_string()));
    let named = named.or_else(|| event.task.map(|id| id.to_string()));
    match (named, event.actor) {
        (Some(name), _) => name,
        (None, Actor::Worker(worker)) => worker.to_string(),
        (None, _) => event.tenant.to_string(),
    }
}
