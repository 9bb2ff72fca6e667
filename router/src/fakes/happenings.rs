//! What happened to a customer, in memory.

use async_trait::async_trait;
use blendline_core::rows::Conversation;
use blendline_wire::event::Event;
use blendline_wire::{ContactKey, MatterId, TenantId};

use super::store::FakeStore;
use crate::ports::happenings::Happenings;
use crate::ports::store::StoreError;

#[async_trait]
impl Happenings for FakeStore {
    async fn conversations_of(&self, contacts: &[ContactKey], limit: usize) -> Result<Vec<Conversation>, StoreError> {
        let record = self.record();
        let own = record.conversations.values().rev().filter(|row| contacts.contains(&row.contact));
        Ok(own.take(limit).cloned().collect())
    }

    async fn happened(&self, tenant: TenantId, matters: &[MatterId], limit: usize) -> Result<Vec<Event>, StoreError> {
        let record = self.record();
        let is_of =
            |event: &&Event| event.tenant == tenant && event.matter.is_some_and(|matter| matters.contains(&matter));
        Ok(record.events.iter().rev().filter(is_of).take(limit).cloned().collect())
    }
}
