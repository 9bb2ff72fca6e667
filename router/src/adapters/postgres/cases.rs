//! Lists of cases, and how many there are of each.

use std::fmt::Write as _;

use blendline_cases::Case;
use blendline_wire::{CaseId, TenantId};
use tokio_postgres::types::ToSql;

use super::PostgresStore;
use super::values::{Hash, params};
use crate::adapters::columns::{contact_bytes, rows, sql, unsql};
use crate::ports::store::{CaseCount, CaseFilter, StoreError};

/// Where what is due never stands: behind everything that is.
const NEVER: &str = "9223372036854775807";

/// What a filter asks for, as the columns have it.
struct Asked {
    contact: Option<Vec<u8>>,
    numbers: [(&'static str, Option<i64>); 3],
    case_type: Option<String>,
    stages: Option<Vec<String>>,
}

impl Asked {
    fn of(filter: &CaseFilter) -> Self {
        Self {
            contact: filter.contact.map(|contact| contact_bytes(contact).to_vec()),
            numbers: [
                ("matter =", filter.matter.map(|matter| sql(matter.0))),
                ("owner =", filter.owner.map(|owner| sql(owner.0))),
                ("due_at <", filter.late_at.map(|at| sql(at.0))),
            ],
            case_type: filter.case_type.clone(),
            stages: filter.stages.clone(),
        }
    }

    /// Adds its conditions behind `tenant`, whose place is the first.
    fn narrow<'a>(&'a self, filter: &CaseFilter, query: &mut String, params: &mut Vec<&'a (dyn ToSql + Sync)>) {
        // An index narrower than the tenant's is taken where there is one.
        let narrow = filter.contact.is_some() || filter.matter.is_some();
        query.push_str(if narrow { "tenant + 0 = $1" } else { "tenant = $1" });
        query.push_str(if filter.open { " AND open" } else { "" });
        query.push_str(if filter.over { " AND NOT open" } else { "" });
        let mut also = |condition: &str, value: Option<&'a (dyn ToSql + Sync)>, end: &str| {
            let Some(value) = value else { return };
            params.push(value);
            // Writing to a text cannot fail.
            let _ = write!(query, " AND {condition} ${}{end}", params.len());
        };
        let contact = self.contact.as_ref().map(|contact| contact as &(dyn ToSql + Sync));
        also("contact =", contact, "");
        for (condition, value) in &self.numbers {
            also(condition, value.as_ref().map(|value| value as &(dyn ToSql + Sync)), "");
        }
        also("case_type =", self.case_type.as_ref().map(|name| name as &(dyn ToSql + Sync)), "");
        let stages = self.stages.as_ref().map(|names| names as &(dyn ToSql + Sync));
        also("case_type || '/' || stage = ANY(", stages, ")");
    }
}

impl PostgresStore {
    pub(super) async fn list_cases(
        &self,
        tenant: TenantId,
        filter: &CaseFilter,
        after: Option<CaseId>,
        limit: usize,
    ) -> Result<Vec<Case>, StoreError> {
        let (tenant, limit) = (sql(tenant.0), rows(limit));
        let after = after.map(|id| Hash(id.0.to_be_bytes()));
        let asked = Asked::of(filter);
        // The text is one of a few, so it stays among the prepared ones.
        let mut query = String::from("SELECT body FROM cases WHERE ");
        let mut params = params(&[&tenant, &after, &limit]);
        asked.narrow(filter, &mut query, &mut params);
        query.push_str(" AND ($2::uuid IS NULL OR ");
        let _ = if filter.by_due {
            let place = format!("coalesce(due_at, {NEVER}), id");
            write!(
                query,
                "({place}) > (SELECT coalesce(c.due_at, {NEVER}), c.id FROM cases c WHERE c.id = $2)) ORDER BY {place}"
            )
        } else {
            write!(query, "id > $2) ORDER BY id")
        };
        query.push_str(" LIMIT $3");
        self.bodies(&query, &params).await
    }

    pub(super) async fn count_cases(
        &self,
        tenant: TenantId,
        filter: &CaseFilter,
    ) -> Result<Vec<CaseCount>, StoreError> {
        let (tenant, late_at) = (sql(tenant.0), filter.late_at.map(|at| sql(at.0)));
        let filter = CaseFilter { late_at: None, ..filter.clone() };
        let asked = Asked::of(&filter);
        let mut query = String::from(
            "SELECT case_type, stage, count(*), count(*) FILTER (WHERE due_at < $2::bigint) FROM cases WHERE ",
        );
        let mut params = params(&[&tenant, &late_at]);
        asked.narrow(&filter, &mut query, &mut params);
        query.push_str(" GROUP BY case_type, stage ORDER BY case_type, stage");
        let rows = self.ask(&query, &params).await?;
        let count = |row: &tokio_postgres::Row| {
            Ok(CaseCount {
                case_type: row.try_get(0)?,
                stage: row.try_get(1)?,
                count: unsql(row.try_get(2)?),
                late: unsql(row.try_get(3)?),
            })
        };
        let read: Result<_, tokio_postgres::Error> = rows.iter().map(count).collect();
        read.map_err(|error| StoreError::Corrupt(error.to_string()))
    }
}
