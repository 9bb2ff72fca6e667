//! The lines of one queue: what waits in it, in the order in which it is to be done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use blendline_wire::task::SkillNeed;
use blendline_wire::{Millis, TaskId};

use crate::ready::{Bits, need_bits};

/// Where a task stands: when it is due, and which it is.
pub(crate) type Spot = (Millis, TaskId);

/// Which line a task stands in: what it takes, and how long its target is, roughly.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct LineKey {
    /// What the task takes.
    pub(crate) needs: Arc<[SkillNeed]>,
    /// [`crate::policy::target_bucket`].
    pub(crate) bucket: u64,
}

/// A line: tasks that any able worker sees in the same order, by due time. No line is kept when it is empty.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Line {
    /// Those whose target is over.
    late: BTreeSet<Spot>,
    /// Those whose target runs.
    ahead: BTreeSet<Spot>,
}

impl Line {
    fn first(&self) -> Option<Spot> {
        match (self.late.first(), self.ahead.first()) {
            (Some(late), Some(ahead)) => Some(*late.min(ahead)),
            (late, ahead) => late.or(ahead).copied(),
        }
    }

    /// All in the line, in order.
    fn iter(&self) -> impl Iterator<Item = Spot> + '_ {
        let (mut late, mut ahead) = (self.late.iter().peekable(), self.ahead.iter().peekable());
        std::iter::from_fn(move || match (late.peek(), ahead.peek()) {
            (Some(one), Some(other)) if other < one => ahead.next().copied(),
            (Some(_), _) => late.next().copied(),
            (None, _) => ahead.next().copied(),
        })
    }
}

/// All lines of a queue.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Lines {
    lines: BTreeMap<LineKey, Line>,
    /// The first of each line by bucket and due time, with the bits of what it needs: within a bucket that is the order
    /// of urgency, so whoever looks for work takes the first that he can do.
    heads: BTreeMap<(u64, Millis, TaskId), Bits>,
    waiting: usize,
}

impl Lines {
    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// When the first of them is due.
    pub(crate) fn first_due(&self) -> Option<Millis> {
        self.buckets().filter_map(|bucket| self.heads_of(bucket).next()).map(|(due, _, _)| due).min()
    }

    /// The buckets of targets in which something waits.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = u64> + '_ {
        let mut next = self.heads.first_key_value().map(|((bucket, _, _), _)| *bucket);
        std::iter::from_fn(move || {
            let bucket = next?;
            let after = (bucket, Millis::MAX, TaskId(u64::MAX));
            next = self.heads.range(after..).map(|((bucket, _, _), _)| *bucket).find(|other| *other > bucket);
            Some(bucket)
        })
    }

    /// The first of each line of a bucket, in order, with the bits of what it needs.
    pub(crate) fn heads_of(&self, bucket: u64) -> impl Iterator<Item = (Millis, TaskId, Bits)> + '_ {
        let from = (bucket, Millis(0), TaskId(0));
        let upto = (bucket, Millis::MAX, TaskId(u64::MAX));
        self.heads.range(from..=upto).map(|((_, due, task), bits)| (*due, *task, *bits))
    }

    /// All in a line, in order.
    pub(crate) fn line(&self, key: &LineKey) -> impl Iterator<Item = Spot> + use<'_> {
        self.lines.get(key).into_iter().flat_map(Line::iter)
    }

    /// Enters a task. The first of the line whose target runs, before and after.
    pub(crate) fn insert(&mut self, key: LineKey, spot: Spot, missed: bool) -> (Option<Spot>, Option<Spot>) {
        let (bits, bucket) = (need_bits(&key.needs), key.bucket);
        let line = self.lines.entry(key).or_default();
        let (first, runs) = (line.first(), line.ahead.first().copied());
        let stands = if missed { &mut line.late } else { &mut line.ahead };
        self.waiting += usize::from(stands.insert(spot));
        let after = (line.first(), line.ahead.first().copied());
        self.lead(bucket, bits, first, after.0);
        (runs, after.1)
    }

    /// Takes a task out again. The first of the line whose target runs, before and after.
    pub(crate) fn remove(&mut self, key: &LineKey, spot: &Spot, missed: bool) -> (Option<Spot>, Option<Spot>) {
        let Some(line) = self.lines.get_mut(key) else { return (None, None) };
        let (first, runs) = (line.first(), line.ahead.first().copied());
        let stands = if missed { &mut line.late } else { &mut line.ahead };
        self.waiting -= usize::from(stands.remove(spot));
        let after = (line.first(), line.ahead.first().copied());
        if after.0.is_none() {
            // Their number would grow with every combination ever seen.
            self.lines.remove(key);
        }
        self.lead(key.bucket, need_bits(&key.needs), first, after.0);
        (runs, after.1)
    }

    /// Another task leads a line.
    fn lead(&mut self, bucket: u64, bits: Bits, before: Option<Spot>, after: Option<Spot>) {
        if before == after {
            return;
        }
        if let Some((due, task)) = before {
            self.heads.remove(&(bucket, due, task));
        }
        if let Some((due, task)) = after {
            self.heads.insert((bucket, due, task), bits);
        }
    }
}
