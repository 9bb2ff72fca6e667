//! Tasks that were put aside come back, to whoever had them.

use blendline_wire::event::EventKind;
use blendline_wire::task::{ClockRule, Presence};
use blendline_wire::{TaskId, WorkerId};

use crate::limits;
use crate::rows::TaskState;
use crate::scheduler::{Scheduler, Step};

impl Scheduler {
    /// A task that was put aside comes back: to whoever had it, if he is there.
    pub(crate) fn wake(&mut self, step: &mut Step<'_>, id: TaskId, why: &str) {
        let now = step.now;
        let Some(task) = self.tasks.get(&id) else { return };
        let (worker, since, clock) = match task.state {
            TaskState::Parked { worker, since, clock, .. } | TaskState::Requesting { worker, since, clock } => {
                (worker, since, clock)
            }
            // The time of its own that it had is over when it was not due to come back by itself.
            TaskState::Interrupted { worker, since, until } => (worker.filter(|_| now < until), since, ClockRule::Runs),
            _ => return,
        };
        let stopped_ms = match clock {
            ClockRule::Stops => now.since(since.max(task.earned_at)),
            ClockRule::Runs => 0,
        };
        self.edit_task(step, id, |task| {
            task.state = TaskState::Waiting;
            task.overdue_answer = false;
            task.due_at = task.due_at.plus(stopped_ms);
        });
        self.direct_back(step, id, worker);
        self.task_event(step, id, EventKind::TaskWoken { why: why.to_owned() });
        step.todo.fresh.push(id);
    }

    /// Keeps a waiting task for one worker for a while, if he is there to take it.
    pub(crate) fn direct(&mut self, step: &mut Step<'_>, id: TaskId, worker: Option<WorkerId>) {
        let Some(worker) = worker.filter(|worker| self.is_there(*worker)) else { return };
        let until = step.now.plus(limits::DIRECTED_MS);
        self.edit_task(step, id, |task| task.directed = Some((worker, until)));
    }

    /// The same for the worker who had it, which is another reason.
    pub(crate) fn direct_back(&mut self, step: &mut Step<'_>, id: TaskId, worker: Option<WorkerId>) {
        self.direct(step, id, worker);
        self.edit_task(step, id, |task| task.returns = task.directed.is_some());
    }

    /// True when a worker is connected and not away.
    pub(crate) fn is_there(&self, worker: WorkerId) -> bool {
        self.workers.get(&worker).is_some_and(|desk| desk.row.session.is_some() && desk.row.presence != Presence::Away)
    }
}
