//! What goes out to other systems, in the record's file. Every change is written by the one writer.

use async_trait::async_trait;
use blendline_wire::event::Event;
use blendline_wire::{Millis, TenantId};
use rusqlite::{OptionalExtension as _, Transaction};

use super::people::{append, text};
use super::store::readers::{collect, first, parse};
use super::store::{SqliteStore, fault};
use crate::adapters::columns::{rows, sql, unsql};
use crate::adapters::outlets::{SWEPT_MAX, changed, state};
use crate::ports::outlets::{Delivery, DeliveryState, Endpoint, Entered, Outlets, Sink, Tried};
use crate::ports::people::Deed;
use crate::ports::store::StoreError;

/// What the writer is asked.
pub(super) enum OutletsOrder {
    MoveOn { tenant: TenantId, sink: Sink, from: Option<u64>, to: u64, entered: Vec<Entered> },
    Put(Endpoint, Option<Deed>),
    Remove(TenantId, String, Deed),
    Tried(TenantId, String, Vec<Tried>),
    Again(TenantId, String, Vec<Entered>),
    Sweep(Millis),
}

const COLUMNS: &str = "event, at, lane, state, attempts, next_at, cause FROM outlet_deliveries";

#[async_trait]
impl Outlets for SqliteStore {
    async fn last_event(&self, tenant: TenantId) -> Result<u64, StoreError> {
        let (query, params) = ("SELECT max(id) FROM events WHERE tenant = ?1", [sql(tenant.0)]);
        let read = |row: &rusqlite::Row<'_>| row.get::<_, Option<i64>>(0).map_err(|error| fault(&error));
        let last = self.readers().read(move |connection| first(connection, query, params, read)).await?;
        Ok(last.flatten().map_or(0, unsql))
    }

    async fn events_numbered(&self, tenant: TenantId, numbers: &[u64]) -> Result<Vec<Event>, StoreError> {
        let numbers = numbers.to_vec();
        let query = "SELECT body FROM events WHERE tenant = ?1 AND id = ?2";
        self.readers()
            .read(move |connection| {
                let one = |number: &u64| first(connection, query, (sql(tenant.0), sql(*number)), |row| parse(row, 0));
                numbers.iter().filter_map(|number| one(number).transpose()).collect()
            })
            .await
    }

    async fn position(&self, tenant: TenantId, sink: &Sink) -> Result<Option<u64>, StoreError> {
        let params = (sql(tenant.0), sink.name());
        let query = "SELECT event FROM outlet_positions WHERE tenant = ?1 AND sink = ?2";
        let read = |row: &rusqlite::Row<'_>| row.get(0).map(unsql).map_err(|error| fault(&error));
        self.readers().read(move |connection| first(connection, query, params, read)).await
    }

    async fn move_on(
        &self,
        tenant: TenantId,
        sink: &Sink,
        (from, to): (Option<u64>, u64),
        entered: &[Entered],
    ) -> Result<bool, StoreError> {
        self.outlets(OutletsOrder::MoveOn { tenant, sink: sink.clone(), from, to, entered: entered.to_vec() }).await
    }

    async fn endpoints(&self, tenants: &[TenantId]) -> Result<Vec<Endpoint>, StoreError> {
        let tenants = tenants.to_vec();
        let query = "SELECT body FROM outlet_endpoints WHERE tenant = ?1";
        self.readers()
            .read(move |connection| {
                let mut found = Vec::new();
                for tenant in tenants {
                    found.extend(collect(connection, query, [sql(tenant.0)], |row| parse(row, 0))?);
                }
                Ok(found)
            })
            .await
    }

    async fn put_endpoint(&self, endpoint: &Endpoint, by: Option<&Deed>) -> Result<bool, StoreError> {
        self.outlets(OutletsOrder::Put(endpoint.clone(), by.cloned())).await
    }

    async fn remove_endpoint(&self, tenant: TenantId, name: &str, by: &Deed) -> Result<bool, StoreError> {
        self.outlets(OutletsOrder::Remove(tenant, name.to_owned(), by.clone())).await
    }

