//! Back queues get the part of their workers' hours that they are promised, whatever the front line asks for.
//!
//! While such a queue is owed a task its work comes before all other, the reserve does not hold it back, and nobody is
//! called away from it. What it is owed is reckoned from what its workers could carry and what its tasks took
//! ([`crate::policy::share`]), at each change of the two and at the end of each part of the window.

use blendline_wire::org::QueueSettings;
use blendline_wire::task::Side;
use blendline_wire::{Millis, QueueId};

use crate::policy::share::Promise;
use crate::scheduler::{Scheduler, Step};

impl Scheduler {
    /// By what a back queue's promise is kept now; `None` where nothing is promised to it.
    fn promise(&self, queue: QueueId) -> Option<Promise> {
        let settings = self.queues.get(&queue).filter(|queue| queue.side == Side::Back)?;
        let (share_milli, window_ms) = (settings.blend.share_milli, settings.blend.share_window_ms);
        (share_milli > 0).then(|| Promise {
            share_milli,
            window_ms,
            slots: self.pools.get(&queue).map_or(0, |pool| pool.slots),
            busy: self.promised.get(&queue).copied().unwrap_or(0),
            waits: self.index.lines.contains_key(&queue),
        })
    }

    /// Whether a back queue is owed a task now. Nearly all are promised nothing, and their settings are at hand.
    pub(crate) fn is_owed(&self, now: Millis, queue: &QueueSettings) -> bool {
        queue.blend.share_milli > 0 && self.is_owed_after(now, queue.id, 0)
    }

    /// Whether a back queue would be owed a task when so much of what its tasks take were given up.
    pub(crate) fn is_owed_after(&self, now: Millis, queue: QueueId, given_up: u32) -> bool {
        let Some(promise) = self.promise(queue) else { return false };
        let share = self.learnt.get(&queue).map(|row| row.share).unwrap_or_default();
        let after = Promise { busy: promise.busy.saturating_sub(given_up.into()), ..promise };
        self.rules().hours(queue).is_open(now) && share.at(now, &promise).is_owed(&after)
    }

    /// Reckons what a queue is owed until now: something it follows from is about to change.
    pub(crate) fn reckon_share(&mut self, step: &mut Step<'_>, queue: QueueId) {
        let Some(promise) = self.promise(queue).filter(|_| !step.derives) else { return };
        let now = step.now;
        self.edit_learnt(step, queue, |row| {
            row.share = row.share.at(now, &promise);
            row.count_until = row.share.part_ends(&promise).max(now.plus(1));
        });
    }

    /// The same for all that are promised something.
    pub(crate) fn reckon_shares(&mut self, step: &mut Step<'_>) {
        let all: Vec<QueueId> = self.queues.keys().copied().collect();
        all.into_iter().for_each(|queue| self.reckon_share(step, queue));
    }

    /// A part of the window is over: perhaps more is owed now.
    pub(crate) fn share_part_ends(&mut self, step: &mut Step<'_>, queue: QueueId) {
        self.reckon_share(step, queue);
        // Nothing becomes owed where nothing waits.
        if self.promise(queue).is_none_or(|promise| !promise.waits) {
            self.edit_learnt(step, queue, |row| row.count_until = Millis::MAX);
        }
        if let Some(settings) = self.queues.get(&queue) {
            step.todo.slack.insert(settings.tenant);
        }
    }

    /// The tasks of a queue that is promised something take more or less than before.
    pub(crate) fn promise_taken(&mut self, queue: QueueId, before: u32, after: u32) {
        if before == after || self.promise(queue).is_none() {
            return;
        }
        let taken = self.promised.entry(queue).or_default();
        *taken = (*taken + u64::from(after)).saturating_sub(before.into());
        if *taken == 0 {
            self.promised.remove(&queue);
        }
    }
}
