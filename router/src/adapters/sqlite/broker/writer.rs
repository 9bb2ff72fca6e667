//! The one thread that writes and reads the broker's file.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::BrokerOptions;
use super::file::{self, Put};
use super::line::Line;
use crate::adapters::columns::unsql;
use crate::adapters::sqlite::checkpoint::Checkpointer;
use crate::adapters::waiting::Waiting;
use crate::ports::broker::{BrokerError, Delivery};

/// How long acks wait for a publish to share its commit.
const ACKS_WAIT: Duration = Duration::from_millis(10);

/// What callers ask of the writer.
pub(super) enum Job {
    /// Store a message.
    Publish { queue: Box<str>, body: Bytes, waiting: Waiting, reply: Reply<()> },
    /// Settle deliveries.
    Ack { queue: Box<str>, subscription: u64, tags: Vec<u64> },
    /// Begin to deliver.
    Subscribe { queue: Box<str>, prefetch: usize, reply: Reply<(u64, mpsc::Receiver<Delivery>)> },
    /// Count what is not acked.
    Depth { queue: Box<str>, reply: oneshot::Sender<u64> },
    /// Finish what waits, and end.
    Stop,
}

/// Where an answer goes. That nobody waits any more is no fault.
pub(super) type Reply<T> = oneshot::Sender<Result<T, BrokerError>>;

/// The writer's state.
pub(super) struct Writer {
    path: PathBuf,
    /// `None` after a disk error, until it can be opened again.
    connection: Option<Connection>,
    options: BrokerOptions,
    jobs: Receiver<Job>,
    checkpointer: Checkpointer,
    lines: Vec<Line>,
    by_name: HashMap<Box<str>, usize>,
    subscriptions: u64,
    /// When the oldest ack that is not in the file yet came.
    acked_since: Option<Instant>,
    /// Messages of the group that is being collected, per line.
    added: Vec<u64>,
}

impl Writer {
    /// A writer that goes on where the file ends.
    pub(super) fn new(
        path: PathBuf,
        connection: Connection,
        options: BrokerOptions,
        jobs: Receiver<Job>,
        checkpointer: Checkpointer,
    ) -> rusqlite::Result<Self> {
        let mut writer = Self {
            path,
            connection: None,
            options,
            jobs,
            checkpointer,
            lines: Vec::new(),
            by_name: HashMap::new(),
            subscriptions: 0,
            acked_since: None,
            added: Vec::new(),
        };
        writer.read_lines(&connection)?;
        writer.connection = Some(connection);
        Ok(writer)
    }

