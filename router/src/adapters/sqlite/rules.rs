//! Rule sets in the record's file. Each change and its audit entry are written by the one writer, in one transaction.

use async_trait::async_trait;
use blendline_wire::TenantId;
use rusqlite::{OptionalExtension as _, Transaction};

use super::people::{append, text};
use super::store::readers::{collect, first, parse};
use super::store::{SqliteStore, fault};
use crate::adapters::columns::{sql, unsql};
use crate::adapters::rules::{drafted, published};
use crate::ports::people::Deed;
use crate::ports::rules::{RuleDraft, RuleSetRow, RuleSets};
use crate::ports::store::StoreError;

/// What the writer is asked.
pub(super) enum RulesOrder {
    Publish(TenantId, RuleSetRow, Deed),
    Draft(TenantId, RuleDraft, Deed),
}

#[async_trait]
impl RuleSets for SqliteStore {
    async fn live_versions(&self) -> Result<Vec<(TenantId, u32)>, StoreError> {
        let query = "SELECT tenant, max(version) FROM rule_sets GROUP BY tenant";
        let read = |row: &rusqlite::Row<'_>| {
            let tenant = row.get(0).map(|tenant| TenantId(unsql(tenant))).map_err(|error| fault(&error))?;
            Ok((tenant, row.get(1).map_err(|error| fault(&error))?))
        };
        self.readers().read(move |connection| collect(connection, query, [], read)).await
    }

    async fn rule_set(&self, tenant: TenantId, version: u32) -> Result<Option<RuleSetRow>, StoreError> {
        let params = (sql(tenant.0), version);
        let query = "SELECT body FROM rule_sets WHERE tenant = ?1 AND version = ?2";
        self.readers().read(move |connection| first(connection, query, params, |row| parse(row, 0))).await
    }

    async fn rule_sets(&self, tenant: TenantId, before: u32, limit: usize) -> Result<Vec<RuleSetRow>, StoreError> {
        let params = (sql(tenant.0), before, sql(limit as u64));
        let query = "SELECT body FROM rule_sets WHERE tenant = ?1 AND version < ?2 ORDER BY version DESC LIMIT ?3";
        self.readers().read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn publish_rule_set(&self, tenant: TenantId, row: &RuleSetRow, by: &Deed) -> Result<bool, StoreError> {
        self.rules(RulesOrder::Publish(tenant, row.clone(), by.clone())).await
    }

    async fn rule_draft(&self, tenant: TenantId) -> Result<Option<RuleDraft>, StoreError> {
        let params = [sql(tenant.0)];
        let query = "SELECT body FROM rule_drafts WHERE tenant = ?1";
        self.readers().read(move |connection| first(connection, query, params, |row| parse(row, 0))).await
    }

    async fn put_rule_draft(&self, tenant: TenantId, draft: &RuleDraft, by: &Deed) -> Result<(), StoreError> {
        self.rules(RulesOrder::Draft(tenant, draft.clone(), by.clone())).await.map(drop)
    }
}

/// Carries out one order; false where it was not done.
pub(super) fn carry_out(transaction: &Transaction<'_>, order: &RulesOrder) -> rusqlite::Result<bool> {
    match order {
        RulesOrder::Publish(tenant, row, by) => publish(transaction, *tenant, row, by),
        RulesOrder::Draft(tenant, draft, by) => {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO rule_drafts (tenant, body) VALUES (?1, ?2)")?
                .execute((sql(tenant.0), text(draft)?))?;
            append(transaction, *tenant, by, "draft", drafted(draft))?;
            Ok(true)
        }
    }
}

fn publish(transaction: &Transaction<'_>, tenant: TenantId, row: &RuleSetRow, by: &Deed) -> rusqlite::Result<bool> {
    let live: Option<String> = transaction
        .prepare_cached("SELECT body FROM rule_sets WHERE tenant = ?1 ORDER BY version DESC LIMIT 1")?
        .query_row([sql(tenant.0)], |row| row.get(0))
        .optional()?;
    let live: Option<RuleSetRow> = match live {
        Some(body) => Some(
            serde_json::from_str(&body).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?,
        ),
        None => None,
    };
    if live.as_ref().map_or(0, |live| live.version) + 1 != row.version {
        return Ok(false);
    }
    transaction.prepare_cached("INSERT INTO rule_sets (tenant, version, body) VALUES (?1, ?2, ?3)")?.execute((
        sql(tenant.0),
        row.version,
        text(row)?,
    ))?;
    append(transaction, tenant, by, &format!("version {}", row.version), published(live.as_ref(), row))?;
    Ok(true)
}
