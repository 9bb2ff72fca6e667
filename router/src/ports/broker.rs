//! Carries messages between connectors, routers and senders, durably.

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;

/// A durable queue service.
///
/// At-least-once: what was published and not acked is delivered again after a reconnect or restart, in order.
#[async_trait]
pub trait Broker: Send + Sync + 'static {
    /// Puts `body` on `queue`. `Ok` means durable; many concurrent callers share one disk write.
    async fn publish(&self, queue: &str, body: Vec<u8>) -> Result<(), BrokerError>;

    /// Begins to consume `queue` in order, with at most `prefetch` deliveries not acked.
    ///
    /// A queue has one subscription at a time: a new one ends the old, whose unacked deliveries come again.
    async fn subscribe(&self, queue: &str, prefetch: usize) -> Result<Subscription, BrokerError>;

    /// How many messages of `queue` are not acked yet.
    async fn depth(&self, queue: &str) -> Result<u64, BrokerError>;
}

/// A running consumption of one queue.
pub struct Subscription {
    /// The deliveries, in order. Ends when the subscription was replaced or the service is gone.
    pub deliveries: mpsc::Receiver<Delivery>,
    /// Settles deliveries.
    pub acker: Box<dyn Acker>,
}

/// One message, not settled yet.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its number within the subscription, rising.
    pub tag: u64,
    /// What was published.
    pub body: Bytes,
    /// True when it may have been delivered before.
    pub redelivered: bool,
    /// How often it was delivered before and not settled, as far as the service counts; zero where it does not.
    pub before: u32,
}

/// Settles deliveries of one subscription.
#[async_trait]
pub trait Acker: Send + Sync {
    /// Settles these deliveries. Losing an ack is harmless: the delivery comes again and is recognised.
    async fn ack(&self, tags: &[u64]);
}

/// Why a queue did not take or give a message.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BrokerError {
    /// The queue's length limit is reached: slow down.
    /// A server that refuses for another reason (RabbitMQ while it deletes the queue) says it no differently.
    #[error("the queue is full")]
    Full,
    /// The service does not answer, or its disk refuses.
    #[error("the broker is not available: {0}")]
    Unavailable(String),
}

/// The queue of what comes in, for one shard.
pub fn inbound_queue(shard: u16) -> String {
    format!("inbound.{shard}")
}

/// The queue of what other systems tell, for one shard. They publish to it themselves.
pub fn system_queue(shard: u16) -> String {
    format!("systems.{shard}")
}

/// The queue of what goes out, for one shard.
pub fn outbound_queue(shard: u16) -> String {
    format!("outbound.{shard}")
}
