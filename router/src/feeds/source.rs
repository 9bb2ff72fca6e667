//! One source: when it is asked, and what is taken in of what it tells.

use std::sync::Arc;

use blendline_connectors::{Account, Connector};
use blendline_wire::inbound::{InboundEvent, InboundKind};
use blendline_wire::{AccountId, Millis};
use tokio::sync::watch;
use tokio::time::{Duration, Instant, sleep_until};

use super::again::{FOLLOWED_MAX, Followed, told_of};
use super::fetch::{Fetched, Validators, fetch, open};
use super::known::{AGE_MS_MAX, Known};
use super::stream::Stream;
use super::telemetry;
use crate::api::now;
use crate::directory::Directory;
use crate::driver::Status;
use crate::intake::{Endpoint, Intake};
use crate::ports::store::Archive;

/// The longest wait after failures.
const WAIT_MS_MAX: u64 = 60 * 60 * 1000;
/// The shortest wait before a stream that broke or could not be had is opened again.
const REOPEN_MS: u64 = 1_000;

/// An account that is asked.
pub(super) struct Source {
    account: AccountId,
    connector: &'static dyn Connector,
    endpoint: Endpoint,
    shard: u16,
    means: Means,
    known: Known,
    followed: Followed,
    line: Line,
}

/// What all sources share.
#[derive(Clone)]
pub(super) struct Means {
    pub(super) directory: Arc<Directory>,
    pub(super) intake: Arc<Intake>,
    pub(super) archive: Arc<dyn Archive>,
    pub(super) http: reqwest::Client,
}

/// The stream of a source, where it has one.
#[derive(Default)]
struct Line {
    open: Option<Stream>,
    failures: u32,
    /// When it may be opened again.
    again: Option<Instant>,
}

impl Source {
    pub(super) fn new(
        account: AccountId,
        connector: &'static dyn Connector,
        endpoint: Endpoint,
        shard: u16,
        means: Means,
    ) -> Self {
        let (known, followed, line) = (Known::default(), Followed::default(), Line::default());
        Self { account, connector, endpoint, shard, means, known, followed, line }
    }

    /// Asks for ever, while this process serves the shard.
    pub(super) async fn run(mut self, mut serving: watch::Receiver<Status>) {
        let directory = self.means.directory.clone();
        let Some(account) = directory.accounts.get(&self.account).map(|entry| &entry.account) else { return };
        loop {
            if serving.wait_for(|status| matches!(status, Status::Serving { .. })).await.is_err() {
                return;
            }
            // The stream is opened before asking, so what happens between the two is heard.
            self.open(account).await;
            let wait_ms = match self.connector.looks_again_ms(account) {
                Some(interval_ms) => self.recall(account, interval_ms).await,
                None => self.ask(account).await,
            };
            let Some(wait_ms) = wait_ms else { return };
            self.look_again(account).await;
            self.listen(account, wait_ms, &mut serving).await;
        }
    }

    /// Waits for so long, and takes in what the stream brings meanwhile; ends early when the stream breaks, to ask for
    /// what it did not bring, or when another process serves the shard.
    async fn listen(&mut self, account: &Account, wait_ms: u64, serving: &mut watch::Receiver<Status>) {
        let mut until = Instant::now() + Duration::from_millis(wait_ms);
        for earlier in [self.followed.wait().map(|wait| Instant::now() + wait), self.line.again] {
            until = earlier.map_or(until, |earlier| until.min(earlier));
        }
        loop {
            let Line { open, .. } = &mut self.line;
            let event = tokio::select! {
                () = sleep_until(until) => return,
                _ = serving.changed() => return,
                event = next(open) => event,
            };
            let taken = match event {
                Some(event) => self.hear(account, &event).await,
                None => Err("stream_broke"),
            };
            if let Err(word) = taken {
                self.lost(word);
                return;
            }
        }
    }

    async fn open(&mut self, account: &Account) {
        let due = self.line.again.is_none_or(|again| again <= Instant::now());
        let Some(poll) = self.connector.stream(account).filter(|_| self.line.open.is_none() && due) else { return };
        match open(&self.means.http, &poll).await {
            Ok(response) => {
                let bytes_max = self.connector.capabilities().body_bytes_max;
                self.line =
                    Line { open: Some(Stream::new(response, bytes_max)), failures: self.line.failures, again: None };
                telemetry::streamed(self.account, "stream_opened");
            }
            Err(word) => self.lost(word),
        }
    }

    fn lost(&mut self, word: &'static str) {
        telemetry::streamed(self.account, word);
        let wait_ms = (REOPEN_MS << self.line.failures.min(12)).min(WAIT_MS_MAX);
        let failures = self.line.failures.saturating_add(1);
        self.line = Line { open: None, failures, again: Some(Instant::now() + Duration::from_millis(wait_ms)) };
    }

