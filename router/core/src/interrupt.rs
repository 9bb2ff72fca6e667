//! Back work steps aside for the front line, and is given back to whoever had it.
//!
//! Where a front queue is at risk and nobody who could help is free, one of them is called away from back work that may
//! be interrupted. What is interrupted takes none of his room, keeps all that was done in it, and is his again before
//! any other back work as soon as no front work is left for him. So such work need not be held back by the reserve: with
//! it all time that the front line leaves is used, and the front line waits as if there were no back office.

use std::cmp::Reverse;

use blendline_wire::event::Because;
use blendline_wire::org::Goal;
use blendline_wire::task::{Side, WithdrawReason};
use blendline_wire::{Millis, QueueId, TaskId, TenantId, WorkerId};

use crate::desk::Desk;
use crate::learnt::Taking;
use crate::limits;
use crate::price::Waits;
use crate::rows::{Task, TaskState};
use crate::scheduler::{Scheduler, Step};

/// How many running tasks are looked at for one that can be put aside.
const LOOKS: usize = 64;
/// A queue that is late less often than this part of what its goal allows waits for somebody to become free.
const AT_RISK: u64 = 9;
const AT_RISK_OF: u64 = 10;
/// Until so many tasks were heard of, nobody can say that a queue keeps its goal.
const HEARD_MIN: u32 = 50;
/// With less than this part of its target left, a task is not put aside any more.
const HARD_PART: u64 = 4;

impl Scheduler {
    /// A front task found nobody: if its queue is at risk, somebody puts back work aside for it. His room is looked at
    /// again at once, and the most urgent is his.
    pub(crate) fn call_away(&mut self, step: &mut Step<'_>, id: TaskId) {
        let Some(task) = self.tasks.get(&id).filter(|task| task.side == Side::Front) else { return };
        if !self.is_at_risk(task.queue) || !self.rules().hours(task.queue).is_open(step.now) {
            return;
        }
        let Some((aside, worker)) = self.to_put_aside(step.now, task) else { return };
        self.interrupt(step, aside, worker);
        step.todo.freed.insert(worker);
    }

    /// True where a front queue misses its goal, or nearly, or is not known to keep it.
    fn is_at_risk(&self, front: QueueId) -> bool {
        let (Some(queue), Some(row)) = (self.queues.get(&front), self.learnt.get(&front)) else { return true };
        match queue.blend.goal {
            Goal::Within { per_mille } => {
                let allowed = u64::from(1_000_u32.saturating_sub(per_mille)) * 1_000;
                row.heard < HEARD_MIN || u64::from(row.late_micro) * AT_RISK_OF >= allowed * AT_RISK
            }
            Goal::MeanWait | Goal::Cost { .. } => true,
        }
    }

    /// Back work whose worker could have this task instead: the one that is due last.
    fn to_put_aside(&self, now: Millis, task: &Task) -> Option<(TaskId, WorkerId)> {
        let queue = self.queues.get(&task.queue)?;
        let running = self.index.breakable.get(&task.tenant)?;
        running.iter().take(LOOKS).find_map(|(Reverse(due_at), id)| {
            let aside = self.tasks.get(id)?;
            let worker = aside.state.owner()?;
            let desk = self.workers.get(&worker).filter(|desk| desk.is_ready())?;
            let serves = desk.row.settings.queues.binary_search(&task.queue).is_ok();
            let free = desk.row.capacity.saturating_sub(desk.load) + self.rules().weight(aside);
            // Nobody is given work and called away from it at one instant.
            let soft = due_at.since(now) > aside.target_ms / HARD_PART
                && aside.state.active_since().is_some_and(|since| since < now);
            let pays = self.worth_starting(now, desk, queue, Waits::Could)
                && !self.is_owed_after(now, desk, aside.queue, self.rules().weight(aside));
            let may = serves && soft && pays && desk.weight_of(task, queue) <= free && desk.knows_and_may(task, now);
            may.then_some((*id, worker))
        })
    }

