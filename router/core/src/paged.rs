//! A map of what the core numbers itself: neighbours in number are neighbours in memory.
//!
//! What is looked at together came about together: the firsts of all lines, what workers hold. A hash would scatter them
//! over all of memory, and with half a million tasks each look-up would wait for it.

use std::fmt;
use std::marker::PhantomData;

use blendline_wire::{ConversationId, QueueId, TaskId, WorkerId};

use crate::by_number::ByNumber;

/// How many numbers share a page: of so many, what finds the pages is near. A page of places of which one is left takes as
/// much again as its task.
const PAGE: usize = 64;
/// How many pages share a sheet: so many numbers are found by one entry of the table that all of them fit in a cache.
const SHEET: usize = 64;

/// How many sheets may come before the first one there was and still be found by their number: rows are read in any order.
const BEFORE: u64 = 1 << 16;

/// A number that the core or the record gives out, one after the other.
pub(crate) trait Numbered: Copy {
    fn number(self) -> u64;
    fn numbered(number: u64) -> Self;
}

impl Numbered for u64 {
    fn number(self) -> u64 {
        self
    }

    fn numbered(number: u64) -> Self {
        number
    }
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

impl Numbered for QueueId {
    fn number(self) -> u64 {
        self.0
    }

    fn numbered(number: u64) -> Self {
        Self(number)
    }
}

impl Numbered for WorkerId {
    fn number(self) -> u64 {
        self.0
    }

    fn numbered(number: u64) -> Self {
        Self(number)
    }
}

/// A map that is looked up, and iterated in the order of the numbers.
pub(crate) struct Paged<K, V> {
    /// By their numbers, counted from `base`.
    sheets: ByNumber<u64, Box<Sheet<V>>>,
    /// The number of a sheet that is not after the first one there was: numbers begin with the shard's.
    base: u64,
    len: usize,
    key: PhantomData<K>,
}

/// Pages that share a sheet; there is at least one.
struct Sheet<V> {
    pages: [Page<V>; SHEET],
    /// How many pages there are.
    len: usize,
}

/// Where the values are that share a page, and how many they are: in one line of memory, for who takes one asks both.
struct Page<V> {
    slots: Option<Box<[Option<V>; PAGE]>>,
    values: usize,
}

impl<V> Page<V> {
    const NONE: Self = Self { slots: None, values: 0 };
}

impl<V> Default for Sheet<V> {
    fn default() -> Self {
        Self { pages: [const { Page::NONE }; SHEET], len: 0 }
    }
}

impl<V> Sheet<V> {
    fn get(&self, place: Place) -> Option<&V> {
        self.pages[place.page].slots.as_ref()?[place.slot].as_ref()
    }

    fn put(&mut self, Place { page, slot, .. }: Place, value: V) -> Option<V> {
        let page = &mut self.pages[page];
        let slots = page.slots.get_or_insert_with(|| {
            self.len += 1;
            Box::new([const { None }; PAGE])
        });
        let before = slots[slot].replace(value);
        page.values += usize::from(before.is_none());
        before
    }

    /// Takes a value out, and says whether it was the last of all.
    fn take(&mut self, Place { page, slot, .. }: Place) -> Option<(V, bool)> {
        let page = &mut self.pages[page];
        let value = page.slots.as_mut()?[slot].take()?;
        page.values -= 1;
        let mut is_last = false;
        // How many pages there are is far off in memory: it is asked where their number changes only.
        if page.values == 0 {
            page.slots = None;
            self.len -= 1;
            is_last = self.len == 0;
        }
        Some((value, is_last))
    }
}

impl<K, V> Default for Paged<K, V> {
    fn default() -> Self {
        Self { sheets: ByNumber::default(), base: 0, len: 0, key: PhantomData }
    }
}

impl<K: Numbered, V> Paged<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let place = self.place(*key);
        self.sheets.get(&place.sheet)?.get(place)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = self.place(*key);
        self.sheets.get_mut(&place.sheet)?.pages[place.page].slots.as_mut()?[place.slot].as_mut()
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        if self.len == 0 {
            self.base = key.number() / (PAGE * SHEET) as u64 / BEFORE * BEFORE;
        }
        let place = self.place(key);
        let before = self.sheets.or_default(place.sheet).put(place, value);
        self.len += usize::from(before.is_none());
        before
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.place(*key);
        let sheet = self.sheets.get_mut(&place.sheet)?;
        let (value, is_last) = sheet.take(place)?;
        self.len -= 1;
        if is_last {
            self.sheets.remove(&place.sheet);
        }
        Some(value)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn place(&self, key: K) -> Place {
        let number = key.number();
        let page = number / PAGE as u64;
        let (sheet, page, slot) = (page / SHEET as u64, page % SHEET as u64, number % PAGE as u64);
        Place { sheet: sheet.wrapping_sub(self.base), page: page as usize, slot: slot as usize }
    }

    /// All keys and values, in the order of the keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        let numbers = self.sheets.iter().map(|(number, sheet)| (number.wrapping_add(self.base), sheet));
        let mut sheets: Vec<(u64, &Box<Sheet<V>>)> = numbers.collect();
        sheets.sort_unstable_by_key(|(number, _)| *number);
        let pages = sheets.into_iter().flat_map(|(number, sheet)| numbered(number, &sheet.pages));
        let slots = pages.flat_map(|(number, page)| page.slots.iter().flat_map(move |slots| numbered(number, slots)));
        slots.filter_map(|(number, slot)| Some((K::numbered(number), slot.as_ref()?)))
    }

    /// All values, in the order of their keys.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

/// What shares a number, each with its own.
fn numbered<T, const N: usize>(number: u64, those: &[T; N]) -> impl Iterator<Item = (u64, &T)> {
    those.iter().zip(number * N as u64..).map(|(one, number)| (number, one))
}

/// Where a number is.
#[derive(Clone, Copy)]
struct Place {
    sheet: u64,
    page: usize,
    slot: usize,
}

/// Where the sheets are counted from is history, not state.
impl<K: Numbered + PartialEq, V: PartialEq> PartialEq for Paged<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
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
            // Most are of one shard; some have come from one before it, or after.
            let key = ([7, 7, 7, 3, 9][(number >> 40) as usize % 5] << 48) + number % 80;
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
        assert_ne!(paged, Paged::default());
        for key in map.keys() {
            *paged.get_mut(&TaskId(*key)).unwrap() = 1;
            assert_eq!(paged.get(&TaskId(*key)), Some(&1));
            paged.remove(&TaskId(*key));
        }
        assert_eq!(paged, Paged::default());
    }
}
