//! Everything the core is rebuilt from.

use std::pin::pin;
use std::time::Duration;

use blendline_core::rows::Snapshot;
use deadpool_postgres::Transaction;
use futures_util::TryStreamExt as _;
use serde::de::DeserializeOwned;
use tokio_postgres::types::ToSql;
use tokio_postgres::{IsolationLevel, Row};

use super::connections::{Connections, Lent, in_time, told};
use super::values::parse;
use crate::ports::store::StoreError;

/// How many rows are read from JSON at once, on a thread that may take its time.
const ROWS_AT_ONCE: usize = 8192;

/// Reads all live rows of a shard.
///
/// Tasks are read beside the rest, over a connection and a view of their own. The views agree, for the caller has the
/// shard: until it commits, nobody writes these rows.
pub(super) async fn load(readers: &Connections, shard: u16) -> Result<Snapshot, StoreError> {
    let shard = i32::from(shard);
    let (tasks, rest) = tokio::join!(
        async {
            let mut lent = readers.lend().await?;
            let tasks = tasks(&mut lent, shard).await;
            lent.back(tasks)
        },
        async {
            let mut lent = readers.lend().await?;
            let rest = rest(&mut lent, shard).await;
            lent.back(rest)
        }
    );
    Ok(Snapshot { tasks: tasks?.tasks, ..rest? })
}

async fn tasks(lent: &mut Lent<'_>, shard: i32) -> Result<Snapshot, StoreError> {
    let view = View::open(lent).await?;
    let tasks = view.open_rows("tasks", shard).await?;
    view.close().await?;
    Ok(Snapshot { tasks, ..Snapshot::default() })
}

async fn rest(lent: &mut Lent<'_>, shard: i32) -> Result<Snapshot, StoreError> {
    let view = View::open(lent).await?;
    let snapshot = Snapshot {
        meta: view.settings(shard, "meta").await?.pop().unwrap_or_default(),
        tenants: view.settings(shard, "tenant").await?,
        accounts: view.settings(shard, "account").await?,
        calendars: view.settings(shard, "calendar").await?,
        queues: view.settings(shard, "queue").await?,
        workers: view.rows("SELECT body FROM workers WHERE shard = $1 ORDER BY id", &[&shard], 0).await?,
        conversations: view.open_rows("conversations", shard).await?,
        tasks: Vec::new(),
        outbound: view.open_rows("outbound", shard).await?,
        learnt: view.settings(shard, "learnt").await?,
    };
    view.close().await?;
    Ok(snapshot)
}

/// One consistent view, for as long as reading goes on: its limit is on each answer, not on the whole.
struct View<'a> {
    transaction: Transaction<'a>,
    terms: (Duration, &'a str),
}

impl<'a> View<'a> {
    async fn open(lent: &'a mut Lent<'_>) -> Result<Self, StoreError> {
        let terms = lent.terms();
        let view = lent.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let opening = async {
            let transaction = told(view.start().await)?;
            told(transaction.batch_execute("SET LOCAL statement_timeout = 0").await)?;
            Ok(transaction)
        };
        let transaction = in_time(terms.0, terms.1, opening).await?;
        Ok(Self { transaction, terms })
    }

    async fn close(self) -> Result<(), StoreError> {
        let Self { transaction, terms: (time, place) } = self;
        in_time(time, place, async { told(transaction.commit().await) }).await
    }

    async fn settings<T: DeserializeOwned + Send + 'static>(
        &self,
        shard: i32,
        kind: &str,
    ) -> Result<Vec<T>, StoreError> {
        self.rows("SELECT body FROM settings WHERE shard = $1 AND kind = $2 ORDER BY id", &[&shard, &kind], 0).await
    }

    /// The open rows of a table, which is one of ours. Counted first: a list that grows by doubling would need the
    /// memory three times over.
    async fn open_rows<T: DeserializeOwned + Send + 'static>(
        &self,
        table: &str,
        shard: i32,
    ) -> Result<Vec<T>, StoreError> {
        let count = format!("SELECT count(*) FROM {table} WHERE shard = $1 AND open");
        let (time, place) = self.terms;
        let counting = async { told(told(self.transaction.query_one(&count, &[&shard]).await)?.try_get::<_, i64>(0)) };
        let count = in_time(time, place, counting).await?;
        let query = format!("SELECT body FROM {table} WHERE shard = $1 AND open ORDER BY id");
        self.rows(&query, &[&shard], usize::try_from(count).unwrap_or(0)).await
    }

    /// The rows of a query, of which there are probably `expected`.
    async fn rows<T: DeserializeOwned + Send + 'static>(
        &self,
        query: &str,
        params: &[&(dyn ToSql + Sync)],
        expected: usize,
    ) -> Result<Vec<T>, StoreError> {
        let (time, place) = self.terms;
        let asking = async { told(self.transaction.query_raw(query, params.iter().copied()).await) };
        let mut stream = pin!(in_time(time, place, asking).await?);
        let (mut found, mut waiting) = (Vec::with_capacity(expected), Vec::new());
        while let Some(row) = in_time(time, place, async { told(stream.try_next().await) }).await? {
            waiting.push(row);
            if waiting.len() == ROWS_AT_ONCE {
                found = read(found, std::mem::take(&mut waiting)).await?;
            }
        }
        read(found, waiting).await
    }
}

/// Reads rows from JSON and adds them to `found`.
async fn read<T: DeserializeOwned + Send + 'static>(mut found: Vec<T>, rows: Vec<Row>) -> Result<Vec<T>, StoreError> {
    let reading = tokio::task::spawn_blocking(move || {
        for row in &rows {
            found.push(parse(row, 0)?);
        }
        Ok(found)
    });
    reading.await.map_err(|error| StoreError::Unavailable(error.to_string()))?
}
