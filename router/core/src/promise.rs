//! Back queues get the part of their workers' hours that they are promised, whatever the front line asks for: of all who
//! serve them, and of each group by its time plan.
//!
//! While such a queue is owed a task its work comes before all other, the reserve does not hold it back, and nobody is
//! called away from it. What it is owed is reckoned from what its workers could carry and what its tasks took
//! ([`crate::policy::share`]), at each change of the two and at the end of each part of the window.
//!
//! A group's plan is kept by the group and not by each of its workers: else all would turn away from the customers at
//! once when a shift begins. Administration and training are back queues like others; the rest of the hours is the
//! customers'.

use blendline_wire::org::QueueSettings;
use blendline_wire::task::Side;
use blendline_wire::{GroupId, Millis, QueueId, WorkerId};

use crate::by_number::ByNumber;
use crate::desk::{Desk, Pool};
use crate::policy::share::{Promise, Share};
use crate::ready::Ready;
use crate::rows::Learnt;
use crate::scheduler::{Scheduler, Step};

/// The members of a group who are ready.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Members {
    /// How many they are.
    workers: u32,
    /// What they can carry together.
    slots: u64,
}

/// Whether a back queue is promised a part of the hours of all who serve it.
pub(crate) fn is_promised(queue: &QueueSettings) -> bool {
    queue.side == Side::Back && queue.blend.share_milli > 0
}

/// Whether some group's time plan has a back queue.
fn is_planned(queue: &QueueSettings) -> bool {
    queue.side == Side::Back && queue.planned.iter().any(|part| part.share_milli > 0)
}

/// The part of a group's hours that its time plan gives a back queue, in thousandths; zero for none.
pub(crate) fn part_of(queue: &QueueSettings, group: GroupId) -> u32 {
    let parts = if queue.side == Side::Back { &queue.planned[..] } else { &[] };
    parts.iter().find(|part| part.group == group).map_or(0, |part| part.share_milli)
}

/// To whom the hours are promised that a queue's task takes of a worker of this group: to all, to the group, to both.
pub(crate) fn promised_to(
    queues: &ByNumber<QueueId, QueueSettings>,
    queue: QueueId,
    group: Option<GroupId>,
) -> impl Iterator<Item = Option<GroupId>> + use<> {
    let queue = queues.get(&queue);
    let all = queue.is_some_and(is_promised).then_some(None);
    let group = group.filter(|group| queue.is_some_and(|queue| part_of(queue, *group) > 0));
    all.into_iter().chain(group.map(Some))
}

impl Scheduler {
    /// By what a back queue's promise is kept now: that of all who serve it, or of a group's plan. `None` where nothing
    /// is promised to it.
    fn promise(&self, queue: QueueId, whose: Option<GroupId>) -> Option<Promise> {
        let settings = self.queues.get(&queue).filter(|queue| queue.side == Side::Back)?;
        let share_milli = whose.map_or(settings.blend.share_milli, |group| part_of(settings, group));
        let slots = || match whose {
            None => self.pools.get(&queue).map_or(0, |pool| pool.slots),
            Some(group) => self.members.get(&(queue, group)).map_or(0, |members| members.slots),
        };
        (share_milli > 0).then(|| Promise {
            share_milli,
            window_ms: settings.blend.share_window_ms,
            slots: slots(),
            busy: self.promised.get(&(queue, whose)).copied().unwrap_or(0),
            waits: self.index.lines.contains_key(&queue),
        })
    }

    /// Whether a back queue is owed a task now by all who serve it. Nearly all are promised nothing, and their settings
    /// are at hand.
    pub(crate) fn is_owed(&self, now: Millis, queue: &QueueSettings) -> bool {
        queue.blend.share_milli > 0 && self.owes(now, queue.id, None, 0)
    }

    /// Whether a worker's group owes a back queue a task now by its time plan.
    pub(crate) fn is_owed_by_group(&self, now: Millis, desk: &Desk, queue: &QueueSettings) -> bool {
        desk.planned && self.owes(now, queue.id, desk.row.settings.group, 0)
    }

    /// Whether a back queue is owed a task now by a worker, as one of all or as one of his group.
    pub(crate) fn is_owed_by(&self, now: Millis, desk: &Desk, queue: &QueueSettings) -> bool {
        self.is_owed(now, queue) || self.is_owed_by_group(now, desk, queue)
    }

    /// Whether a back queue would be owed a task by a worker when so much of what its tasks take were given up.
    pub(crate) fn is_owed_after(&self, now: Millis, desk: &Desk, queue: QueueId, given_up: u32) -> bool {
        let group = desk.row.settings.group.filter(|_| desk.planned);
        self.owes(now, queue, None, given_up) || group.is_some() && self.owes(now, queue, group, given_up)
    }

    fn owes(&self, now: Millis, queue: QueueId, whose: Option<GroupId>, given_up: u32) -> bool {
        let Some(promise) = self.promise(queue, whose) else { return false };
        let share = self.learnt.get(&queue).map(|row| row.share_of(whose)).unwrap_or_default();
        let after = Promise { busy: promise.busy.saturating_sub(given_up.into()), ..promise };
        self.rules().hours(queue).is_open(now) && share.at(now, &promise).is_owed(&after)
    }

