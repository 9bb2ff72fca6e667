//! One queue in memory: its numbers, its subscriber, and what was acked but is not deleted yet.

use std::collections::BTreeSet;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::adapters::columns::sql;
use crate::ports::broker::Delivery;

/// How many numbers each queue has in the table of all messages.
const NUMBERS: i64 = 1 << 40;

/// A queue. Bodies are not held here, so its memory does not grow with its length.
pub(super) struct Line {
    /// Its id in the file; 0 until its first message is committed.
    pub(super) id: i64,
    /// Its name.
    pub(super) name: Box<str>,
    /// The number of the last committed message.
    pub(super) last: u64,
    /// How many messages the file holds.
    pub(super) stored: u64,
    /// Acked, still in the file. Deleted with the next commit, so that an ack costs no disk write of its own.
    pub(super) acked: Vec<u64>,
    /// Up to here somebody may have seen the messages: all that were there at the start, and what was delivered since.
    seen: u64,
    subscriber: Option<Subscriber>,
}

struct Subscriber {
    number: u64,
    /// The number of the message it gets next.
    next: u64,
    prefetch: usize,
    unacked: BTreeSet<u64>,
    sender: mpsc::Sender<Delivery>,
}

impl Line {
    /// A queue as the file has it.
    pub(super) const fn new(id: i64, name: Box<str>, last: u64, stored: u64) -> Self {
        Self { id, name, last, stored, acked: Vec::new(), seen: last, subscriber: None }
    }

    /// The key of message `number` in the file.
    pub(super) fn key(&self, number: u64) -> i64 {
        self.id * NUMBERS + sql(number)
    }

    /// The number of the message with this key in the file.
    pub(super) fn number(&self, key: i64) -> u64 {
        u64::try_from(key - self.id * NUMBERS).unwrap_or(0)
    }

    /// How many messages are not acked.
    pub(super) fn depth(&self) -> u64 {
        self.stored.saturating_sub(self.acked.len() as u64)
    }

    /// Takes a new subscriber; the one before sees its deliveries end.
    pub(super) fn subscribe(&mut self, number: u64, prefetch: usize) -> mpsc::Receiver<Delivery> {
        let (sender, deliveries) = mpsc::channel(prefetch);
        self.subscriber = Some(Subscriber { number, next: 0, prefetch, unacked: BTreeSet::new(), sender });
        deliveries
    }

    /// Notes acks of the live subscriber; those of one that was replaced are ignored, for its deliveries came again.
    pub(super) fn ack(&mut self, subscription: u64, tags: &[u64]) {
        let Some(subscriber) = self.subscriber.as_mut().filter(|subscriber| subscriber.number == subscription) else {
            return;
        };
        self.acked.extend(tags.iter().copied().filter(|tag| subscriber.unacked.remove(tag)));
    }

    /// From which message on, and how many, the subscriber wants from the file.
    pub(super) fn wants(&self) -> Option<(u64, usize)> {
        let subscriber = self.subscriber.as_ref()?;
        let room = subscriber.prefetch.saturating_sub(subscriber.unacked.len());
        (room > 0 && subscriber.next <= self.last).then_some((subscriber.next, room))
    }

    /// Nothing is left in the file for the subscriber: it has caught up.
    pub(super) fn caught_up(&mut self) {
        let after = self.last + 1;
        if let Some(subscriber) = &mut self.subscriber {
            subscriber.next = after;
        }
    }

    /// Gives the subscriber a message just committed, when it has everything before it and room for it.
    pub(super) fn offer(&mut self, number: u64, body: Bytes) {
        let Some(subscriber) = &self.subscriber else { return };
        // Numbers without gaps while the subscriber has caught up.
        if subscriber.next == number && subscriber.unacked.len() < subscriber.prefetch {
            self.deliver(number, body);
        }
    }

    /// Gives the subscriber a message.
    pub(super) fn deliver(&mut self, number: u64, body: Bytes) {
        let Some(subscriber) = &mut self.subscriber else { return };
        let delivery = Delivery { tag: number, body, redelivered: number <= self.seen, before: 0 };
        // The channel has room for the whole prefetch, so an error means that the other end is gone.
        if subscriber.sender.try_send(delivery).is_err() {
            self.subscriber = None;
            return;
        }
        subscriber.unacked.insert(number);
        subscriber.next = number + 1;
        self.seen = self.seen.max(number);
    }

    /// The acked numbers as runs (from, to), so that a run costs one statement.
    pub(super) fn acked_runs(&mut self) -> Vec<(u64, u64)> {
        self.acked.sort_unstable();
        let mut runs: Vec<(u64, u64)> = Vec::new();
        for &number in &self.acked {
            match runs.last_mut() {
                Some((_, to)) if *to + 1 == number => *to = number,
                _ => runs.push((number, number)),
            }
        }
        runs
    }
}
