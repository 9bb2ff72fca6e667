//! Devices on which people want to be told what happens at their desks while they do not look at them.

use async_trait::async_trait;
use blendline_wire::{Millis, Pii, TenantId, WorkerId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::people::Deed;
use super::store::StoreError;

/// The most devices of one user; the oldest go first.
pub const DEVICES_MAX: usize = 10;

/// The record of them. Nothing here is on a task's path.
#[async_trait]
pub trait Devices: Send + Sync + 'static {
    /// The keys by which push services know this installation: those that are kept, else `fresh`, which are kept from now on.
    async fn push_keys(&self, fresh: &PushKeys) -> Result<PushKeys, StoreError>;

    /// The devices of whoever is this worker, the oldest first.
    async fn devices_of_worker(&self, tenant: TenantId, worker: WorkerId) -> Result<Vec<Device>, StoreError>;

    /// The devices of a user, by compared name, the oldest first.
    async fn devices_of_user(&self, tenant: TenantId, user: &str) -> Result<Vec<Device>, StoreError>;

    /// Puts a device in the place of the one with the same endpoint, whosever it was: a browser belongs to who uses it now.
    ///
    /// True when the user did not have it before: then `by` makes an entry in the audit log. Beyond [`DEVICES_MAX`] the
    /// oldest of the user are dropped.
    async fn put_device(&self, device: &Device, by: &Deed) -> Result<bool, StoreError>;

    /// Removes a device of a user; false when he has none of this id.
    async fn remove_device(&self, tenant: TenantId, user: &str, id: DeviceId, by: &Deed) -> Result<bool, StoreError>;

    /// Notes what came of a push to a device, where it is there still.
    async fn note_device(&self, id: DeviceId, tried: Tried) -> Result<(), StoreError>;
}

/// What push services know this installation by: an ECDSA key over P-256.
#[derive(Clone, Eq, PartialEq)]
pub struct PushKeys {
    /// The public key, uncompressed: 65 bytes.
    pub public: Vec<u8>,
    /// The private key in PKCS #8.
    pub private: Vec<u8>,
    /// When they were made.
    pub made_at: Millis,
}

impl std::fmt::Debug for PushKeys {
    /// Without the private one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushKeys").field("made_at", &self.made_at).finish_non_exhaustive()
    }
}

/// What a device is known by: 16 bytes of its endpoint's hash.
pub type DeviceId = [u8; 16];

/// The id of the device with this endpoint.
pub fn device_id(endpoint: &str) -> DeviceId {
    let hash = Sha256::digest(endpoint.as_bytes());
    std::array::from_fn(|index| hash[index])
}

/// A device. Whoever knows its endpoint and keys can put notices on it, so none of them is shown or logged.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Device {
    /// Its id, by [`device_id`].
    #[serde(skip)]
    pub id: DeviceId,
    /// Whose tenant.
    pub tenant: TenantId,
    /// Whose it is, by compared name.
    pub user: String,
    /// The worker he was when he said so.
    pub worker: WorkerId,
    /// Where its push service takes what is for it.
    pub endpoint: Pii<String>,
    /// Its public key (P-256, uncompressed), in base64url.
    pub p256dh: Pii<String>,
    /// The secret that it shares with us, in base64url.
    pub auth: Pii<String>,
    /// The language in which it is told: `en`, `he`.
    pub lang: String,
    /// Since when it is known.
    #[serde(skip)]
    pub created_at: Millis,
    /// When its push service last took something.
    #[serde(skip)]
    pub taken_at: Option<Millis>,
    /// How often on end it has not.
    #[serde(skip)]
    pub failures: u32,
}

/// What came of a push.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tried {
    /// The push service took it.
    Taken(Millis),
    /// It did not.
    Failed,
    /// The push service does not know the device any more: it is forgotten.
    Gone,
}
