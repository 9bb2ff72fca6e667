//! Who is ready, in the order in which they are to have work.

use std::fmt;

use blendline_wire::task::SkillNeed;
use blendline_wire::{Millis, QueueId, SkillId, WorkerId};

/// How many places a block holds at most.
const BLOCK: usize = 64;

/// One bit for each skill; some share theirs. Who has not the bits of what a task needs cannot do it.
pub(crate) type Bits = u64;

/// The bits of skills.
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
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
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

/// Those of one queue who are ready, in order. Kept in short blocks, each of which knows the skills in it, so that
/// whoever has a rare skill is found without looking at the others.
#[derive(Clone, Default)]
pub(crate) struct Ready {
    blocks: Vec<Block>,
    len: usize,
}

#[derive(Clone)]
struct Block {
    /// The first of the places: found without looking into them.
    first: Place,
    /// The skills that anyone here has.
    any: Bits,
    /// The skills of each, by themselves: most who look for a worker look at nothing else of most.
    skills: Vec<Bits>,
    /// Never empty.
    places: Vec<Place>,
}

impl Ready {
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn insert(&mut self, place: Place) {
        let mut at = self.block_of(&place);
        let Some(block) = self.blocks.get_mut(at) else {
            self.blocks.push(Block::new(vec![place.skills], vec![place]));
            self.len += 1;
            return;
        };
        let Err(mut within) = block.places.binary_search(&place) else { return };
        if block.places.len() == BLOCK {
            // Cut before it grows: what a list has grown to once it keeps.
            let next = Block::new(block.skills.split_off(BLOCK / 2), block.places.split_off(BLOCK / 2));
            block.know();
            self.blocks.insert(at + 1, next);
            (at, within) = if within > BLOCK / 2 { (at + 1, within - BLOCK / 2) } else { (at, within) };
        }
        let block = &mut self.blocks[at];
        block.places.insert(within, place);
        block.skills.insert(within, place.skills);
        block.first = block.places[0];
        block.any |= place.skills;
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, place: &Place) {
        let at = self.block_of(place);
        let Some(block) = self.blocks.get_mut(at) else { return };
        let Ok(within) = block.places.binary_search(place) else { return };
        block.places.remove(within);
        block.skills.remove(within);
        self.len -= 1;
        if block.places.is_empty() {
            self.blocks.remove(at);
        } else {
            block.know();
        }
    }

    /// Those who have these bits, in order.
    pub(crate) fn having(&self, needs: Bits) -> impl Iterator<Item = &Place> {
        let may = move |skills: Bits| needs & !skills == 0;
        let blocks = self.blocks.iter().filter(move |block| may(block.any));
        blocks.flat_map(Block::each).filter(move |(skills, _)| may(*skills)).map(|(_, place)| place)
    }

    /// Those behind a place who have these bits, in order, of so many who follow.
    pub(crate) fn having_behind(&self, place: &Place, needs: Bits, many: usize) -> impl Iterator<Item = &Place> {
        let at = self.block_of(place);
        let before = self.blocks.get(at).map_or(0, |block| block.places.partition_point(|other| other <= place));
        let behind = self.blocks.iter().skip(at).flat_map(Block::each).skip(before).take(many);
        behind.filter(move |(skills, _)| needs & !skills == 0).map(|(_, place)| place)
    }

    /// Everybody, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Place> {
        self.blocks.iter().flat_map(|block| &block.places)
    }

    /// The block a place is in, or belongs in: the last that does not begin after it.
    fn block_of(&self, place: &Place) -> usize {
        self.blocks.partition_point(|block| block.first <= *place).saturating_sub(1)
    }
}

impl Block {
    fn new(skills: Vec<Bits>, places: Vec<Place>) -> Self {
        let mut block = Self { first: places[0], any: 0, skills, places };
        block.know();
        block
    }

    /// Finds out what is known of all together.
    fn know(&mut self) {
        self.first = self.places[0];
        self.any = self.skills.iter().fold(0, |bits, skills| bits | skills);
    }

    fn each(&self) -> impl Iterator<Item = (Bits, &Place)> {
        self.skills.iter().copied().zip(&self.places)
    }
}

/// How it is cut into blocks is history, not state.
impl PartialEq for Ready {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u64) -> Place {
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        let skills = 1 << (number % 3) | if number == 777 { 1 << 40 } else { 0 };
        Place {
            load_milli: (mixed % 4) as u16,
            idle_since: Millis(mixed % 100),
            worker: WorkerId(number),
            skills,
            fronts: 0,
            cost: 0,
            paced: false,
            planned: false,
        }
    }

    #[test]
    fn it_is_a_sorted_list() {
        let mut ready = Ready::default();
        let mut all: Vec<Place> = (0..1_000).map(place).collect();
        all.iter().for_each(|place| ready.insert(*place));
        all.sort_unstable();
        assert_eq!(ready.iter().copied().collect::<Vec<_>>(), all);
        let rare: Vec<WorkerId> = ready.having(1 << 40).map(|place| place.worker).collect();
        assert_eq!(rare, [WorkerId(777)]);
        for (at, place) in all.iter().enumerate() {
            let behind: Vec<Place> = ready.having_behind(place, 2, 200).copied().collect();
            let other = all[at + 1..].iter().take(200).filter(|other| other.skills & 2 != 0);
            assert!(behind.iter().eq(other), "{place:?}");
        }
        for number in (0..1_000).filter(|number| number % 7 != 0) {
            ready.remove(&place(number));
        }
        all.retain(|place| place.worker.0 % 7 == 0);
        assert_eq!(ready.iter().copied().collect::<Vec<_>>(), all);
        assert_eq!(ready.having(1 << 40).count(), 1);
        ready.remove(&place(777));
        assert_eq!(ready.having(1 << 40).count(), 0);
    }

    #[test]
    fn an_empty_list_is_like_a_new_one() {
        let mut ready = Ready::default();
        ready.insert(place(1));
        ready.remove(&place(1));
        assert!(ready.is_empty());
        assert_eq!(ready, Ready::default());
    }
}
