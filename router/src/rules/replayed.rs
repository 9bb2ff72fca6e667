//! What a replay came to, by name, for people and programs.

use std::collections::BTreeSet;

use blendline_rules::RuleSet;
use blendline_rules::record::{Figures, QueueFigures, Record};
use blendline_rules::replay::Change;
use blendline_wire::task::Side;
use blendline_wire::time::Instant;
use blendline_wire::{QueueId, TaskId, TenantId, WorkerId};
use serde::Serialize;
use utoipa::ToSchema;

use super::classed::Move;
use super::record::groups;
use crate::directory::Directory;

/// A period as it was, as the live rules make it again, and as the draft does.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleReplay)]
pub struct Replayed {
    /// When the inputs begin that were run: at the last time before the period at which all rows were written down.
    begins_at: Instant,
    /// When the last of them was.
    ends_at: Instant,
    /// How many messages and items came from outside.
    arrivals: u64,
    /// True where the replay under the live rules came to the recorded figures, every one of them.
    exact: bool,
    /// By queue.
    queues: Vec<QueueTold>,
    /// By group.
    groups: Vec<GroupTold>,
    /// How many tasks go to another queue.
    moved: u64,
    /// These, by the pair of rules that decided.
    moves: Vec<MoveTold>,
    /// Changes of people that were tried, the one that brings most first.
    levers: Vec<Lever>,
}

/// A queue under each.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReplayedQueue)]
pub struct QueueTold {
    /// Its name.
    queue: String,
    /// As it was; null where it was not there.
    #[schema(required)]
    recorded: Option<QueueNumbers>,
    /// Under the live rules.
    #[schema(required)]
    live: Option<QueueNumbers>,
    /// Under the draft.
    #[schema(required)]
    draft: Option<QueueNumbers>,
}

/// What a queue came to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = QueueNumbers)]
pub struct QueueNumbers {
    /// How many tasks came to it.
    came: u64,
    /// How many of those had a worker.
    started: u64,
    /// How many had one before they were due.
    in_time: u64,
    /// That part of those who came, in thousandths; null where nobody came.
    #[schema(required)]
    service_level_milli: Option<u64>,
    /// How many were answered, and how many of them in time.
    answered: u64,
    /// How many were answered in time.
    answered_in_time: u64,
    /// How many were done.
    done: u64,
    /// How many left, or were taken back, before that.
    left: u64,
    /// How often one was passed on.
    transferred: u64,
    /// How often one went over to a queue that helps out.
    overflowed: u64,
    /// How often one was set aside for the front line.
    interrupted: u64,
    /// How long those with a worker waited for him on the mean, in milliseconds.
    wait_mean_ms: u64,
    /// Half of them at most.
    wait_p50_ms: u64,
    /// Nine of ten at most.
    wait_p90_ms: u64,
}

impl QueueNumbers {
    fn of(figures: &QueueFigures) -> Self {
        let QueueFigures { came, in_time, .. } = *figures;
        Self {
            came,
            started: figures.started,
            in_time,
            service_level_milli: (in_time * 1_000).checked_div(came),
            answered: figures.answered,
            answered_in_time: figures.answered_in_time,
            done: figures.done,
            left: figures.left,
            transferred: figures.transferred,
            overflowed: figures.overflowed,
            interrupted: figures.interrupted,
            wait_mean_ms: figures.wait_mean_ms,
            wait_p50_ms: figures.wait_p50_ms,
            wait_p90_ms: figures.wait_p90_ms,
        }
    }
}

/// A group under each.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReplayedGroup)]
pub struct GroupTold {
    /// Its name; `-` for workers of none.
    group: String,
    /// As it was, by the groups of the live rules.
    recorded: GroupNumbers,
    /// Under the live rules.
    live: GroupNumbers,
    /// Under the draft.
    draft: GroupNumbers,
}

/// What a group came to.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
#[schema(as = GroupNumbers)]
pub struct GroupNumbers {
    /// How many workers it has.
    workers: u64,
    /// How long they were there together, in milliseconds.
    present_ms: u64,
    /// How long they were at tasks, each task counted, in milliseconds.
    worked_ms: u64,
    /// How many tasks they solved.
    done: u64,
}

/// Tasks that one pair of rules sends elsewhere.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReplayedMove)]
pub struct MoveTold {
    /// The rule that is live; null where none applies.
    #[schema(required)]
    live_rule: Option<String>,
    /// Its queue.
    live_queue: String,
    /// The rule of the draft; null where none applies.
    #[schema(required)]
    draft_rule: Option<String>,
    /// Its queue.
    draft_queue: String,
    /// How many.
    count: u64,
    /// Why the draft sends the first of them there; empty where its text is not at hand any more.
    because: String,
    /// Some of them: their tasks as they were, and when each came.
    tasks: Vec<MovedTask>,
}

/// A task that goes elsewhere.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MovedTask)]
pub struct MovedTask {
    /// The task as it was.
    task: TaskId,
    /// When it came.
    came_at: Instant,
}

