//! Workers come, go, change presence and note down.

use blendline_wire::event::{Activity, Actor, EventKind};
use blendline_wire::task::{AcceptMode, Presence, WithdrawReason};
use blendline_wire::{SessionId, TaskId, WorkerId};

use crate::effect::{Answer, Refusal, Release, Write};
use crate::rows::{Task, TaskState};
use crate::scheduler::{Scheduler, Step};

/// Why a worker's work goes to others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Leaving {
    Lost,
    Left,
    Away,
}

impl Scheduler {
    /// A worker connected: he is told everything he owns, and an older connection of his ends.
    pub(crate) fn attach(
        &mut self,
        step: &mut Step<'_>,
        id: WorkerId,
        session: SessionId,
        accept: Option<AcceptMode>,
        capacity: Option<u32>,
        presence: Presence,
    ) -> Result<Answer, Refusal> {
        let desk = self.workers.get(&id).ok_or(Refusal::UnknownWorker)?;
        let settings = &desk.row.settings;
        let accept = accept.unwrap_or(settings.accept);
        let capacity = capacity.unwrap_or(settings.capacity).min(settings.capacity);
        let (replaced, was_there, now) = (desk.row.session, desk.row.session.is_some(), step.now);
        if let Some(old) = replaced.filter(|old| *old != session) {
            step.release(Release::Replaced { worker: id, session: old });
        }
        self.edit_worker(step, id, |row| {
            row.session = Some(session);
            row.accept = accept;
            row.capacity = capacity;
            row.presence = presence;
            row.missed_offers = 0;
            if !was_there {
                row.idle_since = now;
            }
        });
        self.worker_event(step, id, EventKind::WorkerAttached { session });
        if presence == Presence::Away {
            self.hand_off(step, id, Leaving::Away);
        }
        step.todo.freed.insert(id);
        // The list is made before new work is given: that comes as offers of its own.
        let tasks = self.held_by(id).filter_map(|task| {
            let task = self.tasks.get(&task)?;
            task.state.owner()?;
            Some((task.id, task.lease, matches!(task.state, TaskState::Offered { .. })))
        });
        Ok(Answer::Welcome { tasks: tasks.collect() })
    }

    /// A worker's connection ended, in order or not.
    pub(crate) fn leave(
        &mut self,
        step: &mut Step<'_>,
        id: WorkerId,
        session: SessionId,
        lost: bool,
    ) -> Result<Answer, Refusal> {
        let desk = self.workers.get(&id).ok_or(Refusal::UnknownWorker)?;
        if desk.row.session != Some(session) {
            return Ok(Answer::Done);
        }
        if !lost {
            step.actor = Actor::Worker(id);
        }
        self.edit_worker(step, id, |row| {
            row.session = None;
            row.presence = Presence::Away;
        });
        self.worker_event(step, id, if lost { EventKind::WorkerLost } else { EventKind::WorkerDetached });
        self.hand_off(step, id, if lost { Leaving::Lost } else { Leaving::Left });
        Ok(Answer::Done)
    }

    /// A worker's presence changed.
    pub(crate) fn presence(
        &mut self,
        step: &mut Step<'_>,
        id: WorkerId,
        presence: Presence,
        reason: String,
    ) -> Result<Answer, Refusal> {
        let desk = self.workers.get(&id).ok_or(Refusal::UnknownWorker)?;
        if desk.row.session.is_none() {
            return Err(Refusal::NotConnected);
        }
        self.edit_worker(step, id, |row| {
            row.presence = presence;
            row.missed_offers = 0;
        });
        self.worker_event(step, id, EventKind::WorkerPresence { presence, reason });
        if presence == Presence::Away {
            self.hand_off(step, id, Leaving::Away);
        }
        step.todo.freed.insert(id);
        Ok(Answer::Done)
    }

