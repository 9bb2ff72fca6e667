//! What stores of devices have in common, whatever the database.

use serde_json::{Value, json};

use crate::ports::devices::{Device, DeviceId};

/// What the audit log tells of a new device: which, and in what language it is told. Where it is reached is a secret.
pub(in crate::adapters) fn added(device: &Device) -> (Value, Value) {
    (Value::Null, json!({ "device": hex::encode(device.id), "lang": device.lang }))
}

/// What it tells of one that was removed.
pub(in crate::adapters) fn removed(id: DeviceId) -> (Value, Value) {
    (json!({ "device": hex::encode(id) }), Value::Null)
}
