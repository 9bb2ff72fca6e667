//! Ownership of shards (P2), by the database's own clock.

use blendline_wire::Millis;
use tokio::try_join;
use tokio_postgres::Row;

use super::connections::{Lent, told};
use crate::adapters::columns::{Batch, sql, unsql};
use crate::ports::store::{StoreError, Tenure};

/// Takes a shard whose lease is over.
pub(super) async fn take(lent: &Lent<'_>, shard: u16, owner: &str, lease_ms: u64) -> Result<Tenure, StoreError> {
    let (shard, lease_ms) = (i32::from(shard), sql(lease_ms));
    let first = lent.prepare_cached(
        "INSERT INTO shards (id, epoch, batch, now, owner_url, lease_until) VALUES ($1, 0, 0, 0, '', 0)
         ON CONFLICT (id) DO NOTHING",
    );
    let take = lent.prepare_cached(
        "UPDATE shards SET epoch = epoch + 1, owner_url = $2, lease_until = clock_ms() + $3
         WHERE id = $1 AND lease_until <= clock_ms() RETURNING epoch, batch, now",
    );
    let look = lent.prepare_cached("SELECT owner_url, lease_until - clock_ms() FROM shards WHERE id = $1");
    let (first, take, look) = told(try_join!(first, take, look))?;
    told(lent.execute(&first, &[&shard]).await)?;
    if let Some(row) = told(lent.query_opt(&take, &[&shard, &owner, &lease_ms]).await)? {
        return tenure(&row);
    }
    let row = told(lent.query_one(&look, &[&shard]).await)?;
    Err(StoreError::Held { owner: told(row.try_get(0))?, left_ms: unsql(told(row.try_get(1))?) })
}

fn tenure(row: &Row) -> Result<Tenure, StoreError> {
    let column = |n: usize| told(row.try_get(n)).map(unsql);
    Ok(Tenure { epoch: column(0)?, batch: column(1)?, now: Millis(column(2)?) })
}

/// Lengthens a lease.
pub(super) async fn renew(lent: &Lent<'_>, shard: u16, epoch: u64, lease_ms: u64) -> Result<(), StoreError> {
    let renew = "UPDATE shards SET lease_until = clock_ms() + $3 WHERE id = $1 AND epoch = $2";
    let renew = told(lent.prepare_cached(renew).await)?;
    one(told(lent.execute(&renew, &[&i32::from(shard), &sql(epoch), &sql(lease_ms)]).await)?)
}

/// Ends a lease.
pub(super) async fn give_up(lent: &Lent<'_>, shard: u16, epoch: u64) -> Result<(), StoreError> {
    let give = told(lent.prepare_cached("UPDATE shards SET lease_until = 0 WHERE id = $1 AND epoch = $2").await)?;
    one(told(lent.execute(&give, &[&i32::from(shard), &sql(epoch)]).await)?)
}

/// Writes the shard's row again if this batch is its last one; when that is durable, so is the batch.
pub(super) async fn settle(lent: &Lent<'_>, batch: &Batch) -> Result<(), StoreError> {
    let settle = "UPDATE shards SET lease_until = clock_ms() + $4 WHERE id = $1 AND epoch = $2 AND batch = $3";
    let settle = told(lent.prepare_cached(settle).await)?;
    let (shard, epoch, number) = (i32::from(batch.shard), sql(batch.epoch), sql(batch.batch));
    one(told(lent.execute(&settle, &[&shard, &epoch, &number, &sql(batch.lease_ms)]).await)?)
}

/// One row was changed, or the shard is somebody else's.
fn one(rows: u64) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Fenced) }
}
