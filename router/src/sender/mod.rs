//! Sends messages of ours: claims, keeps the platform's pace, makes one call, reports what came of it (P13).
//!
//! A sender decides nothing. The core hands over one message per conversation and says when to try again; the claim in
//! the record, made before the call, is what keeps a message from being sent twice whatever crashes when.

mod attempt;
mod engine;
mod telemetry;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use blendline_connectors::Connector;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::directory::Directory;
use crate::ports::broker::Broker;
use crate::ports::live::Live;
use crate::ports::store::Store;

/// How a sender works.
#[derive(Clone)]
pub struct SenderConfig {
    /// The shard whose outbound queue it consumes.
    pub shard: u16,
    /// Unique for every start of a sender: what an earlier one claimed is not ours.
    pub sender: String,
    /// How many messages may be under way at once.
    pub in_flight_max: usize,
    /// How long one call to a platform may take, in milliseconds.
    pub call_ms: u64,
    /// Where channels are found.
    pub connectors: fn(&str) -> Option<&'static dyn Connector>,
    /// Where limits are counted that outlive this sender: the next owner goes on where this one stopped.
    pub shared_limits: Option<Arc<dyn Live>>,
}

impl SenderConfig {
    /// The usual sender of a shard, under a name of its own.
    pub fn new(shard: u16) -> Self {
        Self {
            shard,
            sender: uuid::Uuid::now_v7().to_string(),
            in_flight_max: 256,
            call_ms: 10_000,
            connectors: blendline_connectors::by_name,
            shared_limits: None,
        }
    }
}

/// A running sender.
pub struct Sender {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Sender {
    /// Stops in order: calls under way end and are reported, what was not begun is left on the queue.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "The sender did not stop in order.");
        }
    }

    /// Takes nothing new from now on; calls under way go on.
    pub fn abort(self) {
        self.task.abort();
    }
}

/// Starts the sender of one shard. `http` must follow [`blendline_connectors::http_client_rules`].
pub fn start(
    config: SenderConfig,
    store: Arc<dyn Store>,
    broker: Arc<dyn Broker>,
    directory: Arc<Directory>,
    http: reqwest::Client,
) -> Sender {
    let stop = CancellationToken::new();
    let engine = engine::Engine::new(config, store, broker, directory, http, stop.clone());
    Sender { stop, task: tokio::spawn(engine.run()) }
}
