//! What is said of work that was done.

use async_trait::async_trait;
use blendline_quality::{Judgement, Kind};
use blendline_wire::TenantId;
use rusqlite::Connection;

use super::SqliteStore;
use super::store::readers::{collect, first, parse};
use super::store::tables::Text;
use crate::adapters::columns::{Batch, rows, sql};
use crate::ports::judgements::{JudgementFilter, JudgementPlace, Judgements, JudgementsWanted};
use crate::ports::store::StoreError;

const ONE: &str = "SELECT body FROM judgements WHERE id = ?1";
const OF_TASK: &str = "SELECT body FROM judgements WHERE task = ?1";
const LIST: &str = "SELECT body FROM judgements WHERE tenant = ?1 AND at >= ?2 AND at < ?3
    AND (?4 IS NULL OR kind = ?4) AND (?5 IS NULL OR worker = ?5) AND (?6 IS NULL OR judge = ?6)
    AND (?7 IS NULL OR open = ?7) AND (at, id) > (?8, ?9) ORDER BY at, id LIMIT ?10";

#[async_trait]
impl Judgements for SqliteStore {
    async fn judgements_wanted(&self, wanted: &JudgementsWanted) -> Result<Vec<Judgement>, StoreError> {
        let wanted = wanted.clone();
        self.readers().read(move |connection| judgements(connection, &wanted)).await
    }

    async fn judgements(
        &self,
        tenant: TenantId,
        filter: &JudgementFilter,
        after: Option<JudgementPlace>,
        limit: usize,
    ) -> Result<Vec<Judgement>, StoreError> {
        let since = filter.since.map_or(0, |since| sql(since.0));
        let until = filter.until.map_or(i64::MAX, |until| sql(until.0));
        let (worker, judge) = (filter.worker.map(|worker| sql(worker.0)), filter.judge.map(|judge| sql(judge.0)));
        // Before every one there is.
        let (at, id) = after.map_or((-1, Vec::new()), |place| (sql(place.at.0), place.id.0.to_be_bytes().to_vec()));
        let kind = filter.kind.map(Kind::as_str);
        let params = (sql(tenant.0), since, until, kind, worker, judge, filter.open, at, id, rows(limit));
        self.readers().read(move |connection| collect(connection, LIST, params, |row| parse(row, 0))).await
    }
}

/// All that are asked for.
pub(in crate::adapters::sqlite) fn judgements(
    connection: &Connection,
    wanted: &JudgementsWanted,
) -> Result<Vec<Judgement>, StoreError> {
    let mut found = Vec::new();
    for id in &wanted.ids {
        found.extend(first(connection, ONE, [id.0.to_be_bytes()], |row| parse(row, 0))?);
    }
    for task in &wanted.tasks {
        found.extend(collect(connection, OF_TASK, [sql(task.0)], |row| parse::<Judgement>(row, 0))?);
    }
    Ok(found)
}

/// Writes what a batch brings of them.
pub(in crate::adapters::sqlite) fn write(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let mut put = connection.prepare_cached(
        "INSERT INTO judgements (id, shard, tenant, at, kind, worker, judge, task, open, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (id) DO UPDATE SET judge = excluded.judge, task = excluded.task, open = excluded.open,
             body = excluded.body",
    )?;
    for row in &batch.judgements {
        let body = Text(batch.text(&row.body));
        let (shard, kind) = (batch.shard, row.kind);
        put.execute((row.id, shard, row.tenant, row.at, kind, row.worker, row.judge, row.task, row.open, body))?;
    }
    Ok(())
}
