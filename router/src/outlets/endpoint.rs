//! The work for one endpoint: enters what it wants in its ledger, posts it in the order of each lane, writes down what came
//! of it.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use blendline_wire::event::Event;
use blendline_wire::{EventId, Millis};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::bell::Bell;
use super::lanes::Lanes;
use super::post::{Outcome, Reach, post};
use super::telemetry::{self, Behind};
use super::wanted;
use crate::api::now;
use crate::patience::BackOff;
use crate::ports::outlets::{Delivery, DeliveryState, Endpoint, EndpointState, Outlets, Sink, Tried};
use crate::ports::people::Deed;
use crate::ports::store::{Archive, StoreError};

/// How many posts to one endpoint are under way at once.
const POSTS_MAX: usize = 8;
/// How many events or entries are read at once.
const PAGE: usize = 256;
/// After so many failures on end the endpoint itself is taken to be down: it is asked one post at a time.
const DOWN_AFTER: u32 = 3;
/// How long new events are gathered.
const GATHER: Duration = Duration::from_millis(50);
/// How often a loop looks around when nothing wakes it.
const IDLE: Duration = Duration::from_secs(30);

/// How patient we are with receivers.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The pause before the second try; it doubles with each, and is between half and all of it.
    pub first_ms: u64,
    /// The longest pause.
    pub longest_ms: u64,
    /// How often one event is tried.
    pub attempts_max: u32,
    /// An endpoint to which nothing got through for so long is paused.
    pub pause_after_ms: u64,
}

impl Pace {
    /// How long to wait after so many failed tries.
    pub fn pause_ms(self, failed: u32) -> u64 {
        let doubled = self.first_ms.saturating_mul(1 << failed.saturating_sub(1).min(30));
        let longest = doubled.min(self.longest_ms).max(1);
        // Receivers that come back are not stormed by all lanes at once.
        longest / 2 + RandomState::new().hash_one(failed) % (longest / 2 + 1)
    }
}

/// What posting stands on.
#[derive(Clone)]
pub struct Parts {
    /// Where ledgers are.
    pub record: Arc<dyn Outlets>,
    /// Where events are.
    pub archive: Arc<dyn Archive>,
    /// Posts; it follows no redirects.
    pub http: reqwest::Client,
    /// Who may be posted to.
    pub reach: Reach,
    /// How patient we are.
    pub pace: Pace,
    /// What tells of new events.
    pub bell: Bell,
}

/// The work for one endpoint.
pub(super) struct Work {
    parts: Parts,
    endpoint: Endpoint,
    told: watch::Receiver<Endpoint>,
    behind: Behind,
    lanes: Lanes,
    posting: JoinSet<(Delivery, Outcome)>,
    /// The last event that is entered, as far as known.
    place: Option<u64>,
    /// True when the ledger holds no more than the lanes were told of.
    read_all: bool,
    /// Failures on end.
    failures: u32,
    /// Since when there is nothing but failures.
    failing_since: Option<Millis>,
    /// An endpoint that is down is not asked before.
    not_before: Millis,
    /// True when the lanes are to be read anew once nothing is under way.
    stale: bool,
}

impl Work {
    pub(super) fn new(parts: Parts, told: watch::Receiver<Endpoint>, behind: Behind) -> Self {
        let endpoint = told.borrow().clone();
        let failing_since = match endpoint.state {
            EndpointState::Active { failing_since, .. } => failing_since,
            EndpointState::Paused { .. } => None,
        };
        Self {
            parts,
            endpoint,
            told,
            behind,
            lanes: Lanes::default(),
            posting: JoinSet::new(),
            place: None,
            read_all: false,
            failures: 0,
            failing_since,
            not_before: Millis(0),
            stale: false,
        }
    }

