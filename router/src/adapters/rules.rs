//! What the audit log tells of rule sets, whatever the database.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::ports::rules::{RuleDraft, RuleSetRow};
use crate::rules::diff::diff;

/// What was live before and what is after, and the lines in which they differ.
pub(in crate::adapters) fn published(before: Option<&RuleSetRow>, after: &RuleSetRow) -> (Value, Value) {
    let told = |row: &RuleSetRow| {
        json!({
            "version": row.version,
            "author": row.author,
            "reason": row.reason,
            "sha256": hex::encode(Sha256::digest(&row.text)),
            "stage": row.stage,
        })
    };
    let mut now = told(after);
    now["diff"] = json!(diff(before.map_or("", |before| &before.text), &after.text));
    (before.map_or(Value::Null, told), now)
}

/// That there is another draft; its text is in no log before it is live.
pub(in crate::adapters) fn drafted(draft: &RuleDraft) -> (Value, Value) {
    (Value::Null, json!({ "author": draft.author, "sha256": hex::encode(Sha256::digest(&draft.text)) }))
}
