//! Private answers to what was said in public: whether the platform takes them is told before anything is kept.

use std::collections::HashSet;

use blendline_wire::outbound::SendFailure;
use blendline_wire::{ConversationId, TaskId, TenantId};

use super::{Shared, now};
use crate::driver::private;
use crate::handle::Call;
use crate::ports::store::{StoreError, Transcript};

/// Lines of a transcript that are looked at, as when it is sent.
const LINES_MAX: usize = 50;

/// The same call; marked where it holds a private answer that the platform would not take.
///
/// A record that does not answer marks nothing: it is looked at again when the message is sent.
pub async fn checked(app: &Shared, tenant: TenantId, call: Call) -> Call {
    let (task, privately) = match &call {
        Call::Reply { task, reply, .. } => (*task, reply.privately),
        Call::Settle { task, replies, .. } => (*task, replies.iter().any(|reply| reply.privately)),
        _ => return call,
    };
    match refused(app, tenant, task, privately).await {
        Ok(Some(cause)) => Call::Doubtful { call: Box::new(call), cause },
        Ok(None) => call,
        Err(error) => {
            tracing::warn!(%error, "the record did not answer");
            call
        }
    }
}

/// Why the platform would not take a private answer of this task now.
async fn refused(
    app: &Shared,
    tenant: TenantId,
    task: TaskId,
    privately: bool,
) -> Result<Option<SendFailure>, StoreError> {
    if !privately {
        return Ok(None);
    }
    let archive = app.archive();
    let task = archive.task(task).await?.filter(|task| task.tenant == tenant);
    let Some(id) = task.and_then(|task| task.conversation) else { return Ok(None) };
    let Some(conversation) = archive.conversation(id).await? else { return Ok(None) };
    let directory = app.directory();
    let entry = directory.accounts.get(&conversation.account).filter(|entry| entry.is_public());
    let Some(connector) = entry.and_then(|entry| blendline_connectors::by_name(&entry.channel)) else {
        // Everything is private there.
        return Ok(None);
    };
    let lines = archive.transcripts(&[Transcript::Conversation(id)], LINES_MAX).await?.pop().unwrap_or_default();
    let failed: HashSet<_> = private::failed(archive, &lines).await?;
    Ok(private::way(connector, &lines, u64::MAX, true, &failed, now()).err())
}

/// True for a message of ours that was for the customer alone.
pub async fn was_private(app: &Shared, id: ConversationId, seq: u64) -> Result<bool, StoreError> {
    let lines = app.archive().transcripts(&[Transcript::Conversation(id)], LINES_MAX).await?.pop().unwrap_or_default();
    Ok(lines.iter().any(|line| line.seq == seq && line.body.privately))
}
