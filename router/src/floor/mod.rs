//! The floor of a tenant as it is now and as the day went: queues, groups, people. What wallboards show.
//!
//! What is now is one look at the core ([`look`]); what was today is folded from the log of events ([`today`]), so both
//! say what the record says. However many screens watch a tenant, its floor is looked at once ([`Floors`]).

mod look;
#[cfg(test)]
mod tests;
mod today;
mod watch;

use blendline_wire::task::{Presence, Side};
use blendline_wire::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use watch::first_before;
pub use watch::{Floors, Latest, Sources};

/// The floor at an instant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Floor {
    /// When.
    pub at: Instant,
    /// Since when what is called today counts: the day's beginning in the time zone of the rules, else of UTC.
    pub since: Instant,
    /// Every queue.
    pub queues: Vec<FloorQueue>,
    /// The groups of the live rules; where there are none, nobody is in a group.
    pub groups: Vec<FloorGroup>,
    /// Everybody who can take tasks.
    pub people: Vec<FloorPerson>,
    /// The day of each office by quarters of an hour, the first at `since`.
    pub sides: Vec<FloorSide>,
}

/// A queue, now and today.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FloorQueue {
    /// Its name.
    pub name: String,
    /// Which office.
    pub side: Side,
    /// How soon its tasks should have a worker, in milliseconds.
    pub target_ms: u64,
    /// How many of a thousand are to have one within that; null where it is held to something else.
    #[schema(required)]
    pub goal_milli: Option<u32>,
    /// Tasks in line, those that wait for one worker only not counted.
    pub waiting: usize,
    /// Since when the one waits that has waited longest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_at: Option<Instant>,
    /// When the first of them is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_due_at: Option<Instant>,
    /// Tasks that a worker has or is offered.
    pub active: usize,
    /// Tasks that are put aside, for whatever.
    pub aside: usize,
    /// How many front slots back work must leave free for it now, in thousandths of a slot; zero for a back queue.
    pub reserve_milli: u64,
    /// The part of its workers' hours that it is promised while its work waits, in thousandths; zero for none.
    pub promised_milli: u32,
    /// The part of the capacity of its workers who are there that its tasks take now, in thousandths.
    pub taken_milli: u64,
    /// What became of the tasks that came today.
    pub today: Tally,
    /// The same over the last quarter of an hour, by when it became so.
    pub lately: Tally,
}

/// How many tasks came, and what became of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, ToSchema)]
pub struct Tally {
    /// How many came.
    pub came: u64,
    /// How many of those that came had a worker within their target.
    pub in_time: u64,
    /// How many of those that came passed their target before anybody had them.
    pub late: u64,
    /// How many of those that came were given up or taken back before anybody had them.
    pub left: u64,
    /// How many were solved, whenever they came.
    pub solved: u64,
    /// How many customers said how content they were, whenever their tasks were solved.
    pub rated: u64,
    /// What they said together, each from 1 to 5: over `rated` it is their mean.
    pub rated_sum: u64,
}

/// A group of workers now.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FloorGroup {
    /// Its name.
    pub name: String,
    /// How many are in it.
    pub people: usize,
    /// How many of them are there.
    pub connected: usize,
    /// How many of those take new work.
    pub ready: usize,
    /// What those who are there can carry together; an ordinary task weighs 100.
    pub capacity: u64,
    /// What they carry.
    pub load: u64,
    /// Front tasks that they have or are offered.
    pub front: usize,
    /// Back tasks likewise.
    pub back: usize,
}

/// A worker now.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FloorPerson {
    /// His name.
    pub name: String,
    /// His groups.
    pub groups: Vec<String>,
    /// Whether he has a connection.
    pub connected: bool,
    /// Whether he takes work.
    pub presence: Presence,
    /// How much he can have at once; an ordinary task weighs 100.
    pub capacity: u32,
    /// How much of that is taken.
    pub load: u32,
    /// Front tasks that he has or is offered.
    pub front: usize,
    /// Back tasks likewise.
    pub back: usize,
    /// Since when he was given nothing new.
    pub idle_since: Instant,
}

/// The day of an office.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FloorSide {
    /// Which.
    pub side: Side,
    /// Its quarters of an hour until now.
    pub quarters: Vec<Tally>,
}
