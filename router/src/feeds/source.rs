//! One source: when it is asked, and what of its answers is new.

use std::collections::HashSet;
use std::sync::Arc;

use blendline_connectors::Connector;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::{AccountId, Millis};
use tokio::sync::watch;
use tokio::time::{Duration, sleep};

use super::fetch::{Fetched, Validators, fetch};
use super::telemetry;
use crate::api::now;
use crate::directory::Directory;
use crate::driver::Status;
use crate::intake::{Endpoint, Intake};

/// What is older is not taken in: the record knows duplicates for eight days.
const AGE_MS_MAX: u64 = 7 * 24 * 60 * 60 * 1000;
/// The longest wait after failures.
const WAIT_MS_MAX: u64 = 60 * 60 * 1000;

/// An account that is asked.
pub(super) struct Source {
    account: AccountId,
    connector: &'static dyn Connector,
    endpoint: Endpoint,
    directory: Arc<Directory>,
    intake: Arc<Intake>,
    http: reqwest::Client,
    known: Known,
}

/// How far it has been read. In memory only: see the module.
#[derive(Default)]
struct Known {
    validators: Validators,
    position: Option<String>,
    /// What the last answer held; an answer is bounded, and so is this. `None` before the first.
    last: Option<HashSet<String>>,
    failures: u32,
}

impl Source {
    pub(super) fn new(
        account: AccountId,
        connector: &'static dyn Connector,
        endpoint: Endpoint,
        directory: Arc<Directory>,
        intake: Arc<Intake>,
        http: reqwest::Client,
    ) -> Self {
        Self { account, connector, endpoint, directory, intake, http, known: Known::default() }
    }

    /// Asks for ever, while this process serves the shard.
    pub(super) async fn run(mut self, mut serving: watch::Receiver<Status>) {
        loop {
            if serving.wait_for(|status| matches!(status, Status::Serving { .. })).await.is_err() {
                return;
            }
            let Some(wait_ms) = self.ask().await else { return };
            sleep(Duration::from_millis(wait_ms)).await;
        }
    }

    /// Asks once, and gives how many milliseconds to wait; `None` where there is nothing to ask.
    async fn ask(&mut self) -> Option<u64> {
        let account = &self.directory.accounts.get(&self.account)?.account;
        let poll = self.connector.poll(account, self.known.position.as_deref())?;
        let bytes_max = self.connector.capabilities().body_bytes_max;
        let failed = match fetch(&self.http, &poll, &self.known.validators, bytes_max).await {
            Fetched::Unchanged => {
                telemetry::read("unchanged");
                None
            }
            Fetched::Body(body, validators) => match self.take(&body, now()).await {
                Ok(()) => {
                    self.known.validators = validators;
                    telemetry::read("read");
                    None
                }
                Err(word) => Some((word, 0)),
            },
            Fetched::Failed(word, retry_after_s) => Some((word, retry_after_s)),
        };
        let Some((word, retry_after_s)) = failed else {
            self.known.failures = 0;
            return Some(poll.interval_ms);
        };
        self.known.failures = self.known.failures.saturating_add(1);
        let wait_ms = poll.interval_ms << self.known.failures.min(6);
        let wait_ms = wait_ms.min(WAIT_MS_MAX.max(poll.interval_ms)).max(retry_after_s * 1000);
        telemetry::failed(self.account, word, self.known.failures, wait_ms / 1000);
        Some(wait_ms)
    }

    /// Takes in what is new in an answer. Nothing is remembered of one that is not durable, so it comes again.
    async fn take(&mut self, body: &[u8], now: Millis) -> Result<(), &'static str> {
        let events = self.connector.normalise(body).map_err(|error| {
            telemetry::malformed(self.account, &error);
            "malformed"
        })?;
        let position = self.connector.position(&events);
        let keys = events.iter().filter_map(InboundEvent::duplicate_key).collect();
        let (new, passed_over) = self.known.new_in(events, now);
        if !new.is_empty() {
            self.intake.bring(self.endpoint, new, body, now).await.map_err(|_| "busy")?;
        }
        if 0 < passed_over {
            telemetry::passed_over(self.account, passed_over);
        }
        self.known.position = position.or(self.known.position.take());
        self.known.last = Some(keys);
        Ok(())
    }
}

impl Known {
    /// What of an answer is to be taken in, the oldest first, and how many things of the first answer are passed over for want of a time.
    fn new_in(&self, events: Vec<InboundEvent>, now: Millis) -> (Vec<InboundEvent>, usize) {
        let mut passed_over = 0;
        let is_new = |event: &InboundEvent| {
            let key = event.duplicate_key();
            let fresh = match (&event.timestamp, &self.last) {
                (Some(at), _) => now.since(at.0) <= AGE_MS_MAX,
                (None, Some(_)) => true,
                (None, None) => {
                    passed_over += 1;
                    false
                }
            };
            fresh && !key.is_some_and(|key| self.last.as_ref().is_some_and(|last| last.contains(&key)))
        };
        let mut new: Vec<_> = events.into_iter().filter(is_new).collect();
        // Lists begin with the newest, and what is taken in first stands first.
        new.reverse();
        new.sort_by_key(|event| event.timestamp.as_ref().map(|at| at.0));
        (new, passed_over)
    }
}

#[cfg(test)]
mod tests {
    use blendline_wire::time::Instant;

    use super::*;

    const DAY_MS: u64 = 24 * 60 * 60 * 1000;
    const NOW: Millis = Millis(1_767_225_600_000);

    fn said(id: &str, age_days: Option<u64>) -> InboundEvent {
        let timestamp = age_days.map(|days| Instant(Millis(NOW.0 - days * DAY_MS)));
        InboundEvent { external_message_id: Some(id.to_owned()), timestamp, ..InboundEvent::default() }
    }

    fn ids(events: &[InboundEvent]) -> Vec<&str> {
        events.iter().filter_map(|event| event.external_message_id.as_deref()).collect()
    }

    #[test]
    fn what_is_old_or_of_unknown_age_is_not_begun_with() {
        let known = Known::default();
        let (new, passed_over) = known.new_in(vec![said("a", Some(1)), said("b", Some(8)), said("c", None)], NOW);
        assert_eq!((ids(&new), passed_over), (vec!["a"], 1));
    }

    #[test]
    fn the_oldest_comes_first() {
        let known = Known::default();
        let (new, _) = known.new_in(vec![said("c", Some(1)), said("b", Some(1)), said("a", Some(2))], NOW);
        assert_eq!(ids(&new), ["a", "b", "c"]);
    }

    #[test]
    fn only_what_the_last_answer_did_not_hold_is_new() {
        let last = [said("a", Some(1)), said("c", None)].iter().filter_map(InboundEvent::duplicate_key).collect();
        let known = Known { last: Some(last), ..Known::default() };
        let answer = vec![said("a", Some(1)), said("c", None), said("d", None), said("e", Some(0)), said("f", Some(9))];
        let (new, passed_over) = known.new_in(answer, NOW);
        assert_eq!((ids(&new), passed_over), (vec!["d", "e"], 0));
    }
}
