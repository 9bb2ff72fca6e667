//! What a back queue is promised it has: while it has had nothing for two windows, nobody who could do its work is given
//! front work instead.

use std::collections::BTreeSet;

use blendline_core::input::Command;
use blendline_core::rows::{Task, TaskState};
use blendline_wire::QueueId;
use blendline_wire::event::Because;
use blendline_wire::org::QueueSettings;
use blendline_wire::task::{Presence, Side};

use super::offers::{because, could_have};
use super::{Memory, Step};
use crate::verdict::{Check, ensure};

pub(super) fn check(memory: &mut Memory, step: &Step<'_>) -> Check {
    kept(memory, step)?;
    remember(memory, step);
    Ok(())
}

fn kept(memory: &Memory, step: &Step<'_>) -> Check {
    for (_, given) in step.changes.tasks.values().filter(|(_, new)| new.side == Side::Front) {
        let chosen = step
            .events()
            .any(|event| event.task == Some(given.id) && because(&event.kind) == Some(Because::MostUrgent));
        let worker = given.state.owner().and_then(|owner| step.rows.workers.get(&owner));
        let Some(worker) = worker.filter(|_| chosen) else { continue };
        let left = worker.capacity.saturating_sub(step.rows.load_of(worker.settings.id)) + step.rows.weight_of(given);
        for queue in promised(step).filter(|queue| queue.task_weight <= left) {
            let hungry = memory.hungry.get(&queue.id);
            // Something of it may have been given in this very step.
            let fed = step.changes.tasks.values().any(|(_, new)| new.queue == queue.id && step.rows.weight_of(new) > 0);
            if fed || hungry.is_none_or(|since| step.now < since.plus(2 * queue.blend.share_window_ms)) {
                continue;
            }
            let waits =
                |task: &&Task| task.queue == queue.id && in_line(task) && !step.changes.tasks.contains_key(&task.id);
            let mut waiting = step.rows.tasks.values().filter(waits);
            let owed = waiting.find(|task| could_have(step.rows, task, worker, step.now));
            ensure!(
                owed.is_none(),
                "promise kept",
                "{} went to {} while {} has had nothing since {:?}",
                given.id,
                worker.settings.id,
                queue.id,
                hungry
            );
        }
    }
    Ok(())
}

/// Since when queues have had nothing though somebody was there for them.
fn remember(memory: &mut Memory, step: &Step<'_>) {
    if matches!(step.input.command, Command::Put(_) | Command::RemoveQueue { .. }) {
        memory.hungry.clear();
    }
    let worked_on: BTreeSet<QueueId> =
        step.rows.tasks.values().filter(|task| step.rows.weight_of(task) > 0).map(|task| task.queue).collect();
    let hungry: BTreeSet<QueueId> = promised(step)
        .map(|queue| queue.id)
        .filter(|queue| !worked_on.contains(queue))
        .filter(|queue| step.rows.tasks.values().any(|task| task.queue == *queue && in_line(task)))
        .filter(|queue| {
            let there = |presence, session: bool| presence == Presence::Ready && session;
            let mut workers = step.rows.workers.values();
            workers.any(|row| there(row.presence, row.session.is_some()) && row.settings.queues.contains(queue))
        })
        .collect();
    memory.hungry.retain(|queue, _| hungry.contains(queue));
    for queue in hungry {
        memory.hungry.entry(queue).or_insert(step.now);
    }
}

/// Back queues that are promised a part of their workers' hours, at all hours.
fn promised<'a>(step: &Step<'a>) -> impl Iterator<Item = &'a QueueSettings> + use<'a> {
    let is =
        |queue: &&QueueSettings| queue.side == Side::Back && queue.blend.share_milli > 0 && queue.calendar.is_none();
    step.rows.queues.values().filter(is)
}

fn in_line(task: &Task) -> bool {
    matches!(task.state, TaskState::Waiting) && task.directed.is_none()
}
