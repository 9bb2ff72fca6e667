//! What may be lost without harm: hints, shared limits, fan-out, who is there.

use async_trait::async_trait;
use blendline_wire::task::{AcceptMode, Presence};
use blendline_wire::{AccountId, ContactKey, Millis, TenantId, WorkerId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

/// The longest that what was said of workers counts, in milliseconds; who says it says it again well before.
pub const PRESENT_MS: u64 = 10_000;

/// Live state that may be lost at any moment; nothing here is ever the record.
#[async_trait]
pub trait Live: Send + Sync + 'static {
    /// Tells everyone who listens to `topic`, on whatever router. Never waits for others.
    async fn tell(&self, topic: &str, body: Bytes);

    /// Listens to `topic` from now on. A slow listener misses messages and is told how many.
    async fn listen(&self, topic: &str) -> broadcast::Receiver<Bytes>;

    /// Takes one from each of these allowances, or from none; `Err` is the wait in milliseconds.
    async fn allow(&self, all_of: &[Allowance]) -> Result<(), u64>;

    /// Says who of a tenant is there, instead of what was said before. It is forgotten after [`PRESENT_MS`].
    async fn present(&self, tenant: TenantId, there: &There);

    /// What was said last of who is there; `None` when nothing is known.
    async fn presence(&self, tenant: TenantId) -> Option<There>;

    /// Says that this router serves, which counts for [`PRESENT_MS`], and gives all that do; `None` when nobody can tell.
    async fn gather(&self, router: &str) -> Option<Vec<String>>;

    /// Says that this router serves no more.
    async fn leave(&self, router: &str);
}

/// A shared limit: so many at once, and one more in every period.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Allowance {
    /// Whose. May hold an address: it is hashed before it leaves the process.
    pub key: String,
    /// In how many microseconds the allowance grows by one.
    pub every_us: u64,
    /// How many may be taken at once; zero allows nothing.
    pub burst: u32,
}

impl Allowance {
    /// `per_minute` steadily, `burst` at once.
    pub fn per_minute(key: impl Into<String>, per_minute: u32, burst: u32) -> Self {
        let burst = if per_minute == 0 { 0 } else { burst };
        Self { key: key.into(), every_us: 60_000_000 / u64::from(per_minute.max(1)), burst }
    }
}

/// How long to wait when an allowance allows nothing: settings may have changed by then.
pub const NOTHING_WAIT_MS: u64 = 60_000;

/// The workers of a tenant, as its owner saw them.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct There {
    /// When.
    pub at: Millis,
    /// Those who are known.
    pub workers: Vec<Present>,
}

/// A worker, as his owner saw him.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Present {
    /// Who.
    pub worker: WorkerId,
    /// Whether he has a connection.
    pub connected: bool,
    /// Whether he takes work.
    pub presence: Presence,
    /// How he receives it.
    pub accept: AcceptMode,
    /// How much he can have at once; an ordinary task weighs 100.
    pub capacity: u32,
    /// How much of that is taken.
    pub load: u32,
    /// Since when he has nothing.
    pub idle_since: Millis,
}

/// The topic of whoever follows a contact's conversations on an account.
pub fn follow_topic(account: AccountId, contact: ContactKey) -> String {
    format!("follow.{}.{:032x}", account.0, contact.0)
}

/// The topic of a worker's connections: what a supervisor says to whoever is there.
pub fn worker_topic(worker: WorkerId) -> String {
    format!("worker.{}", worker.0)
}

/// The topic of whoever must know that a user's sessions may be over: a notice means "look again".
pub fn session_topic(tenant: TenantId, user: &str) -> String {
    format!("session.{}.{user}", tenant.0)
}
