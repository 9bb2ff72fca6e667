//! The record on PostgreSQL: one transaction per batch, fenced by the shard's epoch in that same transaction (P2).
//!
//! A batch is sent at once, from BEGIN over the fence and one statement per table to COMMIT, so it costs one round trip.
//! Suggested reading order: [`PostgresOptions`], `connections`, `migrate`, `tables`, `commit`, `shards`, `partitions`,
//! `prefetch`, `load`, `archive`, `follow`, `people`.

mod archive;
mod cases;
mod claims;
mod commit;
mod connections;
mod desks;
mod devices;
mod doctor;
pub mod dump;
mod error;
mod external;
mod follow;
mod happenings;
mod held;
mod improvements;
mod judgements;
mod ledger;
mod load;
mod migrate;
mod names;
mod options;
mod outlets;
mod partitions;
mod parts;
mod people;
mod prefetch;
mod register;
mod rules;
mod search;
mod settings;
mod shards;
mod statements;
mod systems;
mod tables;
mod values;

use std::time::Duration;

use async_trait::async_trait;
use blendline_core::rows::Snapshot;
use blendline_wire::{Millis, OutboundId};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{Client, NoTls};

pub use self::doctor::examine;
pub use self::error::OpenError;
pub use self::options::PostgresOptions;

use self::claims::Claims;
use self::connections::Connections;
use self::partitions::Partitions;
use crate::adapters::columns::Batch;
use crate::ports::improvements::Improvements as _;
use crate::ports::judgements::Judgements as _;
use crate::ports::ledger::Ledger as _;
use crate::ports::store::{Claim, Commit, Found, Store, StoreError, Tenure, Wanted};

/// How long the schema's steps may take at the start: another program may be at them, or a large table be rebuilt.
const MIGRATION_MAX: Duration = Duration::from_secs(600);

/// The record on PostgreSQL. All its calls end by themselves: a database that does not answer is `Unavailable`.
pub struct PostgresStore {
    /// For commits, look-ups, leases and claims: pages must not keep them waiting.
    writers: Connections,
    /// For everything that is read for people.
    readers: Connections,
    partitions: Partitions,
    claims: Claims,
}

impl PostgresStore {
    /// Connects, refuses what cannot be the record, brings the schema up to date and makes the partitions of these days.
    ///
    /// # Errors
    /// With the cure, where there is one. Nothing is tried again: whoever starts before the database starts again.
    pub async fn open(options: PostgresOptions) -> Result<Self, OpenError> {
        let (client, driving) = connect(&options).await?;
        drop(client);
        driving.abort();
        let store = Self {
            writers: Connections::new(&options, options.writers, writers_setup(options.deadline))?,
            readers: Connections::new(&options, options.readers, readers_setup(options.deadline))?,
            partitions: Partitions::default(),
            claims: Claims::default(),
        };
        let place = options.place();
        let unreachable = |error: StoreError| OpenError::Unreachable { place, cause: error.to_string() };
        store.partitions.open(&store.writers).await.map_err(unreachable)?;
        Ok(store)
    }
}

/// A first connection to a database that can be the record, with its schema up to date.
async fn connect(options: &PostgresOptions) -> Result<(Client, JoinHandle<()>), OpenError> {
    let place = options.place();
    let silent = |_| OpenError::Unreachable { place: place.clone(), cause: "no answer in time".into() };
    let connecting = timeout(options.deadline, options.config.connect(NoTls));
    let (mut client, connection) =
        connecting.await.map_err(silent)?.map_err(|error| migrate::refused(&error, &place))?;
    let driving = tokio::spawn(async {
        if let Err(error) = connection.await {
            tracing::debug!(cause = error::words(&error), "A connection to the database ended.");
        }
    });
    timeout(options.deadline, migrate::check(&client, options)).await.map_err(silent)??;
    timeout(MIGRATION_MAX, migrate::migrate(&mut client, &place)).await.map_err(silent)??;
    Ok((client, driving))
}

