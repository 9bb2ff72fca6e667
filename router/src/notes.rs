//! Notes that colleagues write to each other about a matter, and mentions in them. A customer never gets one.
//!
//! They lie in the register, written in the commit of the event that tells of them, and in no transcript: what is no line
//! of a conversation can be sent by nothing that sends lines. Keys begin with eight bytes of the matter, or of the worker
//! who is mentioned, so that all of one lies together; behind them stands the time, the newest first.

use blendline_wire::{ConversationId, MatterId, Millis, Pii, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::directory::Directory;
use crate::ports::register::{self, Entry, Key, Kind};
use crate::ports::store::{Archive, StoreError};

/// Notes of one matter, and mentions of one worker, that are looked at: the newest.
pub const SHOWN_MAX: usize = 200;
/// Whom one note mentions at most; more are text.
pub const MENTIONS_MAX: usize = 20;
/// The longest note, in characters.
pub const TEXT_CHARS_MAX: usize = 4_000;

/// A note about a matter.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Note {
    /// The matter.
    pub matter: MatterId,
    /// The task at which it was written.
    pub task: TaskId,
    /// Its conversation, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// Who wrote it, as people know him.
    pub from: String,
    /// The worker he is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerId>,
    /// What.
    pub text: Pii<String>,
    /// Whom it mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<WorkerId>,
}

/// That somebody is mentioned.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Mention {
    /// Who.
    pub worker: WorkerId,
    /// The note's key, in hexadecimal.
    pub note: String,
    /// The note.
    pub of: Note,
    /// When he said that he has seen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Millis>,
}

/// A note, or a mention, with its key and time.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept<T> {
    /// Where it lies.
    pub key: Key,
    /// When it was written.
    pub at: Millis,
    /// What.
    pub what: T,
}

fn prefix(kind: Kind, tenant: TenantId, of: u64) -> [u8; 8] {
    let whole = register::key(kind, tenant, &[&of.to_string()]);
    std::array::from_fn(|index| whole[index])
}

/// The newest has the smallest key; `by_chance` keeps two of one millisecond apart.
fn key(prefix: [u8; 8], at: Millis, by_chance: u16) -> Key {
    stamped(prefix, (at.0 << 16) | u64::from(by_chance))
}

fn stamped(prefix: [u8; 8], stamp: u64) -> Key {
    let mut key = Key::default();
    key[..8].copy_from_slice(&prefix);
    key[8..].copy_from_slice(&(u64::MAX - stamp).to_be_bytes());
    key
}

/// What tells a note from every other of its matter; it grows with time.
pub fn stamp(key: &Key) -> u64 {
    let mut place = [0; 8];
    place.copy_from_slice(&key[8..]);
    u64::MAX - u64::from_be_bytes(place)
}

/// The key of the note of a matter that has this stamp.
pub fn key_of(tenant: TenantId, matter: MatterId, stamp: u64) -> Key {
    stamped(prefix(Kind::Note, tenant, matter.0), stamp)
}

/// The notes that have these keys, in no order; what is not there is left out.
///
/// # Errors
/// When the record does not answer.
pub async fn of_keys(archive: &dyn Archive, keys: &[Key]) -> Result<Vec<Kept<Note>>, StoreError> {
    Ok(archive.entries(keys).await?.into_iter().filter_map(kept).collect())
}

/// A mention that was seen was written anew; its place still says when it came.
fn kept<T: DeserializeOwned>(entry: Entry) -> Option<Kept<T>> {
    let what = T::deserialize(entry.body.expose()).ok()?;
    Some(Kept { at: Millis(stamp(&entry.key) >> 16), key: entry.key, what })
}

fn entry(kind: Kind, tenant: TenantId, key: Key, at: Millis, what: &impl Serialize) -> Entry {
    Entry { kind, key, tenant, at, body: Pii::new(serde_json::to_value(what).unwrap_or_default()) }
}

