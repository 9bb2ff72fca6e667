//! People in the record. Each change and its audit entry are one transaction.
//!
//! Every change first holds its tenant's end of the log until it is over: so the chain has no fork, whoever writes it
//! from wherever, what was looked at does not change underfoot, and everybody takes locks in the same order.

use async_trait::async_trait;
use blendline_wire::{Millis, TenantId};
use deadpool_postgres::Transaction;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;

use super::PostgresStore;
use super::connections::{Lent, in_time, told};
use super::values::{Hidden, parse};
use crate::adapters::columns::{rows, sql, unsql};
use crate::adapters::people::{apply, shown};
use crate::people::audit;
use crate::ports::people::{
    AuditEntry, AuditHead, Changed, Deed, Opened, Opening, People, SessionLimits, SessionRow, User, UserChange,
};
use crate::ports::store::StoreError;

/// The most sessions that are dropped at once because they are over.
const SWEPT_MAX: i64 = 500;

#[async_trait]
impl People for PostgresStore {
    async fn user(&self, tenant: TenantId, name: &str) -> Result<Option<User>, StoreError> {
        // No name has a NUL, and text here takes none: what somebody typed is nobody.
        if name.contains('\0') {
            return Ok(None);
        }
        Ok(self.bodies("SELECT body FROM users WHERE tenant = $1 AND name = $2", &[&sql(tenant.0), &name]).await?.pop())
    }

    async fn users(&self, tenant: TenantId, after: &str, limit: usize) -> Result<Vec<User>, StoreError> {
        // What comes after a text with a NUL is what comes after the text before it.
        let after = after.split('\0').next().unwrap_or_default();
        let query = "SELECT body FROM users WHERE tenant = $1 AND name > $2 ORDER BY name LIMIT $3";
        self.bodies(query, &[&sql(tenant.0), &after, &rows(limit)]).await
    }

    async fn add_user(&self, user: &User, by: &Deed) -> Result<Option<User>, StoreError> {
        let mut lent = self.writers.lend().await?;
        let (time, place) = lent.terms();
        let added = in_time(time, place, add(&mut lent, user, by)).await;
        lent.back(added)
    }

    async fn change_user(&self, change: &UserChange, by: &Deed) -> Result<Changed, StoreError> {
        let mut lent = self.writers.lend().await?;
        let (time, place) = lent.terms();
        let changed = in_time(time, place, self::change(&mut lent, change, by)).await;
        lent.back(changed)
    }

    async fn open_session(&self, opening: &Opening, by: &Deed) -> Result<Option<Opened>, StoreError> {
        let mut lent = self.writers.lend().await?;
        let (time, place) = lent.terms();
        let opened = in_time(time, place, open(&mut lent, opening, by)).await;
        lent.back(opened)
    }

    async fn session(&self, hash: &[u8; 32]) -> Result<Option<(SessionRow, User)>, StoreError> {
        let query = "SELECT users.body, opened_at, seen_at FROM user_sessions JOIN users USING (tenant, name)
                     WHERE hash = $1";
        let found = self.ask(query, &[&Hidden(hash)]).await?;
        let Some(row) = found.first() else { return Ok(None) };
        let time = |column: usize| told(row.try_get(column)).map(|at| Millis(unsql(at)));
        Ok(Some((SessionRow { opened_at: time(1)?, seen_at: time(2)? }, parse(row, 0)?)))
    }

    async fn touch_session(&self, hash: &[u8; 32], at: Millis) -> Result<(), StoreError> {
        let lent = self.writers.lend().await?;
        let touching = async {
            let touch = "UPDATE user_sessions SET seen_at = $2 WHERE hash = $1 AND seen_at < $2";
            let touch = told(lent.prepare_cached(touch).await)?;
            told(lent.execute(&touch, &[&Hidden(hash), &sql(at.0)]).await).map(drop)
        };
        let touched = lent.within(touching).await;
        lent.back(touched)
    }

    async fn end_session(&self, hash: &[u8; 32], by: &Deed) -> Result<bool, StoreError> {
        let mut lent = self.writers.lend().await?;
        let (time, place) = lent.terms();
        let ended = in_time(time, place, end(&mut lent, hash, by)).await;
        lent.back(ended)
    }

