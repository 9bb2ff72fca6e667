//! What is derived from the rows to find things quickly. Rebuilt from them, and proven equal to them.

use std::collections::{BTreeMap, BTreeSet};

use blendline_wire::org::{CalendarSettings, QueueSettings};
use blendline_wire::task::{ClockRule, SkillNeed};
use blendline_wire::{CalendarId, Millis, OutboundId, QueueId, TaskId, WorkerId};

use crate::calendar::Hours;
use crate::limits;
use crate::policy;
use crate::rows::{OutboundRow, OutboundState, Task, TaskState, Worker};

/// A line: tasks of one queue that any able worker sees in the same order, by due time.
pub(crate) type Line = BTreeSet<(Millis, TaskId)>;

/// What tells the lines of one queue apart: what the tasks take, and how long their target is, roughly.
pub(crate) type LineKey = (Box<[SkillNeed]>, u64);

/// Something with a deadline.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Due {
    /// Hours begin.
    Calendar(CalendarId),
    /// A count of arrivals ends.
    Count(QueueId),
    /// Noting down ends.
    Worker(WorkerId),
    /// An offer, a park, a silence, a target, a back-off ends.
    Task(TaskId),
    /// A message of ours is tried again.
    Outbound(OutboundId),
}

/// What is derived from tasks, calendars and messages of ours.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Index {
    /// The lines of each queue.
    pub(crate) lines: BTreeMap<QueueId, BTreeMap<LineKey, Line>>,
    /// Tasks that wait for one worker.
    pub(crate) directed: BTreeMap<WorkerId, Line>,
    /// Everything with a deadline, earliest first.
    pub(crate) dues: BTreeSet<(Millis, Due)>,
    /// Workers who can take something now, per queue: least loaded, then longest idle.
    pub(crate) ready: BTreeMap<QueueId, BTreeSet<(u32, Millis, WorkerId)>>,
}

/// The settings that derived values depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    /// All queues.
    pub(crate) queues: &'a BTreeMap<QueueId, QueueSettings>,
    /// All calendars.
    pub(crate) calendars: &'a BTreeMap<CalendarId, CalendarSettings>,
}

impl<'a> Rules<'a> {
    /// The hours of a queue.
    pub(crate) fn hours(&self, queue: QueueId) -> Hours<'a> {
        Hours(self.queues.get(&queue).and_then(|queue| queue.calendar).and_then(|id| self.calendars.get(&id)))
    }

    /// What a task takes of its holder's capacity.
    pub(crate) fn weight(&self, task: &Task) -> u32 {
        let Some(queue) = self.queues.get(&task.queue) else { return 0 };
        match task.state {
            TaskState::Offered { .. } | TaskState::Active { .. } => queue.task_weight,
            TaskState::Parked { .. } | TaskState::Requesting { .. } => {
                u32::try_from(u64::from(queue.task_weight) * u64::from(queue.waiting_weight_percent.min(100)) / 100)
                    .unwrap_or(u32::MAX)
            }
            TaskState::Waiting | TaskState::Closed { .. } => 0,
        }
    }

    /// When a silent owner is reminded, or loses the task if he was.
    pub(crate) fn silence_due(&self, task: &Task) -> Option<Millis> {
        let since = task.silence.since?;
        let queue = self.queues.get(&task.queue)?;
        let after = if task.silence.reminded || !reminds(queue) { queue.take_back_ms } else { queue.remind_ms };
        self.hours(task.queue).after_open(since, after?)
    }

    /// True while something happens when the due time passes: what stands in line becomes late, what waits for an
    /// answer has missed its target.
    pub(crate) fn target_runs(task: &Task) -> bool {
        let runs = match &task.state {
            TaskState::Waiting | TaskState::Offered { .. } => true,
            TaskState::Active { .. } => task.unanswered,
            TaskState::Parked { clock, .. } | TaskState::Requesting { clock, .. } => {
                task.unanswered && *clock == ClockRule::Runs
            }
            TaskState::Closed { .. } => false,
        };
        runs && !task.missed
    }

    /// The earliest instant at which something happens to a task by itself.
    pub(crate) fn task_due(&self, task: &Task) -> Option<Millis> {
        let own = match &task.state {
            TaskState::Waiting => {
                let declined = task.declined.iter().map(|(_, until)| *until).min();
                min(task.directed.map(|(_, until)| until), declined)
            }
            TaskState::Offered { until, .. } | TaskState::Parked { until, .. } => Some(*until),
            TaskState::Active { .. } => self.silence_due(task),
            TaskState::Requesting { since, .. } => Some(since.plus(limits::PARK_MS_MAX)),
            TaskState::Closed { .. } => return None,
        };
        let target = Self::target_runs(task).then_some(task.due_at);
        min(min(own, target), task.silence.supervisor_at)
    }
}

