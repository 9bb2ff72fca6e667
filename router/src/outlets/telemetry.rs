//! What goes out, as figures and lines of the log: one function per happening, no bodies, no addresses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use blendline_wire::{Millis, TenantId};
use metrics::{counter, gauge};

use crate::api::now;

/// Since when those who follow are behind, by whom they follow for.
#[derive(Clone, Debug, Default)]
pub(super) struct Behind(Arc<Mutex<BTreeMap<(TenantId, String), Millis>>>);

impl Behind {
    /// The oldest event that waits, or that none does.
    pub(super) fn note(&self, tenant: TenantId, of: &str, oldest: Option<Millis>) {
        let mut behind = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match oldest {
            Some(at) => drop(behind.insert((tenant, of.to_owned()), at)),
            None => drop(behind.remove(&(tenant, of.to_owned()))),
        }
    }

    /// For how many seconds the oldest of all has waited.
    pub(super) fn seconds(&self) -> f64 {
        let behind = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = behind.values().min();
        oldest.map_or(0.0, |oldest| now().since(*oldest) as f64 / 1000.0)
    }
}

pub(super) fn exchange_lag(shard: u16, seconds: f64) {
    gauge!("blendline_exchange_lag_seconds", "shard" => shard.to_string()).set(seconds);
}

pub(super) fn published(events: usize) {
    counter!("blendline_exchange_published_total", "outcome" => "confirmed").increment(events as u64);
}

pub(super) fn not_published(tenant: TenantId, events: usize, cause: &str) {
    counter!("blendline_exchange_published_total", "outcome" => "failed").increment(events as u64);
    tracing::warn!(%tenant, events, cause, "Events were not published; they are tried again.");
}

pub(super) fn endpoints(shard: u16, seconds: f64, paused: usize) {
    gauge!("blendline_webhooks_out_lag_seconds", "shard" => shard.to_string()).set(seconds);
    gauge!("blendline_webhooks_out_paused", "shard" => shard.to_string()).set(paused as f64);
}

pub(super) fn delivered() {
    counter!("blendline_webhooks_out_total", "outcome" => "delivered").increment(1);
}

pub(super) fn refused(tenant: TenantId, endpoint: &str, event: u64, attempts: u32, cause: &str) {
    counter!("blendline_webhooks_out_total", "outcome" => "refused").increment(1);
    tracing::info!(%tenant, endpoint, event, attempts, cause, "A webhook was not taken; it is posted again.");
}

pub(super) fn failed(tenant: TenantId, endpoint: &str, event: u64, attempts: u32, cause: &str) {
    counter!("blendline_webhooks_out_total", "outcome" => "failed").increment(1);
    tracing::warn!(%tenant, endpoint, event, attempts, cause, "A webhook was tried as often as allowed.");
}

pub(super) fn paused(tenant: TenantId, endpoint: &str, reason: &str) {
    tracing::warn!(%tenant, endpoint, reason, "An endpoint is paused; its events wait in the log.");
}

pub(super) fn record_away(what: &'static str, cause: &str) {
    tracing::warn!(what, cause, "What goes out waits for the record.");
}
