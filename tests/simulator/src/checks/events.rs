//! The log alone tells the state: I12 (order), I17 (time), I18 (transitions and events are one to one).

use blendline_core::rows::{Task, TaskState};
use blendline_wire::event::{Event, EventKind};
use blendline_wire::task::WithdrawReason;
use blendline_wire::{Lease, Millis, TaskId, WorkerId};

use super::{Memory, Step};
use crate::verdict::{Check, ensure};

/// Where a task stands, told by events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stand {
    Waiting,
    Offered(WorkerId, Lease),
    Active(WorkerId, Lease),
    Parked,
    Interrupted,
    Requesting,
    Closed,
}

pub(super) fn check(memory: &mut Memory, step: &Step<'_>) -> Check {
    for event in step.events() {
        numbered(memory, event, step.now)?;
        missed_once(memory, event)?;
        follow(memory, event)?;
    }
    for id in step.changes.tasks.keys() {
        if let Some(row) = step.after(*id) {
            agrees(memory, row)?;
        }
    }
    transcript(memory, step)
}

fn numbered(memory: &mut Memory, event: &Event, now: Millis) -> Check {
    let (number, at) = memory.last_event;
    let first = number == 0;
    ensure!(first || event.id.0 == number + 1, "I18 numbering", "event {} after number {number}", event.id);
    ensure!(event.at >= at, "I17", "{} is earlier than the event before it", event.id);
    ensure!(event.at == now, "I17", "{} bears {}, the step {}", event.id, event.at.0, now.0);
    memory.last_event = (event.id.0, event.at);
    Ok(())
}

/// Once for each target: who is answered and writes again, or is passed to another queue, has a new one.
fn missed_once(memory: &mut Memory, event: &Event) -> Check {
    if let (EventKind::TargetMissed { due_at }, Some(task)) = (&event.kind, event.task) {
        ensure!(memory.missed.insert((task, *due_at)), "I17 missed once", "{task} was missed a second time");
        ensure!(*due_at <= event.at, "I17 missed early", "{task} is due at {}, told at {}", due_at.0, event.at.0);
    }
    Ok(())
}

/// Replays one event; a transition the life of a task does not know is a violation.
fn follow(memory: &mut Memory, event: &Event) -> Check {
    let Some(task) = event.task else { return Ok(()) };
    if matches!(event.kind, EventKind::TaskTransferred { .. } | EventKind::FirstResponse { .. }) {
        memory.missed.retain(|(other, _)| *other != task);
    }
    let old = memory.by_events.get(&task).copied();
    let Some(new) = next(old, event) else { return Ok(()) };
    ensure!(old != Some(Stand::Closed), "I18 absorbing", "{task} is closed, yet: {:?}", event.kind);
    let legal = match event.kind {
        EventKind::TaskCreated { .. } => old.is_none(),
        EventKind::TaskOffered { .. } => old == Some(Stand::Waiting),
        EventKind::TaskAssigned { worker, .. } => match old {
            Some(Stand::Waiting) => true,
            Some(Stand::Offered(to, _)) => to == worker,
            _ => false,
        },
        EventKind::OfferDeclined { worker, .. } => matches!(old, Some(Stand::Offered(to, _)) if to == worker),
        EventKind::TaskWithdrawn { worker, .. } => {
            matches!(old, Some(Stand::Offered(by, _) | Stand::Active(by, _)) if by == worker)
        }
        EventKind::TaskParked { .. }
        | EventKind::RequestOpened { .. }
        | EventKind::TaskRefused { .. }
        | EventKind::TaskSolved { .. } => {
            matches!(old, Some(Stand::Active(..)))
        }
        EventKind::TaskTransferred { from: Some(from), .. } => match old {
            Some(Stand::Offered(by, _) | Stand::Active(by, _)) => by == from,
            other => matches!(other, Some(Stand::Waiting | Stand::Parked | Stand::Interrupted | Stand::Requesting)),
        },
        EventKind::TaskWoken { ref why } => match old {
            Some(Stand::Parked | Stand::Interrupted | Stand::Requesting) => true,
            other => why == "unseen_message" && matches!(other, Some(Stand::Active(..))),
        },
        _ => true,
    };
    ensure!(legal, "I18 transitions", "{task} was {old:?}, yet: {:?}", event.kind);
    memory.by_events.insert(task, new);
    Ok(())
}

fn next(old: Option<Stand>, event: &Event) -> Option<Stand> {
    Some(match event.kind {
        EventKind::TaskWithdrawn { reason: WithdrawReason::Interrupted, .. } => Stand::Interrupted,
        EventKind::TaskCreated { .. }
        | EventKind::OfferDeclined { .. }
        | EventKind::TaskWithdrawn { .. }
        | EventKind::TaskWoken { .. }
        | EventKind::TaskTransferred { .. }
        | EventKind::TaskRefused { .. } => Stand::Waiting,
        // What was put aside and is handed over is still put aside; what was owned is in line again.
        EventKind::TaskHandedOver { .. } => match old {
            Some(aside @ (Stand::Parked | Stand::Requesting)) => aside,
            _ => Stand::Waiting,
        },
        EventKind::TaskOffered { worker, lease, .. } => Stand::Offered(worker, lease),
        EventKind::TaskAssigned { worker, lease, .. } => Stand::Active(worker, lease),
        EventKind::TaskParked { .. } => Stand::Parked,
        EventKind::RequestOpened { .. } => Stand::Requesting,
        EventKind::TaskSolved { .. } | EventKind::TaskCancelled { .. } | EventKind::ContactLogged { .. } => {
            Stand::Closed
        }
        _ => return None,
    })
}

/// The row says what the events say.
fn agrees(memory: &mut Memory, row: &Task) -> Check {
    let seen = memory.by_events.get(&row.id).copied();
    let stated = match row.state {
        TaskState::Waiting => Stand::Waiting,
        TaskState::Offered { worker, .. } => Stand::Offered(worker, row.lease),
        TaskState::Active { worker, .. } => Stand::Active(worker, row.lease),
        TaskState::Parked { .. } => Stand::Parked,
        TaskState::Interrupted { .. } => Stand::Interrupted,
        TaskState::Requesting { .. } => Stand::Requesting,
        TaskState::Closed { .. } => Stand::Closed,
    };
    ensure!(seen == Some(stated), "I18 events", "{}: the events say {seen:?}, the row says {stated:?}", row.id);
    Ok(())
}

/// I12: places in a transcript are given without a gap, and the rows remember the last.
fn transcript(memory: &mut Memory, step: &Step<'_>) -> Check {
    for line in step.messages() {
        let place: (_, Option<TaskId>) =
            if line.conversation.is_some() { (line.conversation, None) } else { (None, line.task) };
        let last = memory.seqs.entry(place).or_default();
        ensure!(line.seq == *last + 1, "I12", "{place:?} has {} after {last}", line.seq);
        ensure!(line.at == step.now, "I17", "a line of {place:?} bears {}, the step {}", line.at.0, step.now.0);
        *last = line.seq;
    }
    for (id, (_, row)) in &step.changes.conversations {
        let last = memory.seqs.get(&(Some(*id), None)).copied().unwrap_or(0);
        ensure!(row.seq == last, "I12", "{id} says {}, its transcript has {last}", row.seq);
    }
    Ok(())
}
