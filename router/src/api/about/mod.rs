//! What the routes of the API say of themselves, by noun like the controllers; the table of routes names each beside its
//! handler.

pub(super) mod accounts;
pub(super) mod canned;
pub(super) mod cases;
pub(super) mod consents;
pub(super) mod conversations;
pub(super) mod decisions;
pub(super) mod drafts;
pub(super) mod endpoints;
pub(super) mod externals;
pub(super) mod floor;
pub(super) mod health;
pub(super) mod held;
pub(super) mod improvements;
pub(super) mod items;
pub(super) mod journeys;
pub(super) mod macros;
pub(super) mod matters;
pub(super) mod media;
pub(super) mod notes;
pub(super) mod operations;
pub(super) mod pages;
pub(super) mod people;
pub(super) mod push;
pub(super) mod quality;
pub(super) mod queues;
pub(super) mod rules;
pub(super) mod search;
pub(super) mod sessions;
pub(super) mod status;
pub(super) mod synced;
pub(super) mod systems;
pub(super) mod tasks;
pub(super) mod trials;
pub(super) mod users;
pub(super) mod webhooks;
pub(super) mod work;
pub(super) mod workers;
pub(super) mod worklist;

use serde_json::{Value, json};

/// A task as an answer shows it.
fn task() -> Value {
    json!({
        "id": "tsk_7", "kind": "item", "side": "back", "queue": "refunds", "state": "waiting", "lease": 0,
        "matter": "mat_8", "created_at": "2026-11-25T09:30:00Z", "earned_at": "2026-11-25T09:30:00Z",
        "due_at": "2026-11-25T13:30:00Z", "target_missed": false, "unanswered": true
    })
}

/// A line of a transcript.
fn message() -> Value {
    json!({ "seq": 1, "at": 1_795_599_000_000_u64, "from": "customer", "name": "Dana", "text": "Where is my order?" })
}
