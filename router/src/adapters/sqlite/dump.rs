//! The record's file, as rows to move. The data directory is ours, so no router runs on it.

use async_trait::async_trait;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::store::fault;
use super::{DataDir, OpenError, store};
use crate::adapters::columns::unsql;
use crate::adapters::dump::{Cell, Kind, Sink, Source, TABLES, Table, Target};
use crate::ports::store::StoreError;

/// A record whose rows are read, or an empty one that is filled, in one transaction.
pub struct SqliteDump {
    connection: Connection,
    /// The directory stays ours.
    _directory: DataDir,
}

impl SqliteDump {
    /// Opens the record of a directory to read it.
    ///
    /// # Errors
    /// Also when there is no record.
    pub fn source(directory: &DataDir) -> Result<Self, OpenError> {
        let path = directory.file("store.db");
        if !path.is_file() {
            let cause = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no record in it");
            return Err(OpenError::Io { path, cause });
        }
        Self::open(directory, "BEGIN")
    }

    /// Opens or makes the record of a directory to fill it.
    pub fn target(directory: &DataDir) -> Result<Self, OpenError> {
        Self::open(directory, "BEGIN IMMEDIATE")
    }

    fn open(directory: &DataDir, begin: &str) -> Result<Self, OpenError> {
        let path = directory.file("store.db");
        let connection = store::open_file(&path)?;
        connection.execute_batch(begin).map_err(|cause| OpenError::Database { path, cause })?;
        Ok(Self { connection, _directory: directory.clone() })
    }

    /// The first table that holds something.
    pub fn occupied(&self) -> Result<Option<&'static str>, StoreError> {
        for table in TABLES {
            let query = format!("SELECT EXISTS (SELECT 1 FROM {})", table.name);
            let found =
                self.connection.query_row(&query, [], |row| row.get::<_, bool>(0)).map_err(|error| fault(&error))?;
            if found {
                return Ok(Some(table.name));
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl Source for SqliteDump {
    async fn counts(&mut self) -> Result<Vec<u64>, StoreError> {
        let count = |table: &Table| {
            let query = format!("SELECT count(*) FROM {}", table.name);
            self.connection.query_row(&query, [], |row| row.get(0)).map(unsql).map_err(|error| fault(&error))
        };
        TABLES.iter().map(count).collect()
    }

    async fn rows(&mut self, table: &'static Table, sink: Sink<'_>) -> Result<(), StoreError> {
        let sqlite = |error| fault(&error);
        let query = format!("SELECT {} FROM {} ORDER BY {}", table.column_list(), table.name, table.key);
        let mut select = self.connection.prepare(&query).map_err(sqlite)?;
        let mut rows = select.query([]).map_err(sqlite)?;
        while let Some(row) = rows.next().map_err(sqlite)? {
            let cell = |(column, (name, kind)): (usize, &(&str, Kind))| {
                let value = row.get_ref(column).map_err(sqlite)?;
                cell(value, *kind)
                    .ok_or_else(|| StoreError::Corrupt(format!("{}.{name} holds {:?}", table.name, value.data_type())))
            };
            sink(table.columns.iter().enumerate().map(cell).collect::<Result<_, _>>()?)?;
        }
        Ok(())
    }
}

#[async_trait]
impl Target for SqliteDump {
    async fn add(&mut self, table: &'static Table, rows: Vec<Vec<Cell>>) -> Result<(), StoreError> {
        let sqlite = |error| fault(&error);
        let places: Vec<String> = (1..=table.columns.len()).map(|n| format!("?{n}")).collect();
        let (columns, places) = (table.column_list(), places.join(", "));
        // A moved installation has no owner.
        let insert = if table.name == "shards" {
            format!("INSERT INTO shards ({columns}, owner_url, lease_until) VALUES ({places}, '', 0)")
        } else {
            format!("INSERT INTO {} ({columns}) VALUES ({places})", table.name)
        };
        let mut insert = self.connection.prepare_cached(&insert).map_err(sqlite)?;
        for row in &rows {
            insert.execute(params_from_iter(row)).map_err(sqlite)?;
        }
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<(), StoreError> {
        self.connection.execute_batch("COMMIT").map_err(|error| fault(&error))
    }
}

/// A value as its column's kind has it; `None` when it is of another kind.
fn cell(value: ValueRef<'_>, kind: Kind) -> Option<Cell> {
    Some(match (kind, value) {
        (kind, ValueRef::Null) if kind.is_optional() => Cell::Null,
        (Kind::Int | Kind::Int32 | Kind::MaybeInt, ValueRef::Integer(number)) => Cell::Int(number),
        (Kind::Bool, ValueRef::Integer(number)) => Cell::Bool(number != 0),
        (Kind::Text | Kind::MaybeText, ValueRef::Text(text)) => Cell::Text(std::str::from_utf8(text).ok()?.to_owned()),
        (Kind::Hash, ValueRef::Blob(bytes)) if bytes.len() == 16 => Cell::Bytes(bytes.to_vec()),
        (Kind::Bytes | Kind::MaybeBytes, ValueRef::Blob(bytes)) => Cell::Bytes(bytes.to_vec()),
        _ => return None,
    })
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Int(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Self::Bool(yes) => ToSqlOutput::Owned(Value::Integer(i64::from(*yes))),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}
