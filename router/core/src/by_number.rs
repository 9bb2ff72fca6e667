//! A map of what is numbered from one, as the record numbers queues: its place is its number.
//!
//! A step looks for queues and what is known of them a hundred times: with hashing that was an eighth of its instructions.

use std::fmt;
use std::marker::PhantomData;

use crate::lookup::Map;
use crate::paged::Numbered;

/// How much room the near ones take at most: one large number must not take room for all below it.
const NEAR_BYTES: usize = 1 << 20;

/// A map that is looked up, and iterated in the order of the numbers.
#[derive(Clone)]
pub(crate) struct ByNumber<K, V> {
    /// By number.
    near: Vec<Option<V>>,
    far: Map<u64, V>,
    key: PhantomData<K>,
}

impl<K, V> Default for ByNumber<K, V> {
    fn default() -> Self {
        Self { near: Vec::new(), far: Map::default(), key: PhantomData }
    }
}

impl<K: Numbered, V> ByNumber<K, V> {
    /// Numbers from here on are looked up.
    const NEAR: u64 = (NEAR_BYTES / size_of::<Option<V>>()) as u64;

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let number = key.number();
        match self.near.get(slot(number)) {
            Some(slot) => slot.as_ref(),
            None if number < Self::NEAR => None,
            None => self.far.get(&number),
        }
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let number = key.number();
        match self.near.get_mut(slot(number)) {
            Some(slot) => slot.as_mut(),
            None if number < Self::NEAR => None,
            None => self.far.get_mut(&number),
        }
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.room(key) {
            Some(slot) => slot.replace(value),
            None => self.far.insert(key.number(), value),
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        match self.near.get_mut(slot(key.number())) {
            Some(slot) => slot.take(),
            None => self.far.remove(&key.number()),
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The value of a key, made where it is not there.
    pub(crate) fn or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let number = key.number();
        if number < Self::NEAR {
            self.grow(number);
            return self.near[slot(number)].get_or_insert_with(make);
        }
        self.far.or_insert_with(number, make)
    }

    /// The same with the default.
    pub(crate) fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.or_insert_with(key, V::default)
    }

    /// All keys, in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = K> {
        self.iter().map(|(key, _)| key)
    }

    /// All values, in the order of their keys.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// All keys and values, in the order of the keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        let near = (0..).zip(&self.near).filter_map(|(number, value)| Some((number, value.as_ref()?)));
        let far = self.far.iter().map(|(number, value)| (*number, value));
        near.chain(far).map(|(number, value)| (K::numbered(number), value))
    }

    /// Where a number that is not looked up has its value.
    fn room(&mut self, key: K) -> Option<&mut Option<V>> {
        let number = key.number();
        if number < Self::NEAR {
            self.grow(number);
        }
        self.near.get_mut(slot(number))
    }

    fn grow(&mut self, number: u64) {
        if self.near.len() as u64 <= number {
            self.near.resize_with(slot(number) + 1, || None);
        }
    }
}

/// Where a number would be among the near ones.
fn slot(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl<K: Numbered, V> FromIterator<(K, V)> for ByNumber<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        entries.into_iter().for_each(|(key, value)| _ = map.insert(key, value));
        map
    }
}

/// How far it has grown is history, not state.
impl<K: Numbered + PartialEq, V: PartialEq> PartialEq for ByNumber<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Numbered + fmt::Debug, V: fmt::Debug> fmt::Debug for ByNumber<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use blendline_wire::QueueId;

    use super::*;
    use crate::policy::draw;

    #[test]
    fn it_is_a_map() {
        let (mut by_number, mut map, mut seed) = (ByNumber::default(), BTreeMap::new(), 11);
        for turn in 0..20_000u64 {
            let (number, next) = draw(seed);
            seed = next;
            // Some are near, some just beyond, some far.
            let key = match number % 3 {
                0 => number >> 8 & 63,
                1 => ByNumber::<QueueId, u64>::NEAR - 8 + (number >> 8 & 15),
                _ => u64::MAX - (number >> 8 & 15),
            };
            match number >> 20 & 3 {
                0 => assert_eq!(by_number.insert(QueueId(key), turn), map.insert(key, turn)),
                1 => assert_eq!(by_number.remove(&QueueId(key)), map.remove(&key)),
                2 => {
                    assert_eq!(by_number.or_insert_with(QueueId(key), || turn), map.entry(key).or_insert(turn));
                }
                _ => assert_eq!(by_number.get_mut(&QueueId(key)), map.get_mut(&key)),
            }
            assert_eq!(by_number.get(&QueueId(key)), map.get(&key));
            assert_eq!(by_number.contains_key(&QueueId(key)), map.contains_key(&key));
        }
        assert!(by_number.iter().map(|(key, value)| (key.0, value)).eq(map.iter().map(|(key, value)| (*key, value))));
        assert!(by_number.keys().map(|key| key.0).eq(map.keys().copied()) && by_number.values().eq(map.values()));
        assert_eq!(format!("{by_number:?}"), format!("{:?}", by_number.iter().collect::<BTreeMap<_, _>>()));
        let again: ByNumber<QueueId, u64> = by_number.iter().map(|(key, value)| (key, *value)).collect();
        assert_eq!(again, by_number);
        assert_ne!(again, ByNumber::default());
        by_number.clear();
        assert_eq!(by_number, ByNumber::default());
        by_number = again;
        map.keys().for_each(|key| _ = by_number.remove(&QueueId(*key)));
        assert_eq!(by_number, ByNumber::default());
    }
}