/// True when a silent owner is reminded before he loses a task.
pub(crate) fn reminds(queue: &QueueSettings) -> bool {
    queue.remind_ms.is_some_and(|remind| queue.take_back_ms.is_none_or(|take_back| remind < take_back))
}

/// The earlier of two instants that may not come.
fn min(one: Option<Millis>, other: Option<Millis>) -> Option<Millis> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl Index {
    /// Enters a task.
    pub(crate) fn add_task(&mut self, task: &Task, rules: Rules<'_>) {
        if task.state == TaskState::Waiting {
            let place = (task.due_at, task.id);
            match task.directed {
                Some((worker, _)) => self.directed.entry(worker).or_default().insert(place),
                None => self.lines.entry(task.queue).or_default().entry(line_key(task)).or_default().insert(place),
            };
        }
        if let Some(due) = rules.task_due(task) {
            self.dues.insert((due, Due::Task(task.id)));
        }
    }

    /// Takes a task out again. `task` and `rules` must be as they were when it was entered.
    pub(crate) fn remove_task(&mut self, task: &Task, rules: Rules<'_>) {
        if task.state == TaskState::Waiting {
            let place = (task.due_at, task.id);
            match task.directed {
                Some((worker, _)) => remove_from(&mut self.directed, &worker, &place),
                None => {
                    if let Some(lines) = self.lines.get_mut(&task.queue) {
                        remove_from(lines, &line_key(task), &place);
                        if lines.is_empty() {
                            self.lines.remove(&task.queue);
                        }
                    }
                }
            }
        }
        if let Some(due) = rules.task_due(task) {
            self.dues.remove(&(due, Due::Task(task.id)));
        }
    }

    /// Enters a worker's deadline.
    pub(crate) fn add_worker(&mut self, worker: &Worker) {
        self.dues.extend(worker_due(worker).map(|due| (due, Due::Worker(worker.settings.id))));
    }

    /// Takes a worker's deadline out again.
    pub(crate) fn remove_worker(&mut self, worker: &Worker) {
        if let Some(due) = worker_due(worker) {
            self.dues.remove(&(due, Due::Worker(worker.settings.id)));
        }
    }

    /// Enters a message's deadline.
    pub(crate) fn add_outbound(&mut self, row: &OutboundRow) {
        if let OutboundState::Delayed { until } = row.state {
            self.dues.insert((until, Due::Outbound(row.id)));
        }
    }

    /// Takes a message's deadline out again.
    pub(crate) fn remove_outbound(&mut self, row: &OutboundRow) {
        if let OutboundState::Delayed { until } = row.state {
            self.dues.remove(&(until, Due::Outbound(row.id)));
        }
    }
}

fn worker_due(worker: &Worker) -> Option<Millis> {
    worker.wrap_ups.iter().map(|(_, _, until)| *until).min()
}

/// The line a task stands in.
pub(crate) fn line_key(task: &Task) -> LineKey {
    (task.needs.clone(), policy::target_bucket(task.target_ms))
}

fn remove_from<K: Ord>(lines: &mut BTreeMap<K, Line>, key: &K, place: &(Millis, TaskId)) {
    if let Some(line) = lines.get_mut(key) {
        line.remove(place);
        // Empty lines are not kept: their number would grow with every combination ever seen.
        if line.is_empty() {
            lines.remove(key);
        }
    }
}
