//! The record on PostgreSQL, as rows to move. While it is read or filled nobody can take a shard of it.

use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use futures_util::TryStreamExt as _;
use tokio::task::JoinHandle;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Row};

use super::connections::{in_time, told};
use super::partitions;
use super::values::{Hash, Hidden};
use super::{OpenError, PostgresOptions, migrate};
use crate::adapters::columns::unsql;
use crate::adapters::dump::{Cell, Kind, Sink, Source, TABLES, Table, Target};
use crate::ports::store::StoreError;

/// How long one step may take: sorting or committing a large table is one.
const PATIENCE: Duration = Duration::from_secs(600);

/// A record whose rows are read, or an empty one that is filled, in one transaction.
pub struct PostgresDump {
    client: Client,
    driving: JoinHandle<()>,
    deadline: Duration,
    place: String,
}

impl PostgresDump {
    /// Opens a record to read it.
    ///
    /// # Errors
    /// Also when a router runs on it: what that does meanwhile would be lost.
    pub async fn source(options: &PostgresOptions) -> Result<Self, OpenError> {
        let dump = Self::connect(options).await?;
        dump.begin("BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE shards IN SHARE MODE").await?;
        let held = "SELECT owner_url, lease_until - clock_ms() FROM shards WHERE lease_until > clock_ms() LIMIT 1";
        let held = dump.client.query_opt(held, &[]).await.map_err(|error| migrate::refused(&error, &dump.place))?;
        if let Some(row) = held {
            let column = |error| migrate::refused(&error, &dump.place);
            let (owner, left_ms): (String, i64) = (row.try_get(0).map_err(column)?, row.try_get(1).map_err(column)?);
            let cause = format!("{owner} runs on it (for another {left_ms} ms at least): stop every router first");
            return Err(OpenError::Refused { place: dump.place.clone(), cause });
        }
        Ok(dump)
    }

    /// Opens a record to fill it; its schema is made where need be.
    pub async fn target(options: &PostgresOptions) -> Result<Self, OpenError> {
        let dump = Self::connect(options).await?;
        dump.begin("BEGIN; LOCK TABLE shards IN ACCESS EXCLUSIVE MODE").await?;
        Ok(dump)
    }

    async fn connect(options: &PostgresOptions) -> Result<Self, OpenError> {
        let (client, driving) = super::connect(options).await?;
        Ok(Self { client, driving, deadline: options.deadline, place: options.place() })
    }

    async fn begin(&self, statements: &str) -> Result<(), OpenError> {
        let begun =
            in_time(self.deadline, &self.place, async { told(self.client.batch_execute(statements).await) }).await;
        begun.map_err(|error| OpenError::Refused { place: self.place.clone(), cause: error.to_string() })
    }

    /// The first table that holds something.
    pub async fn occupied(&self) -> Result<Option<&'static str>, StoreError> {
        for table in TABLES {
            let query = format!("SELECT EXISTS (SELECT FROM {})", from(table));
            if told(told(self.client.query_one(&query, &[]).await)?.try_get(0))? {
                return Ok(Some(table.name));
            }
        }
        Ok(None)
    }
}

impl Drop for PostgresDump {
    fn drop(&mut self) {
        self.driving.abort();
    }
}

/// The rows that count: the end of a log that has no entry yet is only a lock.
fn from(table: &Table) -> String {
    let only = if table.name == "audit_heads" { " WHERE seq > 0" } else { "" };
    format!("{}{only}", table.name)
}

#[async_trait]
impl Source for PostgresDump {
    async fn counts(&mut self) -> Result<Vec<u64>, StoreError> {
        let mut counts = Vec::with_capacity(TABLES.len());
        for table in TABLES {
            let query = format!("SELECT count(*) FROM {}", from(table));
            counts.push(unsql(told(told(self.client.query_one(&query, &[]).await)?.try_get(0))?));
        }
        Ok(counts)
    }

    async fn rows(&mut self, table: &'static Table, sink: Sink<'_>) -> Result<(), StoreError> {
        let query = format!("SELECT {} FROM {} ORDER BY {}", table.column_list(), from(table), table.key);
        let no_parameters: [&(dyn ToSql + Sync); 0] = [];
        // Sorting a large table may take its time; after that each row is to come soon.
        let asking = async { told(self.client.query_raw(&query, no_parameters).await) };
        let mut stream = pin!(in_time(PATIENCE, &self.place, asking).await?);
        while let Some(row) = in_time(PATIENCE, &self.place, async { told(stream.try_next().await) }).await? {
            let cells = table.columns.iter().enumerate().map(|(column, (_, kind))| cell(&row, column, *kind));
            sink(cells.collect::<Result<_, _>>()?)?;
        }
        Ok(())
    }
}

