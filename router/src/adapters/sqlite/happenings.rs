//! What happened to a customer.

use async_trait::async_trait;
use blendline_core::rows::Conversation;
use blendline_wire::event::Event;
use blendline_wire::{ContactKey, MatterId, TenantId};

use super::SqliteStore;
use super::store::readers::{collect, parse};
use crate::adapters::columns::{contact_bytes, rows, sql};
use crate::ports::happenings::Happenings;
use crate::ports::store::StoreError;

const CONVERSATIONS: &str = "SELECT body FROM conversations WHERE contact = ?1 ORDER BY id DESC LIMIT ?2";
/// `+tenant` keeps the index of the tenant out of the choice.
const HAPPENED: &str = "SELECT body FROM events WHERE matter = ?1 AND +tenant = ?2 ORDER BY id DESC LIMIT ?3";

#[async_trait]
impl Happenings for SqliteStore {
    async fn conversations_of(&self, contacts: &[ContactKey], limit: usize) -> Result<Vec<Conversation>, StoreError> {
        let contacts = contacts.to_vec();
        let read = move |connection: &rusqlite::Connection| {
            let mut found: Vec<Conversation> = Vec::new();
            for contact in contacts {
                let params = (contact_bytes(contact), rows(limit));
                found.extend(collect(connection, CONVERSATIONS, params, |row| parse(row, 0))?);
            }
            found.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
            found.truncate(limit);
            Ok(found)
        };
        self.readers().read(read).await
    }

    async fn happened(&self, tenant: TenantId, matters: &[MatterId], limit: usize) -> Result<Vec<Event>, StoreError> {
        let matters = matters.to_vec();
        let read = move |connection: &rusqlite::Connection| {
            let mut found: Vec<Event> = Vec::new();
            for matter in matters {
                let params = (sql(matter.0), sql(tenant.0), rows(limit));
                found.extend(collect(connection, HAPPENED, params, |row| parse(row, 0))?);
            }
            found.sort_unstable_by_key(|event| std::cmp::Reverse(event.id));
            found.truncate(limit);
            Ok(found)
        };
        self.readers().read(read).await
    }
}
