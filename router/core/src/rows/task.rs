//! A task's row.

use std::sync::Arc;

use blendline_wire::event::Because;
use blendline_wire::task::{ClockRule, ParkReason, Side, SkillNeed, TaskKind};
use blendline_wire::{
    AccountId, ChannelKey, ConversationId, Lease, MatterId, Millis, QueueId, TaskId, TenantId, WorkerId,
};
use serde::{Deserialize, Serialize};

use super::is_default;
use crate::input::Relaxation;

/// A task.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(remote = "Self")] // So that older rows can be read: see `stored.rs`.
pub struct Task {
    /// The task.
    pub id: TaskId,
    /// Whose.
    pub tenant: TenantId,
    /// What it is made of.
    pub kind: TaskKind,
    /// Its queue.
    pub queue: QueueId,
    /// The queue's side.
    pub side: Side,
    /// Where it stands.
    pub state: TaskState,
    /// The number of the latest ownership.
    pub lease: Lease,
    /// What the customer wants done.
    pub matter: MatterId,
    /// The conversation, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// The account of the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// What it takes, sorted by skill.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub needs: Arc<[SkillNeed]>,
    /// The channel, where some worker's capacity is reckoned by it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub channel: ChannelKey,
    /// When it came to be.
    pub created_at: Millis,
    /// The place in line: when the first unanswered message, or the item, came.
    pub earned_at: Millis,
    /// The target, in milliseconds.
    pub target_ms: u64,
    /// `earned_at` and the target, moved by stopped clocks.
    pub due_at: Millis,
    /// True once its due time passed: what stands in line is late, what is not answered has missed its target.
    #[serde(default, skip_serializing_if = "is_default")]
    pub missed: bool,
    /// True while the customer (or whoever asked) has no answer to what was said last.
    pub unanswered: bool,
    /// The place of the latest message of the customer that wants an answer, and when it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<(u64, Millis)>,
    /// The last place given in its own transcript, where it has no conversation.
    #[serde(default, skip_serializing_if = "is_default")]
    pub seq: u64,
    /// The version of the rule set that classified it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rule_set: u32,
    /// How long workers have been at it before its worker is now, in milliseconds.
    #[serde(default, skip_serializing_if = "is_default")]
    pub worked_ms: u64,
    /// What most tasks in line have none of.
    #[serde(flatten)]
    pub more: More,
}

impl std::ops::Deref for Task {
    type Target = Aside;

    /// What most tasks have none of reads like any other field.
    fn deref(&self) -> &Aside {
        self.more.0.as_deref().unwrap_or(&NONE)
    }
}

impl std::ops::DerefMut for Task {
    fn deref_mut(&mut self) -> &mut Aside {
        Arc::make_mut(self.more.0.get_or_insert_default())
    }
}

impl Task {
    /// Somebody was at it until now.
    pub(crate) fn works_until(&mut self, since: Millis, now: Millis) {
        self.worked_ms = self.worked_ms.saturating_add(now.since(since));
    }

    /// When a supervisor is told unless somebody answers first. Nothing is kept aside for one who is never told.
    pub(crate) fn set_supervisor_at(&mut self, at: Option<Millis>) {
        if self.supervisor_at != at {
            self.supervisor_at = at;
        }
    }
}

/// [`Aside`], where a task has any of it: tasks wait in great numbers, and most of them have not. What is written of a
/// task shares it until the task changes again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct More(Option<Arc<Aside>>);

impl More {
    /// Gives the room back where there is nothing in it, so that equal tasks are alike.
    pub(crate) fn tidy(&mut self) {
        self.0 = self.0.take().filter(|aside| **aside != NONE);
    }
}

impl Serialize for More {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_deref().unwrap_or(&NONE).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for More {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut more = Self(Some(Arc::new(Aside::deserialize(deserializer)?)));
        more.tidy();
        Ok(more)
    }
}

/// What most tasks in line have none of: what is asked of others, who is to have it or not, and what was done in it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Aside {
    /// The task that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TaskId>,
    /// Open requests of this task, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<TaskId>,
    /// True while it waits for an answer that is late. No room is kept for its return then: workers who are full of what
    /// waits for requests that only they could do would wait for each other.
    #[serde(default, skip_serializing_if = "is_default")]
    pub overdue_answer: bool,
    /// How many requests stand above it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub depth: u8,
    /// What it takes of whoever holds it, where that is not what its queue says; fixed when he took it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weighs: Option<u32>,
    /// How many times its urgency counts, in thousandths; 0: as that of all.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lift_milli: u32,
    /// For whom it waits, and until when only for him.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directed: Option<(WorkerId, Millis)>,
    /// True while it waits for whoever had it before.
    #[serde(default, skip_serializing_if = "is_default")]
    pub returns: bool,
    /// Who had it last, and until when he is preferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<(WorkerId, Millis)>,
    /// Who is not to be offered it, and until when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declined: Vec<(WorkerId, Millis)>,
    /// How often it was declined, refused or left to expire: lengthens the back-off.
    #[serde(default, skip_serializing_if = "is_default")]
    pub declines: u8,
    /// When a supervisor is told unless somebody answers first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervisor_at: Option<Millis>,
    /// How often it was put aside for the front line.
    #[serde(default, skip_serializing_if = "is_default")]
    pub interruptions: u8,
    /// The steps still to come in which what it takes is relaxed, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relax: Vec<Relaxation>,
    /// How hard it is on whoever does it, 0 to 10.
    #[serde(default, skip_serializing_if = "is_default")]
    pub strain: u8,
}