    async fn pending(
        &self,
        tenant: TenantId,
        endpoint: &str,
        lane: Option<&str>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        // Each says the words of its index.
        let of_lane = if lane.is_some() { " AND lane = ?5" } else { " AND ?5 IS NULL" };
        let query = format!(
            "SELECT {COLUMNS} WHERE tenant = ?1 AND endpoint = ?2 AND event > ?3 AND state = 'pending'{of_lane}
             ORDER BY event LIMIT ?4"
        );
        let params = (sql(tenant.0), endpoint.to_owned(), sql(after), rows(limit), lane.map(str::to_owned));
        self.readers().read(move |connection| collect(connection, &query, params, delivery)).await
    }

    async fn tried(&self, tenant: TenantId, endpoint: &str, tries: &[Tried]) -> Result<(), StoreError> {
        self.outlets(OutletsOrder::Tried(tenant, endpoint.to_owned(), tries.to_vec())).await.map(drop)
    }

    async fn deliveries(
        &self,
        tenant: TenantId,
        endpoint: &str,
        state: Option<DeliveryState>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let in_state = match state {
            Some(DeliveryState::Pending) => " AND state = 'pending'",
            Some(DeliveryState::Failed) => " AND state = 'failed'",
            Some(DeliveryState::Delivered) => " AND state = 'delivered'",
            None => "",
        };
        let query = format!(
            "SELECT {COLUMNS} WHERE tenant = ?1 AND endpoint = ?2 AND event > ?3{in_state} ORDER BY event LIMIT ?4"
        );
        let params = (sql(tenant.0), endpoint.to_owned(), sql(after), rows(limit));
        self.readers().read(move |connection| collect(connection, &query, params, delivery)).await
    }

    async fn post_again(&self, tenant: TenantId, endpoint: &str, entered: &[Entered]) -> Result<(), StoreError> {
        self.outlets(OutletsOrder::Again(tenant, endpoint.to_owned(), entered.to_vec())).await.map(drop)
    }

    async fn sweep_deliveries(&self, before: Millis) -> Result<bool, StoreError> {
        self.outlets(OutletsOrder::Sweep(before)).await
    }
}

fn delivery(row: &rusqlite::Row<'_>) -> Result<Delivery, StoreError> {
    let number = |column| row.get(column).map(unsql).map_err(|error| fault(&error));
    let words = |column| row.get::<_, String>(column).map_err(|error| fault(&error));
    Ok(Delivery {
        event: number(0)?,
        at: Millis(number(1)?),
        lane: words(2)?,
        state: state(&words(3)?)?,
        attempts: row.get(4).map_err(|error| fault(&error))?,
        next_at: Millis(number(5)?),
        cause: words(6)?,
    })
}

/// Carries out one order; false where it was not done, or where there is nothing more to do.
pub(super) fn carry_out(transaction: &Transaction<'_>, order: &OutletsOrder) -> rusqlite::Result<bool> {
    match order {
        OutletsOrder::MoveOn { tenant, sink, from, to, entered } => {
            let moved = move_on(transaction, *tenant, sink, *from, *to)?;
            if let Sink::Endpoint(endpoint) = sink
                && moved
            {
                enter(transaction, *tenant, endpoint, entered, "DO NOTHING")?;
            }
            Ok(moved)
        }
        OutletsOrder::Put(endpoint, by) => put(transaction, endpoint, by.as_ref()),
        OutletsOrder::Remove(tenant, name, by) => remove(transaction, *tenant, name, by),
        OutletsOrder::Tried(tenant, endpoint, tries) => tried(transaction, *tenant, endpoint, tries).map(|()| true),
        OutletsOrder::Again(tenant, endpoint, entered) => {
            let again = "DO UPDATE SET state = 'pending', attempts = 0, next_at = 0, cause = ''";
            enter(transaction, *tenant, endpoint, entered, again).map(|()| true)
        }
        OutletsOrder::Sweep(before) => {
            let dropped = transaction
                .prepare_cached(
                    "DELETE FROM outlet_deliveries WHERE (tenant, endpoint, event) IN (
                         SELECT tenant, endpoint, event FROM outlet_deliveries
                         WHERE state <> 'pending' AND next_at < ?1 ORDER BY next_at LIMIT ?2)",
                )?
                .execute((sql(before.0), SWEPT_MAX))?;
            Ok(sql(dropped as u64) == SWEPT_MAX)
        }
    }
}

