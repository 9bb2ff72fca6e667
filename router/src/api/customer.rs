//! With whom a task is: what was said with him before, on every channel, and what may be said to him now.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use blendline_wire::time::Instant;
use blendline_wire::worker::MessageView;
use blendline_wire::{AccountId, ContactKey, ConversationId};
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::page::id;
use super::private;
use super::problem::Failure;
use super::tasks::owned;
use crate::payload::StoredMessage;
use crate::persons::{self, Identity};
use crate::ports::store::Following;

/// Ways to him that are looked at.
const WAYS_MAX: usize = 10;
/// The latest lines of each way.
const LINES_MAX: usize = 40;

/// The customer of a task.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Customer)]
pub struct CustomerInfo {
    /// What may be said to him; null where the task has no conversation.
    #[schema(required)]
    limits: Option<Limits>,
    /// What was said with him, by the way it came, the task's own first. A task without a conversation has none.
    ways: Vec<Way>,
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
    // Whom the platforms, or people, know as the same person.
    if let Some(known) = app.archive().addresses_of(row.contact, 1).await?.first() {
        let identity = Identity::of(channel, known.address.expose());
        let person = persons::person(app.archive(), caller.tenant, identity).await?;
        ways.extend(person.contacts.into_iter().filter(|way| *way != (row.contact, row.account)));
    }
    let mut found = Vec::new();
    for (contact, account) in ways.into_iter().take(WAYS_MAX) {
        found.extend(way(&app, &caller, contact, account).await?);
    }
    Ok(Json(CustomerInfo { limits, ways: found }))
}

async fn way(app: &Shared, caller: &Caller, contact: ContactKey, account: AccountId) -> Result<Option<Way>, Failure> {
    let directory = app.directory();
    let Some(entry) = directory.accounts.get(&account).filter(|entry| entry.tenant == caller.tenant) else {
        return Ok(None);
    };
    let Following { lines, .. } = app.archive().follow(account, contact, None, LINES_MAX).await?;
    let line = |(conversation, line): (ConversationId, StoredMessage)| PastLine { conversation, message: line.view() };
    Ok(Some(Way {
        channel: entry.channel.clone(),
        account: entry.account.name.clone(),
        lines: lines.into_iter().map(line).collect(),
    }))
}
