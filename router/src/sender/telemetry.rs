//! What the sender tells about itself: one function per happening, no personal data.

use std::time::Duration;

use blendline_wire::outbound::SendOutcome;
use blendline_wire::{AccountId, OutboundId};

/// An attempt has come to something.
pub(crate) fn sent(outbound: OutboundId, attempt: u32, account: AccountId, outcome: &SendOutcome, took: Duration) {
    let (word, cause) = match outcome {
        SendOutcome::Sent { .. } => ("sent", None),
        SendOutcome::Retry { cause, .. } => ("retry", Some(cause)),
        SendOutcome::Failed { cause } => ("failed", Some(cause)),
        SendOutcome::Unknown { cause } => ("unknown", Some(cause)),
        SendOutcome::AccountDown { cause } => ("account_down", Some(cause)),
    };
    metrics::counter!("blendline_sends_total", "outcome" => word).increment(1);
    metrics::histogram!("blendline_send_seconds").record(took);
    if let Some(cause) = cause {
        let (reason, detail, code) = (&cause.reason, &cause.detail, cause.code);
        tracing::warn!(%outbound, attempt, %account, outcome = word, reason, code, detail, "A message was not sent.");
    }
}

/// A message has to wait for its account's or recipient's allowance.
pub(crate) fn held_back(account: AccountId, ms: u64) {
    metrics::counter!("blendline_sends_held_back_total").increment(1);
    tracing::debug!(%account, ms, "A message waits for its allowance.");
}

/// What lay on the queue is no message to send.
pub(crate) fn poison(cause: &str) {
    metrics::counter!("blendline_sends_total", "outcome" => "poison").increment(1);
    tracing::error!(cause, "What lay on the outbound queue is no message to send.");
}

/// The record or the queue does not answer; what is asked of it is repeated.
pub(crate) fn unavailable(what: &'static str, error: &dyn std::error::Error) {
    metrics::counter!("blendline_sender_failures_total", "call" => what).increment(1);
    tracing::warn!(what, %error, "The sender is not answered; trying again.");
}
