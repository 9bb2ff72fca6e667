//! The loop around the book: it connects, hands frames over in both directions, and runs the worker.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use blendline_wire::task::Presence;
use blendline_wire::worker::{ClientFrame, PROTOCOL_VERSION, ServerFrame};
use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use crate::backoff::{Backoff, seed};
use crate::book::{Book, Chooser};
use crate::error::RunError;
use crate::link::{DialError, Link, LinkEvent, dial};
use crate::routers::Routers;
use crate::runtime::{Settings, Summary, Worker};
use crate::task::Command;
use crate::watch::Watch;
use crate::work::{Ended, How, work};

/// Calls that may wait for the loop; more wait in their tasks.
const COMMANDS_MAX: usize = 1_024;
/// A connection that held so long was a good one: the next back-off begins anew.
const HELD_MIN: Duration = Duration::from_secs(10);
/// A router that says less is not believed: the loop would do nothing else.
const HEARTBEAT_MIN: Duration = Duration::from_millis(10);

/// Everything of one runtime.
pub(crate) struct Engine {
    settings: Settings,
    routers: Routers,
    worker: Arc<dyn Worker>,
    book: Book,
    commands: mpsc::Receiver<Command>,
    tasks: JoinSet<Ended>,
    shutdown: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    drain_until: Option<Instant>,
    given_up: bool,
    backoff: Backoff,
    summary: Summary,
}

/// What happens inside the program.
enum Inner {
    Command(Command),
    Ended(Option<Ended>),
    Shutdown,
    DrainOver,
}

/// How a connection ended.
enum End {
    Lost(String),
    Goodbye { reason: String, at: Option<String> },
    Refused(String),
    Finished,
}

impl Engine {
    pub(crate) fn new(
        settings: Settings,
        routers: Routers,
        worker: Arc<dyn Worker>,
        shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
    ) -> Self {
        let (line, commands) = mpsc::channel(COMMANDS_MAX);
        let (first, longest) = settings.reconnect;
        Self {
            book: Book::new(settings.capacity, line, chooser(Arc::clone(&worker))),
            backoff: Backoff::new(first, longest, seed()),
            settings,
            routers,
            worker,
            commands,
            tasks: JoinSet::new(),
            shutdown: Some(shutdown),
            drain_until: None,
            given_up: false,
            summary: Summary::default(),
        }
    }

    /// Connects again and again until there is a reason to stop.
    pub(crate) async fn run(mut self) -> Result<Summary, RunError> {
        loop {
            let Some((mut link, welcome, told)) = self.connect().await? else { return Ok(self.summary) };
            let since = Instant::now();
            let end = match welcome {
                ServerFrame::Welcome { session, heartbeat_ms, tasks } => {
                    tracing::info!(%session, worker = self.settings.name, owned = tasks.len(), "Connected to the router.");
                    self.book.resume(tasks);
                    if self.book.is_draining() {
                        self.book.drain(told);
                    }
                    self.serve(&mut link, Duration::from_millis(heartbeat_ms).max(HEARTBEAT_MIN)).await
                }
                ServerFrame::Goodbye { reason, at } => End::Goodbye { reason, at },
                _ => End::Lost("the router did not welcome this worker".to_owned()),
            };
            self.book.cut();
            if since.elapsed() >= HELD_MIN {
                self.backoff.held();
            }
            let wait = match end {
                End::Finished => {
                    link.close().await;
                    return Ok(self.summary);
                }
                End::Lost(why) => {
                    tracing::warn!(why, "The connection was lost; running tasks go on.");
                    self.backoff.wait()
                }
                End::Goodbye { reason, at } => self.goodbye(&reason, at.as_deref())?,
                End::Refused(why) => return Err(self.refused(why)),
            };
            drop(link);
            if self.pause(wait).await {
                return Ok(self.summary);
            }
        }
    }

    /// How long to wait after the router's goodbye, or why not to come back.
    fn goodbye(&mut self, reason: &str, at: Option<&str>) -> Result<Duration, RunError> {
        match reason {
            "replaced" => Err(RunError::Replaced { worker: self.settings.name.clone() }),
            "refused" => Err(self.refused("it gave no reason".to_owned())),
            "drain" => {
                // Not at once: everybody was told at the same moment.
                tracing::info!("The router drains; connecting again soon.");
                self.routers.next();
                Ok(self.backoff.wait())
            }
            "elsewhere" if at.is_some_and(|url| self.routers.named(url)) => {
                tracing::info!(router = self.routers.current().host(), "Another router serves this worker.");
                Ok(self.backoff.wait_when_asked())
            }
            _ => {
                tracing::warn!(reason, "The router ended the connection.");
                Ok(self.wait_after_failure())
            }
        }
    }

    /// Turns to the next router, and says how long to wait before it is tried.
    fn wait_after_failure(&mut self) -> Duration {
        if self.routers.next() { self.backoff.wait() } else { Duration::ZERO }
    }

    fn refused(&self, detail: String) -> RunError {
        RunError::Refused { worker: self.settings.name.clone(), detail }
    }

