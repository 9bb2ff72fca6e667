//! What people are told on their devices, and when.

use blendline_wire::event::{Actor, Because, Event, EventKind};
use blendline_wire::task::Presence;
use blendline_wire::{Millis, TaskId, TenantId, WorkerId};

use super::attention::Attention;

/// How long a push service keeps what is his already, in milliseconds: afterwards he has been reminded, or others have it.
const KEPT_MS: u64 = 10 * 60 * 1000;
/// How long it keeps a mention, in milliseconds; it stays at the desk until it is seen.
const MENTION_KEPT_MS: u64 = 60 * 60 * 1000;
/// For how long after his connection was lost a colleague's mention still reaches somebody, in milliseconds: a telephone in
/// a pocket loses it at once, and a day's work ends without a word, too.
const REACHED_MS: u64 = 60 * 60 * 1000;

/// What is told.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum What {
    /// A task is offered.
    Offer,
    /// A task is his, without a question.
    Assigned,
    /// A task that he had is his again, or offered to him again.
    Returned,
    /// A colleague mentions him.
    Mention,
}

impl What {
    /// Its stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Assigned => "assigned",
            Self::Returned => "returned",
            Self::Mention => "mention",
        }
    }

    /// Whether it waits for him: then the device is woken for it.
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::Offer | Self::Assigned)
    }
}

/// Something to tell somebody, if he does not look.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notice {
    /// Whose.
    pub tenant: TenantId,
    /// Whom.
    pub worker: WorkerId,
    /// What.
    pub what: What,
    /// About which task.
    pub task: TaskId,
    /// From when on it says nothing any more.
    pub until: Millis,
}

/// What an event has to tell, and whom.
pub fn of_event(event: &Event) -> Vec<Notice> {
    let notice = |worker, what, task, until| Notice { tenant: event.tenant, worker, what, task, until };
    match &event.kind {
        EventKind::TaskOffered { worker, until, decision, .. } => {
            let what = if decision.because == Because::Returned { What::Returned } else { What::Offer };
            event.task.map(|task| notice(*worker, what, task, *until)).into_iter().collect()
        }
        // Without a decision he accepted it, and knows.
        EventKind::TaskAssigned { worker, decision: Some(decision), .. } => {
            let what = if decision.because == Because::Returned { What::Returned } else { What::Assigned };
            event.task.map(|task| notice(*worker, what, task, event.at.plus(KEPT_MS))).into_iter().collect()
        }
        EventKind::NoteAdded { in_task, mentions, .. } => {
            let others = mentions.iter().filter(|worker| event.actor != Actor::Worker(**worker));
            others.map(|worker| notice(*worker, What::Mention, *in_task, event.at.plus(MENTION_KEPT_MS))).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether he is to be told on his devices. Work comes by the scheduler's own rules of presence to whoever may have it now;
/// what colleagues write comes at any time, and keeps to them here. `presence` is what he says of himself while he is
/// connected.
pub fn is_wanted(what: What, attention: Attention, presence: Option<Presence>, now: Millis) -> bool {
    match (what, attention) {
        (_, Attention::Looks) => false,
        (What::Mention, Attention::Hidden) => presence.is_some_and(|presence| presence != Presence::Away),
        (What::Mention, Attention::Gone { since, away }) => !away && now.since(since) <= REACHED_MS,
        (What::Offer | What::Assigned | What::Returned, _) => true,
    }
}
