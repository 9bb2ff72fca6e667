//! The broker's statements.

use std::path::Path;

use bytes::Bytes;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::line::Line;
use super::writer::Reply;
use crate::adapters::columns::sql;
use crate::adapters::sqlite::{OpenError, connection};
use crate::adapters::waiting::Waiting;

/// The schema, oldest step first.
const MIGRATIONS: &[&str] = &[include_str!("../../../../migrations/broker/0001_messages.sql")];
/// The page cache: enough for the head and the tail of a long queue.
const CACHE_KIB: u32 = 8 * 1024;
/// A message on its way into the file.
pub(super) struct Put {
    pub(super) line: usize,
    pub(super) number: u64,
    pub(super) body: Bytes,
    pub(super) reply: Reply<()>,
    /// Counts it among those that wait, until it is answered.
    pub(super) _waiting: Waiting,
}

/// Opens the file for the writer.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    connection::open_writer(path, CACHE_KIB, MIGRATIONS)
}

/// One transaction: the group's messages in, what was acked out, the queues' numbers. Gives how many went, per line.
pub(super) fn write(
    connection: &mut Connection,
    lines: &mut [Line],
    group: &[Put],
    added: &[u64],
) -> rusqlite::Result<Vec<u64>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut insert = transaction.prepare_cached("INSERT INTO messages (id, body) VALUES (?1, ?2)")?;
    for put in group {
        insert.execute((lines[put.line].key(put.number), &put.body[..]))?;
    }
    drop(insert);
    let deleted = lines.iter_mut().map(|line| delete_acked(&transaction, line)).collect::<Result<Vec<_>, _>>()?;
    let mut update = transaction.prepare_cached("UPDATE queues SET last = ?2, depth = ?3 WHERE id = ?1")?;
    for ((line, &added), &deleted) in lines.iter().zip(added).zip(&deleted) {
        if added > 0 || deleted > 0 {
            update.execute((line.id, sql(line.last + added), sql((line.stored + added).saturating_sub(deleted))))?;
        }
    }
    drop(update);
    transaction.commit()?;
    Ok(deleted)
}

fn delete_acked(transaction: &Transaction<'_>, line: &mut Line) -> rusqlite::Result<u64> {
    let mut delete = transaction.prepare_cached("DELETE FROM messages WHERE id BETWEEN ?1 AND ?2")?;
    let mut deleted = 0;
    for (from, to) in line.acked_runs() {
        deleted += delete.execute((line.key(from), line.key(to)))? as u64;
    }
    Ok(deleted)
}

/// A page of messages from number `from` on.
pub(super) fn read(
    connection: &Connection,
    line: &Line,
    from: u64,
    limit: usize,
) -> rusqlite::Result<Vec<(u64, Bytes)>> {
    let mut select =
        connection.prepare_cached("SELECT id, body FROM messages WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3")?;
    let page = select.query_map((line.key(from), line.key(line.last), limit as i64), |row| {
        Ok((line.number(row.get(0)?), Bytes::from(row.get::<_, Vec<u8>>(1)?)))
    })?;
    page.collect()
}
