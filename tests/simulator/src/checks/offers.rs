//! Who is given what: I6 (capacity), I9 (no lost wake-up), I10 (hard constraints), I11 (order), the reserve.

use blendline_core::effect::Release;
use blendline_core::input::{Command, Verdict};
use blendline_core::rows::{Task, TaskState, Worker};
use blendline_wire::event::{Because, EventKind};
use blendline_wire::org::{Goal, QueueSettings, WorkerSettings};
use blendline_wire::task::{Presence, Side, Target};
use blendline_wire::{Millis, QueueId, WorkerId};

use super::Step;
use super::reserve::{free_front, fronts, reserve};
use crate::rows::Rows;
use crate::verdict::{Check, ensure};

pub(super) fn check(step: &Step<'_>) -> Check {
    for (old, new) in step.changes.tasks.values() {
        let before = old.as_ref().and_then(|old| old.state.owner());
        if let Some(worker) = new.state.owner()
            && before != Some(worker)
            && let Some(row) = step.rows.workers.get(&worker)
        {
            given(step, old.as_ref(), new, row)?;
        }
    }
    released(step)?;
    // What falls due with the passing of time is found by the tick that was asked for, before or now.
    let asked = step.core.next_deadline().is_some_and(|at| at <= step.now);
    if asked || step.was_due && !matches!(step.input.command, Command::Tick) {
        return Ok(());
    }
    given_back(step)?;
    no_lost_wake_up(step)
}

/// A task that this worker did not own before the step.
fn given(step: &Step<'_>, old: Option<&Task>, new: &Task, worker: &Worker) -> Check {
    // What fell due is done before the input, under the settings of before.
    if step.was_due && matches!(step.input.command, Command::Put(_) | Command::RemoveQueue { .. }) {
        return Ok(());
    }
    let id = worker.settings.id;
    let started = matches!(step.input.command, Command::Start { .. });
    // What fell due was done before he began to rest in this step, and a rest takes all of him.
    let begun =
        |task| step.events().any(|event| matches!(event.kind, EventKind::RestStarted { after, .. } if after == task));
    let rest: u32 = worker.wrap_ups.iter().filter(|(task, ..)| begun(*task)).map(|(_, weight, _)| *weight).sum();
    let load = step.rows.load_of(id).saturating_sub(if step.was_due { rest } else { 0 });
    // What fell due is done before the input, which may be a connection for less than the one before it.
    let was = step.changes.workers.get(&id).and_then(Option::as_ref).filter(|_| step.was_due);
    let capacity = was.map_or(worker.capacity, |was| was.capacity.max(worker.capacity));
    // What fell due filled him up before he came to stand in for somebody who goes away.
    let handed = |kind: &EventKind| matches!(kind, EventKind::TaskHandedOver { to, .. } if *to == Some(id));
    let stands_in = step.was_due && step.events().any(|event| handed(&event.kind));
    ensure!(started || stands_in || load <= capacity, "I6", "{id} has {load} of {capacity}, given {}", new.id);
    if started {
        return Ok(());
    }
    let returned = old.is_some_and(|old| old.state.holder() == Some(id));
    let named = named(step, new) == Some(id);
    // Who takes nothing new still gets what comes back to him and what a person gives him by name.
    let his = returned || named || personal(step, old, new, id);
    let ready = worker.presence == Presence::Ready || was.is_some_and(|was| was.presence == Presence::Ready);
    let present = ready || his && worker.presence != Presence::Away;
    ensure!(present, "I10 presence", "{} was given to {id}, who is {:?}", new.id, worker.presence);
    let declined = old.is_some_and(|old| old.declined.iter().any(|(who, until)| *who == id && *until > step.now));
    ensure!(!declined || named, "I10 declined", "{} was given to {id}, who had declined it", new.id);
    if !his {
        let able = worker.settings.has_skills(&new.needs);
        ensure!(able, "I10 skills", "{} needs {:?}, {id} has {:?}", new.id, new.needs, worker.settings.skills);
        let serves = worker.settings.queues.contains(&new.queue);
        ensure!(serves, "I10 queue", "{} is in {}, {id} serves {:?}", new.id, new.queue, worker.settings.queues);
        ensure!(
            step.rows.is_open(new.queue, step.now),
            "I10 hours",
            "{} was given while {} is closed",
            new.id,
            new.queue
        );
        if old.is_none_or(|old| matches!(old.state, TaskState::Waiting)) {
            in_turn(step, new, worker)?;
            reserve(step, new, worker)?;
            aside_first(step, new, worker)?;
        }
    }
    Ok(())
}