    async fn note(&self, tenant: TenantId, subject: &str, change: (Value, Value), by: &Deed) -> Result<(), StoreError> {
        let mut lent = self.writers.lend().await?;
        let (time, place) = lent.terms();
        let noted = in_time(time, place, note(&mut lent, tenant, subject, change, by)).await;
        lent.back(noted)
    }

    async fn audit(&self, tenant: TenantId, after: u64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let query = "SELECT body FROM audit WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        self.bodies(query, &[&sql(tenant.0), &sql(after), &rows(limit)]).await
    }

    async fn audit_head(&self, tenant: TenantId) -> Result<Option<AuditHead>, StoreError> {
        let query = "SELECT seq, hash FROM audit_heads WHERE tenant = $1 AND seq > 0";
        self.ask(query, &[&sql(tenant.0)]).await?.first().map(head).transpose()
    }
}

fn head(row: &Row) -> Result<AuditHead, StoreError> {
    Ok(AuditHead { seq: unsql(told(row.try_get(0))?), hash: told(row.try_get(1))? })
}

/// A change under way: its tenant's log is ours until the transaction ends. Dropped, it never was.
pub(super) struct Work<'a> {
    pub(super) transaction: Transaction<'a>,
    tenant: TenantId,
    last: AuditHead,
}

impl<'a> Work<'a> {
    pub(super) async fn begin(lent: &'a mut Lent<'_>, tenant: TenantId) -> Result<Self, StoreError> {
        let transaction = told(lent.transaction().await)?;
        // Numbered 0: there is no entry yet.
        let first = "INSERT INTO audit_heads (tenant, seq, hash) VALUES ($1, 0, '') ON CONFLICT DO NOTHING";
        told(transaction.execute(first, &[&sql(tenant.0)]).await)?;
        let hold = "SELECT seq, hash FROM audit_heads WHERE tenant = $1 FOR UPDATE";
        let last = head(&told(transaction.query_one(hold, &[&sql(tenant.0)]).await)?)?;
        Ok(Self { transaction, tenant, last })
    }

    async fn find(&self, name: &str) -> Result<Option<User>, StoreError> {
        if name.contains('\0') {
            return Ok(None);
        }
        let find = "SELECT body FROM users WHERE tenant = $1 AND name = $2";
        let row = told(self.transaction.query_opt(find, &[&sql(self.tenant.0), &name]).await)?;
        row.map(|row| parse(&row, 0)).transpose()
    }

    async fn put(&self, user: &User) -> Result<(), StoreError> {
        let put = "INSERT INTO users (tenant, name, body) VALUES ($1, $2, $3)
                   ON CONFLICT (tenant, name) DO UPDATE SET body = excluded.body";
        let body = text(user)?;
        told(self.transaction.execute(put, &[&sql(self.tenant.0), &user.name, &Hidden(body.as_bytes())]).await)
            .map(drop)
    }

    /// Adds an entry to the log, notes it as the log's end, and makes it all durable.
    pub(super) async fn commit(self, by: &Deed, subject: &str, change: (Value, Value)) -> Result<(), StoreError> {
        let Self { transaction, tenant, last } = self;
        let entry = audit::next((last.seq > 0).then_some(&last), tenant, by, subject, change);
        let (tenant, seq, body) = (sql(tenant.0), sql(entry.seq), text(&entry)?);
        let add = "INSERT INTO audit (tenant, seq, body) VALUES ($1, $2, $3)";
        told(transaction.execute(add, &[&tenant, &seq, &Hidden(body.as_bytes())]).await)?;
        let note = "UPDATE audit_heads SET seq = $2, hash = $3 WHERE tenant = $1";
        told(transaction.execute(note, &[&tenant, &seq, &entry.hash]).await)?;
        told(transaction.commit().await)
    }
}

async fn add(lent: &mut Lent<'_>, user: &User, by: &Deed) -> Result<Option<User>, StoreError> {
    let work = Work::begin(lent, user.tenant).await?;
    if work.find(&user.name).await?.is_some() {
        return Ok(None);
    }
    work.put(user).await?;
    work.commit(by, &user.name, (Value::Null, shown(user))).await?;
    Ok(Some(user.clone()))
}

