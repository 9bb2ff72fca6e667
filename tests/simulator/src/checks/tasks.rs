//! What may become of one task in one step: leases, transitions, the place in line, the clock.

use blendline_core::effect::{Effect, Write};
use blendline_core::input::{Command, Verdict};
use blendline_core::rows::{Closed, Task, TaskState};
use blendline_wire::event::EventKind;
use blendline_wire::task::{ClockRule, Side, TaskKind};

use super::{Memory, Step};
use crate::verdict::{Check, ensure};

pub(super) fn check(memory: &Memory, step: &Step<'_>) -> Check {
    leases(step)?;
    called_away(step)?;
    for (old, new) in step.changes.tasks.values() {
        match old {
            Some(old) => {
                transition(old, new)?;
                same(old, new)?;
                place(memory, step, old, new)?;
                clock(memory, step, old, new)?;
            }
            None => born(step, new)?,
        }
    }
    Ok(())
}

/// Only back work that may be interrupted is put aside for the front line: while it has time, and not too often.
fn called_away(step: &Step<'_>) -> Check {
    for (old, new) in step.changes.tasks.values() {
        let TaskState::Interrupted { worker, .. } = new.state else { continue };
        let count = old.as_ref().map_or(0, |old| old.interruptions);
        if count == new.interruptions {
            continue;
        }
        // What fell due happened under the settings of before.
        let put = step.was_due && matches!(step.input.command, Command::Put(_) | Command::RemoveQueue { .. });
        let may = step.rows.queues.get(&new.queue).is_some_and(|queue| queue.interruptible) || put;
        let fits = may && new.side == Side::Back && !new.missed && worker.is_some();
        ensure!(fits, "interruption", "{} was put aside: {new:?}", new.id);
        ensure!(new.interruptions <= 3, "interruption", "{} was put aside {} times", new.id, new.interruptions);
        let (left, quarter) = (new.due_at.since(step.now), new.target_ms / 4);
        ensure!(left > quarter, "interruption", "{} was put aside with {left} ms left", new.id);
    }
    Ok(())
}

/// Every write of a task, one after the other: its number never falls and rises with every new owner.
fn leases(step: &Step<'_>) -> Check {
    let mut last: std::collections::BTreeMap<_, Option<&Task>> =
        step.changes.tasks.iter().map(|(id, (old, _))| (*id, old.as_ref())).collect();
    for effect in step.effects {
        let Effect::Write(Write::Task(row)) = effect else { continue };
        if let Some(Some(old)) = last.insert(row.id, Some(row)) {
            ensure!(row.lease >= old.lease, "lease monotone", "{}: {:?} after {:?}", row.id, row.lease, old.lease);
            let gained = row.state.owner().is_some() && row.state.owner() != old.state.owner();
            ensure!(
                !gained || row.lease > old.lease,
                "lease monotone",
                "{}: {:?} has {:?}, as {:?} had",
                row.id,
                row.state.owner(),
                row.lease,
                old.state
            );
        }
    }
    Ok(())
}

fn transition(old: &Task, new: &Task) -> Check {
    use TaskState as S;
    let legal = match (&old.state, &new.state) {
        (S::Closed { .. }, _) => false,
        // It had an owner in between: what fell due gave it away, and the input was his. The events tell it apart.
        _ if new.lease > old.lease => true,
        (S::Active { .. }, S::Closed { how, .. }) => *how != Closed::Logged,
        (_, S::Closed { how, .. }) => *how == Closed::Cancelled,
        (S::Waiting | S::Offered { .. } | S::Requesting { .. }, S::Parked { .. })
        | (S::Waiting | S::Offered { .. } | S::Parked { .. }, S::Requesting { .. }) => false,
        _ => true,
    };
    ensure!(legal, "I18 transitions", "{}: from {:?} to {:?}", old.id, old.state, new.state);
    Ok(())
}

fn same(old: &Task, new: &Task) -> Check {
    let fixed =
        |row: &Task| (row.tenant, row.kind, row.conversation, row.account, row.parent, row.depth, row.created_at);
    ensure!(fixed(old) == fixed(new), "I18 identity", "{}: from {old:?} to {new:?}", old.id);
    Ok(())
}

