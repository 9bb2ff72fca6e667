//! What may be lost without harm: hints, shared limits, fan-out.

use async_trait::async_trait;
use blendline_wire::{AccountId, ContactKey, TenantId};
use bytes::Bytes;
use tokio::sync::broadcast;

/// Live state that may be lost at any moment; nothing here is ever the record.
#[async_trait]
pub trait Live: Send + Sync + 'static {
    /// Tells everyone who listens to `topic`, on whatever router.
    async fn tell(&self, topic: &str, body: Bytes);

    /// Listens to `topic` from now on. A slow listener misses messages and is told how many.
    async fn listen(&self, topic: &str) -> broadcast::Receiver<Bytes>;

    /// Takes one from the allowance `key` of `per_minute` with bursts of `burst`; `Err` is the wait in milliseconds.
    async fn allow(&self, key: &str, per_minute: u32, burst: u32) -> Result<(), u64>;
}

/// The topic of whoever follows a contact's conversations on an account.
pub fn follow_topic(account: AccountId, contact: ContactKey) -> String {
    format!("follow.{}.{:032x}", account.0, contact.0)
}

/// The topic of whoever must know that a user's sessions may be over: a notice means "look again".
pub fn session_topic(tenant: TenantId, user: &str) -> String {
    format!("session.{}.{user}", tenant.0)
}
