//! A list in order that is searched by bits, kept in short blocks. The bits lie by themselves: most who search look at
//! nothing else of most.

use std::fmt;

/// How many items a block holds at most.
const BLOCK: usize = 128;

/// One bit for each skill or queue; some share theirs.
pub(crate) type Bits = u64;

/// What stands in such a list.
pub(crate) trait Marked {
    /// What decides the order; no two share it.
    type Key: Copy + Ord;

    fn key(&self) -> Self::Key;
    fn bits(&self) -> Bits;
}

/// Items in order, each once.
#[derive(Clone)]
pub(crate) struct Blocks<T: Marked> {
    blocks: Vec<Block<T>>,
    len: usize,
}

#[derive(Clone)]
struct Block<T: Marked> {
    /// The first of the items: found without looking into them.
    first: T::Key,
    /// The bits that any here has: whoever has a rare one is found without looking at the others.
    any: Bits,
    bits: Vec<Bits>,
    /// Never empty.
    items: Vec<T>,
}

impl<T: Marked> Default for Blocks<T> {
    fn default() -> Self {
        Self { blocks: Vec::new(), len: 0 }
    }
}

impl<T: Marked> Blocks<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first of all.
    pub(crate) fn first(&self) -> Option<&T> {
        self.blocks.first()?.items.first()
    }

    pub(crate) fn insert(&mut self, item: T) {
        let key = item.key();
        let mut at = self.block_of(key);
        let Some(block) = self.blocks.get_mut(at) else {
            self.blocks.push(Block::new(vec![item.bits()], vec![item]));
            self.len += 1;
            return;
        };
        let Err(mut within) = block.place(key) else { return };
        if block.items.len() == BLOCK {
            // Cut before it grows: what a list has grown to once it keeps.
            let next = Block::new(block.bits.split_off(BLOCK / 2), block.items.split_off(BLOCK / 2));
            block.know();
            self.blocks.insert(at + 1, next);
            (at, within) = if within > BLOCK / 2 { (at + 1, within - BLOCK / 2) } else { (at, within) };
        }
        let block = &mut self.blocks[at];
        block.any |= item.bits();
        block.bits.insert(within, item.bits());
        block.items.insert(within, item);
        block.first = block.items[0].key();
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, key: T::Key) -> Option<T> {
        let at = self.block_of(key);
        let within = self.blocks.get(at)?.place(key).ok()?;
        Some(self.take(at, within))
    }

    /// Takes out what stands at a place of a block.
    fn take(&mut self, at: usize, within: usize) -> T {
        let block = &mut self.blocks[at];
        let item = block.items.remove(within);
        block.bits.remove(within);
        self.len -= 1;
        if block.items.is_empty() {
            self.blocks.remove(at);
        } else {
            block.know();
        }
        item
    }

    /// Changes an item that is there, and its key to `next`; its bits stay. False when it is not there.
    pub(crate) fn change(&mut self, key: T::Key, next: T::Key, change: impl FnOnce(&mut T)) -> bool {
        let at = self.block_of(key);
        let ends = self.blocks.get(at + 1).map(|after| after.first);
        let Some(block) = self.blocks.get_mut(at) else { return false };
        let Ok(from) = block.place(key) else { return false };
        change(&mut block.items[from]);
        if next < block.first || ends.is_some_and(|ends| ends < next) {
            // It belongs in another block.
            let item = self.take(at, from);
            self.insert(item);
            return true;
        }
        if key < next {
            let to = from + 1 + block.items[from + 1..].partition_point(|other| other.key() < next);
            block.items[from..to].rotate_left(1);
            block.bits[from..to].rotate_left(1);
        } else {
            let to = block.items[..from].partition_point(|other| other.key() < next);
            block.items[to..=from].rotate_right(1);
            block.bits[to..=from].rotate_right(1);
        }
        block.first = block.items[0].key();
        true
    }

    /// Those that have all these bits, in order.
    pub(crate) fn having(&self, bits: Bits) -> impl Iterator<Item = &T> {
        // By hand, as `within`: a twenty-fifth of an arrival.
        let (mut blocks, mut at) = (&self.blocks[..], 0);
        std::iter::from_fn(move || {
            loop {
                let here = blocks.first()?;
                let worth = Some(&here.bits[..]).filter(|_| bits & !here.any == 0);
                if let Some(found) = worth.and_then(|all| first_like(all, at, |has| bits & !has == 0)) {
                    at = found + 1;
                    return here.items.get(found);
                }
                (blocks, at) = (&blocks[1..], 0);
            }
        })
    }

    /// Those behind an item that have all these bits, in order, of so many who follow.
    pub(crate) fn having_behind(&self, key: T::Key, bits: Bits, many: usize) -> impl Iterator<Item = &T> {
        let at = self.block_of(key);
        let mut first = self.blocks.get(at).map_or(0, |block| block.items.partition_point(|other| other.key() <= key));
        let mut left = many;
        let parts = self.blocks.iter().skip(at).map_while(move |block| {
            if left == 0 {
                return None;
            }
            let from = std::mem::take(&mut first);
            let to = block.items.len().min(from + left);
            left -= to - from;
            Some(block.those(from..to, move |has| bits & !has == 0))
        });
        parts.flatten()
    }

    /// Those that have none but these bits, in order.
    pub(crate) fn within(&self, bits: Bits) -> Within<'_, T> {
        Within { blocks: &self.blocks, bits, at: 0 }
    }

    /// All, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flat_map(|block| &block.items)
    }

    /// The block an item is in, or belongs in: the last that does not begin after it.
    fn block_of(&self, key: T::Key) -> usize {
        self.blocks.partition_point(|block| block.first <= key).saturating_sub(1)
    }
}

