//! Why a task waits: recomputed from the live state when somebody asks.

use std::collections::BTreeMap;

use blendline_wire::event::Because;
use blendline_wire::task::Presence;
use blendline_wire::{Millis, QueueId, TaskId, WorkerId};

use crate::desk::Desk;
use crate::dispatch::declined_by;
use crate::index::is_hard;
use crate::rows::{Task, TaskState};
use crate::scheduler::Scheduler;

/// What keeps a worker from a task.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Obstacle {
    /// He does not serve its queue.
    OtherQueue,
    /// He lacks a skill that it needs.
    NoSkill,
    /// He has the skills, one of them not at the level that it needs.
    SkillTooLow,
    /// He has no connection.
    NotConnected,
    /// He is away.
    Away,
    /// He keeps what he has and takes nothing new.
    Busy,
    /// He finishes what he has and leaves.
    Draining,
    /// He has not the room for it.
    NoRoom,
    /// He declined it a short while ago.
    Declined,
    /// A front queue he serves needs him free.
    Reserved,
}

impl Obstacle {
    /// A stable word, for lists and other systems.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OtherQueue => "other_queue",
            Self::NoSkill => "no_skill",
            Self::SkillTooLow => "skill_too_low",
            Self::NotConnected => "not_connected",
            Self::Away => "away",
            Self::Busy => "busy",
            Self::Draining => "draining",
            Self::NoRoom => "no_room",
            Self::Declined => "declined",
            Self::Reserved => "reserved",
        }
    }
}

/// What would give a waiting task a worker.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waiting {
    /// How urgent it is, in parts of a thousand of its target.
    pub urgency_milli: u64,
    /// How many of its queue's line, of all skills, wait with it.
    pub in_queue: usize,
    /// For whom it waits, and until when only for him.
    pub directed: Option<(WorkerId, Millis)>,
    /// When its queue opens; `None` while it is open. The end of time where no opening is known.
    pub opens_at: Option<Millis>,
    /// How many workers its tenant has.
    pub workers: u64,
    /// How many of them nothing keeps from it. More than none only until the next step.
    pub able: u64,
    /// How many workers each obstacle keeps from it; a worker may meet several.
    pub obstacles: BTreeMap<Obstacle, u64>,
    /// How many workers could have it if only this one obstacle were not there: what would make it assignable.
    pub lacking_only: BTreeMap<Obstacle, u64>,
    /// The front queues that need free who could do it otherwise, in order.
    pub reserved_for: Vec<QueueId>,
}

/// Where a task stands, and why.
#[derive(Clone, Debug, PartialEq)]
pub enum Explanation {
    /// It has no worker.
    Waiting(Waiting),
    /// A worker has it or is offered it. Who came second, and the scores, are in the event that gave it to him.
    Given {
        /// Who.
        worker: WorkerId,
        /// Why he, while it is an offer; the event of the assignment has it as well.
        because: Option<Because>,
    },
    /// It was put aside, or waits for an answer; the word says which.
    Aside(&'static str),
}

impl Scheduler {
    /// Why a task stands where it stands at this instant; `None` for a task that is not open. It looks at every worker
    /// of the task's tenant: for people who ask, not for each decision.
    pub fn explain(&self, now: Millis, id: TaskId) -> Option<Explanation> {
        let task = self.task(id)?;
        Some(match task.state {
            TaskState::Waiting => Explanation::Waiting(self.why_waiting(now, task)),
            TaskState::Offered { worker, because, .. } => Explanation::Given { worker, because: Some(because) },
            TaskState::Active { worker, .. } => Explanation::Given { worker, because: None },
            TaskState::Parked { .. }
            | TaskState::Interrupted { .. }
            | TaskState::Requesting { .. }
            | TaskState::Closed { .. } => Explanation::Aside(task.state.name()),
        })
    }

    fn why_waiting(&self, now: Millis, task: &Task) -> Waiting {
        let rank = self.queues.get(&task.queue).map(|queue| self.rank(now, queue).lifted(task.lift_milli));
        let hours = self.rules().hours(task.queue);
        let mut waiting = Waiting {
            urgency_milli: rank.map_or(0, |rank| rank.urgency_milli(now, task.earned_at, task.due_at)),
            in_queue: self.queue_now(task.queue).waiting,
            directed: task.directed,
            opens_at: (!hours.is_open(now)).then(|| hours.next_opening(now).unwrap_or(Millis::MAX)),
            ..Waiting::default()
        };
        let mut shut = BTreeMap::new();
        for desk in self.workers.values().filter(|desk| desk.row.settings.tenant == task.tenant) {
            waiting.workers += 1;
            let met = self.obstacles(now, task, desk, &mut shut);
            for obstacle in &met {
                *waiting.obstacles.entry(*obstacle).or_default() += 1;
            }
            match met[..] {
                [] => waiting.able += 1,
                [only] => *waiting.lacking_only.entry(only).or_default() += 1,
                _ => {}
            }
        }
        let holds = shut.into_iter().filter(|(_, (shut, met))| *shut && *met);
        waiting.reserved_for = holds.map(|(front, _)| front).collect();
        waiting
    }

    /// Everything that keeps a worker from a task. `fronts`: whether each front queue lets no such work start, and
    /// whether that kept anybody from it who could do it.
    fn obstacles(
        &self,
        now: Millis,
        task: &Task,
        desk: &Desk,
        fronts: &mut BTreeMap<QueueId, (bool, bool)>,
    ) -> Vec<Obstacle> {
        let (row, id) = (&desk.row, desk.row.settings.id);
        let weight = self.queues.get(&task.queue).map_or(u32::MAX, |queue| desk.weight_of(task, queue));
        let mut met = Vec::new();
        if row.settings.queues.binary_search(&task.queue).is_err() {
            met.push(Obstacle::OtherQueue);
        }
        if !row.settings.has_skills(&task.needs) {
            let has = |skill| row.settings.skills.iter().any(|has| has.skill == skill);
            let all = task.needs.iter().all(|need| has(need.skill));
            met.push(if all { Obstacle::SkillTooLow } else { Obstacle::NoSkill });
        }
        match row.presence {
            _ if row.session.is_none() => met.push(Obstacle::NotConnected),
            Presence::Ready => {}
            Presence::Away => met.push(Obstacle::Away),
            Presence::Busy => met.push(Obstacle::Busy),
            Presence::Draining => met.push(Obstacle::Draining),
        }
        if !desk.has_room_for(weight) {
            met.push(Obstacle::NoRoom);
        }
        if declined_by(task, id, now) {
            met.push(Obstacle::Declined);
        }
        let hard = is_hard(task);
        let taking = self.queues.get(&task.queue).map(|queue| self.taking_of(now, queue, hard, desk));
        if let Some(taking) = taking.filter(|_| self.held_back(task.id).is_some()) {
            let mut reserved = false;
            for front in desk.homes.iter() {
                let known = fronts.entry(*front).or_insert_with(|| (!self.reserve_lets(*front, taking), false));
                reserved |= known.0;
                known.1 |= known.0 && met.is_empty();
            }
            if reserved {
                met.push(Obstacle::Reserved);
            }
        }
        met
    }
}
