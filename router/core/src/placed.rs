//! A map of rows that lie side by side, each at a place that whoever is about to look for it may know already.
//!
//! A row by its number is three waits for memory, one after the other, where half a million tasks wait: the page, the
//! place on it, and the row. What stands in line knows the place, so that the row of who is chosen is one.

use std::fmt;
use std::num::NonZeroU32;

use crate::paged::{Numbered, Paged};

/// How many rows lie side by side: as many as a word has bits.
const ROWS: usize = u64::BITS as usize;

/// Where a row is, for as long as it is there. Never part of what is decided: the next start may put it elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(NonZeroU32);

impl Place {
    /// Four thousand million rows would be a thousand gigabytes.
    fn new(chunk: usize, row: usize) -> Self {
        Self(NonZeroU32::MIN.saturating_add((chunk * ROWS + row) as u32))
    }

    fn chunk(self) -> usize {
        (self.0.get() - 1) as usize / ROWS
    }

    fn row(self) -> usize {
        (self.0.get() - 1) as usize % ROWS
    }
}

/// Rows by number.
pub(crate) struct Placed<K, V> {
    places: Paged<K, Place>,
    chunks: Vec<Chunk<V>>,
    /// The chunks that have room.
    open: Vec<usize>,
}

/// Rows side by side.
struct Chunk<V> {
    /// None where all are free: the room of a peak is given back.
    rows: Option<Box<[Option<V>; ROWS]>>,
    /// A bit for each row that is taken.
    taken: u64,
}

impl<K, V> Default for Placed<K, V> {
    fn default() -> Self {
        Self { places: Paged::default(), chunks: Vec::new(), open: Vec::new() }
    }
}

impl<K: Numbered, V> Placed<K, V> {
    /// Where a row is.
    pub(crate) fn place(&self, key: K) -> Option<Place> {
        self.places.get(&key).copied()
    }

    /// The row at a place.
    pub(crate) fn at(&self, place: Place) -> Option<&V> {
        self.chunks.get(place.chunk())?.rows.as_ref()?[place.row()].as_ref()
    }

    /// The same, to change it.
    pub(crate) fn at_mut(&mut self, place: Place) -> Option<&mut V> {
        self.chunks.get_mut(place.chunk())?.rows.as_mut()?[place.row()].as_mut()
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.at(self.place(*key)?)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.at_mut(self.place(*key)?)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.places.contains_key(key)
    }

    /// Enters a row, in the stead of one with its number, and gives its place.
    pub(crate) fn insert(&mut self, key: K, row: V) -> Place {
        self.remove(&key);
        let at = self.open.last().copied().unwrap_or_else(|| {
            self.chunks.push(Chunk { rows: None, taken: 0 });
            self.open.push(self.chunks.len() - 1);
            self.chunks.len() - 1
        });
        let chunk = &mut self.chunks[at];
        let free = (!chunk.taken).trailing_zeros() as usize;
        chunk.taken |= 1 << free;
        if chunk.taken == u64::MAX {
            self.open.pop();
        }
        chunk.rows.get_or_insert_with(|| Box::new([const { None }; ROWS]))[free] = Some(row);
        let place = Place::new(at, free);
        self.places.insert(key, place);
        place
    }

    /// Takes a row out. In a box, since that is how it is written: it is large to move more than once.
    pub(crate) fn remove(&mut self, key: &K) -> Option<Box<V>> {
        let place = self.places.remove(key)?;
        let chunk = self.chunks.get_mut(place.chunk())?;
        if chunk.taken == u64::MAX {
            self.open.push(place.chunk());
        }
        chunk.taken &= !(1 << place.row());
        // Written where it stays.
        let room = Box::new_uninit();
        let row = chunk.rows.as_mut()?[place.row()].take().map(|row| Box::write(room, row));
        if chunk.taken == 0 {
            chunk.rows = None;
        }
        row
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// All rows, in the order of their numbers.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.placed().map(|(_, row)| row)
    }

    /// The same, with their places.
    pub(crate) fn placed(&self) -> impl Iterator<Item = (Place, &V)> {
        self.places.values().filter_map(|place| Some((*place, self.at(*place)?)))
    }
}

impl<K: Numbered, V: fmt::Debug> fmt::Debug for Placed<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::policy::draw;

    #[test]
    fn it_is_a_map_whose_rows_stay_where_they_are() {
        let (mut placed, mut map, mut seed) = (Placed::default(), BTreeMap::new(), 5);
        for turn in 0..20_000u64 {
            let (number, next) = draw(seed);
            seed = next;
            let key = number % 700;
            if number >> 16 & 3 < if turn < 10_000 { 3 } else { 1 } {
                let place = placed.insert(key, turn);
                map.insert(key, (turn, place));
            } else {
                assert_eq!(placed.remove(&key), map.remove(&key).map(|(row, _)| Box::new(row)));
            }
            assert_eq!((placed.len(), placed.contains_key(&key)), (map.len(), map.contains_key(&key)));
            assert_eq!(placed.get(&key), map.get(&key).map(|(row, _)| row));
        }
        assert!(placed.values().eq(map.values().map(|(row, _)| row)));
        for (key, (row, place)) in &map {
            assert_eq!(placed.at(*place), Some(row));
            *placed.at_mut(*place).unwrap() += 1;
            assert_eq!(placed.get_mut(key), Some(&mut (row + 1)));
        }
        assert!(placed.chunks.iter().all(|chunk| chunk.rows.is_some() == (chunk.taken > 0)));
        map.keys().for_each(|key| _ = placed.remove(key));
        assert!(placed.chunks.iter().all(|chunk| chunk.rows.is_none()), "the room of a peak is given back");
        assert_eq!((placed.open.len(), placed.values().count()), (placed.chunks.len(), 0));
    }
}
