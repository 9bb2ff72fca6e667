//! Journeys: what a customer went through, over channels, conversations, tasks, requests and cases. No clock, no IO; time is an
//! argument.
//!
//! A [`Journey`] takes events up one after the other ([`Journey::apply`]) and knows nothing else. From it are derived
//!
//! - the line of [`Step`]s: what happened, when, on which channel;
//! - [`Span`]s: who had each task and each case at every moment, which clock ran, and who waited for whom;
//! - [`Clocks`]: how the whole of the time was spent;
//! - the customer's [`Effort`].
//!
//! **Architecture Invariant:** of each task and case only its changes are kept; spans are what lies between two of them, so they
//! neither overlap nor leave a hole while it is open.
//!
//! **Architecture Invariant:** a task or a case is changed by its own events alone, so the order of unrelated ones does not
//! matter. An event that is taken up twice counts once.
//!
//! A journey may begin in the middle: what happened before its first event is not known, and a task whose beginning is missing
//! begins with the first that is heard of it.

mod clocks;
mod effort;
mod step;
mod track;

use std::collections::{BTreeMap, BTreeSet};

use blendline_wire::event::Event;
use blendline_wire::{CaseId, EventId, Millis, QueueId, TaskId, WorkerId};

pub use clocks::{Clocks, Segment};
pub use effort::{Effort, Waits};
pub use step::Step;

use effort::Facts;
use track::Track;

/// What has an owner: a task or a case.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Part {
    /// A conversation's task, an item, or a request between colleagues.
    Task(TaskId),
    /// A case.
    Case(CaseId),
}

/// Who has it.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Owner {
    /// Nobody.
    #[default]
    Nobody,
    /// It stands in this line.
    Queue(QueueId),
    /// This worker.
    Worker(WorkerId),
}

/// Whose turn it is. Of several that run at once the first counts: somebody works at it, or it waits for us, or for others, or
/// for the customer.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Clock {
    /// Somebody has it in hand.
    Working,
    /// It waits for us.
    Us,
    /// It waits for another unit, or another system.
    Other,
    /// It waits for the customer.
    Customer,
}

impl Clock {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Us => "us",
            Self::Other => "other",
            Self::Customer => "customer",
        }
    }
}

/// For whom, or what, it waits.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum WaitsFor {
    /// The customer.
    Customer,
    /// Somebody of this queue.
    Queue(QueueId),
    /// This worker.
    Worker(WorkerId),
    /// Whoever does its stage's work.
    Work,
    /// Another case of the customer.
    Case(CaseId),
    /// A colleague.
    Colleague,
    /// Somebody who may decide.
    Approval,
    /// A time.
    Time,
    /// Another system.
    System,
}

/// A stretch of a task or a case in which nothing of this changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// Of which.
    pub part: Part,
    /// Since when.
    pub from: Millis,
    /// Until when; left out while it goes on.
    pub until: Option<Millis>,
    /// Who had it.
    pub owner: Owner,
    /// Which clock ran.
    pub clock: Clock,
    /// For whom it waited, where it did.
    pub waits_for: Option<WaitsFor>,
    /// The line that it was in last.
    pub queue: Option<QueueId>,
}

/// What a customer went through.
#[derive(Clone, Debug, Default)]
pub struct Journey {
    seen: BTreeSet<EventId>,
    steps: BTreeMap<(Millis, EventId), Step>,
    tracks: BTreeMap<Part, Track>,
    facts: Facts,
}

impl Journey {
    /// Takes up what happened. Events of one task or case come in their order; the same one twice is one.
    pub fn apply(&mut self, event: &Event) {
        if !self.seen.insert(event.id) {
            return;
        }
        if let Some(step) = Step::of(event) {
            self.steps.insert((event.at, event.id), step);
        }
        self.facts.apply(event);
        if let Some(case) = event.kind.case() {
            track::of_case(&mut self.tracks, case, event);
        } else if let Some(task) = event.task {
            track::of_task(&mut self.tracks, task, event);
        }
    }

    /// What happened, oldest first.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = &Step> {
        self.steps.values()
    }

    /// Who had what, by task and case and in the order of time.
    pub fn spans(&self) -> Vec<Span> {
        self.tracks.iter().flat_map(|(part, track)| track.spans(*part)).collect()
    }

    /// Whose turn it was, over all of it, up to `now`: without holes while anything of it was open.
    pub fn segments(&self, now: Millis) -> Vec<Segment> {
        clocks::segments(&self.spans(), now)
    }

    /// What it cost the customer up to `now`. `working` tells how much of a stretch lay in the opening hours of a queue.
    pub fn effort(&self, now: Millis, working: &dyn Fn(Option<QueueId>, Millis, Millis) -> u64) -> Effort {
        let hand_offs = self.tracks.values().map(Track::hand_offs).sum();
        self.facts.effort(hand_offs, Waits::of(&self.segments(now), working))
    }

    /// Whether anything of it is open.
    pub fn is_open(&self) -> bool {
        self.tracks.values().any(Track::is_open)
    }
}