fn move_on(
    transaction: &Transaction<'_>,
    tenant: TenantId,
    sink: &Sink,
    from: Option<u64>,
    to: u64,
) -> rusqlite::Result<bool> {
    let moved = match from {
        Some(from) => transaction
            .prepare_cached("UPDATE outlet_positions SET event = ?4 WHERE tenant = ?1 AND sink = ?2 AND event = ?3")?
            .execute((sql(tenant.0), sink.name(), sql(from), sql(to)))?,
        None => transaction
            .prepare_cached(
                "INSERT INTO outlet_positions (tenant, sink, event) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?
            .execute((sql(tenant.0), sink.name(), sql(to)))?,
    };
    Ok(moved == 1)
}

fn enter(
    transaction: &Transaction<'_>,
    tenant: TenantId,
    endpoint: &str,
    entered: &[Entered],
    known: &str,
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(&format!(
        "INSERT INTO outlet_deliveries (tenant, endpoint, event, at, lane, state, attempts, next_at, cause)
             VALUES (?1, ?2, ?3, ?4, ?5, 'pending', 0, 0, '') ON CONFLICT {known}"
    ))?;
    for Entered { event, at, lane } in entered {
        insert.execute((sql(tenant.0), endpoint, sql(*event), sql(at.0), lane))?;
    }
    Ok(())
}

fn tried(transaction: &Transaction<'_>, tenant: TenantId, endpoint: &str, tries: &[Tried]) -> rusqlite::Result<()> {
    let mut update = transaction.prepare_cached(
        "UPDATE outlet_deliveries SET state = ?4, attempts = ?5, next_at = ?6, cause = ?7
             WHERE tenant = ?1 AND endpoint = ?2 AND event = ?3 AND state = 'pending'",
    )?;
    for Tried { event, state, attempts, next_at, cause } in tries {
        let key = (sql(tenant.0), endpoint, sql(*event));
        update.execute((key.0, key.1, key.2, state.as_str(), attempts, sql(next_at.0), cause))?;
    }
    Ok(())
}

fn find(transaction: &Transaction<'_>, tenant: TenantId, name: &str) -> rusqlite::Result<Option<Endpoint>> {
    let body: Option<String> = transaction
        .prepare_cached("SELECT body FROM outlet_endpoints WHERE tenant = ?1 AND name = ?2")?
        .query_row((sql(tenant.0), name), |row| row.get(0))
        .optional()?;
    let read = |body: String| serde_json::from_str(&body);
    body.map(read).transpose().map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn put(transaction: &Transaction<'_>, endpoint: &Endpoint, by: Option<&Deed>) -> rusqlite::Result<bool> {
    let before = find(transaction, endpoint.tenant, &endpoint.name)?;
    if before.as_ref().map_or(0, |before| before.version) + 1 != endpoint.version {
        return Ok(false);
    }
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO outlet_endpoints (tenant, name, version, body) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((sql(endpoint.tenant.0), &endpoint.name, endpoint.version, text(endpoint)?))?;
    if let Some(by) = by {
        append(transaction, endpoint.tenant, by, &endpoint.name, changed(before.as_ref(), Some(endpoint)))?;
    }
    Ok(true)
}

fn remove(transaction: &Transaction<'_>, tenant: TenantId, name: &str, by: &Deed) -> rusqlite::Result<bool> {
    let Some(before) = find(transaction, tenant, name)? else { return Ok(false) };
    let key = (sql(tenant.0), name);
    transaction.execute("DELETE FROM outlet_endpoints WHERE tenant = ?1 AND name = ?2", key)?;
    transaction.execute("DELETE FROM outlet_deliveries WHERE tenant = ?1 AND endpoint = ?2", key)?;
    let sink = Sink::Endpoint(name.to_owned()).name();
    transaction.execute("DELETE FROM outlet_positions WHERE tenant = ?1 AND sink = ?2", (sql(tenant.0), sink))?;
    append(transaction, tenant, by, name, changed(Some(&before), None))?;
    Ok(true)
}
