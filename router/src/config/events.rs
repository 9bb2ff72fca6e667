//! Events for other systems.

use serde::Deserialize;
use toml::Spanned;

use super::error::{ConfigError, Source};
use super::file::section;
use crate::outlets::endpoint::Pace;
use crate::outlets::post::Reach;

section! {
    /// Events for other systems, as it is written.
    EventsSection as EventsFile {
        /// Whether they are published to the exchange.
        exchange: bool,
        /// Whether webhooks may be posted without TLS.
        plain_http: bool,
        /// Whether webhooks may be posted to private networks.
        private_networks: bool,
        /// The pause before the second try, in milliseconds.
        retry_first_ms: u64,
        /// The longest pause, in milliseconds.
        retry_longest_ms: u64,
        /// How often one event is tried.
        attempts_max: u32,
        /// After how long of failures an endpoint is paused, in milliseconds.
        pause_after_ms: u64,
        /// For how many days ledgers keep what is settled.
        keep_days: u32,
    }
}

/// Events for other systems.
#[derive(Clone, Copy, Debug)]
pub struct Events {
    /// Whether they are published to the exchange.
    pub exchange: bool,
    /// Who may be posted to.
    pub reach: Reach,
    /// How patient we are with receivers.
    pub pace: Pace,
    /// For how many days ledgers keep what is settled.
    pub keep_days: u32,
}

pub(super) fn check(
    source: &Source<'_>,
    written: &EventsFile,
    section: EventsSection,
    has_broker: bool,
) -> Result<Events, ConfigError> {
    if section.exchange && !has_broker {
        let at = written.exchange.as_ref().map_or(0..0, Spanned::span);
        let hint = "give [broker] a url, or use webhooks: they need none";
        return Err(source.error(at, "the exchange of events is on RabbitMQ, and there is none", hint));
    }
    Ok(Events {
        exchange: section.exchange,
        reach: Reach { plain_http: section.plain_http, private: section.private_networks },
        pace: Pace {
            first_ms: section.retry_first_ms,
            longest_ms: section.retry_longest_ms,
            attempts_max: section.attempts_max.max(1),
            pause_after_ms: section.pause_after_ms,
        },
        keep_days: section.keep_days,
    })
}
