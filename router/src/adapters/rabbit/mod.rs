//! The broker on RabbitMQ: durable quorum queues, confirmed publishes in bundles, one consumer a queue.
//!
//! Suggested reading order: [`options`], `link` (a connection that is kept up), `line` (publishing to one queue),
//! `feed` (consuming one), `doctor`.
//!
//! The client library recovers nothing here: a connection that fails is given up with everything on it, and a new one
//! is dialled. What was not confirmed by then is in doubt, and whoever sent it sends it again; what was not acked is
//! delivered again. Both are recognised by the driver.

mod bundle;
mod dial;
mod doctor;
mod exchange;
mod feed;
mod greeting;
mod ledger;
mod line;
mod link;
mod options;
mod queue;
mod telemetry;
mod window;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lapin::{Channel, ErrorKind};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::doctor::examine;
pub use self::exchange::{EXCHANGE, RabbitExchange};
use self::feed::{Feed, Handle};
use self::line::Line;
use self::link::{Link, Purpose};
pub use self::options::RabbitOptions;
use self::queue::{Queues, Undeclared};
use self::window::{Publisher, Put};
use crate::adapters::waiting::WaitingRoom;
use crate::ports::broker::{Broker, BrokerError, Subscription};

/// How many messages travel in one AMQP message at most.
pub const BUNDLE_MAX: usize = 64;
/// How many queues one process publishes to; a name from outside must not make tasks without end.
const LINES_MAX: usize = 1_024;
/// How long closing may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(3);

/// Where the subscription of a queue is; locked while it is replaced.
type Place = Arc<tokio::sync::Mutex<Option<Handle>>>;

/// Queues on a RabbitMQ server or cluster.
///
/// A queue has one subscription in a process: a new one ends the old. Across processes the server sees to it that one
/// is served at a time, in the order they began; a process that is paused keeps its place until its heartbeats are
/// missed: see [`RabbitOptions::heartbeat`].
pub struct RabbitBroker {
    options: Arc<RabbitOptions>,
    queues: Arc<Queues>,
    publishing: Link,
    consuming: Link,
    lines: Mutex<HashMap<Box<str>, mpsc::Sender<Put>>>,
    feeds: Mutex<HashMap<Box<str>, Place>>,
    /// The channel that counts queues that nobody here consumes.
    asking: tokio::sync::Mutex<Option<Channel>>,
    waiting: WaitingRoom,
    figures: Arc<telemetry::Published>,
    work: TaskTracker,
    links: TaskTracker,
    hang_up: CancellationToken,
}

impl RabbitBroker {
    /// Connects. A server that cannot be reached is no error: it is tried again until it answers, and until then
    /// nothing is taken. One that refuses us is.
    pub async fn open(options: RabbitOptions) -> Result<Self, OpenError> {
        let (options, links, hang_up) = (Arc::new(options), TaskTracker::new(), CancellationToken::new());
        let link = async |purpose| Link::open(Arc::clone(&options), purpose, &links, hang_up.clone()).await;
        let (publishing, consuming) = (link(Purpose::Publish).await?, link(Purpose::Consume).await?);
        Ok(Self {
            queues: Arc::new(Queues::new(Arc::clone(&options))),
            options,
            publishing,
            consuming,
            lines: Mutex::default(),
            feeds: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
            waiting: WaitingRoom::default(),
            figures: Arc::default(),
            work: TaskTracker::new(),
            links,
            hang_up,
        })
    }

    /// Declares queues, so that a wrong one is found at the start and not by the first message. While the server is
    /// away this is no error: each queue is declared before it is used. Takes as long as a queue that had to be made
    /// rests before it may be trusted.
    pub async fn declare(&self, queues: &[String]) -> Result<(), OpenError> {
        let Ok(session) = self.consuming.session() else { return Ok(()) };
        for queue in queues {
            match timeout(self.options.answer_within, self.queues.channel(&session, queue)).await {
                Ok(Err(Undeclared::Wrong(error))) => return Err(error),
                Ok(Err(Undeclared::Failed(cause))) => telemetry::unusable(queue, &cause),
                Err(_) => telemetry::unusable(queue, "RabbitMQ does not answer"),
                Ok(Ok(_)) => {}
            }
        }
        let settled = queues.iter().filter_map(|queue| self.queues.settles(queue)).max();
        if let Some(settled) = settled {
            sleep_until(settled).await;
        }
        Ok(())
    }

    /// Finishes what is under way, settles what was acked, and says good-bye.
    pub async fn close(&self) {
        lock(&self.lines).clear();
        let feeds: Vec<_> = lock(&self.feeds).drain().map(|(_, feed)| feed).collect();
        for feed in feeds {
            if let Some(feed) = feed.lock().await.take() {
                feed.end().await;
            }
        }
        self.work.close();
        let _ = timeout(CLOSE_WITHIN, self.work.wait()).await;
        self.hang_up.cancel();
        self.links.close();
        let _ = timeout(CLOSE_WITHIN, self.links.wait()).await;
    }

