//! What is on its way to devices, and when it goes: bounded, in memory, pure.

use std::collections::BTreeMap;

use blendline_wire::Millis;

use super::notice::What;
use crate::ports::devices::Device;

/// The most that wait; the oldest goes for a newer one, and is counted.
const WAITING_MAX: usize = 1_000;

/// A notice for one device.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The device.
    pub device: Device,
    /// What it is about.
    pub what: What,
    /// What the device shows, as JSON, not sealed yet.
    pub text: String,
    /// What it is called at the push service: a newer one of the same name takes its place there.
    pub topic: String,
    /// The origin of its push service.
    pub origin: String,
    /// From when on it says nothing any more.
    pub until: Millis,
    /// How often it was tried.
    pub attempts: u32,
}

/// What waits.
#[derive(Debug, Default)]
pub struct Line {
    waiting: BTreeMap<(Millis, u64), Letter>,
    /// Push services that asked for patience, until when.
    held: BTreeMap<String, Millis>,
    last: u64,
}

impl Line {
    /// Lets a letter wait until then, in the place of an older one of the same name for the same device. True when another
    /// was dropped for it, because there are too many.
    pub fn put(&mut self, due: Millis, letter: Letter) -> bool {
        self.waiting.retain(|_, other| other.device.id != letter.device.id || other.topic != letter.topic);
        let dropped = WAITING_MAX <= self.waiting.len() && self.waiting.pop_first().is_some();
        self.last += 1;
        self.waiting.insert((due, self.last), letter);
        dropped
    }

    /// A push service wants to be left alone until then.
    pub fn hold(&mut self, origin: &str, until: Millis) {
        let held = self.held.entry(origin.to_owned()).or_default();
        *held = until.max(*held);
    }

    /// The next letter that may go now.
    pub fn next(&mut self, now: Millis) -> Option<Letter> {
        self.held.retain(|_, until| now < *until);
        let due = self.waiting.range(..=(now, u64::MAX));
        let free = due.filter(|(_, letter)| !self.held.contains_key(&letter.origin)).map(|(key, _)| *key).next()?;
        self.waiting.remove(&free)
    }

    /// Forgets what says nothing any more, and tells how many these were.
    pub fn forget_late(&mut self, now: Millis) -> usize {
        let before = self.waiting.len();
        self.waiting.retain(|_, letter| now < letter.until);
        before - self.waiting.len()
    }

    /// When the next letter may go.
    pub fn next_at(&self) -> Option<Millis> {
        let free_at = |origin: &str| self.held.get(origin).copied().unwrap_or_default();
        self.waiting.iter().map(|((due, _), letter)| free_at(&letter.origin).max(*due)).min()
    }
}
