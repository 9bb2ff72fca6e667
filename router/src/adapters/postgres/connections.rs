//! Connections: made when they are needed, dropped when they may be out of step, never waited for without end.

use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Connect, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_postgres::{Client, Config, Error, NoTls};

use super::OpenError;
use super::error::{fault, pool_words};
use super::options::PostgresOptions;
use crate::ports::store::StoreError;

/// The pause after the first connection that could not be made; it doubles with each.
const PAUSE_FIRST_MS: u64 = 25;
const PAUSE_MAX_MS: u64 = 800;

/// Connections of one kind.
pub(super) struct Connections {
    pool: Pool,
    pause: Mutex<Pause>,
    deadline: Duration,
    place: String,
}

/// After a connection could not be made nobody tries before `until`: a database that comes back is not stormed.
#[derive(Default)]
struct Pause {
    failures: u32,
    until: Option<Instant>,
    cause: String,
}

impl Connections {
    /// At most `most` connections, each set up by `setup`. None is made yet.
    pub(super) fn new(options: &PostgresOptions, most: usize, setup: String) -> Result<Self, OpenError> {
        let connect = Door { setup };
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(options.config.clone(), connect, config);
        let deadline = Some(options.deadline);
        let pool = Pool::builder(manager)
            .max_size(most.max(1))
            .wait_timeout(deadline)
            .create_timeout(deadline)
            .recycle_timeout(deadline)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| OpenError::Url(error.to_string()))?;
        Ok(Self { pool, pause: Mutex::default(), deadline: options.deadline, place: options.place() })
    }

    /// A connection of the caller's own.
    pub(super) async fn lend(&self) -> Result<Lent<'_>, StoreError> {
        if self.pool.status().available == 0
            && let Some(cause) = self.pausing()
        {
            return Err(StoreError::Unavailable(cause));
        }
        match self.pool.get().await {
            Ok(object) => {
                self.pause().failures = 0;
                Ok(Lent { object, deadline: self.deadline, place: &self.place })
            }
            Err(error) => {
                let words = format!("{}: {}", self.place, pool_words(&error));
                if !matches!(error, deadpool_postgres::PoolError::Timeout(deadpool_postgres::TimeoutType::Wait)) {
                    self.failed(&words);
                }
                Err(StoreError::Unavailable(words))
            }
        }
    }

    fn pause(&self) -> std::sync::MutexGuard<'_, Pause> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nobody may try now; `None` when anybody may.
    fn pausing(&self) -> Option<String> {
        let pause = self.pause();
        let left = pause.until?.checked_duration_since(Instant::now())?;
        Some(format!("{}; the next try is in {} ms", pause.cause, left.as_millis()))
    }

    fn failed(&self, cause: &str) {
        let mut pause = self.pause();
        let longest = (PAUSE_FIRST_MS << pause.failures.min(16)).min(PAUSE_MAX_MS);
        // Between half and all of it, so that routers do not come back in step.
        let jitter = RandomState::new().hash_one(pause.failures) % (longest / 2 + 1);
        pause.failures = pause.failures.saturating_add(1);
        pause.until = Some(Instant::now() + Duration::from_millis(longest / 2 + jitter));
        cause.clone_into(&mut pause.cause);
    }
}

/// A connection that is lent out.
///
/// A caller who goes away in the middle does no harm: what he sent is carried out or rolled back, and the answers he
/// does not wait for are thrown away. (Whoever needs several round trips uses a `Transaction`, which rolls back.)
pub(super) struct Lent<'a> {
    object: Object,
    deadline: Duration,
    place: &'a str,
}

impl<'a> Lent<'a> {
    /// Waits for an answer, at most until the deadline.
    pub(super) async fn within<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        in_time(self.deadline, self.place, work).await
    }

    /// Gives the connection back when all was told, and closes it when it may not answer any more.
    pub(super) fn back<T>(self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if matches!(answer, Err(StoreError::Unavailable(_))) {
            drop(Object::take(self.object));
        }
        answer
    }

    /// How long a call may take, and where the database is.
    pub(super) const fn terms(&self) -> (Duration, &'a str) {
        (self.deadline, self.place)
    }
}

/// Waits for an answer, at most for `time`.
pub(super) async fn in_time<T>(
    time: Duration,
    place: &str,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout(time, work)
        .await
        .unwrap_or_else(|_| Err(StoreError::Unavailable(format!("{place}: no answer within {} ms", time.as_millis()))))
}

impl Deref for Lent<'_> {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        &self.object
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut ClientWrapper {
        &mut self.object
    }
}

/// Makes connections: connects, drives, sets up.
struct Door {
    setup: String,
}

type Connecting<'a> = Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + 'a>>;

impl Connect for Door {
    fn connect(&self, config: &Config) -> Connecting<'_> {
        let config = config.clone();
        Box::pin(async move {
            let (client, connection) = config.connect(NoTls).await?;
            let driving = tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(cause = super::error::words(&error), "A connection to the database ended.");
                }
            });
            client.batch_execute(&self.setup).await?;
            Ok((client, driving))
        })
    }
}

/// Turns an error of the driver into what it means.
pub(super) fn told<T>(answer: Result<T, Error>) -> Result<T, StoreError> {
    answer.map_err(|error| fault(&error))
}
