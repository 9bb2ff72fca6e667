//! What people at desks keep, in the record's file. Every change is written by the one writer.

use async_trait::async_trait;
use blendline_wire::{TenantId, WorkerId};
use rusqlite::{OptionalExtension as _, Transaction};

use super::devices::{self, DeviceChange};
use super::held::{self, HeldChange};
use super::people::{append, text};
use super::store::SqliteStore;
use super::store::readers::{collect, parse};
use crate::adapters::columns::{rows, sql};
use crate::adapters::desks::changed;
use crate::ports::desks::{CANNED_MAX, Canned, DRAFTS_MAX, Desks, Draft, VIEWS_MAX, View};
use crate::ports::people::Deed;
use crate::ports::store::StoreError;

/// What the writer is asked.
pub(super) enum DesksOrder {
    PutDraft(Draft),
    PutCanned(Canned, Deed),
    RemoveCanned(TenantId, String, Deed),
    PutView(View),
    RemoveView(TenantId, String, String),
    Held(HeldChange),
    Device(DeviceChange),
}

#[async_trait]
impl Desks for SqliteStore {
    async fn drafts(&self, tenant: TenantId, worker: WorkerId) -> Result<Vec<Draft>, StoreError> {
        let query = "SELECT body FROM drafts WHERE tenant = ?1 AND worker = ?2 ORDER BY at DESC LIMIT ?3";
        let params = (sql(tenant.0), sql(worker.0), rows(DRAFTS_MAX));
        self.readers().read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn put_draft(&self, draft: &Draft) -> Result<(), StoreError> {
        self.desks(DesksOrder::PutDraft(draft.clone())).await.map(drop)
    }

    async fn canned(&self, tenant: TenantId) -> Result<Vec<Canned>, StoreError> {
        let query = "SELECT body FROM canned_answers WHERE tenant = ?1 ORDER BY name LIMIT ?2";
        let params = (sql(tenant.0), rows(CANNED_MAX));
        self.readers().read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn put_canned(&self, canned: &Canned, by: &Deed) -> Result<bool, StoreError> {
        self.desks(DesksOrder::PutCanned(canned.clone(), by.clone())).await
    }

    async fn remove_canned(&self, tenant: TenantId, name: &str, by: &Deed) -> Result<bool, StoreError> {
        self.desks(DesksOrder::RemoveCanned(tenant, name.to_owned(), by.clone())).await
    }

    async fn views(&self, tenant: TenantId, owner: &str) -> Result<Vec<View>, StoreError> {
        let query = "SELECT body FROM work_views WHERE tenant = ?1 AND owner = ?2 ORDER BY name LIMIT ?3";
        let params = (sql(tenant.0), owner.to_owned(), rows(VIEWS_MAX));
        self.readers().read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn put_view(&self, view: &View) -> Result<(), StoreError> {
        self.desks(DesksOrder::PutView(view.clone())).await.map(drop)
    }

    async fn remove_view(&self, tenant: TenantId, owner: &str, name: &str) -> Result<(), StoreError> {
        self.desks(DesksOrder::RemoveView(tenant, owner.to_owned(), name.to_owned())).await.map(drop)
    }
}

/// Carries out one order; false where it was not done.
pub(super) fn carry_out(transaction: &Transaction<'_>, order: &DesksOrder) -> rusqlite::Result<bool> {
    match order {
        DesksOrder::PutDraft(draft) => put_draft(transaction, draft).map(|()| true),
        DesksOrder::PutCanned(canned, by) => put_canned(transaction, canned, by),
        DesksOrder::RemoveCanned(tenant, name, by) => remove_canned(transaction, *tenant, name, by),
        DesksOrder::PutView(view) => transaction
            .prepare_cached("INSERT OR REPLACE INTO work_views (tenant, owner, name, body) VALUES (?1, ?2, ?3, ?4)")?
            .execute((sql(view.tenant.0), &view.owner, &view.name, text(view)?))
            .map(|_| true),
        DesksOrder::RemoveView(tenant, owner, name) => transaction
            .prepare_cached("DELETE FROM work_views WHERE tenant = ?1 AND owner = ?2 AND name = ?3")?
            .execute((sql(tenant.0), owner, name))
            .map(|removed| removed > 0),
        DesksOrder::Held(change) => held::carry_out(transaction, change),
        DesksOrder::Device(change) => devices::carry_out(transaction, change),
    }
}

fn put_draft(transaction: &Transaction<'_>, draft: &Draft) -> rusqlite::Result<()> {
    let (tenant, worker, task, at) = (sql(draft.tenant.0), sql(draft.worker.0), sql(draft.task.0), sql(draft.at.0));
    if draft.text.expose().is_empty() {
        let remove = "DELETE FROM drafts WHERE tenant = ?1 AND worker = ?2 AND task = ?3 AND at <= ?4";
        return transaction.prepare_cached(remove)?.execute((tenant, worker, task, at)).map(drop);
    }
    transaction
        .prepare_cached(
            "INSERT INTO drafts (tenant, worker, task, at, body) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (tenant, worker, task) DO UPDATE SET at = excluded.at, body = excluded.body
             WHERE drafts.at <= excluded.at",
        )?
        .execute((tenant, worker, task, at, text(draft)?))?;
    transaction
        .prepare_cached(
            "DELETE FROM drafts WHERE tenant = ?1 AND worker = ?2 AND task IN
                 (SELECT task FROM drafts WHERE tenant = ?1 AND worker = ?2 ORDER BY at DESC LIMIT -1 OFFSET ?3)",
        )?
        .execute((tenant, worker, rows(DRAFTS_MAX)))
        .map(drop)
}

fn find(transaction: &Transaction<'_>, tenant: TenantId, name: &str) -> rusqlite::Result<Option<Canned>> {
    let body: Option<String> = transaction
        .prepare_cached("SELECT body FROM canned_answers WHERE tenant = ?1 AND name = ?2")?
        .query_row((sql(tenant.0), name), |row| row.get(0))
        .optional()?;
    let read = |body: String| serde_json::from_str(&body);
    body.map(read).transpose().map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn put_canned(transaction: &Transaction<'_>, canned: &Canned, by: &Deed) -> rusqlite::Result<bool> {
    let before = find(transaction, canned.tenant, &canned.name)?;
    if before.as_ref().map_or(0, |before| before.version) + 1 != canned.version {
        return Ok(false);
    }
    transaction
        .prepare_cached("INSERT OR REPLACE INTO canned_answers (tenant, name, version, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute((sql(canned.tenant.0), &canned.name, canned.version, text(canned)?))?;
    append(transaction, canned.tenant, by, &canned.name, changed(before.as_ref(), Some(canned)))?;
    Ok(true)
}

fn remove_canned(transaction: &Transaction<'_>, tenant: TenantId, name: &str, by: &Deed) -> rusqlite::Result<bool> {
    let Some(before) = find(transaction, tenant, name)? else { return Ok(false) };
    transaction.execute("DELETE FROM canned_answers WHERE tenant = ?1 AND name = ?2", (sql(tenant.0), name))?;
    append(transaction, tenant, by, name, changed(Some(&before), None))?;
    Ok(true)
}
