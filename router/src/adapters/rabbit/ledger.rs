//! Which deliveries of a subscription are settled, and what to tell the server about it.

use std::collections::VecDeque;

/// What to send to the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Settle {
    /// This AMQP delivery and all before it.
    UpTo(u64),
    /// This one alone.
    One(u64),
}

/// The AMQP deliveries that the server has not been told about yet. Each holds up to 64 messages, and is settled when
/// all of them are.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: VecDeque<Entry>,
    /// The number of the next message.
    next: u64,
    /// Messages that are not settled.
    open: usize,
    /// Settled deliveries behind one that is not.
    stranded: usize,
}

#[derive(Debug)]
struct Entry {
    /// The server's number.
    delivery: u64,
    /// The number of its first message.
    first: u64,
    /// A bit for each message that is not settled.
    open: u64,
}

impl Ledger {
    /// Notes an AMQP delivery of `count` messages, 1 to 64, and gives the number of the first.
    pub(super) fn add(&mut self, delivery: u64, count: usize) -> u64 {
        let first = self.next;
        self.entries.push_back(Entry { delivery, first, open: u64::MAX >> (64 - count) });
        self.next += count as u64;
        self.open += count;
        first
    }

    /// How many messages are not settled.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// Notes that a message is settled; false when it was before, or is unknown.
    pub(super) fn settle(&mut self, message: u64) -> bool {
        let at = self.entries.partition_point(|entry| entry.first <= message);
        let Some(entry) = at.checked_sub(1).and_then(|at| self.entries.get_mut(at)) else { return false };
        // Farther behind than an entry is long: the entry it was of is gone, or it never was.
        let bit = u32::try_from(message - entry.first).ok().and_then(|at| 1u64.checked_shl(at)).unwrap_or(0);
        if entry.open & bit == 0 {
            return false;
        }
        entry.open &= !bit;
        self.open -= 1;
        self.stranded += usize::from(entry.open == 0);
        true
    }

    /// Takes the settled deliveries before the first that is not.
    pub(super) fn take_head(&mut self) -> Option<Settle> {
        let mut last = None;
        while self.entries.front().is_some_and(|entry| entry.open == 0) {
            last = self.entries.pop_front().map(|entry| Settle::UpTo(entry.delivery));
            self.stranded -= 1;
        }
        last
    }

    /// Whether settled deliveries wait behind one that is not.
    pub(super) fn has_stranded(&self) -> bool {
        self.stranded > 0
    }

    /// Takes all settled deliveries.
    pub(super) fn take_all(&mut self) -> Vec<Settle> {
        let mut taken: Vec<Settle> = self.take_head().into_iter().collect();
        if self.stranded > 0 {
            self.entries.retain(|entry| {
                if entry.open == 0 {
                    taken.push(Settle::One(entry.delivery));
                }
                entry.open != 0
            });
            self.stranded = 0;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle(ledger: &mut Ledger, messages: impl IntoIterator<Item = u64>) -> usize {
        messages.into_iter().filter(|message| ledger.settle(*message)).count()
    }

    #[test]
    fn a_run_is_one_word() {
        let mut ledger = Ledger::default();
        assert_eq!([ledger.add(1, 1), ledger.add(2, 64), ledger.add(3, 1)], [0, 1, 65]);
        assert_eq!((ledger.open(), ledger.take_head()), (66, None));
        assert_eq!(settle(&mut ledger, 0..40), 40);
        assert_eq!(ledger.take_head(), Some(Settle::UpTo(1)));
        assert_eq!(ledger.take_head(), None, "the second is not settled whole");
        assert_eq!(settle(&mut ledger, 40..66), 26);
        assert_eq!(ledger.take_head(), Some(Settle::UpTo(3)));
        assert_eq!((ledger.open(), ledger.has_stranded()), (0, false));
    }

    #[test]
    fn what_is_settled_out_of_order_is_named_alone() {
        let mut ledger = Ledger::default();
        for delivery in 1..=5 {
            ledger.add(delivery, 1);
        }
        assert_eq!(settle(&mut ledger, [1, 3]), 2);
        assert_eq!(ledger.take_head(), None);
        assert!(ledger.has_stranded());
        assert_eq!(ledger.take_all(), [Settle::One(2), Settle::One(4)]);
        assert!(!ledger.has_stranded());
        assert_eq!(settle(&mut ledger, [0, 4]), 2);
        assert_eq!(ledger.take_all(), [Settle::UpTo(1), Settle::One(5)]);
        assert_eq!(settle(&mut ledger, [2]), 1);
        assert_eq!(ledger.take_head(), Some(Settle::UpTo(3)));
        assert_eq!(ledger.open(), 0);
    }

    #[test]
    fn nothing_is_settled_twice() {
        let mut ledger = Ledger::default();
        ledger.add(1, 1);
        ledger.add(2, 2);
        assert_eq!(settle(&mut ledger, [1, 1, 1]), 1);
        assert_eq!(settle(&mut ledger, [3, 99, u64::MAX]), 0, "unknown");
        assert_eq!(settle(&mut ledger, [0]), 1);
        assert_eq!(ledger.take_head(), Some(Settle::UpTo(1)));
        assert_eq!(settle(&mut ledger, [0]), 0, "gone");
        assert_eq!(ledger.open(), 1);
    }
}