    /// A connection with its first frame, and whether the hello said that we drain; `None` when there is nothing
    /// left to connect for.
    async fn connect(&mut self) -> Result<Option<(Link, ServerFrame, bool)>, RunError> {
        loop {
            let told = self.book.is_draining();
            let hello = ClientFrame::Hello {
                version: PROTOCOL_VERSION,
                worker: self.settings.name.clone(),
                accept: self.settings.accept,
                capacity: self.settings.capacity,
                presence: told.then_some(Presence::Draining),
            };
            let mut dialing = Box::pin(dial(self.routers.current(), hello));
            let dialed = loop {
                if self.is_finished() {
                    return Ok(None);
                }
                tokio::select! {
                    dialed = &mut dialing => break dialed,
                    inner = self.inner() => self.on_inner(inner),
                }
            };
            match dialed {
                Ok((link, frame)) => {
                    if matches!(frame, ServerFrame::Welcome { .. }) {
                        self.routers.reached();
                    }
                    return Ok(Some((link, frame, told)));
                }
                Err(DialError::Final(error)) => return Err(error),
                Err(DialError::Refused(why)) => return Err(self.refused(why)),
                Err(DialError::Again(why)) => {
                    let wait = self.wait_after_failure();
                    tracing::warn!(why, wait_ms = wait.as_millis(), "The router cannot be reached; trying again.");
                    if self.pause(wait).await {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Waits while the work goes on; true when there is nothing left to wait for.
    async fn pause(&mut self, wait: Duration) -> bool {
        let until = Instant::now() + wait;
        loop {
            if self.is_finished() {
                return true;
            }
            tokio::select! {
                () = tokio::time::sleep_until(until) => return false,
                inner = self.inner() => self.on_inner(inner),
            }
        }
    }

    /// Serves one connection until it ends.
    async fn serve(&mut self, link: &mut Link, heartbeat: Duration) -> End {
        let mut beat = tokio::time::interval_at(Instant::now() + heartbeat, heartbeat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut watch = Watch::new(heartbeat);
        loop {
            self.start();
            let finished = self.is_finished();
            if finished {
                self.book.say(&ClientFrame::Bye);
            }
            if let Err(why) = link.write(self.book.out.drain(..)) {
                return End::Lost(why);
            }
            if finished {
                return End::Finished;
            }
            let event = tokio::select! {
                biased;
                _ = beat.tick() => match watch.beat() {
                    None => {
                        self.book.say(&ClientFrame::Heartbeat { hidden: None });
                        if let Err(why) = link.ping() {
                            return End::Lost(why);
                        }
                        continue;
                    }
                    // After a stall of our own the router's words may lie in the socket unread: look before judging.
                    Some(why) => link.next().now_or_never().unwrap_or_else(|| LinkEvent::Lost(why.to_owned())),
                },
                inner = self.inner() => {
                    self.on_inner(inner);
                    continue;
                }
                event = link.next() => event,
            };
            watch.heard();
            match event {
                LinkEvent::Frame(frame) => match *frame {
                    ServerFrame::Goodbye { reason, at } => return End::Goodbye { reason, at },
                    frame => self.book.hear(frame),
                },
                LinkEvent::Alive => {}
                LinkEvent::Refused(why) => return End::Refused(why),
                LinkEvent::Lost(why) => return End::Lost(why),
            }
        }
    }

    /// What happens next inside the program. Cancel safe: every branch is.
    async fn inner(&mut self) -> Inner {
        let Self { commands, tasks, shutdown, drain_until, .. } = self;
        let asked = async {
            match shutdown {
                Some(shutdown) => shutdown.await,
                None => std::future::pending().await,
            }
        };
        let over = async {
            match drain_until {
                Some(until) => tokio::time::sleep_until(*until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(command) = commands.recv() => Inner::Command(command),
            Some(ended) = tasks.join_next() => Inner::Ended(ended.ok()),
            () = asked => Inner::Shutdown,
            () = over => Inner::DrainOver,
        }
    }

    fn on_inner(&mut self, inner: Inner) {
        match inner {
            Inner::Command(command) => self.book.command(command),
            Inner::Ended(Some(ended)) => {
                match ended.how {
                    How::Settled => self.summary.settled += 1,
                    How::GivenBack => {
                        self.summary.settled += 1;
                        self.summary.given_back += 1;
                    }
                    How::Dropped => self.summary.dropped += 1,
                }
                self.book.ended(ended.task, ended.lease);
            }
            // Only a task that was aborted when everything was given up ends without a word.
            Inner::Ended(None) => {}
            Inner::Shutdown => {
                self.shutdown = None;
                self.drain_until = Some(Instant::now() + self.settings.drain_max);
                self.book.drain(false);
                tracing::info!(running = self.tasks.len(), "Shutting down: running tasks are finished first.");
            }
            Inner::DrainOver => {
                tracing::warn!(running = self.tasks.len(), "The time for shutting down is over: open tasks go back.");
                self.drain_until = None;
                self.given_up = true;
                self.summary.dropped += u64::try_from(self.tasks.len()).unwrap_or(u64::MAX);
                self.book.give_up();
                self.tasks.abort_all();
            }
        }
    }

    fn start(&mut self) {
        for task in self.book.starts.drain(..) {
            self.tasks.spawn(work(Arc::clone(&self.worker), task, self.settings.grace));
        }
    }

    fn is_finished(&self) -> bool {
        self.given_up || (self.book.is_draining() && self.book.is_idle())
    }
}

/// Asks the worker about offers. One that panics is one he does not take, as with the work itself.
fn chooser(worker: Arc<dyn Worker>) -> Chooser {
    Box::new(move |offer| {
        catch_unwind(AssertUnwindSafe(|| worker.declines(offer)))
            .unwrap_or_else(|_| Some("the worker panicked".to_owned()))
    })
}