    fn interrupt(&mut self, step: &mut Step<'_>, id: TaskId, worker: WorkerId) {
        self.tell_withdrawn(step, id, WithdrawReason::Interrupted);
        let now = step.now;
        if let Some(task) = self.tasks.get(&id).filter(|task| task.interruptions == 0) {
            let (queue, worked_ms) = (task.queue, task.worked_ms + now.since(task.state.active_since().unwrap_or(now)));
            self.left_first(step, queue, worked_ms);
        }
        self.edit_task(step, id, |task| {
            task.state =
                TaskState::Interrupted { worker: Some(worker), since: now, until: now.plus(limits::INTERRUPTED_MS) };
            task.interruptions = task.interruptions.saturating_add(1);
        });
    }

    /// Gives a worker who has nothing more urgent to do back what he was called away from, the first due first.
    pub(crate) fn give_back(&mut self, step: &mut Step<'_>, worker: WorkerId) {
        let mut shut = Vec::new();
        while let Some(id) = self.next_interrupted(step.now, worker, &mut shut) {
            self.wake(step, id, "given_back");
            self.bind(step, id, worker, Because::Returned, None, None);
        }
        shut.into_iter().for_each(|front| self.set_holding(step, front, true));
    }

    /// Front queues let go of back work: who was called away from some, and can be spared now, has it again.
    pub(crate) fn give_all_back(&mut self, step: &mut Step<'_>, tenant: TenantId) {
        let aside = self.index.interrupted.get(&tenant).into_iter().flatten().take(LOOKS);
        let holders = aside.filter_map(|(_, id)| self.tasks.get(id)?.state.holder());
        let free = |worker: &WorkerId| self.workers.get(worker).is_some_and(|desk| desk.takes_work());
        for worker in holders.filter(free).collect::<Vec<_>>() {
            self.give_back(step, worker);
        }
    }

    /// What a worker is to have back now. The front queues that keep him from some of it are noted.
    fn next_interrupted(&self, now: Millis, worker: WorkerId, shut: &mut Vec<QueueId>) -> Option<TaskId> {
        let desk = self.workers.get(&worker).filter(|desk| desk.takes_work())?;
        let held = desk.held.iter().take_while(|_| desk.aside > 0).filter_map(|id| self.task(id));
        let aside = held.filter(|task| self.could_go_on(now, desk, task));
        let mut his = |task: &Task| {
            let keeps = self.kept_by(now, desk, task);
            shut.extend(keeps);
            keeps.is_none()
        };
        aside.filter(|task| his(task)).min_by_key(|task| (task.due_at, task.id)).map(|task| task.id)
    }

    /// True for a worker who was called away from work that a front queue keeps him from still: he begins no other back
    /// work before it. Else what was put aside for good would lie and lie while fresh work comes and goes.
    pub(crate) fn has_some_aside(&self, now: Millis, desk: &Desk) -> bool {
        let mut held = desk.held.iter().take_while(|_| desk.aside > 0).filter_map(|id| self.task(id));
        held.any(|task| self.could_go_on(now, desk, task) && self.kept_by(now, desk, task).is_some())
    }

    /// Whether a worker could go on with what he was called away from, whatever the front line says.
    fn could_go_on(&self, now: Millis, desk: &Desk, task: &Task) -> bool {
        matches!(task.state, TaskState::Interrupted { .. })
            && self.queues.get(&task.queue).is_some_and(|queue| desk.has_room(task, queue))
            && self.rules().hours(task.queue).is_open(now)
    }

    /// The front queue that keeps a worker from what he was called away from. What can be put aside no more is held back
    /// like any other back work, until it is late; what is front work now, since its queue has gone to another, is not.
    fn kept_by(&self, now: Millis, desk: &Desk, task: &Task) -> Option<QueueId> {
        let queue = self.queues.get(&task.queue)?;
        let taking =
            Taking { interruptible: self.rules().is_breakable(task), ..self.taking_of(now, queue, false, desk) };
        let may_be_held = task.side == Side::Back && !task.missed;
        desk.homes.iter().copied().find(|front| may_be_held && !self.reserve_lets(*front, taking))
    }
}
