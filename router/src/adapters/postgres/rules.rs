//! Rule sets in the record. Each change and its audit entry are one transaction, which holds the end of the tenant's log:
//! of two who publish at once, one is told that another was quicker.

use async_trait::async_trait;
use blendline_wire::TenantId;

use super::PostgresStore;
use super::connections::{Lent, in_time, told};
use super::people::{Work, text};
use super::values::{Hidden, parse};
use crate::adapters::columns::{rows, sql, unsql};
use crate::adapters::rules::{drafted, published};
use crate::ports::people::Deed;
use crate::ports::rules::{RuleDraft, RuleSetRow, RuleSets};
use crate::ports::store::StoreError;

#[async_trait]
impl RuleSets for PostgresStore {
    async fn live_versions(&self) -> Result<Vec<(TenantId, u32)>, StoreError> {
        let found = self.ask("SELECT tenant, max(version) FROM rule_sets GROUP BY tenant", &[]).await?;
        let read = |row: &tokio_postgres::Row| {
            let version: i64 = told(row.try_get(1))?;
            Ok((TenantId(unsql(told(row.try_get(0))?)), u32::try_from(version).unwrap_or(u32::MAX)))
        };
        found.iter().map(read).collect()
    }

    async fn rule_set(&self, tenant: TenantId, version: u32) -> Result<Option<RuleSetRow>, StoreError> {
        let query = "SELECT body FROM rule_sets WHERE tenant = $1 AND version = $2";
        Ok(self.bodies(query, &[&sql(tenant.0), &i64::from(version)]).await?.pop())
    }

    async fn rule_sets(&self, tenant: TenantId, before: u32, limit: usize) -> Result<Vec<RuleSetRow>, StoreError> {
        let query = "SELECT body FROM rule_sets WHERE tenant = $1 AND version < $2 ORDER BY version DESC LIMIT $3";
        self.bodies(query, &[&sql(tenant.0), &i64::from(before), &rows(limit)]).await
    }

    async fn publish_rule_set(&self, tenant: TenantId, row: &RuleSetRow, by: &Deed) -> Result<bool, StoreError> {
        let mut lent = self.writers.lend().await?;
        let (time, place) = lent.terms();
        let done = in_time(time, place, publish(&mut lent, tenant, row, by)).await;
        lent.back(done)
    }

    async fn rule_draft(&self, tenant: TenantId) -> Result<Option<RuleDraft>, StoreError> {
        Ok(self.bodies("SELECT body FROM rule_drafts WHERE tenant = $1", &[&sql(tenant.0)]).await?.pop())
    }

    async fn put_rule_draft(&self, tenant: TenantId, draft: &RuleDraft, by: &Deed) -> Result<(), StoreError> {
        let mut lent = self.writers.lend().await?;
        let (time, place) = lent.terms();
        let done = in_time(time, place, put_draft(&mut lent, tenant, draft, by)).await;
        lent.back(done)
    }
}

async fn publish(lent: &mut Lent<'_>, tenant: TenantId, row: &RuleSetRow, by: &Deed) -> Result<bool, StoreError> {
    let work = Work::begin(lent, tenant).await?;
    let query = "SELECT body FROM rule_sets WHERE tenant = $1 ORDER BY version DESC LIMIT 1";
    let live = told(work.transaction.query_opt(query, &[&sql(tenant.0)]).await)?;
    let live: Option<RuleSetRow> = live.map(|live| parse(&live, 0)).transpose()?;
    if live.as_ref().map_or(0, |live| live.version) + 1 != row.version {
        return Ok(false);
    }
    let body = text(row)?;
    let add = "INSERT INTO rule_sets (tenant, version, body) VALUES ($1, $2, $3)";
    told(work.transaction.execute(add, &[&sql(tenant.0), &i64::from(row.version), &Hidden(body.as_bytes())]).await)?;
    work.commit(by, &format!("version {}", row.version), published(live.as_ref(), row)).await?;
    Ok(true)
}

async fn put_draft(lent: &mut Lent<'_>, tenant: TenantId, draft: &RuleDraft, by: &Deed) -> Result<(), StoreError> {
    let work = Work::begin(lent, tenant).await?;
    let body = text(draft)?;
    let put = "INSERT INTO rule_drafts (tenant, body) VALUES ($1, $2)
               ON CONFLICT (tenant) DO UPDATE SET body = excluded.body";
    told(work.transaction.execute(put, &[&sql(tenant.0), &Hidden(body.as_bytes())]).await)?;
    work.commit(by, "draft", drafted(draft)).await
}