/// Every statement of these connections is served by an index and planned once. Without statistics, or with yesterday's,
/// the planner may think a table small and read it whole: that is what it may not do.
fn writers_setup(deadline: Duration) -> String {
    format!("{}SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan;", setup(deadline))
}

/// No statement runs on when nobody waits for it any more. (Not so for writers: a COMMIT that waits for a standby and is
/// cancelled counts as done, though the standby does not have it.)
fn readers_setup(deadline: Duration) -> String {
    format!("{}SET statement_timeout = {};", setup(deadline), deadline.as_millis())
}

/// Where the server can, long values are compressed by lz4: a batch's inputs cost a quarter of the CPU so.
///
/// Nobody waits for a lock, holds one without a word, or is believed to be there when he is gone, for longer than a call
/// may take. Compiling plans to machine code costs more than it brings for statements as small as these.
fn setup(deadline: Duration) -> String {
    let ms = deadline.as_millis().max(1);
    format!(
        "SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings
             WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals);
         SET jit = off; SET lock_timeout = {lock}; SET idle_in_transaction_session_timeout = {ms};
         SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;
         SET tcp_user_timeout = {user};",
        lock = (ms * 4 / 5).max(1),
        user = ms * 2,
    )
}

#[async_trait]
impl Store for PostgresStore {
    async fn take(&self, shard: u16, owner: &str, lease_ms: u64) -> Result<Tenure, StoreError> {
        let lent = self.writers.lend().await?;
        let taken = lent.within(shards::take(&lent, shard, owner, lease_ms)).await;
        lent.back(taken)
    }

    async fn renew(&self, shard: u16, epoch: u64, lease_ms: u64) -> Result<(), StoreError> {
        let lent = self.writers.lend().await?;
        let renewed = lent.within(shards::renew(&lent, shard, epoch, lease_ms)).await;
        lent.back(renewed)
    }

    async fn give_up(&self, shard: u16, epoch: u64) -> Result<(), StoreError> {
        let lent = self.writers.lend().await?;
        let given = lent.within(shards::give_up(&lent, shard, epoch)).await;
        lent.back(given)
    }

    async fn load(&self, shard: u16) -> Result<Snapshot, StoreError> {
        load::load(&self.readers, shard).await
    }

    async fn prefetch(&self, _shard: u16, wanted: &Wanted) -> Result<Found, StoreError> {
        if wanted.is_empty() {
            return Ok(Found::default());
        }
        let lent = self.writers.lend().await?;
        let found = lent.within(prefetch::prefetch(&lent, wanted)).await;
        let mut found = lent.back(found)?;
        found.lines = self.lines(&wanted.lines).await?;
        found.externals = self.held_events(&wanted.externals).await?;
        found.judgements = self.judgements_wanted(&wanted.judgements).await?;
        found.improvements = self.improvements(&wanted.improvements).await?;
        Ok(found)
    }

    async fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        let batch = Batch::new(commit)?;
        self.partitions.ensure(&self.writers, &batch).await?;
        match commit::commit(&self.writers, &batch).await {
            // Somebody else swept what this batch still needs: made anew, once.
            Err(commit::Failed::NoPartition) => {
                self.partitions.forget();
                self.partitions.ensure(&self.writers, &batch).await?;
                commit::commit(&self.writers, &batch).await.map_err(StoreError::from)
            }
            outcome => outcome.map_err(StoreError::from),
        }
    }

    /// Makes the partitions of the days and numbers to come, too; drops one day of each table at a time.
    async fn sweep(&self, now: Millis) -> Result<bool, StoreError> {
        self.partitions.ahead(&self.writers, now).await?;
        self.partitions.drop_old(&self.writers, now).await
    }

    async fn claim(&self, outbound: OutboundId, attempt: u32, sender: &str, now: Millis) -> Result<Claim, StoreError> {
        self.claims.claim(&self.writers, outbound, attempt, sender, now).await
    }
}
