//! Which rows a list of the record is to hold.

use blendline_wire::task::Side;
use blendline_wire::{ContactKey, MatterId, Millis, QueueId, WorkerId};

/// Which tasks to list.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    /// Only of this queue.
    pub queue: Option<QueueId>,
    /// Only of this side.
    pub side: Option<Side>,
    /// Only those whose owner or last owner is this worker.
    pub worker: Option<WorkerId>,
    /// Only those of this matter.
    pub matter: Option<MatterId>,
    /// True: only open ones. False: all.
    pub open: bool,
}

/// Which cases to list.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// Only those of this contact.
    pub contact: Option<ContactKey>,
    /// Only those of this matter.
    pub matter: Option<MatterId>,
    /// True: only open ones. False: all.
    pub open: bool,
    /// True: only those that are over.
    pub over: bool,
    /// Only those of this type.
    pub case_type: Option<String>,
    /// Only those in one of these stages, each as `type/stage`.
    pub stages: Option<Vec<String>>,
    /// Only those of this owner.
    pub owner: Option<WorkerId>,
    /// Only those that were due before this; of counts, what counts as late.
    pub late_at: Option<Millis>,
    /// True: what is due first comes first, and what is never due last. False: by name.
    pub by_due: bool,
}

/// How many cases stand in a stage.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CaseCount {
    /// The name of their type.
    pub case_type: String,
    /// The stage.
    pub stage: String,
    /// How many.
    pub count: u64,
    /// How many of them were due before the instant that the filter names.
    pub late: u64,
}
