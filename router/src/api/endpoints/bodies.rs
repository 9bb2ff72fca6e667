//! What the calls about endpoints take and give.

use blendline_wire::time::Instant;
use blendline_wire::{EventId, Pii};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::now;
use crate::api::page::{Limit, parsed};
use crate::ports::outlets::{Delivery, DeliveryState, Endpoint, EndpointState};

/// An endpoint, without its keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventEndpoint)]
pub struct EndpointInfo {
    /// Its name.
    pub(super) name: String,
    /// Where events are posted.
    pub(super) url: String,
    /// The kinds of events that it gets; empty: all.
    pub(super) kinds: Vec<String>,
    /// The field of a case that holds what this receiver calls something, where it is another system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<String>,
    /// Since when it is there.
    pub(super) created_at: Instant,
    /// `active`, `failing` or `paused`.
    pub(super) state: &'static str,
    /// Since when it fails or is paused; null while all is well.
    #[schema(required)]
    pub(super) since: Option<Instant>,
    /// Why.
    #[schema(required)]
    pub(super) reason: Option<String>,
    /// How many keys sign: more than one while they are changed.
    pub(super) keys: usize,
    /// The key that signs, told once where it was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<Pii<String>>,
}

impl EndpointInfo {
    pub(super) fn of(endpoint: Endpoint) -> Self {
        let at = now();
        let keys = endpoint.keys.iter().filter(|key| key.is_live(at)).count();
        let (state, since, reason) = match endpoint.state {
            EndpointState::Active { failing_since: None, .. } => ("active", None, None),
            EndpointState::Active { failing_since: Some(since), cause } => ("failing", Some(Instant(since)), cause),
            EndpointState::Paused { at, reason } => ("paused", Some(Instant(at)), Some(reason)),
        };
        let Endpoint { name, url, kinds, reference, created_at, .. } = endpoint;
        Self { name, url, kinds, reference, created_at: Instant(created_at), state, since, reason, keys, secret: None }
    }
}

/// An endpoint to be added.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EventEndpointAddition)]
pub struct Addition {
    /// Its name: letters, digits, `-`, `_` and `.`, at most 64 bytes.
    pub(super) name: String,
    /// Where events are to be posted.
    pub(super) url: String,
    /// The kinds of events that it is to get; empty or left out: all.
    #[serde(default)]
    pub(super) kinds: Vec<String>,
    /// The field of a case that holds what this receiver calls something, such as `order`: it gets what befalls the cases that
    /// bear one, in order for each, and is told its own reference with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<String>,
}

/// A change of an endpoint; what is not named stays.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EventEndpointChange)]
pub struct Change {
    /// Where events are to be posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    /// The kinds of events that it is to get; empty: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kinds: Option<Vec<String>>,
    /// The field of a case that holds what this receiver calls something; empty: it is no other system's any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<String>,
    /// True pauses it; false has it go on from where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) paused: Option<bool>,
}

/// How a key is changed.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EventKeyRotation)]
pub struct Rotation {
    /// For how many hours the old key signs beside the new one; left out, 24; 0 ends it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) overlap_hours: Option<u32>,
}

/// What came of a test.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventTest)]
pub struct Tested {
    /// Whether it was answered with a 2xx.
    pub(super) taken: bool,
    /// Why it was not taken.
    #[schema(required)]
    pub(super) cause: Option<String>,
    /// How long it took, in milliseconds.
    pub(super) took_ms: u64,
}

/// Which part of a ledger.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Only those in this state.
    #[param(inline)]
    pub(super) state: Option<DeliveryState>,
    /// Those after this event.
    #[serde(default, deserialize_with = "after_event")]
    #[param(inline)]
    pub(super) after: EventId,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    pub(super) limit: Limit,
}

fn after_event<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EventId, D::Error> {
    parsed(deserializer, "an id of the form evt_…")
}

/// An entry of a ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventDelivery)]
pub struct DeliveryInfo {
    /// The event: also the `webhook-id`.
    pub(super) event: EventId,
    /// When it happened.
    pub(super) at: Instant,
    /// In what its order is kept: the matter, or what comes next to it.
    pub(super) lane: String,
    /// What became of it.
    pub(super) state: DeliveryState,
    /// How often it was tried.
    pub(super) attempts: u32,
    /// When it is tried next or, once it is settled, since when it is.
    pub(super) next_at: Instant,
    /// What came of the latest try; null before the first and where it was taken.
    #[schema(required)]
    pub(super) cause: Option<String>,
}

impl DeliveryInfo {
    pub(super) fn of(delivery: Delivery) -> Self {
        let Delivery { event, at, lane, state, attempts, next_at, cause } = delivery;
        let cause = (!cause.is_empty()).then_some(cause);
        Self { event: EventId(event), at: Instant(at), lane, state, attempts, next_at: Instant(next_at), cause }
    }
}

/// What is to be posted again: these events, or all of a time.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EventReplay)]
pub struct Again {
    /// These events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) events: Vec<EventId>,
    /// What happened from then on, of the kinds that the endpoint gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<Instant>,
    /// And before then; left out, until now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Instant>,
    /// Of a time, only what is not delivered.
    #[serde(default)]
    pub(super) missed: bool,
}

/// What is posted again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventReplayed)]
pub struct Replayed {
    /// How many events.
    pub(super) events: usize,
    /// Where to go on, as `from`, where there were more than one call posts.
    #[schema(required)]
    pub(super) next: Option<Instant>,
}