    /// Takes in what the stream brought.
    async fn hear(&mut self, account: &Account, event: &[u8]) -> Result<(), &'static str> {
        let Ok(mut events) = self.connector.normalise(event) else { return Ok(()) };
        // What flies by on such streams, and what we say ourselves, is no news.
        events.retain(|event| !matches!(event.kind, InboundKind::Ignored) && !event.is_of_ours());
        self.line.failures = 0;
        if events.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = events.iter().filter_map(InboundEvent::duplicate_key).collect();
        self.followed.follow(self.connector, account, &events, now());
        self.means.intake.bring(self.endpoint, events, event, now()).await.map_err(|_| "busy")?;
        self.known.heard(keys);
        telemetry::streamed(self.account, "streamed");
        Ok(())
    }

    /// Follows what the record says was said of late, where the platform posts to us; how many milliseconds to wait.
    async fn recall(&mut self, account: &Account, interval_ms: u64) -> Option<u64> {
        let since = Millis(now().0.saturating_sub(AGE_MS_MAX));
        match self.means.archive.heard_lately(self.shard, self.account, since, FOLLOWED_MAX).await {
            Ok(lines) => self.followed.follow(self.connector, account, &told_of(lines, account), now()),
            Err(error) => telemetry::not_recalled(self.account, &error),
        }
        Some(interval_ms)
    }

    /// Asks once, and gives how many milliseconds to wait; `None` where there is nothing to ask.
    async fn ask(&mut self, account: &Account) -> Option<u64> {
        let mut poll = self.connector.poll(account, self.known.position.as_deref())?;
        if let Some(token) = self.connector.poll_token(account, now(), &self.means.http).await {
            poll.bearer = Some(token);
        }
        let bytes_max = self.connector.capabilities().body_bytes_max;
        let failed = match fetch(&self.means.http, &poll, &self.known.validators, bytes_max).await {
            Fetched::Unchanged => {
                telemetry::read("unchanged");
                self.tell_missing().await.err().map(|word| (word, 0))
            }
            Fetched::Body(body, validators) => match self.take(account, &body, now()).await {
                Ok(more) => {
                    self.known.validators = validators;
                    telemetry::read("read");
                    if more {
                        // There may be another page.
                        self.known.failures = 0;
                        return Some(poll.interval_ms);
                    }
                    None
                }
                Err(word) => Some((word, 0)),
            },
            Fetched::Failed(word, retry_after_s) => Some((word, retry_after_s)),
        };
        let Some((word, retry_after_s)) = failed else {
            self.known.failures = 0;
            let streamed = self.connector.stream(account).filter(|_| self.line.open.is_some());
            return Some(streamed.map_or(poll.interval_ms, |stream| stream.interval_ms.max(poll.interval_ms)));
        };
        self.known.failures = self.known.failures.saturating_add(1);
        let wait_ms = poll.interval_ms << self.known.failures.min(6);
        let wait_ms = wait_ms.min(WAIT_MS_MAX.max(poll.interval_ms)).max(retry_after_s * 1000);
        telemetry::failed(self.account, word, self.known.failures, wait_ms / 1000);
        Some(wait_ms)
    }

    /// Takes in what is new in an answer; true where anything was. Nothing is remembered of one that is not durable, so it
    /// comes again.
    async fn take(&mut self, account: &Account, body: &[u8], now: Millis) -> Result<bool, &'static str> {
        let events = self.connector.normalise(body).map_err(|error| {
            telemetry::malformed(self.account, &error);
            "malformed"
        })?;
        let position = self.connector.position(&events);
        self.followed.follow(self.connector, account, &events, now);
        let (told, shown) = self.known.tell(events, self.connector.lists_all(), now);
        let more = !told.new.is_empty();
        if more {
            self.means.intake.bring(self.endpoint, told.new, body, now).await.map_err(|_| "busy")?;
        }
        if 0 < told.passed_over {
            telemetry::passed_over(self.account, told.passed_over);
        }
        self.known.position = position.or(self.known.position.take());
        self.known.last = Some(shown);
        Ok(more)
    }

    /// The same answer as before: what was missing from it is gone.
    async fn tell_missing(&mut self) -> Result<(), &'static str> {
        let removals = self.known.still_missing();
        if !removals.is_empty() {
            self.means.intake.bring(self.endpoint, removals, b"", now()).await.map_err(|_| "busy")?;
            self.known.forget_missing();
        }
        Ok(())
    }

    /// Looks at what was said of late, some of it in each turn.
    async fn look_again(&mut self, account: &Account) {
        let bytes_max = self.connector.capabilities().body_bytes_max;
        for (mut thing, poll) in self.followed.turn(self.connector, account, now()) {
            let answer = match fetch(&self.means.http, &poll, &Validators::default(), bytes_max).await {
                Fetched::Body(body, _) => Some(body),
                Fetched::Failed("gone", _) => None,
                // Nobody knows: it is asked again in its turn.
                Fetched::Unchanged | Fetched::Failed(..) => {
                    self.followed.keep(thing);
                    continue;
                }
            };
            let is_gone = answer.is_none();
            let change = self.connector.became(&thing.told, answer.as_deref());
            let key = change.as_ref().and_then(InboundEvent::duplicate_key);
            if let Some(change) = change.filter(|_| key != thing.change) {
                let body = answer.unwrap_or_default();
                if self.means.intake.bring(self.endpoint, vec![change], &body, now()).await.is_err() {
                    self.followed.keep(thing);
                    continue;
                }
                telemetry::read("changed");
                thing.change = key;
            }
            if !is_gone {
                self.followed.keep(thing);
            }
        }
    }
}

/// The next event of the stream; never, where none is open.
async fn next(stream: &mut Option<Stream>) -> Option<Vec<u8>> {
    match stream {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}
