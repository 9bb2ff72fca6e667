//! What has to be done now and then, beside the owners.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use blendline_core::Command;
use blendline_wire::event::Actor;
use tokio_util::sync::CancellationToken;

use crate::adapters::live::InProcessLive;
use crate::api::now;
use crate::config;
use crate::directory::Directories;
use crate::handle::{Call, CallError, Handle};
use crate::media;
use crate::ports::files::Files;
use crate::ports::store::{Archive, Store};

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
