//! Gets files from the platforms that hold them, a bounded number at a time, beside everything else.

use std::sync::Arc;

use blendline_connectors::{Connector, FetchError, Fetched};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::{Millis, TenantId};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Duration, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::sniff::sniff;
use super::{MediaFile, MediaState, bytes_max, key_at};
use crate::directory::{AccountEntry, Directory};
use crate::handle::{Call, CallError, Handle};
use crate::ports::files::Files;
use crate::ports::register::{Entry, Key, Kind};
use crate::ports::store::Archive;

/// How many files are fetched at once.
const AT_ONCE: usize = 8;
/// How many names may wait; what is beyond is found at the next start.
pub const WAITING_MAX: usize = 4096;
/// How long before each further try.
const WAITS: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(20), Duration::from_secs(120)];
/// How long platforms keep what customers send: WhatsApp seven days, others less.
const KEPT_MS: u64 = 7 * 24 * 60 * 60 * 1000;
/// How many entries are read at once when looking for what was left waiting.
const PAGE: usize = 200;

/// What the fetcher of a shard works with.
pub struct Fetcher {
    /// Reads the register.
    pub archive: Arc<dyn Archive>,
    /// Says what came of it.
    pub handle: Handle,
    /// The accounts.
    pub directory: Arc<Directory>,
    /// A client that follows [`blendline_connectors::http_client_rules`] and connects to no private network.
    pub http: reqwest::Client,
    /// Where files are kept.
    pub files: Arc<dyn Files>,
    /// Where channels are found.
    pub connectors: fn(&str) -> Option<&'static dyn Connector>,
}

impl Fetcher {
    /// Fetches what was left waiting, and then what the driver names, until it is told to stop.
    pub async fn run(self, mut names: mpsc::Receiver<Key>, now: Millis, stop: CancellationToken) {
        let fetcher = Arc::new(self);
        let (room, fetching) = (Arc::new(Semaphore::new(AT_ONCE)), TaskTracker::new());
        let left = fetcher.left_waiting(now).await;
        let mut left = left.into_iter();
        loop {
            let name = match left.next() {
                Some(name) => name,
                None => tokio::select! {
                    () = stop.cancelled() => break,
                    name = names.recv() => match name {
                        Some(name) => name,
                        None => break,
                    },
                },
            };
            let permit = tokio::select! {
                () = stop.cancelled() => break,
                permit = Arc::clone(&room).acquire_owned() => permit,
            };
            let (fetcher, stop) = (Arc::clone(&fetcher), stop.clone());
            fetching.spawn(async move {
                tokio::select! {
                    // What is cut off here is found at the next start.
                    () = stop.cancelled() => {}
                    () = fetcher.fetch(name) => {}
                }
                drop(permit);
            });
        }
        fetching.close();
        fetching.wait().await;
    }

    /// The names of files that were noted and not fetched, while platforms still have them.
    async fn left_waiting(&self, now: Millis) -> Vec<Key> {
        let mut waiting = Vec::new();
        for tenant in self.directory.tenants.keys() {
            let mut after = Some(key_at(Millis(now.0.saturating_sub(KEPT_MS))));
            while let Some(last) = after {
                let page = match self.archive.entries_of(*tenant, Kind::Media, Some(last), PAGE).await {
                    Ok(page) => page,
                    Err(error) => {
                        tracing::warn!(%error, "Files that were left waiting are looked for at the next start.");
                        break;
                    }
                };
                after = page.last().filter(|_| page.len() == PAGE).map(|entry| entry.key);
                let pending =
                    |entry: &&Entry| MediaFile::read(entry).is_some_and(|file| file.state == MediaState::Pending);
                waiting.extend(page.iter().filter(pending).map(|entry| entry.key));
            }
        }
        waiting
    }

