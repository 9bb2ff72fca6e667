//! What a day came to, counted from events alone: the recorded ones and those of a replay are counted alike.

use std::collections::{BTreeMap, HashMap};

use blendline_wire::event::{Actor, Event, EventKind};
use blendline_wire::task::{Presence, Target, WithdrawReason};
use blendline_wire::{Millis, QueueId, TaskId, TenantId, WorkerId};

/// Counts the events of a tenant between two instants.
#[derive(Debug)]
pub struct Tally {
    tenant: TenantId,
    from: Millis,
    to: Millis,
    tasks: HashMap<TaskId, Life>,
    queues: BTreeMap<QueueId, Count>,
    workers: BTreeMap<WorkerId, Hours>,
}

/// A task on its way.
#[derive(Debug)]
struct Life {
    /// The queue it came to.
    queue: QueueId,
    came: Millis,
    due_at: Millis,
    started: bool,
    /// Who is at it, since when.
    with: Option<(WorkerId, Millis)>,
}

#[derive(Debug, Default)]
struct Count {
    figures: QueueFigures,
    waits: Vec<u64>,
}

#[derive(Debug, Default)]
struct Hours {
    figures: WorkerFigures,
    /// Since when he is there for work.
    since: Option<Millis>,
    there: bool,
    ready: bool,
}

/// What a queue came to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct QueueFigures {
    /// How many tasks came to it.
    pub came: u64,
    /// How many of those had a worker.
    pub started: u64,
    /// How many had one before they were due.
    pub in_time: u64,
    /// How many were answered, or done without.
    pub answered: u64,
    /// How many of those in time.
    pub answered_in_time: u64,
    /// How many were done.
    pub done: u64,
    /// How many were taken back or left before.
    pub left: u64,
    /// How often one was passed on.
    pub transferred: u64,
    /// How often one went over to a queue that helps out.
    pub overflowed: u64,
    /// How often one was set aside for the front line.
    pub interrupted: u64,
    /// How long those with a worker waited for him on the mean, in milliseconds.
    pub wait_mean_ms: u64,
    /// Half of them at most.
    pub wait_p50_ms: u64,
    /// Nine of ten at most.
    pub wait_p90_ms: u64,
}

/// What a worker came to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct WorkerFigures {
    /// How long he was there, in milliseconds.
    pub present_ms: u64,
    /// How long he was at tasks, each counted, in milliseconds.
    pub worked_ms: u64,
    /// How many he solved.
    pub done: u64,
}

/// What a day came to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Figures {
    /// By queue.
    pub queues: BTreeMap<QueueId, QueueFigures>,
    /// By worker.
    pub workers: BTreeMap<WorkerId, WorkerFigures>,
}

impl Tally {
    /// Counts what comes from `from` on, before `to`.
    pub fn new(tenant: TenantId, from: Millis, to: Millis) -> Self {
        let (tasks, queues, workers) = Default::default();
        Self { tenant, from, to, tasks, queues, workers }
    }

    /// A worker who is there when counting begins.
    pub fn is_there(&mut self, worker: WorkerId, presence: Presence, at: Millis) {
        self.presence(worker, Some(true), Some(presence), at);
    }

    /// Counts one event. They come in their order.
    pub fn take(&mut self, event: &Event) {
        if event.tenant != self.tenant || self.to <= event.at {
            return;
        }
        if let Actor::Worker(worker) = event.actor {
            match event.kind {
                EventKind::WorkerAttached { .. } => self.presence(worker, Some(true), None, event.at),
                EventKind::WorkerLost | EventKind::WorkerDetached => self.presence(worker, Some(false), None, event.at),
                EventKind::WorkerPresence { presence, .. } => self.presence(worker, None, Some(presence), event.at),
                _ => {}
            }
        }
        if let Some(task) = event.task {
            self.of_task(task, event);
        }
    }

