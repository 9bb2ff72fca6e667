//! A rule set whose parts were read: names are names still, and each knows where it stands.

mod parts;

use std::collections::BTreeMap;

use blendline_wire::ChannelKey;
use blendline_wire::org::Goal;
use blendline_wire::task::{AcceptMode, Side};
use jiff::tz::TimeZone;

pub use self::parts::{AuthorityRules, CaseRules, QualityRules, SystemRules};
use crate::calendar::Calendar;
use crate::cel::Condition;
use crate::fault::{Placed, Span};
use crate::fields::Type;
use crate::matter::{SameMatter, Solved};
use crate::normal::Words;
use crate::notice::Notice;

/// What a task takes of a worker where its queue does not say (router/config.default.toml).
pub const TASK_WEIGHT: u32 = 100;
/// How much a worker takes where nothing says (router/config.default.toml).
pub const CAPACITY: u32 = 300;
/// How long a worker has to accept where the queue does not say (router/config.default.toml), in milliseconds.
pub const OFFER_MS: u64 = 30_000;

/// One tenant's routing.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// Whether publishing needs a second person.
    pub two_people: bool,
    /// The time zone of `time.…` in conditions.
    pub zone: TimeZone,
    /// What workers can do and work can take.
    pub skills: Vec<Placed<String>>,
    /// Working hours by name.
    pub calendars: BTreeMap<String, Placed<Calendar>>,
    /// What holds for all of them.
    pub blending: Blending,
    /// Lines of tasks.
    pub queues: Vec<Queue>,
    /// Workers who serve the same queues.
    pub groups: Vec<Group>,
    /// Lists of words by name, sorted by it.
    pub keywords: Vec<(Placed<String>, Words)>,
    /// Where messages go: the first that applies decides.
    pub rules: Vec<Rule>,
    /// What customers are told by themselves, in the order of the file.
    pub notices: Vec<Notice>,
    /// The types of cases, in the order of the file.
    pub cases: Vec<CaseRules>,
    /// Other systems, and what their events do to cases.
    pub systems: Vec<SystemRules>,
    /// What other systems tell of customers, by name.
    pub customers: BTreeMap<String, Type>,
    /// What workers may decide alone, and who decides above that.
    pub authority: AuthorityRules,
    /// Which work is reviewed, and how.
    pub quality: Option<QualityRules>,
    /// When customers are asked whether it is solved.
    pub solved: Option<Solved>,
    /// How it is known that a customer comes again with the same matter.
    pub same_matter: Option<SameMatter>,
    /// Until when improvements are answered, what contacts cost, and what opens one by itself.
    pub improvements: Option<blendline_improvements::Settings>,
}

/// What holds for all queues and workers. What is `None` is as the configuration has it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Blending {
    /// How many front places stay free before back work starts, in thousandths of one.
    pub reserve_milli: Option<u64>,
    /// How far the reserve may grow, likewise.
    pub reserve_max_milli: Option<u64>,
    /// How long a returning contact is kept for the worker he knows, in milliseconds.
    pub stickiness_ms: Option<u64>,
    /// How long a new message reopens a solved conversation, in milliseconds.
    pub reopen_ms: Option<u64>,
    /// How long the customer may say whether it is solved, in milliseconds.
    pub confirm_ms: Option<u64>,
}

impl RuleSet {
    /// True where a condition asks what other systems told of a customer.
    pub fn asks_customers(&self) -> bool {
        self.rules.iter().any(|rule| rule.when.as_ref().is_some_and(Condition::asks_customers))
    }

    /// The key of a channel by which some worker's capacity is reckoned; none of the others.
    pub fn weighed(&self, channel: &str) -> ChannelKey {
        // Weights are the group's, so that one of its workers tells.
        let some = self.groups.iter().filter_map(|group| group.workers.first());
        let known = some.flat_map(|worker| &worker.weights).any(|(weighed, _)| weighed.value == channel);
        if known { ChannelKey::of(channel) } else { ChannelKey::NONE }
    }

