//! The register of improvements.

use async_trait::async_trait;
use blendline_improvements::Improvement;
use blendline_wire::{ImprovementId, Millis, TenantId};
use rusqlite::Connection;

use super::SqliteStore;
use super::store::fault;
use super::store::readers::{collect, parse};
use super::store::tables::Text;
use crate::adapters::columns::{Batch, rows, sql};
use crate::ports::improvements::{ImprovementFilter, Improvements};
use crate::ports::store::StoreError;

const ONE: &str = "SELECT body FROM improvements WHERE id = ?1
    UNION ALL SELECT body FROM improvements WHERE of_group = ?1";
const LIST: &str = "SELECT body FROM improvements WHERE tenant = ?1 AND id > ?2 AND (?3 IS NULL OR status = ?3)
    AND (?4 IS NULL OR source = ?4) AND (?5 IS NULL OR owner = ?5) AND (?6 IS NULL OR author = ?6)
    AND (NOT ?7 OR of_group IS NULL) ORDER BY id LIMIT ?8";
const DUE: &str = "SELECT id FROM improvements WHERE shard = ?1 AND look_at <= ?2 ORDER BY look_at LIMIT ?3";

#[async_trait]
impl Improvements for SqliteStore {
    async fn improvements(&self, ids: &[ImprovementId]) -> Result<Vec<Improvement>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = ids.to_vec();
        self.readers().read(move |connection| some(connection, &ids)).await
    }

    async fn list_improvements(
        &self,
        tenant: TenantId,
        filter: &ImprovementFilter,
        after: Option<ImprovementId>,
        limit: usize,
    ) -> Result<Vec<Improvement>, StoreError> {
        // An empty name comes before every other.
        let after = after.map_or_else(Vec::new, |id| id.0.to_be_bytes().to_vec());
        let params = (
            sql(tenant.0),
            after,
            filter.status.map(|it| it.as_str()),
            filter.source.map(|it| it.as_str()),
            filter.owner.map(|id| sql(id.0)),
            filter.author.map(|id| sql(id.0)),
            filter.firsts,
            rows(limit),
        );
        self.readers().read(move |connection| collect(connection, LIST, params, |row| parse(row, 0))).await
    }

    async fn improvements_to_look_at(
        &self,
        shard: u16,
        now: Millis,
        limit: usize,
    ) -> Result<Vec<ImprovementId>, StoreError> {
        let params = (shard, sql(now.0), rows(limit));
        let id = |row: &rusqlite::Row<'_>| {
            let id: [u8; 16] = row.get(0).map_err(|error| fault(&error))?;
            Ok(ImprovementId(u128::from_be_bytes(id)))
        };
        self.readers().read(move |connection| collect(connection, DUE, params, id)).await
    }
}

/// Those of these names, and all that belong to them.
pub(in crate::adapters::sqlite) fn some(
    connection: &Connection,
    ids: &[ImprovementId],
) -> Result<Vec<Improvement>, StoreError> {
    let mut found: Vec<Improvement> = Vec::new();
    for id in ids {
        found.extend(collect(connection, ONE, [id.0.to_be_bytes()], |row| parse::<Improvement>(row, 0))?);
    }
    Ok(found)
}

/// Writes those of a batch.
pub(in crate::adapters::sqlite) fn write(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let mut put = connection.prepare_cached(
        "INSERT INTO improvements (id, of_group, shard, tenant, owner, author, look_at, status, source, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (id) DO UPDATE SET of_group = excluded.of_group, owner = excluded.owner, author = excluded.author,
             look_at = excluded.look_at, status = excluded.status, body = excluded.body",
    )?;
    for row in &batch.improvements {
        let (shard, body) = (batch.shard, Text(batch.text(&row.body)));
        put.execute((
            row.id,
            row.group,
            shard,
            row.tenant,
            row.owner,
            row.author,
            row.look_at,
            row.status,
            row.source,
            body,
        ))?;
    }
    Ok(())
}
