//! Tells those who follow a tenant's events that there are new ones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use blendline_core::Write;
use blendline_wire::TenantId;
use tokio::sync::watch;

/// Rung after each commit; whoever listens hears the number of the tenant's latest event.
///
/// Only a hint: who follows reads the record, and from there when he begins.
#[derive(Clone, Debug, Default)]
pub struct Bell {
    listeners: Arc<Mutex<BTreeMap<TenantId, watch::Sender<u64>>>>,
}

impl Bell {
    /// Hears of a tenant's events from now on.
    pub fn listen(&self, tenant: TenantId) -> watch::Receiver<u64> {
        self.listeners().entry(tenant).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Tells of what was committed.
    pub fn ring(&self, writes: &[Write]) {
        let mut latest: BTreeMap<TenantId, u64> = BTreeMap::new();
        for write in writes {
            if let Write::Event(event) = write {
                let number = latest.entry(event.tenant).or_default();
                *number = event.id.0.max(*number);
            }
        }
        let listeners = self.listeners();
        for (tenant, number) in latest {
            if let Some(heard) = listeners.get(&tenant) {
                heard.send_replace(number);
            }
        }
    }

    fn listeners(&self) -> MutexGuard<'_, BTreeMap<TenantId, watch::Sender<u64>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
