//! Lists of cases, and how many there are of each.

use blendline_cases::Case;
use blendline_wire::{CaseId, TenantId};
use rusqlite::Connection;

use super::fault;
use super::readers::{collect, parse};
use crate::adapters::columns::{contact_bytes, rows, sql, unsql};
use crate::ports::store::{CaseCount, CaseFilter, StoreError};

/// Adds the conditions of a filter. The tenant is the first parameter; those from the fourth on are of [`values`].
fn narrow(query: &mut String, filter: &CaseFilter) {
    // An index narrower than the tenant's is taken where there is one.
    let narrow = filter.contact.is_some() || filter.matter.is_some();
    query.push_str(if narrow { "+tenant = ?1" } else { "tenant = ?1" });
    for (wanted, condition) in [
        (filter.open, " AND open = 1"),
        (filter.over, " AND open = 0"),
        (filter.contact.is_some(), " AND contact = ?4"),
        (filter.matter.is_some(), " AND matter = ?5"),
        (filter.owner.is_some(), " AND owner = ?6"),
        (filter.case_type.is_some(), " AND case_type = ?7"),
        (filter.stages.is_some(), " AND case_type || '/' || stage IN (SELECT value FROM json_each(?8))"),
    ] {
        if wanted {
            query.push_str(condition);
        }
    }
}

/// What the conditions of a filter compare with.
#[allow(clippy::type_complexity, reason = "parameters of one query, in their order")]
fn values(filter: &CaseFilter) -> (Option<[u8; 16]>, Option<i64>, Option<i64>, Option<String>, Option<String>) {
    (
        filter.contact.map(contact_bytes),
        filter.matter.map(|matter| sql(matter.0)),
        filter.owner.map(|owner| sql(owner.0)),
        filter.case_type.clone(),
        filter.stages.as_ref().map(|names| serde_json::json!(names).to_string()),
    )
}

/// Cases by filter, as tasks are.
pub(super) fn list(
    connection: &Connection,
    tenant: TenantId,
    filter: &CaseFilter,
    after: Option<CaseId>,
    limit: usize,
) -> Result<Vec<Case>, StoreError> {
    let mut query = String::from("SELECT body FROM cases WHERE ");
    narrow(&mut query, filter);
    if filter.late_at.is_some() {
        query.push_str(" AND due_at < ?3");
    }
    // What is due never stands behind everything that is.
    let place = "coalesce(due_at, 9223372036854775807), id";
    query.push_str(&match (filter.by_due, after.is_some()) {
        (true, true) => format!(
            " AND ({place}) > (SELECT coalesce(c.due_at, 9223372036854775807), c.id FROM cases c WHERE c.id = ?2)
              ORDER BY {place}"
        ),
        (true, false) => format!(" ORDER BY {place}"),
        // An empty name comes before every other.
        (false, _) => " AND id > ?2 ORDER BY id".to_owned(),
    });
    // The last parameter is in every query: there are as many as it says.
    query.push_str(" LIMIT ?9");
    let after = after.map_or_else(Vec::new, |id| id.0.to_be_bytes().to_vec());
    let (contact, matter, owner, case_type, stages) = values(filter);
    let late_at = filter.late_at.map(|at| sql(at.0));
    let params = (sql(tenant.0), after, late_at, contact, matter, owner, case_type, stages, rows(limit));
    collect(connection, &query, params, |row| parse(row, 0))
}

/// How many cases there are by type and stage, and how many of them are late.
pub(super) fn count(
    connection: &Connection,
    tenant: TenantId,
    filter: &CaseFilter,
) -> Result<Vec<CaseCount>, StoreError> {
    let mut query =
        String::from("SELECT case_type, stage, count(*), count(*) FILTER (WHERE due_at < ?9) FROM cases WHERE ");
    narrow(&mut query, filter);
    query.push_str(" GROUP BY case_type, stage ORDER BY case_type, stage");
    let (contact, matter, owner, case_type, stages) = values(filter);
    let late_at = filter.late_at.map(|at| sql(at.0));
    let nothing: (Option<i64>, Option<i64>) = (None, None);
    let params = (sql(tenant.0), nothing.0, nothing.1, contact, matter, owner, case_type, stages, late_at);
    collect(connection, &query, params, |row| {
        let read = |row: &rusqlite::Row<'_>| {
            Ok(CaseCount {
                case_type: row.get(0)?,
                stage: row.get(1)?,
                count: unsql(row.get(2)?),
                late: unsql(row.get(3)?),
            })
        };
        read(row).map_err(|error: rusqlite::Error| fault(&error))
    })
}
