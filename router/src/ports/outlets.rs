//! What goes out to other systems: how far each has the events, who wants them, and the ledger of what was posted.

use async_trait::async_trait;
use blendline_wire::event::Event;
use blendline_wire::{Millis, Pii, TenantId};
use serde::{Deserialize, Serialize};

use super::broker::BrokerError;
use super::people::Deed;
use super::store::StoreError;

/// How many keys are good at once.
const KEYS_MAX: usize = 4;

/// The record of what goes out. Whoever owns a tenant's shard works on it; nothing here is on a task's path.
#[async_trait]
pub trait Outlets: Send + Sync + 'static {
    /// The number of a tenant's latest event; 0 before the first.
    async fn last_event(&self, tenant: TenantId) -> Result<u64, StoreError>;

    /// These events of a tenant, by number.
    async fn events_numbered(&self, tenant: TenantId, numbers: &[u64]) -> Result<Vec<Event>, StoreError>;

    /// Up to which event a sink has a tenant's; `None` before it began.
    async fn position(&self, tenant: TenantId, sink: &Sink) -> Result<Option<u64>, StoreError>;

    /// Moves a sink on from `from` to `to`, and enters what there is to post, in one transaction.
    ///
    /// False when it is not at `from` any more: somebody else moved it, and nothing is done.
    async fn move_on(
        &self,
        tenant: TenantId,
        sink: &Sink,
        (from, to): (Option<u64>, u64),
        entered: &[Entered],
    ) -> Result<bool, StoreError>;

    /// The endpoints of these tenants, in no order.
    async fn endpoints(&self, tenants: &[TenantId]) -> Result<Vec<Endpoint>, StoreError>;

    /// Puts an endpoint in the place of the one whose version is one less; version 1 is a new one.
    ///
    /// False when another was quicker: then nothing is done. `by` makes an entry in the audit log.
    async fn put_endpoint(&self, endpoint: &Endpoint, by: Option<&Deed>) -> Result<bool, StoreError>;

    /// Removes an endpoint with its ledger; false when there is none.
    async fn remove_endpoint(&self, tenant: TenantId, name: &str, by: &Deed) -> Result<bool, StoreError>;

    /// What is still to be posted to an endpoint after an event, by event, at most `limit`; of one lane where one is named.
    async fn pending(
        &self,
        tenant: TenantId,
        endpoint: &str,
        lane: Option<&str>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Writes down what came of tries, in one transaction. What is settled already stays.
    async fn tried(&self, tenant: TenantId, endpoint: &str, tries: &[Tried]) -> Result<(), StoreError>;

    /// The ledger of an endpoint after an event, by event, at most `limit`; only what is in a state where one is named.
    async fn deliveries(
        &self,
        tenant: TenantId,
        endpoint: &str,
        state: Option<DeliveryState>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Has these posted again, whether they were entered before or not.
    async fn post_again(&self, tenant: TenantId, endpoint: &str, entered: &[Entered]) -> Result<(), StoreError>;

    /// Drops a bounded part of what was settled before. True when there is more to drop.
    async fn sweep_deliveries(&self, before: Millis) -> Result<bool, StoreError>;
}

/// Where events are published.
#[async_trait]
pub trait Exchange: Send + Sync + 'static {
    /// Publishes them in this order; `Ok` when all are confirmed. After an error some may be there: they come again.
    async fn publish(&self, events: &[Outgoing]) -> Result<(), BrokerError>;
}

/// An event on its way to the exchange.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outgoing {
    /// Its id, as text: what consumers know it by.
    pub id: String,
    /// What bindings look at: the tenant's id and the kind, with a dot between.
    pub routing_key: String,
    /// Its kind.
    pub kind: String,
    /// When it happened.
    pub at: Millis,
    /// The event as JSON.
    pub body: Vec<u8>,
}

/// Who follows the log of events.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Sink {
    /// The exchange.
    Exchange,
    /// The endpoint of this name.
    Endpoint(String),
}

impl Sink {
    /// Its name in the record.
    pub fn name(&self) -> String {
        match self {
            Self::Exchange => "exchange".to_owned(),
            Self::Endpoint(name) => format!("webhook:{name}"),
        }
    }
}

/// Where a tenant wants events posted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Endpoint {
    /// Whose.
    pub tenant: TenantId,
    /// Its name; unique within the tenant.
    pub name: String,
    /// How often it was changed, and once more.
    pub version: u32,
    /// Where events are posted.
    pub url: String,
    /// The kinds of events that it gets; empty: all.
    pub kinds: Vec<String>,
    /// The field of a case that holds what this receiver calls something; set, it gets what befalls cases that bear one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What signs, the newest first.
    pub keys: Vec<SigningKey>,
    /// Since when it is there.
    pub created_at: Millis,
    /// How it is.
    pub state: EndpointState,
}

/// What signs.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SigningKey {
    /// `whsec_` and base64.
    pub secret: Pii<String>,
    /// Until when, where a newer one took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
}

impl SigningKey {
    /// True while it is good.
    pub fn is_live(&self, at: Millis) -> bool {
        self.until.is_none_or(|until| at < until)
    }

    /// Puts a new key before those that are there, which are good for `overlap_ms` longer at most.
    pub fn rotate(keys: &mut Vec<Self>, secret: Pii<String>, at: Millis, overlap_ms: u64) {
        let until = at.plus(overlap_ms);
        for key in keys.iter_mut() {
            key.until = Some(key.until.map_or(until, |before| before.min(until)));
        }
        keys.retain(|key| key.is_live(at));
        keys.insert(0, Self { secret, until: None });
        keys.truncate(KEYS_MAX);
    }
}

/// How an endpoint is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum EndpointState {
    /// Events are posted to it.
    Active {
        /// Since when nothing got through; left out while all is well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failing_since: Option<Millis>,
        /// Why nothing does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
    },
    /// Nothing is posted; events wait in the log.
    Paused {
        /// Since when.
        at: Millis,
        /// Why.
        reason: String,
    },
}

impl EndpointState {
    /// Active, and well.
    pub const WELL: Self = Self::Active { failing_since: None, cause: None };
}

/// An entry of the ledger that is new: an event to be posted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entered {
    /// The event's number.
    pub event: u64,
    /// When it happened.
    pub at: Millis,
    /// In what order is kept: the matter, or what comes next to it.
    pub lane: String,
}

/// An entry of the ledger.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// The event's number.
    pub event: u64,
    /// When it happened.
    pub at: Millis,
    /// In what order is kept.
    pub lane: String,
    /// Whether it was posted.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next or, once it is settled, since when it is.
    pub next_at: Millis,
    /// What came of the latest try; empty before the first.
    pub cause: String,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is to be posted.
    Pending,
    /// It was taken.
    Delivered,
    /// It was tried as often as allowed.
    Failed,
}

impl DeliveryState {
    /// Its name in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Pending, Self::Delivered, Self::Failed].into_iter().find(|state| state.as_str() == name)
    }
}

/// What came of a try.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tried {
    /// The event's number.
    pub event: u64,
    /// What it is now.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next or, once it is settled, since when it is.
    pub next_at: Millis,
    /// What came of it.
    pub cause: String,
}
