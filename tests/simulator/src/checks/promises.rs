//! What a back queue is promised it has, by all who serve it and by each group whose time plan has it: while it has had
//! nothing for two windows, nobody who could do its work is given front work instead.

use std::collections::BTreeSet;

use blendline_core::input::Command;
use blendline_core::rows::{Task, TaskState, Worker};
use blendline_wire::event::Because;
use blendline_wire::org::QueueSettings;
use blendline_wire::task::{Presence, Side};
use blendline_wire::{GroupId, QueueId, WorkerId};

use super::offers::{because, could_have};
use super::{Memory, Step};
use crate::verdict::{Check, ensure};

/// A back queue, and the group whose time plan has it; `None` where all who serve it promise it.
pub(super) type Promised = (QueueId, Option<GroupId>);

pub(super) fn check(memory: &mut Memory, step: &Step<'_>) -> Check {
    kept(memory, step)?;
    remember(memory, step);
    woken(memory, step)
}

/// While somebody free could have what is promised, the core wakes by itself before two windows are over without any.
fn woken(memory: &mut Memory, step: &Step<'_>) -> Check {
    let starving: BTreeSet<Promised> =
        memory.hungry.keys().copied().filter(|promised| could(step, *promised)).collect();
    memory.starving.retain(|promised, _| starving.contains(promised));
    for promised in starving {
        let since = *memory.starving.entry(promised).or_insert(step.now);
        let window_ms = step.rows.queues.get(&promised.0).map_or(0, |queue| queue.blend.share_window_ms);
        let (wakes, until) = (step.core.next_deadline(), since.plus(2 * window_ms));
        ensure!(
            step.now <= until && wakes.is_some_and(|at| at <= until),
            "promise woken",
            "{promised:?} has had nothing since {since:?}, somebody could, and the core wakes at {wakes:?}"
        );
    }
    Ok(())
}

/// Whether somebody free could have work of this queue now, were it not for the reserve.
fn could(step: &Step<'_>, (queue, whose): Promised) -> bool {
    let waiting = step.rows.tasks.values().filter(|task| task.queue == queue && in_line(task));
    let free = |worker: &&Worker| {
        (whose.is_none() || worker.settings.group == whose) && !super::offers::keeps_aside(step, worker)
    };
    let mut pairs = waiting.flat_map(|task| step.rows.workers.values().filter(free).map(move |worker| (task, worker)));
    pairs.any(|(task, worker)| {
        let left = worker.capacity.saturating_sub(step.rows.load_of(worker.settings.id));
        step.rows.weight_for(task, worker) <= left && could_have(step.rows, task, worker, step.now)
    })
}

fn kept(memory: &Memory, step: &Step<'_>) -> Check {
    // What fell due was given by what was set before: its queue went to the heir with another weight, or whoever has it
    // serves other queues now.
    if step.was_due && matches!(step.input.command, Command::RemoveQueue { .. } | Command::Put(_)) {
        return Ok(());
    }
    for (_, given) in step.changes.tasks.values().filter(|(_, new)| new.side == Side::Front) {
        let chosen = step
            .events()
            .any(|event| event.task == Some(given.id) && because(&event.kind) == Some(Because::MostUrgent));
        let worker = given.state.owner().and_then(|owner| step.rows.workers.get(&owner));
        let Some(worker) = worker.filter(|_| chosen) else { continue };
        let left = worker.capacity.saturating_sub(step.rows.load_of(worker.settings.id)) + step.rows.weight_of(given);
        let his = |whose: Option<GroupId>| whose.is_none() || whose == worker.settings.group;
        for (queue, whose) in promised(step).filter(|(_, whose)| his(*whose)) {
            let hungry = memory.hungry.get(&(queue.id, whose));
            // Something of it may have been given in this very step.
            let fed = step.changes.tasks.values().any(|(_, new)| new.queue == queue.id && step.rows.weight_of(new) > 0);
            if fed || hungry.is_none_or(|since| step.now < since.plus(2 * queue.blend.share_window_ms)) {
                continue;
            }
            let waits =
                |task: &&Task| task.queue == queue.id && in_line(task) && !step.changes.tasks.contains_key(&task.id);
            let mut waiting = step.rows.tasks.values().filter(waits);
            // What fell due was given before the input, which may have made more room.
            let room = if step.was_due { left.min(step.rows.weight_of(given)) } else { left };
            let fits = |task: &Task| step.rows.weight_for(task, worker) <= room;
            let owed = waiting.find(|task| fits(task) && could_have(step.rows, task, worker, step.now));
            ensure!(
                owed.is_none(),
                "promise kept",
                "{} went to {} while {} has had nothing of {:?} since {:?}",
                given.id,
                worker.settings.id,
                queue.id,
                whose,
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
        memory.starving.clear();
    }
    let group_of = |worker: WorkerId| step.rows.workers.get(&worker).and_then(|row| row.settings.group);
    let worked_on: BTreeSet<Promised> = step
        .rows
        .tasks
        .values()
        .filter(|task| step.rows.weight_of(task) > 0)
        .flat_map(|task| [None, task.state.holder().and_then(group_of)].map(|whose| (task.queue, whose)))
        .collect();
    let hungry: BTreeSet<Promised> = promised(step)
        .map(|(queue, whose)| (queue.id, whose))
        .filter(|promised| !worked_on.contains(promised))
        .filter(|(queue, _)| step.rows.tasks.values().any(|task| task.queue == *queue && in_line(task)))
        .filter(|(queue, whose)| {
            let there = |presence, session: bool| presence == Presence::Ready && session;
            step.rows.workers.values().any(|row| {
                there(row.presence, row.session.is_some())
                    && row.settings.queues.contains(queue)
                    && (whose.is_none() || row.settings.group == *whose)
            })
        })
        .collect();
    memory.hungry.retain(|promised, _| hungry.contains(promised));
    for promised in hungry {
        memory.hungry.entry(promised).or_insert(step.now);
    }
}

/// Back queues that are promised a part of somebody's hours, at all hours, and whose.
fn promised<'a>(step: &Step<'a>) -> impl Iterator<Item = (&'a QueueSettings, Option<GroupId>)> + use<'a> {
    let backs = step.rows.queues.values().filter(|queue| queue.side == Side::Back && queue.calendar.is_none());
    backs.flat_map(|queue| {
        let all = (queue.blend.share_milli > 0).then_some(None);
        let groups = queue.planned.iter().filter(|part| part.share_milli > 0).map(|part| Some(part.group));
        all.into_iter().chain(groups).map(move |whose| (queue, whose))
    })
}

fn in_line(task: &Task) -> bool {
    matches!(task.state, TaskState::Waiting) && task.directed.is_none()
}
