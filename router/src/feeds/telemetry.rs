//! What asking tells about itself: one function per happening, no personal data.

use blendline_connectors::Malformed;
use blendline_wire::AccountId;

use crate::ports::store::StoreError;

/// A source could not be read.
pub(super) fn failed(account: AccountId, word: &'static str, failures: u32, wait_s: u64) {
    metrics::counter!("blendline_polls_total", "outcome" => word).increment(1);
    // Once in a while every source fails.
    if failures.is_multiple_of(5) || failures == 1 {
        tracing::warn!(%account, word, failures, wait_s, "A source cannot be read; compare its address and token.");
    }
}

/// A source answered with something else than it should.
pub(super) fn malformed(account: AccountId, error: &Malformed) {
    tracing::warn!(%account, %error, "A source gave something that cannot be read.");
}

/// A source was read, or had nothing new.
pub(super) fn read(outcome: &'static str) {
    metrics::counter!("blendline_polls_total", "outcome" => outcome).increment(1);
}

/// A stream was opened, brought something, or broke.
pub(super) fn streamed(account: AccountId, word: &'static str) {
    metrics::counter!("blendline_polls_total", "outcome" => word).increment(1);
    tracing::debug!(%account, word, "A source's stream.");
}

/// What was said of late could not be looked up; it is tried again in the next turn.
pub(super) fn not_recalled(account: AccountId, error: &StoreError) {
    tracing::warn!(%account, %error, "What was said of late could not be looked up, so nothing was looked at again.");
}

/// Things without a time stood in a source at the first look.
pub(super) fn passed_over(account: AccountId, count: usize) {
    tracing::info!(%account, count, "Things that say no time were there before us: they are not taken in.");
}
