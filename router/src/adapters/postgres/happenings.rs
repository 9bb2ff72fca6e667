//! What happened to a customer.

use async_trait::async_trait;
use blendline_core::rows::Conversation;
use blendline_wire::event::Event;
use blendline_wire::{ContactKey, MatterId, TenantId};

use super::PostgresStore;
use super::values::Hash;
use crate::adapters::columns::{contact_bytes, rows, sql};
use crate::ports::happenings::Happenings;
use crate::ports::store::StoreError;

const CONVERSATIONS: &str = "SELECT c.body FROM unnest($1::uuid[]) AS w (contact)
    CROSS JOIN LATERAL (SELECT id, body FROM conversations WHERE contact = w.contact ORDER BY id DESC LIMIT $2) c
    ORDER BY c.id DESC LIMIT $2";
/// `tenant + 0` keeps the index of the tenant out of the choice.
const HAPPENED: &str = "SELECT e.body FROM unnest($2::bigint[]) AS w (matter)
    CROSS JOIN LATERAL (SELECT id, body FROM events WHERE matter = w.matter AND tenant + 0 = $1
        ORDER BY id DESC LIMIT $3) e
    ORDER BY e.id DESC LIMIT $3";

#[async_trait]
impl Happenings for PostgresStore {
    async fn conversations_of(&self, contacts: &[ContactKey], limit: usize) -> Result<Vec<Conversation>, StoreError> {
        let contacts: Vec<_> = contacts.iter().map(|contact| Hash(contact_bytes(*contact))).collect();
        self.bodies(CONVERSATIONS, &[&contacts, &rows(limit)]).await
    }

    async fn happened(&self, tenant: TenantId, matters: &[MatterId], limit: usize) -> Result<Vec<Event>, StoreError> {
        let matters: Vec<_> = matters.iter().map(|matter| sql(matter.0)).collect();
        self.bodies(HAPPENED, &[&sql(tenant.0), &matters, &rows(limit)]).await
    }
}
