//! A map of what the core numbers itself: neighbours in number are neighbours in memory.
//!
//! What is looked at together came about together: the firsts of all lines, what workers hold. A hash would scatter them
//! over all of memory, and with half a million tasks each look-up would wait for it.

use std::fmt;
use std::marker::PhantomData;

use blendline_wire::{ConversationId, TaskId};

use crate::lookup::Map;

/// How many numbers share a page. A page of which one is left takes less than half of what a task does.
const PAGE: usize = 16;

/// A number that the core gives out, one after the other.
pub(crate) trait Numbered: Copy {
    fn number(self) -> u64;
    fn numbered(number: u64) -> Self;
}

impl Numbered for TaskId {
    fn number(self) -> u64 {
        self.0
    }

    fn numbered(number: u64) -> Self {
        Self(number)
    }
}

impl Numbered for ConversationId {
    fn number(self) -> u64 {
        self.0
    }

    fn numbered(number: u64) -> Self {
        Self(number)
    }
}

/// A map that is looked up, and iterated in the order of the numbers.
#[derive(PartialEq)]
pub(crate) struct Paged<K, V> {
    pages: Map<u64, Box<Page<V>>>,
    len: usize,
    key: PhantomData<K>,
}

/// Never empty.
#[derive(PartialEq)]
struct Page<V> {
    slots: [Option<V>; PAGE],
    len: usize,
}

impl<V> Default for Page<V> {
    fn default() -> Self {
        Self { slots: [const { None }; PAGE], len: 0 }
    }
}

impl<K, V> Default for Paged<K, V> {
    fn default() -> Self {
        Self { pages: Map::default(), len: 0, key: PhantomData }
    }
}

impl<K: Numbered, V> Paged<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let (page, slot) = place(*key);
        self.pages.get(&page)?.slots[slot].as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let (page, slot) = place(*key);
        self.pages.get_mut(&page)?.slots[slot].as_mut()
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (number, slot) = place(key);
        let page = self.pages.or_default(number);
        let before = page.slots[slot].replace(value);
        if before.is_none() {
            page.len += 1;
            self.len += 1;
        }
        before
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let (number, slot) = place(*key);
        let page = self.pages.get_mut(&number)?;
        let value = page.slots[slot].take()?;
        page.len -= 1;
        self.len -= 1;
        if page.len == 0 {
            self.pages.remove(&number);
        }
        Some(value)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// All keys and values, in the order of the keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.pages.iter().flat_map(|(number, page)| {
            let slots = page.slots.iter().zip(number * PAGE as u64..);
            slots.filter_map(|(value, number)| Some((K::numbered(number), value.as_ref()?)))
        })
    }

    /// All values, in the order of their keys.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

/// The page of a number, and its slot there.
fn place<K: Numbered>(key: K) -> (u64, usize) {
    let number = key.number();
    (number / PAGE as u64, (number % PAGE as u64) as usize)
}

impl<K: Numbered + fmt::Debug, V: fmt::Debug> fmt::Debug for Paged<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::policy::draw;

    #[test]
    fn it_is_a_map_in_order() {
        let (mut paged, mut map, mut seed) = (Paged::default(), BTreeMap::new(), 5);
        for turn in 0..20_000u64 {
            let (number, next) = draw(seed);
            seed = next;
            let key = (7 << 48) + number % 400;
            if number >> 16 & 3 < if turn < 10_000 { 3 } else { 1 } {
                assert_eq!(paged.insert(TaskId(key), turn), map.insert(key, turn));
            } else {
                assert_eq!(paged.remove(&TaskId(key)), map.remove(&key));
            }
            assert_eq!(paged.len(), map.len());
            assert_eq!(paged.get(&TaskId(key)), map.get(&key));
            assert_eq!(paged.contains_key(&TaskId(key)), map.contains_key(&key));
        }
        assert!(paged.iter().map(|(key, value)| (key.0, value)).eq(map.iter().map(|(key, value)| (*key, value))));
        for key in map.keys() {
            *paged.get_mut(&TaskId(*key)).unwrap() = 1;
            assert_eq!(paged.get(&TaskId(*key)), Some(&1));
            paged.remove(&TaskId(*key));
        }
        assert_eq!(paged, Paged::default());
    }
}
