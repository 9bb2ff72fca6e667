//! What goes out to other systems. Its statements run on the connections for reading: commits never wait for them.

use async_trait::async_trait;
use blendline_wire::event::Event;
use blendline_wire::{Millis, TenantId};
use tokio_postgres::Row;

use super::PostgresStore;
use super::connections::{Lent, in_time, told};
use super::people::{Work, text};
use super::values::{Hidden, parse};
use crate::adapters::columns::{rows, sql, unsql};
use crate::adapters::outlets::{SWEPT_MAX, changed, state};
use crate::ports::outlets::{Delivery, DeliveryState, Endpoint, Entered, Outlets, Sink, Tried};
use crate::ports::people::Deed;
use crate::ports::store::StoreError;

const ENTER: &str = "INSERT INTO outlet_deliveries (tenant, endpoint, event, at, lane, state, attempts, next_at, cause)
    SELECT $1, $2, event, at, lane, 'pending', 0, 0, '' FROM unnest($3::bigint[], $4::bigint[], $5::text[])
        AS entered (event, at, lane) ON CONFLICT (tenant, endpoint, event)";
const AGAIN: &str = "DO UPDATE SET state = 'pending', attempts = 0, next_at = 0, cause = ''";
const TRIED: &str = "UPDATE outlet_deliveries AS entry SET state = tried.state, attempts = tried.attempts,
        next_at = tried.next_at, cause = tried.cause
    FROM unnest($3::bigint[], $4::text[], $5::integer[], $6::bigint[], $7::text[])
        AS tried (event, state, attempts, next_at, cause)
    WHERE entry.tenant = $1 AND entry.endpoint = $2 AND entry.event = tried.event AND entry.state = 'pending'";
const COLUMNS: &str = "event, at, lane, state, attempts, next_at, cause FROM outlet_deliveries";

#[async_trait]
impl Outlets for PostgresStore {
    async fn last_event(&self, tenant: TenantId) -> Result<u64, StoreError> {
        let query = "SELECT id FROM events WHERE tenant = $1 ORDER BY id DESC LIMIT 1";
        let found = self.ask(query, &[&sql(tenant.0)]).await?;
        found.first().map_or(Ok(0), |row| told(row.try_get(0)).map(unsql))
    }

    async fn events_numbered(&self, tenant: TenantId, numbers: &[u64]) -> Result<Vec<Event>, StoreError> {
        let numbers: Vec<i64> = numbers.iter().copied().map(sql).collect();
        let query = "SELECT body FROM events WHERE tenant = $1 AND id = ANY($2) ORDER BY id";
        self.bodies(query, &[&sql(tenant.0), &numbers]).await
    }

    async fn position(&self, tenant: TenantId, sink: &Sink) -> Result<Option<u64>, StoreError> {
        let query = "SELECT event FROM outlet_positions WHERE tenant = $1 AND sink = $2";
        let found = self.ask(query, &[&sql(tenant.0), &sink.name()]).await?;
        found.first().map(|row| told(row.try_get(0)).map(unsql)).transpose()
    }

    async fn move_on(
        &self,
        tenant: TenantId,
        sink: &Sink,
        way: (Option<u64>, u64),
        entered: &[Entered],
    ) -> Result<bool, StoreError> {
        let mut lent = self.readers.lend().await?;
        let (time, place) = lent.terms();
        let moved = in_time(time, place, move_on(&mut lent, tenant, sink, way, entered)).await;
        lent.back(moved)
    }

    async fn endpoints(&self, tenants: &[TenantId]) -> Result<Vec<Endpoint>, StoreError> {
        let tenants: Vec<i64> = tenants.iter().map(|tenant| sql(tenant.0)).collect();
        self.bodies("SELECT body FROM outlet_endpoints WHERE tenant = ANY($1)", &[&tenants]).await
    }

    async fn put_endpoint(&self, endpoint: &Endpoint, by: Option<&Deed>) -> Result<bool, StoreError> {
        let mut lent = self.readers.lend().await?;
        let (time, place) = lent.terms();
        let put = in_time(time, place, put(&mut lent, endpoint, by)).await;
        lent.back(put)
    }

