//! Who has a task: offers are accepted, declined or expire; assignments are taken back.

use blendline_wire::event::EventKind;
use blendline_wire::task::{Presence, Target, TaskKind, WithdrawReason};
use blendline_wire::{Lease, Millis, QueueId, TaskId, WorkerId};

use crate::about::About;
use crate::dispatch::begin_silence;
use crate::effect::{Answer, Refusal, Release};
use crate::index::reminds;
use crate::limits;
use crate::policy;
use crate::rows::{Closed, Task, TaskState};
use crate::scheduler::{Scheduler, Step};

impl Scheduler {
    /// A worker takes an offer. Taking it again is no fault.
    pub(crate) fn accept(
        &mut self,
        step: &mut Step<'_>,
        worker: WorkerId,
        id: TaskId,
        lease: Lease,
    ) -> Result<Answer, Refusal> {
        let task = self.live(worker, id, lease)?;
        if task.state.is_active() {
            return Ok(Answer::Done);
        }
        let about = About::of(task);
        let (now, supervisor_at) = (step.now, self.supervisor_at(task.queue, step.now));
        self.edit_task(step, id, |task| {
            task.state = TaskState::active(worker);
            begin_silence(task, now, supervisor_at);
        });
        self.edit_worker(step, worker, |row| row.missed_offers = 0);
        self.event_about(step, about, EventKind::TaskAssigned { worker, lease, decision: None });
        self.followed_in(step, &about);
        Ok(Answer::Done)
    }

    /// A worker does not take an offer: it goes to others, and not to him for a while.
    pub(crate) fn decline(
        &mut self,
        step: &mut Step<'_>,
        worker: WorkerId,
        id: TaskId,
        lease: Lease,
        reason: String,
    ) -> Result<Answer, Refusal> {
        let task = self.live(worker, id, lease)?;
        if !matches!(task.state, TaskState::Offered { .. }) {
            return Err(Refusal::WrongState(task.state.name()));
        }
        self.edit_worker(step, worker, |row| row.missed_offers = 0);
        self.task_event(step, id, EventKind::OfferDeclined { worker, reason });
        self.not_by(step, id, worker);
        Ok(Answer::Done)
    }

    /// A worker is still at it.
    pub(crate) fn touch(
        &mut self,
        step: &mut Step<'_>,
        worker: WorkerId,
        id: TaskId,
        lease: Lease,
    ) -> Result<Answer, Refusal> {
        self.active(worker, id, lease)?;
        self.heard(step, id);
        Ok(Answer::Done)
    }

    /// The owner gave a sign: his silence begins anew, or ends where nothing more is expected of him.
    pub(crate) fn heard(&mut self, step: &mut Step<'_>, id: TaskId) {
        let now = step.now;
        let Some(supervisor_at) = self.tasks.get(&id).map(|task| self.supervisor_at(task.queue, now)) else { return };
        self.edit_task(step, id, |task| {
            task.set_supervisor_at(None);
            begin_silence(task, now, supervisor_at);
        });
    }

    /// An offer was not answered in time. Who lets too many go is taken out of the pool until he says he is ready.
    pub(crate) fn expire(&mut self, step: &mut Step<'_>, id: TaskId) {
        let Some(worker) = self.tasks.get(&id).and_then(|task| task.state.owner()) else { return };
        self.tell_withdrawn(step, id, WithdrawReason::Expired);
        self.not_by(step, id, worker);
        let mut missed = 0;
        self.edit_worker(step, worker, |row| {
            row.missed_offers = row.missed_offers.saturating_add(1);
            missed = row.missed_offers;
        });
        if missed >= limits::MISSED_OFFERS_MAX {
            let presence = Presence::Busy;
            self.edit_worker(step, worker, |row| row.presence = presence);
            self.worker_event(step, worker, EventKind::WorkerPresence { presence, reason: "missed_offers".to_owned() });
        }
    }

