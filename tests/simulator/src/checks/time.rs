//! What a tick at its time must have done: offers expire, parks end, targets are missed, silence is heard.

use blendline_core::input::Command;
use blendline_core::rows::{Task, TaskState};
use blendline_wire::TaskId;
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::task::WithdrawReason;

use super::{Memory, Step};
use crate::verdict::{Check, ensure};

pub(super) fn check(memory: &mut Memory, step: &Step<'_>) -> Check {
    silence(memory, step)?;
    expiries(step)?;
    if !matches!(step.input.command, Command::Tick) {
        return Ok(());
    }
    let now = step.now;
    let next = step.core.next_deadline();
    ensure!(next.is_none_or(|at| at > now), "tick", "at {} the next deadline is {next:?}: it would spin", now.0);
    for task in step.rows.tasks.values() {
        match task.state {
            TaskState::Offered { until, .. } => ensure!(until > now, "offers expire", "{} until {}", task.id, until.0),
            TaskState::Parked { until, .. } => ensure!(until > now, "I8 parked", "{} until {}", task.id, until.0),
            TaskState::Waiting => {
                let told = task.missed || !task.unanswered;
                ensure!(told || task.due_at >= now, "I17 missed late", "{} due {}", task.id, task.due_at.0);
            }
            _ => {}
        }
        let told = task.supervisor_at;
        ensure!(told.is_none_or(|at| at > now), "silence timer", "{}: a supervisor was due at {told:?}", task.id);
        heard(memory, step, task)?;
    }
    for (id, worker) in &step.rows.workers {
        let late = worker.wrap_ups.iter().find(|wrap| wrap.2 <= now);
        ensure!(late.is_none(), "wrap-up ends", "{id} is still noting down {late:?}");
    }
    Ok(())
}

/// When something is expected of a task's owner: he has it, and whoever asked has no answer.
fn silence(memory: &mut Memory, step: &Step<'_>) -> Check {
    premature(memory, step)?;
    let acted = match (&step.input.actor, &step.input.command) {
        (
            Actor::Worker(_),
            Command::Accept { task, .. } | Command::Touch { task, .. } | Command::Reply { task, .. },
        ) => Some(*task),
        _ => None,
    };
    // Accepting twice, as after a lost answer, is no sign of life.
    let again = |id: &TaskId| {
        let active = step.before(*id).is_some_and(|row| matches!(row.state, TaskState::Active { .. }));
        active && matches!(step.input.command, Command::Accept { .. })
    };
    let taken = acted.filter(|id| !again(id)).filter(|_| matches!(crate::world::answer_of(step.effects), Some(Ok(_))));
    for (id, (old, new)) in &step.changes.tasks {
        let expected = |task: &Task| task.unanswered && matches!(task.state, TaskState::Active { .. });
        let began = expected(new) && !old.as_ref().is_some_and(|old| expected(old) && old.lease == new.lease);
        if began {
            memory.expected_since.insert(*id, step.now);
        } else if !expected(new) {
            memory.expected_since.remove(id);
        }
    }
    if let Some(since) = taken.and_then(|id| memory.expected_since.get_mut(&id)) {
        *since = step.now;
    }
    Ok(())
}

/// Nobody is reminded, and nothing is taken back, before its time.
fn premature(memory: &Memory, step: &Step<'_>) -> Check {
    // What fell due is done before the input, under the settings of before.
    if matches!(step.input.command, Command::Put(_)) {
        return Ok(());
    }
    for event in step.events() {
        let silent = match event.kind {
            EventKind::WorkerReminded { .. } => false,
            EventKind::TaskWithdrawn { reason: WithdrawReason::Silent, .. } => true,
            _ => continue,
        };
        let Some(task) = event.task.and_then(|id| step.before(id)) else { continue };
        let Some(since) = memory.expected_since.get(&task.id) else {
            ensure!(false, "silence timer", "nothing was expected in {}, yet {:?}", task.id, event.kind);
            continue;
        };
        let Some(queue) = step.rows.queues.get(&task.queue) else { continue };
        let limit = if silent { queue.take_back_ms } else { queue.remind_ms };
        let open = step.rows.open_ms(task.queue, *since, step.now);
        ensure!(
            limit.is_some_and(|limit| open >= limit),
            "silence timer",
            "{}: {:?} after {open} open ms, the limit is {limit:?}",
            task.id,
            event.kind
        );
    }
    Ok(())
}

/// Whoever was silent long enough was reminded, and longer, lost the task.
fn heard(memory: &Memory, step: &Step<'_>, task: &Task) -> Check {
    let (Some(since), Some(queue)) = (memory.expected_since.get(&task.id), step.rows.queues.get(&task.queue)) else {
        return Ok(());
    };
    let open = step.rows.open_ms(task.queue, *since, step.now);
    let over = |limit: Option<u64>| limit.is_some_and(|limit| open > limit);
    ensure!(!over(queue.take_back_ms), "silence timer", "{} should be taken back after {open} open ms", task.id);
    ensure!(
        !over(queue.remind_ms) || task.state.is_reminded(),
        "silence timer",
        "{}: no reminder after {open}",
        task.id
    );
    Ok(())
}

/// An offer ends by itself at its deadline, and not before.
fn expiries(step: &Step<'_>) -> Check {
    for event in step.events() {
        if let EventKind::TaskWithdrawn { reason: WithdrawReason::Expired, .. } = event.kind
            && let Some(task) = event.task.and_then(|id| step.before(id))
            && let TaskState::Offered { until, .. } = task.state
        {
            ensure!(until <= step.now, "offers expire", "{} expired before its time {}", task.id, until.0);
        }
    }
    Ok(())
}
