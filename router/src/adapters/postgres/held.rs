//! Macros that can be taken back still. Their statements run on the connections for reading: commits never wait for them.

use async_trait::async_trait;
use blendline_wire::{Millis, TenantId, WorkerId};

use super::PostgresStore;
use super::people::text;
use super::values::Hidden;
use crate::adapters::columns::{rows, sql};
use crate::ports::held::{Held, HeldMacros};
use crate::ports::store::StoreError;

const HOLD: &str = "INSERT INTO held_macros AS kept (tenant, worker, number, due, body) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant, worker) DO UPDATE SET number = excluded.number, due = excluded.due, body = excluded.body
    WHERE kept.due IS NULL
    RETURNING tenant";
const KEEP: &str = "UPDATE held_macros SET due = CASE WHEN $4 THEN NULL ELSE due END, body = $5
    WHERE tenant = $1 AND worker = $2 AND number = $3 AND due IS NOT NULL";
const FORGET: &str = "DELETE FROM held_macros WHERE tenant = $1 AND worker = $2 AND number = $3 RETURNING tenant";

#[async_trait]
impl HeldMacros for PostgresStore {
    async fn held(&self, tenant: TenantId, worker: WorkerId) -> Result<Option<Held>, StoreError> {
        let query = "SELECT body FROM held_macros WHERE tenant = $1 AND worker = $2";
        Ok(self.bodies(query, &[&sql(tenant.0), &sql(worker.0)]).await?.pop())
    }

    async fn held_due(&self, by: Millis, limit: usize) -> Result<Vec<Held>, StoreError> {
        let query = "SELECT body FROM held_macros WHERE due <= $1 ORDER BY due LIMIT $2";
        self.bodies(query, &[&sql(by.0), &rows(limit)]).await
    }

    async fn hold(&self, held: &Held) -> Result<bool, StoreError> {
        let (tenant, worker, due, body) = (sql(held.tenant.0), sql(held.worker.0), sql(held.due.0), text(held)?);
        let put = self.ask(HOLD, &[&tenant, &worker, &held.number, &due, &Hidden(body.as_bytes())]).await?;
        Ok(!put.is_empty())
    }

    async fn keep_held(&self, held: &Held, done: bool) -> Result<(), StoreError> {
        let (tenant, worker, body) = (sql(held.tenant.0), sql(held.worker.0), text(held)?);
        self.ask(KEEP, &[&tenant, &worker, &held.number, &done, &Hidden(body.as_bytes())]).await.map(drop)
    }

    async fn forget_held(&self, tenant: TenantId, worker: WorkerId, number: &str) -> Result<bool, StoreError> {
        Ok(!self.ask(FORGET, &[&sql(tenant.0), &sql(worker.0), &number]).await?.is_empty())
    }
}
