//! Partitions: made before they are needed, known by heart, dropped when their days are over.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use blendline_wire::Millis;
use tokio_postgres::Client;

use super::connections::{Connections, Lent, in_time, told};
use super::parts::{Part, Table, day, of_batch, of_days};
use crate::adapters::columns::Batch;
use crate::adapters::dump::{self, Cell};
use crate::ports::store::StoreError;

/// How long duplicate keys and the journal are kept at least, in days, beside the running one.
const KEPT_DAYS: i64 = 8;
/// How many days are made ahead of the running one.
const AHEAD_DAYS: i64 = 2;
/// The advisory lock of whoever makes or drops partitions.
const PARTITIONS_LOCK: i64 = 0x626c_656e_646c_7061;
/// How long dropping waits for a lock, in milliseconds: whoever comes after it waits for it as well.
const DROP_WAIT_MS: u32 = 250;

/// The partitions that are there, as far as this process knows.
#[derive(Default)]
pub(super) struct Partitions {
    known: RwLock<HashSet<Part>>,
}

impl Partitions {
    /// Learns which partitions there are, and makes those of these days.
    pub(super) async fn open(&self, connections: &Connections) -> Result<(), StoreError> {
        let lent = connections.lend().await?;
        let looking = async {
            let found = existing(&lent).await?;
            let now: i64 = told(told(lent.query_one("SELECT clock_ms()", &[]).await)?.try_get(0))?;
            Ok((found, now))
        };
        let looked = lent.within(looking).await;
        let (found, now) = lent.back(looked)?;
        self.known.write().unwrap_or_else(PoisonError::into_inner).extend(found);
        self.ahead(connections, Millis(u64::try_from(now).unwrap_or(0))).await
    }

    /// Makes the partitions that a batch needs and that are not known to be there. Nearly always there are none.
    pub(super) async fn ensure(&self, connections: &Connections, batch: &Batch) -> Result<(), StoreError> {
        self.make_unknown(connections, of_batch(batch)).await
    }

    /// Makes the days to come.
    pub(super) async fn ahead(&self, connections: &Connections, now: Millis) -> Result<(), StoreError> {
        let today = i64::from(day(now));
        self.make_unknown(connections, of_days(today, today + AHEAD_DAYS)).await
    }

    /// Drops the oldest partition of each table by day, where all its days are older than those that are kept. True:
    /// there is more.
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

    async fn make_unknown(&self, connections: &Connections, mut wanted: HashSet<Part>) -> Result<(), StoreError> {
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            wanted.retain(|part| !known.contains(part));
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let mut lent = connections.lend().await?;
        let (time, place) = lent.terms();
        let made = in_time(time, place, make(&mut lent, &wanted)).await;
        lent.back(made)?;
        self.known.write().unwrap_or_else(PoisonError::into_inner).extend(wanted);
        Ok(())
    }
}

/// Makes what rows of a table go into, inside the transaction that this connection is in.
pub(super) async fn make_for(client: &Client, table: &dump::Table, rows: &[Vec<Cell>]) -> Result<(), StoreError> {
    let Some(parted) = Table::ALL.into_iter().find(|parted| parted.name() == table.name) else { return Ok(()) };
    let Some(column) = table.columns.iter().position(|(name, _)| *name == parted.column()) else { return Ok(()) };
    let part = |row: &Vec<Cell>| match row.get(column) {
        Some(Cell::Int(value)) => Some(Part::with(parted, *value)),
        _ => None,
    };
    for part in rows.iter().filter_map(part).collect::<HashSet<_>>() {
        attach(client, part).await?;
    }
    Ok(())
}

/// The partitions in the database.
async fn existing(client: &Client) -> Result<Vec<Part>, StoreError> {
    let mut parts = Vec::new();
    for table in Table::ALL {
        let query = "SELECT relname::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                     WHERE inhparent = $1::text::regclass";
        for row in told(client.query(query, &[&table.name()]).await)? {
            // A part by another name was attached by somebody else for reasons of his own; it is left alone.
            parts.extend(Part::named(table, told(row.try_get(0))?));
        }
    }
    Ok(parts)
}

/// Makes parts that are not there.
async fn make(lent: &mut Lent<'_>, parts: &HashSet<Part>) -> Result<(), StoreError> {
    let transaction = told(lent.transaction().await)?;
    told(transaction.query("SELECT pg_advisory_xact_lock($1)", &[&PARTITIONS_LOCK]).await)?;
    for part in parts {
        attach(transaction.client(), *part).await?;
    }
    told(transaction.commit().await)
}

/// Makes and attaches a part if it is not there, in the transaction that the caller is in. Attaching, unlike making in
/// place, keeps no reader or writer waiting.
async fn attach(client: &Client, part: Part) -> Result<(), StoreError> {
    let (name, parent, begin, end) = (part.name(), part.table.name(), part.begin(), part.end());
    let there = told(client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&name]).await)?;
    if told(there.try_get::<_, bool>(0))? {
        return Ok(());
    }
    let make = format!(
        "CREATE TABLE {name} (LIKE {parent} INCLUDING ALL);
         ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ({begin}) TO ({end});"
    );
    told(client.batch_execute(&make).await)?;
    tracing::info!(partition = name, "A partition was made.");
    Ok(())
}

/// Drops the oldest part of each table by day that lies before `before`; tells which, and whether there are more.
async fn drop_oldest(lent: &mut Lent<'_>, before: i64) -> Result<(Vec<Part>, bool), StoreError> {
    let mut old: Vec<Part> = existing(lent).await?;
    old.retain(|part| Table::BY_DAY.contains(&part.table) && part.end() <= before);
    old.sort_by_key(|part| part.number);
    let oldest = |table| old.iter().find(|part| part.table == table).copied();
    let oldest: Vec<Part> = Table::BY_DAY.into_iter().filter_map(oldest).collect();
    for part in &oldest {
        let transaction = told(lent.transaction().await)?;
        // Makers and droppers one at a time, so that none meets a half of the other's work.
        told(transaction.query("SELECT pg_advisory_xact_lock($1)", &[&PARTITIONS_LOCK]).await)?;
        let name = part.name();
        let drop = format!("SET LOCAL lock_timeout = {DROP_WAIT_MS}; DROP TABLE IF EXISTS {name};");
        told(transaction.batch_execute(&drop).await)?;
        told(transaction.commit().await)?;
        tracing::info!(partition = name, "A partition was dropped: its days are over.");
    }
    let more = old.len() > oldest.len();
    Ok((oldest, more))
}
