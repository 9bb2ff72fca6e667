//! What the writer writes: batches, claims, handles; and what it drops.

use blendline_wire::{Millis, OutboundId, TenantId};
use rusqlite::{Connection, OptionalExtension as _, Transaction};

use super::day;
use super::shards::{Fence, fence};
use super::tables::{Tables, Text};
use super::writer::Answer;
use crate::adapters::columns::{Batch, CaseColumns, LineColumns, sql, unsql};
use crate::adapters::sqlite::{external, improvements, judgements};
use crate::ports::store::{Claim, StoreError};

/// How many keys one sweep drops at most.
const SWEEP_KEYS: usize = 20_000;
/// How many journal entries one sweep drops at most; an entry is a whole batch.
const SWEEP_BATCHES: usize = 500;

/// Writes a batch, if the fence lets it.
pub(super) fn batch(connection: &Connection, batch: &Batch) -> rusqlite::Result<Result<Answer, StoreError>> {
    match fence(connection, batch)? {
        Fence::Open => {}
        Fence::Passed => return Ok(Ok(Answer::Done)),
        Fence::Closed => return Ok(Err(StoreError::Fenced)),
    }
    let mut tables = Tables::prepare(connection, batch)?;
    for row in &batch.rows {
        tables.write(row)?;
    }
    drop(tables);
    write_beside(connection, batch)?;
    Ok(Ok(Answer::Committed { day: sql(day(batch.now)) }))
}

