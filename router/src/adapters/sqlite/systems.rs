//! What other systems sign with, in the record's file. Every change is written by the one writer.

use async_trait::async_trait;
use blendline_wire::TenantId;
use rusqlite::{OptionalExtension as _, Transaction};

use super::people::{append, text};
use super::store::SqliteStore;
use super::store::readers::{collect, first, parse};
use crate::adapters::columns::sql;
use crate::adapters::systems::changed;
use crate::ports::people::Deed;
use crate::ports::store::StoreError;
use crate::ports::systems::{SystemKeys, Systems};

const ONE: &str = "SELECT body FROM system_keys WHERE tenant = ?1 AND system = ?2";

/// What the writer is asked.
pub(super) enum SystemsOrder {
    Put(SystemKeys, Deed),
    Remove(TenantId, String, Deed),
}

#[async_trait]
impl Systems for SqliteStore {
    async fn system(&self, tenant: TenantId, system: &str) -> Result<Option<SystemKeys>, StoreError> {
        let params = (sql(tenant.0), system.to_owned());
        self.readers().read(move |connection| first(connection, ONE, params, |row| parse(row, 0))).await
    }

    async fn systems(&self, tenant: TenantId) -> Result<Vec<SystemKeys>, StoreError> {
        let query = "SELECT body FROM system_keys WHERE tenant = ?1 ORDER BY system";
        let params = [sql(tenant.0)];
        self.readers().read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn put_system(&self, keys: &SystemKeys, by: &Deed) -> Result<bool, StoreError> {
        self.change_systems(SystemsOrder::Put(keys.clone(), by.clone())).await
    }

    async fn remove_system(&self, tenant: TenantId, system: &str, by: &Deed) -> Result<bool, StoreError> {
        self.change_systems(SystemsOrder::Remove(tenant, system.to_owned(), by.clone())).await
    }
}

/// Carries out one order; false where it was not done.
pub(super) fn carry_out(transaction: &Transaction<'_>, order: &SystemsOrder) -> rusqlite::Result<bool> {
    match order {
        SystemsOrder::Put(keys, by) => put(transaction, keys, by),
        SystemsOrder::Remove(tenant, system, by) => remove(transaction, *tenant, system, by),
    }
}

fn find(transaction: &Transaction<'_>, tenant: TenantId, system: &str) -> rusqlite::Result<Option<SystemKeys>> {
    let body: Option<String> =
        transaction.prepare_cached(ONE)?.query_row((sql(tenant.0), system), |row| row.get(0)).optional()?;
    let read = |body: String| serde_json::from_str(&body);
    body.map(read).transpose().map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn put(transaction: &Transaction<'_>, keys: &SystemKeys, by: &Deed) -> rusqlite::Result<bool> {
    let before = find(transaction, keys.tenant, &keys.system)?;
    if before.as_ref().map_or(0, |before| before.version) + 1 != keys.version {
        return Ok(false);
    }
    transaction
        .prepare_cached("INSERT OR REPLACE INTO system_keys (tenant, system, version, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute((sql(keys.tenant.0), &keys.system, keys.version, text(keys)?))?;
    append(transaction, keys.tenant, by, &keys.system, changed(before.as_ref(), Some(keys)))?;
    Ok(true)
}

fn remove(transaction: &Transaction<'_>, tenant: TenantId, system: &str, by: &Deed) -> rusqlite::Result<bool> {
    let Some(before) = find(transaction, tenant, system)? else { return Ok(false) };
    transaction.execute("DELETE FROM system_keys WHERE tenant = ?1 AND system = ?2", (sql(tenant.0), system))?;
    append(transaction, tenant, by, system, changed(Some(&before), None))?;
    Ok(true)
}
