//! Partitions: made before they are needed, known by heart, dropped when their day is over.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use blendline_wire::Millis;

use super::connections::{Connections, Lent, in_time, told};
use crate::adapters::columns::{Batch, Row};
use crate::ports::store::StoreError;

/// How long duplicate keys and the journal are kept, in days, beside the running one.
const KEPT_DAYS: i64 = 8;
/// How many days are made ahead of the running one.
const AHEAD_DAYS: i64 = 2;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// How many numbers a partition by number holds, as a power of two. A task uses about four numbers for itself, its
/// conversation, its matter and an answer, and about seven for its events.
const NUMBERS_BITS: u32 = 24;
/// The advisory lock of whoever makes partitions.
const PARTITIONS_LOCK: i64 = 0x626c_656e_646c_7061;
/// How long dropping waits for a lock, in milliseconds: whoever comes after it waits for it as well.
const DROP_WAIT_MS: u32 = 250;

/// A table in parts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Table {
    Messages,
    Events,
    Keys,
    Journal,
}

const BY_DAY: [Table; 2] = [Table::Keys, Table::Journal];

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Events => "events",
            Self::Keys => "dedup_keys",
            Self::Journal => "journal",
        }
    }
}

/// One part of a table: a day, or a range of numbers.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Part {
    table: Table,
    number: i64,
}

impl Part {
    fn name(self) -> String {
        format!("{}_p{}", self.table.name(), self.number)
    }

    /// The first value in it and the first one after it.
    const fn bounds(self) -> (i64, i64) {
        match self.table {
            Table::Messages | Table::Events => {
                (self.number << NUMBERS_BITS, self.number.saturating_add(1).saturating_mul(1 << NUMBERS_BITS))
            }
            Table::Keys | Table::Journal => (self.number, self.number + 1),
        }
    }
}

/// The day of an instant: days since 1970.
pub(super) fn day(at: Millis) -> i32 {
    i32::try_from(at.0 / DAY_MS).unwrap_or(i32::MAX)
}

/// The partitions that are there, as far as this process knows.
#[derive(Default)]
pub(super) struct Partitions {
    known: RwLock<HashSet<Part>>,
}

impl Partitions {
    /// Learns which partitions there are, and makes those of these days.
    pub(super) async fn open(&self, connections: &Connections) -> Result<(), StoreError> {
        let lent = connections.lend().await?;
        let found = lent.within(existing(&lent)).await;
        let now = lent.within(async { told(told(lent.query_one("SELECT clock_ms()", &[]).await)?.try_get(0)) }).await;
        let (found, now): (Vec<Part>, i64) = lent.back(found.and_then(|found| Ok((found, now?))))?;
        self.known.write().unwrap_or_else(PoisonError::into_inner).extend(found);
        self.ahead(connections, Millis(u64::try_from(now).unwrap_or(0))).await
    }

    /// Makes the partitions that a batch needs and that are not known to be there. Nearly always there are none.
    pub(super) async fn ensure(&self, connections: &Connections, batch: &Batch) -> Result<(), StoreError> {
        let missing = self.unknown(needed(batch));
        if missing.is_empty() { Ok(()) } else { self.make(connections, missing).await }
    }

    /// Makes the days to come.
    pub(super) async fn ahead(&self, connections: &Connections, now: Millis) -> Result<(), StoreError> {
        let today = i64::from(day(now));
        let days = (today..=today + AHEAD_DAYS).flat_map(|number| BY_DAY.map(|table| Part { table, number }));
        let missing = self.unknown(days.collect());
        if missing.is_empty() { Ok(()) } else { self.make(connections, missing).await }
    }

    /// Drops the oldest day of each table that has days before those that are kept. True: there is more.
    ///
    /// # Errors
    /// `Unavailable`, too, while somebody reads such a table for long: then it is for the next time.
    pub(super) async fn drop_old(&self, connections: &Connections, now: Millis) -> Result<bool, StoreError> {
        let before = i64::from(day(now)) - KEPT_DAYS;
        let mut lent = connections.lend().await?;
        let (time, place) = lent.terms();
        let dropped = in_time(time, place, drop_oldest(&mut lent, before)).await;
        let (dropped, more) = lent.back(dropped)?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|part| !dropped.contains(part));
        Ok(more)
    }

    /// Believes nothing any more.
    pub(super) fn forget(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn unknown(&self, wanted: HashSet<Part>) -> Vec<Part> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        wanted.into_iter().filter(|part| !known.contains(part)).collect()
    }

    async fn make(&self, connections: &Connections, parts: Vec<Part>) -> Result<(), StoreError> {
        let mut lent = connections.lend().await?;
        let (time, place) = lent.terms();
        let made = in_time(time, place, make(&mut lent, &parts)).await;
        lent.back(made)?;
        self.known.write().unwrap_or_else(PoisonError::into_inner).extend(parts);
        Ok(())
    }
}

