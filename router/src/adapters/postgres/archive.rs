//! Reads of what was committed, for pages, the API and releases.

use std::fmt::Write as _;

use async_trait::async_trait;
use blendline_cases::Case;
use blendline_core::rows::{Conversation, OutboundRow, Task};
use blendline_wire::event::Event;
use blendline_wire::{AccountId, CaseId, ContactKey, ConversationId, Millis, OutboundId, TaskId, TenantId, WorkerId};
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::connections::told;
use super::parts::day;
use super::values::{Hash, params, parse};
use super::{PostgresStore, follow, names, register};
use crate::adapters::columns::{AddressBody, author, rows, side_name, sql, unsql};
use crate::payload::{MessageBody, StoredMessage};
use crate::ports::register::{Entry, Key, Kind};
use crate::ports::store::{
    Archive, CaseCount, CaseFilter, Following, JournalRow, KnownAddress, Letter, QuarantineRow, StoreError, TaskFilter,
    Transcript,
};

/// The latest lines of each, in the order asked for.
const TRANSCRIPTS: &str = "SELECT m.seq, m.at, m.author, m.worker, m.outbound, m.body, w.n
    FROM unnest($1::bigint[]) WITH ORDINALITY AS w (transcript, n)
    CROSS JOIN LATERAL (SELECT * FROM messages WHERE transcript = w.transcript ORDER BY seq DESC LIMIT $2) m
    ORDER BY w.n, m.seq";
const SAID_SINCE: &str = "SELECT m.seq, m.at, m.author, m.worker, m.outbound, m.body, w.n
    FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS w (transcript, since, n)
    CROSS JOIN LATERAL (SELECT * FROM messages WHERE transcript = w.transcript AND at >= w.since ORDER BY seq LIMIT $3) m
    ORDER BY w.n, m.seq";
/// With the address of the contact: the one that made the contact, or the latest.
const LETTERS: &str = "SELECT o.body, o.content, a.body
    FROM unnest($1::bigint[]) WITH ORDINALITY AS w (id, n)
    JOIN outbound o ON o.id = w.id AND o.content IS NOT NULL
    CROSS JOIN LATERAL (SELECT body FROM addresses WHERE contact = o.contact
        ORDER BY (hash = o.contact) DESC, seen_at DESC LIMIT 1) a
    ORDER BY w.n";
/// What the customer had said last before each of some places in transcripts.
const ANSWERED: &str = "SELECT m.body, w.n
    FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS w (transcript, seq, n)
    CROSS JOIN LATERAL (SELECT body FROM messages
        WHERE transcript = w.transcript AND seq < w.seq AND author = 'customer' ORDER BY seq DESC LIMIT 1) m";
const HEARD_LATELY: &str = "SELECT m.seq, m.at, m.author, m.worker, m.outbound, m.body
    FROM (SELECT id FROM conversations WHERE shard = $1 AND open AND account = $2 ORDER BY id DESC LIMIT $4) c
    JOIN messages m ON m.transcript = c.id
    WHERE m.author = 'customer' AND m.at >= $3 ORDER BY m.at DESC, m.transcript DESC, m.seq DESC LIMIT $4";
const OUTBOX: &str = "SELECT body FROM outbound WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";
const OUTBOX_UNKNOWN: &str =
    "SELECT body FROM outbound WHERE tenant = $1 AND state = 'unknown' AND id > $2 ORDER BY id LIMIT $3";
const OUTBOX_FAILED: &str =
    "SELECT body FROM outbound WHERE tenant = $1 AND state = 'failed' AND id > $2 ORDER BY id LIMIT $3";

impl PostgresStore {
    /// The rows of a query.
    pub(super) async fn ask(&self, query: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        let lent = self.readers.lend().await?;
        let asking = async {
            let statement = told(lent.prepare_cached(query).await)?;
            told(lent.query(&statement, params).await)
        };
        let found = lent.within(asking).await;
        lent.back(found)
    }

    /// The rows of a query whose first column is a row as JSON.
    pub(super) async fn bodies<T: DeserializeOwned>(
        &self,
        query: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<T>, StoreError> {
        self.ask(query, params).await?.iter().map(|row| parse(row, 0)).collect()
    }
}

#[async_trait]
impl Archive for PostgresStore {
    async fn transcripts(&self, of: &[Transcript], limit: usize) -> Result<Vec<Vec<StoredMessage>>, StoreError> {
        let numbers: Vec<i64> = of.iter().map(|one| sql(one.number())).collect();
        by_number(of.len(), &self.ask(TRANSCRIPTS, &[&numbers, &rows(limit)]).await?)
    }

