//! The day so far, folded from the log of events: what came, and what became of it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use blendline_wire::event::{Event, EventKind};
use blendline_wire::task::{Side, Target, TaskKind};
use blendline_wire::{EventId, Millis, QueueId, TaskId};

use super::Tally;

/// A part of the day that has a column of its own.
const QUARTER_MS: u64 = 15 * 60_000;
const MINUTE_MS: u64 = 60_000;
/// Over how many minutes it is told how things are lately.
const LATELY_MINUTES: u64 = 15;
/// A day with an hour more has a hundred quarters.
const QUARTERS_MAX: usize = 100;

/// What was made of the events of a day so far.
#[derive(Clone, Debug)]
pub(super) struct Today {
    /// The day's beginning.
    pub(super) since: Millis,
    /// The last event that was taken up.
    pub(super) last: EventId,
    queues: BTreeMap<QueueId, Line>,
    front: Vec<Tally>,
    back: Vec<Tally>,
    /// The tasks of today that are not over.
    tasks: HashMap<TaskId, Open>,
}

#[derive(Clone, Debug, Default)]
struct Line {
    whole: Tally,
    /// By minute, the latest last.
    minutes: VecDeque<(u64, Tally)>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    queue: QueueId,
    side: Side,
    /// A worker had it, or its target passed before anybody did.
    heard: bool,
}

/// What an event tells of the task it is about.
enum Told {
    Came,
    Had,
    Late,
    Left,
    Solved,
    Rated(u8),
}

impl Today {
    /// The day that began at `since`; events after `last` are to be taken up.
    pub(super) fn new(since: Millis, last: EventId) -> Self {
        let (queues, tasks) = (BTreeMap::new(), HashMap::new());
        Self { since, last, queues, front: Vec::new(), back: Vec::new(), tasks }
    }

    /// Takes up the next event. `queue_of` names the queue of a task that came before today.
    pub(super) fn take(&mut self, event: &Event, queue_of: impl FnOnce(TaskId) -> Option<(QueueId, Side)>) {
        self.last = event.id;
        if let EventKind::SatisfactionAnswered { of_queue, score, .. } = &event.kind
            && self.since <= event.at
        {
            // It is about a task of the front line: nobody else's customers are asked.
            self.count(event.at, *of_queue, Side::Front, &Told::Rated(*score));
        }
        let Some(id) = event.task.filter(|_| self.since <= event.at) else { return };
        match &event.kind {
            EventKind::TaskCreated { kind, queue, .. } if *kind != TaskKind::Log => {
                let side = event.side.unwrap_or_default();
                self.tasks.insert(id, Open { queue: *queue, side, heard: false });
                self.count(event.at, *queue, side, &Told::Came);
            }
            EventKind::TaskAssigned { .. } => self.hear(event.at, id, &Told::Had),
            EventKind::TargetMissed { .. } => self.hear(event.at, id, &Told::Late),
            EventKind::TaskTransferred { to: Target::Queue(queue), .. } => {
                if let Some(open) = self.tasks.get_mut(&id) {
                    open.queue = *queue;
                }
            }
            EventKind::TaskSolved { .. } => {
                let known = self.tasks.remove(&id).map(|open| (open.queue, open.side));
                if let Some((queue, side)) = known.or_else(|| queue_of(id)) {
                    self.count(event.at, queue, side, &Told::Solved);
                }
            }
            EventKind::TaskCancelled { .. } => {
                self.hear(event.at, id, &Told::Left);
                self.tasks.remove(&id);
            }
            _ => {}
        }
    }

    /// True where the event is about a task whose queue this does not know.
    pub(super) fn asks(&self, event: &Event) -> Option<TaskId> {
        let solved = matches!(event.kind, EventKind::TaskSolved { .. });
        event.task.filter(|id| solved && !self.tasks.contains_key(id))
    }

    /// The first that is told of a task counts: a worker, lateness, or that it left.
    fn hear(&mut self, at: Millis, id: TaskId, told: &Told) {
        let Some(open) = self.tasks.get_mut(&id).filter(|open| !open.heard) else { return };
        open.heard = true;
        let Open { queue, side, .. } = *open;
        self.count(at, queue, side, told);
    }

    fn count(&mut self, at: Millis, queue: QueueId, side: Side, told: &Told) {
        let add = |tally: &mut Tally| match told {
            Told::Came => tally.came += 1,
            Told::Had => tally.in_time += 1,
            Told::Late => tally.late += 1,
            Told::Left => tally.left += 1,
            Told::Solved => tally.solved += 1,
            Told::Rated(score) => {
                tally.rated += 1;
                tally.rated_sum += u64::from(*score);
            }
        };
        let line = self.queues.entry(queue).or_default();
        add(&mut line.whole);
        let minute = at.0 / MINUTE_MS;
        if line.minutes.back().is_none_or(|(last, _)| *last < minute) {
            line.minutes.push_back((minute, Tally::default()));
        }
        if let Some((_, tally)) = line.minutes.back_mut() {
            add(tally);
        }
        while line.minutes.front().is_some_and(|(first, _)| first + LATELY_MINUTES < minute) {
            line.minutes.pop_front();
        }
        let quarters = if side == Side::Front { &mut self.front } else { &mut self.back };
        let quarter = usize::try_from(at.since(self.since) / QUARTER_MS).unwrap_or(usize::MAX).min(QUARTERS_MAX - 1);
        if quarters.len() <= quarter {
            quarters.resize(quarter + 1, Tally::default());
        }
        add(&mut quarters[quarter]);
    }

    /// What became of a queue's tasks today.
    pub(super) fn of(&self, queue: QueueId) -> Tally {
        self.queues.get(&queue).map(|line| line.whole).unwrap_or_default()
    }

    /// The same over the last quarter of an hour before `now`.
    pub(super) fn lately(&self, queue: QueueId, now: Millis) -> Tally {
        let minutes = self.queues.get(&queue).map(|line| &line.minutes);
        let recent = minutes.into_iter().flatten().filter(|(at, _)| now.0 / MINUTE_MS < at + LATELY_MINUTES);
        recent.fold(Tally::default(), |sum, (_, tally)| Tally {
            came: sum.came + tally.came,
            in_time: sum.in_time + tally.in_time,
            late: sum.late + tally.late,
            left: sum.left + tally.left,
            solved: sum.solved + tally.solved,
            rated: sum.rated + tally.rated,
            rated_sum: sum.rated_sum + tally.rated_sum,
        })
    }

    /// An office's quarters until now.
    pub(super) fn quarters(&self, side: Side, now: Millis) -> Vec<Tally> {
        let mut quarters = if side == Side::Front { self.front.clone() } else { self.back.clone() };
        let count = usize::try_from(now.since(self.since) / QUARTER_MS).unwrap_or(usize::MAX).min(QUARTERS_MAX - 1) + 1;
        quarters.resize(count.max(quarters.len()), Tally::default());
        quarters
    }
}
