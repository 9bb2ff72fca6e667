//! One look at the core: what waits, who is there, what he carries.

use std::collections::BTreeMap;

use blendline_core::Scheduler;
use blendline_core::rows::TaskState;
use blendline_wire::task::{Presence, Side};
use blendline_wire::{Millis, QueueId, TenantId, WorkerId};

/// A tenant's queues and workers as the core has them.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) queues: BTreeMap<QueueId, Line>,
    pub(super) people: BTreeMap<WorkerId, Person>,
}

/// A queue.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Line {
    pub(super) waiting: usize,
    pub(super) oldest: Option<Millis>,
    pub(super) first_due: Option<Millis>,
    pub(super) active: usize,
    pub(super) aside: usize,
    pub(super) reserve_milli: u64,
    /// What those who serve it and are there can carry.
    pub(super) could: u64,
    /// What its tasks take of that.
    pub(super) takes: u64,
}

/// A worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Person {
    pub(super) connected: bool,
    pub(super) presence: Presence,
    pub(super) capacity: u32,
    pub(super) load: u32,
    pub(super) front: usize,
    pub(super) back: usize,
    pub(super) idle_since: Millis,
}

/// Looks at these queues and workers of a tenant. One pass over the open tasks of the shard.
pub(super) fn look(core: &Scheduler, tenant: TenantId, queues: &[(QueueId, Side)], people: &[WorkerId]) -> Seen {
    let mut seen = Seen::default();
    for (id, side) in queues {
        let now = core.queue_now(*id);
        let reserve_milli = if *side == Side::Front { core.reserve_milli(*id) } else { 0 };
        let line = Line { waiting: now.waiting, first_due: now.first_due, reserve_milli, ..Line::default() };
        seen.queues.insert(*id, line);
    }
    for id in people {
        let Some(worker) = core.worker(*id) else { continue };
        let person = Person {
            connected: worker.session.is_some(),
            presence: worker.presence,
            capacity: worker.capacity,
            load: core.load_of(*id),
            front: 0,
            back: 0,
            idle_since: worker.idle_since,
        };
        seen.people.insert(*id, person);
        for queue in worker.settings.queues.iter().filter(|_| person.connected) {
            if let Some(line) = seen.queues.get_mut(queue) {
                line.could += u64::from(person.capacity);
            }
        }
    }
    for task in core.tasks().filter(|task| task.tenant == tenant) {
        let Some(line) = seen.queues.get_mut(&task.queue) else { continue };
        match task.state {
            TaskState::Waiting if task.directed.is_none() => {
                line.oldest = Some(line.oldest.map_or(task.earned_at, |oldest| oldest.min(task.earned_at)));
            }
            TaskState::Offered { worker, .. } | TaskState::Active { worker, .. } => {
                line.active += 1;
                line.takes += core.queue(task.queue).map_or(0, |queue| u64::from(queue.task_weight));
                if let Some(person) = seen.people.get_mut(&worker) {
                    match task.side {
                        Side::Front => person.front += 1,
                        Side::Back => person.back += 1,
                    }
                }
            }
            TaskState::Waiting | TaskState::Closed { .. } => {}
            TaskState::Parked { .. } | TaskState::Interrupted { .. } | TaskState::Requesting { .. } => line.aside += 1,
        }
    }
    seen
}
