//! What is derived from the rows to find things quickly. Rebuilt from them, and proven equal to them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use blendline_wire::org::{CalendarSettings, QueueSettings};
use blendline_wire::task::{ClockRule, Side, SkillNeed};
use blendline_wire::{CalendarId, Millis, QueueId, TaskId, TenantId, WorkerId};

use crate::by_number::ByNumber;
use crate::calendar::Hours;
use crate::dues::{Deadline, Due, FAR};
use crate::limits;
use crate::lines::{LineKey, Lines, Spot, Waiting};
use crate::placed::Place;
use crate::policy;
use crate::ready::Ready;
use crate::rows::{Aside, Learnt, OutboundRow, OutboundState, Task, TaskState, Worker};
use crate::sorted::Sorted;

/// What is derived from tasks, calendars and messages of ours.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Index {
    /// The lines of each queue.
    pub(crate) lines: ByNumber<QueueId, Lines>,
    /// Tasks that wait for one worker.
    pub(crate) directed: BTreeMap<WorkerId, BTreeSet<Spot>>,
    /// Everything with a deadline, earliest first.
    pub(crate) dues: Sorted<Deadline>,
    /// Active back work that may be put aside for the front line, the latest due first.
    pub(crate) breakable: BTreeMap<TenantId, BTreeSet<(Reverse<Millis>, TaskId)>>,
    /// Work that was put aside for the front line.
    pub(crate) interrupted: BTreeMap<TenantId, BTreeSet<Spot>>,
    /// Workers who can take something now, per queue.
    pub(crate) ready: ByNumber<QueueId, Ready>,
}

/// Where the index has a task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stand {
    at: At,
    spot: Spot,
    missed: bool,
    /// When it earned its place.
    earned_at: Millis,
    /// True when somebody declined it.
    declined: bool,
    /// Its own deadline.
    due: Option<Millis>,
    /// True while a worker has it: that is watched where he is.
    held: bool,
}

impl Stand {
    /// When something happens by itself to what a worker has.
    pub(crate) fn watched(&self) -> Option<Millis> {
        self.due.filter(|_| self.held).map(|due| due.min(FAR))
    }

    /// When something happens by itself to what nobody has.
    fn own_due(&self) -> Option<Millis> {
        self.due.filter(|_| !self.held)
    }

    fn waiting(&self, place: Place) -> Waiting {
        Waiting::new(self.spot, self.earned_at, self.declined, place)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum At {
    /// In a line of a queue.
    Line(QueueId, LineKey),
    /// It waits for one worker.
    Directed(WorkerId),
    /// A worker has it, and may be called away from it.
    Breakable(TenantId),
    /// A worker was called away from it.
    Interrupted(TenantId),
    /// It does not wait.
    Nowhere,
}

/// What tasks take of a worker's capacity.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Takes {
    /// All of them, in units of the weights.
    pub(crate) load: u32,
    /// Back work.
    pub(crate) back: u32,
    /// Back work that can be put aside for the front line.
    pub(crate) soft: u32,
    /// How many of them he was called away from.
    pub(crate) aside: u32,
}

/// The settings that derived values depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    /// All queues.
    pub(crate) queues: &'a ByNumber<QueueId, QueueSettings>,
    /// All calendars.
    pub(crate) calendars: &'a BTreeMap<CalendarId, CalendarSettings>,
    /// What is learnt about queues.
    pub(crate) learnt: &'a ByNumber<QueueId, Learnt>,
}

