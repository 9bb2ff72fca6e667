//! Fills the index: follows the log of events of a tenant, and puts in what was said where something happened.
//!
//! An event only says where to look. Lines are read from the transcript itself, from the first that is not in the index,
//! so what is taken twice after a crash is put in once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use blendline_wire::event::{Event, EventKind};
use blendline_wire::{ConversationId, Pii, TenantId};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::words;
use crate::notes::{self, Kept, Note};
use crate::outlets::bell::Bell;
use crate::patience::BackOff;
use crate::payload::MessageBody;
use crate::ports::register::Key;
use crate::ports::search::{Doc, Line, Search};
use crate::ports::store::{Archive, StoreError};

/// How many events are looked at before their place is noted.
const PAGE: usize = 500;
/// How many lines are put in at once: the embedded store's writer does nothing else meanwhile.
const LINES_MAX: usize = 100;
/// How long new events are gathered: under load a page then holds many.
const GATHER: Duration = Duration::from_millis(200);
/// Addresses of a contact by which he is found.
const ADDRESSES_MAX: usize = 10;

/// What following stands on.
#[derive(Clone)]
pub struct Parts {
    /// The index.
    pub search: Arc<dyn Search>,
    /// What it is made of.
    pub archive: Arc<dyn Archive>,
    /// What tells of new events.
    pub bell: Bell,
}

/// Follows the events of these tenants until `stop`.
pub async fn follow(parts: Parts, tenants: BTreeSet<TenantId>, stop: CancellationToken) {
    let following = TaskTracker::new();
    for tenant in tenants {
        let (parts, stop) = (parts.clone(), stop.clone());
        following.spawn(async move {
            stop.run_until_cancelled(run(parts, tenant)).await;
        });
    }
    following.close();
    following.wait().await;
}

async fn run(parts: Parts, tenant: TenantId) {
    let mut heard = parts.bell.listen(tenant);
    let mut back_off = BackOff::default();
    loop {
        heard.borrow_and_update();
        match page(&parts, tenant).await {
            Ok(true) => back_off = BackOff::default(),
            Ok(false) => {
                back_off = BackOff::default();
                if heard.changed().await.is_err() {
                    return;
                }
                sleep(GATHER).await;
            }
            Err(error) => {
                tracing::warn!(%tenant, %error, "The index of words falls behind: the record does not answer.");
                back_off.wait().await;
            }
        }
    }
}

/// Takes the next page of events; true when there may be more.
///
/// # Errors
/// When the record does not answer: the same page comes again.
pub async fn page(parts: &Parts, tenant: TenantId) -> Result<bool, StoreError> {
    let from = parts.search.indexed(tenant).await?;
    let events = parts.archive.events(tenant, from, PAGE).await?;
    let Some(last) = events.last() else { return Ok(false) };
    let touched: BTreeSet<u64> = events.iter().filter_map(transcript).collect();
    for transcript in touched {
        while take_in(parts, tenant, transcript).await? {}
    }
    let written: Vec<Key> = events.iter().filter_map(note).collect();
    for some in written.chunks(LINES_MAX) {
        take_notes(parts, tenant, some).await?;
    }
    parts.search.moved(tenant, last.id.0).await?;
    Ok(events.len() == PAGE)
}

/// The transcript that something was perhaps added to.
fn transcript(event: &Event) -> Option<u64> {
    event.conversation.map(|conversation| conversation.0).or_else(|| event.task.map(|task| task.0))
}

/// The note that was written.
fn note(event: &Event) -> Option<Key> {
    let EventKind::NoteAdded { note, .. } = &event.kind else { return None };
    let mut key = Key::default();
    hex::decode_to_slice(note, &mut key).ok().map(|()| key)
}

/// Puts notes in. They lie in no transcript: the matter stands in its place, for no two things share a number.
async fn take_notes(parts: &Parts, tenant: TenantId, keys: &[Key]) -> Result<(), StoreError> {
    let mut notes = notes::of_keys(parts.archive.as_ref(), keys).await?;
    notes.sort_unstable_by_key(|note| (note.at, note.key));
    let doc = |kept: Kept<Note>| {
        let Note { matter, task, from, text, .. } = kept.what;
        let body = MessageBody { name: Some(from.into()), text: Some(text), ..MessageBody::default() };
        let seq = notes::stamp(&kept.key);
        Doc { transcript: matter.0, seq, at: kept.at, task: Some(task), words: words(&body, &[]) }
    };
    let docs: Vec<Doc> = notes.into_iter().map(doc).collect();
    parts.search.add_lines(tenant, &docs).await
}

/// Puts the next lines of a transcript in; true when there may be more.
async fn take_in(parts: &Parts, tenant: TenantId, transcript: u64) -> Result<bool, StoreError> {
    let lines = parts.search.unindexed(transcript, LINES_MAX).await?;
    if lines.is_empty() {
        return Ok(false);
    }
    let begins = lines.first().is_some_and(|line| line.message.seq == 1);
    let addresses = if begins { addresses(parts, transcript).await? } else { Vec::new() };
    let doc = |line: &Line| {
        let of_first = if line.message.seq == 1 { addresses.as_slice() } else { &[] };
        let words = words(&line.message.body, of_first);
        Doc { transcript, seq: line.message.seq, at: line.message.at, task: line.task, words }
    };
    let docs: Vec<Doc> = lines.iter().map(doc).collect();
    parts.search.add_lines(tenant, &docs).await?;
    Ok(lines.len() == LINES_MAX)
}

/// The customer's addresses, where the transcript is a conversation's.
async fn addresses(parts: &Parts, transcript: u64) -> Result<Vec<Pii<String>>, StoreError> {
    let Some(row) = parts.archive.conversation(ConversationId(transcript)).await? else { return Ok(Vec::new()) };
    let known = parts.archive.addresses_of(row.contact, ADDRESSES_MAX).await?;
    Ok(known.into_iter().flat_map(|one| [Some(one.address), one.name]).flatten().collect())
}