    /// Puts a task back in line, not to be offered to this worker for a while.
    pub(crate) fn not_by(&mut self, step: &mut Step<'_>, id: TaskId, worker: WorkerId) {
        let now = step.now;
        self.edit_task(step, id, |task| {
            task.state = TaskState::Waiting;
            task.sticky = task.sticky.filter(|(who, _)| *who != worker);
            task.declines = task.declines.saturating_add(1);
            task.declined.retain(|(who, until)| *who != worker && now < *until);
            if task.declined.len() >= limits::DECLINED_MAX {
                task.declined.remove(0);
            }
            let until = now.plus(policy::back_off_ms(task.declines));
            task.declined.push((worker, until));
        });
        if self.tasks.get(&id).is_some_and(|task| task.declines == limits::DECLINES_TOLD) {
            self.tell_supervisor(step, id, Some(worker));
        }
        step.todo.fresh.push(id);
    }

    /// Takes a task from whoever has it or is offered it, and puts it back in line with its earned place.
    pub(crate) fn take_back(&mut self, step: &mut Step<'_>, id: TaskId, reason: WithdrawReason) {
        self.tell_withdrawn(step, id, reason);
        self.edit_task(step, id, |task| {
            task.state = TaskState::Waiting;
        });
        step.todo.fresh.push(id);
    }

    /// Writes that a task is not its owner's any more, and tells him.
    pub(crate) fn tell_withdrawn(&mut self, step: &mut Step<'_>, id: TaskId, reason: WithdrawReason) {
        let Some(task) = self.tasks.get(&id) else { return };
        let (lease, Some(worker)) = (task.lease, task.state.owner()) else { return };
        if let Some(session) = self.workers.get(&worker).and_then(|desk| desk.row.session) {
            step.release(Release::Withdrawn { worker, session, task: id, lease, reason });
        }
        self.task_event(step, id, EventKind::TaskWithdrawn { worker, reason });
    }

    /// Tells a supervisor of a task nobody answers.
    pub(crate) fn tell_supervisor(&mut self, step: &mut Step<'_>, id: TaskId, worker: Option<WorkerId>) {
        let Some(tenant) = self.tasks.get(&id).map(|task| task.tenant) else { return };
        step.release(Release::Supervisor { tenant, task: id });
        self.task_event(step, id, EventKind::SupervisorTold { worker });
    }

    /// The silence timer of an active task ran: remind once, then take back.
    pub(crate) fn silent(&mut self, step: &mut Step<'_>, id: TaskId) {
        let Some(task) = self.tasks.get(&id) else { return };
        let (lease, Some(worker)) = (task.lease, task.state.owner()) else { return };
        if task.state.is_reminded() || !self.queues.get(&task.queue).is_some_and(reminds) {
            self.tell_withdrawn(step, id, WithdrawReason::Silent);
            // Not to the one who was silent, or it would be his again at once.
            self.not_by(step, id, worker);
            return;
        }
        self.edit_task(step, id, |task| {
            if let TaskState::Active { reminded, .. } = &mut task.state {
                *reminded = true;
            }
        });
        if let Some(session) = self.workers.get(&worker).and_then(|desk| desk.row.session) {
            step.release(Release::Remind { worker, session, task: id, lease });
        }
        self.task_event(step, id, EventKind::WorkerReminded { worker });
    }

    /// The task, if this worker has it or is offered it under this lease.
    pub(crate) fn live(&self, worker: WorkerId, id: TaskId, lease: Lease) -> Result<&Task, Refusal> {
        his(self.tasks.get(&id), worker, lease)
    }

    /// The task, if this worker has it under this lease.
    pub(crate) fn active(&self, worker: WorkerId, id: TaskId, lease: Lease) -> Result<&Task, Refusal> {
        being_done(self.live(worker, id, lease)?)
    }

