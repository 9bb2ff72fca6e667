//! Which rows a list of the record is to hold.

use blendline_wire::task::Side;
use blendline_wire::{ContactKey, MatterId, QueueId, WorkerId};

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
#[derive(Clone, Copy, Debug, Default)]
pub struct CaseFilter {
    /// Only those of this contact.
    pub contact: Option<ContactKey>,
    /// Only those of this matter.
    pub matter: Option<MatterId>,
    /// True: only open ones. False: all.
    pub open: bool,
}
