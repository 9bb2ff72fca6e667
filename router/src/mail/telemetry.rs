//! What mail tells about itself: one function per happening, no personal data.

use std::net::IpAddr;

use blendline_wire::AccountId;

/// A mail that was given to us came to something: `stored`, `busy`, `too_large`, `loops`.
pub(super) fn mail(way: &'static str, outcome: &'static str) {
    metrics::counter!("blendline_mails_total", "way" => way, "outcome" => outcome).increment(1);
}

/// A mail's sender was checked by us: `spf`, `dkim` or `dmarc`, and its result in the words of RFC 8601.
pub(super) fn sender_checked(check: &'static str, outcome: &'static str) {
    metrics::counter!("blendline_mail_senders_total", "check" => check, "outcome" => outcome).increment(1);
}

/// A client of the listener is not let in, or sent away.
pub(super) fn turned_away(reason: &'static str) {
    metrics::counter!("blendline_smtp_turned_away_total", "reason" => reason).increment(1);
}

/// A mail could not be stored; the sender has it still.
pub(super) fn not_stored(way: &'static str, cause: &dyn std::fmt::Display) {
    mail(way, "busy");
    tracing::warn!(way, %cause, "A mail was not stored; whoever gave it keeps it.");
}

/// A client went away, or speaks no TLS that we know.
pub(super) fn broken_off(peer: IpAddr, cause: &dyn std::fmt::Display) {
    tracing::debug!(%peer, %cause, "An SMTP client broke off.");
}

/// The certificate's files changed and cannot be used; the former one stays.
pub(super) fn certificate_refused(cause: &str) {
    tracing::error!(cause, "The new certificate of the SMTP listener was not taken.");
}

/// A mailbox is read from now on.
pub(super) fn mailbox_opened(account: AccountId, waiting: usize, by_idle: bool) {
    tracing::info!(%account, waiting, by_idle, "A mailbox is being read.");
}

/// A mailbox cannot be read for now.
pub(super) fn mailbox_lost(account: AccountId, cause: &dyn std::fmt::Display, again_in_ms: u64) {
    metrics::counter!("blendline_imap_failures_total").increment(1);
    tracing::warn!(%account, %cause, again_in_ms, "A mailbox cannot be read; trying again.");
}

/// A mail is stored and its mark could not be set: it is met again, and recognised.
pub(super) fn not_marked(account: AccountId, cause: &dyn std::fmt::Display) {
    tracing::warn!(%account, %cause, "A mail is stored but could not be marked in its mailbox.");
}
