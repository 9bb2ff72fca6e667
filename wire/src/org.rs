//! The organisation: tenants, units, accounts, customers, queues, workers and what they may do.
//!
//! Names are what people configure and see; the scheduler works with the handles beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{
    AccountId, CalendarId, ChannelKey, ContactId, CustomerId, GroupId, MatterId, QueueId, SkillId, TenantId, UnitId,
    WorkerId,
};
use crate::pii::Pii;
use crate::task::{AcceptMode, Side, SkillNeed};
use crate::time::Millis;

/// A company on this installation; nothing crosses from one to another.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TenantSettings {
    /// The tenant.
    pub id: TenantId,
    /// How long after solving a new message of the contact reopens the conversation, in milliseconds.
    pub reopen_window_ms: u64,
    /// How long the customer may confirm or deny before a solved task counts as unconfirmed, in milliseconds.
    pub confirm_window_ms: u64,
    /// How long a returning contact is kept for the worker he knows, in milliseconds.
    pub stickiness_ms: u64,
    /// How many front slots must stay free before back work starts. Parts of a thousand of one slot of
    /// [`WEIGHT_UNIT`], so a level between two whole numbers can be stated.
    ///
    /// It is the floor of an adaptive reserve: for each front queue the scheduler keeps as many more free as its
    /// [`Goal`] needs, and no more.
    pub reserve_milli: u64,
    /// How far the reserve may go; `None` is as far as the goals need, and [`TenantSettings::reserve_milli`] a fixed one.
    #[serde(default)]
    pub reserve_max_milli: Option<u64>,
    /// How many tasks may be open before intake is stopped (P15).
    pub open_tasks_max: u64,
}

/// The weight of one ordinary task; capacities and weights are counted in these.
pub const WEIGHT_UNIT: u32 = 100;

/// A node of the organisation's tree.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Unit {
    /// The unit.
    pub id: UnitId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What people call it.
    pub name: String,
    /// The unit above, or `None` at the top.
    pub parent: Option<UnitId>,
    /// Who answers for it.
    pub manager: Option<WorkerId>,
    /// Where it is.
    pub location: Option<String>,
    /// From when it exists.
    pub valid_from: Option<Millis>,
    /// Until when it exists.
    pub valid_until: Option<Millis>,
}

/// One configured endpoint of a channel, as the scheduler needs it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AccountSettings {
    /// The account.
    pub id: AccountId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The channel's name.
    pub channel: Arc<str>,
    /// The unit that answers for it.
    pub unit: Option<UnitId>,
    /// How long after the customer's last message the platform lets us write freely, in milliseconds.
    pub window_ms: Option<u64>,
    /// True when sending twice under one id cannot reach the customer twice.
    pub idempotent_send: bool,
    /// True when what is committed is sent: the channel's own readers follow the transcript (P13).
    #[serde(default)]
    pub commit_is_send: bool,
}

/// Whom we serve: a person or an organisation with several contacts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Customer {
    /// The customer.
    pub id: CustomerId,
    /// Whose customer.
    pub tenant: TenantId,
    /// The id the company's own systems use.
    pub external_ref: Option<String>,
    /// The name.
    pub name: Option<Pii<String>>,
    /// The segment, as the company calls it.
    pub segment: Option<String>,
    /// The field agent of record, if any.
    pub agent: Option<WorkerId>,
    /// Who stands in for the agent.
    pub agent_stand_in: Option<WorkerId>,
    /// Attributes kept in step with the CRM.
    pub fields: Fields,
}

/// A person on a channel.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Contact {
    /// The contact.
    pub id: ContactId,
    /// Whose contact.
    pub tenant: TenantId,
    /// The customer, where known.
    pub customer: Option<CustomerId>,
    /// The display name the platform gave; never an identity.
    pub name: Option<Pii<String>>,
    /// (account, address): the identities, one per channel address.
    pub addresses: Vec<(AccountId, Pii<String>)>,
}