    async fn said_since(
        &self,
        of: &[(Transcript, Millis)],
        limit: usize,
    ) -> Result<Vec<Vec<StoredMessage>>, StoreError> {
        let numbers: Vec<i64> = of.iter().map(|(one, _)| sql(one.number())).collect();
        let since: Vec<i64> = of.iter().map(|(_, since)| sql(since.0)).collect();
        by_number(of.len(), &self.ask(SAID_SINCE, &[&numbers, &since, &rows(limit)]).await?)
    }

    async fn letters(&self, outbound: &[OutboundId]) -> Result<Vec<Letter>, StoreError> {
        let ids: Vec<i64> = outbound.iter().map(|id| sql(id.0)).collect();
        let letter = |row: &Row| -> Result<Letter, StoreError> {
            let address: AddressBody = parse(row, 2)?;
            let (to, thread) = (address.address, address.thread);
            Ok(Letter { row: parse(row, 0)?, content: parse(row, 1)?, to, thread, answers: None })
        };
        let mut letters = self.ask(LETTERS, &[&ids]).await?.iter().map(letter).collect::<Result<Vec<_>, _>>()?;
        let transcripts: Vec<i64> = letters.iter().map(|letter| sql(letter.row.conversation.0)).collect();
        let places: Vec<i64> = letters.iter().map(|letter| sql(letter.row.seq)).collect();
        for row in self.ask(ANSWERED, &[&transcripts, &places]).await? {
            let n = usize::try_from(told(row.try_get::<_, i64>(1))?).unwrap_or(0);
            if let Some(letter) = n.checked_sub(1).and_then(|n| letters.get_mut(n)) {
                letter.answers = Some(parse::<MessageBody>(&row, 0)?.answered());
            }
        }
        Ok(letters)
    }

    async fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        Ok(self.bodies("SELECT body FROM tasks WHERE id = $1", &[&sql(id.0)]).await?.pop())
    }

