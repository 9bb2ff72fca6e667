//! People in the record's file. Each change and its audit entry are written by the one writer, in one transaction.

use async_trait::async_trait;
use blendline_wire::{Millis, TenantId};
use rusqlite::{OptionalExtension as _, Transaction};
use serde_json::Value;

use super::store::readers::{collect, first, parse};
use super::store::{SqliteStore, fault};
use crate::adapters::columns::{sql, unsql};
use crate::adapters::people::{apply, shown};
use crate::people::audit;
use crate::ports::people::{
    AuditEntry, AuditHead, Changed, Deed, Opened, Opening, People, SessionLimits, SessionRow, User, UserChange,
};
use crate::ports::store::StoreError;

/// The most sessions that are dropped at once because they are over.
const SWEPT_MAX: i64 = 500;

/// What the writer is asked.
pub(super) enum PeopleOrder {
    Add(User, Deed),
    Change(UserChange, Deed),
    Open(Opening, Deed),
    Touch([u8; 32], Millis),
    End([u8; 32], Deed),
    Note(TenantId, String, (Value, Value), Deed),
}

/// What it answers.
pub(super) enum PeopleAnswer {
    Added(Option<User>),
    Changed(Changed),
    Opened(Option<Opened>),
    Touched,
    Ended(bool),
    Noted,
}

impl PeopleAnswer {
    fn unexpected() -> StoreError {
        StoreError::Unavailable("the store answered another question".into())
    }
}

#[async_trait]
impl People for SqliteStore {
    async fn user(&self, tenant: TenantId, name: &str) -> Result<Option<User>, StoreError> {
        let (tenant, name) = (sql(tenant.0), name.to_owned());
        let query = "SELECT body FROM users WHERE tenant = ?1 AND name = ?2";
        self.readers().read(move |connection| first(connection, query, (tenant, name), |row| parse(row, 0))).await
    }

    async fn users(&self, tenant: TenantId, after: &str, limit: usize) -> Result<Vec<User>, StoreError> {
        let params = (sql(tenant.0), after.to_owned(), sql(limit as u64));
        let query = "SELECT body FROM users WHERE tenant = ?1 AND name > ?2 ORDER BY name LIMIT ?3";
        self.readers().read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn add_user(&self, user: &User, by: &Deed) -> Result<Option<User>, StoreError> {
        match self.people(PeopleOrder::Add(user.clone(), by.clone())).await? {
            PeopleAnswer::Added(added) => Ok(added),
            _ => Err(PeopleAnswer::unexpected()),
        }
    }

    async fn change_user(&self, change: &UserChange, by: &Deed) -> Result<Changed, StoreError> {
        match self.people(PeopleOrder::Change(change.clone(), by.clone())).await? {
            PeopleAnswer::Changed(changed) => Ok(changed),
            _ => Err(PeopleAnswer::unexpected()),
        }
    }

    async fn open_session(&self, opening: &Opening, by: &Deed) -> Result<Option<Opened>, StoreError> {
        match self.people(PeopleOrder::Open(opening.clone(), by.clone())).await? {
            PeopleAnswer::Opened(opened) => Ok(opened),
            _ => Err(PeopleAnswer::unexpected()),
        }
    }

    async fn session(&self, hash: &[u8; 32]) -> Result<Option<(SessionRow, User)>, StoreError> {
        let hash = *hash;
        let query = "SELECT users.body, opened_at, seen_at FROM user_sessions JOIN users USING (tenant, name)
                     WHERE hash = ?1";
        let read = |row: &rusqlite::Row<'_>| {
            let time = |column| row.get(column).map(|at| Millis(unsql(at))).map_err(|error| fault(&error));
            Ok((SessionRow { opened_at: time(1)?, seen_at: time(2)? }, parse(row, 0)?))
        };
        self.readers().read(move |connection| first(connection, query, [hash], read)).await
    }

    async fn touch_session(&self, hash: &[u8; 32], at: Millis) -> Result<(), StoreError> {
        self.people(PeopleOrder::Touch(*hash, at)).await.map(drop)
    }