    async fn remove_endpoint(&self, tenant: TenantId, name: &str, by: &Deed) -> Result<bool, StoreError> {
        let mut lent = self.readers.lend().await?;
        let (time, place) = lent.terms();
        let removed = in_time(time, place, remove(&mut lent, tenant, name, by)).await;
        lent.back(removed)
    }

    async fn pending(
        &self,
        tenant: TenantId,
        endpoint: &str,
        lane: Option<&str>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let (tenant, after, limit) = (sql(tenant.0), sql(after), rows(limit));
        let of = "WHERE tenant = $1 AND endpoint = $2 AND event > $3 AND state = 'pending'";
        let found = match lane {
            Some(lane) => {
                let query = format!("SELECT {COLUMNS} {of} AND lane = $5 ORDER BY event LIMIT $4");
                self.ask(&query, &[&tenant, &endpoint, &after, &limit, &lane]).await?
            }
            None => {
                let query = format!("SELECT {COLUMNS} {of} ORDER BY event LIMIT $4");
                self.ask(&query, &[&tenant, &endpoint, &after, &limit]).await?
            }
        };
        found.iter().map(delivery).collect()
    }

    async fn tried(&self, tenant: TenantId, endpoint: &str, tries: &[Tried]) -> Result<(), StoreError> {
        let numbers: Vec<i64> = tries.iter().map(|tried| sql(tried.event)).collect();
        let states: Vec<&str> = tries.iter().map(|tried| tried.state.as_str()).collect();
        let attempts: Vec<i32> = tries.iter().map(|tried| i32::try_from(tried.attempts).unwrap_or(i32::MAX)).collect();
        let times: Vec<i64> = tries.iter().map(|tried| sql(tried.next_at.0)).collect();
        let causes: Vec<&str> = tries.iter().map(|tried| tried.cause.as_str()).collect();
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
            [&sql(tenant.0), &endpoint, &numbers, &states, &attempts, &times, &causes];
        self.ask(TRIED, &params).await.map(drop)
    }

    async fn deliveries(
        &self,
        tenant: TenantId,
        endpoint: &str,
        state: Option<DeliveryState>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        // Each says the words of its index.
        let in_state = match state {
            Some(DeliveryState::Pending) => " AND state = 'pending'",
            Some(DeliveryState::Failed) => " AND state = 'failed'",
            Some(DeliveryState::Delivered) => " AND state = 'delivered'",
            None => "",
        };
        let query = format!(
            "SELECT {COLUMNS} WHERE tenant = $1 AND endpoint = $2 AND event > $3{in_state} ORDER BY event LIMIT $4"
        );
        let found = self.ask(&query, &[&sql(tenant.0), &endpoint, &sql(after), &rows(limit)]).await?;
        found.iter().map(delivery).collect()
    }

    async fn post_again(&self, tenant: TenantId, endpoint: &str, entered: &[Entered]) -> Result<(), StoreError> {
        let (numbers, times, lanes) = columns(entered);
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&sql(tenant.0), &endpoint, &numbers, &times, &lanes];
        self.ask(&format!("{ENTER} {AGAIN}"), &params).await.map(drop)
    }

    async fn sweep_deliveries(&self, before: Millis) -> Result<bool, StoreError> {
        let sweep = "DELETE FROM outlet_deliveries WHERE (tenant, endpoint, event) IN (
                SELECT tenant, endpoint, event FROM outlet_deliveries
                WHERE state <> 'pending' AND next_at < $1 ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED)
            RETURNING 1";
        Ok(rows(self.ask(sweep, &[&sql(before.0), &SWEPT_MAX]).await?.len()) == SWEPT_MAX)
    }
}

fn columns(entered: &[Entered]) -> (Vec<i64>, Vec<i64>, Vec<&str>) {
    let numbers = entered.iter().map(|one| sql(one.event)).collect();
    let times = entered.iter().map(|one| sql(one.at.0)).collect();
    (numbers, times, entered.iter().map(|one| one.lane.as_str()).collect())
}