    async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        Ok(self.bodies("SELECT body FROM conversations WHERE id = $1", &[&sql(id.0)]).await?.pop())
    }

    async fn case(&self, id: CaseId) -> Result<Option<Case>, StoreError> {
        Ok(self.bodies("SELECT body FROM cases WHERE id = $1", &[&Hash(id.0.to_be_bytes())]).await?.pop())
    }

    async fn cases(
        &self,
        tenant: TenantId,
        filter: &CaseFilter,
        after: Option<CaseId>,
        limit: usize,
    ) -> Result<Vec<Case>, StoreError> {
        self.list_cases(tenant, filter, after, limit).await
    }

    async fn case_counts(&self, tenant: TenantId, filter: &CaseFilter) -> Result<Vec<CaseCount>, StoreError> {
        self.count_cases(tenant, filter).await
    }

    async fn cases_to_look_at(&self, shard: u16, now: Millis, limit: usize) -> Result<Vec<CaseId>, StoreError> {
        let query = "SELECT body FROM cases WHERE shard = $1 AND look_at <= $2 ORDER BY look_at LIMIT $3";
        let found: Vec<Case> = self.bodies(query, &[&i32::from(shard), &sql(now.0), &rows(limit)]).await?;
        Ok(found.into_iter().map(|case| case.id).collect())
    }

    async fn promising(
        &self,
        tenant: TenantId,
        due_before: Millis,
        after: Option<(Millis, CaseId)>,
        limit: usize,
    ) -> Result<Vec<Case>, StoreError> {
        let query = "SELECT body FROM cases WHERE tenant = $1 AND promise_due < $2 AND (promise_due, id) > ($3, $4)
                     ORDER BY promise_due, id LIMIT $5";
        // Nothing is due before all time.
        let (due, id) = after.map_or((-1, Hash([0; 16])), |(due, id)| (sql(due.0), Hash(id.0.to_be_bytes())));
        self.bodies(query, &[&sql(tenant.0), &sql(due_before.0), &due, &id, &rows(limit)]).await
    }

    async fn tasks(
        &self,
        tenant: TenantId,
        filter: &TaskFilter,
        after: TaskId,
        limit: usize,
    ) -> Result<Vec<Task>, StoreError> {
        let (tenant, after, limit) = (sql(tenant.0), sql(after.0), rows(limit));
        let (queue, side) = (filter.queue.map(|queue| sql(queue.0)), filter.side.map(side_name));
        let (worker, matter) = (filter.worker.map(|worker| sql(worker.0)), filter.matter.map(|matter| sql(matter.0)));
        // The text is one of a few, so it stays among the prepared ones.
        let mut query = String::from("SELECT body FROM tasks WHERE id > $2 AND ");
        query.push_str(if is_narrow(filter) { "tenant + 0 = $1" } else { "tenant = $1" });
        query.push_str(if filter.open { " AND open" } else { "" });
        let mut params = params(&[&tenant, &after, &limit]);
        let narrowing: [(&str, bool, &(dyn ToSql + Sync)); 4] = [
            ("queue", queue.is_some(), &queue),
            ("side", side.is_some(), &side),
            ("worker", worker.is_some(), &worker),
            ("matter", matter.is_some(), &matter),
        ];
        for (column, wanted, value) in narrowing {
            if wanted {
                params.push(value);
                let _ = write!(query, " AND {column} = ${}", params.len());
            }
        }
        query.push_str(" ORDER BY id LIMIT $3");
        self.bodies(&query, &params).await
    }

    async fn conversations(
        &self,
        tenant: TenantId,
        after: ConversationId,
        limit: usize,
    ) -> Result<Vec<Conversation>, StoreError> {
        let query = "SELECT body FROM conversations WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";
        self.bodies(query, &[&sql(tenant.0), &sql(after.0), &rows(limit)]).await
    }

    async fn events(&self, tenant: TenantId, after: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let query = "SELECT body FROM events WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";
        self.bodies(query, &[&sql(tenant.0), &sql(after), &rows(limit)]).await
    }

    async fn outbox(
        &self,
        tenant: TenantId,
        unknown_only: bool,
        after: OutboundId,
        limit: usize,
    ) -> Result<Vec<OutboundRow>, StoreError> {
        let query = if unknown_only { OUTBOX_UNKNOWN } else { OUTBOX };
        self.bodies(query, &[&sql(tenant.0), &sql(after.0), &rows(limit)]).await
    }

    async fn failed(&self, tenant: TenantId, after: OutboundId, limit: usize) -> Result<Vec<OutboundRow>, StoreError> {
        self.bodies(OUTBOX_FAILED, &[&sql(tenant.0), &sql(after.0), &rows(limit)]).await
    }

    async fn said_lately(
        &self,
        tenant: TenantId,
        account: AccountId,
        limit: usize,
    ) -> Result<Vec<OutboundRow>, StoreError> {
        let query = "SELECT body FROM (SELECT id, account, body FROM outbound WHERE tenant = $1
                         ORDER BY id DESC LIMIT $4) latest WHERE account = $2 ORDER BY id DESC LIMIT $3";
        let params: [&(dyn ToSql + Sync); 4] = [&sql(tenant.0), &sql(account.0), &rows(limit), &rows(limit * 10)];
        self.bodies(query, &params).await
    }

    async fn confirm_ended(&self, shard: u16, now: Millis, limit: usize) -> Result<Vec<Conversation>, StoreError> {
        let query = "SELECT body FROM conversations WHERE shard = $1 AND confirm_until <= $2
                     ORDER BY confirm_until LIMIT $3";
        self.bodies(query, &[&i32::from(shard), &sql(now.0), &rows(limit)]).await
    }

    async fn heard_lately(
        &self,
        shard: u16,
        account: AccountId,
        since: Millis,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let params: [&(dyn ToSql + Sync); 4] = [&i32::from(shard), &sql(account.0), &sql(since.0), &rows(limit)];
        self.ask(HEARD_LATELY, &params).await?.iter().map(message).collect()
    }

    async fn quarantined(&self, tenant: TenantId, limit: usize) -> Result<Vec<QuarantineRow>, StoreError> {
        let query = "SELECT account, channel, at, cause, raw, id FROM quarantine WHERE tenant = $1
                     ORDER BY id DESC LIMIT $2";
        let found = self.ask(query, &[&sql(tenant.0), &rows(limit)]).await?;
        found.iter().map(|row| told(quarantined(row, tenant))).collect()
    }

    async fn quarantined_one(&self, tenant: TenantId, id: u64) -> Result<Option<QuarantineRow>, StoreError> {
        let query = "SELECT account, channel, at, cause, raw, id FROM quarantine WHERE tenant = $1 AND id = $2";
        let found = self.ask(query, &[&sql(tenant.0), &sql(id)]).await?;
        found.first().map(|row| told(quarantined(row, tenant))).transpose()
    }

    async fn entries(&self, keys: &[Key]) -> Result<Vec<Entry>, StoreError> {
        let keys: Vec<_> = keys.iter().map(|key| Hash(*key)).collect();
        self.ask(register::ENTRIES, &[&keys]).await?.iter().map(register::entry).collect()
    }

    async fn entries_of(
        &self,
        tenant: TenantId,
        kind: Kind,
        after: Option<Key>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        // No entry has the key of zeros.
        let after = Hash(after.unwrap_or_default());
        let found =
            self.ask(register::of_tenant(kind), &[&sql(tenant.0), &kind.as_str(), &after, &rows(limit)]).await?;
        found.iter().map(register::entry).collect()
    }

    async fn addresses_of(&self, contact: ContactKey, limit: usize) -> Result<Vec<KnownAddress>, StoreError> {
        let contact = Hash(contact.0.to_be_bytes());
        let found = self.ask(register::ADDRESSES, &[&contact, &rows(limit)]).await?;
        found.iter().map(register::address).collect()
    }

    async fn contact_at(&self, address: [u8; 16]) -> Result<Option<ContactKey>, StoreError> {
        let found = self.ask("SELECT contact FROM addresses WHERE hash = $1", &[&Hash(address)]).await?;
        let contact = |row: &Row| told(row.try_get(0)).map(|Hash(contact)| ContactKey(u128::from_be_bytes(contact)));
        found.first().map(contact).transpose()
    }

    async fn follow(
        &self,
        account: AccountId,
        contact: ContactKey,
        after: Option<(ConversationId, u64)>,
        limit: usize,
    ) -> Result<Following, StoreError> {
        let mut lent = self.readers.lend().await?;
        let following = follow::follow(&mut lent, account, contact, after, limit).await;
        lent.back(following)
    }

    async fn handles(&self, names: &[(String, String)]) -> Result<Vec<u64>, StoreError> {
        let mut lent = self.writers.lend().await?;
        let handles = names::handles(&mut lent, names).await;
        lent.back(handles)
    }

    async fn names(&self, kind: &str) -> Result<Vec<(String, u64)>, StoreError> {
        let query = "SELECT name, handle FROM names WHERE kind = $1 ORDER BY handle";
        let found = self.ask(query, &[&kind]).await?;
        found.iter().map(|row| Ok((told(row.try_get(0))?, unsql(told(row.try_get(1))?)))).collect()
    }

    async fn journal(&self, shard: u16, from: Millis, after: u64, limit: usize) -> Result<Vec<JournalRow>, StoreError> {
        let query = "SELECT batch, now, inputs FROM journal WHERE day >= $1 AND shard = $2 AND batch > $3
                     ORDER BY day, epoch, batch LIMIT $4";
        let found = self.ask(query, &[&day(from), &i32::from(shard), &sql(after), &rows(limit)]).await?;
        let one = |row: &Row| {
            let (batch, now) = (unsql(row.try_get(0)?), Millis(unsql(row.try_get(1)?)));
            Ok(JournalRow { batch, now, inputs: row.try_get(2)? })
        };
        found.iter().map(|row| told(one(row))).collect()
    }

    async fn shards(&self, tenants: &[TenantId], among: u16) -> Result<Vec<u16>, StoreError> {
        let mut lent = self.writers.lend().await?;
        let shards = names::shards(&mut lent, tenants, among).await;
        lent.back(shards)
    }
}

