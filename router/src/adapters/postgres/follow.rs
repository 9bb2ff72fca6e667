//! What a contact may read of his own conversations.

use blendline_core::rows::{Conversation, ConversationState, Task};
use blendline_wire::{AccountId, ContactKey, ConversationId};
use deadpool_postgres::Transaction;
use tokio_postgres::{IsolationLevel, Row};

use super::archive::message;
use super::connections::{Lent, in_time, told};
use super::values::{Hash, parse};
use crate::adapters::columns::{rows, sql, unsql};
use crate::payload::StoredMessage;
use crate::ports::store::{Following, StoreError};

/// The conversations are few and found by the contact, the lines of each by their key, in their order.
const NEXT: &str = "SELECT m.seq, m.at, m.author, m.worker, m.outbound, m.body, c.id
    FROM conversations c CROSS JOIN LATERAL (SELECT * FROM messages
        WHERE transcript = c.id AND author <> 'note' AND (c.id > $3 OR seq > $4) ORDER BY seq LIMIT $5) m
    WHERE c.contact = $1 AND c.account = $2 AND c.id >= $3
    ORDER BY c.id, m.seq LIMIT $5";
const LATEST: &str = "SELECT m.seq, m.at, m.author, m.worker, m.outbound, m.body, c.id
    FROM conversations c CROSS JOIN LATERAL (SELECT * FROM messages
        WHERE transcript = c.id AND author <> 'note' ORDER BY seq DESC LIMIT $3) m
    WHERE c.contact = $1 AND c.account = $2
    ORDER BY c.id DESC, m.seq DESC LIMIT $3";
const CONVERSATION: &str =
    "SELECT body FROM conversations WHERE contact = $1 AND account = $2 ORDER BY id DESC LIMIT 1";
const TASK: &str = "SELECT body FROM tasks WHERE id = $1";

/// Reads over one consistent view.
pub(super) async fn follow(
    lent: &mut Lent<'_>,
    account: AccountId,
    contact: ContactKey,
    after: Option<(ConversationId, u64)>,
    limit: usize,
) -> Result<Following, StoreError> {
    let (time, place) = lent.terms();
    let who = (Hash(contact.0.to_be_bytes()), sql(account.0));
    let reading = async {
        let view = lent.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let view = told(view.start().await)?;
        let (lines, now) = tokio::try_join!(lines(&view, who, after, limit), now(&view, who))?;
        told(view.commit().await)?;
        Ok(Following { lines, conversation: now.0, task: now.1 })
    };
    in_time(time, place, reading).await
}

async fn lines(
    view: &Transaction<'_>,
    (contact, account): (Hash, i64),
    after: Option<(ConversationId, u64)>,
    limit: usize,
) -> Result<Vec<(ConversationId, StoredMessage)>, StoreError> {
    let limit = rows(limit);
    let mut found = match after {
        Some((conversation, seq)) => {
            let next = told(view.prepare_cached(NEXT).await)?;
            told(view.query(&next, &[&contact, &account, &sql(conversation.0), &sql(seq), &limit]).await)?
        }
        None => {
            let latest = told(view.prepare_cached(LATEST).await)?;
            told(view.query(&latest, &[&contact, &account, &limit]).await)?
        }
    };
    if after.is_none() {
        found.reverse();
    }
    found.iter().map(line).collect()
}

fn line(row: &Row) -> Result<(ConversationId, StoredMessage), StoreError> {
    Ok((ConversationId(unsql(told(row.try_get(6))?)), message(row)?))
}

/// The latest conversation and its open task.
async fn now(
    view: &Transaction<'_>,
    (contact, account): (Hash, i64),
) -> Result<(Option<Conversation>, Option<Task>), StoreError> {
    let query = told(view.prepare_cached(CONVERSATION).await)?;
    let Some(row) = told(view.query_opt(&query, &[&contact, &account]).await)? else { return Ok((None, None)) };
    let conversation: Conversation = parse(&row, 0)?;
    let ConversationState::Open { task } = conversation.state else { return Ok((Some(conversation), None)) };
    let query = told(view.prepare_cached(TASK).await)?;
    let row = told(view.query_opt(&query, &[&sql(task.0)]).await)?;
    Ok((Some(conversation), row.map(|row| parse(&row, 0)).transpose()?))
}