async fn change(lent: &mut Lent<'_>, change: &UserChange, by: &Deed) -> Result<Changed, StoreError> {
    let work = Work::begin(lent, change.tenant).await?;
    let Some(mut user) = work.find(&change.name).await? else { return Ok(Changed::Absent) };
    if change.only_if.is_some_and(|role| role != user.role) {
        return Ok(Changed::Meanwhile);
    }
    let logged = apply(change, &mut user);
    work.put(&user).await?;
    let gone = "DELETE FROM user_sessions WHERE tenant = $1 AND name = $2";
    told(work.transaction.execute(gone, &[&sql(user.tenant.0), &user.name]).await)?;
    work.commit(by, &user.name, logged).await?;
    Ok(Changed::Done(user))
}

async fn open(lent: &mut Lent<'_>, opening: &Opening, by: &Deed) -> Result<Option<Opened>, StoreError> {
    sweep(lent, opening.at, opening.limits).await?;
    let work = Work::begin(lent, opening.tenant).await?;
    let user = match work.find(&opening.name).await? {
        Some(user) if !user.disabled && user.password == opening.password => user,
        _ => return Ok(None),
    };
    let (tenant, hash) = (sql(user.tenant.0), Hidden(&opening.hash));
    // All but the newest, less one for the new one.
    let oldest = "DELETE FROM user_sessions WHERE tenant = $1 AND name = $2 AND hash NOT IN (
        SELECT hash FROM user_sessions WHERE tenant = $1 AND name = $2 ORDER BY opened_at DESC LIMIT $3)";
    let kept = rows(opening.limits.per_user.saturating_sub(1));
    let ended = told(work.transaction.execute(oldest, &[&tenant, &user.name, &kept]).await)?;
    let new = "INSERT INTO user_sessions (hash, tenant, name, opened_at, seen_at) VALUES ($1, $2, $3, $4, $4)";
    told(work.transaction.execute(new, &[&hash, &tenant, &user.name, &sql(opening.at.0)]).await)?;
    work.commit(by, &user.name, (Value::Null, Value::Null)).await?;
    Ok(Some(Opened { ended: usize::try_from(ended).unwrap_or(usize::MAX) }))
}

async fn end(lent: &mut Lent<'_>, hash: &[u8; 32], by: &Deed) -> Result<bool, StoreError> {
    let whose = "SELECT tenant FROM user_sessions WHERE hash = $1";
    let Some(row) = told(lent.query_opt(whose, &[&Hidden(hash)]).await)? else { return Ok(false) };
    let work = Work::begin(lent, TenantId(unsql(told(row.try_get(0))?))).await?;
    let end = "DELETE FROM user_sessions WHERE hash = $1 RETURNING name";
    let Some(row) = told(work.transaction.query_opt(end, &[&Hidden(hash)]).await)? else { return Ok(false) };
    let name: String = told(row.try_get(0))?;
    work.commit(by, &name, (Value::Null, Value::Null)).await?;
    Ok(true)
}

async fn note(
    lent: &mut Lent<'_>,
    tenant: TenantId,
    subject: &str,
    change: (Value, Value),
    by: &Deed,
) -> Result<(), StoreError> {
    Work::begin(lent, tenant).await?.commit(by, subject, change).await
}

/// Drops sessions that are over, a bounded number at a time, whoever's. By itself and past what others hold, so that no
/// two wait for each other.
async fn sweep(lent: &Lent<'_>, now: Millis, limits: SessionLimits) -> Result<(), StoreError> {
    let before = |ms: u64| sql(now.0.saturating_sub(ms));
    let sweep = "DELETE FROM user_sessions WHERE hash IN (SELECT hash FROM user_sessions
        WHERE opened_at <= $1 OR seen_at <= $2 ORDER BY opened_at LIMIT $3 FOR UPDATE SKIP LOCKED)";
    let sweep = told(lent.prepare_cached(sweep).await)?;
    told(lent.execute(&sweep, &[&before(limits.total_ms), &before(limits.idle_ms), &SWEPT_MAX]).await).map(drop)
}

/// A row as JSON. These types cannot fail to be written; a mistake would be an error and not an empty row.
pub(super) fn text(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}