    /// Works until it is told to stop or nobody can ask any more.
    pub(super) fn run(mut self) {
        let mut running = true;
        while running {
            let mut group = Vec::new();
            let mut job = match self.wait() {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            while let Some(next) = job {
                running = self.take_in(next, &mut group);
                let more = running && group.len() < self.options.group_max;
                job = if more { self.jobs.try_recv().ok() } else { None };
            }
            if !group.is_empty() {
                self.commit(group);
            } else if self.acked_since.is_some_and(|since| since.elapsed() >= ACKS_WAIT)
                && let Err(error) = self.flush()
            {
                tracing::warn!(%error, "acks could not be written; they will be tried again");
                self.acked_since = Some(Instant::now());
            }
            self.feed();
        }
        // Not written is not lost: what it settles would only be delivered again.
        let _ = self.flush();
    }

    fn wait(&self) -> Result<Job, RecvTimeoutError> {
        match self.acked_since {
            Some(since) => self.jobs.recv_timeout(ACKS_WAIT.saturating_sub(since.elapsed())),
            None => self.jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Does one job, or adds it to the group. False: stop.
    fn take_in(&mut self, job: Job, group: &mut Vec<Put>) -> bool {
        match job {
            Job::Publish { queue, body, waiting, reply } => match self.admit(&queue) {
                Ok((line, number)) => group.push(Put { line, number, body, reply, _waiting: waiting }),
                Err(error) => drop(reply.send(Err(error))),
            },
            Job::Ack { queue, subscription, tags } => {
                if let Some(&line) = self.by_name.get(&queue) {
                    self.lines[line].ack(subscription, &tags);
                    self.acked_since.get_or_insert_with(Instant::now);
                }
            }
            Job::Subscribe { queue, prefetch, reply } => drop(reply.send(self.subscribe(&queue, prefetch))),
            Job::Depth { queue, reply } => {
                let _ = reply.send(self.by_name.get(&queue).map_or(0, |&line| self.lines[line].depth()));
            }
            Job::Stop => return false,
        }
        true
    }

    /// Gives a message its number, if its queue has room.
    fn admit(&mut self, queue: &str) -> Result<(usize, u64), BrokerError> {
        let line = self.line(queue)?;
        if self.lines[line].depth() + self.added[line] >= self.options.length_max {
            return Err(BrokerError::Full);
        }
        self.added[line] += 1;
        Ok((line, self.lines[line].last + self.added[line]))
    }

    fn subscribe(&mut self, queue: &str, prefetch: usize) -> Result<(u64, mpsc::Receiver<Delivery>), BrokerError> {
        let line = self.line(queue)?;
        // The new subscriber reads the file from its start: what was acked must be gone from there.
        self.flush().map_err(unavailable)?;
        self.subscriptions += 1;
        Ok((self.subscriptions, self.lines[line].subscribe(self.subscriptions, prefetch)))
    }

    /// The queue of this name, made on first use.
    fn line(&mut self, queue: &str) -> Result<usize, BrokerError> {
        if let Some(&line) = self.by_name.get(queue) {
            return Ok(line);
        }
        let connection = self.connected()?;
        let id = connection
            .prepare_cached("INSERT INTO queues (name) VALUES (?1) RETURNING id")
            .and_then(|mut insert| insert.query_row([queue], |row| row.get(0)))
            .map_err(unavailable)?;
        Ok(self.add_line(id, queue.into(), 0, 0))
    }

    fn add_line(&mut self, id: i64, name: Box<str>, last: u64, stored: u64) -> usize {
        self.lines.push(Line::new(id, name.clone(), last, stored));
        self.added.push(0);
        self.by_name.insert(name, self.lines.len() - 1);
        self.lines.len() - 1
    }

    /// Writes a group in one transaction, answers its publishers, and feeds subscribers that have caught up.
    fn commit(&mut self, group: Vec<Put>) {
        let written = self.transact(&group);
        self.added.fill(0);
        match written {
            Ok(()) => {
                for put in group {
                    let _ = put.reply.send(Ok(()));
                    self.lines[put.line].offer(put.number, put.body);
                }
            }
            Err(error) => {
                tracing::error!(%error, messages = group.len(), "publishing failed");
                for put in group {
                    let _ = put.reply.send(Err(error.clone()));
                }
            }
        }
    }

    /// Deletes what was acked, without a disk write of its own: the next publish makes it durable, and an ack that is
    /// lost only delivers again.
    fn flush(&mut self) -> Result<(), BrokerError> {
        if self.lines.iter().all(|line| line.acked.is_empty()) {
            self.acked_since = None;
            return Ok(());
        }
        self.connected()?.execute_batch("PRAGMA synchronous = NORMAL").map_err(unavailable)?;
        let written = self.transact(&[]);
        if let Some(connection) = &self.connection
            && connection.execute_batch("PRAGMA synchronous = FULL").is_err()
        {
            // Never publish with less than was promised: opening it anew sets it.
            self.connection = None;
        }
        written
    }

    fn transact(&mut self, group: &[Put]) -> Result<(), BrokerError> {
        self.connected()?;
        let Some(mut connection) = self.connection.take() else { return Err(unavailable("no connection")) };
        // On an error the connection is dropped: the next try opens the file anew and reads what is really there.
        let deleted = file::write(&mut connection, &mut self.lines, group, &self.added).map_err(unavailable)?;
        for ((line, added), deleted) in self.lines.iter_mut().zip(&self.added).zip(deleted) {
            line.last += added;
            line.stored = (line.stored + added).saturating_sub(deleted);
            line.acked.clear();
        }
        self.acked_since = None;
        self.checkpointer.committed(&connection);
        self.connection = Some(connection);
        Ok(())
    }

    /// Fills up the subscribers that lag behind, from the file.
    fn feed(&mut self) {
        let Some(connection) = &self.connection else { return };
        for line in &mut self.lines {
            let Some((from, room)) = line.wants() else { continue };
            match file::read(connection, line, from, room) {
                Ok(page) => {
                    let last = page.len() < room;
                    for (number, body) in page {
                        line.deliver(number, body);
                    }
                    if last {
                        line.caught_up();
                    }
                }
                Err(error) => {
                    tracing::error!(%error, queue = %line.name, "reading failed");
                    self.connection = None;
                    return;
                }
            }
        }
    }

    /// The connection, opened again if it was lost.
    fn connected(&mut self) -> Result<&Connection, BrokerError> {
        if self.connection.is_none() {
            let connection = file::open(&self.path).map_err(unavailable)?;
            self.read_lines(&connection).map_err(unavailable)?;
            self.connection = Some(connection);
        }
        self.connection.as_ref().ok_or_else(|| unavailable("no connection"))
    }

    /// Takes the queues' numbers from the file; subscriptions stay.
    fn read_lines(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut select = connection.prepare("SELECT id, name, last, depth FROM queues ORDER BY id")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let name: Box<str> = row.get(1)?;
            let (last, stored) = (unsql(row.get(2)?), unsql(row.get(3)?));
            match self.by_name.get(&name) {
                Some(&line) => (self.lines[line].last, self.lines[line].stored) = (last, stored),
                None => drop(self.add_line(row.get(0)?, name, last, stored)),
            }
        }
        Ok(())
    }
}

fn unavailable(error: impl std::fmt::Display) -> BrokerError {
    BrokerError::Unavailable(error.to_string())
}
