//! What it cost the customer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use blendline_wire::event::case::CaseMover;
use blendline_wire::event::{Actor, Event, EventKind};
use blendline_wire::{CaseId, EventId, Millis, QueueId, WorkerId};

use crate::{Clock, Segment};

/// The customer's effort.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Effort {
    /// How often he came: conversations that he began or took up again, and contacts that a worker logged.
    pub contacts: u32,
    /// How often a task went from one worker to another.
    pub hand_offs: u32,
    /// Workers who spoke with him.
    pub people: u32,
    /// How often he came by another channel than the time before.
    pub channel_changes: u32,
    /// What he was asked again after it was answered: a field of a case that had a value before somebody gave it one, a question
    /// of a stage that he had answered.
    pub asked_again: u32,
    /// How often he came again with a matter that was closed.
    pub told_again: u32,
    /// How he waited for us.
    pub waits: Waits,
}

/// Stretches in which the customer waited: from when something was open that was not his turn, until it was, or all was done.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Waits {
    /// How many.
    pub count: u32,
    /// The longest, in milliseconds of his time.
    pub longest_ms: u64,
    /// All of them, likewise.
    pub total_ms: u64,
    /// The longest, in milliseconds of opening hours.
    pub longest_open_ms: u64,
    /// All of them, likewise.
    pub total_open_ms: u64,
}

impl Waits {
    /// The waits of these stretches, which are in the order of time.
    pub fn of(segments: &[Segment], working: &dyn Fn(Option<QueueId>, Millis, Millis) -> u64) -> Self {
        let mut waits = Self::default();
        let (mut own_ms, mut open_ms, mut ended_at) = (0_u64, 0_u64, None);
        for segment in segments.iter().filter(|segment| segment.clock != Clock::Customer) {
            if ended_at != Some(segment.from) {
                (own_ms, open_ms) = (0, 0);
                waits.count = waits.count.saturating_add(1);
            }
            let (own, open) = (segment.until.since(segment.from), working(segment.queue, segment.from, segment.until));
            (own_ms, open_ms, ended_at) =
                (own_ms.saturating_add(own), open_ms.saturating_add(open), Some(segment.until));
            waits.total_ms = waits.total_ms.saturating_add(own);
            waits.total_open_ms = waits.total_open_ms.saturating_add(open);
            waits.longest_ms = waits.longest_ms.max(own_ms);
            waits.longest_open_ms = waits.longest_open_ms.max(open_ms);
        }
        waits
    }
}

/// What the effort is counted from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    contacts: BTreeMap<(Millis, EventId), Option<Arc<str>>>,
    spoke: BTreeSet<WorkerId>,
    filled: BTreeSet<(CaseId, String)>,
    answered: BTreeSet<(CaseId, String)>,
    asked_again: u32,
    told_again: u32,
}

impl Facts {
    pub(crate) fn apply(&mut self, event: &Event) {
        match &event.kind {
            EventKind::ConversationOpened { .. } if event.actor == Actor::Customer => self.came(event, None),
            EventKind::ConversationReopened { .. } => self.came(event, None),
            EventKind::ContactLogged { medium, .. } => {
                self.came(event, Some(medium.as_str().into()));
                self.spoke(event.actor);
            }
            EventKind::ReplyQueued { .. } => self.spoke(event.actor),
            EventKind::MatterRepeated(_) => self.told_again = self.told_again.saturating_add(1),
            EventKind::CaseFieldSet(set) if set.filled => {
                let is_new = self.filled.insert((set.case, set.field.clone()));
                self.asked(!is_new && by_person(event.actor));
            }
            EventKind::CaseMoved(moved) if moved.by == CaseMover::Customer => {
                self.answered.insert((moved.case, moved.left.stage.clone()));
            }
            EventKind::CaseTold(told) if told.whom == "customer" && told.outcome == "told" && told.about.is_empty() => {
                self.asked(self.answered.contains(&(told.case, told.stage.clone())));
            }
            _ => {}
        }
    }

    fn came(&mut self, event: &Event, medium: Option<Arc<str>>) {
        self.contacts.insert((event.at, event.id), medium.or_else(|| event.channel.clone()));
    }

    fn spoke(&mut self, actor: Actor) {
        if let Actor::Worker(worker) = actor {
            self.spoke.insert(worker);
        }
    }

    fn asked(&mut self, again: bool) {
        self.asked_again = self.asked_again.saturating_add(u32::from(again));
    }

    pub(crate) fn effort(&self, hand_offs: u32, waits: Waits) -> Effort {
        let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        let channels: Vec<_> = self.contacts.values().flatten().collect();
        Effort {
            contacts: count(self.contacts.len()),
            hand_offs,
            people: count(self.spoke.len()),
            channel_changes: count(channels.windows(2).filter(|pair| pair[0] != pair[1]).count()),
            asked_again: self.asked_again,
            told_again: self.told_again,
            waits,
        }
    }
}

/// Whether a person gave the answer, who had it of the customer: what other systems tell nobody was asked for.
const fn by_person(actor: Actor) -> bool {
    matches!(actor, Actor::Worker(_) | Actor::Operator | Actor::Customer)
}
