//! Which part of a table a row lies in: ranges of days, or of numbers that rise with time.

use std::collections::HashSet;

use blendline_wire::Millis;

use crate::adapters::columns::{Batch, Row};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// How many numbers a part holds. A task uses about four for itself, its conversation, its matter and an answer, and
/// about nine for its events.
const NUMBERS: i64 = 1 << 24;
/// How many days of duplicate keys a part holds: each look-up asks every part (about 3 us of CPU per key and part), so
/// there should be few; but each is kept until its last day is old.
const KEY_DAYS: i64 = 4;

/// A table in parts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Table {
    /// By transcript.
    Messages,
    /// By number.
    Events,
    /// By day.
    Keys,
    /// By day.
    Journal,
}

impl Table {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Messages, Self::Events, Self::Keys, Self::Journal];
    /// Those whose old days are dropped.
    pub(super) const BY_DAY: [Self; 2] = [Self::Keys, Self::Journal];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Events => "events",
            Self::Keys => "dedup_keys",
            Self::Journal => "journal",
        }
    }

    /// The column by which it is parted.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Messages => "transcript",
            Self::Events => "id",
            Self::Keys | Self::Journal => "day",
        }
    }

    const fn width(self) -> i64 {
        match self {
            Self::Messages | Self::Events => NUMBERS,
            Self::Keys => KEY_DAYS,
            Self::Journal => 1,
        }
    }
}

/// One part of a table.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Part {
    pub(super) table: Table,
    pub(super) number: i64,
}

impl Part {
    /// The part with this value of the table's column.
    pub(super) const fn with(table: Table, value: i64) -> Self {
        Self { table, number: value.div_euclid(table.width()) }
    }

    /// The part of this name; `None` when it is not one of ours.
    pub(super) fn named(table: Table, name: &str) -> Option<Self> {
        let number = name.strip_prefix(table.name())?.strip_prefix("_p")?.parse().ok()?;
        Some(Self { table, number })
    }

    pub(super) fn name(self) -> String {
        format!("{}_p{}", self.table.name(), self.number)
    }

    /// The first value in it.
    pub(super) const fn begin(self) -> i64 {
        self.number.saturating_mul(self.table.width())
    }

    /// The first value after it.
    pub(super) const fn end(self) -> i64 {
        self.number.saturating_add(1).saturating_mul(self.table.width())
    }
}

/// The day of an instant: days since 1970.
pub(super) fn day(at: Millis) -> i32 {
    i32::try_from(at.0 / DAY_MS).unwrap_or(i32::MAX)
}

/// What the days from `first` to `last` go into.
pub(super) fn of_days(first: i64, last: i64) -> HashSet<Part> {
    (first..=last).flat_map(|day| Table::BY_DAY.map(|table| Part::with(table, day))).collect()
}

/// What a batch goes into. A range of numbers is made when the one before it is half full.
pub(super) fn of_batch(batch: &Batch) -> HashSet<Part> {
    let today = i64::from(day(batch.now));
    let mut parts = of_days(today, today);
    for row in &batch.rows {
        let (table, number) = match row {
            Row::Message(message) => (Table::Messages, message.transcript),
            Row::Event { id, .. } => (Table::Events, *id),
            _ => continue,
        };
        parts.insert(Part::with(table, number));
        parts.insert(Part::with(table, number.saturating_add(NUMBERS / 2)));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_without_a_gap_and_know_their_names() {
        for table in Table::ALL {
            let part = Part::with(table, 5 << 48);
            let next = Part { number: part.number + 1, ..part };
            assert!(part.begin() <= 5 << 48 && part.end() > 5 << 48);
            assert_eq!(part.end(), next.begin());
            assert_eq!((Part::with(table, part.end() - 1), Part::with(table, part.end())), (part, next));
            assert_eq!(Part::named(table, &part.name()), Some(part));
            assert_eq!(Part::named(table, "messages_old"), None);
        }
        assert_eq!(Part::with(Table::Events, 3 << 48).begin(), 3 << 48, "shards do not share parts");
    }

    #[test]
    fn keys_are_kept_for_at_least_eight_days_and_at_most_twelve() {
        // A part is dropped when the first day after it is more than eight days old.
        for day in 0..100 {
            let first_gone = (day..).find(|today| Part::with(Table::Keys, day).end() <= today - 8).unwrap();
            assert!((9..=12).contains(&(first_gone - day)), "day {day} is gone on day {first_gone}");
        }
    }
}
