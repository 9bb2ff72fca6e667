//! Takes messages from the queue and keeps a bounded number of them under way.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use blendline_connectors::limits::Limits;
use blendline_wire::broker::BrokerMessage;
use blendline_wire::{Millis, OutboundId};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Duration, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::directory::Directory;
use crate::patience::BackOff;
use crate::ports::broker::{Acker, Broker, Delivery, Subscription, inbound_queue, outbound_queue};
use crate::ports::store::Store;
use crate::sender::{SenderConfig, telemetry};

/// How often recipients whose allowance is full again are forgotten.
const TIDY: Duration = Duration::from_secs(60);

/// What every attempt needs.
pub(crate) struct Desk {
    pub(crate) config: SenderConfig,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) http: reqwest::Client,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) stop: CancellationToken,
    under_way: Mutex<HashSet<(OutboundId, u32)>>,
}

impl Desk {
    fn under_way(&self) -> MutexGuard<'_, HashSet<(OutboundId, u32)>> {
        // A panic elsewhere cannot leave a set half changed.
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running sender.
pub(crate) struct Engine {
    desk: Arc<Desk>,
    room: Arc<Semaphore>,
    attempts: TaskTracker,
}

impl Engine {
    pub(crate) fn new(
        config: SenderConfig,
        store: Arc<dyn Store>,
        broker: Arc<dyn Broker>,
        directory: Arc<Directory>,
        http: reqwest::Client,
        stop: CancellationToken,
    ) -> Self {
        let room = Arc::new(Semaphore::new(config.in_flight_max));
        let clock = Clock::new(Millis(0));
        let (limits, under_way) = (Limits::new(), Mutex::default());
        let desk = Desk { config, store, broker, directory, http, limits, clock, stop, under_way };
        Self { desk: Arc::new(desk), room, attempts: TaskTracker::new() }
    }

    /// Runs until it is stopped; then waits for the calls under way.
    pub(crate) async fn run(self) {
        let stop = self.desk.stop.clone();
        let mut back_off = BackOff::default();
        while !stop.is_cancelled() {
            let queue = outbound_queue(self.desk.config.shard);
            match self.desk.broker.subscribe(&queue, self.desk.config.in_flight_max * 2).await {
                Ok(subscription) => {
                    back_off = BackOff::default();
                    self.consume(subscription).await;
                }
                Err(error) => telemetry::unavailable("subscribe", &error),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = back_off.wait() => {}
            }
        }
        self.attempts.close();
        self.attempts.wait().await;
    }

    /// Until the subscription ends or the sender is stopped.
    async fn consume(&self, subscription: Subscription) {
        let Subscription { mut deliveries, acker } = subscription;
        let (done, tags) = mpsc::unbounded_channel();
        // Not among the attempts: it ends when the last of them has let go of `done`.
        let acks = tokio::spawn(acknowledge(acker, tags));
        let mut tidy = interval(TIDY);
        loop {
            let delivery = tokio::select! {
                () = self.desk.stop.cancelled() => break,
                delivery = deliveries.recv() => delivery,
                _ = tidy.tick() => {
                    self.desk.clock.slew();
                    self.desk.limits.retain_recent(self.desk.clock.now());
                    continue;
                }
            };
            let Some(delivery) = delivery else { break };
            let room = tokio::select! {
                () = self.desk.stop.cancelled() => break,
                room = Arc::clone(&self.room).acquire_owned() => room,
            };
            let (desk, done) = (Arc::clone(&self.desk), done.clone());
            self.attempts.spawn(async move {
                let tag = delivery.tag;
                if take_up(&desk, delivery).await {
                    // The subscription may have ended; then it comes again and the claim is found taken.
                    let _ = done.send(tag);
                }
                drop(room);
            });
        }
        drop(done);
        if self.desk.stop.is_cancelled() {
            // Acks of calls under way still count: without them the next sender would report these as unknown.
            let _ = acks.await;
        }
    }
}

async fn acknowledge(acker: Box<dyn Acker>, mut tags: mpsc::UnboundedReceiver<u64>) {
    let mut all = Vec::new();
    while tags.recv_many(&mut all, 1_024).await > 0 {
        acker.ack(&all).await;
        all.clear();
    }
}

/// True when the delivery is settled.
async fn take_up(desk: &Desk, delivery: Delivery) -> bool {
    let outbound = match BrokerMessage::decode(&delivery.body) {
        Ok((BrokerMessage::OutboundV1(outbound), _)) => outbound,
        Ok(_) => {
            telemetry::poison("a message of another kind");
            return true;
        }
        Err(error) => {
            telemetry::poison(&error.to_string());
            // The owner of the shard cannot read it either, and puts it aside whole.
            return publish(desk, delivery.body.to_vec()).await;
        }
    };
    let name = (outbound.id, outbound.attempt);
    if !desk.under_way().insert(name) {
        // Handed over again while we are at it.
        return true;
    }
    let settled = match desk.attempt(&outbound).await {
        Some(result) => publish(desk, BrokerMessage::SendResultV1(result).encode(&[])).await,
        None => false,
    };
    desk.under_way().remove(&name);
    settled
}

/// Puts a result on the inbound queue, however long that takes: the platform may have the message.
async fn publish(desk: &Desk, body: Vec<u8>) -> bool {
    let queue = inbound_queue(desk.config.shard);
    let mut back_off = BackOff::default();
    while let Err(error) = desk.broker.publish(&queue, body.clone()).await {
        telemetry::unavailable("publish", &error);
        // A stop gives it one more try; after that the claim tells the next sender that nobody knows.
        if desk.stop.is_cancelled() {
            return desk.broker.publish(&queue, body).await.is_ok();
        }
        back_off.wait().await;
    }
    true
}