fn delivery(row: &Row) -> Result<Delivery, StoreError> {
    let number = |column: usize| told(row.try_get(column)).map(unsql);
    let words = |column: usize| told(row.try_get::<_, String>(column));
    let attempts: i32 = told(row.try_get(4))?;
    Ok(Delivery {
        event: number(0)?,
        at: Millis(number(1)?),
        lane: words(2)?,
        state: state(&words(3)?)?,
        attempts: u32::try_from(attempts).unwrap_or(0),
        next_at: Millis(number(5)?),
        cause: words(6)?,
    })
}

async fn move_on(
    lent: &mut Lent<'_>,
    tenant: TenantId,
    sink: &Sink,
    (from, to): (Option<u64>, u64),
    entered: &[Entered],
) -> Result<bool, StoreError> {
    let transaction = told(lent.transaction().await)?;
    let (tenant, name, to) = (sql(tenant.0), sink.name(), sql(to));
    let moved = match from {
        Some(from) => {
            let step = "UPDATE outlet_positions SET event = $4 WHERE tenant = $1 AND sink = $2 AND event = $3";
            told(transaction.execute(step, &[&tenant, &name, &sql(from), &to]).await)?
        }
        None => {
            let begin = "INSERT INTO outlet_positions (tenant, sink, event) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
            told(transaction.execute(begin, &[&tenant, &name, &to]).await)?
        }
    };
    if moved != 1 {
        return Ok(false);
    }
    if let Sink::Endpoint(endpoint) = sink
        && !entered.is_empty()
    {
        let (numbers, times, lanes) = columns(entered);
        let enter = format!("{ENTER} DO NOTHING");
        told(transaction.execute(&enter, &[&tenant, endpoint, &numbers, &times, &lanes]).await)?;
    }
    told(transaction.commit().await)?;
    Ok(true)
}

async fn put(lent: &mut Lent<'_>, endpoint: &Endpoint, by: Option<&Deed>) -> Result<bool, StoreError> {
    let (tenant, version, body) = (sql(endpoint.tenant.0), i64::from(endpoint.version), text(endpoint)?);
    // One statement decides who was quicker, whatever stands around it.
    let put = if endpoint.version == 1 {
        "INSERT INTO outlet_endpoints (tenant, name, version, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
    } else {
        "UPDATE outlet_endpoints SET version = $3, body = $4 WHERE tenant = $1 AND name = $2 AND version = $3 - 1"
    };
    let Some(by) = by else {
        let done = lent.execute(put, &[&tenant, &endpoint.name, &version, &Hidden(body.as_bytes())]).await;
        return Ok(told(done)? == 1);
    };
    let work = Work::begin(lent, endpoint.tenant).await?;
    let before = find(&work, endpoint.tenant, &endpoint.name).await?;
    let done = work.transaction.execute(put, &[&tenant, &endpoint.name, &version, &Hidden(body.as_bytes())]).await;
    if told(done)? != 1 {
        return Ok(false);
    }
    work.commit(by, &endpoint.name, changed(before.as_ref(), Some(endpoint))).await?;
    Ok(true)
}

async fn find(work: &Work<'_>, tenant: TenantId, name: &str) -> Result<Option<Endpoint>, StoreError> {
    let query = "SELECT body FROM outlet_endpoints WHERE tenant = $1 AND name = $2";
    let found = told(work.transaction.query_opt(query, &[&sql(tenant.0), &name]).await)?;
    found.map(|row| parse(&row, 0)).transpose()
}

async fn remove(lent: &mut Lent<'_>, tenant: TenantId, name: &str, by: &Deed) -> Result<bool, StoreError> {
    let work = Work::begin(lent, tenant).await?;
    let Some(before) = find(&work, tenant, name).await? else { return Ok(false) };
    let sink = Sink::Endpoint(name.to_owned()).name();
    for (remove, of) in [
        ("DELETE FROM outlet_endpoints WHERE tenant = $1 AND name = $2", name),
        ("DELETE FROM outlet_deliveries WHERE tenant = $1 AND endpoint = $2", name),
        ("DELETE FROM outlet_positions WHERE tenant = $1 AND sink = $2", sink.as_str()),
    ] {
        told(work.transaction.execute(remove, &[&sql(tenant.0), &of]).await)?;
    }
    work.commit(by, name, changed(Some(&before), None)).await?;
    Ok(true)
}