    async fn end_session(&self, hash: &[u8; 32], by: &Deed) -> Result<bool, StoreError> {
        match self.people(PeopleOrder::End(*hash, by.clone())).await? {
            PeopleAnswer::Ended(ended) => Ok(ended),
            _ => Err(PeopleAnswer::unexpected()),
        }
    }

    async fn note(&self, tenant: TenantId, subject: &str, change: (Value, Value), by: &Deed) -> Result<(), StoreError> {
        self.people(PeopleOrder::Note(tenant, subject.to_owned(), change, by.clone())).await.map(drop)
    }

    async fn audit(&self, tenant: TenantId, after: u64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let params = (sql(tenant.0), sql(after), sql(limit as u64));
        let query = "SELECT body FROM audit WHERE tenant = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
        self.readers().read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn audit_head(&self, tenant: TenantId) -> Result<Option<AuditHead>, StoreError> {
        let tenant = sql(tenant.0);
        self.readers().read(move |connection| head(connection, tenant).map_err(|error| fault(&error))).await
    }
}

/// Carries out one order. Whatever refuses it is looked at before anything is written.
pub(super) fn carry_out(
    transaction: &Transaction<'_>,
    order: &PeopleOrder,
) -> rusqlite::Result<Result<PeopleAnswer, StoreError>> {
    match order {
        PeopleOrder::Add(user, by) => add(transaction, user, by),
        PeopleOrder::Change(change, by) => self::change(transaction, change, by),
        PeopleOrder::Open(opening, by) => open(transaction, opening, by),
        PeopleOrder::Touch(hash, at) => {
            let touch = "UPDATE user_sessions SET seen_at = max(seen_at, ?2) WHERE hash = ?1";
            transaction.prepare_cached(touch)?.execute((hash, sql(at.0)))?;
            Ok(Ok(PeopleAnswer::Touched))
        }
        PeopleOrder::End(hash, by) => end(transaction, hash, by),
        PeopleOrder::Note(tenant, subject, change, by) => {
            append(transaction, *tenant, by, subject, change.clone())?;
            Ok(Ok(PeopleAnswer::Noted))
        }
    }
}

fn add(transaction: &Transaction<'_>, user: &User, by: &Deed) -> rusqlite::Result<Result<PeopleAnswer, StoreError>> {
    if find(transaction, user.tenant, &user.name)?.is_some() {
        return Ok(Ok(PeopleAnswer::Added(None)));
    }
    put(transaction, user)?;
    append(transaction, user.tenant, by, &user.name, (Value::Null, shown(user)))?;
    Ok(Ok(PeopleAnswer::Added(Some(user.clone()))))
}

fn change(
    transaction: &Transaction<'_>,
    change: &UserChange,
    by: &Deed,
) -> rusqlite::Result<Result<PeopleAnswer, StoreError>> {
    let changed = |changed| Ok(Ok(PeopleAnswer::Changed(changed)));
    let mut user = match find(transaction, change.tenant, &change.name)? {
        None => return changed(Changed::Absent),
        Some(Err(error)) => return Ok(Err(error)),
        Some(Ok(user)) => user,
    };
    if change.only_if.is_some_and(|role| role != user.role) {
        return changed(Changed::Meanwhile);
    }
    let (before, after) = apply(change, &mut user);
    put(transaction, &user)?;
    append(transaction, user.tenant, by, &user.name, (before, after))?;
    transaction
        .prepare_cached("DELETE FROM user_sessions WHERE tenant = ?1 AND name = ?2")?
        .execute((sql(user.tenant.0), &user.name))?;
    changed(Changed::Done(user))
}

fn open(
    transaction: &Transaction<'_>,
    opening: &Opening,
    by: &Deed,
) -> rusqlite::Result<Result<PeopleAnswer, StoreError>> {
    let user = match find(transaction, opening.tenant, &opening.name)? {
        Some(Err(error)) => return Ok(Err(error)),
        Some(Ok(user)) if !user.disabled && user.password == opening.password => user,
        _ => return Ok(Ok(PeopleAnswer::Opened(None))),
    };
    sweep(transaction, opening.at, opening.limits)?;
    let tenant = sql(user.tenant.0);
    // All but the newest, less one for the new one.
    let ended = transaction
        .prepare_cached(
            "DELETE FROM user_sessions WHERE tenant = ?1 AND name = ?2 AND hash NOT IN (
                 SELECT hash FROM user_sessions WHERE tenant = ?1 AND name = ?2 ORDER BY opened_at DESC LIMIT ?3)",
        )?
        .execute((tenant, &user.name, sql(opening.limits.per_user.saturating_sub(1) as u64)))?;
    transaction
        .prepare_cached(
            "INSERT INTO user_sessions (hash, tenant, name, opened_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?4)",
        )?
        .execute((opening.hash, tenant, &user.name, sql(opening.at.0)))?;
    append(transaction, user.tenant, by, &user.name, (Value::Null, Value::Null))?;
    Ok(Ok(PeopleAnswer::Opened(Some(Opened { ended }))))
}

