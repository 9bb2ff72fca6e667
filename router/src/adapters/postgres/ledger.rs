//! The ledger of decisions.

use std::fmt::Write as _;

use async_trait::async_trait;
use blendline_authority::Line;
use blendline_wire::TenantId;
use tokio_postgres::types::ToSql;

use super::PostgresStore;
use super::values::{Hash, params};
use crate::adapters::columns::{contact_bytes, rows, sql};
use crate::ports::ledger::{Ledger, LedgerFilter, LinePlace, LinesWanted, USED_MAX};
use crate::ports::store::StoreError;

const OF_DECISIONS: &str = "SELECT body FROM decisions WHERE decision = ANY($1)";
const OF_APPROVALS: &str = "SELECT body FROM decisions
    WHERE decision IN (SELECT decision FROM decisions WHERE approval = ANY($1))";
const BY_HOLDERS: &str = "SELECT body FROM decisions WHERE (holder = ANY($5) OR second_holder = ANY($5)) AND at >= $6
    AND tenant = $1 AND action = $2 AND currency = $3 AND kind = 'granted' LIMIT $4";
const TO_CONTACT: &str = "SELECT body FROM decisions WHERE contact = $5 AND at >= $6
    AND tenant = $1 AND action = $2 AND currency = $3 AND kind = 'granted' LIMIT $4";

#[async_trait]
impl Ledger for PostgresStore {
    async fn lines(&self, wanted: &LinesWanted) -> Result<Vec<Line>, StoreError> {
        let mut lines = Vec::new();
        if !wanted.decisions.is_empty() {
            let ids: Vec<_> = wanted.decisions.iter().map(|id| Hash(id.0.to_be_bytes())).collect();
            lines.extend(self.bodies::<Line>(OF_DECISIONS, &[&ids]).await?);
        }
        if !wanted.approvals.is_empty() {
            let tasks: Vec<_> = wanted.approvals.iter().map(|task| sql(task.0)).collect();
            lines.extend(self.bodies::<Line>(OF_APPROVALS, &[&tasks]).await?);
        }
        for used in &wanted.used {
            let (tenant, limit) = (sql(used.tenant.0), rows(USED_MAX));
            let holders: Vec<_> = used.holders.iter().map(|holder| sql(holder.0)).collect();
            let since = sql(used.day_since.0);
            let by: [&(dyn ToSql + Sync); 6] = [&tenant, &used.action, &used.currency, &limit, &holders, &since];
            lines.extend(self.bodies::<Line>(BY_HOLDERS, &by).await?);
            if let Some(contact) = used.contact {
                let (contact, since) = (contact_bytes(contact).to_vec(), sql(used.customer_since.0));
                let to: [&(dyn ToSql + Sync); 6] = [&tenant, &used.action, &used.currency, &limit, &contact, &since];
                lines.extend(self.bodies::<Line>(TO_CONTACT, &to).await?);
            }
        }
        Ok(lines)
    }

    async fn ledger(
        &self,
        tenant: TenantId,
        filter: &LedgerFilter,
        after: Option<LinePlace>,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        let (tenant, limit) = (sql(tenant.0), rows(limit));
        let since = filter.since.map_or(0, |since| sql(since.0));
        let until = filter.until.map_or(i64::MAX, |until| sql(until.0));
        let asker = filter.asker.map(|asker| sql(asker.0));
        let after =
            after.map(|place| (sql(place.at.0), Hash(place.decision.0.to_be_bytes()), place.line.cast_signed()));
        let mut query = String::from("SELECT body FROM decisions WHERE tenant = $1 AND at >= $2 AND at < $3");
        let mut params = params(&[&tenant, &since, &until]);
        query.push_str(if filter.firsts { " AND line = 1" } else { "" });
        if let Some(asker) = &asker {
            params.push(asker);
            let _ = write!(query, " AND asker = ${}", params.len());
        }
        if let Some((at, decision, line)) = &after {
            let n = params.len();
            params.extend([at as &(dyn ToSql + Sync), decision, line]);
            let _ = write!(query, " AND (at, decision, line) > (${}, ${}, ${})", n + 1, n + 2, n + 3);
        }
        params.push(&limit);
        let _ = write!(query, " ORDER BY at, decision, line LIMIT ${}", params.len());
        self.bodies(&query, &params).await
    }
}
