//! The record in a file: one writer thread with group commit, and a few readers beside it.
//!
//! Suggested reading order: `columns` beside this adapter (what a commit becomes), `writer`, `write`, `tables`, `shards`, `prefetch`, `load`, `archive`,
//! `follow`.

pub(super) mod archive;
mod cases;
mod follow;
mod load;
mod prefetch;
pub(super) mod readers;
mod register;
mod shards;
pub(super) mod tables;
mod write;
mod writer;

pub(super) use self::writer::open as open_file;

use std::sync::mpsc::Sender;
use std::sync::{Arc, PoisonError, RwLock, mpsc};
use std::thread::JoinHandle;

use async_trait::async_trait;
use blendline_core::rows::Snapshot;
use blendline_wire::{Millis, OutboundId};
use tokio::sync::oneshot;

use self::readers::Readers;
use self::writer::{Answer, Job, Order, Writer};
use super::checkpoint::Checkpointer;
use super::desks::DesksOrder;
use super::outlets::OutletsOrder;
use super::people::{PeopleAnswer, PeopleOrder};
use super::rules::RulesOrder;
use super::search::SearchOrder;
use super::systems::SystemsOrder;
use super::{DataDir, OpenError};
use crate::adapters::columns::Batch;
use crate::ports::store::{Claim, Commit, Found, Store, StoreError, Tenure, Wanted};

/// The prefix of owners that live and die with this process and its lock on the data directory.
pub const EMBEDDED_OWNER: &str = "embedded:";

/// How long duplicate keys and the journal are kept, in days, beside the running one.
const KEPT_DAYS: u64 = 8;
/// A day, in milliseconds.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The days that have duplicate keys, newest first. A look-up asks each of them; swept in time there are ten at most.
type Days = Arc<RwLock<Vec<i64>>>;

/// The embedded store: `store.db` in the data directory.
pub struct SqliteStore {
    jobs: Sender<Job>,
    readers: Arc<Readers>,
    days: Days,
    thread: Option<JoinHandle<()>>,
    /// The directory stays ours until the writer is gone.
    _directory: DataDir,
}

impl SqliteStore {
    /// Opens or makes the file, ends the leases of dead owners, and starts the writer.
    pub fn open(directory: &DataDir) -> Result<Self, OpenError> {
        let path = directory.file("store.db");
        let io = |cause| OpenError::Io { path: path.clone(), cause };
        let database = |cause| OpenError::Database { path: path.clone(), cause };
        let connection = writer::open(&path)?;
        shards::end_dead_leases(&connection).map_err(database)?;
        let days = Arc::new(RwLock::new(write::days_with_keys(&connection).map_err(database)?));
        let checkpointer = Checkpointer::start(&path, "store-log").map_err(io)?;
        let (jobs, queue) = mpsc::channel();
        let writer = Writer::new(path.clone(), connection, queue, checkpointer, Arc::clone(&days));
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn(move || writer.run()).map_err(io)?;
        let readers = Arc::new(Readers::new(path));
        Ok(Self { jobs, readers, days, thread: Some(thread), _directory: directory.clone() })
    }

    async fn ask(&self, order: Order) -> Result<Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Job::Order(order, reply)).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Asks the writer for a change of people and waits until it is durable.
    pub(super) async fn rules(&self, order: RulesOrder) -> Result<bool, StoreError> {
        match self.ask(Order::Rules(Box::new(order))).await? {
            Answer::Rules(done) => Ok(done),
            other => Err(other.unexpected()),
        }
    }

    /// Asks the writer for a change of what goes out.
    pub(super) async fn outlets(&self, order: OutletsOrder) -> Result<bool, StoreError> {
        match self.ask(Order::Outlets(Box::new(order))).await? {
            Answer::Outlets(done) => Ok(done),
            other => Err(other.unexpected()),
        }
    }

    /// Asks the writer for a change of what people keep at their desks.
    pub(super) async fn desks(&self, order: DesksOrder) -> Result<bool, StoreError> {
        match self.ask(Order::Desks(Box::new(order))).await? {
            Answer::Desks(done) => Ok(done),
            other => Err(other.unexpected()),
        }
    }

    /// Asks the writer for a change of what other systems sign with.
    pub(super) async fn change_systems(&self, order: SystemsOrder) -> Result<bool, StoreError> {
        match self.ask(Order::Systems(Box::new(order))).await? {
            Answer::Systems(done) => Ok(done),
            other => Err(other.unexpected()),
        }
    }

    /// Asks the writer for a change of the index of words.
    pub(super) async fn search(&self, order: SearchOrder) -> Result<(), StoreError> {
        self.ask(Order::Search(Box::new(order))).await.map(drop)
    }

    pub(super) async fn people(&self, order: PeopleOrder) -> Result<PeopleAnswer, StoreError> {
        match self.ask(Order::People(Box::new(order))).await? {
            Answer::People(answer) => Ok(answer),
            other => Err(other.unexpected()),
        }
    }

    /// The reading connections.
    pub(super) const fn readers(&self) -> &Arc<Readers> {
        &self.readers
    }
}

/// The day of an instant: days since 1970.
const fn day(at: Millis) -> u64 {
    at.0 / DAY_MS
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the store has stopped".into())
}

/// What an error of SQLite means to a caller.
pub(super) fn fault(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        // Trying again would not help: the rows contradict each other.
        Some(
            rusqlite::ErrorCode::ConstraintViolation
            | rusqlite::ErrorCode::DatabaseCorrupt
            | rusqlite::ErrorCode::NotADatabase,
        ) => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn take(&self, shard: u16, owner: &str, lease_ms: u64) -> Result<Tenure, StoreError> {
        match self.ask(Order::Take { shard, owner: owner.to_owned(), lease_ms }).await? {
            Answer::Tenure(tenure) => Ok(tenure),
            other => Err(other.unexpected()),
        }
    }

    async fn renew(&self, shard: u16, epoch: u64, lease_ms: u64) -> Result<(), StoreError> {
        self.ask(Order::Renew { shard, epoch, lease_ms }).await.map(drop)
    }

    async fn give_up(&self, shard: u16, epoch: u64) -> Result<(), StoreError> {
        self.ask(Order::GiveUp { shard, epoch }).await.map(drop)
    }

    async fn load(&self, shard: u16) -> Result<Snapshot, StoreError> {
        load::load(&self.readers, shard).await
    }

    async fn prefetch(&self, _shard: u16, wanted: &Wanted) -> Result<Found, StoreError> {
        if wanted.is_empty() {
            return Ok(Found::default());
        }
        let (wanted, days) = (wanted.clone(), self.days.read().unwrap_or_else(PoisonError::into_inner).clone());
        self.readers.read(move |connection| prefetch::prefetch(connection, &wanted, &days)).await
    }

    async fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        // Turning rows to text happens here, so that the writer thread only writes.
        self.ask(Order::Commit(Box::new(Batch::new(commit)?))).await.map(drop)
    }

    async fn sweep(&self, now: Millis) -> Result<bool, StoreError> {
        match self.ask(Order::Sweep { before: day(now).saturating_sub(KEPT_DAYS) }).await? {
            Answer::Swept { more } => Ok(more),
            other => Err(other.unexpected()),
        }
    }

    async fn claim(&self, outbound: OutboundId, attempt: u32, sender: &str, now: Millis) -> Result<Claim, StoreError> {
        match self.ask(Order::Claim { outbound, attempt, sender: sender.to_owned(), now }).await? {
            Answer::Claim(claim) => Ok(claim),
            other => Err(other.unexpected()),
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        let _ = self.jobs.send(Job::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