/// A change of people and what it brings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReplayLever)]
pub struct Lever {
    /// As the command takes it: `--staff desk:+10%`, `--cross-train desk:refunds`.
    lever: String,
    /// How many more front tasks have a worker in time.
    front_in_time: i64,
    /// How many more back tasks are done.
    back_done: i64,
}

impl Lever {
    pub(super) fn new(change: &Change, before: &Figures, after: &Figures, directory: &Directory) -> Self {
        let sides = directory.settings.iter().filter_map(|settings| match settings {
            blendline_core::input::Settings::Queue(queue) => Some((queue.id, queue.side)),
            _ => None,
        });
        let (mut front_in_time, mut back_done) = (0, 0);
        let number = |figures: &Figures, queue: QueueId, side| {
            figures.queues.get(&queue).map_or(0, |own| if side == Side::Front { own.in_time } else { own.done })
        };
        for (queue, side) in sides {
            let brings = number(after, queue, side).cast_signed() - number(before, queue, side).cast_signed();
            *(if side == Side::Front { &mut front_in_time } else { &mut back_done }) += brings;
        }
        Self { lever: change.to_string(), front_in_time, back_done }
    }

    /// What it brings, in tasks.
    pub(super) fn worth(&self) -> i64 {
        self.front_in_time + self.back_done
    }
}

/// One side: its set, what names mean there, what it came to.
type SideTold<'a> = (&'a RuleSet, &'a Directory, &'a Figures);

pub(super) fn told(
    record: &Record,
    recorded: Figures,
    [live, draft]: [SideTold<'_>; 2],
    moves: Vec<Move>,
    levers: Vec<Lever>,
) -> Replayed {
    let tenant = record.tenant;
    let name = |queue: QueueId| {
        let own = [live.1, draft.1].into_iter().find_map(|directory| directory.queues.get(&queue));
        own.map_or_else(|| queue.to_string(), |(_, name)| name.clone())
    };
    let named = [live.1, draft.1].into_iter().flat_map(|directory| &directory.queues);
    let mut queues: BTreeSet<QueueId> =
        named.filter(|(_, (owner, _))| *owner == tenant).map(|(queue, _)| *queue).collect();
    queues.extend(recorded.queues.keys());
    let numbers = |figures: &Figures, queue: &QueueId| figures.queues.get(queue).map(QueueNumbers::of);
    let queues = queues.iter().map(|queue| QueueTold {
        queue: name(*queue),
        recorded: numbers(&recorded, queue),
        live: numbers(live.2, queue),
        draft: numbers(draft.2, queue),
    });
    let way = |(rule, queue): (Option<String>, QueueId)| (rule, name(queue));
    let moved = moves.iter().map(|moved| moved.count).sum();
    let moves = moves.into_iter().map(|moved| {
        let ((live_rule, live_queue), (draft_rule, draft_queue)) = (way(moved.live), way(moved.draft));
        let task = |(task, at)| MovedTask { task, came_at: Instant(at) };
        let tasks = moved.tasks.into_iter().map(task).collect();
        let (count, because) = (moved.count, moved.because);
        MoveTold { live_rule, live_queue, draft_rule, draft_queue, count, because, tasks }
    });
    Replayed {
        begins_at: Instant(record.begin),
        ends_at: Instant(record.end),
        arrivals: record.arrivals.iter().filter(|arrival| arrival.tenant() == tenant).count() as u64,
        exact: recorded == *live.2,
        queues: queues.collect(),
        groups: groups_told(tenant, &recorded, live, draft),
        moved,
        moves: moves.collect(),
        levers,
    }
}

fn groups_told(tenant: TenantId, recorded: &Figures, live: SideTold<'_>, draft: SideTold<'_>) -> Vec<GroupTold> {
    let (own, theirs) = (groups(live.0, live.1, tenant), groups(draft.0, draft.1, tenant));
    let mut names: Vec<&String> = own.iter().map(|(name, _)| name).collect();
    names.extend(theirs.iter().map(|(name, _)| name).filter(|name| own.iter().all(|(known, _)| known != *name)));
    let sum = |groups: &[(String, BTreeSet<WorkerId>)], name: &str, figures: &Figures| {
        let workers = groups.iter().find(|(known, _)| known == name).map(|(_, workers)| workers);
        let mut sum = GroupNumbers { workers: workers.map_or(0, BTreeSet::len) as u64, ..GroupNumbers::default() };
        for figures in workers.into_iter().flatten().filter_map(|worker| figures.workers.get(worker)) {
            sum.present_ms += figures.present_ms;
            sum.worked_ms += figures.worked_ms;
            sum.done += figures.done;
        }
        sum
    };
    let told = names.into_iter().map(|name| GroupTold {
        group: name.clone(),
        recorded: sum(&own, name, recorded),
        live: sum(&own, name, live.2),
        draft: sum(&theirs, name, draft.2),
    });
    told.collect()
}