/// What a batch goes into. A range of numbers is made when the one before it is half full.
fn needed(batch: &Batch) -> HashSet<Part> {
    let today = i64::from(day(batch.now));
    let mut parts: HashSet<Part> = BY_DAY.map(|table| Part { table, number: today }).into();
    for row in &batch.rows {
        let (table, number) = match row {
            Row::Message(message) => (Table::Messages, message.transcript),
            Row::Event { id, .. } => (Table::Events, *id),
            _ => continue,
        };
        parts.insert(Part { table, number: number >> NUMBERS_BITS });
        parts.insert(Part { table, number: number.saturating_add(1 << (NUMBERS_BITS - 1)) >> NUMBERS_BITS });
    }
    parts
}

/// The partitions in the database.
async fn existing(lent: &Lent<'_>) -> Result<Vec<Part>, StoreError> {
    let mut parts = Vec::new();
    for table in [Table::Messages, Table::Events, Table::Keys, Table::Journal] {
        let query = "SELECT relname::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                     WHERE inhparent = $1::text::regclass";
        for row in told(lent.query(query, &[&table.name()]).await)? {
            let name: String = told(row.try_get(0))?;
            let number = name.strip_prefix(table.name()).and_then(|rest| rest.strip_prefix("_p")?.parse().ok());
            // A part by another name was attached by somebody else for reasons of his own; it is left alone.
            parts.extend(number.map(|number| Part { table, number }));
        }
    }
    Ok(parts)
}

/// Makes and attaches parts that are not there. Attaching, unlike making in place, keeps no reader or writer waiting.
async fn make(lent: &mut Lent<'_>, parts: &[Part]) -> Result<(), StoreError> {
    let transaction = told(lent.transaction().await)?;
    told(transaction.query("SELECT pg_advisory_xact_lock($1)", &[&PARTITIONS_LOCK]).await)?;
    for part in parts {
        let (name, parent, (from, to)) = (part.name(), part.table.name(), part.bounds());
        let there = told(transaction.query_one("SELECT to_regclass($1) IS NOT NULL", &[&name]).await)?;
        if told(there.try_get::<_, bool>(0))? {
            continue;
        }
        let make = format!(
            "CREATE TABLE {name} (LIKE {parent} INCLUDING ALL);
             ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({to});"
        );
        told(transaction.batch_execute(&make).await)?;
        tracing::info!(partition = name, "A partition was made.");
    }
    told(transaction.commit().await)
}

/// Drops the oldest part of each table by day that lies before `before`; tells which, and whether there are more.
async fn drop_oldest(lent: &mut Lent<'_>, before: i64) -> Result<(Vec<Part>, bool), StoreError> {
    let mut old: Vec<Part> = existing(lent).await?;
    old.retain(|part| BY_DAY.contains(&part.table) && part.number < before);
    old.sort_by_key(|part| part.number);
    let oldest: Vec<Part> =
        BY_DAY.into_iter().filter_map(|table| old.iter().find(|part| part.table == table).copied()).collect();
    for part in &oldest {
        let transaction = told(lent.transaction().await)?;
        // Makers and droppers one at a time, so that none meets a half of the other's work.
        told(transaction.query("SELECT pg_advisory_xact_lock($1)", &[&PARTITIONS_LOCK]).await)?;
        let name = part.name();
        let drop = format!("SET LOCAL lock_timeout = {DROP_WAIT_MS}; DROP TABLE IF EXISTS {name};");
        told(transaction.batch_execute(&drop).await)?;
        told(transaction.commit().await)?;
        tracing::info!(partition = name, "A partition was dropped: its day is over.");
    }
    let more = old.len() > oldest.len();
    Ok((oldest, more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_without_a_gap() {
        for table in [Table::Messages, Table::Keys] {
            let (one, next) = (Part { table, number: 20_000 }, Part { table, number: 20_001 });
            assert_eq!(one.bounds().1, next.bounds().0);
        }
        let shard_3 = Part { table: Table::Events, number: (3_i64 << 48) >> NUMBERS_BITS };
        assert_eq!(shard_3.bounds().0, 3 << 48);
    }
}