    fn presence(&mut self, worker: WorkerId, there: Option<bool>, presence: Option<Presence>, at: Millis) {
        let from = self.from;
        let hours = self.workers.entry(worker).or_default();
        // Who comes is ready unless he says otherwise.
        hours.ready = presence.map_or(hours.ready || there == Some(true), |presence| presence != Presence::Away);
        hours.there = there.unwrap_or(hours.there);
        match (hours.there && hours.ready, hours.since) {
            (true, None) => hours.since = Some(at),
            (false, Some(since)) => {
                hours.figures.present_ms += at.max(from).since(since.max(from));
                hours.since = None;
            }
            _ => {}
        }
    }

    fn of_task(&mut self, id: TaskId, event: &Event) {
        let at = event.at;
        if let EventKind::TaskCreated { queue, due_at, .. } = event.kind {
            let life = Life { queue, came: at, due_at, started: false, with: None };
            self.tasks.insert(id, life);
            if self.from <= at {
                self.queues.entry(queue).or_default().figures.came += 1;
            }
            return;
        }
        let Some(life) = self.tasks.get_mut(&id) else { return };
        let counts = self.from <= life.came;
        let count = self.queues.entry(life.queue).or_default();
        let (mut ends, mut over) = (false, false);
        match &event.kind {
            EventKind::TaskAssigned { worker, .. } => {
                life.with = Some((*worker, at));
                if !std::mem::replace(&mut life.started, true) && counts {
                    count.figures.started += 1;
                    count.figures.in_time += u64::from(at <= life.due_at);
                    count.waits.push(at.since(life.came));
                }
            }
            EventKind::FirstResponse { late, .. } if counts => {
                count.figures.answered += 1;
                count.figures.answered_in_time += u64::from(!late);
            }
            EventKind::TaskSolved { worker, .. } => {
                (ends, over) = (true, true);
                count.figures.done += u64::from(counts);
                if let Some(worker) = worker.filter(|_| self.from <= at) {
                    self.workers.entry(worker).or_default().figures.done += 1;
                }
            }
            EventKind::TaskCancelled { .. } => {
                (ends, over) = (true, true);
                count.figures.left += u64::from(counts);
            }
            EventKind::TaskTransferred { to, .. } => {
                ends = true;
                count.figures.transferred += u64::from(counts && matches!(to, Target::Queue(_) | Target::Worker(_)));
            }
            EventKind::TaskOverflowed { .. } if counts => count.figures.overflowed += 1,
            EventKind::TaskWithdrawn { reason, .. } => {
                ends = true;
                count.figures.interrupted += u64::from(counts && *reason == WithdrawReason::Interrupted);
            }
            EventKind::TaskParked { .. }
            | EventKind::RequestOpened { .. }
            | EventKind::TaskRefused { .. }
            | EventKind::TaskHandedOver { .. } => ends = true,
            EventKind::TaskWoken { why } => ends = why == "unseen_message",
            _ => {}
        }
        if ends && let Some((worker, since)) = life.with.take() {
            self.workers.entry(worker).or_default().figures.worked_ms += at.max(self.from).since(since.max(self.from));
        }
        if over {
            self.tasks.remove(&id);
        }
    }

    /// What it came to by `end`.
    pub fn figures(&self, end: Millis) -> Figures {
        let (from, end) = (self.from, end.min(self.to));
        let queues = self.queues.iter().map(|(queue, count)| {
            let mut waits = count.waits.clone();
            waits.sort_unstable();
            let mut figures = count.figures.clone();
            if let Some(last) = waits.len().checked_sub(1) {
                figures.wait_mean_ms = waits.iter().sum::<u64>() / waits.len() as u64;
                figures.wait_p50_ms = waits[last / 2];
                figures.wait_p90_ms = waits[last * 9 / 10];
            }
            (*queue, figures)
        });
        let mut workers: BTreeMap<WorkerId, WorkerFigures> =
            self.workers.iter().map(|(worker, hours)| (*worker, hours.figures)).collect();
        for (worker, hours) in &self.workers {
            if let (Some(since), Some(figures)) = (hours.since, workers.get_mut(worker)) {
                figures.present_ms += end.since(since.max(from));
            }
        }
        for (worker, since) in self.tasks.values().filter_map(|life| life.with) {
            workers.entry(worker).or_default().worked_ms += end.since(since.max(from));
        }
        Figures { queues: queues.collect(), workers }
    }
}