impl<'a> Rules<'a> {
    /// The hours of a queue.
    pub(crate) fn hours(&self, queue: QueueId) -> Hours<'a> {
        Hours(self.queues.get(&queue).and_then(|queue| queue.calendar).and_then(|id| self.calendars.get(&id)))
    }

    /// The hours of a queue whose settings are at hand.
    pub(crate) fn hours_of(&self, queue: &QueueSettings) -> Hours<'a> {
        Hours(queue.calendar.and_then(|id| self.calendars.get(&id)))
    }

    /// What a task takes of its holder's capacity.
    pub(crate) fn weight(&self, task: &Task) -> u32 {
        self.queues.get(&task.queue).map_or(0, |queue| Self::weight_in(queue, task))
    }

    /// The same where its queue's settings are at hand.
    fn weight_in(queue: &QueueSettings, task: &Task) -> u32 {
        let whole = task.weighs.unwrap_or(queue.task_weight);
        match task.state {
            TaskState::Offered { .. } | TaskState::Active { .. } => whole,
            TaskState::Interrupted { .. } => 0,
            TaskState::Requesting { .. } if task.overdue_answer => 0,
            TaskState::Parked { .. } | TaskState::Requesting { .. } => {
                u32::try_from(u64::from(whole) * u64::from(queue.waiting_weight_percent.min(100)) / 100)
                    .unwrap_or(u32::MAX)
            }
            TaskState::Waiting | TaskState::Closed { .. } => 0,
        }
    }

    /// What a task takes of its holder's capacity, and what of that is which work.
    pub(crate) fn takes(&self, task: &Task) -> Takes {
        self.stand_and_takes(task).1
    }

    /// When a silent owner is reminded, or loses the task if he was.
    pub(crate) fn silence_due(&self, task: &Task) -> Option<Millis> {
        let TaskState::Active { silent_since: Some(since), reminded, .. } = task.state else { return None };
        let queue = self.queues.get(&task.queue)?;
        let after = if reminded || !reminds(queue) { queue.take_back_ms } else { queue.remind_ms };
        self.hours_of(queue).after_open(since, after?)
    }

    /// True while something happens when the due time passes: what stands in line becomes late, what waits for an
    /// answer has missed its target.
    pub(crate) fn target_runs(task: &Task) -> bool {
        let runs = match &task.state {
            TaskState::Waiting | TaskState::Offered { .. } => true,
            TaskState::Active { .. } | TaskState::Interrupted { .. } => task.unanswered,
            TaskState::Parked { clock, .. } | TaskState::Requesting { clock, .. } => {
                task.unanswered && *clock == ClockRule::Runs
            }
            TaskState::Closed { .. } => false,
        };
        runs && !task.missed
    }

    /// Whether active work may be put aside for the front line: back work of a queue that allows it and where it does not
    /// cost too much, not late, and not put aside too often already.
    pub(crate) fn is_breakable(&self, task: &Task) -> bool {
        self.queues.get(&task.queue).is_some_and(|queue| self.is_breakable_in(queue, task))
    }

    /// The same where its queue's settings are at hand.
    fn is_breakable_in(&self, queue: &QueueSettings, task: &Task) -> bool {
        task.side == Side::Back
            && queue.interruptible
            && !task.missed
            && task.interruptions < limits::INTERRUPTIONS_MAX
            && !self.is_steadfast(queue.id)
    }

    /// Whether calling somebody away from work of a queue is known to cost more than it brings.
    pub(crate) fn is_steadfast(&self, queue: QueueId) -> bool {
        self.learnt.get(&queue).is_some_and(|row| row.steadfast)
    }

    /// Where the index has a task that is like this, and what it takes: its queue is looked for once.
    pub(crate) fn stand_and_takes(&self, task: &Task) -> (Stand, Takes) {
        let spot = (task.due_at, task.id);
        let aside: &Aside = task;
        let declined = !aside.declined.is_empty();
        if matches!(task.state, TaskState::Closed { .. }) {
            // It is on its way out.
            let (missed, earned_at) = (task.missed, task.earned_at);
            let stand = Stand { at: At::Nowhere, spot, missed, earned_at, declined, due: None, held: false };
            return (stand, Takes::default());
        }
        let queue = self.queues.get(&task.queue);
        let active = task.state.is_active();
        let breakable = active && queue.is_some_and(|queue| self.is_breakable_in(queue, task));
        let at = match (&task.state, aside.directed) {
            (TaskState::Waiting, Some((worker, _))) => At::Directed(worker),
            (TaskState::Waiting, None) => At::Line(task.queue, line_key(task)),
            (TaskState::Active { .. }, _) if breakable => At::Breakable(task.tenant),
            (TaskState::Interrupted { .. }, _) => At::Interrupted(task.tenant),
            _ => At::Nowhere,
        };
        let stand = Stand {
            at,
            spot,
            missed: task.missed,
            earned_at: task.earned_at,
            declined,
            due: self.task_due(task),
            held: active,
        };
        let load = queue.map_or(0, |queue| Self::weight_in(queue, task));
        let back = if task.side == Side::Back { load } else { 0 };
        let aside = u32::from(matches!(task.state, TaskState::Interrupted { .. }));
        (stand, Takes { load, back, soft: if breakable { load } else { 0 }, aside })
    }

    /// The earliest instant at which something happens to a task by itself; but for the target of what stands in line,
    /// of which only the bucket's first counts.
    fn task_due(&self, task: &Task) -> Option<Millis> {
        let aside: &Aside = task;
        let own = match &task.state {
            TaskState::Waiting => {
                let declined = aside.declined.iter().map(|(_, until)| *until).min();
                // What is for one worker waits for nobody else: less will do when that is over.
                let relaxed = aside.relax.first().filter(|_| aside.directed.is_none());
                let relaxed = relaxed.map(|step| task.earned_at.plus(step.after_ms));
                min(min(aside.directed.map(|(_, until)| until), declined), relaxed)
            }
            TaskState::Offered { until, .. }
            | TaskState::Parked { until, .. }
            | TaskState::Interrupted { until, .. } => Some(*until),
            TaskState::Active { .. } => self.silence_due(task),
            TaskState::Requesting { since, .. } => Some(since.plus(limits::PARK_MS_MAX)),
            TaskState::Closed { .. } => return None,
        };
        let in_line = task.state == TaskState::Waiting && aside.directed.is_none();
        let target = (!in_line && Self::target_runs(task)).then_some(task.due_at);
        min(min(own, target), aside.supervisor_at)
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
    /// What the tasks of the line need in which a task is to stand: they share one list.
    pub(crate) fn needs_of_line(&self, task: &Task) -> Option<Arc<[SkillNeed]>> {
        if task.needs.is_empty() {
            return Some(Arc::default());
        }
        self.lines.get(&task.queue)?.needs_of(&line_key(task))
    }

    /// Enters a task.
    pub(crate) fn add_task(&mut self, stand: &Stand, place: Place) {
        let (_, task) = stand.spot;
        stand.own_due().into_iter().for_each(|due| _ = self.dues.insert(Deadline::new(due, Due::Task(task))));
        match &stand.at {
            At::Line(queue, key) => {
                let lines = self.lines.or_default(*queue);
                let (before, after) = lines.insert(key, stand.waiting(place), stand.missed);
                self.next_target(before, after);
            }
            At::Directed(worker) => {
                self.directed.entry(*worker).or_default().insert(stand.spot);
            }
            At::Breakable(tenant) => {
                self.breakable.entry(*tenant).or_default().insert((Reverse(stand.spot.0), task));
            }
            At::Interrupted(tenant) => {
                self.interrupted.entry(*tenant).or_default().insert(stand.spot);
            }
            At::Nowhere => {}
        }
    }

    /// Takes a task out again from where it was.
    pub(crate) fn remove_task(&mut self, stand: &Stand, place: Place) {
        let (_, task) = stand.spot;
        if let Some(due) = stand.own_due() {
            self.dues.remove(&Deadline::new(due, Due::Task(task)));
        }
        match &stand.at {
            At::Line(queue, key) => {
                let Some(lines) = self.lines.get_mut(queue) else { return };
                let (before, after) = lines.remove(key, &stand.waiting(place), stand.missed);
                if lines.waiting() == 0 {
                    self.lines.remove(queue);
                }
                self.next_target(before, after);
            }
            At::Directed(worker) => {
                let Some(waiting) = self.directed.get_mut(worker) else { return };
                waiting.remove(&stand.spot);
                if waiting.is_empty() {
                    self.directed.remove(worker);
                }
            }
            At::Breakable(tenant) => {
                let Some(running) = self.breakable.get_mut(tenant) else { return };
                running.remove(&(Reverse(stand.spot.0), task));
                if running.is_empty() {
                    self.breakable.remove(tenant);
                }
            }
            At::Interrupted(tenant) => {
                let Some(aside) = self.interrupted.get_mut(tenant) else { return };
                aside.remove(&stand.spot);
                if aside.is_empty() {
                    self.interrupted.remove(tenant);
                }
            }
            At::Nowhere => {}
        }
    }

    /// A task changed: it is put where it stands now.
    pub(crate) fn move_task(&mut self, before: &Stand, after: &Stand, place: Place) {
        if before != after {
            self.remove_task(before, place);
            self.add_task(after, place);
        }
    }

    /// Another task of a bucket is the first whose target runs.
    fn next_target(&mut self, before: Option<Spot>, after: Option<Spot>) {
        if before == after {
            return;
        }
        if let Some((due, task)) = before {
            self.dues.remove(&Deadline::new(due, Due::Target(task)));
        }
        after.into_iter().for_each(|(due, task)| _ = self.dues.insert(Deadline::new(due, Due::Target(task))));
    }

    /// Enters a worker's deadline.
    pub(crate) fn add_worker(&mut self, worker: &Worker) {
        let due = worker_due(worker).map(|due| Deadline::new(due, Due::Worker(worker.settings.id)));
        due.into_iter().for_each(|due| _ = self.dues.insert(due));
    }

    /// Takes a worker's deadline out again.
    pub(crate) fn remove_worker(&mut self, worker: &Worker) {
        if let Some(due) = worker_due(worker) {
            self.dues.remove(&Deadline::new(due, Due::Worker(worker.settings.id)));
        }
    }

    /// Enters a message's deadline.
    pub(crate) fn add_outbound(&mut self, row: &OutboundRow) {
        if let OutboundState::Delayed { until } = row.state {
            self.dues.insert(Deadline::new(until, Due::Outbound(row.id)));
        }
    }

    /// Takes a message's deadline out again.
    pub(crate) fn remove_outbound(&mut self, row: &OutboundRow) {
        if let OutboundState::Delayed { until } = row.state {
            self.dues.remove(&Deadline::new(until, Due::Outbound(row.id)));
        }
    }
}

fn worker_due(worker: &Worker) -> Option<Millis> {
    worker.wrap_ups.iter().map(|(_, _, until)| *until).min()
}

/// True for back work that was put aside for the front line as often as may be.
pub(crate) fn is_hard(task: &Task) -> bool {
    task.side == Side::Back && task.interruptions >= limits::INTERRUPTIONS_MAX
}

/// The line a task stands in.
pub(crate) fn line_key(task: &Task) -> LineKey {
    let bucket = policy::target_bucket(task.target_ms);
    LineKey::new(task.needs.clone(), bucket, is_hard(task), task.lift_milli, task.channel)
}