/// The worker whom the input itself names as the one to have the task.
fn named(step: &Step<'_>, task: &Task) -> Option<WorkerId> {
    let to = match &step.input.command {
        Command::Reassign { task: moved, to } if *moved == task.id => to,
        Command::Settle { task: moved, verdict: Verdict::Transfer { to, .. }, .. } if *moved == task.id => to,
        Command::Settle { task: parent, verdict: Verdict::Request { to, .. }, .. } if task.parent == Some(*parent) => {
            to
        }
        _ => return None,
    };
    match to {
        Target::Worker(worker) => Some(*worker),
        Target::Queue(_) => None,
    }
}

/// True when the task was meant for this worker: it waits for him, he had it, or he stands in for who had it.
fn personal(step: &Step<'_>, old: Option<&Task>, new: &Task, worker: WorkerId) -> bool {
    let stands_in =
        |other: WorkerId| step.rows.workers.get(&other).is_some_and(|other| other.settings.stand_in == Some(worker));
    let meant = |task: &Task| {
        [task.directed, task.sticky].into_iter().flatten().any(|(who, _)| who == worker || stands_in(who))
            || task.state.holder().is_some_and(stands_in)
    };
    if let Command::Presence { worker: away, presence: Presence::Away, .. } = step.input.command
        && step.was_due
        && stands_in(away)
    {
        // What fell due gave it to the one who now goes away.
        return true;
    }
    let knows = new.conversation.and_then(|id| step.rows.conversations.get(&id)).and_then(|row| row.last_worker);
    old.is_some_and(meant) || meant(new) || knows.is_some_and(|(who, _)| who == worker)
}

/// I11: of two tasks alike in one queue, the older goes first; but for one whose target is over, which may have to let
/// go first what can still be in time, and not for long.
fn in_turn(step: &Step<'_>, given: &Task, worker: &Worker) -> Check {
    // What fell due is done before the input: it may have been given by the place that it had until this step.
    let before = step.before(given.id).filter(|_| step.was_due);
    let earned_at = before.map_or(given.earned_at, |before| before.earned_at.min(given.earned_at));
    let due_at = before.map_or(given.due_at, |before| before.due_at.min(given.due_at));
    let alike = |other: &&Task| {
        other.queue == given.queue
            && other.target_ms == given.target_ms
            && matches!(other.state, TaskState::Waiting)
            && !step.changes.tasks.contains_key(&other.id)
            && other.unanswered == given.unanswered
            && other.lift_milli == given.lift_milli
            && other.earned_at < earned_at
            && other.due_at < due_at
            && !steps_back(step, other, given)
            && !is_behind_one_that_steps_back(step, other, given)
            && !is_behind_one_due_before(step, other, given)
            // What was put aside as often as may be is held back like work that cannot be.
            && (other.interruptions < 3 || other.missed || given.interruptions >= 3)
    };
    let room = worker.capacity.saturating_sub(step.rows.load_of(worker.settings.id)) + step.rows.weight_of(given);
    for older in step.rows.tasks.values().filter(alike) {
        // What came by another channel may take more of him than he has left, or had when what fell due was given him.
        let fits = older.channel == given.channel || !step.was_due && step.rows.weight_for(older, worker) <= room;
        let could = fits && could_have(step.rows, older, worker, step.now);
        ensure!(!could, "I11", "{} went to {} before {}, which is older", given.id, worker.settings.id, older.id);
    }
    Ok(())
}

/// Where workers serve several front queues that are held to the part in time, what is late steps back for four targets
/// or ten minutes.
fn steps_back(step: &Step<'_>, late: &Task, in_time: &Task) -> bool {
    const MOST_MS: u64 = 600_000;
    let mut serving = step.rows.workers.values().filter(|worker| worker.settings.queues.contains(&late.queue));
    let part = step.rows.queues.get(&late.queue).is_some_and(|queue| matches!(queue.blend.goal, Goal::Within { .. }));
    let behind_ms = step.now.since(late.due_at);
    late.side == Side::Front
        && part
        && late.missed
        && !in_time.missed
        && behind_ms < (4 * late.due_at.since(late.earned_at)).min(MOST_MS)
        && serving.any(|worker| serves_several(step.rows, &worker.settings))
}