/// A customer who writes again keeps the place that the first unanswered message earned.
fn place(memory: &Memory, step: &Step<'_>, old: &Task, new: &Task) -> Check {
    if let Some(asked_at) = memory.unread(step, new.id) {
        // Nobody had read it: it is the first unanswered message now, unless an older one had no answer either.
        let silent = matches!(&step.input.command, Command::Settle { replies, .. } if replies.is_empty());
        let place = if old.unanswered && silent { old.earned_at } else { asked_at };
        ensure!(new.earned_at == place, "place in line", "{}: {}, not {}", new.id, new.earned_at.0, place.0);
        return Ok(());
    }
    let wrote = match &step.input.command {
        Command::Message(message) if message.kind.wants_answer() && new.kind == TaskKind::Conversation => {
            let conversation = new.conversation.and_then(|id| step.rows.conversations.get(&id));
            conversation.filter(|row| row.account == message.account && row.contact == message.contact).map(|_| message)
        }
        _ => None,
    };
    match wrote {
        Some(message) if !old.unanswered => ensure!(
            new.earned_at == message.received_at,
            "place in line",
            "{}: the first unanswered message came at {}, the place is {}",
            new.id,
            message.received_at.0,
            new.earned_at.0
        ),
        _ => ensure!(
            new.earned_at == old.earned_at,
            "place in line",
            "{}: the place moved from {} to {}",
            new.id,
            old.earned_at.0,
            new.earned_at.0
        ),
    }
    Ok(())
}

/// The target stands still only while its rule says so.
fn clock(memory: &Memory, step: &Step<'_>, old: &Task, new: &Task) -> Check {
    let stood = stood(step, old, new);
    // Whoever passes a task on gives it the target of its new line.
    let passed = memory.unread(step, new.id).is_some()
        || step
            .events()
            .any(|event| event.task == Some(new.id) && matches!(event.kind, EventKind::TaskTransferred { .. }));
    if passed
        || new.earned_at != old.earned_at
        || (old.queue, old.target_ms) != (new.queue, new.target_ms)
        || !old.unanswered
    {
        return Ok(());
    }
    let moved = new.due_at.since(old.due_at);
    let back = new.due_at < old.due_at;
    ensure!(moved == stood && !back, "clock rule", "{}: stood {stood} ms, was given {moved} ms", new.id);
    Ok(())
}

/// How long the target stood still before this step, if it runs again after it.
fn stood(step: &Step<'_>, old: &Task, new: &Task) -> u64 {
    let aside = matches!(new.state, TaskState::Parked { .. } | TaskState::Requesting { .. } | TaskState::Closed { .. });
    // What was due to come back did so before the input that put it aside again, or closed it.
    let woken =
        || step.events().any(|event| event.task == Some(new.id) && matches!(event.kind, EventKind::TaskWoken { .. }));
    let back = !aside || step.was_due && woken();
    match &old.state {
        TaskState::Parked { since, clock: ClockRule::Stops, .. }
        | TaskState::Requesting { since, clock: ClockRule::Stops, .. }
            if back =>
        {
            // A message that came meanwhile has a target of its own, which stood from then on.
            step.now.since((*since).max(old.earned_at))
        }
        _ => 0,
    }
}

fn born(step: &Step<'_>, new: &Task) -> Check {
    let logged = matches!(new.state, TaskState::Closed { how: Closed::Logged, .. });
    let fresh = matches!(new.state, TaskState::Waiting | TaskState::Offered { .. } | TaskState::Active { .. });
    ensure!(fresh || logged, "I18 transitions", "{} was born {:?}", new.id, new.state);
    ensure!(!logged || new.kind == TaskKind::Log, "I18 transitions", "{} is logged, yet a {:?}", new.id, new.kind);
    ensure!(new.created_at == step.now, "I17", "{} was created at {}", new.id, new.created_at.0);
    if let Command::Message(message) = &step.input.command
        && new.kind == TaskKind::Conversation
    {
        ensure!(new.earned_at == message.received_at, "place in line", "{} has {}", new.id, new.earned_at.0);
    }
    let runs =
        matches!(step.input.command, Command::Settle { verdict: Verdict::Request { clock: ClockRule::Runs, .. }, .. });
    if let Some(parent) = new.parent.filter(|_| runs).and_then(|id| step.after(id)).filter(|row| row.unanswered) {
        // The rest of the parent's target less a margin: while there is a rest, and it runs on.
        let rest = parent.due_at.since(step.now);
        ensure!(
            rest < 60_000 || new.due_at <= parent.due_at,
            "requests target",
            "{} is due at {}, its parent {} at {}",
            new.id,
            new.due_at.0,
            parent.id,
            parent.due_at.0
        );
    }
    Ok(())
}
