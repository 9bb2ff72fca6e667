//! What people at desks keep. Its statements run on the connections for reading: commits never wait for them.

use async_trait::async_trait;
use blendline_wire::{TenantId, WorkerId};

use super::PostgresStore;
use super::connections::{Lent, in_time, told};
use super::people::{Work, text};
use super::values::{Hidden, parse};
use crate::adapters::columns::{rows, sql};
use crate::adapters::desks::changed;
use crate::ports::desks::{CANNED_MAX, Canned, DRAFTS_MAX, Desks, Draft, VIEWS_MAX, View};
use crate::ports::people::Deed;
use crate::ports::store::StoreError;

const PUT_DRAFT: &str = "INSERT INTO drafts AS kept (tenant, worker, task, at, body) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant, worker, task) DO UPDATE SET at = excluded.at, body = excluded.body
    WHERE kept.at <= excluded.at";
const REMOVE_DRAFT: &str = "DELETE FROM drafts WHERE tenant = $1 AND worker = $2 AND task = $3 AND at <= $4";
const DROP_DRAFTS: &str = "DELETE FROM drafts WHERE tenant = $1 AND worker = $2 AND task IN
    (SELECT task FROM drafts WHERE tenant = $1 AND worker = $2 ORDER BY at DESC OFFSET $3)";

#[async_trait]
impl Desks for PostgresStore {
    async fn drafts(&self, tenant: TenantId, worker: WorkerId) -> Result<Vec<Draft>, StoreError> {
        let query = "SELECT body FROM drafts WHERE tenant = $1 AND worker = $2 ORDER BY at DESC LIMIT $3";
        self.bodies(query, &[&sql(tenant.0), &sql(worker.0), &rows(DRAFTS_MAX)]).await
    }

    async fn put_draft(&self, draft: &Draft) -> Result<(), StoreError> {
        let (tenant, worker, task) = (sql(draft.tenant.0), sql(draft.worker.0), sql(draft.task.0));
        let at = sql(draft.at.0);
        if draft.text.expose().is_empty() {
            return self.ask(REMOVE_DRAFT, &[&tenant, &worker, &task, &at]).await.map(drop);
        }
        let body = text(draft)?;
        self.ask(PUT_DRAFT, &[&tenant, &worker, &task, &at, &Hidden(body.as_bytes())]).await?;
        self.ask(DROP_DRAFTS, &[&tenant, &worker, &rows(DRAFTS_MAX)]).await.map(drop)
    }

    async fn canned(&self, tenant: TenantId) -> Result<Vec<Canned>, StoreError> {
        let query = "SELECT body FROM canned_answers WHERE tenant = $1 ORDER BY name LIMIT $2";
        self.bodies(query, &[&sql(tenant.0), &rows(CANNED_MAX)]).await
    }

    async fn put_canned(&self, canned: &Canned, by: &Deed) -> Result<bool, StoreError> {
        let mut lent = self.readers.lend().await?;
        let (time, place) = lent.terms();
        let put = in_time(time, place, put(&mut lent, canned, by)).await;
        lent.back(put)
    }

    async fn remove_canned(&self, tenant: TenantId, name: &str, by: &Deed) -> Result<bool, StoreError> {
        let mut lent = self.readers.lend().await?;
        let (time, place) = lent.terms();
        let removed = in_time(time, place, remove(&mut lent, tenant, name, by)).await;
        lent.back(removed)
    }

    async fn views(&self, tenant: TenantId, owner: &str) -> Result<Vec<View>, StoreError> {
        let query = "SELECT body FROM work_views WHERE tenant = $1 AND owner = $2 ORDER BY name LIMIT $3";
        self.bodies(query, &[&sql(tenant.0), &owner, &rows(VIEWS_MAX)]).await
    }

    async fn put_view(&self, view: &View) -> Result<(), StoreError> {
        let body = text(view)?;
        let put = "INSERT INTO work_views (tenant, owner, name, body) VALUES ($1, $2, $3, $4)
            ON CONFLICT (tenant, owner, name) DO UPDATE SET body = excluded.body";
        self.ask(put, &[&sql(view.tenant.0), &view.owner, &view.name, &Hidden(body.as_bytes())]).await.map(drop)
    }

    async fn remove_view(&self, tenant: TenantId, owner: &str, name: &str) -> Result<(), StoreError> {
        let remove = "DELETE FROM work_views WHERE tenant = $1 AND owner = $2 AND name = $3";
        self.ask(remove, &[&sql(tenant.0), &owner, &name]).await.map(drop)
    }
}

async fn find(work: &Work<'_>, tenant: TenantId, name: &str) -> Result<Option<Canned>, StoreError> {
    let query = "SELECT body FROM canned_answers WHERE tenant = $1 AND name = $2";
    let found = told(work.transaction.query_opt(query, &[&sql(tenant.0), &name]).await)?;
    found.map(|row| parse(&row, 0)).transpose()
}

async fn put(lent: &mut Lent<'_>, canned: &Canned, by: &Deed) -> Result<bool, StoreError> {
    let (tenant, version, body) = (sql(canned.tenant.0), i64::from(canned.version), text(canned)?);
    // One statement decides who was quicker, whatever stands around it.
    let put = if canned.version == 1 {
        "INSERT INTO canned_answers (tenant, name, version, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
    } else {
        "UPDATE canned_answers SET version = $3::bigint, body = $4
         WHERE tenant = $1 AND name = $2 AND version = $3::bigint - 1"
    };
    let work = Work::begin(lent, canned.tenant).await?;
    let before = find(&work, canned.tenant, &canned.name).await?;
    let done = work.transaction.execute(put, &[&tenant, &canned.name, &version, &Hidden(body.as_bytes())]).await;
    if told(done)? != 1 {
        return Ok(false);
    }
    work.commit(by, &canned.name, changed(before.as_ref(), Some(canned))).await?;
    Ok(true)
}

async fn remove(lent: &mut Lent<'_>, tenant: TenantId, name: &str, by: &Deed) -> Result<bool, StoreError> {
    let work = Work::begin(lent, tenant).await?;
    let Some(before) = find(&work, tenant, name).await? else { return Ok(false) };
    let remove = "DELETE FROM canned_answers WHERE tenant = $1 AND name = $2";
    told(work.transaction.execute(remove, &[&sql(tenant.0), &name]).await)?;
    work.commit(by, name, changed(Some(&before), None)).await?;
    Ok(true)
}
