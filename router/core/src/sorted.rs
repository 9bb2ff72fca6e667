//! A long list in order, kept in short blocks: dense in memory, quick at both ends.

use std::collections::VecDeque;
use std::fmt;

/// How many items a block holds at most: to find one, or to make room for one, few lines of memory are looked at.
const BLOCK: usize = 32;

/// What stands in such a list.
pub(crate) trait Keyed: Copy {
    /// What decides the order, in one number: it is compared at once. No two share it.
    fn key(&self) -> u128;
}

/// Items in order, each once. What comes in order fills the blocks whole, where the nodes of a tree stay half empty.
#[derive(Clone)]
pub(crate) struct Sorted<T> {
    /// The first block, at hand: most are taken from it. Empty where nothing is.
    front: VecDeque<T>,
    /// The key of the first item of each other block: a block is found without looking into others.
    firsts: VecDeque<u128>,
    /// The other blocks. None is empty.
    blocks: VecDeque<VecDeque<T>>,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self { front: VecDeque::new(), firsts: VecDeque::new(), blocks: VecDeque::new() }
    }
}

impl<T: Keyed> Sorted<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.front.is_empty()
    }

    /// The first of all.
    pub(crate) fn first(&self) -> Option<&T> {
        self.front.front()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> + use<'_, T> {
        self.front.iter().chain(self.blocks.iter().flatten())
    }

    /// Enters an item; false when it was there.
    pub(crate) fn insert(&mut self, item: T) -> bool {
        let key = item.key();
        let at = self.after(key);
        let block = at.checked_sub(1).map_or(&mut self.front, |at| &mut self.blocks[at]);
        // Most come last, and looking through a block that nobody looked at for long waits for memory.
        let last = block.back().is_none_or(|last| last.key() < key);
        let place = if last { Err(block.len()) } else { block.binary_search_by_key(&key, T::key) };
        let Err(mut within) = place else { return false };
        if within == BLOCK {
            self.put_block(at, VecDeque::from([item]));
            return true;
        }
        let rest = (block.len() == BLOCK).then(|| block.split_off(BLOCK / 2));
        match rest {
            Some(mut rest) if within > BLOCK / 2 => {
                within -= BLOCK / 2;
                rest.insert(within, item);
                self.put_block(at, rest);
            }
            rest => {
                block.insert(within, item);
                if let (0, Some(at)) = (within, at.checked_sub(1)) {
                    self.firsts[at] = key;
                }
                rest.into_iter().for_each(|rest| self.put_block(at, rest));
            }
        }
        true
    }

    fn put_block(&mut self, at: usize, block: VecDeque<T>) {
        self.firsts.insert(at, block[0].key());
        self.blocks.insert(at, block);
    }

    /// Takes an item out; false when it was not there.
    pub(crate) fn remove(&mut self, item: &T) -> bool {
        let key = item.key();
        // Most leave first of all: where the others are is not looked at.
        let at = if self.first().is_some_and(|first| first.key() == key) { 0 } else { self.after(key) };
        let block = at.checked_sub(1).map_or(&mut self.front, |at| &mut self.blocks[at]);
        let leads = block.front().is_some_and(|first| first.key() == key);
        let within = if leads { Ok(0) } else { block.binary_search_by_key(&key, T::key) };
        let Ok(within) = within else { return false };
        block.remove(within);
        let first = block.front().map(T::key);
        match (at.checked_sub(1), first) {
            (None, None) => {
                self.firsts.pop_front();
                self.front = self.blocks.pop_front().unwrap_or_default();
            }
            (None, Some(_)) => {}
            (Some(at), Some(first)) => self.firsts[at] = first,
            (Some(at), None) => {
                self.firsts.remove(at);
                self.blocks.remove(at);
            }
        }
        true
    }

    /// How many of the other blocks do not begin after a key: it is in the last of them, or belongs there; in the first
    /// block where there is none.
    fn after(&self, key: u128) -> usize {
        // Most are taken from the first and put into the last.
        if self.firsts.front().is_none_or(|second| *second > key) {
            return 0;
        }
        if self.firsts.back().is_some_and(|last| *last <= key) {
            return self.firsts.len();
        }
        self.firsts.partition_point(|first| *first <= key)
    }
}

/// How it is cut into blocks is history, not state.
impl<T: Keyed + PartialEq> PartialEq for Sorted<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Keyed + fmt::Debug> fmt::Debug for Sorted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use blendline_wire::{CalendarId, Millis, OutboundId, QueueId, TaskId, WorkerId};

    use super::*;
    use crate::dues::{Deadline, Due};
    use crate::policy::draw;

    impl Keyed for u64 {
        fn key(&self) -> u128 {
            (*self).into()
        }
    }

    #[test]
    fn it_is_a_set_in_order() {
        let (mut sorted, mut set, mut seed) = (Sorted::default(), BTreeSet::new(), 3);
        for turn in 0..20_000u64 {
            let (number, next) = draw(seed);
            seed = next;
            // Some come in order, some anywhere; they grow for a while, and then fewer stay.
            let item = if number % 3 == 0 { turn } else { number % 2_000 };
            if number >> 8 & 7 < if turn < 10_000 { 5 } else { 3 } {
                assert_eq!(sorted.insert(item), set.insert(item));
            } else {
                assert_eq!(sorted.remove(&item), set.remove(&item));
                let first = set.first().copied();
                assert_eq!(sorted.first().copied(), first);
                first.iter().for_each(|first| assert_eq!(sorted.remove(first), set.remove(first)));
            }
            assert_eq!((sorted.first(), sorted.is_empty()), (set.first(), set.is_empty()));
        }
        assert!(sorted.iter().eq(set.iter()));
        let blocks = sorted.blocks.iter().zip(&sorted.firsts);
        assert!(blocks.clone().all(|(block, first)| block[0].key() == *first && block.len() <= BLOCK));
        assert!(blocks.len() == sorted.firsts.len() && sorted.front.len() <= BLOCK);
    }

    #[test]
    fn what_comes_in_order_fills_the_blocks() {
        let mut sorted = Sorted::default();
        (0..1_000).for_each(|item| _ = sorted.insert(item));
        assert_eq!(1 + sorted.blocks.len(), 1_000_usize.div_ceil(BLOCK));
    }

    #[test]
    fn what_is_due_is_in_order_of_time_then_kind_then_number() {
        let kinds = |id: u64| {
            [
                Due::Calendar(CalendarId(id)),
                Due::Count(QueueId(id)),
                Due::Worker(WorkerId(id)),
                Due::Task(TaskId(id)),
                Due::Target(TaskId(id)),
                Due::Outbound(OutboundId(id)),
            ]
        };
        // Numbers of any shard, and times up to where they are told apart.
        let numbers = [0, 1, 7 << 48, u64::MAX];
        let times = [0, 1, 2, 1_795_000_000_000, (1 << 60) - 2, (1 << 60) - 1];
        let mut keys = Vec::new();
        for at in times {
            for kind in 0..6 {
                keys.extend(numbers.map(|id| Deadline::new(Millis(at), kinds(id)[kind]).key()));
            }
        }
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
        let far = [(1 << 60) - 1, 1 << 60, u64::MAX].map(|at| Deadline::new(Millis(at), Due::Task(TaskId(5))).key());
        assert!(far.iter().all(|key| *key == far[0]), "what is farther off is as far as that");
    }
}
