//! The lines of one queue: what waits in it, in the order in which it is to be done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use blendline_wire::task::SkillNeed;
use blendline_wire::{Millis, TaskId};

use crate::lookup::Map;
use crate::ready::{Bits, need_bits};
use crate::rows::Task;

/// All open tasks.
pub(crate) type Tasks = Map<TaskId, Box<Task>>;

/// Where a task stands: when it is due, and which it is.
pub(crate) type Spot = (Millis, TaskId);

/// Which line a task stands in: what it takes, and how long its target is, roughly.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct LineKey {
    /// What the task takes.
    pub(crate) needs: Arc<[SkillNeed]>,
    /// [`crate::policy::target_bucket`].
    pub(crate) bucket: u64,
    /// True for what was put aside for the front line as often as may be.
    pub(crate) hard: bool,
}

/// A line: tasks that any able worker sees in the same order, by due time; those whose target is over in a line of
/// their own. No line is kept when it is empty.
#[derive(Debug, Default, PartialEq)]
struct Line {
    /// Those whose target is over.
    late: BTreeSet<Spot>,
    /// Those whose target runs.
    ahead: BTreeSet<Spot>,
}

impl Line {
    fn part(&self, late: bool) -> &BTreeSet<Spot> {
        if late { &self.late } else { &self.ahead }
    }
}

/// Lines whose firsts are compared by due time alone.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Bucket {
    /// [`crate::policy::target_bucket`].
    pub(crate) target: u64,
    /// True where the targets are over.
    pub(crate) late: bool,
    /// True for what was put aside for the front line as often as may be.
    pub(crate) hard: bool,
}

/// The first of a line, with what those who look for work ask of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Head {
    /// The bits of what it needs.
    pub(crate) bits: Bits,
    /// What it needs.
    pub(crate) needs: Arc<[SkillNeed]>,
    /// When it earned its place.
    pub(crate) earned_at: Millis,
    /// True when somebody declined it, and may do so still.
    pub(crate) declined: bool,
}

/// All lines of a queue.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Lines {
    lines: BTreeMap<LineKey, Line>,
    /// The first of each line by bucket and due time: within a bucket that is the order of urgency, so whoever looks for
    /// work takes the first that he can do.
    heads: BTreeMap<Bucket, BTreeMap<Spot, Head>>,
    waiting: usize,
}

impl Lines {
    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// When the first of them is due.
    pub(crate) fn first_due(&self) -> Option<Millis> {
        self.buckets().filter_map(|(_, heads)| heads.first_key_value()).map(|((due, _), _)| *due).min()
    }

    /// The buckets in which something waits, and the first of each line of it, in order.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (Bucket, &BTreeMap<Spot, Head>)> {
        self.heads.iter().map(|(bucket, heads)| (*bucket, heads))
    }

    /// What the tasks of a line need, where there is such a line.
    pub(crate) fn needs_of(&self, key: &LineKey) -> Option<Arc<[SkillNeed]>> {
        self.lines.get_key_value(key).map(|(key, _)| key.needs.clone())
    }

    /// All in a line whose target runs, or is over, in order.
    pub(crate) fn line(&self, key: &LineKey, late: bool) -> impl Iterator<Item = Spot> + use<'_> {
        self.lines.get(key).into_iter().flat_map(move |line| line.part(late).iter().copied())
    }

    /// Enters a task. The first of the line whose target runs, before and after.
    pub(crate) fn insert(
        &mut self,
        key: &LineKey,
        spot: Spot,
        late: bool,
        tasks: &Tasks,
    ) -> (Option<Spot>, Option<Spot>) {
        let line = match self.lines.get_mut(key) {
            Some(line) => line,
            None => self.lines.entry(key.clone()).or_default(),
        };
        let part = if late { &mut line.late } else { &mut line.ahead };
        let before = part.first().copied();
        self.waiting += usize::from(part.insert(spot));
        let after = part.first().copied();
        self.lead(key, late, before, after, tasks);
        if late { (None, None) } else { (before, after) }
    }

    /// Takes a task out again. The first of the line whose target runs, before and after.
    pub(crate) fn remove(
        &mut self,
        key: &LineKey,
        spot: &Spot,
        late: bool,
        tasks: &Tasks,
    ) -> (Option<Spot>, Option<Spot>) {
        let Some(line) = self.lines.get_mut(key) else { return (None, None) };
        let part = if late { &mut line.late } else { &mut line.ahead };
        let before = part.first().copied();
        self.waiting -= usize::from(part.remove(spot));
        let after = part.first().copied();
        if line.late.is_empty() && line.ahead.is_empty() {
            // Their number would grow with every combination ever seen.
            self.lines.remove(key);
        }
        self.lead(key, late, before, after, tasks);
        if late { (None, None) } else { (before, after) }
    }

    /// Another task leads a line.
    fn lead(&mut self, key: &LineKey, late: bool, before: Option<Spot>, after: Option<Spot>, tasks: &Tasks) {
        if before == after {
            return;
        }
        let bucket = Bucket { target: key.bucket, late, hard: key.hard };
        let heads = self.heads.entry(bucket).or_default();
        before.iter().for_each(|spot| _ = heads.remove(spot));
        if let Some(spot) = after
            && let Some(task) = tasks.get(&spot.1)
        {
            let (bits, needs) = (need_bits(&key.needs), key.needs.clone());
            let head = Head { bits, needs, earned_at: task.earned_at, declined: !task.declined.is_empty() };
            heads.insert(spot, head);
        }
        if heads.is_empty() {
            self.heads.remove(&bucket);
        }
    }
}
