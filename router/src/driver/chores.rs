//! What an owner does beside batches: renews its lease, finds lost workers, ends unanswered confirmations, counts.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use blendline_cases::systems::Held;
use blendline_wire::task::Side;
use blendline_wire::{CaseId, ConversationId, ImprovementId, TaskId};
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, timeout};

use crate::driver::draft::{Draft, Item};
use crate::driver::reviewers::Reviewers;
use crate::driver::serve::Serving;
use crate::driver::telemetry::{self, Waiting};
use crate::ports::broker::{BrokerError, inbound_queue};
use crate::ports::store::StoreError;

/// How often slow chores are done.
const SLOW: Duration = Duration::from_secs(1);
/// How often it is looked whether a platform's window is about to close on somebody who waits.
const WINDOWS: Duration = Duration::from_secs(30);
/// How many conversations whose time to confirm is over are taken up at once, and how many cases are looked at.
const SWEEP_MAX: usize = 256;
/// How many waiting reviews are looked at at once.
const REVIEWS_MAX: usize = 256;
/// How long a subscription or renewal may take.
const CALL_MAX: Duration = Duration::from_secs(2);

/// Conversations whose time to confirm is over, cases that are to be looked at, events of other systems that waited long
/// enough, and improvements that are to be looked at.
type Swept = (Vec<ConversationId>, Vec<CaseId>, Vec<Held>, Vec<ImprovementId>);

/// What is under way beside batches.
pub(crate) struct Chores {
    /// When the lease was last renewed, by a commit or by itself.
    pub(crate) renewed: Instant,
    renewal: Option<JoinHandle<Result<(), StoreError>>>,
    sweep: Option<JoinHandle<Result<Swept, StoreError>>>,
    slow: Instant,
    windows: Instant,
    /// The task of the last review that was looked at.
    reviewed: TaskId,
}

impl Default for Chores {
    fn default() -> Self {
        let now = Instant::now();
        Self { renewed: now, renewal: None, sweep: None, slow: now, windows: now, reviewed: TaskId::default() }
    }
}

