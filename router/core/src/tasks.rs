//! The open tasks: their rows lie side by side, each at a place that whoever is about to look for it may know already.
//!
//! A row by its number is three waits for memory, one after the other, where half a million wait: the page, the place,
//! and the row. What stands in line knows the place, so that the row of who is chosen is one.

use std::fmt;
use std::num::NonZeroU32;

use blendline_wire::TaskId;

use crate::paged::Paged;
use crate::rows::Task;

/// How many rows lie side by side: as many as a word has bits.
const ROWS: usize = u64::BITS as usize;

/// Where a task's row is, for as long as it is open. Never part of what is decided: the next start may put it elsewhere.
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

/// The open tasks by number.
#[derive(Default)]
pub(crate) struct Tasks {
    places: Paged<TaskId, Place>,
    chunks: Vec<Chunk>,
    /// The chunks that have room.
    open: Vec<usize>,
}

/// Rows side by side.
#[derive(Default)]
struct Chunk {
    /// None where all are free: the room of a peak is given back.
    rows: Option<Box<[Option<Task>; ROWS]>>,
    /// A bit for each row that is taken.
    taken: u64,
}

impl Tasks {
    /// Where a task's row is.
    pub(crate) fn place(&self, id: TaskId) -> Option<Place> {
        self.places.get(&id).copied()
    }

    /// The task at a place.
    pub(crate) fn at(&self, place: Place) -> Option<&Task> {
        self.chunks.get(place.chunk())?.rows.as_ref()?[place.row()].as_ref()
    }

    /// The same, to change it.
    pub(crate) fn at_mut(&mut self, place: Place) -> Option<&mut Task> {
        self.chunks.get_mut(place.chunk())?.rows.as_mut()?[place.row()].as_mut()
    }

    pub(crate) fn get(&self, id: &TaskId) -> Option<&Task> {
        self.at(self.place(*id)?)
    }

    pub(crate) fn contains_key(&self, id: &TaskId) -> bool {
        self.places.contains_key(id)
    }

    /// Enters a task, in the stead of one with its number, and gives its place.
    pub(crate) fn insert(&mut self, task: Task) -> Place {
        let id = task.id;
        self.remove(&id);
        let at = self.open.last().copied().unwrap_or_else(|| {
            self.chunks.push(Chunk::default());
            self.open.push(self.chunks.len() - 1);
            self.chunks.len() - 1
        });
        let chunk = &mut self.chunks[at];
        let row = (!chunk.taken).trailing_zeros() as usize;
        chunk.taken |= 1 << row;
        if chunk.taken == u64::MAX {
            self.open.pop();
        }
        chunk.rows.get_or_insert_with(|| Box::new([const { None }; ROWS]))[row] = Some(task);
        let place = Place::new(at, row);
        self.places.insert(id, place);
        place
    }

    /// Takes a task out.
    pub(crate) fn remove(&mut self, id: &TaskId) -> Option<Task> {
        let place = self.places.remove(id)?;
        let chunk = self.chunks.get_mut(place.chunk())?;
        let task = chunk.rows.as_mut()?[place.row()].take();
        if chunk.taken == u64::MAX {
            self.open.push(place.chunk());
        }
        chunk.taken &= !(1 << place.row());
        if chunk.taken == 0 {
            chunk.rows = None;
        }
        task
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// All of them, in the order of their numbers.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Task> {
        self.placed().map(|(_, task)| task)
    }

    /// The same, with their places.
    pub(crate) fn placed(&self) -> impl Iterator<Item = (Place, &Task)> {
        self.places.values().filter_map(|place| Some((*place, self.at(*place)?)))
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values()).finish()
    }
}