    /// The workers of all groups.
    pub fn workers(&self) -> impl Iterator<Item = &Worker> {
        self.groups.iter().flat_map(|group| &group.workers)
    }
}

/// A line of tasks. What is `None` is as the configuration's defaults have it.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its name.
    pub name: Placed<String>,
    /// Which office.
    pub side: Side,
    /// How long a task may wait, in milliseconds.
    pub target_ms: Option<Placed<u64>>,
    /// What it is held to.
    pub goal: Option<Goal>,
    /// How much its urgency counts, in parts of a thousand.
    pub weight_milli: Option<u32>,
    /// What a task takes of a worker's capacity; 100 is an ordinary task.
    pub task_weight: Option<Placed<u32>>,
    /// The part of that, in per cent, while it waits for somebody else.
    pub waiting_weight_percent: Option<u32>,
    /// How long a worker has to accept, in milliseconds.
    pub offer_ms: Option<u64>,
    /// How long a worker has after solving, in milliseconds.
    pub wrap_up_ms: Option<u64>,
    /// After how long a silent worker is reminded, in open milliseconds; 0 is never.
    pub remind_ms: Option<u64>,
    /// After how long a silent worker loses the task; 0 is never.
    pub take_back_ms: Option<u64>,
    /// After how long a supervisor is told; 0 is never.
    pub supervisor_ms: Option<u64>,
    /// In which hours its work is offered.
    pub calendar: Option<Placed<String>>,
    /// Whether its work may be set aside for a front peak.
    pub interruptible: Option<bool>,
    /// How many tasks may wait.
    pub tasks_max: Option<u32>,
    /// The part of its workers' hours that a back queue has while its work waits, in per cent.
    pub protected_percent: Option<Placed<u32>>,
    /// Over how long that is kept, in milliseconds.
    pub share_window_ms: Option<u64>,
    /// What one completed task of it is worth, in thousandths.
    pub worth_milli: Option<u32>,
    /// Queues that are no more, whose tasks are this one's.
    pub heir_of: Vec<Placed<String>>,
    /// What is done about its work that waits, besides what its rule says.
    pub escalate: Vec<Relaxed>,
    /// Where its work is to go when it waits too long.
    pub overflow: Option<Overflow>,
}

/// Where work goes when it waits too long.
#[derive(Clone, Debug)]
pub struct Overflow {
    /// The other queue.
    pub to: Placed<String>,
    /// After how long, in milliseconds.
    pub after_ms: Placed<u64>,
    /// Whether at once where nobody is there who serves it.
    pub when_nobody: bool,
}

/// A skill by name and a level from 1 to 10.
pub type Level = (Placed<String>, u8);

/// Workers who serve the same queues.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: Placed<String>,
    /// Which queues.
    pub queues: Vec<Placed<String>>,
    /// Its workers.
    pub workers: Vec<Worker>,
    /// The back queues that have a part of its hours, in per cent: the rest is the customers'.
    pub time_plan: Vec<(Placed<String>, u32)>,
}

/// A worker, with what his group says filled in where he himself says nothing.
#[derive(Clone, Debug)]
pub struct Worker {
    /// His name.
    pub name: Placed<String>,
    /// What he can do.
    pub skills: Vec<Level>,
    /// How much he takes at once.
    pub capacity: Option<u32>,
    /// How he receives work.
    pub accept: Option<AcceptMode>,
    /// What a task takes of him by the channel it came by, where that is not what its queue says.
    pub weights: Vec<(Placed<String>, u32)>,
    /// What is asked of him, and what he costs.
    pub burden: Burden,
}

