//! Maps for look-up and short lists for one step: quick, with a fixed hash, the same on every machine.

use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};

#[expect(clippy::disallowed_types, reason = "the hash is fixed, and what is iterated is sorted first")]
pub(crate) type Table<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Mixer>>;

/// A map that is looked up and never iterated in its own order (P8).
#[derive(Clone, PartialEq)]
pub(crate) struct Map<K: Eq + Hash, V>(Table<K, V>);

impl<K: Eq + Hash, V> Default for Map<K, V> {
    fn default() -> Self {
        Self(Table::default())
    }
}

impl<K: Copy + Eq + Hash + Ord, V> Map<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.0.get_mut(key)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.0.remove(key)
    }

    /// The value of a key, made where it is not there.
    pub(crate) fn or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        self.0.entry(key).or_insert_with(make)
    }

    /// The same with the default.
    pub(crate) fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.0.entry(key).or_default()
    }

    /// All values, in the order of their keys. For what looks at everything anyway.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// All keys and values, in the order of the keys. For what looks at everything anyway.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let mut all: Vec<(&K, &V)> = self.0.iter().collect();
        all.sort_unstable_by_key(|(key, _)| **key);
        all.into_iter()
    }
}

impl<K: Eq + Hash, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl<K: Copy + Eq + Hash + Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// The hash: the numbers of the core are its own counters, and whoever names a contact gives a digest.
#[derive(Clone, Copy, Default)]
pub(crate) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        // The table takes its place from the low bits, and the high ones tell its entries apart.
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(29) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn write_u128(&mut self, number: u128) {
        self.write_u64(number as u64);
        self.write_u64((number >> 64) as u64);
    }
}

/// A set that is small nearly always, in order: what one step has to look at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Few<T>(Vec<T>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + Ord> Few<T> {
    pub(crate) fn insert(&mut self, item: T) {
        // The least stands last, where it is taken from.
        if let Err(place) = self.0.binary_search_by(|other| item.cmp(other)) {
            self.0.insert(place, item);
        }
    }

    pub(crate) fn extend(&mut self, items: impl IntoIterator<Item = T>) {
        self.0.extend(items);
        self.0.sort_unstable_by(|one, other| other.cmp(one));
        self.0.dedup();
    }

    pub(crate) fn remove(&mut self, item: T) {
        if let Ok(place) = self.0.binary_search_by(|other| item.cmp(other)) {
            self.0.remove(place);
        }
    }

    pub(crate) fn pop_first(&mut self) -> Option<T> {
        self.0.pop()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = T> + '_ {
        self.0.iter().rev().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_whole_is_in_order() {
        let mut map = Map::default();
        for key in [5u64, 3, 9, 1] {
            map.insert(key, key * 10);
        }
        assert_eq!(map.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [1, 3, 5, 9]);
        assert_eq!(map.values().copied().collect::<Vec<_>>(), [10, 30, 50, 90]);
        assert_eq!(format!("{map:?}"), "{1: 10, 3: 30, 5: 50, 9: 90}");
    }

    #[test]
    fn a_few_come_once_and_in_order() {
        let mut few = Few::default();
        few.insert(3);
        few.insert(1);
        few.insert(3);
        few.extend([2, 9, 1]);
        few.remove(9);
        assert_eq!(few.iter().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!((few.pop_first(), few.pop_first()), (Some(1), Some(2)));
    }
}
