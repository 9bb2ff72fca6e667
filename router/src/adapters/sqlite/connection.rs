//! Opening a file, and bringing its schema up to date.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::OpenError;

/// How long a statement waits for a lock: nobody else writes these files, so this is somebody's backup or shell. Short
/// enough for a webhook to get its 503 within two seconds.
const BUSY: Duration = Duration::from_secs(1);
/// How many prepared statements a connection keeps.
const STATEMENTS_MAX: usize = 128;

/// Opens `path` for its writer and applies the migrations that are missing.
pub(super) fn open_writer(path: &Path, cache_kib: u32, migrations: &[&str]) -> Result<Connection, OpenError> {
    let mut connection = connect(path, cache_kib, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
        .map_err(|cause| OpenError::Database { path: path.to_path_buf(), cause })?;
    migrate(&mut connection, path, migrations)?;
    Ok(connection)
}

/// Opens `path`, which has its schema, for reading.
pub(super) fn open_reader(path: &Path, cache_kib: u32) -> rusqlite::Result<Connection> {
    let connection = connect(path, cache_kib, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// `synchronous=FULL` because NORMAL loses the last commits at a power loss, and a commit is a promise here.
/// Checkpoints are the [`super::checkpoint`] thread's, so no commit ever waits for one. No memory map: a disk error
/// would be a signal instead of an error code.
pub(super) fn connect(path: &Path, cache_kib: u32, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    Ok(connection)
}

/// Applies each migration that the file has not seen, each in a transaction of its own, in order.
fn migrate(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), OpenError> {
    let database = |cause| OpenError::Database { path: path.to_path_buf(), cause };
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
        .map_err(database)?;
    let seen: i64 = connection
        .query_row("SELECT coalesce(max(version), 0) FROM schema_version", [], |row| row.get(0))
        .map_err(database)?;
    let found = usize::try_from(seen).unwrap_or(usize::MAX);
    if found > migrations.len() {
        return Err(OpenError::Newer { path: path.to_path_buf(), found, known: migrations.len() });
    }
    for (version, migration) in (1_i64..).zip(migrations).skip(found) {
        let apply = |transaction: Transaction<'_>| {
            transaction.execute_batch(migration)?;
            transaction.execute("INSERT INTO schema_version (version) VALUES (?1)", [version])?;
            transaction.commit()
        };
        connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(apply).map_err(database)?;
    }
    Ok(())
}