/// What is asked of a worker, and what he costs. What is `None` is as the configuration has it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Burden {
    /// After so many tasks without a breath he has one.
    pub run_max: Option<u32>,
    /// How long a breath is, in milliseconds.
    pub breath_ms: Option<u64>,
    /// How long he rests after an abusive customer, in milliseconds.
    pub abuse_pause_ms: Option<u64>,
    /// What an hour of his costs.
    pub cost: Option<u32>,
}

impl Burden {
    /// This, with `other` where it says nothing.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            run_max: self.run_max.or(other.run_max),
            breath_ms: self.breath_ms.or(other.breath_ms),
            abuse_pause_ms: self.abuse_pause_ms.or(other.abuse_pause_ms),
            cost: self.cost.or(other.cost),
        }
    }
}

impl Worker {
    /// How much he takes at once.
    pub fn capacity(&self) -> u32 {
        self.capacity.unwrap_or(CAPACITY)
    }

    /// How well he has a skill; 0 when he has it not.
    pub fn level(&self, skill: &str) -> u8 {
        self.skills.iter().filter(|(has, _)| has.value == skill).map(|(_, level)| *level).max().unwrap_or_default()
    }
}

impl Queue {
    /// What a task of it takes of a worker.
    pub fn task_weight(&self) -> u32 {
        self.task_weight.as_ref().map_or(TASK_WEIGHT, |weight| weight.value)
    }
}

/// One rule: to what it applies, and where that goes.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: Placed<String>,
    /// Channels it applies to; empty: all.
    pub channels: Vec<Placed<String>>,
    /// Accounts it applies to; empty: all.
    pub accounts: Vec<Placed<String>>,
    /// Languages it applies to; empty: all.
    pub languages: Vec<Placed<String>>,
    /// What must hold besides; `None`: nothing.
    pub when: Option<Condition>,
    /// The queue.
    pub queue: Placed<String>,
    /// What it takes.
    pub needs: Vec<Level>,
    /// How long it may wait, where that is not the queue's, in milliseconds.
    pub target_ms: Option<Placed<u64>>,
    /// How much sooner, or later, than the queue's target that is due.
    pub priority: Priority,
    /// How long whoever knows the customer is preferred, where that is not as everywhere, in milliseconds; 0: he is not.
    pub sticky_ms: Option<u64>,
    /// Words for reports.
    pub tags: Vec<Placed<String>>,
    /// The type of case it is.
    pub case: Option<Placed<String>>,
    /// What will do after a while, and where.
    pub relax: Vec<Relaxed>,
    /// How hard it is on whoever does it, 0 to 10.
    pub strain: u8,
    /// The whole rule in the text.
    pub span: Span,
}

/// What will do after a while.
#[derive(Clone, Debug)]
pub struct Relaxed {
    /// After how long, in milliseconds.
    pub after_ms: Placed<u64>,
    /// What it takes from then on; `None`: what it took before.
    pub needs: Option<Vec<Level>>,
    /// Where it is from then on; `None`: where it was before.
    pub queue: Option<Placed<String>>,
    /// What it counts for from then on; `None`: what it did before.
    pub priority: Option<Priority>,
    /// True where a supervisor is told.
    pub notify: bool,
}

/// How much sooner, or later, than its queue's target something is due: in an order by due times that is what comes first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Priority {
    /// A quarter of the target.
    Urgent,
    /// Half of it.
    High,
    /// The target.
    #[default]
    Normal,
    /// Twice the target.
    Low,
}

impl Priority {
    /// How many times something counts that is raised to this after it has waited, in thousandths: as many as its target
    /// would be shorter if it had begun so.
    pub fn lift_milli(self) -> u32 {
        u32::try_from(1_000_000 / self.of(1_000)).unwrap_or(1_000)
    }

    /// How long something may wait, where the queue's target is this.
    pub fn of(self, target_ms: u64) -> u64 {
        match self {
            Self::Urgent => (target_ms / 4).max(1),
            Self::High => (target_ms / 2).max(1),
            Self::Normal => target_ms,
            Self::Low => target_ms.saturating_mul(2),
        }
    }
}
