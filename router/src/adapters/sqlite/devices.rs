//! Devices that are told of what happens, in the record's file. Every change is written by the one writer.

use async_trait::async_trait;
use blendline_wire::{Millis, TenantId, WorkerId};
use rusqlite::{Row, Transaction};

use super::desks::DesksOrder;
use super::people::{append, text};
use super::store::readers::{collect, first, parse};
use super::store::{SqliteStore, fault};
use crate::adapters::columns::{rows, sql, unsql};
use crate::adapters::devices::{added, removed};
use crate::ports::devices::{DEVICES_MAX, Device, DeviceId, Devices, PushKeys, Tried};
use crate::ports::people::Deed;
use crate::ports::store::StoreError;

/// What the writer is asked.
pub(super) enum DeviceChange {
    Keys(PushKeys),
    Put(Device, Deed),
    Remove(TenantId, String, DeviceId, Deed),
    Note(DeviceId, Tried),
}

#[async_trait]
impl Devices for SqliteStore {
    async fn push_keys(&self, fresh: &PushKeys) -> Result<PushKeys, StoreError> {
        self.desks(DesksOrder::Device(DeviceChange::Keys(fresh.clone()))).await?;
        let query = "SELECT public_key, private_key, made_at FROM push_keys WHERE id = 1";
        let kept = self.readers().read(move |connection| first(connection, query, (), keys)).await?;
        kept.ok_or_else(|| StoreError::Unavailable("the keys are not kept".into()))
    }

    async fn devices_of_worker(&self, tenant: TenantId, worker: WorkerId) -> Result<Vec<Device>, StoreError> {
        let query =
            "SELECT id, created_at, taken_at, failures, body FROM push_devices WHERE tenant = ?1 AND worker = ?2
                     ORDER BY created_at, id";
        let params = (sql(tenant.0), sql(worker.0));
        self.readers().read(move |connection| collect(connection, query, params, device)).await
    }

    async fn devices_of_user(&self, tenant: TenantId, user: &str) -> Result<Vec<Device>, StoreError> {
        let query = "SELECT id, created_at, taken_at, failures, body FROM push_devices WHERE tenant = ?1 AND name = ?2
                     ORDER BY created_at, id";
        let params = (sql(tenant.0), user.to_owned());
        self.readers().read(move |connection| collect(connection, query, params, device)).await
    }

    async fn put_device(&self, device: &Device, by: &Deed) -> Result<bool, StoreError> {
        self.desks(DesksOrder::Device(DeviceChange::Put(device.clone(), by.clone()))).await
    }

    async fn remove_device(&self, tenant: TenantId, user: &str, id: DeviceId, by: &Deed) -> Result<bool, StoreError> {
        self.desks(DesksOrder::Device(DeviceChange::Remove(tenant, user.to_owned(), id, by.clone()))).await
    }

    async fn note_device(&self, id: DeviceId, tried: Tried) -> Result<(), StoreError> {
        self.desks(DesksOrder::Device(DeviceChange::Note(id, tried))).await.map(drop)
    }
}

fn keys(row: &Row<'_>) -> Result<PushKeys, StoreError> {
    let read = || Ok(PushKeys { public: row.get(0)?, private: row.get(1)?, made_at: Millis(unsql(row.get(2)?)) });
    read().map_err(|error: rusqlite::Error| fault(&error))
}

fn device(row: &Row<'_>) -> Result<Device, StoreError> {
    let beside =
        || -> rusqlite::Result<_> { Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?, row.get(3)?)) };
    let (id, created_at, taken_at, failures) = beside().map_err(|error| fault(&error))?;
    let (created_at, taken_at) = (Millis(unsql(created_at)), taken_at.map(|at| Millis(unsql(at))));
    Ok(Device { id, created_at, taken_at, failures, ..parse(row, 4)? })
}

/// Carries out one of them; false where it was not done.
pub(super) fn carry_out(transaction: &Transaction<'_>, change: &DeviceChange) -> rusqlite::Result<bool> {
    match change {
        DeviceChange::Keys(fresh) => transaction
            .prepare_cached(
                "INSERT INTO push_keys (id, public_key, private_key, made_at) VALUES (1, ?1, ?2, ?3)
                 ON CONFLICT DO NOTHING",
            )?
            .execute((&fresh.public, &fresh.private, sql(fresh.made_at.0)))
            .map(|made| made > 0),
        DeviceChange::Put(device, by) => put(transaction, device, by),
        DeviceChange::Remove(tenant, user, id, by) => {
            let remove = "DELETE FROM push_devices WHERE tenant = ?1 AND name = ?2 AND id = ?3";
            let done = transaction.prepare_cached(remove)?.execute((sql(tenant.0), user, id))? > 0;
            if done {
                append(transaction, *tenant, by, user, removed(*id))?;
            }
            Ok(done)
        }
        DeviceChange::Note(id, tried) => note(transaction, *id, *tried),
    }
}

fn put(transaction: &Transaction<'_>, device: &Device, by: &Deed) -> rusqlite::Result<bool> {
    let (tenant, worker) = (sql(device.tenant.0), sql(device.worker.0));
    let again = transaction
        .prepare_cached(
            "UPDATE push_devices SET worker = ?4, body = ?5, failures = 0 WHERE id = ?1 AND tenant = ?2 AND name = ?3",
        )?
        .execute((device.id, tenant, &device.user, worker, text(device)?))?;
    if again > 0 {
        return Ok(false);
    }
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO push_devices (id, tenant, name, worker, body, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((device.id, tenant, &device.user, worker, text(device)?, sql(device.created_at.0)))?;
    transaction
        .prepare_cached(
            "DELETE FROM push_devices WHERE tenant = ?1 AND name = ?2 AND id IN
                 (SELECT id FROM push_devices WHERE tenant = ?1 AND name = ?2
                  ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?3)",
        )?
        .execute((tenant, &device.user, rows(DEVICES_MAX)))?;
    append(transaction, device.tenant, by, &device.user, added(device))?;
    Ok(true)
}

fn note(transaction: &Transaction<'_>, id: DeviceId, tried: Tried) -> rusqlite::Result<bool> {
    let changed = match tried {
        Tried::Taken(at) => transaction
            .prepare_cached("UPDATE push_devices SET taken_at = ?2, failures = 0 WHERE id = ?1")?
            .execute((id, sql(at.0)))?,
        Tried::Failed => transaction
            .prepare_cached("UPDATE push_devices SET failures = failures + 1 WHERE id = ?1")?
            .execute([id])?,
        Tried::Gone => transaction.prepare_cached("DELETE FROM push_devices WHERE id = ?1")?.execute([id])?,
    };
    Ok(changed > 0)
}
