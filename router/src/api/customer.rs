//! With whom a task is: what was said with him before, on every channel, and what may be said to him now.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use blendline_core::rows::ConversationState;
use blendline_wire::time::Instant;
use blendline_wire::worker::MessageView;
use blendline_wire::{AccountId, ContactKey, ConversationId, TaskId};
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::page::id;
use super::private;
use super::problem::Failure;
use super::synced::RecordInfo;
use super::tasks::owned;
use crate::matters;
use crate::payload::StoredMessage;
use crate::persons::{self, Identity};
use crate::ports::store::Following;
use crate::profiles;

/// Ways to him that are looked at.
const WAYS_MAX: usize = 10;
/// The latest lines of each way.
const LINES_MAX: usize = 40;

/// The customer of a task.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Customer)]
pub struct CustomerInfo {
    /// The contact, as an opaque key; left out where the task has no conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    contact: Option<ContactKey>,
    /// What may be said to him; null where the task has no conversation.
    #[schema(required)]
    limits: Option<Limits>,
    /// Conversations of his that are held together with this one: one matter, in one worker's hands.
    together: Vec<TogetherInfo>,
    /// What other systems have of him, found by the address that he writes from.
    records: Vec<RecordInfo>,
    /// What was said with him, by the way it came, the task's own first. A task without a conversation has none.
    ways: Vec<Way>,
}

/// A conversation that is one matter with this one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerTogether)]
pub struct TogetherInfo {
    /// The conversation.
    conversation: ConversationId,
    /// Its task.
    task: TaskId,
    /// The channel.
    channel: String,
}

/// What the channel of a task lets one say.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReplyLimits)]
pub struct Limits {
    /// The longest text, in characters; zero where nothing can be sent.
    text_chars_max: usize,
    /// Until when one may write freely; left out where always.
    #[serde(skip_serializing_if = "Option::is_none")]
    free_until: Option<Instant>,
    /// Whether others than the customer read what is said.
    public: bool,
    /// Whether what he said last, in public, can be answered in private now (`privately` of a reply).
    private: bool,
}

/// A way by which a customer writes: an account, and an address of his there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerWay)]
pub struct Way {
    /// The channel.
    channel: String,
    /// The account.
    account: String,
    /// His open conversation there.
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<ConversationId>,
    /// The latest lines of all conversations, oldest first, notes left out.
    lines: Vec<PastLine>,
}

/// A line of an earlier conversation, or of this one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PastLine)]
pub struct PastLine {
    /// The conversation.
    conversation: ConversationId,
    /// What was said.
    #[serde(flatten)]
    message: MessageView,
}

/// The customer of a task, for whoever may see the task.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<CustomerInfo>, Failure> {
    let task = owned(&app, &caller, id("task", &text)?).await?;
    let Some(conversation) = task.conversation else { return Ok(Json(CustomerInfo::default())) };
    let Some(row) = app.archive().conversation(conversation).await? else { return Ok(Json(CustomerInfo::default())) };
    let directory = app.directory();
    let channel = directory.accounts.get(&row.account).map(|entry| entry.channel.as_str()).unwrap_or_default();
    let private = private::is_possible(&app, &row).await?;
    let limits = blendline_connectors::by_name(channel).map(|connector| {
        let capabilities = connector.capabilities();
        let window = capabilities.window_ms.zip(row.heard_at);
        Limits {
            text_chars_max: capabilities.text_chars_max,
            free_until: window.map(|(window, heard)| Instant(heard.plus(window))),
            public: capabilities.public,
            private,
        }
    });
    let mut ways = vec![(row.contact, row.account)];
    let mut records = Vec::new();
    // Whom the platforms, or people, know as the same person.
    if let Some(known) = app.archive().addresses_of(row.contact, 1).await?.first() {
        let identity = Identity::of(channel, known.address.expose());
        records = told(&app, &caller, &identity).await?;
        let person = persons::person(app.archive(), caller.tenant, identity).await?;
        ways.extend(person.contacts.into_iter().filter(|way| *way != (row.contact, row.account)));
    }
    let together = together(&app, &caller, row.id).await?;
    let mut found = Vec::new();
    for (contact, account) in ways.into_iter().take(WAYS_MAX) {
        found.extend(way(&app, &caller, contact, account).await?);
    }
    Ok(Json(CustomerInfo { contact: Some(row.contact), limits, together, records, ways: found }))
}

/// What other systems told of whoever has an address.
async fn told(app: &Shared, caller: &Caller, identity: &Identity) -> Result<Vec<RecordInfo>, Failure> {
    let pointers = app.archive().entries(&[profiles::key(caller.tenant, identity)]).await?;
    let pointers = pointers.first().map(profiles::pointers).unwrap_or_default();
    let keys: Vec<_> = pointers.iter().map(|pointer| pointer.key(caller.tenant)).collect();
    let entries = if keys.is_empty() { Vec::new() } else { app.archive().entries(&keys).await? };
    let find = |key: &_| entries.iter().find(|entry| entry.key == *key);
    let found = profiles::records(caller.tenant, identity, pointers, find);
    let info = |(pointer, record): (profiles::Pointer, &serde_json::Value)| RecordInfo::of(pointer, record.clone());
    Ok(found.into_iter().map(info).collect())
}

/// What is open and held together with a conversation.
async fn together(app: &Shared, caller: &Caller, own: ConversationId) -> Result<Vec<TogetherInfo>, Failure> {
    let entries = app.archive().entries(&[matters::pairs_key(caller.tenant)]).await?;
    let held = entries.iter().flat_map(|entry| matters::held_with(&matters::pairs(entry), own));
    let mut found = Vec::new();
    for conversation in held {
        let Some(row) = app.archive().conversation(conversation).await? else { continue };
        if let (ConversationState::Open { task }, true) = (&row.state, row.tenant == caller.tenant) {
            let directory = app.directory();
            let channel = directory.accounts.get(&row.account).map(|entry| entry.channel.clone()).unwrap_or_default();
            found.push(TogetherInfo { conversation, task: *task, channel });
        }
    }
    Ok(found)
}

async fn way(app: &Shared, caller: &Caller, contact: ContactKey, account: AccountId) -> Result<Option<Way>, Failure> {
    let directory = app.directory();
    let Some(entry) = directory.accounts.get(&account).filter(|entry| entry.tenant == caller.tenant) else {
        return Ok(None);
    };
    let Following { lines, conversation, .. } = app.archive().follow(account, contact, None, LINES_MAX).await?;
    let line = |(conversation, line): (ConversationId, StoredMessage)| PastLine { conversation, message: line.view() };
    Ok(Some(Way {
        channel: entry.channel.clone(),
        account: entry.account.name.clone(),
        open: conversation.filter(|row| row.state.ended_at().is_none()).map(|row| row.id),
        lines: lines.into_iter().map(line).collect(),
    }))
}
