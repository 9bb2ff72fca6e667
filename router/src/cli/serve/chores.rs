//! What has to be done now and then, beside the owners.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use blendline_core::{Command, Scheduler};
use blendline_wire::event::Actor;
use blendline_wire::{TenantId, WorkerId};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::adapters::live::InProcessLive;
use crate::api::now;
use crate::config;
use crate::directory::{Directories, Directory};
use crate::driver::Status;
use crate::handle::{Call, CallError, Handle};
use crate::media;
use crate::ports::broker::{Broker, inbound_queue, outbound_queue};
use crate::ports::files::Files;
use crate::ports::live::{Live, Present, There};
use crate::ports::store::{Archive, Store};
use crate::spread::share;

/// How often calendars are compiled anew; each time they reach 60 days ahead.
const CALENDARS_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// How often old duplicate keys and journal entries are dropped.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);

/// How often files that nobody refers to are looked for: it reads the whole list of files.
const SWEEP_FILES_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// How often visitors and sessions look again by themselves where other processes may have something for them.
const NUDGE_EVERY: Duration = Duration::from_secs(5);

/// Has everybody who listens look again, now and then.
pub(super) async fn nudge(live: Arc<InProcessLive>, stop: CancellationToken) {
    let mut every = tokio::time::interval(NUDGE_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => live.nudge(),
        }
    }
}

/// How often the owner says who is there. After a loss of everything on Redis it is known again within this time.
const PRESENCE_EVERY: Duration = Duration::from_secs(2);

/// Says who is there of the shard's tenants while it is served here, for whoever cannot ask the owner.
pub(super) async fn tell_presence(
    directories: Directories,
    handle: Handle,
    live: Arc<dyn Live>,
    mut status: watch::Receiver<Status>,
) {
    let mut every = tokio::time::interval(PRESENCE_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if status.wait_for(|status| matches!(status, Status::Serving { .. })).await.is_err() {
            return;
        }
        every.tick().await;
        let directory = directories.now();
        for tenant in directory.tenants.keys() {
            // An owner that stops meanwhile says nothing: the next one does.
            if let Ok(there) = there(&directory, *tenant, &handle).await {
                live.present(*tenant, &there).await;
            }
        }
    }
}

async fn there(directory: &Directory, tenant: TenantId, handle: &Handle) -> Result<There, CallError> {
    let of_tenant = directory.workers.iter().filter(|(_, (owner, _))| *owner == tenant);
    let asked: Vec<WorkerId> = of_tenant.map(|(id, _)| *id).collect();
    let at = now();
    let present = |core: &Scheduler, id: WorkerId| {
        core.worker(id).map(|worker| Present {
            worker: id,
            connected: worker.session.is_some(),
            presence: worker.presence,
            accept: worker.accept,
            capacity: worker.capacity,
            load: core.load_of(id),
            idle_since: worker.idle_since,
        })
    };
    let look = move |core: &Scheduler| asked.into_iter().filter_map(|id| present(core, id)).collect();
    Ok(There { at, workers: handle.look(look).await? })
}

/// How often routers say that they are there, and look who should serve what.
const SPREAD_EVERY: Duration = Duration::from_secs(2);

/// Spreads the shards over the routers that are there, of which this one is reached at `own`.
pub(super) async fn spread(
    live: Arc<dyn Live>,
    own: String,
    preferred: BTreeMap<u16, watch::Sender<bool>>,
    stop: CancellationToken,
) {
    let mut every = tokio::time::interval(SPREAD_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            // What is given up now is taken at once by those who stay.
            () = stop.cancelled() => return live.leave(&own).await,
            _ = every.tick() => {}
        }
        // Nobody knows who is there: whoever serves goes on.
        let Some(routers) = live.gather(&own).await else { continue };
        let shared = share(preferred.keys().copied(), &routers);
        for (shard, preferred) in &preferred {
            let wanted = shared.get(shard).is_none_or(|router| *router == own);
            preferred.send_if_modified(|is| std::mem::replace(is, wanted) != wanted);
        }
    }
}

/// How often the lengths of the queues are asked for.
const DEPTH_EVERY: Duration = Duration::from_secs(10);

/// Tells how many messages wait on the broker.
pub(super) async fn measure_queues(broker: Arc<dyn Broker>, shards: BTreeSet<u16>, stop: CancellationToken) {
    let mut every = tokio::time::interval(DEPTH_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => {}
        }
        for queue in shards.iter().flat_map(|shard| [inbound_queue(*shard), outbound_queue(*shard)]) {
            // A broker that does not answer is told of by those who need it.
            if let Ok(depth) = broker.depth(&queue).await {
                metrics::gauge!("blendline_queue_depth", "queue" => queue).set(depth as f64);
            }
        }
    }
}

/// Compiles a shard's calendars anew once a day: the core knows only the open intervals that it was told.
pub(super) async fn keep_calendars(directories: Directories, handle: Handle, stop: CancellationToken) {
    let mut every = tokio::time::interval(CALENDARS_EVERY);
    // The owner was told at its start.
    every.tick().await;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => {}
        }
        for setting in config::calendars(&directories.now().calendars, now()) {
            match handle.call(Actor::System, Call::Plain(Command::Put(setting))).await {
                // The router that serves the shard renews them.
                Ok(_) | Err(CallError::Elsewhere { .. }) => {}
                Err(error) => tracing::warn!(%error, "a calendar was not renewed"),
            }
        }
    }
}

/// Drops what is too old to be needed, a bounded part at a time.
pub(super) async fn sweep(store: Arc<dyn Store>, stop: CancellationToken) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => {}
        }
        loop {
            match store.sweep(now()).await {
                Ok(true) if !stop.is_cancelled() => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "old keys were not dropped");
                    break;
                }
            }
        }
    }
}

/// Removes files that nobody refers to, once a day.
pub(super) async fn sweep_files(files: Arc<dyn Files>, archive: Arc<dyn Archive>, stop: CancellationToken) {
    let mut every = tokio::time::interval(SWEEP_FILES_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => {}
        }
        let Some(before) = SystemTime::now().checked_sub(media::sweep::AGE) else { continue };
        tokio::select! {
            () = stop.cancelled() => return,
            swept = media::sweep::sweep(files.as_ref(), archive.as_ref(), before) => match swept {
                Ok(0) => {}
                Ok(removed) => tracing::info!(removed, "Files that nobody refers to were removed."),
                Err(error) => tracing::warn!(%error, "Files that nobody refers to were not looked for."),
            },
        }
    }
}
