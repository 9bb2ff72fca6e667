//! Who is ready, in the order in which they are to have work.

use blendline_wire::task::SkillNeed;
use blendline_wire::{Millis, QueueId, SkillId, WorkerId};

use crate::blocks::{Blocks, Marked};

pub(crate) use crate::blocks::Bits;

/// The bits of skills. Who has not the bits of what a task needs cannot do it.
pub(crate) fn skill_bits(skills: impl IntoIterator<Item = SkillId>) -> Bits {
    skills.into_iter().fold(0, |bits, skill| bits | 1 << (skill.0 % 64))
}

/// The bits of what a task needs.
pub(crate) fn need_bits(needs: &[SkillNeed]) -> Bits {
    skill_bits(needs.iter().map(|need| need.skill))
}

/// The bits of queues; some share theirs.
pub(crate) fn queue_bits(queues: &[QueueId]) -> Bits {
    queues.iter().fold(0, |bits, queue| bits | 1 << (queue.0 % 64))
}

/// A ready worker: the least loaded first, then the longest idle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    /// How much of his capacity is taken, in thousandths.
    pub(crate) load_milli: u16,
    /// Since when he has been given nothing.
    pub(crate) idle_since: Millis,
    /// Who.
    pub(crate) worker: WorkerId,
    /// The bits of his skills.
    pub(crate) skills: Bits,
    /// The bits of the front queues he serves.
    pub(crate) fronts: Bits,
    /// What an hour of his costs.
    pub(crate) cost: u32,
    /// Whether it is known how quick he is at some of his queues' work.
    pub(crate) paced: bool,
    /// Whether his group's time plan has back queues he serves: then the reserve may not hold him back.
    pub(crate) planned: bool,
}

/// Those of one queue who are ready, in order; the bits are those of their skills.
pub(crate) type Ready = Blocks<Place>;

/// The bits of an instant in a place's key: enough for nine thousand years.
const INSTANT_BITS: u32 = 48;

impl Marked for Place {
    /// His load, since when he is idle, and who he is, in one number: it is compared at once.
    type Key = u128;

    fn key(&self) -> u128 {
        let idle_since = self.idle_since.0.min((1 << INSTANT_BITS) - 1);
        let first = u64::from(self.load_milli) << INSTANT_BITS | idle_since;
        u128::from(first) << u64::BITS | u128::from(self.worker.0)
    }

    fn bits(&self) -> Bits {
        self.skills
    }
}
