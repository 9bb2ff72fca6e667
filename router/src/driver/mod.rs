//! The owner of a shard: takes what waits, steps the core, commits once, and only then releases.
//!
//! ```text
//! requests ─┐          look-up        core + texts       one transaction        answers, frames,
//! inbound  ─┼► intake ────────► step ─────────────► commit ──────────────► release ─► acks, outbound
//! clock    ─┘ (draft)           (overlay)           (batch)                (in order)
//! ```
//!
//! While a batch is being committed the next one is taken in, looked up and stepped, but never released (P3).
//!
//! Suggested reading order: [`owner`], [`serve`], [`draft`], [`step`], [`inbound`], [`calls`], [`release`].

mod ahead;
mod approvals;
mod awaited;
mod batch;
mod by_hand;
mod calls;
mod case_words;
mod cases;
mod chores;
mod config;
mod consent;
mod customers;
mod decisions;
mod decode;
mod draft;
mod externals;
mod forecasts;
mod handover;
mod health;
mod improvements;
mod inbound;
mod intake;
mod joined;
pub(crate) mod keys;
mod kin;
mod mail;
mod media;
mod noted;
mod notices;
mod overlay;
mod owner;
mod post;
pub(crate) mod private;
mod quality;
mod ratings;
mod release;
mod repeats;
mod reported;
pub(crate) mod reviewers;
mod reviews;
mod rules;
mod same;
mod satisfaction;
mod sent_back;
mod serve;
mod sessions;
mod solved;
mod status_word;
mod step;
pub(crate) mod synced;
mod telemetry;
mod transcripts;
mod wrapped_up;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use config::DriverConfig;

use crate::directory::Directories;
use crate::handle::Handle;
use crate::ports::broker::Broker;
use crate::ports::store::{Archive, Store};

/// What a driver is doing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Status {
    /// It waits for its turn: nobody's requests are taken.
    Standby {
        /// Who owns the shard, once the record has said so.
        owner: Option<String>,
    },
    /// It has the shard and reads its rows.
    Loading,
    /// It serves the shard under this epoch.
    Serving {
        /// The fencing number.
        epoch: u64,
    },
    /// It stopped in order, or could not go on; the word says why.
    Stopped(String),
}

/// A running driver.
pub struct Driver {
    handle: Handle,
    status: watch::Receiver<Status>,
    preferred: watch::Sender<bool>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Driver {
    /// The door. Requests that come while the shard is not served are answered as not available.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// What it is doing; changes wake whoever waits.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Where it is told whether it should be the one that serves, which it is until it is told otherwise. One that should
    /// not gives the shard up in order, and takes it again only when nobody else does.
    pub fn preferred(&self) -> watch::Sender<bool> {
        self.preferred.clone()
    }

    /// Waits until the shard is served; `Err` with the cause when it never will be.
    pub async fn ready(&self) -> Result<(), String> {
        let mut status = self.status();
        let seen = status.wait_for(|status| matches!(status, Status::Serving { .. } | Status::Stopped(_))).await;
        match seen.as_deref() {
            Ok(Status::Stopped(cause)) => Err(cause.clone()),
            Ok(_) => Ok(()),
            Err(_) => Err("the driver is gone".to_owned()),
        }
    }

    /// Stops in order: intake ends, the batch at hand is committed and released, the shard is given up.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "The driver did not stop in order.");
        }
    }

    /// Stops at once, as a crash would: nothing more is committed, released or given up.
    pub fn abort(self) {
        self.task.abort();
    }
}

/// Starts the driver of one shard. It takes the shard when it can and stands by until then.
pub fn start(
    config: DriverConfig,
    store: Arc<dyn Store>,
    archive: Arc<dyn Archive>,
    broker: Arc<dyn Broker>,
    directories: impl Into<Directories>,
) -> Driver {
    let (requests, inbox) = mpsc::channel(config.requests_max);
    let (status, seen) = watch::channel(Status::Standby { owner: None });
    let stop = CancellationToken::new();
    let (preferred, wanted) = watch::channel(true);
    let (directories, stopped) = (directories.into(), stop.clone());
    let owner = owner::Owner { config, store, archive, broker, directories, status, wanted, stop: stopped };
    let task = tokio::spawn(owner.run(inbox));
    Driver { handle: Handle::new(requests), status: seen, preferred, stop, task }
}
