//! The ledger of decisions.

use async_trait::async_trait;
use blendline_authority::Line;
use blendline_wire::TenantId;
use rusqlite::Connection;

use super::SqliteStore;
use super::store::readers::{collect, parse};
use crate::adapters::columns::{contact_bytes, rows, sql};
use crate::ports::ledger::{Ledger, LedgerFilter, LinePlace, LinesWanted, USED_MAX, UsedWanted};
use crate::ports::store::StoreError;

const OF_DECISION: &str = "SELECT body FROM decisions WHERE decision = ?1";
const OF_APPROVAL: &str = "SELECT body FROM decisions
    WHERE decision IN (SELECT decision FROM decisions WHERE approval = ?1)";
const BY_HOLDER: &str = "SELECT body FROM decisions WHERE holder = ?5 AND at >= ?6
    AND tenant = ?1 AND action = ?2 AND currency = ?3 AND kind = 'granted' LIMIT ?4";
const BY_SECOND: &str = "SELECT body FROM decisions WHERE second_holder = ?5 AND at >= ?6
    AND tenant = ?1 AND action = ?2 AND currency = ?3 AND kind = 'granted' LIMIT ?4";
const TO_CONTACT: &str = "SELECT body FROM decisions WHERE contact = ?5 AND at >= ?6
    AND tenant = ?1 AND action = ?2 AND currency = ?3 AND kind = 'granted' LIMIT ?4";
const LEDGER: &str = "SELECT body FROM decisions WHERE tenant = ?1 AND at >= ?2 AND at < ?3
    AND (?4 IS NULL OR asker = ?4) AND (at, decision, line) > (?5, ?6, ?7)
    AND (NOT ?9 OR line = 1) ORDER BY at, decision, line LIMIT ?8";

#[async_trait]
impl Ledger for SqliteStore {
    async fn lines(&self, wanted: &LinesWanted) -> Result<Vec<Line>, StoreError> {
        let wanted = wanted.clone();
        self.readers().read(move |connection| lines(connection, &wanted)).await
    }

    async fn ledger(
        &self,
        tenant: TenantId,
        filter: &LedgerFilter,
        after: Option<LinePlace>,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        let since = filter.since.map_or(0, |since| sql(since.0));
        let until = filter.until.map_or(i64::MAX, |until| sql(until.0));
        let asker = filter.asker.map(|asker| sql(asker.0));
        // Before every line there is.
        let (at, decision, line) = after.map_or((-1, Vec::new(), 0), |place| {
            (sql(place.at.0), place.decision.0.to_be_bytes().to_vec(), i64::from(place.line))
        });
        let params = (sql(tenant.0), since, until, asker, at, decision, line, rows(limit), filter.firsts);
        self.readers().read(move |connection| collect(connection, LEDGER, params, |row| parse(row, 0))).await
    }
}

/// All lines that are asked for.
pub(in crate::adapters::sqlite) fn lines(
    connection: &Connection,
    wanted: &LinesWanted,
) -> Result<Vec<Line>, StoreError> {
    let mut lines = Vec::new();
    for id in &wanted.decisions {
        lines.extend(collect(connection, OF_DECISION, [id.0.to_be_bytes()], |row| parse::<Line>(row, 0))?);
    }
    for task in &wanted.approvals {
        lines.extend(collect(connection, OF_APPROVAL, [sql(task.0)], |row| parse::<Line>(row, 0))?);
    }
    for used in &wanted.used {
        let UsedWanted { tenant, action, currency, .. } = used;
        let (tenant, limit) = (sql(tenant.0), rows(USED_MAX));
        for holder in &used.holders {
            for query in [BY_HOLDER, BY_SECOND] {
                let by = (tenant, action, currency, limit, sql(holder.0), sql(used.day_since.0));
                lines.extend(collect(connection, query, by, |row| parse::<Line>(row, 0))?);
            }
        }
        if let Some(contact) = used.contact {
            let to = (tenant, action, currency, limit, contact_bytes(contact), sql(used.customer_since.0));
            lines.extend(collect(connection, TO_CONTACT, to, |row| parse::<Line>(row, 0))?);
        }
    }
    Ok(lines)
}