/// Lines are added and never changed: one that is there already is a fault, which fails the commit.
fn write_lines(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let mut line = connection.prepare_cached(
        "INSERT INTO decisions (decision, line, shard, tenant, at, kind, action, currency, minor, asker, holder,
             second_holder, contact, approval, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    for row in &batch.lines {
        let LineColumns { decision, tenant, at, kind, action, currency, minor, asker, holder, .. } = row;
        let LineColumns { second_holder, contact, approval, .. } = row;
        let text = Text(batch.text(&row.body));
        line.execute(rusqlite::params![
            decision,
            row.line,
            batch.shard,
            tenant,
            at,
            kind,
            action,
            currency,
            minor,
            asker,
            holder,
            second_holder,
            contact,
            approval,
            text
        ])?;
    }
    Ok(())
}

/// What a batch brings beside the core's rows.
fn write_beside(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let (today, now) = (sql(day(batch.now)), sql(batch.now.0));
    let mut key = connection.prepare_cached(
        "INSERT INTO dedup_keys (day, key, value) VALUES (?1, ?2, ?3) ON CONFLICT (day, key) DO NOTHING",
    )?;
    for (hash, value) in &batch.keys {
        key.execute((today, hash, value))?;
    }
    let mut address = connection.prepare_cached(
        "INSERT INTO addresses (hash, contact, tenant, account, seen_at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (hash) DO UPDATE SET contact = excluded.contact, seen_at = excluded.seen_at, body = excluded.body",
    )?;
    for row in &batch.addresses {
        address.execute((row.hash, row.contact, row.tenant, row.account, now, Text(batch.text(&row.body))))?;
    }
    let mut entry = connection.prepare_cached(
        "INSERT INTO register (key, kind, tenant, at, body) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (key) DO UPDATE SET at = excluded.at, body = excluded.body",
    )?;
    for row in &batch.entries {
        entry.execute((row.key, row.kind, row.tenant, row.at, Text(batch.text(&row.body))))?;
    }
    let mut case = connection.prepare_cached(
        "INSERT INTO cases (id, shard, tenant, case_type, stage, contact, matter, task, owner, open, opened_at, due_at,
             look_at, promise_due, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
         ON CONFLICT (id) DO UPDATE SET stage = excluded.stage, contact = excluded.contact, matter = excluded.matter,
             task = excluded.task, owner = excluded.owner, open = excluded.open, due_at = excluded.due_at,
             look_at = excluded.look_at, promise_due = excluded.promise_due, body = excluded.body",
    )?;
    for row in &batch.cases {
        let CaseColumns { id, tenant, case_type, stage, contact, matter, task, owner, open, .. } = row;
        let CaseColumns { opened_at, due_at, look_at, promise_due, .. } = row;
        let (shard, body) = (batch.shard, Text(batch.text(&row.body)));
        case.execute((
            id,
            shard,
            tenant,
            case_type,
            stage,
            contact,
            matter,
            task,
            owner,
            open,
            opened_at,
            due_at,
            look_at,
            promise_due,
            body,
        ))?;
    }
    write_lines(connection, batch)?;
    external::write(connection, batch)?;
    judgements::write(connection, batch)?;
    improvements::write(connection, batch)?;
    let mut sent = connection.prepare_cached("UPDATE outbound SET external_id = ?2 WHERE id = ?1")?;
    for (id, external) in &batch.sent {
        sent.execute((id, external.as_bytes()))?;
    }
    let mut quarantine = connection.prepare_cached(
        "INSERT INTO quarantine (tenant, account, channel, at, cause, raw) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for row in &batch.quarantine {
        // The one column that holds words of strangers as they are: not every store takes a NUL in text.
        let cause = row.cause.replace('\0', "\u{fffd}");
        let account = row.account.map(|account| sql(account.0));
        quarantine.execute((sql(row.tenant.0), account, &row.channel, sql(row.at.0), cause, &row.raw))?;
    }
    connection
        .prepare_cached("INSERT INTO journal (day, shard, epoch, batch, now, inputs) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute((today, batch.shard, sql(batch.epoch), sql(batch.batch), now, &batch.journal))
        .map(drop)
}

/// Grants an attempt to the first who asks.
pub(super) fn claim(
    transaction: &Transaction<'_>,
    outbound: OutboundId,
    attempt: u32,
    sender: &str,
    now: Millis,
) -> rusqlite::Result<Claim> {
    let granted = transaction
        .prepare_cached(
            "INSERT INTO claims (outbound, attempt, sender, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (outbound, attempt) DO NOTHING",
        )?
        .execute((sql(outbound.0), attempt, sender, sql(now.0)))?;
    if granted == 1 {
        return Ok(Claim::Granted);
    }
    transaction
        .prepare_cached("SELECT sender, at FROM claims WHERE outbound = ?1 AND attempt = ?2")?
        .query_row((sql(outbound.0), attempt), |row| {
            Ok(Claim::Taken { sender: row.get(0)?, at: Millis(unsql(row.get(1)?)) })
        })
}

/// The handle of each name; the next free number of its kind for a new one.
pub(super) fn handles(transaction: &Transaction<'_>, names: &[(String, String)]) -> rusqlite::Result<Vec<u64>> {
    let mut find = transaction.prepare_cached("SELECT handle FROM names WHERE kind = ?1 AND name = ?2")?;
    let mut give = transaction.prepare_cached(
        "INSERT INTO names (kind, name, handle)
         VALUES (?1, ?2, (SELECT coalesce(max(handle), 0) + 1 FROM names WHERE kind = ?1)) RETURNING handle",
    )?;
    let handle = |(kind, name): &(String, String)| {
        let found = find.query_row((kind, name), |row| row.get(0)).optional()?;
        found.map_or_else(|| give.query_row((kind, name), |row| row.get(0)), Ok).map(unsql)
    };
    names.iter().map(handle).collect()
}

/// The shard of each tenant; the next in turn for a new one.
pub(super) fn shards(transaction: &Transaction<'_>, tenants: &[TenantId], among: u16) -> rusqlite::Result<Vec<u16>> {
    let mut find = transaction.prepare_cached("SELECT shard FROM tenant_shards WHERE tenant = ?1")?;
    let mut give = transaction.prepare_cached(
        "INSERT INTO tenant_shards (tenant, shard)
         VALUES (?1, (SELECT count(*) FROM tenant_shards) % ?2) RETURNING shard",
    )?;
    let shard = |tenant: &TenantId| {
        let tenant = sql(tenant.0);
        let found = find.query_row([tenant], |row| row.get(0)).optional()?;
        found.map_or_else(|| give.query_row((tenant, among.max(1)), |row| row.get(0)), Ok)
    };
    tenants.iter().map(shard).collect()
}

/// Drops keys and journal entries of days before `before`, so many at a time. True: there is more.
pub(super) fn sweep(transaction: &Transaction<'_>, before: u64) -> rusqlite::Result<bool> {
    let keys = transaction
        .prepare_cached(
            "DELETE FROM dedup_keys WHERE (day, key) IN (SELECT day, key FROM dedup_keys WHERE day < ?1 LIMIT ?2)",
        )?
        .execute((sql(before), SWEEP_KEYS as i64))?;
    let batches = transaction
        .prepare_cached(
            "DELETE FROM journal WHERE (day, shard, epoch, batch) IN
                 (SELECT day, shard, epoch, batch FROM journal WHERE day < ?1 LIMIT ?2)",
        )?
        .execute((sql(before), SWEEP_BATCHES as i64))?;
    Ok(keys == SWEEP_KEYS || batches == SWEEP_BATCHES)
}

/// The days that have keys, newest first, found by one seek each.
pub(super) fn days_with_keys(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut select = connection.prepare("SELECT max(day) FROM dedup_keys WHERE day < ?1")?;
    let mut days: Vec<i64> = Vec::new();
    loop {
        let before = days.last().copied().unwrap_or(i64::MAX);
        let Some(day) = select.query_row([before], |row| row.get(0))? else { return Ok(days) };
        days.push(day);
    }
}
