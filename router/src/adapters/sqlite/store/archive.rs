//! Reads of what was committed, for pages, the API and releases.

use async_trait::async_trait;
use blendline_cases::Case;
use blendline_core::rows::{Conversation, OutboundRow, Task};
use blendline_wire::event::Event;
use blendline_wire::{AccountId, CaseId, ContactKey, ConversationId, Millis, OutboundId, TaskId, TenantId, WorkerId};
use rusqlite::{Connection, Row};

use super::readers::{collect, first, parse};
use super::writer::{Answer, Order};
use super::{SqliteStore, cases, day, fault, follow, register};
use crate::adapters::columns::{AddressBody, author, contact_bytes, rows, side_name, sql, unsql};
use crate::payload::{MessageBody, StoredMessage};
use crate::ports::register::{Entry, Key, Kind};
use crate::ports::store::{
    Archive, CaseCount, CaseFilter, Following, JournalRow, KnownAddress, Letter, QuarantineRow, StoreError, TaskFilter,
    Transcript,
};

#[async_trait]
impl Archive for SqliteStore {
    async fn transcripts(&self, of: &[Transcript], limit: usize) -> Result<Vec<Vec<StoredMessage>>, StoreError> {
        let of = of.to_vec();
        self.readers.read(move |connection| of.iter().map(|one| transcript(connection, *one, limit)).collect()).await
    }

    async fn said_since(
        &self,
        of: &[(Transcript, Millis)],
        limit: usize,
    ) -> Result<Vec<Vec<StoredMessage>>, StoreError> {
        let of = of.to_vec();
        let query = "SELECT seq, at, author, worker, outbound, body FROM messages WHERE transcript = ?1 AND at >= ?2
                     ORDER BY seq LIMIT ?3";
        let one = move |connection: &Connection, (of, since): &(Transcript, Millis)| {
            collect(connection, query, (sql(of.number()), sql(since.0), rows(limit)), message)
        };
        self.readers.read(move |connection| of.iter().map(|asked| one(connection, asked)).collect()).await
    }

    async fn letters(&self, outbound: &[OutboundId]) -> Result<Vec<Letter>, StoreError> {
        let ids = outbound.to_vec();
        self.readers
            .read(move |connection| ids.iter().filter_map(|id| letter(connection, *id).transpose()).collect())
            .await
    }

