//! What would not be sent is told before anything is kept: private answers to what was said in public that the platform
//! does not take, and what the customer does not want to hear.

use std::collections::HashSet;

use blendline_core::rows::Conversation;
use blendline_wire::outbound::SendFailure;
use blendline_wire::worker::Reply;
use blendline_wire::{ConversationId, TaskId, TenantId};

use super::{Shared, now};
use crate::consent::{self, Consents};
use crate::driver::private;
use crate::handle::Call;
use crate::ports::store::{StoreError, Transcript};

/// Addresses of a contact that are looked at.
const ADDRESSES_MAX: usize = 50;
/// Lines of a transcript that are looked at, as when it is sent.
const LINES_MAX: usize = 50;

/// The same call; marked where it holds a private answer that the platform would not take.
///
/// A record that does not answer marks nothing: it is looked at again when the message is sent.
pub async fn checked(app: &Shared, tenant: TenantId, call: Call) -> Call {
    let (task, replies) = match &call {
        Call::Reply { task, reply, .. } => (*task, std::slice::from_ref(reply)),
        Call::Settle { task, replies, .. } => (*task, replies.as_slice()),
        _ => return call,
    };
    match refused(app, tenant, task, replies).await {
        Ok(Some(cause)) => Call::Doubtful { call: Box::new(call), cause },
        Ok(None) => call,
        Err(error) => {
            tracing::warn!(%error, "the record did not answer");
            call
        }
    }
}

/// Whether the customer wrote last in public, and can be answered in private now.
pub(super) async fn is_possible(app: &Shared, conversation: &Conversation) -> Result<bool, StoreError> {
    let directory = app.directory();
    let entry = directory.accounts.get(&conversation.account).filter(|entry| entry.is_public());
    let Some(connector) = entry.and_then(|entry| blendline_connectors::by_name(&entry.channel)) else {
        return Ok(false);
    };
    let of = [Transcript::Conversation(conversation.id)];
    let lines = app.archive().transcripts(&of, LINES_MAX).await?.pop().unwrap_or_default();
    if !private::is_heard_in_public(&lines) {
        return Ok(false);
    }
    let failed: HashSet<_> = private::failed(app.archive(), &lines).await?;
    Ok(private::way(connector, &lines, u64::MAX, true, &failed, now()).is_ok_and(|way| way.is_some()))
}

/// Why one of these would not be sent.
async fn refused(
    app: &Shared,
    tenant: TenantId,
    task: TaskId,
    replies: &[Reply],
) -> Result<Option<SendFailure>, StoreError> {
    let privately = replies.iter().any(|reply| reply.privately);
    let purposes: Vec<&str> = replies.iter().filter_map(|reply| reply.purpose.as_deref()).collect();
    if !privately && purposes.is_empty() {
        return Ok(None);
    }
    let archive = app.archive();
    let task = archive.task(task).await?.filter(|task| task.tenant == tenant);
    let Some(id) = task.and_then(|task| task.conversation) else { return Ok(None) };
    let Some(conversation) = archive.conversation(id).await? else { return Ok(None) };
    if let Some(purpose) = unwanted(app, &conversation, &purposes).await? {
        let detail = format!("the customer has not agreed to messages for `{purpose}` on this channel: leave it out");
        return Ok(Some(SendFailure::new("no_consent", detail)));
    }
    let directory = app.directory();
    let entry = directory.accounts.get(&conversation.account).filter(|entry| privately && entry.is_public());
    let Some(connector) = entry.and_then(|entry| blendline_connectors::by_name(&entry.channel)) else {
        // Everything is private there.
        return Ok(None);
    };
    let lines = archive.transcripts(&[Transcript::Conversation(id)], LINES_MAX).await?.pop().unwrap_or_default();
    let failed: HashSet<_> = private::failed(archive, &lines).await?;
    Ok(private::way(connector, &lines, u64::MAX, true, &failed, now()).err())
}

/// The first of these purposes for which the customer does not want to be written to.
async fn unwanted<'a>(
    app: &Shared,
    conversation: &Conversation,
    purposes: &[&'a str],
) -> Result<Option<&'a str>, StoreError> {
    if purposes.is_empty() {
        return Ok(None);
    }
    let directory = app.directory();
    let Some(entry) = directory.accounts.get(&conversation.account) else { return Ok(None) };
    let medium = consent::medium(&entry.channel);
    let addresses = app.archive().addresses_of(conversation.contact, ADDRESSES_MAX).await?;
    let of_account = addresses.iter().filter(|known| known.account == conversation.account);
    let subjects: Vec<_> =
        of_account.map(|known| consent::subject(entry.tenant, medium, known.address.expose())).collect();
    let known: Vec<_> = app.archive().entries(&subjects).await?.iter().filter_map(Consents::read).collect();
    let refuses = |purpose: &&&str| match known.is_empty() {
        true => !consent::allowed_unasked(purpose),
        false => known.iter().any(|known| !known.allow(purpose)),
    };
    Ok(purposes.iter().find(refuses).copied())
}

/// True for a message of ours that was for the customer alone.
pub async fn was_private(app: &Shared, id: ConversationId, seq: u64) -> Result<bool, StoreError> {
    let lines = app.archive().transcripts(&[Transcript::Conversation(id)], LINES_MAX).await?.pop().unwrap_or_default();
    Ok(lines.iter().any(|line| line.seq == seq && line.body.privately))
}