/// What the customer wants done, across channels, conversations, tasks and time.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Matter {
    /// The matter.
    pub id: MatterId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The customer, where known.
    pub customer: Option<CustomerId>,
    /// What the tenant records about it.
    pub fields: Fields,
}

/// Typed attributes defined by the tenant, by name.
pub type Fields = BTreeMap<String, FieldValue>;

/// The value of a field.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum FieldValue {
    /// Yes or no.
    Flag(bool),
    /// A whole number; money is in minor units, never a fraction.
    Number(i64),
    /// Text.
    Text(Pii<String>),
}

/// The type of a field, as a tenant defines it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FieldType {
    /// The name used in rules, search and reports.
    pub name: String,
    /// What it holds.
    pub holds: FieldKind,
    /// The words it may be, where it is a choice.
    #[serde(default)]
    pub choices: Vec<String>,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Yes or no.
    Flag,
    /// A whole number.
    Number,
    /// Free text.
    Text,
    /// One of a list of words.
    Choice,
}

/// A named line of tasks.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct QueueSettings {
    /// The queue.
    pub id: QueueId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The unit that answers for it.
    pub unit: Option<UnitId>,
    /// Which office.
    pub side: Side,
    /// How long a task may wait before its first response, in milliseconds.
    pub target_ms: u64,
    /// How much its urgency counts, in parts of a thousand.
    pub weight_milli: u32,
    /// What one task takes of a worker's capacity, in units of [`WEIGHT_UNIT`] per ordinary task.
    pub task_weight: u32,
    /// The part of that, in per cent, that a task takes while it waits for somebody else, as room for its return. None
    /// is kept for an answer that is late.
    pub waiting_weight_percent: u32,
    /// How long a worker has to accept an offer, in milliseconds.
    pub offer_ms: u64,
    /// How long a worker has after solving before the next task, in milliseconds.
    pub wrap_up_ms: u64,
    /// After how long a silent worker is reminded, in open milliseconds.
    pub remind_ms: Option<u64>,
    /// After how long a silent worker loses the task, in open milliseconds.
    pub take_back_ms: Option<u64>,
    /// After how long a task nobody answers is told to a supervisor, in open milliseconds.
    pub supervisor_ms: Option<u64>,
    /// The hours in which the silence timer runs and work is offered; `None` is always.
    pub calendar: Option<CalendarId>,
    /// True when a running task may be set aside for a front peak.
    pub interruptible: bool,
    /// How many tasks may wait; more are refused out loud.
    pub tasks_max: u32,
    /// What front and back are weighed by.
    #[serde(default)]
    pub blend: Blend,
    /// The time plans of groups that serve it: what part of each group's hours is its, over the window of
    /// [`Blend::share_window_ms`]; sorted by group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<Planned>,
}

/// A part of a group's time plan: what is left of its hours is the customers'.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Planned {
    /// The group.
    pub group: GroupId,
    /// The part of its hours, in thousandths.
    pub share_milli: u32,
}

/// What a queue weighs when front and back work compete for the same workers.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Blend {
    /// What a front queue is held to.
    pub goal: Goal,
    /// What one completed back task is worth, in thousandths of one of worth one.
    pub worth_milli: u32,
    /// The part of its workers' hours that a back queue is promised while its work waits, in thousandths.
    pub share_milli: u32,
    /// Over how long that is kept, in milliseconds.
    pub share_window_ms: u64,
}

impl Default for Blend {
    fn default() -> Self {
        Self { goal: Goal::default(), worth_milli: 1_000, share_milli: 0, share_window_ms: 3_600_000 }
    }
}

/// What a front queue is held to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// So many of a thousand tasks have a worker within the target.
    Within {
        /// How many of a thousand.
        per_mille: u32,
    },
    /// Tasks wait no longer than the target on the mean.
    MeanWait,
    /// Waiting costs. Where the workers serve several front queues, a task may be held back while that brings the others
    /// more: for its target, an hour at most, and then for ten times a task's time, at most half an hour.
    Cost {
        /// What one task costs in an hour of waiting, in thousandths of what a back task of worth one brings.
        hour_milli: u64,
    },
}

