//! Which shard each tenant is on, and the doors to the owners of the shards that this process runs.

use std::collections::{BTreeMap, BTreeSet};

use blendline_wire::TenantId;
use tokio::sync::mpsc;

use crate::handle::Handle;

/// The doors of one process.
#[derive(Clone)]
pub struct Doors {
    shards: BTreeMap<TenantId, u16>,
    handles: BTreeMap<u16, Handle>,
    /// A door with nobody behind it, for what this process does not run.
    closed: Handle,
}

impl Doors {
    /// Doors to `handles`, by shard, for tenants on `shards`. A process that only takes messages in has no handles.
    pub fn new(shards: BTreeMap<TenantId, u16>, handles: BTreeMap<u16, Handle>) -> Self {
        Self { shards, handles, closed: Handle::new(mpsc::channel(1).0) }
    }

    /// One shard for these tenants, as an embedded installation has it.
    pub fn single(tenants: impl IntoIterator<Item = TenantId>, handle: Handle) -> Self {
        Self::new(tenants.into_iter().map(|tenant| (tenant, 0)).collect(), BTreeMap::from([(0, handle)]))
    }

    /// The shard of a tenant. Every configured tenant has one.
    pub fn shard(&self, tenant: TenantId) -> u16 {
        self.shards.get(&tenant).copied().unwrap_or_default()
    }

    /// The shards that have tenants.
    pub fn shards(&self) -> BTreeSet<u16> {
        self.shards.values().copied().collect()
    }

    /// The door to the owner of a tenant's shard, or to who waits to become it. Where this process runs no router,
    /// every call says that the owner is not running.
    pub fn of(&self, tenant: TenantId) -> &Handle {
        self.handles.get(&self.shard(tenant)).unwrap_or(&self.closed)
    }

    /// All doors with somebody behind them, by shard.
    pub fn all(&self) -> impl Iterator<Item = (u16, &Handle)> {
        self.handles.iter().map(|(shard, handle)| (*shard, handle))
    }
}
