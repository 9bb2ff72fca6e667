//! What other systems sign with. Its statements run on the connections for reading: commits never wait for them.

use async_trait::async_trait;
use blendline_wire::TenantId;

use super::PostgresStore;
use super::connections::{Lent, in_time, told};
use super::people::{Work, text};
use super::values::{Hidden, parse};
use crate::adapters::columns::sql;
use crate::adapters::systems::changed;
use crate::ports::people::Deed;
use crate::ports::store::StoreError;
use crate::ports::systems::{SystemKeys, Systems};

const ONE: &str = "SELECT body FROM system_keys WHERE tenant = $1 AND system = $2";

#[async_trait]
impl Systems for PostgresStore {
    async fn system(&self, tenant: TenantId, system: &str) -> Result<Option<SystemKeys>, StoreError> {
        Ok(self.bodies(ONE, &[&sql(tenant.0), &system]).await?.pop())
    }

    async fn systems(&self, tenant: TenantId) -> Result<Vec<SystemKeys>, StoreError> {
        let query = "SELECT body FROM system_keys WHERE tenant = $1 ORDER BY system";
        self.bodies(query, &[&sql(tenant.0)]).await
    }

    async fn put_system(&self, keys: &SystemKeys, by: &Deed) -> Result<bool, StoreError> {
        let mut lent = self.readers.lend().await?;
        let (time, place) = lent.terms();
        let put = in_time(time, place, put(&mut lent, keys, by)).await;
        lent.back(put)
    }

    async fn remove_system(&self, tenant: TenantId, system: &str, by: &Deed) -> Result<bool, StoreError> {
        let mut lent = self.readers.lend().await?;
        let (time, place) = lent.terms();
        let removed = in_time(time, place, remove(&mut lent, tenant, system, by)).await;
        lent.back(removed)
    }
}

async fn put(lent: &mut Lent<'_>, keys: &SystemKeys, by: &Deed) -> Result<bool, StoreError> {
    let (tenant, version, body) = (sql(keys.tenant.0), i64::from(keys.version), text(keys)?);
    let put = if keys.version == 1 {
        "INSERT INTO system_keys (tenant, system, version, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
    } else {
        "UPDATE system_keys SET version = $3::bigint, body = $4
         WHERE tenant = $1 AND system = $2 AND version = $3::bigint - 1"
    };
    let work = Work::begin(lent, keys.tenant).await?;
    let before = find(&work, keys.tenant, &keys.system).await?;
    let done = work.transaction.execute(put, &[&tenant, &keys.system, &version, &Hidden(body.as_bytes())]).await;
    if told(done)? != 1 {
        return Ok(false);
    }
    work.commit(by, &keys.system, changed(before.as_ref(), Some(keys))).await?;
    Ok(true)
}

async fn find(work: &Work<'_>, tenant: TenantId, system: &str) -> Result<Option<SystemKeys>, StoreError> {
    let found = told(work.transaction.query_opt(ONE, &[&sql(tenant.0), &system]).await)?;
    found.map(|row| parse(&row, 0)).transpose()
}

async fn remove(lent: &mut Lent<'_>, tenant: TenantId, system: &str, by: &Deed) -> Result<bool, StoreError> {
    let work = Work::begin(lent, tenant).await?;
    let Some(before) = find(&work, tenant, system).await? else { return Ok(false) };
    let remove = "DELETE FROM system_keys WHERE tenant = $1 AND system = $2";
    told(work.transaction.execute(remove, &[&sql(tenant.0), &system]).await)?;
    work.commit(by, system, changed(Some(&before), None)).await?;
    Ok(true)
}