    /// The line of a queue, begun on first use.
    fn line(&self, queue: &str) -> Result<mpsc::Sender<Put>, BrokerError> {
        let mut lines = lock(&self.lines);
        if let Some(line) = lines.get(queue) {
            return Ok(line.clone());
        }
        if lines.len() >= LINES_MAX || self.work.is_closed() {
            return Err(BrokerError::Unavailable("no more queues can be published to".to_owned()));
        }
        let (line, puts) = mpsc::channel(line::QUEUED_MAX);
        let (options, queues) = (Arc::clone(&self.options), Arc::clone(&self.queues));
        let figures = Arc::clone(&self.figures);
        self.work.spawn(Line::new(queue, options, queues, self.publishing.state(), puts, figures).run());
        lines.insert(queue.into(), line.clone());
        Ok(line)
    }

    /// Where the subscription of a queue is. Locked while it is replaced.
    fn feed(&self, queue: &str) -> Place {
        Arc::clone(lock(&self.feeds).entry(queue.into()).or_default())
    }

    async fn count(&self, queue: &str) -> Result<u64, BrokerError> {
        let feed = self.feed(queue).lock().await.clone();
        if let Some(feed) = feed {
            match feed.depth().await {
                Some(depth) => return Ok(depth),
                None => feed.ended().await,
            }
        }
        let session = self.consuming.session()?;
        let mut asking = self.asking.lock().await;
        let open = match asking.take().filter(|channel| channel.status().connected()) {
            Some(channel) => Ok(channel),
            None => session.channel().await,
        };
        let channel = open.map_err(|error| BrokerError::Unavailable(said(&error)))?;
        let found = queue::look(&channel, queue).await.map_err(|error| BrokerError::Unavailable(said(&error)))?;
        *asking = Some(channel);
        Ok(found.map_or(0, |(waiting, _)| waiting.into()))
    }

    fn no_answer() -> BrokerError {
        BrokerError::Unavailable("RabbitMQ does not answer".to_owned())
    }
}

#[async_trait]
impl Broker for RabbitBroker {
    async fn publish(&self, queue: &str, body: Vec<u8>) -> Result<(), BrokerError> {
        if body.len() > self.options.body_bytes_max {
            let (bytes, max) = (body.len(), self.options.body_bytes_max);
            return Err(BrokerError::Unavailable(format!("a message of {bytes} bytes is above the limit of {max}")));
        }
        let waiting = self.waiting.enter(body.len(), "RabbitMQ")?;
        let (reply, answer) = oneshot::channel();
        let put = Put { body, publisher: Publisher { reply, _waiting: waiting } };
        self.line(queue)?.try_send(put).map_err(|_| BrokerError::Unavailable("too many messages wait".to_owned()))?;
        match timeout(self.options.confirm_within, answer).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(BrokerError::Unavailable("the broker is closed".to_owned())),
            Err(_) => Err(BrokerError::Unavailable(format!("no confirm within {:?}", self.options.confirm_within))),
        }
    }

    async fn subscribe(&self, queue: &str, prefetch: usize) -> Result<Subscription, BrokerError> {
        let feed = self.feed(queue);
        let mut feed = feed.lock().await;
        if let Some(old) = feed.take() {
            old.end().await;
        }
        let session = self.consuming.session()?;
        let open = Feed::open(queue, prefetch.max(1), &session, &self.queues);
        let opened = timeout(self.options.answer_within, open).await.map_err(|_| Self::no_answer())?;
        let (task, subscription, handle) = opened.map_err(|error| BrokerError::Unavailable(error.to_string()))?;
        self.work.spawn(task.run());
        *feed = Some(handle);
        Ok(subscription)
    }

    async fn depth(&self, queue: &str) -> Result<u64, BrokerError> {
        timeout(self.options.answer_within, self.count(queue)).await.unwrap_or_else(|_| Err(Self::no_answer()))
    }
}

impl Drop for RabbitBroker {
    fn drop(&mut self) {
        self.hang_up.cancel();
    }
}

impl std::fmt::Debug for RabbitBroker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RabbitBroker").field("options", &self.options).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere cannot leave a map half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the server said, without the library's words around it.
fn said(error: &lapin::Error) -> String {
    match error.kind() {
        ErrorKind::ProtocolError(amqp) => amqp.get_message().to_string(),
        ErrorKind::IOError(cause) => cause.to_string(),
        _ => error.to_string(),
    }
}
/// Why RabbitMQ cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL cannot be read.
    #[error("the broker's URL is wrong: {cause}; {cure}")]
    Url {
        /// What is wrong with it.
        cause: String,
        /// What to write.
        cure: &'static str,
    },
    /// `amqps://` without TLS.
    #[error(
        "the broker's URL begins with amqps://, and this program was built without TLS to RabbitMQ: \
         build it with `cargo build --release --features tls`, or use amqp:// inside a private network"
    )]
    NoTls,
    /// The server does not let us in, or is no RabbitMQ.
    #[error("{node} refuses us: {cause}; {cure}")]
    Refused {
        /// Which server, as whom.
        node: String,
        /// What it said.
        cause: String,
        /// What to do.
        cure: &'static str,
    },
    /// A queue is there and cannot be used.
    #[error("the queue {queue} cannot be used: {key} is {found}, needed is {needed}; {cure}")]
    Queue {
        /// Which.
        queue: String,
        /// The argument or right.
        key: String,
        /// What the server has.
        found: String,
        /// What this program needs.
        needed: String,
        /// What to do.
        cure: &'static str,
    },
}