/// Where waiting costs, a slot of somebody who serves several front queues may be worth more to another of them.
pub(super) fn may_be_dear(rows: &Rows, task: &Task, worker: &Worker) -> bool {
    let costs = |queue: &QueueSettings| matches!(queue.blend.goal, Goal::Cost { .. });
    task.side == Side::Front
        && rows.queues.get(&task.queue).is_some_and(costs)
        && serves_several(rows, &worker.settings)
}

/// Whether somebody serves several front queues.
fn serves_several(rows: &Rows, settings: &WorkerSettings) -> bool {
    let front = |queue: &&QueueId| rows.queues.get(queue).is_some_and(|queue| queue.side == Side::Front);
    settings.queues.iter().filter(front).count() > 1
}

/// What is late of one target is looked at in order, and what steps back for longer since it had more time may be first.
fn is_behind_one_that_steps_back(step: &Step<'_>, late: &Task, in_time: &Task) -> bool {
    let line = |other: &&Task| {
        other.queue == late.queue && other.target_ms == late.target_ms && matches!(other.state, TaskState::Waiting)
    };
    let mut ahead = step.rows.tasks.values().filter(line).filter(|other| other.due_at <= late.due_at);
    late.missed && ahead.any(|other| steps_back(step, other, in_time))
}

/// What was put aside as often as may be is not compared with each of the others, but with the one of them that is due
/// first; where clocks stood still that is not always the one that waited longest.
fn is_behind_one_due_before(step: &Step<'_>, older: &Task, given: &Task) -> bool {
    let hard = |task: &Task| task.side == Side::Back && task.interruptions >= 3;
    let ahead = |other: &Task| {
        other.queue == older.queue
            && matches!(other.state, TaskState::Waiting)
            && hard(other) == hard(older)
            && other.due_at < older.due_at
            && other.earned_at > older.earned_at
    };
    hard(given) != hard(older) && step.rows.tasks.values().any(ahead)
}

/// True when nothing in the rows forbids this worker the task; his free capacity is not looked at.
pub(super) fn could_have(rows: &Rows, task: &Task, worker: &Worker, now: Millis) -> bool {
    let id = worker.settings.id;
    let kept_for_other = |(who, until): (WorkerId, Millis)| {
        who != id
            && until >= now
            && rows.workers.get(&who).is_some_and(|row| row.session.is_some() && row.presence != Presence::Away)
    };
    worker.presence == Presence::Ready
        && worker.session.is_some()
        && worker.settings.tenant == task.tenant
        && worker.settings.queues.contains(&task.queue)
        && worker.settings.has_skills(&task.needs)
        && !task.declined.iter().any(|(who, until)| *who == id && *until >= now)
        && ![task.directed, task.sticky].into_iter().flatten().any(kept_for_other)
        && rows.is_open(task.queue, now)
}

/// Nobody begins deferrable work while what he was called away from waits for him and fits: that is kept from him by the
/// same front line. What is owed to a queue or late goes before.
fn aside_first(step: &Step<'_>, given: &Task, worker: &Worker) -> Check {
    let chosen =
        step.events().any(|event| event.task == Some(given.id) && because(&event.kind) == Some(Because::MostUrgent));
    if step.was_due || !chosen || given.side == Side::Front || given.due_at <= step.now {
        return Ok(());
    }
    let room = worker.capacity.saturating_sub(step.rows.load_of(worker.settings.id)) + step.rows.weight_of(given);
    let held = step.rows.held_by(worker.settings.id);
    let aside = held.iter().filter_map(|id| step.rows.tasks.get(id)).find(|task| {
        matches!(task.state, TaskState::Interrupted { .. })
            && !step.changes.tasks.contains_key(&task.id)
            && step.rows.weight_for(task, worker) <= room
            && step.rows.is_open(task.queue, step.now)
    });
    ensure!(
        aside.is_none(),
        "aside first",
        "{} went to {}, for whom {:?} waits",
        given.id,
        worker.settings.id,
        aside.map(|task| task.id)
    );
    Ok(())
}

/// Why a task was given to whom it was.
pub(super) fn because(kind: &EventKind) -> Option<Because> {
    match kind {
        EventKind::TaskOffered { decision, .. } => Some(decision.because),
        EventKind::TaskAssigned { decision, .. } => decision.as_ref().map(|decision| decision.because),
        _ => None,
    }
}

