//! The lines of one queue: what waits in it, in the order in which it is to be done.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use blendline_wire::task::SkillNeed;
use blendline_wire::{ChannelKey, Millis, TaskId};

use crate::blocks::{Bits, Blocks, Marked};
use crate::lookup::Table;
use crate::needs::Needs;
use crate::placed::Place;
use crate::ready::need_bits;
use crate::sorted::{Keyed, Sorted};

/// Where a task stands: when it is due, and which it is.
pub(crate) type Spot = (Millis, TaskId);

/// A task in line, with what those who look for work ask of the first: so nobody has to find the task itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) due_at: Millis,
    pub(crate) task: TaskId,
    /// When it earned its place, and in the lowest bit whether somebody declined it.
    earned: u64,
    /// Where its row is.
    pub(crate) place: Place,
}

/// Where its row is is not what it is.
impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        (self.due_at, self.task, self.earned) == (other.due_at, other.task, other.earned)
    }
}

impl Waiting {
    pub(crate) fn new((due_at, task): Spot, earned_at: Millis, declined: bool, place: Place) -> Self {
        Self { due_at, task, earned: earned_at.0 << 1 | u64::from(declined), place }
    }

    pub(crate) fn earned_at(&self) -> Millis {
        Millis(self.earned >> 1)
    }

    pub(crate) fn is_declined(&self) -> bool {
        self.earned & 1 == 1
    }

    pub(crate) fn spot(&self) -> Spot {
        (self.due_at, self.task)
    }
}

impl Keyed for Waiting {
    /// When it is due, and then its number.
    fn key(&self) -> u128 {
        u128::from(self.due_at.0) << u64::BITS | u128::from(self.task.0)
    }
}

/// Which line a task stands in: what it takes, and how long its target is, roughly.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LineKey {
    /// The bits of what the task takes: they tell most lines apart, and looking into what they take waits for memory.
    bits: Bits,
    /// What the task takes.
    pub(crate) needs: Arc<[SkillNeed]>,
    /// [`crate::policy::target_bucket`].
    pub(crate) bucket: u64,
    /// True for back work that was put aside for the front line as often as may be.
    pub(crate) hard: bool,
    /// How many times their urgency counts, in thousandths; 0: as that of all.
    pub(crate) lift_milli: u32,
    /// The channel, where some worker's capacity is reckoned by it.
    pub(crate) channel: ChannelKey,
}

impl Hash for LineKey {
    /// By what tells most lines apart.
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.bits);
        hasher.write_u64(self.bucket << 1 | u64::from(self.hard));
    }
}

impl LineKey {
    pub(crate) fn new(needs: Arc<[SkillNeed]>, bucket: u64, hard: bool, lift_milli: u32, channel: ChannelKey) -> Self {
        Self { bits: need_bits(&needs), needs, bucket, hard, lift_milli, channel }
    }
}

/// A line: tasks that any able worker sees in the same order, by due time; those whose target is over in a line of
/// their own. No line is kept when it is empty.
#[derive(Debug, Default, PartialEq)]
struct Line {
    /// Those whose target is over.
    late: Sorted<Waiting>,
    /// Those whose target runs.
    ahead: Sorted<Waiting>,
}

impl Line {
    fn part(&self, late: bool) -> &Sorted<Waiting> {
        if late { &self.late } else { &self.ahead }
    }

    fn part_mut(&mut self, late: bool) -> &mut Sorted<Waiting> {
        if late { &mut self.late } else { &mut self.ahead }
    }
}

/// Lines whose firsts are compared by due time alone.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Bucket {
    /// [`crate::policy::target_bucket`].
    pub(crate) target: u64,
    /// True where the targets are over.
    pub(crate) late: bool,
    /// True for back work that was put aside for the front line as often as may be.
    pub(crate) hard: bool,
    /// How many times their urgency counts, in thousandths; 0: as that of all.
    pub(crate) lift_milli: u32,
}

/// The first of a line, with what it takes. In the order of the tasks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Head {
    /// The task.
    pub(crate) waiting: Waiting,
    /// What it needs.
    pub(crate) needs: Needs,
    /// The channel, where some worker's capacity is reckoned by it.
    pub(crate) channel: ChannelKey,
}