    /// Everything a worker holds, or that waits for him, goes to others: in an absence to his stand-in where he has
    /// one who is there, else back in line with the earned place. Nobody waits for someone who is not there.
    fn hand_off(&mut self, step: &mut Step<'_>, id: WorkerId, leaving: Leaving) {
        let Some(desk) = self.workers.get(&id) else { return };
        let held: Vec<TaskId> = desk.held.iter().collect();
        let waiting: Vec<TaskId> = self.index.directed.get(&id).into_iter().flatten().map(|(_, task)| *task).collect();
        let stand_in = desk.row.settings.stand_in.filter(|other| leaving == Leaving::Away && self.is_there(*other));
        let reason = if leaving == Leaving::Away { WithdrawReason::Absence } else { WithdrawReason::WorkerLost };
        for task in held {
            let Some(open) = self.tasks.get(&task) else { continue };
            if open.state.owner().is_some() {
                self.take_back(step, task, reason);
                self.direct(step, task, stand_in);
            } else if matches!(open.state, TaskState::Interrupted { .. }) {
                self.edit_task(step, task, |task| set_holder(task, stand_in));
                self.wake(step, task, "absence");
            } else {
                self.edit_task(step, task, |task| set_holder(task, stand_in));
            }
            if leaving == Leaving::Away {
                self.task_event(step, task, EventKind::TaskHandedOver { from: id, to: stand_in });
            }
        }
        for task in waiting {
            self.edit_task(step, task, |task| task.directed = None);
            self.direct(step, task, stand_in);
            self.edit_task(step, task, |task| task.returns &= task.directed.is_some());
            step.todo.fresh.push(task);
        }
    }

    /// A worker is done noting down. Saying so again is no fault.
    pub(crate) fn end_wrap_up(
        &mut self,
        step: &mut Step<'_>,
        worker: WorkerId,
        task: TaskId,
    ) -> Result<Answer, Refusal> {
        let desk = self.workers.get(&worker).ok_or(Refusal::UnknownWorker)?;
        if desk.row.wrap_ups.iter().any(|(noted, _, _)| *noted == task) {
            self.edit_worker(step, worker, |row| row.wrap_ups.retain(|(noted, _, _)| *noted != task));
            self.wrap_up_event(step, worker, task);
            step.todo.freed.insert(worker);
        }
        Ok(Answer::Done)
    }

    /// The time for noting down is over.
    pub(crate) fn wrap_ups_over(&mut self, step: &mut Step<'_>, worker: WorkerId) {
        let now = step.now;
        let Some(desk) = self.workers.get(&worker) else { return };
        let over: Vec<TaskId> =
            desk.row.wrap_ups.iter().filter(|(_, _, until)| *until <= now).map(|(task, _, _)| *task).collect();
        self.edit_worker(step, worker, |row| row.wrap_ups.retain(|(_, _, until)| now < *until));
        for task in over {
            self.wrap_up_event(step, worker, task);
        }
        step.todo.freed.insert(worker);
    }

    fn wrap_up_event(&mut self, step: &mut Step<'_>, worker: WorkerId, task: TaskId) {
        let Some(tenant) = self.workers.get(&worker).map(|desk| desk.row.settings.tenant) else { return };
        let mut event = self.blank_event(step, tenant, EventKind::WrapUpEnded);
        event.actor = Actor::Worker(worker);
        event.activity = Activity::WrapUp;
        event.task = Some(task);
        self.write_event(step, event);
    }

    /// Writes an event about a worker.
    pub(crate) fn worker_event(&mut self, step: &mut Step<'_>, worker: WorkerId, kind: EventKind) {
        let Some(desk) = self.workers.get(&worker) else { return };
        let (tenant, unit) = (desk.row.settings.tenant, desk.row.settings.unit);
        let mut event = self.blank_event(step, tenant, kind);
        // Who it is about is who acted, unless somebody else is named: a worker's events must be found by worker.
        event.actor = Actor::Worker(worker);
        event.unit = unit;
        self.write_event(step, event);
    }

    /// A worker is no more.
    pub(crate) fn remove_worker(&mut self, step: &mut Step<'_>, id: WorkerId) -> Result<Answer, Refusal> {
        let desk = self.workers.get(&id).ok_or(Refusal::UnknownWorker)?;
        if let Some(session) = desk.row.session {
            step.release(Release::Replaced { worker: id, session });
        }
        self.edit_worker(step, id, |row| {
            row.session = None;
            row.presence = Presence::Away;
        });
        self.worker_event(
            step,
            id,
            EventKind::SettingsChanged { what: "worker_removed".to_owned(), id: id.to_string() },
        );
        self.hand_off(step, id, Leaving::Left);
        self.unseat(id);
        self.unwatch(step, id);
        if let Some(desk) = self.workers.remove(&id) {
            self.index.remove_worker(&desk.row);
        }
        step.todo.dirty_workers.remove(id);
        step.todo.freed.remove(id);
        step.write(Write::WorkerRemoved(id));
        Ok(Answer::Done)
    }
}

/// Who comes back to a task that is put aside.
fn set_holder(task: &mut Task, holder: Option<WorkerId>) {
    if let TaskState::Parked { worker, .. }
    | TaskState::Interrupted { worker, .. }
    | TaskState::Requesting { worker, .. } = &mut task.state
    {
        *worker = holder;
    }
}