impl Default for Goal {
    /// Four of five within the target.
    fn default() -> Self {
        Self::Within { per_mille: 800 }
    }
}

/// Working hours, compiled: sorted, disjoint, half-open intervals. Before the first and after the last it is closed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CalendarSettings {
    /// The calendar.
    pub id: CalendarId,
    /// (opens, closes), sorted and disjoint.
    pub open: Vec<(Millis, Millis)>,
}

/// A skill and how well somebody has it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct SkillLevel {
    /// The skill.
    pub skill: SkillId,
    /// How well, from 1 (can) to 10 (teaches it).
    pub level: u8,
}

/// A worker as the scheduler needs him: a person, a bot, a field agent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct WorkerSettings {
    /// The worker.
    pub id: WorkerId,
    /// Whose worker.
    pub tenant: TenantId,
    /// Where he belongs.
    pub unit: Option<UnitId>,
    /// The group whose time plan he works by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// One capacity for everything, in units of [`WEIGHT_UNIT`] per ordinary task.
    pub capacity: u32,
    /// What he can do, sorted by skill.
    pub skills: Vec<SkillLevel>,
    /// The queues he serves, sorted.
    pub queues: Vec<QueueId>,
    /// How he receives work.
    pub accept: AcceptMode,
    /// Who takes his work while he is away; `None` gives it back to the queues.
    pub stand_in: Option<WorkerId>,
    /// His speed when he does 1, 2, … tasks at once, in thousandths of his speed with one; empty where nobody knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paces_milli: Vec<u32>,
    /// What tasks of a channel take of him, where that is not what their queue says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<ChannelWeight>,
    /// What is asked of him, and what he costs.
    #[serde(default)]
    pub burden: Burden,
}

/// What a task of a channel takes of a worker's capacity.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ChannelWeight {
    /// The channel.
    pub channel: ChannelKey,
    /// In units of [`WEIGHT_UNIT`] per ordinary task; at least 1.
    pub weight: u32,
}

/// What is asked of a worker, and what he costs; zero is no bound.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Burden {
    /// After so many tasks without a breath he has one.
    pub run_max: u16,
    /// How long a breath is, in milliseconds; who was free for so long has had one.
    pub breath_ms: u64,
    /// How long he rests after an abusive customer, in milliseconds.
    pub abuse_pause_ms: u64,
    /// What an hour of his costs, in any unit: of workers who are alike else, the cheaper has the task.
    pub cost: u32,
}

impl WorkerSettings {
    /// What a task takes of him that came by a channel, and takes `ordinary` of others.
    #[inline]
    pub fn weight_of(&self, channel: ChannelKey, ordinary: u32) -> u32 {
        self.weights.iter().find(|own| own.channel == channel).map_or(ordinary, |own| own.weight)
    }

    /// True when he has every needed skill at the needed level or above.
    #[inline]
    pub fn has_skills(&self, needs: &[SkillNeed]) -> bool {
        needs.iter().all(|need| self.skills.iter().any(|has| has.skill == need.skill && has.level >= need.level))
    }
}

/// A worker's skills, aptitudes, training and preferences, as people keep them.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Profile {
    /// What he is good at, in the organisation's words, from 1 to 10.
    pub aptitudes: BTreeMap<String, u8>,
    /// What he was trained in, and when.
    pub training: BTreeMap<String, Millis>,
    /// The languages he works in (BCP 47).
    pub languages: Vec<String>,
    /// What he would rather do.
    pub preferences: Vec<String>,
}

/// What a worker may decide alone.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Authority {
    /// `credit`, `refund`, `discount`, `fee_waived`, `replacement`, or the name of a policy.
    pub action: String,
    /// The limit of one decision, in minor units of `currency`; `None` where the action has no amount.
    pub limit_minor: Option<u64>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// From when.
    pub valid_from: Option<Millis>,
    /// Until when.
    pub valid_until: Option<Millis>,
}