/// Nothing of it.
static NONE: Aside = Aside {
    parent: None,
    children: Vec::new(),
    overdue_answer: false,
    depth: 0,
    weighs: None,
    lift_milli: 0,
    directed: None,
    returns: false,
    sticky: None,
    declined: Vec::new(),
    declines: 0,
    supervisor_at: None,
    interruptions: 0,
    relax: Vec::new(),
    strain: 0,
};

/// Where a task stands.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// In line.
    Waiting,
    /// Shown to one worker.
    Offered {
        /// To whom.
        worker: WorkerId,
        /// Until when.
        until: Millis,
        /// Why to him; what was offered before this was kept reads as the most common reason.
        #[serde(default)]
        because: Because,
    },
    /// One worker has it.
    Active {
        /// Who.
        worker: WorkerId,
        /// Since when he has been at it.
        #[serde(default)]
        since: Millis,
        /// Since when he is silent, in the queue's open hours; `None` while nothing is expected of him.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        silent_since: Option<Millis>,
        /// True once he was reminded.
        #[serde(default, skip_serializing_if = "is_default")]
        reminded: bool,
    },
    /// Put aside.
    Parked {
        /// Who comes back to it, if he is there.
        worker: Option<WorkerId>,
        /// Waiting for what.
        reason: ParkReason,
        /// Since when.
        since: Millis,
        /// When it comes back by itself.
        until: Millis,
        /// What the target does meanwhile.
        clock: ClockRule,
    },
    /// Put aside for the front line, which was at risk.
    Interrupted {
        /// Who comes back to it, if he is there.
        worker: Option<WorkerId>,
        /// Since when.
        since: Millis,
        /// When it goes back in line if he has not.
        until: Millis,
    },
    /// Waiting for the answer to a request.
    Requesting {
        /// Who comes back to it, if he is there.
        worker: Option<WorkerId>,
        /// Since when.
        since: Millis,
        /// What the target does meanwhile.
        clock: ClockRule,
    },
    /// Done with: it has left the core.
    Closed {
        /// When.
        at: Millis,
        /// How.
        how: Closed,
        /// Who had it last.
        worker: Option<WorkerId>,
    },
}

/// How a task ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// A worker says it is done.
    Solved,
    /// Taken back by whoever opened it, or not needed any more.
    Cancelled,
    /// Logged after the fact.
    Logged,
}

impl TaskState {
    /// A worker has it from now on; nothing is expected of him yet.
    pub const fn active(worker: WorkerId) -> Self {
        Self::Active { worker, since: Millis(0), silent_since: None, reminded: false }
    }

    /// True while this worker has it.
    pub fn is_active_with(&self, who: WorkerId) -> bool {
        matches!(self, Self::Active { worker, .. } if *worker == who)
    }

    /// True while somebody has it.
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Active { .. })
    }

    /// Since when somebody has been at it, while he is.
    pub const fn active_since(&self) -> Option<Millis> {
        match self {
            Self::Active { since, .. } => Some(*since),
            _ => None,
        }
    }

    /// True once its worker was reminded.
    pub const fn is_reminded(&self) -> bool {
        matches!(self, Self::Active { reminded: true, .. })
    }

    /// The one who has it or is offered it.
    pub const fn owner(&self) -> Option<WorkerId> {
        match self {
            Self::Offered { worker, .. } | Self::Active { worker, .. } => Some(*worker),
            _ => None,
        }
    }

    /// The one whose capacity it takes, in full or in part.
    pub const fn holder(&self) -> Option<WorkerId> {
        match self {
            Self::Offered { worker, .. } | Self::Active { worker, .. } => Some(*worker),
            Self::Parked { worker, .. } | Self::Interrupted { worker, .. } | Self::Requesting { worker, .. } => *worker,
            Self::Waiting | Self::Closed { .. } => None,
        }
    }

    /// The state's name, for errors and lists.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Offered { .. } => "offered",
            Self::Active { .. } => "active",
            Self::Parked { .. } => "parked",
            Self::Interrupted { .. } => "interrupted",
            Self::Requesting { .. } => "requesting",
            Self::Closed { .. } => "closed",
        }
    }
}
