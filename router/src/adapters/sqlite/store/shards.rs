//! Ownership of shards (P2): by the database's own clock, never by the caller's.

use blendline_wire::Millis;
use rusqlite::{Connection, OptionalExtension as _, Transaction};

use super::EMBEDDED_OWNER;
use super::writer::Answer;
use crate::adapters::columns::{Batch, sql, unsql};
use crate::ports::store::{StoreError, Tenure};

/// Ends the leases that an embedded owner left behind when it was killed, so that its restart need not wait for them.
///
/// Safe because the caller holds the lock on the data directory: the process whose leases these are is dead. Owners of
/// other kinds are left alone.
pub(super) fn end_dead_leases(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .execute("UPDATE shards SET lease_until = 0 WHERE substr(owner_url, 1, length(?1)) = ?1", [EMBEDDED_OWNER])
        .map(drop)
}

/// Takes a shard whose lease is over.
pub(super) fn take(
    transaction: &Transaction<'_>,
    shard: u16,
    owner: &str,
    lease_ms: u64,
) -> rusqlite::Result<Result<Answer, StoreError>> {
    transaction
        .prepare_cached(
            "INSERT INTO shards (id, epoch, batch, now, owner_url, lease_until) VALUES (?1, 0, 0, 0, '', 0)
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute([shard])?;
    let taken = transaction
        .prepare_cached(
            "UPDATE shards SET epoch = epoch + 1, owner_url = ?2,
                 lease_until = CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?3
             WHERE id = ?1 AND lease_until <= CAST(unixepoch('subsec') * 1000 AS INTEGER)
             RETURNING epoch, batch, now",
        )?
        .query_row((shard, owner, sql(lease_ms)), |row| {
            Ok(Tenure { epoch: unsql(row.get(0)?), batch: unsql(row.get(1)?), now: Millis(unsql(row.get(2)?)) })
        })
        .optional()?;
    if let Some(tenure) = taken {
        return Ok(Ok(Answer::Tenure(tenure)));
    }
    let held = transaction
        .prepare_cached(
            "SELECT owner_url, lease_until - CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM shards WHERE id = ?1",
        )?
        .query_row([shard], |row| Ok(StoreError::Held { owner: row.get(0)?, left_ms: unsql(row.get(1)?) }))?;
    Ok(Err(held))
}

/// Lengthens a lease.
pub(super) fn renew(
    transaction: &Transaction<'_>,
    shard: u16,
    epoch: u64,
    lease_ms: u64,
) -> rusqlite::Result<Result<Answer, StoreError>> {
    let renewed = transaction
        .prepare_cached(
            "UPDATE shards SET lease_until = CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?3
             WHERE id = ?1 AND epoch = ?2",
        )?
        .execute((shard, sql(epoch), sql(lease_ms)))?;
    Ok(if renewed == 1 { Ok(Answer::Done) } else { Err(StoreError::Fenced) })
}

/// Ends a lease.
pub(super) fn give_up(
    transaction: &Transaction<'_>,
    shard: u16,
    epoch: u64,
) -> rusqlite::Result<Result<Answer, StoreError>> {
    let given = transaction
        .prepare_cached("UPDATE shards SET lease_until = 0 WHERE id = ?1 AND epoch = ?2")?
        .execute((shard, sql(epoch)))?;
    Ok(if given == 1 { Ok(Answer::Done) } else { Err(StoreError::Fenced) })
}

/// What the fence says of a batch.
pub(super) enum Fence {
    /// It is the next one of the live epoch; its number is written.
    Open,
    /// It is the last one of the live epoch: committed before, by a try whose outcome was not known (P4).
    Passed,
    /// The epoch has moved on, or a batch is missing.
    Closed,
}

/// Checks epoch and batch number, and moves them on.
pub(super) fn fence(connection: &Connection, batch: &Batch) -> rusqlite::Result<Fence> {
    let (shard, epoch, number) = (batch.shard, sql(batch.epoch), sql(batch.batch));
    let moved = connection
        .prepare_cached(
            "UPDATE shards SET batch = ?3, now = ?4,
                 lease_until = CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?5
             WHERE id = ?1 AND epoch = ?2 AND batch = ?3 - 1",
        )?
        .execute((shard, epoch, number, sql(batch.now.0), sql(batch.lease_ms)))?;
    if moved == 1 {
        return Ok(Fence::Open);
    }
    let passed = connection
        .prepare_cached("SELECT 1 FROM shards WHERE id = ?1 AND epoch = ?2 AND batch = ?3")?
        .exists((shard, epoch, number))?;
    Ok(if passed { Fence::Passed } else { Fence::Closed })
}
