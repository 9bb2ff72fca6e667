//! What follows the log of events: the exchange, webhooks, and the index of words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use blendline_wire::{Millis, TenantId};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::super::adapters::Record;
use crate::api::now;
use crate::config::Config;
use crate::driver::Status;
use crate::outlets::bell::Bell;
use crate::outlets::{desk, endpoint, exchange, while_serving};
use crate::ports::outlets::{Exchange, Outlets};
use crate::search;

/// How often what is settled and old is dropped from ledgers.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Starts, among the `chores`, what follows the events of the shards that are served here.
///
/// # Errors
/// When there can be no HTTP client.
pub(super) fn start(
    config: &Config,
    (record, exchange): (&Record, Option<Arc<dyn Exchange>>),
    on: &BTreeMap<TenantId, u16>,
    (statuses, bells): (&BTreeMap<u16, watch::Receiver<Status>>, &BTreeMap<u16, Bell>),
    (chores, stop): (&TaskTracker, &CancellationToken),
) -> anyhow::Result<()> {
    let http = config.events.reach.client()?;
    for (shard, status) in statuses {
        let shard = *shard;
        let tenants: BTreeSet<TenantId> =
            on.iter().filter(|(_, on)| **on == shard).map(|(tenant, _)| *tenant).collect();
        let bell = bells.get(&shard).cloned().unwrap_or_default();
        let posting = endpoint::Parts {
            record: record.outlets.clone(),
            archive: record.archive.clone(),
            http: http.clone(),
            reach: config.events.reach,
            pace: config.events.pace,
            bell: bell.clone(),
        };
        let index = search::follow::Parts {
            search: record.search.clone(),
            archive: record.archive.clone(),
            bell: bell.clone(),
        };
        let searched = tenants.clone();
        let work = move |end| search::follow::follow(index.clone(), searched.clone(), end);
        chores.spawn(while_serving(work, status.clone(), stop.clone()));
        let of_shard = tenants.clone();
        let work = move |end| desk::serve(posting.clone(), shard, of_shard.clone(), end);
        chores.spawn(while_serving(work, status.clone(), stop.clone()));
        if let Some(exchange) = exchange.clone() {
            let (record, archive) = (record.outlets.clone(), record.archive.clone());
            let parts = exchange::Parts { record, archive, exchange, bell };
            let work = move |end| exchange::follow(parts.clone(), shard, tenants.clone(), end);
            chores.spawn(while_serving(work, status.clone(), stop.clone()));
        }
    }
    chores.spawn(sweep(record.outlets.clone(), u64::from(config.events.keep_days) * DAY_MS, stop.clone()));
    Ok(())
}

/// Drops what is settled and old from ledgers, a bounded part at a time.
async fn sweep(record: Arc<dyn Outlets>, keep_ms: u64, stop: CancellationToken) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    while stop.run_until_cancelled(every.tick()).await.is_some() {
        let before = Millis(now().0.saturating_sub(keep_ms));
        loop {
            match record.sweep_deliveries(before).await {
                Ok(true) if !stop.is_cancelled() => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "old entries of ledgers were not dropped");
                    break;
                }
            }
        }
    }
}
