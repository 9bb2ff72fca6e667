//! What other systems sign their posts with.

use async_trait::async_trait;
use blendline_wire::{Millis, TenantId};
use serde::{Deserialize, Serialize};

use super::outlets::SigningKey;
use super::people::Deed;
use super::store::StoreError;

/// The record of systems that sign. It is read at every signed post and changed by people.
#[async_trait]
pub trait Systems: Send + Sync + 'static {
    /// The keys of a system; `None` where it never had any.
    async fn system(&self, tenant: TenantId, system: &str) -> Result<Option<SystemKeys>, StoreError>;

    /// All systems of a tenant that have keys, by name.
    async fn systems(&self, tenant: TenantId) -> Result<Vec<SystemKeys>, StoreError>;

    /// Puts keys in the place of those whose version is one less; version 1 is a new system.
    ///
    /// False when another was quicker: then nothing is done. `by` makes an entry in the audit log.
    async fn put_system(&self, keys: &SystemKeys, by: &Deed) -> Result<bool, StoreError>;

    /// Removes all keys of a system; false when it has none.
    async fn remove_system(&self, tenant: TenantId, system: &str, by: &Deed) -> Result<bool, StoreError>;
}

/// What a system signs with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SystemKeys {
    /// Whose.
    pub tenant: TenantId,
    /// The system, as the rules name it.
    pub system: String,
    /// How often they were changed, and once more.
    pub version: u32,
    /// The keys, the newest first.
    pub keys: Vec<SigningKey>,
    /// Since when it signs.
    pub created_at: Millis,
}
