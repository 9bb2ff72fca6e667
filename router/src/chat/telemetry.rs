//! What is counted. Addresses and words never are.

use metrics::{counter, gauge};

/// Sockets that have said hello.
pub(super) fn sockets(change: f64) {
    gauge!("blendline_chat_sockets").increment(change);
}

/// A socket ended with this code.
pub(super) fn closed(code: u16) {
    counter!("blendline_chat_closed_total", "code" => code.to_string()).increment(1);
}

/// A visitor's message was taken.
pub(super) fn taken() {
    counter!("blendline_chat_messages_total").increment(1);
}

/// Something of a visitor's was refused.
pub(super) fn refused(reason: &'static str) {
    counter!("blendline_chat_refused_total", "reason" => reason).increment(1);
}

/// A session was opened as `proven`, `anonymous` or `forged` (which is an anonymous one, too).
pub(super) fn session(outcome: &'static str) {
    counter!("blendline_chat_sessions_total", "outcome" => outcome).increment(1);
}
