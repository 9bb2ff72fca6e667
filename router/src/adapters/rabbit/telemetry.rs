//! What the broker on RabbitMQ tells about itself: one function per happening, log line and figure together, no bodies.

use metrics::{Counter, Gauge, counter, gauge};

use super::link::{Purpose, Session};
use super::options::Node;

/// A link is not connected.
pub(super) fn down(purpose: Purpose) {
    gauge!("blendline_rabbit_connected", "link" => purpose.word()).set(0.0);
    gauge!("blendline_rabbit_blocked", "link" => purpose.word()).set(0.0);
}

/// A link is connected.
pub(super) fn connected(purpose: Purpose, node: &Node, session: &Session) {
    gauge!("blendline_rabbit_connected", "link" => purpose.word()).set(1.0);
    counter!("blendline_rabbit_connections_total", "link" => purpose.word()).increment(1);
    let (heartbeat, frame_max) = session.agreed();
    tracing::info!(link = purpose.word(), %node, heartbeat, frame_max, "Connected to RabbitMQ.");
}

/// A connection was lost.
pub(super) fn lost(purpose: Purpose, cause: &str) {
    tracing::warn!(link = purpose.word(), cause, "The connection to RabbitMQ is lost; connecting again.");
}

/// There is no connection to be had.
pub(super) fn unreachable(purpose: Purpose, cause: &str) {
    tracing::error!(link = purpose.word(), cause, "RabbitMQ cannot be reached; trying again until it can.");
}

/// The server is short of memory or disk and takes nothing.
pub(super) fn blocked(purpose: Purpose, reason: &str) {
    gauge!("blendline_rabbit_blocked", "link" => purpose.word()).set(1.0);
    tracing::error!(link = purpose.word(), reason, "RabbitMQ takes nothing: it is short of memory or disk.");
}

/// The server takes messages again.
pub(super) fn unblocked(purpose: Purpose) {
    gauge!("blendline_rabbit_blocked", "link" => purpose.word()).set(0.0);
    tracing::info!(link = purpose.word(), "RabbitMQ takes messages again.");
}

/// A connection is cut because it is of no use.
pub(super) fn stuck(queue: &str, seconds: u64) {
    counter!("blendline_rabbit_stuck_total").increment(1);
    tracing::error!(queue, seconds, "RabbitMQ has not confirmed for too long; the connection is cut.");
}

/// A queue was not there and was made.
pub(super) fn made(queue: &str) {
    tracing::info!(queue, "The queue was not there and is made.");
}

/// A channel is given up because nothing on it is confirmed.
pub(super) fn slow(queue: &str, seconds: u64) {
    tracing::warn!(queue, seconds, "RabbitMQ does not confirm; trying on another channel.");
}

/// A queue cannot be published to or consumed.
pub(super) fn unusable(queue: &str, cause: &str) {
    tracing::error!(queue, cause, "A queue on RabbitMQ cannot be used; trying again.");
}

/// A queue is full, or has room again.
pub(super) fn full(queue: &str, full: bool) {
    if full {
        tracing::warn!(queue, "The queue is full and refuses.");
    } else {
        tracing::info!(queue, "The queue has room again.");
    }
}

/// A queue was gone when something was published to it.
pub(super) fn returned(queue: &str, messages: usize) {
    tracing::error!(
        queue,
        messages,
        "The queue was gone: what was published is not taken, the queue is declared anew."
    );
}

/// A channel ended with messages in flight: nobody knows which of them are stored.
pub(super) fn in_doubt(queue: &str, messages: usize, cause: &str) {
    tracing::warn!(queue, messages, cause, "Messages are in doubt; their senders will say them again.");
}

/// A subscription began.
pub(super) fn subscribed(queue: &str, prefetch: usize) {
    tracing::info!(queue, prefetch, "The queue is consumed.");
}

/// A subscription ended.
pub(super) fn ended(queue: &str, cause: &str) {
    tracing::info!(queue, cause, "The queue is not consumed any more.");
}

/// A bundle that cannot be taken apart.
pub(super) fn odd_bundle(queue: &str, bytes: usize) {
    counter!("blendline_rabbit_odd_bundles_total").increment(1);
    tracing::error!(queue, bytes, "A bundle on the queue cannot be taken apart; it is handed on whole.");
}

/// Figures of publishing, registered once: looking one up for each bundle would cost more than its bytes.
pub(super) struct Published {
    /// Messages confirmed.
    pub(super) confirmed: Counter,
    /// AMQP messages that they travelled in.
    pub(super) bundles: Counter,
    /// Messages refused because the queue is full.
    pub(super) nacked: Counter,
    /// Messages that came back because the queue was gone.
    pub(super) returned: Counter,
    /// Messages of which nobody knows whether they are stored.
    pub(super) in_doubt: Counter,
    /// Messages confirmed after their publisher had given up.
    pub(super) late: Counter,
    /// Messages whose confirm is out.
    pub(super) in_flight: Gauge,
}

impl Default for Published {
    fn default() -> Self {
        let outcome = |outcome: &'static str| counter!("blendline_rabbit_published_total", "outcome" => outcome);
        Self {
            confirmed: outcome("confirmed"),
            bundles: counter!("blendline_rabbit_bundles_total"),
            nacked: outcome("nacked"),
            returned: outcome("returned"),
            in_doubt: outcome("in_doubt"),
            late: outcome("late"),
            in_flight: gauge!("blendline_rabbit_in_flight"),
        }
    }
}
