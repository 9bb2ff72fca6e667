//! What was done in a task: offers and what became of them, and turns of work, each up to a verdict.

use blendline_core::input::Verdict;
use blendline_wire::{Lease, Millis, WorkerId};

/// What a worker does in a task.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Touch,
    Reply,
    Settle { verdict: Verdict, replies: usize, seen: Option<u64> },
}

/// What became of an offer.
#[derive(Clone, Debug)]
pub(super) enum Response {
    /// Nothing: it expired, or ended otherwise.
    None,
    /// It was accepted after so long.
    Accept(u64),
    /// It was declined.
    Decline(u64, String),
}

#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) at: Millis,
    pub(super) response: Response,
    pub(super) index: u64,
}

/// From the beginning of the work to a verdict.
#[derive(Clone, Debug, Default)]
pub(super) struct Turn {
    /// After so much work, at this place in the journal, that.
    pub(super) actions: Vec<(u64, u64, Action)>,
    /// How much work was seen.
    pub(super) worked_ms: u64,
    pub(super) settled: bool,
}

/// What was done in a task.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    pub(super) offers: Vec<Offer>,
    pub(super) turns: Vec<Turn>,
    /// How long after its end whoever solved it said that he is ready, and at which place.
    pub(super) ready: Option<(u64, u64)>,
    /// Since when somebody is at it, while it is read.
    since: Option<Millis>,
    pub(super) settled_at: Option<Millis>,
}

impl Script {
    fn turn(&mut self) -> &mut Turn {
        if self.turns.last().is_none_or(|turn| turn.settled) {
            self.turns.push(Turn::default());
        }
        let last = self.turns.len() - 1;
        &mut self.turns[last]
    }

    pub(super) fn begins(&mut self, now: Millis) {
        self.pauses(now);
        self.since = Some(now);
        self.turn();
    }

    pub(super) fn pauses(&mut self, now: Millis) {
        if let Some(since) = self.since.take() {
            self.turn().worked_ms += now.since(since);
        }
    }

    pub(super) fn acts(&mut self, now: Millis, index: u64, action: Action) {
        let after_ms = self.since.map_or(0, |since| now.since(since)) + self.turn().worked_ms;
        let settles = matches!(action, Action::Settle { .. });
        self.turn().actions.push((after_ms, index, action));
        if settles {
            self.pauses(now);
            self.turn().settled = true;
            self.settled_at = Some(now);
        }
    }
}

/// What is kept of a task that somebody is at.
#[derive(Clone, Copy, Debug)]
pub(super) struct With {
    pub(super) worker: WorkerId,
    pub(super) lease: Lease,
    pub(super) since: Millis,
}