#[async_trait]
impl Target for PostgresDump {
    async fn add(&mut self, table: &'static Table, rows: Vec<Vec<Cell>>) -> Result<(), StoreError> {
        partitions::make_for(&self.client, table, &rows).await?;
        let (columns, mut types) =
            (table.column_list(), table.columns.iter().map(|(_, kind)| sql_type(*kind)).collect::<Vec<_>>());
        // A moved installation has no owner.
        let unowned = table.name == "shards";
        let columns = if unowned { format!("{columns}, owner_url, lease_until") } else { columns };
        if unowned {
            types.extend([Type::TEXT, Type::INT8]);
        }
        let copy = format!("COPY {} ({columns}) FROM STDIN (FORMAT binary)", table.name);
        let copying = async {
            let writer = BinaryCopyInWriter::new(told(self.client.copy_in(&copy).await)?, &types);
            let mut writer = pin!(writer);
            for row in &rows {
                let mut values: Vec<Value<'_>> = row
                    .iter()
                    .zip(table.columns)
                    .map(|(cell, (_, kind))| Value::new(cell, *kind))
                    .collect::<Result<_, _>>()?;
                if unowned {
                    values.extend([Value::Bytes(b""), Value::Int(0)]);
                }
                told(writer.as_mut().write_raw(values).await)?;
            }
            told(writer.finish().await).map(drop)
        };
        in_time(PATIENCE, &self.place, copying).await
    }

    async fn finish(self: Box<Self>) -> Result<(), StoreError> {
        // The next number of what the database itself numbers; and statistics, so that the first plans are good ones.
        let numbers =
            "SELECT setval(pg_get_serial_sequence('quarantine', 'id'), max(id)) FROM quarantine HAVING max(id) > 0";
        told(self.client.query(numbers, &[]).await)?;
        in_time(PATIENCE, &self.place, async { told(self.client.batch_execute("COMMIT").await) }).await?;
        // The move is done whether or not this succeeds; the database does it by itself, later.
        let _ = in_time(PATIENCE, &self.place, async { told(self.client.batch_execute("ANALYZE").await) }).await;
        Ok(())
    }
}

/// A value as its column's kind has it.
fn cell(row: &Row, column: usize, kind: Kind) -> Result<Cell, StoreError> {
    Ok(match kind {
        Kind::Int => Cell::Int(told(row.try_get(column))?),
        Kind::MaybeInt => told(row.try_get::<_, Option<i64>>(column))?.map_or(Cell::Null, Cell::Int),
        Kind::Int32 => Cell::Int(i64::from(told(row.try_get::<_, i32>(column))?)),
        Kind::Bool => Cell::Bool(told(row.try_get(column))?),
        Kind::Text => Cell::Text(told(row.try_get(column))?),
        Kind::MaybeText => told(row.try_get::<_, Option<String>>(column))?.map_or(Cell::Null, Cell::Text),
        Kind::Hash => Cell::Bytes(told(row.try_get::<_, Hash>(column))?.0.to_vec()),
        Kind::Bytes => Cell::Bytes(told(row.try_get(column))?),
        Kind::MaybeBytes => told(row.try_get::<_, Option<Vec<u8>>>(column))?.map_or(Cell::Null, Cell::Bytes),
    })
}

const fn sql_type(kind: Kind) -> Type {
    match kind {
        Kind::Int | Kind::MaybeInt => Type::INT8,
        Kind::Int32 => Type::INT4,
        Kind::Bool => Type::BOOL,
        Kind::Text | Kind::MaybeText => Type::TEXT,
        Kind::Hash => Type::UUID,
        Kind::Bytes | Kind::MaybeBytes => Type::BYTEA,
    }
}

/// A cell on its way into a column of its kind.
#[derive(Debug)]
enum Value<'a> {
    Null,
    Int(i64),
    Int32(i32),
    Bool(bool),
    Bytes(&'a [u8]),
    Hash(Hash),
}

impl<'a> Value<'a> {
    fn new(cell: &'a Cell, kind: Kind) -> Result<Self, StoreError> {
        Ok(match (cell, kind) {
            (Cell::Null, kind) if kind.is_optional() => Self::Null,
            (Cell::Int(number), Kind::Int | Kind::MaybeInt) => Self::Int(*number),
            (Cell::Int(number), Kind::Int32) => Self::Int32(i32::try_from(*number).map_err(|_| wrong(kind))?),
            (Cell::Bool(yes), Kind::Bool) => Self::Bool(*yes),
            (Cell::Text(text), Kind::Text | Kind::MaybeText) => Self::Bytes(text.as_bytes()),
            (Cell::Bytes(bytes), Kind::Bytes | Kind::MaybeBytes) => Self::Bytes(bytes),
            (Cell::Bytes(bytes), Kind::Hash) => Self::Hash(Hash(bytes.as_slice().try_into().map_err(|_| wrong(kind))?)),
            (_, kind) => return Err(wrong(kind)),
        })
    }
}

fn wrong(kind: Kind) -> StoreError {
    StoreError::Corrupt(format!("a value is no {kind:?}"))
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => number.to_sql(kind, out),
            Self::Int32(number) => number.to_sql(kind, out),
            Self::Bool(yes) => yes.to_sql(kind, out),
            Self::Bytes(bytes) => Hidden(bytes).to_sql(kind, out),
            Self::Hash(hash) => hash.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