/// A note and its mentions as entries of the register, and the note's key.
pub fn entries(note: &Note, tenant: TenantId, at: Millis, by_chance: u16) -> (Key, Vec<Entry>) {
    let own = key(prefix(Kind::Note, tenant, note.matter.0), at, by_chance);
    let mention = |worker: &WorkerId| {
        let key = key(prefix(Kind::Mention, tenant, worker.0), at, by_chance);
        let what = Mention { worker: *worker, note: hex::encode(own), of: note.clone(), seen_at: None };
        entry(Kind::Mention, tenant, key, at, &what)
    };
    let mentions = note.mentions.iter().map(mention);
    (own, [entry(Kind::Note, tenant, own, at, note)].into_iter().chain(mentions).collect())
}

/// A mention that has been seen, as an entry of the register.
pub fn seen(kept: &Kept<Mention>, tenant: TenantId, at: Millis) -> Entry {
    let what = Mention { seen_at: Some(at), ..kept.what.clone() };
    entry(Kind::Mention, tenant, kept.key, at, &what)
}

/// The notes of a matter, the newest first.
pub async fn of_matter(
    archive: &dyn Archive,
    tenant: TenantId,
    matter: MatterId,
) -> Result<Vec<Kept<Note>>, StoreError> {
    range(archive, tenant, Kind::Note, prefix(Kind::Note, tenant, matter.0)).await
}

/// The mentions of a worker, the newest first.
pub async fn of_worker(
    archive: &dyn Archive,
    tenant: TenantId,
    worker: WorkerId,
) -> Result<Vec<Kept<Mention>>, StoreError> {
    range(archive, tenant, Kind::Mention, prefix(Kind::Mention, tenant, worker.0)).await
}

async fn range<T: DeserializeOwned>(
    archive: &dyn Archive,
    tenant: TenantId,
    kind: Kind,
    prefix: [u8; 8],
) -> Result<Vec<Kept<T>>, StoreError> {
    let mut first = Key::default();
    first[..8].copy_from_slice(&prefix);
    let before = u128::from_be_bytes(first).checked_sub(1).map(u128::to_be_bytes);
    let found = archive.entries_of(tenant, kind, before, SHOWN_MAX).await?;
    let mine = found.into_iter().take_while(|entry| entry.key.starts_with(&prefix));
    Ok(mine.filter_map(kept).collect())
}

/// Whom a text mentions by `@name`: workers of this tenant, each once.
pub fn mentioned(text: &str, directory: &Directory, tenant: TenantId) -> Vec<WorkerId> {
    let part_of_name = |letter: &char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let mut found = Vec::new();
    for rest in text.split('@').skip(1) {
        let name: String = rest.chars().take_while(part_of_name).collect();
        // A name may end a sentence.
        let named =
            [name.as_str(), name.trim_end_matches('.')].into_iter().find_map(|name| directory.worker(tenant, name));
        if let Some(worker) = named
            && !found.contains(&worker)
            && found.len() < MENTIONS_MAX
        {
            found.push(worker);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_with_their_ends_and_once() {
        let mut directory = Directory::default();
        for (id, name) in [(1, "dana"), (2, "יוסי"), (3, "a.b")] {
            directory.workers.insert(WorkerId(id), (TenantId(7), name.to_owned()));
        }
        directory.workers.insert(WorkerId(4), (TenantId(8), "other".to_owned()));
        let found =
            |text| mentioned(text, &directory, TenantId(7)).into_iter().map(|worker| worker.0).collect::<Vec<_>>();
        assert_eq!(found("@dana, ask @יוסי. And @dana again; mail x@other or @nobody"), [1, 2]);
        assert_eq!(found("@a.b."), [3]);
        assert!(found("dana @ @ danaa").is_empty());
    }

    #[test]
    fn the_newest_note_has_the_smallest_key() {
        let note = Note {
            matter: MatterId(8),
            task: TaskId(7),
            conversation: None,
            from: "dana".into(),
            worker: Some(WorkerId(1)),
            text: "t".into(),
            mentions: vec![WorkerId(2)],
        };
        let (older, entries_of_it) = entries(&note, TenantId(1), Millis(1_000), 5);
        let (newer, _) = entries(&note, TenantId(1), Millis(1_001), 0);
        assert!(newer < older && stamp(&older) < stamp(&newer));
        assert_eq!(key_of(TenantId(1), MatterId(8), stamp(&newer)), newer);
        assert_eq!(entries_of_it.iter().map(|entry| entry.kind).collect::<Vec<_>>(), [Kind::Note, Kind::Mention]);
    }
}
