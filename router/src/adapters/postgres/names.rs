//! What is given out on first use and kept for good: the handle of each name, the shard of each tenant.

use std::collections::HashMap;

use blendline_wire::TenantId;
use deadpool_postgres::Transaction;

use super::connections::{Lent, in_time, told};
use crate::adapters::columns::{sql, unsql};
use crate::ports::store::StoreError;

/// The handle of each name; the next free number of its kind for a new one.
pub(super) async fn handles(lent: &mut Lent<'_>, names: &[(String, String)]) -> Result<Vec<u64>, StoreError> {
    let (time, place) = lent.terms();
    let giving = async {
        let transaction = told(lent.transaction().await)?;
        let mut known = find(&transaction, names).await?;
        if names.iter().any(|name| !known.contains_key(name)) {
            // Programs that meet new names at once give them out one after the other.
            told(transaction.batch_execute("LOCK TABLE names IN SHARE ROW EXCLUSIVE MODE").await)?;
            known = find(&transaction, names).await?;
            for name in names {
                if !known.contains_key(name) {
                    known.insert(name.clone(), give(&transaction, name).await?);
                }
            }
        }
        told(transaction.commit().await)?;
        Ok(names.iter().filter_map(|name| known.get(name).copied()).collect())
    };
    in_time(time, place, giving).await
}

async fn find(
    transaction: &Transaction<'_>,
    names: &[(String, String)],
) -> Result<HashMap<(String, String), u64>, StoreError> {
    let (kinds, texts): (Vec<&str>, Vec<&str>) =
        names.iter().map(|(kind, name)| (kind.as_str(), name.as_str())).unzip();
    let find = "SELECT kind, name, handle FROM names JOIN unnest($1::text[], $2::text[]) AS wanted (kind, name)
                USING (kind, name)";
    let mut known = HashMap::new();
    for row in told(transaction.query(find, &[&kinds, &texts]).await)? {
        known.insert((told(row.try_get(0))?, told(row.try_get(1))?), unsql(told(row.try_get(2))?));
    }
    Ok(known)
}

async fn give(transaction: &Transaction<'_>, (kind, name): &(String, String)) -> Result<u64, StoreError> {
    let give = "INSERT INTO names (kind, name, handle)
                VALUES ($1, $2, (SELECT coalesce(max(handle), 0) + 1 FROM names WHERE kind = $1)) RETURNING handle";
    told(told(transaction.query_one(give, &[kind, name]).await)?.try_get(0)).map(unsql)
}

/// The shard of each tenant; the next in turn for a new one.
pub(super) async fn shards(lent: &mut Lent<'_>, tenants: &[TenantId], among: u16) -> Result<Vec<u16>, StoreError> {
    let (time, place) = lent.terms();
    let giving = async {
        let transaction = told(lent.transaction().await)?;
        // Few and seldom: whoever starts a process. They are given out one after the other.
        told(transaction.batch_execute("LOCK TABLE tenant_shards IN SHARE ROW EXCLUSIVE MODE").await)?;
        let give = "WITH new AS (
                INSERT INTO tenant_shards (tenant, shard)
                VALUES ($1, (SELECT count(*) FROM tenant_shards) % $2) ON CONFLICT DO NOTHING RETURNING shard)
            SELECT shard FROM new UNION ALL SELECT shard FROM tenant_shards WHERE tenant = $1";
        let mut shards = Vec::with_capacity(tenants.len());
        for tenant in tenants {
            let row = told(transaction.query_one(give, &[&sql(tenant.0), &i64::from(among.max(1))]).await)?;
            let shard: i32 = told(row.try_get(0))?;
            shards.push(u16::try_from(shard).map_err(|error| StoreError::Corrupt(error.to_string()))?);
        }
        told(transaction.commit().await)?;
        Ok(shards)
    };
    in_time(time, place, giving).await
}
