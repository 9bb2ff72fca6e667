//! What must hold of the rows as they stand: ownership, links, counts, and the core's own figures.

use std::collections::{BTreeMap, BTreeSet};

use blendline_core::limits::{CHILDREN_MAX, DECLINED_MAX, MISSED_OFFERS_MAX, PARK_MS_MAX, REQUEST_DEPTH_MAX};
use blendline_core::rows::{ConversationState, Task, TaskState};
use blendline_wire::task::{Presence, TaskKind};
use blendline_wire::{Millis, QueueId, TaskId};

use super::Step;
use crate::rows::Rows;
use crate::shape::DAY;
use crate::verdict::{Check, ensure};

/// Longer than any stickiness or wait for one worker that the design allows.
const KEPT_MAX: u64 = 2 * DAY;

pub(super) fn check(step: &Step<'_>) -> Check {
    for task in step.rows.tasks.values() {
        owner(step.rows, task)?;
        links(step.rows, task)?;
        requests(step.rows, task)?;
        bounds(task, step.now)?;
    }
    conversations(step.rows)?;
    workers(step)?;
    figures(step)
}

/// I4, I8: whoever has a task is there; a task has a queue, and everything of it one tenant.
fn owner(rows: &Rows, task: &Task) -> Check {
    let queue = rows.queues.get(&task.queue);
    ensure!(queue.is_some(), "I8", "{} is in {}, which is no more", task.id, task.queue);
    if let Some(queue) = queue {
        ensure!(queue.tenant == task.tenant, "I10 tenant", "{} of {} is in {}", task.id, task.tenant, queue.id);
        ensure!(queue.side == task.side, "I8", "{} is on another side than its queue {}", task.id, queue.id);
    }
    let Some(holder) = task.state.holder() else { return Ok(()) };
    let worker = rows.workers.get(&holder);
    ensure!(worker.is_some(), "I8", "{} is held by {holder}, who is no more", task.id);
    let Some(worker) = worker else { return Ok(()) };
    ensure!(worker.settings.tenant == task.tenant, "I10 tenant", "{} of {} is with {holder}", task.id, task.tenant);
    let there = worker.session.is_some() && worker.presence != Presence::Away;
    ensure!(
        task.state.owner().is_none() || there,
        "I8 dead owner",
        "{} is {} with {holder}, who is {:?} on {:?}",
        task.id,
        task.state.name(),
        worker.presence,
        worker.session
    );
    Ok(())
}

/// I13: a conversation task and its open conversation name each other.
fn links(rows: &Rows, task: &Task) -> Check {
    if task.kind == TaskKind::Conversation {
        let linked = task.conversation.and_then(|id| rows.conversations.get(&id));
        let named = linked.is_some_and(|row| row.state == ConversationState::Open { task: task.id });
        ensure!(named, "I13", "{} is of {linked:?}", task.id);
    }
    Ok(())
}

/// No circle, bounded depth, no parent that waits for nothing, no child of what is closed.
fn requests(rows: &Rows, task: &Task) -> Check {
    ensure!(task.depth <= REQUEST_DEPTH_MAX, "requests depth", "{} stands {} deep", task.id, task.depth);
    ensure!(task.children.len() <= CHILDREN_MAX, "requests count", "{} has {:?}", task.id, task.children);
    ensure!((task.kind == TaskKind::Request) == task.parent.is_some(), "requests", "{} has no parent", task.id);
    let waits = matches!(task.state, TaskState::Requesting { .. });
    ensure!(!waits || !task.children.is_empty(), "requests: no parent waits for ever", "{} waits for nothing", task.id);
    for child in &task.children {
        let row = rows.tasks.get(child);
        ensure!(row.is_some_and(|row| row.parent == Some(task.id)), "requests links", "{} names {child}", task.id);
        let late = waits && row.is_some_and(|row| row.missed);
        ensure!(!late || task.overdue_answer, "requests: no room is kept for a late answer", "{} for {child}", task.id);
    }
    ensure!(waits || !task.overdue_answer, "requests", "{} waits for no answer, and that is late", task.id);
    if let Some(parent) = task.parent {
        let row = rows.tasks.get(&parent);
        ensure!(row.is_some(), "requests: closing withdraws", "{} is open, its parent {parent} is not", task.id);
        let named = row.is_some_and(|row| row.children.contains(&task.id) && row.depth + 1 == task.depth);
        ensure!(named, "requests links", "{} is not named by {parent} one step above it", task.id);
    }
    Ok(())
}