/// Items of a list that have none but some bits, from a place on. By hand: whoever looks for work begins one for each
/// queue he serves, and goes on with one of them.
#[derive(Clone, Copy)]
pub(crate) struct Within<'a, T: Marked> {
    /// From the one that comes next.
    blocks: &'a [Block<T>],
    bits: Bits,
    /// The place in it.
    at: usize,
}

impl<'a, T: Marked> Iterator for Within<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        loop {
            let here = self.blocks.first()?;
            if let Some(found) = first_like(&here.bits, self.at, |has| has & !self.bits == 0) {
                self.at = found + 1;
                return here.items.get(found);
            }
            (self.blocks, self.at) = (&self.blocks[1..], 0);
        }
    }
}

impl<T: Marked> Block<T> {
    fn new(bits: Vec<Bits>, items: Vec<T>) -> Self {
        let mut block = Self { first: items[0].key(), any: 0, bits, items };
        block.know();
        block
    }

    /// Finds out what is known of all together.
    fn know(&mut self) {
        self.first = self.items[0].key();
        self.any = self.bits.iter().fold(0, |all, bits| all | bits);
    }

    fn place(&self, key: T::Key) -> Result<usize, usize> {
        self.items.binary_search_by_key(&key, T::key)
    }

    /// Those in a range whose bits are like that, in order. The bits are gone through by themselves: most who search do
    /// not find much.
    fn those(&self, range: std::ops::Range<usize>, like: impl Fn(Bits) -> bool) -> impl Iterator<Item = &T> {
        let (mut at, bits) = (range.start, &self.bits[..range.end]);
        std::iter::from_fn(move || {
            at = first_like(bits, at, &like)? + 1;
            self.items.get(at - 1)
        })
    }
}

/// The first place from `at` on whose bits are like that. Four at a time: hardly more than one look for each.
fn first_like(bits: &[Bits], mut at: usize, like: impl Fn(Bits) -> bool) -> Option<usize> {
    while let Some(&[first, second, third, fourth]) = bits.get(at..at + 4) {
        if like(first) {
            return Some(at);
        }
        if like(second) {
            return Some(at + 1);
        }
        if like(third) {
            return Some(at + 2);
        }
        if like(fourth) {
            return Some(at + 3);
        }
        at += 4;
    }
    Some(at + bits.get(at..)?.iter().position(|has| like(*has))?)
}

/// How it is cut into blocks is history, not state.
impl<T: Marked + PartialEq> PartialEq for Blocks<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<T: Marked + fmt::Debug> fmt::Debug for Blocks<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
    struct Item {
        place: u64,
        number: u64,
    }

    impl Marked for Item {
        type Key = Self;

        fn key(&self) -> Self {
            *self
        }

        fn bits(&self) -> Bits {
            1 << (self.number % 3) | if self.number == 777 { 1 << 40 } else { 0 }
        }
    }

    fn item(number: u64) -> Item {
        Item { place: (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) % 100, number }
    }

    #[test]
    fn it_is_a_sorted_list() {
        let mut list = Blocks::default();
        let mut all: Vec<Item> = (0..1_000).map(item).collect();
        all.iter().for_each(|item| list.insert(*item));
        all.sort_unstable();
        assert_eq!(list.iter().copied().collect::<Vec<_>>(), all);
        assert_eq!(list.first(), all.first());
        let rare: Vec<u64> = list.having(1 << 40).map(|item| item.number).collect();
        assert_eq!(rare, [777]);
        assert!(list.within(6).eq(all.iter().filter(|item| item.number % 3 != 0 && item.number != 777)));
        for (at, item) in all.iter().enumerate() {
            let behind: Vec<Item> = list.having_behind(*item, 2, 200).copied().collect();
            let other = all[at + 1..].iter().take(200).filter(|other| other.bits() & 2 != 0);
            assert!(behind.iter().eq(other), "{item:?}");
        }
        for number in (0..1_000).filter(|number| number % 7 != 0) {
            list.remove(item(number));
        }
        all.retain(|item| item.number % 7 == 0);
        assert_eq!(list.iter().copied().collect::<Vec<_>>(), all);
        assert_eq!(list.having(1 << 40).count(), 1);
        list.remove(item(777));
        assert_eq!(list.having(1 << 40).count(), 0);
    }

    #[test]
    fn who_changes_moves() {
        let (mut list, mut all): (_, Vec<Item>) = (Blocks::default(), (0..1_000).map(item).collect());
        all.iter().for_each(|item| list.insert(*item));
        for turn in 0..20_000 {
            let (number, _) = crate::policy::draw(turn);
            let before = all[number as usize % all.len()];
            // Near where it was, at an end, or anywhere.
            let place = [before.place + 1, before.place.saturating_sub(1), 0, 200, number >> 20 & 127];
            let after = Item { place: place[(number >> 40) as usize % 5], ..before };
            assert!(list.change(before, after, |item| *item = after));
            assert!(before == after || !list.change(before, after, |_| panic!("it is not there")));
            all[number as usize % 1_000] = after;
        }
        all.sort_unstable();
        assert!(list.iter().eq(&all) && list.len == all.len());
        assert_ne!(list, Blocks::default());
        assert!(list.having(2).eq(all.iter().filter(|item| item.bits() & 2 != 0)));
        assert!(list.blocks.iter().all(|block| block.first == block.items[0] && block.items.len() <= BLOCK));
        assert!(list.blocks.iter().all(|block| block.items.iter().map(Item::bits).eq(block.bits.iter().copied())));
    }

    #[test]
    fn an_empty_list_is_like_a_new_one() {
        let mut list = Blocks::default();
        list.insert(item(1));
        list.remove(item(1));
        assert!(list.is_empty());
        assert_eq!(list, Blocks::default());
    }
}
