//! Whose turn it was, over all tasks and cases of a journey.

use std::collections::BTreeMap;

use blendline_wire::{Millis, QueueId};

use crate::{Clock, Part, Span};

/// A stretch in which one clock counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Segment {
    /// Since when.
    pub from: Millis,
    /// Until when.
    pub until: Millis,
    /// Which.
    pub clock: Clock,
    /// The line of the task that counted, where it was a task.
    pub queue: Option<QueueId>,
}

/// How the time was spent, in milliseconds: together all of it in which anything was open.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Clocks {
    /// Somebody had it in hand.
    pub working_ms: u64,
    /// It waited for us.
    pub us_ms: u64,
    /// It waited for another unit, or another system.
    pub other_ms: u64,
    /// It waited for the customer.
    pub customer_ms: u64,
}

impl Clocks {
    /// The sums of these stretches.
    pub fn of(segments: &[Segment]) -> Self {
        let mut clocks = Self::default();
        for segment in segments {
            let sum = match segment.clock {
                Clock::Working => &mut clocks.working_ms,
                Clock::Us => &mut clocks.us_ms,
                Clock::Other => &mut clocks.other_ms,
                Clock::Customer => &mut clocks.customer_ms,
            };
            *sum = sum.saturating_add(segment.until.since(segment.from));
        }
        clocks
    }

    /// All of it.
    pub const fn total_ms(&self) -> u64 {
        self.working_ms.saturating_add(self.us_ms).saturating_add(self.other_ms).saturating_add(self.customer_ms)
    }
}

/// Whose turn it is in a part, and the line that it is in.
type Turn = (Clock, Option<QueueId>);

/// Goes through all changes in the order of time; at each the first clock of those that run counts.
pub(crate) fn segments(spans: &[Span], now: Millis) -> Vec<Segment> {
    let mut changes: Vec<(Millis, Part, Option<Turn>)> = Vec::with_capacity(spans.len() * 2);
    for span in spans {
        let until = span.until.unwrap_or(now).min(now);
        if span.from < until {
            changes.push((until, span.part, None));
            changes.push((span.from, span.part, Some((span.clock, span.queue))));
        }
    }
    // Where one stretch of a part ends and its next begins, the end comes first.
    changes.sort_by_key(|(at, part, begins)| (*at, *part, begins.is_some()));
    let mut running: BTreeMap<Part, Turn> = BTreeMap::new();
    let mut segments: Vec<Segment> = Vec::new();
    let mut since = Millis(0);
    for (at, part, begins) in changes {
        if let Some((clock, queue)) = running.values().min().copied().filter(|_| since < at) {
            let next = Segment { from: since, until: at, clock, queue };
            match segments.last_mut() {
                Some(last) if (last.until, last.clock, last.queue) == (since, clock, queue) => last.until = at,
                _ => segments.push(next),
            }
        }
        match begins {
            Some(state) => running.insert(part, state),
            None => running.remove(&part),
        };
        since = at;
    }
    segments
}
