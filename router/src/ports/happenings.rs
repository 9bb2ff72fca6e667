//! What happened to a customer: his conversations, and the events of his matters.

use async_trait::async_trait;
use blendline_core::rows::Conversation;
use blendline_wire::event::Event;
use blendline_wire::{ContactKey, MatterId, TenantId};

use crate::ports::store::StoreError;

/// What is read of the log by whom it is about, never from its beginning.
#[async_trait]
pub trait Happenings: Send + Sync {
    /// The latest `limit` conversations of these contacts, newest first.
    async fn conversations_of(&self, contacts: &[ContactKey], limit: usize) -> Result<Vec<Conversation>, StoreError>;

    /// The latest `limit` events of these matters of a tenant, newest first.
    async fn happened(&self, tenant: TenantId, matters: &[MatterId], limit: usize) -> Result<Vec<Event>, StoreError>;
}
