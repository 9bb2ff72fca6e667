//! What stores of outlets have in common, whatever the database.

use serde_json::{Value, json};

use crate::ports::outlets::{DeliveryState, Endpoint, EndpointState};
use crate::ports::store::StoreError;

/// The most entries of a ledger that are dropped at once.
pub(in crate::adapters) const SWEPT_MAX: i64 = 1_000;

/// What the audit log tells of a change of an endpoint; of its keys only since when they are.
pub(in crate::adapters) fn changed(before: Option<&Endpoint>, after: Option<&Endpoint>) -> (Value, Value) {
    let told = |endpoint: &Endpoint| {
        json!({
            "url": endpoint.url,
            "kinds": endpoint.kinds,
            "reference": endpoint.reference,
            "paused": matches!(endpoint.state, EndpointState::Paused { .. }),
            "keys": endpoint.keys.iter().map(|key| key.until).collect::<Vec<_>>(),
        })
    };
    (before.map_or(Value::Null, told), after.map_or(Value::Null, told))
}

/// The state of an entry, by its name.
pub(in crate::adapters) fn state(name: &str) -> Result<DeliveryState, StoreError> {
    DeliveryState::named(name).ok_or_else(|| StoreError::Corrupt(format!("a delivery is {name:?}")))
}
