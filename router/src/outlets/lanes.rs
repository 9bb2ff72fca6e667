//! What is posted to an endpoint when: in order within a lane, and no lane waits for another. Pure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use blendline_wire::Millis;

use crate::ports::outlets::Delivery;

/// How many lanes are held at once; what is in others waits in the record.
pub const LANES_MAX: usize = 1_000;
/// How many entries of a lane are held; the others wait in the record.
const HELD_MAX: usize = 32;

/// What waits to be posted, as far as it is held in memory.
#[derive(Debug, Default)]
pub struct Lanes {
    lanes: BTreeMap<String, Lane>,
    /// The heads that may go at a time: (when, event, lane).
    heads: BTreeSet<(Millis, u64, String)>,
    /// Up to which event the record was read.
    read_to: u64,
}

#[derive(Debug, Default)]
struct Lane {
    held: VecDeque<Delivery>,
    /// Set where later entries were passed over: after which event they are.
    more_after: Option<u64>,
}

impl Lanes {
    /// After which event the record is to be read next; `None` while there is no room.
    pub fn read_after(&self) -> Option<u64> {
        (self.lanes.len() < LANES_MAX).then_some(self.read_to)
    }

    /// Takes what the record had after [`Self::read_after`], by event.
    pub fn take(&mut self, read: Vec<Delivery>) {
        for delivery in read {
            self.read_to = delivery.event;
            self.hold(delivery);
        }
    }

    fn hold(&mut self, delivery: Delivery) {
        let name = delivery.lane.clone();
        let lane = self.lanes.entry(name.clone()).or_default();
        if lane.more_after.is_some() {
            return;
        }
        match lane.held.back() {
            Some(last) if lane.held.len() >= HELD_MAX => lane.more_after = Some(last.event),
            Some(_) => lane.held.push_back(delivery),
            None => {
                self.heads.insert((delivery.next_at, delivery.event, name));
                lane.held.push_back(delivery);
            }
        }
    }

    /// What goes now, if anything. Its lane stands still until [`Self::done`] or [`Self::put_off`].
    pub fn next(&mut self, now: Millis) -> Option<Delivery> {
        let due = self.heads.first().filter(|(at, ..)| *at <= now).cloned()?;
        self.heads.remove(&due);
        self.lanes.get(&due.2)?.held.front().cloned()
    }

    /// When something goes next; `None` while nothing waits.
    pub fn next_at(&self) -> Option<Millis> {
        self.heads.first().map(|(at, ..)| *at)
    }

    /// The head of a lane is settled. `Some` with the event after which the rest of the lane is to be read and given to
    /// [`Self::resume`].
    pub fn done(&mut self, name: &str) -> Option<u64> {
        let lane = self.lanes.get_mut(name)?;
        lane.held.pop_front();
        match (lane.held.front(), lane.more_after) {
            (Some(head), _) => {
                self.heads.insert((head.next_at, head.event, name.to_owned()));
                None
            }
            (None, Some(after)) => Some(after),
            (None, None) => {
                self.lanes.remove(name);
                None
            }
        }
    }

    /// Takes what the record has of a lane that was passed over.
    pub fn resume(&mut self, name: &str, read: Vec<Delivery>) {
        self.lanes.remove(name);
        let all = read.len() < HELD_MAX;
        // What is beyond the place up to which the record was read comes from there.
        let read_to = self.read_to;
        for delivery in read.into_iter().filter(|delivery| delivery.event <= read_to) {
            self.hold(delivery);
        }
        if let Some(lane) = self.lanes.get_mut(name)
            && let Some(last) = lane.held.back().filter(|_| !all && lane.held.len() >= HELD_MAX)
        {
            lane.more_after = Some(last.event);
        }
    }

    /// How many entries of a lane are asked for at once.
    pub const fn resumed_max() -> usize {
        HELD_MAX
    }

    /// The head of a lane goes again then; those behind it wait.
    pub fn put_off(&mut self, name: &str, attempts: u32, at: Millis) {
        let Some(head) = self.lanes.get_mut(name).and_then(|lane| lane.held.front_mut()) else { return };
        (head.attempts, head.next_at) = (attempts, at);
        self.heads.insert((at, head.event, name.to_owned()));
    }

    /// When the oldest of what waits happened.
    pub fn oldest(&self) -> Option<Millis> {
        self.lanes.values().filter_map(|lane| lane.held.front()).map(|head| head.at).min()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }
}
