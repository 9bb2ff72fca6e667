//! What happens by itself when its time has come.

use std::fmt;

use blendline_wire::event::EventKind;
use blendline_wire::task::Side;
use blendline_wire::{CalendarId, Millis, OutboundId, QueueId, TaskId, WorkerId};

use crate::index::Rules;
use crate::learnt::Heard;
use crate::ready::Ready;
use crate::rows::TaskState;
use crate::scheduler::{Scheduler, Step};
use crate::sorted::Keyed;

/// Something with a deadline.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Due {
    /// Hours begin.
    Calendar(CalendarId),
    /// A count of arrivals ends.
    Count(QueueId),
    /// Noting down ends.
    Worker(WorkerId),
    /// An offer, a park, a silence, a back-off ends; a target of what stands in no line.
    Task(TaskId),
    /// The target ends of the first of those in a bucket of a queue's lines whose targets run. The others come after it.
    Target(TaskId),
    /// A message of ours is tried again.
    Outbound(OutboundId),
}

impl Due {
    const fn kind_and_number(self) -> (u64, u64) {
        match self {
            Self::Calendar(id) => (0, id.0),
            Self::Count(queue) => (1, queue.0),
            Self::Worker(id) => (2, id.0),
            Self::Task(id) => (3, id.0),
            Self::Target(id) => (4, id.0),
            Self::Outbound(id) => (5, id.0),
        }
    }

    const fn of(kind: u64, number: u64) -> Self {
        match kind {
            0 => Self::Calendar(CalendarId(number)),
            1 => Self::Count(QueueId(number)),
            2 => Self::Worker(WorkerId(number)),
            3 => Self::Task(TaskId(number)),
            4 => Self::Target(TaskId(number)),
            _ => Self::Outbound(OutboundId(number)),
        }
    }
}

/// What is farther off is as far as this.
pub(crate) const FAR: Millis = Millis((1 << 60) - 1);

/// When something is due, and what: in the order of the instants, then of the kinds, then of the numbers.
///
/// All of it is one number, and it is kept as that: it is compared at once, and many lie in one line of memory. 60 bits of
/// milliseconds are more than what is needed.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct Deadline(u128);

impl Deadline {
    pub(crate) fn new(at: Millis, due: Due) -> Self {
        let (kind, number) = due.kind_and_number();
        Self(u128::from(at.min(FAR).0 << 4 | kind) << u64::BITS | u128::from(number))
    }

    pub(crate) fn at(self) -> Millis {
        Millis((self.0 >> (u64::BITS + 4)) as u64)
    }

    pub(crate) fn due(self) -> Due {
        Due::of((self.0 >> u64::BITS) as u64 & 15, self.0 as u64)
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.at(), self.due()).fmt(f)
    }
}

impl Keyed for Deadline {
    fn key(&self) -> u128 {
        self.0
    }
}

impl Scheduler {
    /// Runs everything due at or before now, earliest first. False where nothing was.
    pub(crate) fn run_dues(&mut self, step: &mut Step<'_>) -> bool {
        let mut ran = false;
        while let Some(at) = self.next_deadline().filter(|at| *at <= step.now) {
            ran = true;
            step.cause = None;
            let next = self.index.dues.first().copied().filter(|next| next.at() == at);
            match next.map(Deadline::due) {
                Some(Due::Calendar(id)) => self.hours_begin(step, id, at),
                Some(Due::Count(queue)) if self.queues.get(&queue).is_some_and(|queue| queue.side == Side::Back) => {
                    self.share_part_ends(step, queue);
                }
                Some(Due::Count(queue)) => self.end_count(step, queue),
                Some(Due::Worker(id)) => self.wrap_ups_over(step, id),
                Some(Due::Task(id) | Due::Target(id)) => self.task_due(step, id),
                Some(Due::Outbound(id)) => self.retry(step, id),
                None => self.held_due(step),
            }
            self.settle_watches(step);
        }
        ran
    }

    /// Something about what a worker has is due.
    fn held_due(&mut self, step: &mut Step<'_>) {
        step.todo.watch_may_be_over = true;
        let first = self.watches.first().and_then(|first| self.earliest(first.worker));
        if let Some((_, task)) = first {
            self.task_due(step, task);
        }
    }

    /// Something about a task is due; what it is follows from its row. Each run makes at least one of them not due.
    fn task_due(&mut self, step: &mut Step<'_>, id: TaskId) {
        let now = step.now;
        let Some(task) = self.tasks.get(&id) else { return };
        if Rules::target_runs(task) && task.due_at <= now {
            return self.target_missed(step, id);
        }
        if task.supervisor_at.is_some_and(|at| at <= now) {
            let worker = task.state.owner();
            self.edit_task(step, id, |task| task.supervisor_at = None);
            return self.tell_supervisor(step, id, worker);
        }
        match task.state {
            TaskState::Offered { .. } => self.expire(step, id),
            TaskState::Active { .. } => self.silent(step, id),
            TaskState::Parked { .. } | TaskState::Interrupted { .. } => self.wake(step, id, "time"),
            TaskState::Requesting { .. } => self.give_up_requests(step, id),
            TaskState::Waiting | TaskState::Closed { .. } => {
                self.free_for_others(step, id);
                self.relax(step, id);
            }
        }
    }

