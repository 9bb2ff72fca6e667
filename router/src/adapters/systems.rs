//! What stores of systems' keys have in common, whatever the database.

use serde_json::{Value, json};

use crate::ports::systems::SystemKeys;

/// What the audit log tells of a change of keys: of each only until when it is good.
pub(in crate::adapters) fn changed(before: Option<&SystemKeys>, after: Option<&SystemKeys>) -> (Value, Value) {
    let told = |of: &SystemKeys| json!({ "keys": of.keys.iter().map(|key| key.until).collect::<Vec<_>>() });
    (before.map_or(Value::Null, told), after.map_or(Value::Null, told))
}
