//! What the live state on Redis tells about itself: one function per happening, log line and figure together.

use metrics::{counter, gauge};

use super::options::Node;

/// There is a connection.
pub(super) fn connected(node: &Node) {
    gauge!("blendline_redis_connected").set(1.0);
    counter!("blendline_redis_connections_total").increment(1);
    tracing::info!(%node, "Connected to Redis.");
}

/// The connection is gone.
pub(super) fn lost(cause: &str) {
    gauge!("blendline_redis_connected").set(0.0);
    tracing::warn!(
        cause,
        "The connection to Redis is lost: limits and presence are this process's own until it is back."
    );
}

/// There is none to be had.
pub(super) fn unreachable(cause: &str) {
    gauge!("blendline_redis_connected").set(0.0);
    tracing::debug!(cause, "Redis cannot be reached; trying again until it can.");
}

/// A question had no answer, and this process answered it.
pub(super) fn unanswered(what: &'static str, cause: &str) {
    counter!("blendline_redis_unanswered_total", "what" => what).increment(1);
    tracing::debug!(what, cause, "Redis did not answer; this process did.");
}

/// Something was not told to other processes.
pub(super) fn untold(count: u64) {
    counter!("blendline_redis_untold_total").increment(count);
}

/// Something was told to other processes.
pub(super) fn told(count: u64) {
    counter!("blendline_redis_told_total").increment(count);
}

/// Something was heard from another process.
pub(super) fn heard() {
    counter!("blendline_redis_heard_total").increment(1);
}
