//! What stores of desks have in common, whatever the database.

use serde_json::{Value, json};

use crate::ports::desks::Canned;

/// What the audit log tells of a change of a ready answer: all of it, for a company answers for what it says.
pub(in crate::adapters) fn changed(before: Option<&Canned>, after: Option<&Canned>) -> (Value, Value) {
    let told = |canned: &Canned| {
        json!({
            "title": canned.title,
            "text": canned.text,
            "queue": canned.queue,
            "language": canned.language,
            "then": canned.then,
            "hotkey": canned.hotkey,
        })
    };
    (before.map_or(Value::Null, told), after.map_or(Value::Null, told))
}
