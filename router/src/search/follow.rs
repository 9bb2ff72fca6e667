//! Fills the index: follows the log of events of a tenant, and puts in what was said where something happened.
//!
//! An event only says where to look. Lines are read from the transcript itself, from the first that is not in the index,
//! so what is taken twice after a crash is put in once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use blendline_wire::event::{Event, EventKind};
use blendline_wire::{ConversationId, Pii, TenantId};
use tokio::time::{Instant, sleep};
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
/// How many lines of a transcript are read at once, and about how many are put in at once: the embedded store's writer
/// does nothing else meanwhile, and each time is a disk write of its own.
const LINES_MAX: usize = 40;
/// How long new events are gathered: under load a page then holds many.
const GATHER: Duration = Duration::from_millis(200);
/// The longest that one rests between two times.
const REST_MAX: Duration = Duration::from_secs(1);
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
    let mut docs = Vec::new();
    for transcript in touched {
        while take_in(parts, tenant, transcript, &mut docs).await? {}
    }
    put_in(parts, tenant, &mut docs).await?;
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

/// Adds the next lines of a transcript to `docs`, and puts these in when there are enough; true when there may be more.
async fn take_in(parts: &Parts, tenant: TenantId, transcript: u64, docs: &mut Vec<Doc>) -> Result<bool, StoreError> {
    let lines = parts.search.unindexed(transcript, LINES_MAX).await?;
    let begins = lines.first().is_some_and(|line| line.message.seq == 1);
    let addresses = if begins { addresses(parts, transcript).await? } else { Vec::new() };
    let doc = |line: &Line| {
        let of_first = if line.message.seq == 1 { addresses.as_slice() } else { &[] };
        let words = words(&line.message.body, of_first);
        Doc { transcript, seq: line.message.seq, at: line.message.at, task: line.task, words }
    };
    docs.extend(lines.iter().map(doc));
    let more = lines.len() == LINES_MAX;
    // The next lines are those behind what is in the index.
    if more || LINES_MAX <= docs.len() {
        put_in(parts, tenant, docs).await?;
    }
    Ok(more)
}

/// Puts lines in, and rests for as long as it took: a tenant's flood of messages takes no more than half of the writer's
/// time from what all tenants wait for.
async fn put_in(parts: &Parts, tenant: TenantId, docs: &mut Vec<Doc>) -> Result<(), StoreError> {
    if docs.is_empty() {
        return Ok(());
    }
    let begun = Instant::now();
    parts.search.add_lines(tenant, &std::mem::take(docs)).await?;
    sleep(begun.elapsed().min(REST_MAX)).await;
    Ok(())
}

/// The customer's addresses, where the transcript is a conversation's.
async fn addresses(parts: &Parts, transcript: u64) -> Result<Vec<Pii<String>>, StoreError> {
    let Some(row) = parts.archive.conversation(ConversationId(transcript)).await? else { return Ok(Vec::new()) };
    let known = parts.archive.addresses_of(row.contact, ADDRESSES_MAX).await?;
    Ok(known.into_iter().flat_map(|one| [Some(one.address), one.name]).flatten().collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use async_trait::async_trait;
    use blendline_wire::Millis;
    use blendline_wire::said::Author;

    use super::*;
    use crate::driver::tests::world::{TENANT, World, said};
    use crate::payload::{MessageBody, StoredMessage};
    use crate::ports::search::{Hit, Wanted};

    /// An index of transcripts that have one line each.
    #[derive(Default)]
    struct Index {
        at: Mutex<u64>,
        lines: Mutex<BTreeMap<u64, usize>>,
        writes: Mutex<Vec<usize>>,
    }

    #[async_trait]
    impl Search for Index {
        async fn indexed(&self, _: TenantId) -> Result<u64, StoreError> {
            Ok(*self.at.lock().unwrap())
        }

        async fn unindexed(&self, transcript: u64, _: usize) -> Result<Vec<Line>, StoreError> {
            let is_in = self.lines.lock().unwrap().contains_key(&transcript);
            let (seq, at, author, body) = (1, Millis(1), Author::Customer, MessageBody::default());
            let message = StoredMessage { seq, at, author, worker: None, outbound: None, body };
            Ok(if is_in { Vec::new() } else { vec![Line { transcript, task: None, message }] })
        }

        async fn add_lines(&self, _: TenantId, lines: &[Doc]) -> Result<(), StoreError> {
            self.writes.lock().unwrap().push(lines.len());
            let mut all = self.lines.lock().unwrap();
            lines.iter().for_each(|doc| *all.entry(doc.transcript).or_default() += 1);
            Ok(())
        }

        async fn moved(&self, _: TenantId, event: u64) -> Result<(), StoreError> {
            *self.at.lock().unwrap() = event;
            Ok(())
        }

        async fn find(&self, _: &Wanted) -> Result<Vec<Hit>, StoreError> {
            Ok(Vec::new())
        }

        async fn lines(&self, _: &[(u64, u64)]) -> Result<Vec<Line>, StoreError> {
            Ok(Vec::new())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_conversations_takes_few_writes() {
        let world = World::new().await;
        for n in 0..100 {
            world.webhook(vec![said(&format!("m{n}"), &format!("97250{n:07}"))]).await;
        }
        world.taken_in().await;
        let index = Arc::new(Index::default());
        let archive = Arc::new(world.store.clone());
        let parts = Parts { search: index.clone(), archive, bell: Bell::default() };
        while page(&parts, TENANT).await.unwrap() {}
        let (lines, writes) = (index.lines.lock().unwrap().clone(), index.writes.lock().unwrap().clone());
        assert_eq!(lines.len(), 100);
        assert!(lines.values().all(|times| *times == 1), "{lines:?}");
        assert!(writes.len() <= 4 && writes.iter().all(|lines| *lines <= LINES_MAX), "{writes:?}");
    }
}
