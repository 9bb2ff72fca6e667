//! Devices that are told of what happens. Their statements run on the connections for reading: commits never wait for them.

use async_trait::async_trait;
use blendline_wire::{Millis, TenantId, WorkerId};
use tokio_postgres::Row;

use super::PostgresStore;
use super::connections::{Lent, in_time, told};
use super::people::{Work, text};
use super::values::{Hash, Hidden, parse};
use crate::adapters::columns::{rows, sql, unsql};
use crate::adapters::devices::{added, removed};
use crate::ports::devices::{DEVICES_MAX, Device, DeviceId, Devices, PushKeys, Tried};
use crate::ports::people::Deed;
use crate::ports::store::StoreError;

const KEEP_KEYS: &str = "INSERT INTO push_keys (id, public_key, private_key, made_at) VALUES (1, $1, $2, $3)
    ON CONFLICT DO NOTHING";
const SAY_AGAIN: &str = "UPDATE push_devices SET worker = $4, body = $5, failures = 0
    WHERE id = $1 AND tenant = $2 AND name = $3 RETURNING id";
const PUT: &str =
    "INSERT INTO push_devices (id, tenant, name, worker, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (id) DO UPDATE SET tenant = excluded.tenant, name = excluded.name, worker = excluded.worker,
        body = excluded.body, created_at = excluded.created_at, taken_at = NULL, failures = 0";
const BOUND: &str = "DELETE FROM push_devices WHERE tenant = $1 AND name = $2 AND id IN
    (SELECT id FROM push_devices WHERE tenant = $1 AND name = $2 ORDER BY created_at DESC, id DESC OFFSET $3)";

#[async_trait]
impl Devices for PostgresStore {
    async fn push_keys(&self, fresh: &PushKeys) -> Result<PushKeys, StoreError> {
        let made = (Hidden(&fresh.public), Hidden(&fresh.private), sql(fresh.made_at.0));
        self.ask(KEEP_KEYS, &[&made.0, &made.1, &made.2]).await?;
        let found = self.ask("SELECT public_key, private_key, made_at FROM push_keys WHERE id = 1", &[]).await?;
        let row = found.first().ok_or_else(|| StoreError::Unavailable("the keys are not kept".into()))?;
        Ok(PushKeys {
            public: told(row.try_get(0))?,
            private: told(row.try_get(1))?,
            made_at: Millis(unsql(told(row.try_get(2))?)),
        })
    }

    async fn devices_of_worker(&self, tenant: TenantId, worker: WorkerId) -> Result<Vec<Device>, StoreError> {
        let query =
            "SELECT id, created_at, taken_at, failures, body FROM push_devices WHERE tenant = $1 AND worker = $2
                     ORDER BY created_at, id";
        self.ask(query, &[&sql(tenant.0), &sql(worker.0)]).await?.iter().map(device).collect()
    }

    async fn devices_of_user(&self, tenant: TenantId, user: &str) -> Result<Vec<Device>, StoreError> {
        let query = "SELECT id, created_at, taken_at, failures, body FROM push_devices WHERE tenant = $1 AND name = $2
                     ORDER BY created_at, id";
        self.ask(query, &[&sql(tenant.0), &user]).await?.iter().map(device).collect()
    }

    async fn put_device(&self, device: &Device, by: &Deed) -> Result<bool, StoreError> {
        let (tenant, worker, body) = (sql(device.tenant.0), sql(device.worker.0), text(device)?);
        let body = Hidden(body.as_bytes());
        let again = self.ask(SAY_AGAIN, &[&Hash(device.id), &tenant, &device.user, &worker, &body]).await?;
        if !again.is_empty() {
            return Ok(false);
        }
        let mut lent = self.readers.lend().await?;
        let (time, place) = lent.terms();
        let put = in_time(time, place, put(&mut lent, device, by)).await;
        lent.back(put).map(|()| true)
    }

    async fn remove_device(&self, tenant: TenantId, user: &str, id: DeviceId, by: &Deed) -> Result<bool, StoreError> {
        let mut lent = self.readers.lend().await?;
        let (time, place) = lent.terms();
        let removed = in_time(time, place, remove(&mut lent, tenant, user, id, by)).await;
        lent.back(removed)
    }

    async fn note_device(&self, id: DeviceId, tried: Tried) -> Result<(), StoreError> {
        let id = Hash(id);
        match tried {
            Tried::Taken(at) => {
                let taken = "UPDATE push_devices SET taken_at = $2, failures = 0 WHERE id = $1";
                self.ask(taken, &[&id, &sql(at.0)]).await
            }
            Tried::Failed => self.ask("UPDATE push_devices SET failures = failures + 1 WHERE id = $1", &[&id]).await,
            Tried::Gone => self.ask("DELETE FROM push_devices WHERE id = $1", &[&id]).await,
        }
        .map(drop)
    }
}

fn device(row: &Row) -> Result<Device, StoreError> {
    let Hash(id) = told(row.try_get(0))?;
    let created_at = Millis(unsql(told(row.try_get(1))?));
    let taken_at = told(row.try_get::<_, Option<i64>>(2))?.map(|at| Millis(unsql(at)));
    let failures = u32::try_from(told(row.try_get::<_, i32>(3))?).unwrap_or_default();
    Ok(Device { id, created_at, taken_at, failures, ..parse(row, 4)? })
}

async fn put(lent: &mut Lent<'_>, device: &Device, by: &Deed) -> Result<(), StoreError> {
    let (tenant, worker, body) = (sql(device.tenant.0), sql(device.worker.0), text(device)?);
    let created_at = sql(device.created_at.0);
    let work = Work::begin(lent, device.tenant).await?;
    let row: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&Hash(device.id), &tenant, &device.user, &worker, &Hidden(body.as_bytes()), &created_at];
    told(work.transaction.execute(PUT, &row).await)?;
    told(work.transaction.execute(BOUND, &[&tenant, &device.user, &rows(DEVICES_MAX)]).await)?;
    work.commit(by, &device.user, added(device)).await
}

async fn remove(
    lent: &mut Lent<'_>,
    tenant: TenantId,
    user: &str,
    id: DeviceId,
    by: &Deed,
) -> Result<bool, StoreError> {
    let work = Work::begin(lent, tenant).await?;
    let remove = "DELETE FROM push_devices WHERE tenant = $1 AND name = $2 AND id = $3";
    if told(work.transaction.execute(remove, &[&sql(tenant.0), &user, &Hash(id)]).await)? == 0 {
        return Ok(false);
    }
    work.commit(by, user, removed(id)).await?;
    Ok(true)
}
