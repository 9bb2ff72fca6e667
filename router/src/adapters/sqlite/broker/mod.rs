//! The broker in a file: durable queues with group commit and an in-process wake-up.

mod file;
mod line;
mod writer;

use std::sync::mpsc;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::oneshot;

use self::writer::{Job, Writer};
use super::checkpoint::Checkpointer;
use super::{DataDir, OpenError};
use crate::adapters::waiting::WaitingRoom;
use crate::ports::broker::{Acker, Broker, BrokerError, Subscription};

/// What can be chosen.
#[derive(Clone, Copy, Debug)]
pub struct BrokerOptions {
    /// How many messages a queue holds; more are refused as full.
    pub length_max: u64,
    /// How many messages share one disk write.
    pub group_max: usize,
}

impl Default for BrokerOptions {
    fn default() -> Self {
        Self { length_max: 1_000_000, group_max: 512 }
    }
}

/// The embedded broker: `broker.db` in the data directory.
pub struct SqliteBroker {
    jobs: Sender<Job>,
    waiting: WaitingRoom,
    thread: Option<JoinHandle<()>>,
    /// The directory stays ours until the writer is gone.
    _directory: DataDir,
}

impl SqliteBroker {
    /// Opens or makes the file and starts its writer.
    pub fn open(directory: &DataDir, options: BrokerOptions) -> Result<Self, OpenError> {
        let path = directory.file("broker.db");
        let io = |cause| OpenError::Io { path: path.clone(), cause };
        let (jobs, queue) = mpsc::channel();
        let connection = file::open(&path)?;
        let checkpointer = Checkpointer::start(&path, "broker-log").map_err(io)?;
        let writer = Writer::new(path.clone(), connection, options, queue, checkpointer)
            .map_err(|cause| OpenError::Database { path: path.clone(), cause })?;
        let thread =
            std::thread::Builder::new().name("broker-writer".into()).spawn(move || writer.run()).map_err(io)?;
        Ok(Self { jobs, waiting: WaitingRoom::default(), thread: Some(thread), _directory: directory.clone() })
    }

    fn send(&self, job: Job) -> Result<(), BrokerError> {
        self.jobs.send(job).map_err(|_| stopped())
    }
}

fn stopped() -> BrokerError {
    BrokerError::Unavailable("the broker has stopped".into())
}

#[async_trait]
impl Broker for SqliteBroker {
    async fn publish(&self, queue: &str, body: Vec<u8>) -> Result<(), BrokerError> {
        let waiting = self.waiting.enter(body.len(), "the disk")?;
        let (reply, answer) = oneshot::channel();
        self.send(Job::Publish { queue: queue.into(), body: Bytes::from(body), waiting, reply })?;
        answer.await.map_err(|_| stopped())?
    }

    async fn subscribe(&self, queue: &str, prefetch: usize) -> Result<Subscription, BrokerError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Subscribe { queue: queue.into(), prefetch: prefetch.max(1), reply })?;
        let (number, deliveries) = answer.await.map_err(|_| stopped())??;
        let acker = SqliteAcker { jobs: self.jobs.clone(), queue: queue.into(), subscription: number };
        Ok(Subscription { deliveries, acker: Box::new(acker) })
    }

    async fn depth(&self, queue: &str) -> Result<u64, BrokerError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Depth { queue: queue.into(), reply })?;
        answer.await.map_err(|_| stopped())
    }
}

impl Drop for SqliteBroker {
    fn drop(&mut self) {
        let _ = self.jobs.send(Job::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct SqliteAcker {
    jobs: Sender<Job>,
    queue: Box<str>,
    subscription: u64,
}

#[async_trait]
impl Acker for SqliteAcker {
    async fn ack(&self, tags: &[u64]) {
        // A broker that has stopped delivers again after its start: nothing is lost.
        let _ = self.jobs.send(Job::Ack {
            queue: self.queue.clone(),
            subscription: self.subscription,
            tags: tags.to_vec(),
        });
    }
}
