//! What a contact may read of his own conversations.

use blendline_core::rows::{Conversation, ConversationState};
use blendline_wire::{AccountId, ContactKey, ConversationId};
use rusqlite::{Connection, Row};

use super::archive::message;
use super::fault;
use super::readers::{collect, first, parse};
use crate::adapters::columns::{contact_bytes, rows, sql, unsql};
use crate::payload::StoredMessage;
use crate::ports::store::{Following, StoreError};

/// Whose address it is.
pub(super) fn contact_at(connection: &Connection, address: [u8; 16]) -> Result<Option<ContactKey>, StoreError> {
    let query = "SELECT contact FROM addresses WHERE hash = ?1";
    first(connection, query, [address], |row| {
        let bytes: [u8; 16] = row.get(0).map_err(|error| fault(&error))?;
        Ok(ContactKey(u128::from_be_bytes(bytes)))
    })
}

/// The conversations are few and found by the contact, the lines of each by their key: `CROSS JOIN` keeps that order,
/// so nothing is sorted and reading ends at the limit.
const NEXT: &str = "SELECT m.seq, m.at, m.author, m.worker, m.outbound, m.body, c.id
    FROM conversations c CROSS JOIN messages m ON m.transcript = c.id
    WHERE c.contact = ?1 AND c.account = ?2 AND c.id >= ?3 AND (c.id > ?3 OR m.seq > ?4) AND m.author <> 'note'
    ORDER BY c.id, m.seq LIMIT ?5";
const LATEST: &str = "SELECT m.seq, m.at, m.author, m.worker, m.outbound, m.body, c.id
    FROM conversations c CROSS JOIN messages m ON m.transcript = c.id
    WHERE c.contact = ?1 AND c.account = ?2 AND m.author <> 'note'
    ORDER BY c.id DESC, m.seq DESC LIMIT ?3";

pub(super) fn follow(
    connection: &Connection,
    account: AccountId,
    contact: ContactKey,
    after: Option<(ConversationId, u64)>,
    limit: usize,
) -> Result<Following, StoreError> {
    let who = (contact_bytes(contact), sql(account.0));
    let lines = match after {
        Some((conversation, seq)) => {
            let params = (who.0, who.1, sql(conversation.0), sql(seq), rows(limit));
            collect(connection, NEXT, params, line)?
        }
        None => {
            let mut lines = collect(connection, LATEST, (who.0, who.1, rows(limit)), line)?;
            lines.reverse();
            lines
        }
    };
    let query = "SELECT body FROM conversations WHERE contact = ?1 AND account = ?2 ORDER BY id DESC LIMIT 1";
    let conversation: Option<Conversation> = first(connection, query, who, |row| parse(row, 0))?;
    let task = match conversation.as_ref().map(|conversation| &conversation.state) {
        Some(ConversationState::Open { task }) => {
            first(connection, "SELECT body FROM tasks WHERE id = ?1", [sql(task.0)], |row| parse(row, 0))?
        }
        _ => None,
    };
    Ok(Following { lines, conversation, task })
}

fn line(row: &Row<'_>) -> Result<(ConversationId, StoredMessage), StoreError> {
    let conversation = row.get(6).map_err(|error| fault(&error))?;
    Ok((ConversationId(unsql(conversation)), message(row)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_reading_are_served_by_indexes_and_nothing_is_sorted() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../../../../migrations/sqlite/0001_record.sql")).unwrap();
        for query in [NEXT, LATEST] {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let plan: Vec<String> = explain.raw_query().mapped(|row| row.get("detail")).map(Result::unwrap).collect();
            let plan = plan.join("; ");
            assert!(plan.contains("conversations_of_contact") && plan.contains("PRIMARY KEY"), "{plan}");
            assert!(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN"), "{plan}");
        }
    }
}