/// True when a filter has an index narrower than the tenant's: `tenant + 0` keeps that one out of the choice.
const fn is_narrow(filter: &TaskFilter) -> bool {
    filter.worker.is_some() || filter.matter.is_some() || (filter.open && filter.queue.is_some())
}

fn quarantined(row: &Row, tenant: TenantId) -> Result<QuarantineRow, tokio_postgres::Error> {
    Ok(QuarantineRow {
        id: unsql(row.try_get(5)?),
        tenant,
        account: row.try_get::<_, Option<i64>>(0)?.map(|account| AccountId(unsql(account))),
        channel: row.try_get(1)?,
        at: Millis(unsql(row.try_get(2)?)),
        cause: row.try_get(3)?,
        raw: row.try_get(4)?,
    })
}

/// Lines of `count` transcripts, by the number of each in the seventh column, which begins with 1.
fn by_number(count: usize, found: &[Row]) -> Result<Vec<Vec<StoredMessage>>, StoreError> {
    let mut all: Vec<Vec<StoredMessage>> = (0..count).map(|_| Vec::new()).collect();
    for row in found {
        let n = usize::try_from(told(row.try_get::<_, i64>(6))?).unwrap_or(0);
        if let Some(lines) = n.checked_sub(1).and_then(|n| all.get_mut(n)) {
            lines.push(message(row)?);
        }
    }
    Ok(all)
}

/// A line of a transcript: its first six columns are seq, at, author, worker, outbound and body.
pub(super) fn message(row: &Row) -> Result<StoredMessage, StoreError> {
    let name: &str = told(row.try_get(2))?;
    let worker: Option<i64> = told(row.try_get(3))?;
    let outbound: Option<i64> = told(row.try_get(4))?;
    Ok(StoredMessage {
        seq: unsql(told(row.try_get(0))?),
        at: Millis(unsql(told(row.try_get(1))?)),
        author: author(name).ok_or_else(|| StoreError::Corrupt(format!("the author {name:?} is not known")))?,
        worker: worker.map(|worker| WorkerId(unsql(worker))),
        outbound: outbound.map(|outbound| OutboundId(unsql(outbound))),
        body: parse(row, 5)?,
    })
}