    /// A target was missed. Late back work is not held back by the reserve any more, so it may find a worker now.
    fn target_missed(&mut self, step: &mut Step<'_>, id: TaskId) {
        let Some(task) = self.tasks.get(&id) else { return };
        let (due_at, unanswered, queue, parent) = (task.due_at, task.unanswered, task.queue, task.parent);
        if task.lease.0 == 0 && task.state == TaskState::Waiting {
            self.task_heard(step, queue, Heard::Late);
        }
        self.edit_task(step, id, |task| task.missed = true);
        // Who has his answer misses nothing: the task is only late in line.
        if unanswered {
            self.task_event(step, id, EventKind::TargetMissed { due_at });
        }
        step.todo.fresh.push(id);
        if let Some(asker) = parent {
            self.edit_task(step, asker, |task| {
                task.overdue_answer = matches!(task.state, TaskState::Requesting { .. });
            });
        }
    }

    /// Who was asked for too long is asked no more: no parent waits for ever.
    fn give_up_requests(&mut self, step: &mut Step<'_>, id: TaskId) {
        let children = self.tasks.get(&id).map(|task| task.children.clone()).unwrap_or_default();
        for child in children {
            self.cancel_tree(step, child, "never_answered");
            self.child_gone(step, id, child, EventKind::RequestWithdrawn { child });
        }
        self.wake(step, id, "time");
    }

    /// A back-off or a waiting for one worker is over: others may have it.
    fn free_for_others(&mut self, step: &mut Step<'_>, id: TaskId) {
        let now = step.now;
        self.edit_task(step, id, |task| {
            task.directed = task.directed.filter(|(_, until)| now < *until);
            task.returns &= task.directed.is_some();
            task.declined.retain(|(_, until)| now < *until);
        });
        step.todo.fresh.push(id);
    }

    /// Nobody had a task for so long that less will do, or more is done about it.
    fn relax(&mut self, step: &mut Step<'_>, id: TaskId) {
        let now = step.now;
        let Some(task) = self.tasks.get(&id).filter(|task| task.directed.is_none()) else { return };
        let over = task.relax.iter().take_while(|step| task.earned_at.plus(step.after_ms) <= now).count();
        let Some(last) = over.checked_sub(1).and_then(|last| task.relax.get(last)) else { return };
        let needs = last.needs.clone();
        // Of several that are over at once the last counts, for the queue as for the skills.
        let to = task.relax[..over].iter().rev().find_map(|step| step.overflow).map(|overflow| overflow.to);
        let lift_milli = task.relax[..over].iter().rev().find_map(|step| step.lift_milli);
        let tell = task.relax[..over].iter().any(|step| step.tell);
        let relaxed = *task.needs != *needs;
        let lifted = lift_milli.filter(|milli| *milli != task.lift_milli);
        self.edit_task(step, id, |task| {
            task.needs = needs.as_slice().into();
            task.relax.drain(..over);
            task.lift_milli = lift_milli.unwrap_or(task.lift_milli);
        });
        if relaxed {
            self.task_event(step, id, EventKind::NeedsRelaxed { needs });
        }
        if let Some(times_milli) = lifted {
            self.task_event(step, id, EventKind::TaskRaised { times_milli });
        }
        if tell {
            self.tell_supervisor(step, id, None);
        }
        if let Some(to) = to {
            self.overflow(step, id, to);
        }
    }

    /// Hours begin: everybody who serves a queue with these hours looks for work.
    fn hours_begin(&mut self, step: &mut Step<'_>, id: CalendarId, at: Millis) {
        self.index.dues.remove(&Deadline::new(at, Due::Calendar(id)));
        self.watch_calendar(id, step.now);
        for queue in self.queues.values().filter(|queue| queue.calendar == Some(id)) {
            let ready = self.index.ready.get(&queue.id).into_iter().flat_map(Ready::iter);
            step.todo.freed.extend(ready.map(|place| place.worker));
            step.todo.slack.insert(queue.tenant);
        }
        // What waits for one worker only is not his to look for while he is not ready.
        step.todo.freed.extend(self.index.directed.keys().copied());
    }

    /// Notes when hours next begin.
    pub(crate) fn watch_calendar(&mut self, id: CalendarId, now: Millis) {
        let hours = crate::calendar::Hours(self.calendars.get(&id));
        if let Some(opens) = hours.next_opening(now) {
            self.index.dues.insert(Deadline::new(opens, Due::Calendar(id)));
        }
    }
}