    /// Fetches one file and says what came of it.
    async fn fetch(&self, name: Key) {
        let Ok(entries) = self.archive.entries(&[name]).await else {
            return tracing::warn!("A file is fetched at the next start: the record does not answer.");
        };
        let Some((entry, mut file)) =
            entries.into_iter().find_map(|entry| Some((entry.clone(), MediaFile::read(&entry)?)))
        else {
            return;
        };
        if file.state != MediaState::Pending {
            return;
        }
        file.state = match self.tried(&file).await {
            Ok(fetched) => self.keep(entry.tenant, &file, fetched).await,
            Err(error) => MediaState::Failed { reason: word(&error).to_owned(), detail: error.to_string() },
        };
        metrics::counter!("blendline_media_total", "outcome" => outcome(&file.state)).increment(1);
        self.say(entry.tenant, name, &file).await;
    }

    async fn tried(&self, file: &MediaFile) -> Result<Fetched, FetchError> {
        let entry = self.directory.accounts.get(&file.account);
        let entry = entry.ok_or_else(|| FetchError::Settings("the account is not configured any more".to_owned()))?;
        let connector = (self.connectors)(&entry.channel).ok_or(FetchError::NotSupported)?;
        let mut waits = WAITS.iter();
        loop {
            match self.once(connector, entry, file).await {
                Err(FetchError::Later(cause)) => match waits.next() {
                    Some(wait) => sleep(*wait).await,
                    None => return Err(FetchError::Later(cause)),
                },
                outcome => return outcome,
            }
        }
    }

    async fn once(
        &self,
        connector: &dyn Connector,
        entry: &AccountEntry,
        file: &MediaFile,
    ) -> Result<Fetched, FetchError> {
        let bytes_max = bytes_max(connector, &file.kind);
        connector.fetch(&entry.account, &file.attachment(), bytes_max, &self.http).await
    }

    async fn keep(&self, tenant: TenantId, file: &MediaFile, fetched: Fetched) -> MediaState {
        let bytes = fetched.bytes.len() as u64;
        let mime = sniff(&fetched.bytes, file.claimed.as_deref().or(fetched.mime.as_deref()));
        match self.files.put(tenant, fetched.bytes).await {
            Ok(name) => MediaState::Stored { sha256: name.sha256, bytes, mime },
            Err(error) => {
                tracing::error!(%error, "A file could not be kept: see to the store of files.");
                MediaState::Failed { reason: "not_kept".to_owned(), detail: "our own store of files failed".to_owned() }
            }
        }
    }

    async fn say(&self, tenant: TenantId, name: Key, file: &MediaFile) {
        let media = hex::encode(name);
        let kind = match &file.state {
            MediaState::Stored { bytes, mime, .. } => {
                EventKind::MediaStored { media, bytes: *bytes, mime: mime.clone() }
            }
            MediaState::Failed { reason, .. } => EventKind::MediaFailed { media, reason: reason.clone() },
            MediaState::Pending => return,
        };
        let (account, conversation) = (file.account, file.conversation);
        let entry = file.entry(name, tenant, Millis(0));
        let call =
            || Call::Note { account, conversation, kind: Box::new(kind.clone()), entry: Box::new(entry.clone()) };
        // The owner may be busy or change; what is not said is fetched once more at the next start.
        for wait in WAITS {
            match self.handle.call(Actor::Platform, call()).await {
                Err(CallError::Unavailable(_)) => sleep(wait).await,
                _ => return,
            }
        }
    }
}

const fn outcome(state: &MediaState) -> &'static str {
    match state {
        MediaState::Pending => "pending",
        MediaState::Stored { .. } => "stored",
        MediaState::Failed { .. } => "failed",
    }
}

const fn word(error: &FetchError) -> &'static str {
    match error {
        FetchError::NotSupported => "not_supported",
        FetchError::Forbidden => "forbidden",
        FetchError::Gone(_) => "gone",
        FetchError::TooLarge(_) => "too_large",
        FetchError::Damaged => "damaged",
        FetchError::NoWords(_) => "no_words",
        FetchError::Settings(_) => "settings",
        FetchError::Later(_) => "unavailable",
    }
}
