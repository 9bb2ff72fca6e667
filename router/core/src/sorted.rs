//! A long list in order, kept in short blocks: dense in memory, quick at both ends.

use std::collections::VecDeque;
use std::fmt;

/// How many items a block holds at most.
const BLOCK: usize = 64;

/// Items in order, each once. What comes in order fills the blocks whole, where the nodes of a tree stay half empty.
#[derive(Clone)]
pub(crate) struct Sorted<T>(VecDeque<Block<T>>);

#[derive(Clone)]
struct Block<T> {
    /// The first of the items: found without looking into them.
    first: T,
    /// Never empty.
    items: VecDeque<T>,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Copy + Ord> Sorted<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first of all.
    pub(crate) fn first(&self) -> Option<&T> {
        self.0.front().map(|block| &block.first)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> + use<'_, T> {
        self.0.iter().flat_map(|block| &block.items)
    }

    /// Enters an item; false when it was there.
    pub(crate) fn insert(&mut self, item: T) -> bool {
        let at = self.block_of(&item);
        let Some(block) = self.0.get_mut(at) else {
            self.0.push_back(Block { first: item, items: VecDeque::from([item]) });
            return true;
        };
        let Err(within) = block.items.binary_search(&item) else { return false };
        if block.items.len() < BLOCK {
            block.items.insert(within, item);
            block.first = block.items[0];
            return true;
        }
        if within == BLOCK {
            self.0.insert(at + 1, Block { first: item, items: VecDeque::from([item]) });
            return true;
        }
        let mut rest = block.items.split_off(BLOCK / 2);
        let half = if within <= BLOCK / 2 { &mut block.items } else { &mut rest };
        half.insert(if within <= BLOCK / 2 { within } else { within - BLOCK / 2 }, item);
        block.first = block.items[0];
        self.0.insert(at + 1, Block { first: rest[0], items: rest });
        true
    }

    /// Takes an item out; false when it was not there.
    pub(crate) fn remove(&mut self, item: &T) -> bool {
        let at = self.block_of(item);
        let Some(block) = self.0.get_mut(at) else { return false };
        let Ok(within) = block.items.binary_search(item) else { return false };
        block.items.remove(within);
        match block.items.front() {
            Some(first) => block.first = *first,
            None => _ = self.0.remove(at),
        }
        true
    }

    /// The block an item is in, or belongs in: the last that does not begin after it.
    fn block_of(&self, item: &T) -> usize {
        // Most are taken from the first and put into the last.
        if self.0.get(1).is_none_or(|second| second.first > *item) {
            return 0;
        }
        if self.0.back().is_some_and(|last| last.first <= *item) {
            return self.0.len() - 1;
        }
        self.0.partition_point(|block| block.first <= *item).saturating_sub(1)
    }
}

/// How it is cut into blocks is history, not state.
impl<T: Copy + Ord> PartialEq for Sorted<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Copy + Ord + fmt::Debug> fmt::Debug for Sorted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::policy::draw;

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
        assert!(sorted.0.iter().all(|block| block.items.front() == Some(&block.first) && block.items.len() <= BLOCK));
    }

    #[test]
    fn what_comes_in_order_fills_the_blocks() {
        let mut sorted = Sorted::default();
        (0..1_000).for_each(|item| _ = sorted.insert(item));
        assert_eq!(sorted.0.len(), 1_000_usize.div_ceil(BLOCK));
    }
}
