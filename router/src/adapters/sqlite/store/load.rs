//! Everything the core is rebuilt from.

use std::sync::Arc;

use blendline_core::rows::Snapshot;
use rusqlite::Connection;
use serde::de::DeserializeOwned;

use super::fault;
use super::readers::{Readers, collect, first, parse};
use crate::ports::store::StoreError;

/// Reads all live rows of a shard.
///
/// Tasks are read beside the rest, on a thread and a view of the file of their own. The views agree, for the caller has
/// the shard: until it commits, nobody writes these rows.
pub(super) async fn load(readers: &Arc<Readers>, shard: u16) -> Result<Snapshot, StoreError> {
    let tasks = readers.read(move |connection| live(connection, "tasks", shard));
    let rest = readers.read(move |connection| rest(connection, shard));
    let (tasks, rest) = tokio::join!(tasks, rest);
    Ok(Snapshot { tasks: tasks?, ..rest? })
}

fn rest(connection: &Connection, shard: u16) -> Result<Snapshot, StoreError> {
    let meta =
        first(connection, "SELECT body FROM settings WHERE shard = ?1 AND kind = 'meta' AND id = 0", [shard], |row| {
            parse(row, 0)
        })?;
    Ok(Snapshot {
        meta: meta.unwrap_or_default(),
        tenants: settings(connection, shard, "tenant")?,
        accounts: settings(connection, shard, "account")?,
        calendars: settings(connection, shard, "calendar")?,
        queues: settings(connection, shard, "queue")?,
        workers: collect(connection, "SELECT body FROM workers WHERE shard = ?1 ORDER BY id", [shard], |row| {
            parse(row, 0)
        })?,
        conversations: live(connection, "conversations", shard)?,
        tasks: Vec::new(),
        outbound: live(connection, "outbound", shard)?,
        learnt: settings(connection, shard, "learnt")?,
    })
}

fn settings<T: DeserializeOwned>(connection: &Connection, shard: u16, kind: &str) -> Result<Vec<T>, StoreError> {
    let query = "SELECT body FROM settings WHERE shard = ?1 AND kind = ?2 ORDER BY id";
    collect(connection, query, (shard, kind), |row| parse(row, 0))
}

/// The open rows of a table, which is one of ours. Counted first: a list that grows by doubling would need the memory
/// three times over.
fn live<T: DeserializeOwned>(connection: &Connection, table: &str, shard: u16) -> Result<Vec<T>, StoreError> {
    let sqlite = |error| fault(&error);
    let count: i64 = connection
        .query_row(&format!("SELECT count(*) FROM {table} WHERE shard = ?1 AND open = 1"), [shard], |row| row.get(0))
        .map_err(sqlite)?;
    let mut found = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
    let mut select = connection
        .prepare(&format!("SELECT body FROM {table} WHERE shard = ?1 AND open = 1 ORDER BY id"))
        .map_err(sqlite)?;
    let mut rows = select.query([shard]).map_err(sqlite)?;
    while let Some(row) = rows.next().map_err(sqlite)? {
        found.push(parse(row, 0)?);
    }
    Ok(found)
}