fn end(
    transaction: &Transaction<'_>,
    hash: &[u8; 32],
    by: &Deed,
) -> rusqlite::Result<Result<PeopleAnswer, StoreError>> {
    let ended: Option<(i64, String)> = transaction
        .prepare_cached("DELETE FROM user_sessions WHERE hash = ?1 RETURNING tenant, name")?
        .query_row([hash], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((tenant, name)) = ended else { return Ok(Ok(PeopleAnswer::Ended(false))) };
    append(transaction, TenantId(unsql(tenant)), by, &name, (Value::Null, Value::Null))?;
    Ok(Ok(PeopleAnswer::Ended(true)))
}

/// Drops sessions that are over, a bounded number at a time.
fn sweep(transaction: &Transaction<'_>, now: Millis, limits: SessionLimits) -> rusqlite::Result<()> {
    let before = |ms: u64| sql(now.0.saturating_sub(ms));
    transaction
        .prepare_cached(
            "DELETE FROM user_sessions WHERE hash IN (
                 SELECT hash FROM user_sessions WHERE opened_at <= ?1 OR seen_at <= ?2 ORDER BY opened_at LIMIT ?3)",
        )?
        .execute((before(limits.total_ms), before(limits.idle_ms), SWEPT_MAX))
        .map(drop)
}

fn find(
    transaction: &Transaction<'_>,
    tenant: TenantId,
    name: &str,
) -> rusqlite::Result<Option<Result<User, StoreError>>> {
    let body: Option<String> = transaction
        .prepare_cached("SELECT body FROM users WHERE tenant = ?1 AND name = ?2")?
        .query_row((sql(tenant.0), name), |row| row.get(0))
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body).map_err(|error| StoreError::Corrupt(error.to_string()))))
}

fn put(transaction: &Transaction<'_>, user: &User) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO users (tenant, name, body) VALUES (?1, ?2, ?3)")?
        .execute((sql(user.tenant.0), &user.name, text(user)?))
        .map(drop)
}

fn head(connection: &rusqlite::Connection, tenant: i64) -> rusqlite::Result<Option<AuditHead>> {
    connection
        .prepare_cached("SELECT seq, hash FROM audit_heads WHERE tenant = ?1")?
        .query_row([tenant], |row| Ok(AuditHead { seq: unsql(row.get(0)?), hash: row.get(1)? }))
        .optional()
}

/// Adds an entry to the log and notes it as the log's end.
pub(super) fn append(
    transaction: &Transaction<'_>,
    tenant: TenantId,
    by: &Deed,
    subject: &str,
    change: (Value, Value),
) -> rusqlite::Result<()> {
    let last = head(transaction, sql(tenant.0))?;
    let entry = audit::next(last.as_ref(), tenant, by, subject, change);
    let (tenant, seq) = (sql(tenant.0), sql(entry.seq));
    transaction.prepare_cached("INSERT INTO audit (tenant, seq, body) VALUES (?1, ?2, ?3)")?.execute((
        tenant,
        seq,
        text(&entry)?,
    ))?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO audit_heads (tenant, seq, hash) VALUES (?1, ?2, ?3)")?
        .execute((tenant, seq, entry.hash))
        .map(drop)
}

/// A row as JSON. These types cannot fail to be written; a mistake would be an error and not an empty row.
pub(super) fn text(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
