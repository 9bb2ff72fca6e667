//! When something happens by itself to what workers have: kept for each worker, and found out anew only when it may be
//! over.
//!
//! Most tasks are done long before their targets are over. While the deadline of each was kept in order, a fifth of a
//! decision went into looking for places among what never comes. So a worker is watched from the earliest of what he was
//! given, and what he is done with is noticed only when that comes first of all.

use blendline_wire::{Millis, TaskId, WorkerId};

use crate::rows::Task;
use crate::scheduler::{Scheduler, Step};
use crate::sorted::Keyed;

/// When to look at what a worker has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Watch {
    pub(crate) at: Millis,
    pub(crate) worker: WorkerId,
}

impl Keyed for Watch {
    /// When, then whose.
    fn key(&self) -> u128 {
        u128::from(self.at.0) << u64::BITS | u128::from(self.worker.0)
    }
}

/// Since when a worker is watched: the earliest of what he was given since it was last found out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watched(Millis);

impl Watched {
    /// Where he is watched.
    fn at(self) -> Option<Millis> {
        Some(self.0).filter(|at| *at != Millis::MAX)
    }

    /// From then on he is watched, or not at all. Since when he was.
    fn replace(&mut self, at: Option<Millis>) -> Option<Millis> {
        std::mem::replace(self, Self(at.unwrap_or(Millis::MAX))).at()
    }
}

impl Default for Watched {
    fn default() -> Self {
        Self(Millis::MAX)
    }
}

/// How early it is, is history, not state: that it is not late is checked by itself.
impl PartialEq for Watched {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Scheduler {
    /// A worker has something to which something happens by itself at an instant.
    pub(crate) fn watch(&mut self, worker: WorkerId, at: Millis) {
        let Some(desk) = self.workers.get_mut(&worker) else { return };
        if at < desk.watched.0 {
            let before = desk.watched.replace(Some(at));
            self.rewatch(worker, before, Some(at));
        }
    }

    /// Nobody looks at what a worker has any more.
    pub(crate) fn unwatch(&mut self, step: &mut Step<'_>, worker: WorkerId) {
        let before = self.workers.get_mut(&worker).and_then(|desk| desk.watched.replace(None));
        self.rewatch(worker, before, None);
        step.todo.watch_may_be_over = true;
    }

    /// What a worker had is not his any more, or something happens to it at another time.
    pub(crate) fn may_be_over(&self, step: &mut Step<'_>, worker: WorkerId) {
        step.todo.watch_may_be_over |= self.watches.first().is_some_and(|first| first.worker == worker);
    }

    /// Finds out what comes first: afterwards that is not over.
    pub(crate) fn settle_watches(&mut self, step: &mut Step<'_>) {
        if !std::mem::take(&mut step.todo.watch_may_be_over) {
            return;
        }
        while let Some(Watch { at, worker }) = self.watches.first().copied() {
            let earliest = self.earliest(worker).map(|(at, _)| at);
            if earliest == Some(at) {
                break;
            }
            if let Some(desk) = self.workers.get_mut(&worker) {
                desk.watched.replace(earliest);
            }
            self.rewatch(worker, Some(at), earliest);
        }
    }

    fn rewatch(&mut self, worker: WorkerId, before: Option<Millis>, after: Option<Millis>) {
        before.into_iter().for_each(|at| _ = self.watches.remove(&Watch { at, worker }));
        after.into_iter().for_each(|at| _ = self.watches.insert(Watch { at, worker }));
    }

    /// When the first of what a worker has is due, and which that is.
    pub(crate) fn earliest(&self, worker: WorkerId) -> Option<(Millis, TaskId)> {
        let held = self.workers.get(&worker)?.held.iter().filter_map(|task| self.tasks.get(&task));
        held.filter_map(|task| Some((self.watched_at(task)?, task.id))).min()
    }

    /// When something happens by itself to what a worker has, where it does.
    fn watched_at(&self, task: &Task) -> Option<Millis> {
        self.rules().stand_and_takes(task).0.watched()
    }

    /// Watches everybody anew.
    pub(crate) fn watch_all(&mut self) {
        self.watches = Default::default();
        let workers: Vec<WorkerId> = self.workers.iter().map(|(worker, _)| worker).collect();
        for worker in workers {
            let earliest = self.earliest(worker).map(|(at, _)| at);
            if let Some(desk) = self.workers.get_mut(&worker) {
                desk.watched.replace(earliest);
            }
            self.rewatch(worker, None, earliest);
        }
    }

    /// Whether nobody is watched too late, and whoever comes first is watched in time.
    pub(crate) fn check_watches(&self) -> Result<(), String> {
        let mut watched = Vec::new();
        for (worker, desk) in self.workers.iter() {
            let (at, earliest) = (desk.watched.at(), self.earliest(worker).map(|(at, _)| at));
            if earliest.is_some_and(|earliest| at.is_none_or(|at| at > earliest)) {
                return Err(format!("{worker} is watched from {at:?}, and has something at {earliest:?}"));
            }
            watched.extend(at.map(|at| Watch { at, worker }));
        }
        watched.sort_unstable_by_key(Keyed::key);
        if !self.watches.iter().eq(&watched) {
            return Err(format!("the watches are {:?}, and the desks say {watched:?}", self.watches));
        }
        let over = |first: &Watch| self.earliest(first.worker).is_none_or(|(at, _)| at != first.at);
        match self.watches.first().filter(|first| over(first)) {
            Some(first) => Err(format!("{first:?} comes first and is over")),
            None => Ok(()),
        }
    }
}