    /// Reckons what a queue is owed until now: something it follows from is about to change.
    pub(crate) fn reckon_share(&mut self, step: &mut Step<'_>, queue: QueueId) {
        let Some(settings) = self.queues.get(&queue).filter(|_| !step.derives) else { return };
        if !is_promised(settings) && !is_planned(settings) {
            return;
        }
        let groups = settings.planned.iter().map(|part| Some(part.group));
        let all = std::iter::once(None).chain(groups);
        let promises: Vec<_> = all.filter_map(|whose| Some((whose, self.promise(queue, whose)?))).collect();
        let now = step.now;
        self.edit_learnt(step, queue, |row| {
            row.planned.retain(|(group, _)| promises.iter().any(|(whose, _)| *whose == Some(*group)));
            row.count_until = Millis::MAX;
            for (whose, promise) in &promises {
                let share = row.share_of(*whose).at(now, promise);
                row.count_until = row.count_until.min(share.part_ends(promise).max(now.plus(1)));
                row.keep(*whose, share);
            }
        });
    }

    /// The same for all that are promised something.
    pub(crate) fn reckon_shares(&mut self, step: &mut Step<'_>) {
        let all: Vec<QueueId> = self.queues.keys().collect();
        all.into_iter().for_each(|queue| self.reckon_share(step, queue));
    }

    /// A part of the window is over: perhaps more is owed now.
    pub(crate) fn share_part_ends(&mut self, step: &mut Step<'_>, queue: QueueId) {
        self.reckon_share(step, queue);
        let waits = self.index.lines.contains_key(&queue);
        let promised = self.queues.get(&queue).is_some_and(|queue| is_promised(queue) || is_planned(queue));
        // Nothing becomes owed where nothing waits, or is promised any more.
        if !(waits && promised) && self.learnt.contains_key(&queue) {
            self.edit_learnt(step, queue, |row| row.count_until = Millis::MAX);
        }
        let Some(settings) = self.queues.get(&queue) else { return };
        step.todo.slack.insert(settings.tenant);
        if waits && is_planned(settings) {
            let ready = self.index.ready.get(&queue).into_iter().flat_map(Ready::iter);
            step.todo.freed.extend(ready.filter(|place| place.planned).map(|place| place.worker));
        }
    }

    /// A task of a queue that is promised something begins or ends to take so much of whoever has it.
    pub(crate) fn promise_taken(&mut self, queue: QueueId, holder: Option<WorkerId>, taken: u32, begins: bool) {
        // Nearly all are promised nothing, and then nobody has to look for whoever holds it.
        if taken == 0 || !self.queues.get(&queue).is_some_and(|queue| is_promised(queue) || is_planned(queue)) {
            return;
        }
        let group = holder.and_then(|holder| self.workers.get(&holder)).and_then(|desk| desk.row.settings.group);
        for whose in promised_to(&self.queues, queue, group) {
            let sum = self.promised.entry((queue, whose)).or_default();
            *sum = if begins { *sum + u64::from(taken) } else { sum.saturating_sub(taken.into()) };
            if *sum == 0 {
                self.promised.remove(&(queue, whose));
            }
        }
    }

    /// What a worker's tasks take of what is promised begins or ends to count: his group is about to change, or did.
    pub(crate) fn takes_promised(&mut self, id: WorkerId, begins: bool) {
        let Some(desk) = self.workers.get(&id) else { return };
        let held = desk.held.iter().filter_map(|id| self.tasks.get(&id));
        let taken: Vec<_> = held.map(|task| (task.queue, self.rules().takes(task).back)).collect();
        taken.into_iter().for_each(|(queue, back)| self.promise_taken(queue, Some(id), back, begins));
    }

    /// What a worker brings to his group changes.
    pub(crate) fn member_counts(&mut self, id: WorkerId, after: &Pool, before: &Pool) {
        let Some(desk) = self.workers.get(&id).filter(|desk| desk.planned) else { return };
        let Some(group) = desk.row.settings.group else { return };
        for queue in desk.promised.iter() {
            if self.queues.get(queue).is_none_or(|queue| part_of(queue, group) == 0) {
                continue;
            }
            let members = self.members.entry((*queue, group)).or_default();
            members.workers = members.workers + after.workers - before.workers;
            members.slots = members.slots + after.slots - before.slots;
            if members.workers == 0 {
                self.members.remove(&(*queue, group));
            }
        }
    }
}

impl Learnt {
    /// What was promised of late, by all who serve the queue or by a group's plan, and what its tasks had.
    pub(crate) fn share_of(&self, whose: Option<GroupId>) -> Share {
        let Some(group) = whose else { return self.share };
        self.planned.iter().find(|(known, _)| *known == group).map(|(_, share)| *share).unwrap_or_default()
    }

    fn keep(&mut self, whose: Option<GroupId>, share: Share) {
        let Some(group) = whose else {
            self.share = share;
            return;
        };
        match self.planned.iter_mut().find(|(known, _)| *known == group) {
            Some((_, kept)) => *kept = share,
            None => self.planned.push((group, share)),
        }
    }
}
