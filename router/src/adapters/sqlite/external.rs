//! Events of other systems that were not applied yet.

use async_trait::async_trait;
use blendline_cases::systems::Held;
use blendline_wire::{CaseId, ExternalId, Millis, TenantId};
use rusqlite::Connection;

use super::SqliteStore;
use super::store::fault;
use super::store::readers::{collect, first, parse};
use super::store::tables::Text;
use crate::adapters::columns::{Batch, rows, sql};
use crate::ports::external::{BEARING_MAX, ExternalFilter, Externals, ExternalsWanted};
use crate::ports::store::StoreError;

const ONE: &str = "SELECT body FROM external_events WHERE id = ?1";
const AT_PLACE: &str = "SELECT body FROM external_events WHERE place = ?1 AND due_at IS NOT NULL";
const LIST: &str = "SELECT body FROM external_events WHERE tenant = ?1 AND id > ?2 AND (?3 IS NULL OR system = ?3)
    AND (?4 IS NULL OR (due_at IS NULL) = ?4) ORDER BY id LIMIT ?5";
const DUE: &str = "SELECT body FROM external_events WHERE shard = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT ?3";
const BEARING: &str = "SELECT k.id FROM case_references r CROSS JOIN cases k ON k.id = r.case_id
    WHERE r.tenant = ?1 AND r.reference = ?2 ORDER BY k.open DESC, k.opened_at DESC LIMIT ?3";

#[async_trait]
impl Externals for SqliteStore {
    async fn external(&self, id: ExternalId) -> Result<Option<Held>, StoreError> {
        let id = id.0.to_be_bytes();
        self.readers().read(move |connection| first(connection, ONE, [id], |row| parse(row, 0))).await
    }

    async fn externals(
        &self,
        tenant: TenantId,
        filter: &ExternalFilter,
        after: Option<ExternalId>,
        limit: usize,
    ) -> Result<Vec<Held>, StoreError> {
        // An empty name comes before every other.
        let after = after.map_or_else(Vec::new, |id| id.0.to_be_bytes().to_vec());
        let params = (sql(tenant.0), after, filter.system.clone(), filter.parked, rows(limit));
        self.readers().read(move |connection| collect(connection, LIST, params, |row| parse(row, 0))).await
    }

    async fn externals_due(&self, shard: u16, now: Millis, limit: usize) -> Result<Vec<Held>, StoreError> {
        let params = (shard, sql(now.0), rows(limit));
        self.readers().read(move |connection| collect(connection, DUE, params, |row| parse(row, 0))).await
    }

    async fn cases_bearing(&self, tenant: TenantId, reference: &str) -> Result<Vec<CaseId>, StoreError> {
        let reference = reference.to_owned();
        self.readers().read(move |connection| bearing(connection, tenant, &reference)).await
    }
}

/// Cases that ever bore a reference.
pub(in crate::adapters::sqlite) fn bearing(
    connection: &Connection,
    tenant: TenantId,
    reference: &str,
) -> Result<Vec<CaseId>, StoreError> {
    collect(connection, BEARING, (sql(tenant.0), reference, rows(BEARING_MAX)), |row| {
        let id: [u8; 16] = row.get(0).map_err(|error| fault(&error))?;
        Ok(CaseId(u128::from_be_bytes(id)))
    })
}

/// All events that are asked for.
pub(in crate::adapters::sqlite) fn held(
    connection: &Connection,
    wanted: &ExternalsWanted,
) -> Result<Vec<Held>, StoreError> {
    let mut held = Vec::new();
    for id in &wanted.ids {
        held.extend(first(connection, ONE, [id.0.to_be_bytes()], |row| parse(row, 0))?);
    }
    for place in &wanted.places {
        held.extend(collect(connection, AT_PLACE, [place], |row| parse(row, 0))?);
    }
    Ok(held)
}

/// Writes what a batch brings of them, and which references its cases bear.
pub(in crate::adapters::sqlite) fn write(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let mut reference = connection.prepare_cached(
        "INSERT INTO case_references (tenant, reference, case_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?;
    for (tenant, text, case) in &batch.references {
        reference.execute((tenant, text, case))?;
    }
    let mut put = connection.prepare_cached(
        "INSERT INTO external_events (id, place, shard, tenant, due_at, system, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, body = excluded.body",
    )?;
    for row in &batch.externals {
        let body = Text(batch.text(&row.body));
        put.execute((row.id, row.place, batch.shard, row.tenant, row.due_at, &row.system, body))?;
    }
    let mut remove = connection.prepare_cached("DELETE FROM external_events WHERE id = ?1")?;
    for id in &batch.externals_removed {
        remove.execute([id])?;
    }
    Ok(())
}