    async fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        let query = "SELECT body FROM tasks WHERE id = ?1";
        self.readers.read(move |connection| first(connection, query, [sql(id.0)], |row| parse(row, 0))).await
    }

    async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        let query = "SELECT body FROM conversations WHERE id = ?1";
        self.readers.read(move |connection| first(connection, query, [sql(id.0)], |row| parse(row, 0))).await
    }

    async fn case(&self, id: CaseId) -> Result<Option<Case>, StoreError> {
        let query = "SELECT body FROM cases WHERE id = ?1";
        let id = id.0.to_be_bytes();
        self.readers.read(move |connection| first(connection, query, [id], |row| parse(row, 0))).await
    }

    async fn cases(
        &self,
        tenant: TenantId,
        filter: &CaseFilter,
        after: Option<CaseId>,
        limit: usize,
    ) -> Result<Vec<Case>, StoreError> {
        let filter = filter.clone();
        self.readers.read(move |connection| cases::list(connection, tenant, &filter, after, limit)).await
    }

    async fn case_counts(&self, tenant: TenantId, filter: &CaseFilter) -> Result<Vec<CaseCount>, StoreError> {
        let filter = filter.clone();
        self.readers.read(move |connection| cases::count(connection, tenant, &filter)).await
    }

    async fn cases_to_look_at(&self, shard: u16, now: Millis, limit: usize) -> Result<Vec<CaseId>, StoreError> {
        let query = "SELECT body FROM cases WHERE shard = ?1 AND look_at <= ?2 ORDER BY look_at LIMIT ?3";
        let params = (shard, sql(now.0), rows(limit));
        let found: Vec<Case> =
            self.readers.read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await?;
        Ok(found.into_iter().map(|case| case.id).collect())
    }

    async fn promising(
        &self,
        tenant: TenantId,
        due_before: Millis,
        after: Option<(Millis, CaseId)>,
        limit: usize,
    ) -> Result<Vec<Case>, StoreError> {
        let query = "SELECT body FROM cases WHERE tenant = ?1 AND promise_due < ?2 AND (promise_due, id) > (?3, ?4)
                     ORDER BY promise_due, id LIMIT ?5";
        // Nothing is due before all time.
        let (due, id) = after.map_or((-1, Vec::new()), |(due, id)| (sql(due.0), id.0.to_be_bytes().to_vec()));
        let params = (sql(tenant.0), sql(due_before.0), due, id, rows(limit));
        self.readers.read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn tasks(
        &self,
        tenant: TenantId,
        filter: &TaskFilter,
        after: TaskId,
        limit: usize,
    ) -> Result<Vec<Task>, StoreError> {
        let filter = filter.clone();
        self.readers.read(move |connection| tasks(connection, tenant, &filter, after, limit)).await
    }

    async fn conversations(
        &self,
        tenant: TenantId,
        after: ConversationId,
        limit: usize,
    ) -> Result<Vec<Conversation>, StoreError> {
        let query = "SELECT body FROM conversations WHERE tenant = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
        let params = (sql(tenant.0), sql(after.0), rows(limit));
        self.readers.read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn events(&self, tenant: TenantId, after: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let query = "SELECT body FROM events WHERE tenant = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
        let params = (sql(tenant.0), sql(after), rows(limit));
        self.readers.read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn outbox(
        &self,
        tenant: TenantId,
        unknown_only: bool,
        after: OutboundId,
        limit: usize,
    ) -> Result<Vec<OutboundRow>, StoreError> {
        let query = if unknown_only {
            "SELECT body FROM outbound WHERE tenant = ?1 AND state = 'unknown' AND id > ?2 ORDER BY id LIMIT ?3"
        } else {
            "SELECT body FROM outbound WHERE tenant = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
        };
        let params = (sql(tenant.0), sql(after.0), rows(limit));
        self.readers.read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn failed(&self, tenant: TenantId, after: OutboundId, limit: usize) -> Result<Vec<OutboundRow>, StoreError> {
        let query = "SELECT body FROM outbound WHERE tenant = ?1 AND state = 'failed' AND id > ?2 ORDER BY id LIMIT ?3";
        let params = (sql(tenant.0), sql(after.0), rows(limit));
        self.readers.read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn said_lately(
        &self,
        tenant: TenantId,
        account: AccountId,
        limit: usize,
    ) -> Result<Vec<OutboundRow>, StoreError> {
        let query = "SELECT body FROM (SELECT id, account, body FROM outbound WHERE tenant = ?1
                         ORDER BY id DESC LIMIT ?4) WHERE account = ?2 ORDER BY id DESC LIMIT ?3";
        let params = (sql(tenant.0), sql(account.0), rows(limit), rows(limit * 10));
        self.readers.read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn confirm_ended(&self, shard: u16, now: Millis, limit: usize) -> Result<Vec<Conversation>, StoreError> {
        let query = "SELECT body FROM conversations WHERE shard = ?1 AND confirm_until <= ?2
                     ORDER BY confirm_until LIMIT ?3";
        let params = (shard, sql(now.0), rows(limit));
        self.readers.read(move |connection| collect(connection, query, params, |row| parse(row, 0))).await
    }

    async fn heard_lately(
        &self,
        shard: u16,
        account: AccountId,
        since: Millis,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let query = "SELECT m.seq, m.at, m.author, m.worker, m.outbound, m.body
                     FROM (SELECT id FROM conversations WHERE shard = ?1 AND open = 1 AND account = ?2
                         ORDER BY id DESC LIMIT ?4) c
                     CROSS JOIN messages m ON m.transcript = c.id
                     WHERE m.author = 'customer' AND m.at >= ?3 ORDER BY m.at DESC, m.transcript DESC, m.seq DESC LIMIT ?4";
        let params = (shard, sql(account.0), sql(since.0), rows(limit));
        self.readers.read(move |connection| collect(connection, query, params, message)).await
    }

    async fn quarantined(&self, tenant: TenantId, limit: usize) -> Result<Vec<QuarantineRow>, StoreError> {
        let query = "SELECT account, channel, at, cause, raw, id FROM quarantine WHERE tenant = ?1
                     ORDER BY id DESC LIMIT ?2";
        let params = (sql(tenant.0), rows(limit));
        let read = move |row: &Row<'_>| quarantined(row, tenant).map_err(|error| fault(&error));
        self.readers.read(move |connection| collect(connection, query, params, read)).await
    }

    async fn quarantined_one(&self, tenant: TenantId, id: u64) -> Result<Option<QuarantineRow>, StoreError> {
        let query = "SELECT account, channel, at, cause, raw, id FROM quarantine WHERE tenant = ?1 AND id = ?2";
        let params = (sql(tenant.0), sql(id));
        let read = move |row: &Row<'_>| quarantined(row, tenant).map_err(|error| fault(&error));
        Ok(self.readers.read(move |connection| collect(connection, query, params, read)).await?.pop())
    }

    async fn entries(&self, keys: &[Key]) -> Result<Vec<Entry>, StoreError> {
        let keys = keys.to_vec();
        self.readers.read(move |connection| register::entries(connection, &keys)).await
    }

    async fn entries_of(
        &self,
        tenant: TenantId,
        kind: Kind,
        after: Option<Key>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.readers.read(move |connection| register::entries_of(connection, tenant, kind, after, limit)).await
    }

    async fn addresses_of(&self, contact: ContactKey, limit: usize) -> Result<Vec<KnownAddress>, StoreError> {
        self.readers.read(move |connection| register::addresses_of(connection, contact, limit)).await
    }

    async fn contact_at(&self, address: [u8; 16]) -> Result<Option<ContactKey>, StoreError> {
        self.readers.read(move |connection| follow::contact_at(connection, address)).await
    }

    async fn follow(
        &self,
        account: AccountId,
        contact: ContactKey,
        after: Option<(ConversationId, u64)>,
        limit: usize,
    ) -> Result<Following, StoreError> {
        self.readers.read(move |connection| follow::follow(connection, account, contact, after, limit)).await
    }

    async fn handles(&self, names: &[(String, String)]) -> Result<Vec<u64>, StoreError> {
        match self.ask(Order::Handles(names.to_vec())).await? {
            Answer::Handles(handles) => Ok(handles),
            other => Err(other.unexpected()),
        }
    }

    async fn names(&self, kind: &str) -> Result<Vec<(String, u64)>, StoreError> {
        let query = "SELECT name, handle FROM names WHERE kind = ?1 ORDER BY handle";
        let kind = kind.to_owned();
        let one = |row: &Row<'_>| rusqlite::Result::Ok((row.get(0)?, unsql(row.get(1)?)));
        let read = move |row: &Row<'_>| one(row).map_err(|error| fault(&error));
        self.readers.read(move |connection| collect(connection, query, [kind], read)).await
    }

    async fn journal(&self, shard: u16, from: Millis, after: u64, limit: usize) -> Result<Vec<JournalRow>, StoreError> {
        let query = "SELECT batch, now, inputs FROM journal WHERE day >= ?1 AND shard = ?2 AND batch > ?3
                     ORDER BY day, epoch, batch LIMIT ?4";
        let params = (sql(day(from)), shard, sql(after), rows(limit));
        let one = |row: &Row<'_>| {
            let (batch, now) = (unsql(row.get(0)?), Millis(unsql(row.get(1)?)));
            rusqlite::Result::Ok(JournalRow { batch, now, inputs: row.get(2)? })
        };
        let read = move |row: &Row<'_>| one(row).map_err(|error| fault(&error));
        self.readers.read(move |connection| collect(connection, query, params, read)).await
    }

    async fn shards(&self, tenants: &[TenantId], among: u16) -> Result<Vec<u16>, StoreError> {
        match self.ask(Order::Shards { tenants: tenants.to_vec(), among }).await? {
            Answer::Shards(shards) => Ok(shards),
            other => Err(other.unexpected()),
        }
    }
}

fn quarantined(row: &Row<'_>, tenant: TenantId) -> rusqlite::Result<QuarantineRow> {
    Ok(QuarantineRow {
        id: unsql(row.get(5)?),
        tenant,
        account: row.get::<_, Option<i64>>(0)?.map(|account| AccountId(unsql(account))),
        channel: row.get(1)?,
        at: Millis(unsql(row.get(2)?)),
        cause: row.get(3)?,
        raw: row.get(4)?,
    })
}

fn transcript(connection: &Connection, of: Transcript, limit: usize) -> Result<Vec<StoredMessage>, StoreError> {
    let query = "SELECT seq, at, author, worker, outbound, body FROM messages WHERE transcript = ?1
                 ORDER BY seq DESC LIMIT ?2";
    let mut lines = collect(connection, query, (sql(of.number()), rows(limit)), message)?;
    lines.reverse();
    Ok(lines)
}

/// A line of a transcript: its first six columns are seq, at, author, worker, outbound and body.
pub(in crate::adapters::sqlite) fn message(row: &Row<'_>) -> Result<StoredMessage, StoreError> {
    let sqlite = |error| fault(&error);
    let name: String = row.get(2).map_err(sqlite)?;
    let worker: Option<i64> = row.get(3).map_err(sqlite)?;
    let outbound: Option<i64> = row.get(4).map_err(sqlite)?;
    Ok(StoredMessage {
        seq: unsql(row.get(0).map_err(sqlite)?),
        at: Millis(unsql(row.get(1).map_err(sqlite)?)),
        author: author(&name).ok_or_else(|| StoreError::Corrupt(format!("the author {name:?} is not known")))?,
        worker: worker.map(|worker| WorkerId(unsql(worker))),
        outbound: outbound.map(|outbound| OutboundId(unsql(outbound))),
        body: parse(row, 5)?,
    })
}

/// A message of ours with its content and the address of the contact: the one that made the contact, or the latest.
fn letter(connection: &Connection, id: OutboundId) -> Result<Option<Letter>, StoreError> {
    let query = "SELECT body, content FROM outbound WHERE id = ?1 AND content IS NOT NULL";
    let found = first(connection, query, [sql(id.0)], |row| Ok((parse::<OutboundRow>(row, 0)?, parse(row, 1)?)))?;
    let Some((row, content)) = found else { return Ok(None) };
    let query = "SELECT body FROM addresses WHERE contact = ?1 ORDER BY (hash = contact) DESC, seen_at DESC LIMIT 1";
    let address = first(connection, query, [contact_bytes(row.contact)], |row| parse::<AddressBody>(row, 0))?;
    let query = "SELECT body FROM messages WHERE transcript = ?1 AND seq < ?2 AND author = 'customer'
                 ORDER BY seq DESC LIMIT 1";
    let place = (sql(row.conversation.0), sql(row.seq));
    let answers = first(connection, query, place, |row| parse::<MessageBody>(row, 0))?.map(MessageBody::answered);
    Ok(address.map(|address| Letter { row, content, to: address.address, thread: address.thread, answers }))
}

/// Tasks by filter. The text is one of a few, so it stays among the prepared ones. `+tenant` keeps the index of the
/// tenant out of the choice where a filter has a narrower one.
fn tasks(
    connection: &Connection,
    tenant: TenantId,
    filter: &TaskFilter,
    after: TaskId,
    limit: usize,
) -> Result<Vec<Task>, StoreError> {
    let narrow = filter.worker.is_some() || filter.matter.is_some() || (filter.open && filter.queue.is_some());
    let mut query = String::from("SELECT body FROM tasks WHERE id > ?2 AND ");
    query.push_str(if narrow { "+tenant = ?1" } else { "tenant = ?1" });
    for (wanted, condition) in [
        (filter.open, " AND open = 1"),
        (filter.queue.is_some(), " AND queue = ?3"),
        (filter.side.is_some(), " AND side = ?4"),
        (filter.worker.is_some(), " AND worker = ?5"),
        (filter.matter.is_some(), " AND matter = ?6"),
    ] {
        if wanted {
            query.push_str(condition);
        }
    }
    // The limit has the highest number, so the statement has all seven parameters, whichever it looks at.
    query.push_str(" ORDER BY id LIMIT ?7");
    let params = (
        sql(tenant.0),
        sql(after.0),
        filter.queue.map(|queue| sql(queue.0)),
        filter.side.map(side_name),
        filter.worker.map(|worker| sql(worker.0)),
        filter.matter.map(|matter| sql(matter.0)),
        rows(limit),
    );
    collect(connection, &query, params, |row| parse(row, 0))
}