impl Head {
    fn new(key: &LineKey, waiting: Waiting) -> Self {
        Self { waiting, needs: Needs::new(&key.needs), channel: key.channel }
    }
}

/// The firsts of the lines of a bucket; the bits are those of what they need.
pub(crate) type Heads = Blocks<Head>;

impl Marked for Head {
    type Key = u128;

    fn key(&self) -> u128 {
        self.waiting.key()
    }

    fn bits(&self) -> Bits {
        self.needs.bits()
    }
}

/// All lines of a queue.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Lines {
    lines: Table<LineKey, Line>,
    /// The first of each line by bucket and due time: within a bucket that is the order of urgency, so whoever looks for
    /// work takes the first that he can do.
    /// There are few buckets.
    heads: Vec<(Bucket, Heads)>,
    waiting: usize,
}

impl Lines {
    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// When the first of them is due.
    pub(crate) fn first_due(&self) -> Option<Millis> {
        self.buckets().filter_map(|(_, heads)| heads.first()).map(|head| head.waiting.due_at).min()
    }

    /// The buckets in which something waits, and the first of each line of it, in order.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (Bucket, &Heads)> {
        self.heads.iter().map(|(bucket, heads)| (*bucket, heads))
    }

    /// What the tasks of a line need, where there is such a line.
    pub(crate) fn needs_of(&self, key: &LineKey) -> Option<Arc<[SkillNeed]>> {
        self.lines.get_key_value(key).map(|(key, _)| key.needs.clone())
    }

    /// All in a line whose target runs, or is over, in order.
    pub(crate) fn line(&self, key: &LineKey, late: bool) -> impl Iterator<Item = &Waiting> + use<'_> {
        self.lines.get(key).into_iter().flat_map(move |line| line.part(late).iter())
    }

    /// Enters a task. The first of those of its bucket whose targets run, before and after.
    pub(crate) fn insert(&mut self, key: &LineKey, waiting: Waiting, late: bool) -> (Option<Spot>, Option<Spot>) {
        let line = match self.lines.get_mut(key) {
            Some(line) => line,
            None => self.lines.entry(key.clone()).or_default(),
        };
        let part = line.part_mut(late);
        let before = part.first().copied();
        self.waiting += usize::from(part.insert(waiting));
        let after = part.first().copied();
        self.lead(key, late, before, after)
    }

    /// Takes a task out again. The first of those of its bucket whose targets run, before and after.
    pub(crate) fn remove(&mut self, key: &LineKey, waiting: &Waiting, late: bool) -> (Option<Spot>, Option<Spot>) {
        let Some(line) = self.lines.get_mut(key) else { return (None, None) };
        let part = line.part_mut(late);
        let before = part.first().copied();
        self.waiting -= usize::from(part.remove(waiting));
        let after = part.first().copied();
        if line.late.is_empty() && line.ahead.is_empty() {
            // Their number would grow with every combination ever seen.
            self.lines.remove(key);
        }
        self.lead(key, late, before, after)
    }

    /// Another task leads a line. The first of those of its bucket whose targets run, before and after.
    fn lead(
        &mut self,
        key: &LineKey,
        late: bool,
        before: Option<Waiting>,
        after: Option<Waiting>,
    ) -> (Option<Spot>, Option<Spot>) {
        if before == after {
            return (None, None);
        }
        let bucket = Bucket { target: key.bucket, late, hard: key.hard, lift_milli: key.lift_milli };
        let at = match self.heads.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => at,
            Err(at) => {
                self.heads.insert(at, (bucket, Heads::default()));
                at
            }
        };
        let heads = &mut self.heads[at].1;
        let spot = |heads: &Heads| heads.first().map(|head| head.waiting.spot());
        let first_before = spot(heads);
        match (before, after) {
            (Some(led), Some(leads)) if heads.change(led.key(), leads.key(), |head| head.waiting = leads) => {}
            (led, leads) => {
                led.into_iter().for_each(|led| _ = heads.remove(led.key()));
                leads.into_iter().for_each(|leads| heads.insert(Head::new(key, leads)));
            }
        }
        let first_after = spot(heads);
        if heads.is_empty() {
            self.heads.remove(at);
        }
        if late { (None, None) } else { (first_before, first_after) }
    }
}