fn bounds(task: &Task, now: Millis) -> Check {
    ensure!(task.declined.len() <= DECLINED_MAX, "bounds", "{} remembers {}", task.id, task.declined.len());
    if let TaskState::Parked { since, until, .. } = task.state {
        ensure!(until.since(since) <= PARK_MS_MAX, "bounds", "{} is parked until {}", task.id, until.0);
    }
    let waits_for_one = task.directed.is_some() && matches!(task.state, TaskState::Waiting);
    ensure!(waits_for_one || !task.returns, "returns", "{} returns to nobody", task.id);
    if matches!(task.state, TaskState::Waiting) {
        for kept in [task.directed, task.sticky].into_iter().flatten() {
            ensure!(
                kept.1.since(now) <= KEPT_MAX,
                "sticky bounded",
                "{} is kept for {} until {}",
                task.id,
                kept.0,
                kept.1.0
            );
        }
    }
    Ok(())
}

/// I13: at most one open conversation of a contact on an account, and each has its task.
fn conversations(rows: &Rows) -> Check {
    let mut seen = BTreeSet::new();
    for row in rows.conversations.values() {
        ensure!(seen.insert((row.account, row.contact)), "I13", "{} is a second open one of its contact", row.id);
        if let ConversationState::Open { task } = row.state {
            let linked = rows.tasks.get(&task).is_some_and(|task| task.conversation == Some(row.id));
            ensure!(linked, "I13", "{} names {task}, which is not its open task", row.id);
        }
    }
    Ok(())
}

fn workers(step: &Step<'_>) -> Check {
    let mut sessions = BTreeSet::new();
    for (id, row) in &step.rows.workers {
        if let Some(session) = row.session {
            ensure!(sessions.insert(session), "one live owner", "{session} is the connection of two workers");
        }
        let reached = row.missed_offers >= MISSED_OFFERS_MAX;
        ensure!(!(reached && row.presence == Presence::Ready), "missed offers", "{id} missed {}", row.missed_offers);
        let (load, stated) = (step.rows.load_of(*id), step.core.load_of(*id));
        ensure!(load == stated, "I6 load", "{id}: the rows say {load}, the core {stated}");
        let held: BTreeSet<TaskId> = step.core.held_by(*id).collect();
        let rows = step.rows.held_by(*id);
        ensure!(held == rows, "held by", "{id}: the rows say {rows:?}, the core {held:?}");
    }
    Ok(())
}

/// The core's figures are those of the rows.
fn figures(step: &Step<'_>) -> Check {
    let (open, stated) = (step.rows.tasks.len(), step.core.open_tasks());
    ensure!(open == stated, "counts", "the rows have {open} open tasks, the core says {stated}");
    // Who waits for one worker only is not in line; whether he still does at this instant is the core's to say.
    let mut sure: BTreeMap<QueueId, Line> = BTreeMap::new();
    let mut all: BTreeMap<QueueId, Line> = BTreeMap::new();
    for task in step.rows.tasks.values().filter(|task| matches!(task.state, TaskState::Waiting)) {
        all.entry(task.queue).or_default().add(task.due_at);
        if task.directed.is_none() && task.sticky.is_none() {
            sure.entry(task.queue).or_default().add(task.due_at);
        }
    }
    for id in step.rows.queues.keys() {
        let (least, most) = (sure.remove(id).unwrap_or_default(), all.remove(id).unwrap_or_default());
        let stated = step.core.queue_now(*id);
        let count = least.waiting <= stated.waiting && stated.waiting <= most.waiting;
        let due = stated.first_due.is_none_or(|due| most.first_due.is_some_and(|first| first <= due))
            && least.first_due.is_none_or(|first| stated.first_due.is_some_and(|due| due <= first));
        ensure!(count && due, "counts", "{id}: the rows say {least:?} to {most:?}, the core {stated:?}");
    }
    Ok(())
}

/// A line, counted from the rows.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    waiting: usize,
    first_due: Option<Millis>,
}

impl Line {
    fn add(&mut self, due: Millis) {
        self.waiting += 1;
        self.first_due = Some(self.first_due.map_or(due, |first| first.min(due)));
    }
}