    /// A supervisor moves a task, whoever has it.
    pub(crate) fn reassign(&mut self, step: &mut Step<'_>, id: TaskId, to: Target) -> Result<Answer, Refusal> {
        let task = self.tasks.get(&id).ok_or(Refusal::UnknownTask)?;
        self.check_target(task.tenant, to)?;
        if matches!(task.state, TaskState::Requesting { .. }) {
            return Err(Refusal::WrongState("requesting"));
        }
        let from = task.state.holder();
        // What was put aside comes back first, so that its stopped clock is accounted for.
        self.wake(step, id, "reassigned");
        self.tell_withdrawn(step, id, WithdrawReason::Reassigned);
        self.task_event(step, id, EventKind::TaskTransferred { from, to });
        self.pass_on(step, id, to);
        Ok(Answer::Done)
    }

    /// Whoever pushed an item, or asked for a piece of work, takes it back.
    pub(crate) fn cancel(&mut self, step: &mut Step<'_>, id: TaskId, reason: String) -> Result<Answer, Refusal> {
        let task = self.tasks.get(&id).ok_or(Refusal::UnknownTask)?;
        if task.kind == TaskKind::Conversation {
            return Err(Refusal::WrongState("conversation"));
        }
        let parent = task.parent;
        self.cancel_tree(step, id, &reason);
        if let Some(parent) = parent {
            self.child_gone(step, parent, id, EventKind::RequestWithdrawn { child: id });
        }
        Ok(Answer::Done)
    }

    /// Cancels a task and everything it asked for.
    pub(crate) fn cancel_tree(&mut self, step: &mut Step<'_>, id: TaskId, reason: &str) {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let Some(task) = self.tasks.get(&id) else { continue };
            open.extend(task.children.iter().copied());
            let worker = task.state.holder();
            self.tell_withdrawn(step, id, WithdrawReason::Cancelled);
            let state = TaskState::Closed { at: step.now, how: Closed::Cancelled, worker };
            if let Some(about) = self.close_task(step, id, state) {
                self.event_about(step, about, EventKind::TaskCancelled { reason: reason.to_owned() });
            }
        }
    }

    /// Passes a task to a queue or a worker, with its earned place.
    pub(crate) fn pass_on(&mut self, step: &mut Step<'_>, id: TaskId, to: Target) {
        let now = step.now;
        match to {
            Target::Queue(queue) => self.enter_queue(step, id, queue, now),
            Target::Worker(worker) => {
                self.edit_task(step, id, back_in_line);
                self.direct(step, id, Some(worker));
            }
        }
        step.todo.fresh.push(id);
    }

    /// Puts a task into another queue, under that queue's side and target; what it took there is not known.
    pub(crate) fn enter_queue(&mut self, step: &mut Step<'_>, id: TaskId, queue: QueueId, now: Millis) {
        let Some(settings) = self.queues.get(&queue) else { return };
        let (side, target_ms) = (settings.side, settings.target_ms);
        self.edit_task(step, id, |task| {
            back_in_line(task);
            task.queue = queue;
            task.side = side;
            // The time its clock stood still stays with it.
            task.due_at = Millis(task.due_at.0.saturating_sub(task.target_ms)).plus(target_ms);
            task.target_ms = target_ms;
            task.missed &= task.due_at <= now;
            task.needs = Default::default();
            task.relax.clear();
        });
    }
}

/// A task is nobody's again, and free for everybody.
fn back_in_line(task: &mut Task) {
    task.state = TaskState::Waiting;
    task.directed = None;
    task.returns = false;
    task.sticky = None;
}

/// A task, if this worker has it or is offered it under this lease.
pub(crate) fn his(task: Option<&Task>, worker: WorkerId, lease: Lease) -> Result<&Task, Refusal> {
    let task = task.ok_or(Refusal::UnknownTask)?;
    if task.lease == lease && task.state.owner() == Some(worker) {
        return Ok(task);
    }
    Err(Refusal::Fenced { lease: task.lease, owner: task.state.owner() })
}

/// A task, if somebody is at it.
pub(crate) fn being_done(task: &Task) -> Result<&Task, Refusal> {
    if task.state.is_active() { Ok(task) } else { Err(Refusal::WrongState(task.state.name())) }
}
