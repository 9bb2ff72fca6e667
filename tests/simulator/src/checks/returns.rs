//! Who knows the customer: stickiness, returns after an answer or a denial; what owners are told; first responses.

use blendline_core::effect::Release;
use blendline_core::input::{Command, Verdict};
use blendline_core::rows::{Task, TaskState, Worker};
use blendline_wire::event::EventKind;
use blendline_wire::task::{Presence, Side, Target};
use blendline_wire::{Lease, Millis, WorkerId};

use super::Step;
use super::offers::could_have;
use crate::verdict::{Check, ensure};

pub(super) fn check(step: &Step<'_>) -> Check {
    for (old, new) in step.changes.tasks.values() {
        match old {
            Some(old) => comes_back(step, old, new)?,
            None => {
                sticky(step, new)?;
                denied(step, new)?;
                circle(step, new)?;
            }
        }
    }
    told(step)?;
    responses(step)
}

fn there(step: &Step<'_>, worker: WorkerId) -> bool {
    let row = step.rows.workers.get(&worker);
    row.is_some_and(|row| row.session.is_some() && row.presence != Presence::Away)
}

/// True when the task is this worker's, or waits for him.
fn is_for(task: &Task, worker: WorkerId) -> bool {
    task.state.holder() == Some(worker) || task.directed.is_some_and(|(who, _)| who == worker)
}

/// What was put aside comes back to whoever had it, while he is there.
fn comes_back(step: &Step<'_>, old: &Task, new: &Task) -> Check {
    let (TaskState::Parked { worker: Some(worker), .. }
    | TaskState::Interrupted { worker: Some(worker), .. }
    | TaskState::Requesting { worker: Some(worker), .. }) = old.state
    else {
        return Ok(());
    };
    let until = if let TaskState::Interrupted { until, .. } = old.state { until } else { Millis::MAX };
    let woken = step.events().any(|event| {
        event.task == Some(new.id)
            && matches!(&event.kind, EventKind::TaskWoken { why } if ["time", "customer", "answer", "given_back"].contains(&&**why))
    });
    let closed = matches!(new.state, TaskState::Closed { .. });
    // A step that ends his being there, or gives the task another way, is another matter.
    let plain = !step.was_due || matches!(step.input.command, Command::Tick);
    if woken && plain && !closed && step.now < until && there(step, worker) {
        ensure!(is_for(new, worker), "returns", "{} was {worker}'s, and is {:?}", new.id, new.state);
    }
    Ok(())
}

/// A returning contact goes to the worker he knows, while the tenant's time lasts and that worker has room.
fn sticky(step: &Step<'_>, new: &Task) -> Check {
    let Command::Message(message) = &step.input.command else { return Ok(()) };
    let known = message.prior.as_ref().and_then(|prior| prior.last_worker);
    let (Some((worker, at)), Some(tenant)) = (known, step.rows.tenants.get(&new.tenant)) else { return Ok(()) };
    let until = at.plus(message.class.sticky_ms.unwrap_or(tenant.stickiness_ms));
    let fresh = step.now < until && new.account == Some(message.account);
    // What was given, or taken back, is kept for nobody.
    let waits = matches!(new.state, TaskState::Waiting) && new.lease == Lease(0) && !step.was_due;
    if fresh && waits {
        ensure!(new.sticky == Some((worker, until)), "sticky", "{} is not kept for {worker}: {:?}", new.id, new.sticky);
    }
    let Some(row) = step.rows.workers.get(&worker) else { return Ok(()) };
    let room = |row: &Worker| step.rows.load_of(worker).saturating_add(step.rows.weight_for(new, row)) <= row.capacity;
    let other = new.state.owner().filter(|owner| *owner != worker);
    let pays = !super::offers::may_be_dear(step.rows, new, row);
    if fresh && new.side == Side::Front && room(row) && pays && could_have(step.rows, new, row, step.now) {
        ensure!(
            other.is_none(),
            "sticky",
            "{} went to {other:?}, and {worker}, whom the contact knows, is free",
            new.id
        );
    }
    Ok(())
}

/// What the customer denies goes to the same worker, if he is there.
fn denied(step: &Step<'_>, new: &Task) -> Check {
    let Command::Confirm { prior, confirmed: false } = &step.input.command else { return Ok(()) };
    if let Some((worker, _)) = prior.last_worker.filter(|(worker, _)| there(step, *worker)) {
        let same = new.conversation != Some(prior.id) || is_for(new, worker);
        ensure!(same, "confirm", "{} was denied, and is not {worker}'s: {:?}", new.id, new.state);
    }
    Ok(())
}

/// Nobody is asked for what he waits for himself.
fn circle(step: &Step<'_>, new: &Task) -> Check {
    let Command::Settle { verdict: Verdict::Request { to: Target::Worker(worker), .. }, .. } = step.input.command
    else {
        return Ok(());
    };
    let mut above = new.parent.and_then(|parent| step.rows.tasks.get(&parent));
    while let Some(task) = above {
        let waits = task.state.holder() == Some(worker);
        ensure!(!waits, "requests circle", "{} asks {worker}, who waits for it in {}", new.id, task.id);
        above = task.parent.and_then(|parent| step.rows.tasks.get(&parent));
    }
    Ok(())
}

/// Whoever has a task hears what the customer says in it.
fn told(step: &Step<'_>) -> Check {
    let Command::Message(message) = &step.input.command else { return Ok(()) };
    let Some(line) = step.messages().find(|line| line.payload == message.payload) else { return Ok(()) };
    let Some(owner) = line.task.and_then(|id| step.before(id)).and_then(|task| task.state.owner()) else {
        return Ok(());
    };
    let heard = step.releases().any(|release| {
        matches!(release, Release::Message { worker, payload, .. } if *worker == owner && *payload == message.payload)
    });
    ensure!(step.was_due || heard, "owner told", "{owner} has {:?} and did not hear of {:?}", line.task, line.payload);
    Ok(())
}

/// A first response is counted from the place in line, and is late when the target is over.
fn responses(step: &Step<'_>) -> Check {
    for event in step.events() {
        let EventKind::FirstResponse { after_ms, late } = event.kind else { continue };
        let Some(task) = event.task.and_then(|id| step.before(id)) else { continue };
        let right = (step.now.since(task.earned_at), step.now > task.due_at);
        ensure!(step.was_due || (after_ms, late) == right, "first response", "{}: {after_ms}, {late}", task.id);
    }
    Ok(())
}