impl Serving<'_> {
    /// `caught_up`: nobody waits at the door, so whoever was not heard was silent.
    pub(crate) async fn chores(&mut self, caught_up: bool, draft: &mut Draft) -> Result<(), StoreError> {
        if self.intake.is_cut_off() {
            self.subscribe().await;
        }
        self.renew_directory(draft);
        if caught_up {
            let lost = self.sessions.lost(self.clock.now());
            draft.items.extend(lost.into_iter().map(|(worker, session)| Item::Lost(worker, session)));
        }
        self.renew().await?;
        self.intake.regulate(self.core.open_tasks(), self.owner.config.open_tasks_max);
        if self.chores.slow.elapsed() >= SLOW {
            self.chores.slow = Instant::now();
            self.clock.slew();
            self.count();
            self.take_history();
            self.take_counted();
            self.sweep(draft).await;
            if self.chores.windows.elapsed() >= WINDOWS {
                self.chores.windows = Instant::now();
                self.look_at_windows(draft);
            }
            self.look_at_repeats(draft);
            self.look_at_reviews(draft);
        }
        Ok(())
    }

    async fn subscribe(&mut self) {
        let config = &self.owner.config;
        let queue = inbound_queue(config.shard);
        let subscribed = timeout(CALL_MAX, self.owner.broker.subscribe(&queue, config.prefetch)).await;
        match subscribed.unwrap_or_else(|_| Err(BrokerError::Unavailable("no answer in time".into()))) {
            Ok(subscription) => self.intake.subscribed(subscription),
            Err(error) => telemetry::broker_unavailable("subscribe", &error),
        }
    }

    async fn renew(&mut self) -> Result<(), StoreError> {
        if self.chores.renewal.as_ref().is_some_and(JoinHandle::is_finished)
            && let Some(renewal) = self.chores.renewal.take()
        {
            match renewal.await.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string()))) {
                Ok(()) => self.chores.renewed = Instant::now(),
                // The next commit decides; until the lease ends nobody else can have the shard.
                Err(error @ StoreError::Unavailable(_)) => telemetry::store_unavailable("renew", &error),
                Err(error) => return Err(error),
            }
        }
        let config = &self.owner.config;
        let due = self.chores.renewed.elapsed() >= Duration::from_millis(config.renew_ms);
        // A commit renews by itself.
        if due && self.chores.renewal.is_none() && !self.is_committing() {
            let store = Arc::clone(&self.owner.store);
            let (shard, epoch, lease_ms) = (config.shard, self.tenure.epoch, config.lease_ms);
            self.chores.renewal = Some(tokio::spawn(async move {
                let renewed = timeout(CALL_MAX, store.renew(shard, epoch, lease_ms)).await;
                renewed.unwrap_or_else(|_| Err(StoreError::Unavailable("no answer in time".into())))
            }));
        }
        Ok(())
    }

    /// Takes up what the last sweep found and begins the next.
    async fn sweep(&mut self, draft: &mut Draft) {
        match self.chores.sweep.take() {
            Some(sweep) if !sweep.is_finished() => {
                self.chores.sweep = Some(sweep);
                return;
            }
            Some(sweep) => match sweep.await.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string()))) {
                Ok((ended, cases, held, improvements)) => {
                    ended.into_iter().for_each(|id| draft.confirm_ended(id));
                    cases.into_iter().for_each(|id| draft.look_at_case(id));
                    held.into_iter().for_each(|held| draft.external_due(Box::new(held.event)));
                    improvements.into_iter().for_each(|id| draft.look_at_improvement(id));
                }
                Err(error) => telemetry::store_unavailable("sweep", &error),
            },
            None => {}
        }
        let archive = Arc::clone(&self.owner.archive);
        let (shard, now) = (self.owner.config.shard, self.clock.now());
        self.chores.sweep = Some(tokio::spawn(async move {
            let ended = archive.confirm_ended(shard, now, SWEEP_MAX).await?;
            let cases = archive.cases_to_look_at(shard, now, SWEEP_MAX).await?;
            let held = archive.externals_due(shard, now, SWEEP_MAX).await?;
            let improvements = archive.improvements_to_look_at(shard, now, SWEEP_MAX).await?;
            Ok((ended.into_iter().map(|row| row.id).collect(), cases, held, improvements))
        }));
    }

    /// Conversations in which somebody waits and whose platform will soon let us write no more.
    fn look_at_windows(&self, draft: &mut Draft) {
        let above = |tenant| {
            let notices =
                self.directory.rules.get(tenant).map(|routing| routing.notices.as_slice()).unwrap_or_default();
            notices.iter().filter(|told| !told.is_at_the_beginning()).map(|told| told.notice.above_ms).max()
        };
        let above: BTreeMap<_, _> =
            self.directory.tenants.keys().filter_map(|tenant| Some((*tenant, above(tenant)?))).collect();
        if above.is_empty() {
            return;
        }
        let now = self.clock.now();
        for task in self.core.tasks().filter(|task| task.unanswered) {
            let (Some(above_ms), Some(conversation)) = (above.get(&task.tenant), task.conversation) else { continue };
            let ends = self.core.window_of(conversation).filter(|ends| now < *ends);
            if ends.is_some_and(|ends| ends.since(now) <= *above_ms) {
                draft.items.push(Item::WindowCloses(task.tenant, conversation));
            }
        }
    }

    /// What too many customers come again with.
    fn look_at_repeats(&mut self, draft: &mut Draft) {
        for (tenant, topic) in self.overlay.again.look(&self.directory, self.clock.now()) {
            draft.too_many_repeats(tenant, topic);
        }
    }

    /// Reviews that wait for somebody who may make them, some at a time.
    fn look_at_reviews(&mut self, draft: &mut Draft) {
        let (directory, standings) = (self.directory.as_ref(), &self.overlay.standings);
        let reviewers = Reviewers { core: &self.core, directory, standings, now: self.clock.now() };
        let after = (Bound::Excluded(self.chores.reviewed), Bound::Unbounded);
        let (mut seen, mut last) = (0, TaskId::default());
        for (task, waiting) in standings.reviewing.range(after).take(REVIEWS_MAX) {
            (seen, last) = (seen + 1, *task);
            if reviewers.wants_look(*task) {
                draft.look_at_review(*task, waiting.review);
            }
        }
        // Behind the last one it begins with the first again.
        self.chores.reviewed = if seen < REVIEWS_MAX { TaskId::default() } else { last };
    }

    fn count(&self) {
        let now = self.clock.now();
        let (mut front, mut back) = (Waiting::default(), Waiting::default());
        for (queue, side) in &self.queues {
            let queue = self.core.queue_now(*queue);
            let side = match side {
                Side::Front => &mut front,
                Side::Back => &mut back,
            };
            side.count += queue.waiting;
            side.late_ms = side.late_ms.max(queue.first_due.map_or(0, |due| now.0.saturating_sub(due.0)));
        }
        let connected = self.core.workers().filter(|worker| worker.session.is_some()).count();
        let shard = self.owner.config.shard;
        telemetry::waiting(shard, [("front", front), ("back", back)], self.core.open_tasks(), connected);
    }
}
