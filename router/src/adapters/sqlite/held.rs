//! Macros that can be taken back still, in the record's file. Every change is written by the one writer.

use async_trait::async_trait;
use blendline_wire::{Millis, TenantId, WorkerId};
use rusqlite::Transaction;

use super::desks::DesksOrder;
use super::people::text;
use super::store::SqliteStore;
use super::store::readers::{collect, first, parse};
use crate::adapters::columns::{rows, sql};
use crate::ports::held::{Held, HeldMacros};
use crate::ports::store::StoreError;

/// What the writer is asked.
pub(super) enum HeldChange {
    Hold(Held),
    Keep(Held, bool),
    Forget(TenantId, WorkerId, String),
}

#[async_trait]
impl HeldMacros for SqliteStore {
    async fn held(&self, tenant: TenantId, worker: WorkerId) -> Result<Option<Held>, StoreError> {
        let query = "SELECT body FROM held_macros WHERE tenant = ?1 AND worker = ?2";
        let params = (sql(tenant.0), sql(worker.0));
        self.readers().read(move |connection| first(connection, query, params, |row| parse(row, 0))).await
    }

    async fn held_due(&self, by: Millis, limit: usize) -> Result<Vec<Held>, StoreError> {
        let query = "SELECT body FROM held_macros WHERE due <= ?1 ORDER BY due LIMIT ?2";
        let params = (sql(by.0), rows(limit));
        self.readers().read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn hold(&self, held: &Held) -> Result<bool, StoreError> {
        self.desks(DesksOrder::Held(HeldChange::Hold(held.clone()))).await
    }

    async fn keep_held(&self, held: &Held, done: bool) -> Result<(), StoreError> {
        self.desks(DesksOrder::Held(HeldChange::Keep(held.clone(), done))).await.map(drop)
    }

    async fn forget_held(&self, tenant: TenantId, worker: WorkerId, number: &str) -> Result<bool, StoreError> {
        self.desks(DesksOrder::Held(HeldChange::Forget(tenant, worker, number.to_owned()))).await
    }
}

/// Carries out one of them; false where it was not done.
pub(super) fn carry_out(transaction: &Transaction<'_>, change: &HeldChange) -> rusqlite::Result<bool> {
    let changed = match change {
        HeldChange::Hold(held) => transaction
            .prepare_cached(
                "INSERT INTO held_macros (tenant, worker, number, due, body) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (tenant, worker) DO UPDATE SET number = excluded.number, due = excluded.due,
                     body = excluded.body WHERE held_macros.due IS NULL",
            )?
            .execute((sql(held.tenant.0), sql(held.worker.0), &held.number, sql(held.due.0), text(held)?))?,
        HeldChange::Keep(held, done) => transaction
            .prepare_cached(
                "UPDATE held_macros SET due = iif(?4, NULL, due), body = ?5
                 WHERE tenant = ?1 AND worker = ?2 AND number = ?3 AND due IS NOT NULL",
            )?
            .execute((sql(held.tenant.0), sql(held.worker.0), &held.number, done, text(held)?))?,
        HeldChange::Forget(tenant, worker, number) => transaction
            .prepare_cached("DELETE FROM held_macros WHERE tenant = ?1 AND worker = ?2 AND number = ?3")?
            .execute((sql(tenant.0), sql(worker.0), number))?,
    };
    Ok(changed > 0)
}
