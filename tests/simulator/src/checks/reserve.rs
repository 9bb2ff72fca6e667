//! What front queues keep free: who counts for them, and what may start beside it.

use blendline_core::input::Command;
use blendline_core::rows::{Task, Worker};
use blendline_wire::event::Because;
use blendline_wire::task::{Presence, Side};
use blendline_wire::{QueueId, WorkerId};

use super::Step;
use super::offers::because;
use crate::rows::Rows;
use crate::verdict::{Check, ensure};

/// The front queues that a worker serves.
pub(super) fn fronts<'a>(rows: &'a Rows, worker: &'a Worker) -> impl Iterator<Item = QueueId> + 'a {
    let front = |id: &QueueId| rows.queues.get(id).is_some_and(|queue| queue.side == Side::Front);
    worker.settings.queues.iter().copied().filter(front).filter(|queue| !only_helps(worker, *queue))
}

/// Whether a worker was found out to be slow at a queue's work: nobody counts on him there.
fn only_helps(worker: &Worker, queue: QueueId) -> bool {
    worker.paces.iter().any(|pace| pace.queue == queue && pace.helps)
}

/// Free front slots of a queue in thousandths: the most and the least that a fair count can find.
pub(super) fn free_front(rows: &Rows, queue: QueueId) -> (u64, u64) {
    let mut free = (0, 0);
    for worker in rows.workers.values() {
        let serves = worker.settings.queues.contains(&queue);
        if serves && !only_helps(worker, queue) && worker.presence == Presence::Ready && worker.session.is_some() {
            let room = u64::from(worker.capacity.saturating_sub(rows.load_of(worker.settings.id)));
            free.0 += room * 10;
            free.1 += room;
        }
    }
    (free.0, free.1 / 100 * 1_000)
}

/// Deferrable work starts only while more front slots are free than the reserve; what is overdue may always start.
pub(super) fn reserve(step: &Step<'_>, given: &Task, worker: &Worker) -> Check {
    if given.side == Side::Front || given.due_at <= step.now {
        return Ok(());
    }
    // What fell due is done before the input, which may have changed who is free.
    if step.was_due && !matches!(step.input.command, Command::Tick) {
        return Ok(());
    }
    let Some(tenant) = step.rows.tenants.get(&given.tenant) else { return Ok(()) };
    // What is promised to a queue is not held back; who claims that must have promised it.
    let promised =
        step.events().any(|event| event.task == Some(given.id) && because(&event.kind) == Some(Because::Promised));
    if promised {
        let queue = step.rows.queues.get(&given.queue);
        let is_promised = queue.is_some_and(|queue| {
            queue.blend.share_milli > 0 || queue.planned.iter().any(|part| Some(part.group) == worker.settings.group)
        });
        ensure!(is_promised, "promise", "{} went to {} as owed to {}", given.id, worker.settings.id, given.queue);
        return Ok(());
    }
    // Several may have started in this step: the first of them found all their places free.
    let started: u64 = step
        .changes
        .tasks
        .values()
        .filter(|(old, new)| new.state.owner().is_some() && old.as_ref().is_none_or(|old| old.lease != new.lease))
        .map(|(_, new)| u64::from(step.rows.weight_of(new)) * 10)
        .sum();
    // And somebody who was ready may have been taken out of the pool after it.
    let out = |(id, old): (&WorkerId, &Option<Worker>)| {
        let now = step.rows.workers.get(id).is_some_and(|row| row.presence == Presence::Ready);
        old.as_ref().filter(|old| old.presence == Presence::Ready && !now).map_or(0, |old| u64::from(old.capacity) * 10)
    };
    let left: u64 = step.changes.workers.iter().map(out).sum();
    // Whatever is learnt, no less is kept free than the tenant wants.
    let floor = tenant.reserve_milli / 1_000 * 1_000;
    for front in fronts(step.rows, worker) {
        let free = free_front(step.rows, front).0 + started + left;
        ensure!(
            floor == 0 || free > floor,
            "reserve",
            "{} started with at most {free} thousandths free for {front} and {} in reserve",
            given.id,
            tenant.reserve_milli
        );
    }
    Ok(())
}