/// I9: a waiting task and a free worker who could have it never stand side by side.
fn no_lost_wake_up(step: &Step<'_>) -> Check {
    for task in step.rows.tasks.values().filter(|task| matches!(task.state, TaskState::Waiting)) {
        let Some(queue) = step.rows.queues.get(&task.queue) else { continue };
        // Whether the reserve is as high as it should be is not asked here, only that nothing else holds work back.
        let held = |worker: &Worker| {
            task.side == Side::Back
                && task.due_at > step.now
                && fronts(step.rows, worker).any(|front| {
                    // What can be put aside at any time is held back only by what the tenant himself wants free.
                    let floor = step.rows.tenants.get(&task.tenant).map_or(0, |tenant| tenant.reserve_milli);
                    let soft = queue.interruptible && task.interruptions < 3;
                    let kept = if soft { floor } else { step.core.reserve_milli(front) };
                    let kept = kept.div_ceil(1_000) * 1_000;
                    kept > 0 && free_front(step.rows, front).1 < kept + u64::from(queue.task_weight) * 10
                })
        };
        let late = task.side == Side::Front || task.due_at <= step.now;
        for worker in step.rows.workers.values() {
            let room = worker.capacity.saturating_sub(step.rows.load_of(worker.settings.id));
            if room >= step.rows.weight_for(task, worker) {
                let could = could_have(step.rows, task, worker, step.now)
                    && !held(worker)
                    && !may_be_dear(step.rows, task, worker)
                    && (late || !keeps_aside(step, worker));
                ensure!(!could, "I9", "{} waits and {} could have it, with {room} free", task.id, worker.settings.id);
            }
        }
    }
    Ok(())
}

/// True for a worker who was called away from work that may still be kept from him: he begins no other back work before
/// it. What he must have back at once is asked by `given_back`.
pub(super) fn keeps_aside(step: &Step<'_>, worker: &Worker) -> bool {
    let held = step.rows.held_by(worker.settings.id);
    held.iter()
        .filter_map(|id| step.rows.tasks.get(id))
        .any(|task| matches!(task.state, TaskState::Interrupted { .. }) && may_be_kept(step, task))
}

/// True for work that was put aside and that the reserve may hold back: all of it where the tenant wants some to be free,
/// and else what can be put aside no more, since it has been so often enough or its queue is not to be any more.
fn may_be_kept(step: &Step<'_>, task: &Task) -> bool {
    let floor = step.rows.tenants.get(&task.tenant).map_or(0, |tenant| tenant.reserve_milli);
    let firm = step.rows.queues.get(&task.queue).is_some_and(|queue| !queue.interruptible);
    floor > 0 || firm || task.interruptions >= 3
}

/// Who was called away from back work and has nothing else to do has it again.
fn given_back(step: &Step<'_>) -> Check {
    for task in step.rows.tasks.values() {
        let TaskState::Interrupted { worker: Some(id), .. } = task.state else { continue };
        let Some(worker) = step.rows.workers.get(&id) else { continue };
        let ready = worker.presence == Presence::Ready && worker.session.is_some();
        let room = worker.capacity.saturating_sub(step.rows.load_of(id)) >= step.rows.weight_for(task, worker);
        let open = step.rows.is_open(task.queue, step.now);
        if may_be_kept(step, task) {
            continue;
        }
        ensure!(!(ready && room && open), "given back", "{} waits for {id}, who is free", task.id);
    }
    Ok(())
}

/// What is said to a worker goes to the connection he has and names what the rows say.
fn released(step: &Step<'_>) -> Check {
    // What fell due is done before the input: what it said may be overtaken by the same step.
    if step.was_due && !matches!(step.input.command, Command::Tick) {
        return Ok(());
    }
    for release in step.releases() {
        let (worker, session, task, lease, offered) = match release {
            Release::Offer { worker, session, task, lease } => (worker, session, task, lease, true),
            Release::Assigned { worker, session, task, lease } => (worker, session, task, lease, false),
            Release::Message { worker, session, .. } | Release::Remind { worker, session, .. } => {
                let here = step.rows.workers.get(worker).is_some_and(|row| row.session == Some(*session));
                ensure!(here, "releases", "{release:?} goes to a connection that is not there");
                continue;
            }
            _ => continue,
        };
        let here = step.rows.workers.get(worker).is_some_and(|row| row.session == Some(*session));
        ensure!(here, "releases", "{release:?} goes to a connection that is not there");
        let row = step.after(*task);
        let stands = row.is_some_and(|row| match row.state {
            TaskState::Offered { worker: to, .. } => offered && to == *worker && row.lease == *lease,
            TaskState::Active { worker: by, .. } => !offered && by == *worker && row.lease == *lease,
            _ => false,
        });
        ensure!(stands, "releases", "{release:?}, yet the row is {row:?}");
    }
    Ok(())
}