    /// Works until `stop`. What is under way then is posted again by whoever goes on.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut heard = self.parts.bell.listen(self.endpoint.tenant);
        let mut back_off = BackOff::default();
        loop {
            heard.borrow_and_update();
            self.adopt();
            let more = match self.advance().await {
                Ok(more) => {
                    back_off = BackOff::default();
                    more
                }
                Err(error) => {
                    telemetry::record_away("endpoint", &error.to_string());
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = back_off.wait() => continue,
                    }
                }
            };
            self.note_lag();
            let wake = if more { Duration::ZERO } else { self.wake_in() };
            let going = !self.posting.is_empty();
            tokio::select! {
                () = stop.cancelled() => return,
                changed = self.told.changed() => if changed.is_err() { return },
                _ = heard.changed(), if !self.is_paused() => sleep(GATHER).await,
                Some(first) = self.posting.join_next(), if going => {
                    let mut ended = vec![first];
                    while let Some(next) = self.posting.try_join_next() {
                        ended.push(next);
                    }
                    // A post that panicked is lost to memory, not to the ledger.
                    self.stale |= ended.iter().any(Result::is_err);
                    let ended = ended.into_iter().flatten().collect();
                    if stop.run_until_cancelled(self.settle(ended)).await.is_none() {
                        return;
                    }
                }
                () = sleep(wake) => {}
            }
        }
    }

    fn is_paused(&self) -> bool {
        matches!(self.endpoint.state, EndpointState::Paused { .. })
    }

    /// Takes up what somebody changed.
    fn adopt(&mut self) {
        let told = self.told.borrow_and_update().clone();
        if told.version > self.endpoint.version || told.created_at != self.endpoint.created_at {
            self.endpoint = told;
            // It may be back on its feet, or entries of before may be wanted again.
            (self.failures, self.failing_since, self.not_before, self.stale) = (0, None, Millis(0), true);
        }
    }

    /// Does what there is to do now; true when there is more.
    async fn advance(&mut self) -> Result<bool, StoreError> {
        if self.stale && self.posting.is_empty() {
            (self.lanes, self.read_all, self.place, self.stale) = (Lanes::default(), false, None, false);
        }
        if self.is_paused() {
            return Ok(false);
        }
        let more = self.enter().await?;
        self.read().await?;
        self.begin_posts().await?;
        Ok(more)
    }

    /// Enters the next page of events that the endpoint wants; true when there may be more.
    async fn enter(&mut self) -> Result<bool, StoreError> {
        let (tenant, sink) = (self.endpoint.tenant, Sink::Endpoint(self.endpoint.name.clone()));
        let record = &self.parts.record;
        let place = match self.place {
            Some(place) => place,
            None => match record.position(tenant, &sink).await? {
                Some(place) => place,
                None => {
                    let last = record.last_event(tenant).await?;
                    record.move_on(tenant, &sink, (None, last), &[]).await?;
                    return Ok(true);
                }
            },
        };
        self.place = Some(place);
        let events = self.parts.archive.events(tenant, place, PAGE).await?;
        let Some(last) = events.last() else { return Ok(false) };
        let entered = wanted::entered(self.parts.archive.as_ref(), &self.endpoint, &events).await?;
        let moved = record.move_on(tenant, &sink, (Some(place), last.id.0), &entered).await;
        self.place = matches!(moved, Ok(true)).then_some(last.id.0);
        let moved = moved?;
        self.read_all &= entered.is_empty();
        Ok(!moved || events.len() == PAGE)
    }

    /// Reads what the ledger has for the lanes.
    async fn read(&mut self) -> Result<(), StoreError> {
        let Some(after) = self.lanes.read_after().filter(|_| !self.read_all) else { return Ok(()) };
        let Endpoint { tenant, name, .. } = &self.endpoint;
        let found = self.parts.record.pending(*tenant, name, None, after, PAGE).await?;
        self.read_all = found.len() < PAGE;
        self.lanes.take(found);
        Ok(())
    }

    async fn begin_posts(&mut self) -> Result<(), StoreError> {
        let (at, down) = (now(), self.failures >= DOWN_AFTER);
        if self.stale || (down && at < self.not_before) {
            return Ok(());
        }
        let most = if down { 1 } else { POSTS_MAX };
        let room = most.saturating_sub(self.posting.len());
        let due: Vec<Delivery> = std::iter::from_fn(|| self.lanes.next(at)).take(room).collect();
        if due.is_empty() {
            return Ok(());
        }
        let numbers: Vec<u64> = due.iter().map(|delivery| delivery.event).collect();
        let found = self.parts.record.events_numbered(self.endpoint.tenant, &numbers).await;
        if found.is_err() {
            due.iter().for_each(|delivery| self.lanes.put_off(&delivery.lane, delivery.attempts, delivery.next_at));
        }
        let mut events: BTreeMap<EventId, Event> = found?.into_iter().map(|event| (event.id, event)).collect();
        for delivery in due {
            let event = events.remove(&EventId(delivery.event));
            let (http, reach, endpoint) = (self.parts.http.clone(), self.parts.reach, self.endpoint.clone());
            let archive = Arc::clone(&self.parts.archive);
            self.posting.spawn(async move {
                let Some(event) = event else {
                    return (delivery, Outcome::Refused("the event is not in the record any more".to_owned()));
                };
                let outcome = match wanted::posted(archive.as_ref(), &endpoint, &event).await {
                    Ok(body) => post(&http, reach, &endpoint, &event.id.to_string(), now(), &body).await,
                    Err(_) => Outcome::Refused("our record does not answer".to_owned()),
                };
                (delivery, outcome)
            });
        }
        Ok(())
    }

    /// Writes down what came of posts, and only then lets their lanes go on.
    async fn settle(&mut self, ended: Vec<(Delivery, Outcome)>) {
        let at = now();
        let tries: Vec<Tried> = ended.iter().map(|(delivery, outcome)| self.judge(delivery, outcome, at)).collect();
        let (record, Endpoint { tenant, name, .. }) = (self.parts.record.clone(), self.endpoint.clone());
        let mut back_off = BackOff::default();
        while let Err(error) = record.tried(tenant, &name, &tries).await {
            telemetry::record_away("tried", &error.to_string());
            back_off.wait().await;
        }
        for ((delivery, _), tried) in ended.iter().zip(tries) {
            match tried.state {
                DeliveryState::Pending => self.lanes.put_off(&delivery.lane, tried.attempts, tried.next_at),
                DeliveryState::Delivered | DeliveryState::Failed => self.go_on(&delivery.lane).await,
            }
        }
        let gone = ended.iter().any(|(_, outcome)| *outcome == Outcome::Gone);
        let cause = ended.iter().rev().find_map(|(_, outcome)| match outcome {
            Outcome::Refused(cause) => Some(cause.clone()),
            Outcome::Taken | Outcome::Gone => None,
        });
        self.note_state(at, gone, cause).await;
    }

    /// What a try means for its entry and for the endpoint.
    fn judge(&mut self, delivery: &Delivery, outcome: &Outcome, at: Millis) -> Tried {
        let (attempts, event) = (delivery.attempts + 1, delivery.event);
        let Endpoint { tenant, name, .. } = &self.endpoint;
        let cause = match outcome {
            Outcome::Taken => {
                telemetry::delivered();
                (self.failures, self.failing_since) = (0, None);
                return Tried { event, state: DeliveryState::Delivered, attempts, next_at: at, cause: String::new() };
            }
            Outcome::Refused(cause) => cause.clone(),
            Outcome::Gone => "answered 410".to_owned(),
        };
        self.failures += 1;
        self.failing_since.get_or_insert(at);
        if self.failures >= DOWN_AFTER {
            self.not_before = at.plus(self.parts.pace.pause_ms(self.failures - DOWN_AFTER + 1));
        }
        if attempts >= self.parts.pace.attempts_max {
            telemetry::failed(*tenant, name, event, attempts, &cause);
            return Tried { event, state: DeliveryState::Failed, attempts, next_at: at, cause };
        }
        telemetry::refused(*tenant, name, event, attempts, &cause);
        let next_at = at.plus(self.parts.pace.pause_ms(attempts));
        Tried { event, state: DeliveryState::Pending, attempts, next_at, cause }
    }

    /// The head of a lane is settled: what is behind it goes.
    async fn go_on(&mut self, lane: &str) {
        let Some(after) = self.lanes.done(lane) else { return };
        let Endpoint { tenant, name, .. } = &self.endpoint;
        match self.parts.record.pending(*tenant, name, Some(lane), after, Lanes::resumed_max()).await {
            Ok(found) => self.lanes.resume(lane, found),
            // The lanes are read anew from the ledger.
            Err(_) => self.stale = true,
        }
    }

    /// Writes down that the endpoint fails, is well again, or is paused. If somebody changed it meanwhile, that counts.
    async fn note_state(&mut self, at: Millis, gone: bool, cause: Option<String>) {
        let long = self.failing_since.is_some_and(|since| at.since(since) >= self.parts.pace.pause_after_ms);
        let (state, what) = match (&self.endpoint.state, self.failing_since) {
            _ if gone => (EndpointState::Paused { at, reason: "it says that it is gone (410)".into() }, true),
            (_, Some(since)) if long && self.failures >= DOWN_AFTER => {
                let cause = cause.unwrap_or_default();
                let seconds = at.since(since) / 1000;
                let reason = format!("nothing got through for {seconds} s; the last try: {cause}");
                (EndpointState::Paused { at, reason }, true)
            }
            (EndpointState::Active { failing_since: None, .. }, since @ Some(_)) if self.failures >= DOWN_AFTER => {
                (EndpointState::Active { failing_since: since, cause }, false)
            }
            (EndpointState::Active { failing_since: Some(_), .. }, None) => (EndpointState::WELL, false),
            _ => return,
        };
        let changed = Endpoint { version: self.endpoint.version + 1, state, ..self.endpoint.clone() };
        let deed = Deed { at, actor: "system".into(), what: "event_endpoint_paused" };
        match self.parts.record.put_endpoint(&changed, what.then_some(&deed)).await {
            Ok(true) => {
                if let EndpointState::Paused { reason, .. } = &changed.state {
                    telemetry::paused(changed.tenant, &changed.name, reason);
                    self.stale = true;
                }
                self.endpoint = changed;
            }
            Ok(false) => {}
            Err(error) => telemetry::record_away("put_endpoint", &error.to_string()),
        }
    }

    fn note_lag(&self) {
        let oldest = self.lanes.oldest().filter(|_| !self.is_paused());
        self.behind.note(self.endpoint.tenant, &self.endpoint.name, oldest);
    }

    fn wake_in(&self) -> Duration {
        if self.is_paused() || self.posting.len() >= POSTS_MAX {
            return IDLE;
        }
        let down = self.failures >= DOWN_AFTER;
        if down && !self.posting.is_empty() {
            return IDLE;
        }
        let next = self.lanes.next_at().map(|next| if down { next.max(self.not_before) } else { next });
        next.map_or(IDLE, |next| Duration::from_millis(next.since(now())).min(IDLE))
    }
}
