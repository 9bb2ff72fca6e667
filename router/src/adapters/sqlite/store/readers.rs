//! Reading beside the writer: a few connections, used on threads that may block.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Row};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::fault;
use crate::adapters::sqlite::connection;
use crate::ports::store::StoreError;

/// How many reads run at once; the others wait.
const READERS_MAX: usize = 4;
/// The page cache of each reader.
const CACHE_KIB: u32 = 4 * 1024;

/// The reading connections.
pub(in crate::adapters::sqlite) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    /// Readers of a file that has its schema. Connections are opened when they are needed.
    pub(in crate::adapters::sqlite) fn new(path: PathBuf) -> Self {
        Self { path, idle: Mutex::new(Vec::new()), permits: Arc::new(Semaphore::new(READERS_MAX)) }
    }

    /// Runs `read` on a thread that may block, over one consistent view of the file.
    pub(in crate::adapters::sqlite) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let gone = |_| StoreError::Unavailable("the store has stopped".into());
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(gone)?;
        let readers = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let connection = readers.connection()?;
            let transaction = connection.unchecked_transaction().map_err(|error| fault(&error))?;
            // On an error the connection is dropped, and the next read opens the file anew.
            let found = read(&transaction)?;
            transaction.finish().map_err(|error| fault(&error))?;
            readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            Ok(found)
        });
        reading.await.map_err(|error| StoreError::Unavailable(error.to_string()))?
    }

    fn connection(&self) -> Result<Connection, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| connection::open_reader(&self.path, CACHE_KIB), Ok).map_err(|error| fault(&error))
    }
}

/// A column with a row as JSON.
pub(in crate::adapters::sqlite) fn parse<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, StoreError> {
    let text = row.get_ref(column).map_err(|error| fault(&error))?.as_bytes();
    let text = text.map_err(|error| StoreError::Corrupt(error.to_string()))?;
    // The error names line and column, never the content.
    serde_json::from_slice(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// All rows of a query, each read by `read`.
pub(in crate::adapters::sqlite) fn collect<T>(
    connection: &Connection,
    query: &str,
    params: impl rusqlite::Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let sqlite = |error| fault(&error);
    let mut select = connection.prepare_cached(query).map_err(sqlite)?;
    let mut rows = select.query(params).map_err(sqlite)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(sqlite)? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The first row of a query, read by `read`.
pub(in crate::adapters::sqlite) fn first<T>(
    connection: &Connection,
    query: &str,
    params: impl rusqlite::Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let sqlite = |error| fault(&error);
    let mut select = connection.prepare_cached(query).map_err(sqlite)?;
    let mut rows = select.query(params).map_err(sqlite)?;
    rows.next().map_err(sqlite)?.map(read).transpose()
}
