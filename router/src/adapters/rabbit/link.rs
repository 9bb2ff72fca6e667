//! One connection, kept up: dialled, watched, given up, dialled again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use lapin::{Channel, Connection, Event};
use tokio::sync::watch;
use tokio::time::{Instant, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::dial::{Dialled, Events, NoConnection, Plug, dial};
use super::options::RabbitOptions;
use super::{OpenError, said, telemetry};
use crate::patience::BackOff;
use crate::ports::broker::BrokerError;

/// How often a connection is looked at: the library tells of most ends, not of all.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A connection that held for so long was a good one: the next is dialled at once.
const GOOD_AFTER: Duration = Duration::from_secs(10);
/// How long a good-bye may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a connection is for. Publishing has one of its own, for the server stops reading a publisher's connection when
/// it is short of memory, and acks must go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// Publishing.
    Publish,
    /// Consuming and asking.
    Consume,
    /// Publishing events for others, which may be held up without harm.
    Events,
}

impl Purpose {
    /// Its word in logs and metrics.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Consume => "consume",
            Self::Events => "events",
        }
    }
}

/// How a link is.
#[derive(Clone)]
pub(super) enum State {
    /// Not connected, and why.
    Down(Arc<str>),
    /// Connected.
    Up(Arc<Session>),
    /// Connected, and the server takes nothing, for this reason.
    Blocked(Arc<Session>, Arc<str>),
}

/// A connection from its greeting to its end.
pub(super) struct Session {
    connection: Connection,
    plug: Plug,
}

impl Session {
    pub(super) fn new(connection: Connection, plug: Plug) -> Self {
        Self { connection, plug }
    }

    /// A new channel.
    pub(super) async fn channel(&self) -> Result<Channel, lapin::Error> {
        self.connection.create_channel().await
    }

    /// False from its end on.
    pub(super) fn is_connected(&self) -> bool {
        self.connection.status().connected()
    }

    /// Ends it for certain, because it is of no use any more.
    pub(super) fn cut(&self) {
        self.plug.pull();
    }

    /// What was agreed on: heartbeat in seconds, and the largest frame in bytes.
    pub(super) fn agreed(&self) -> (u16, u32) {
        let configuration = self.connection.configuration();
        (configuration.heartbeat(), configuration.frame_max())
    }
}

/// A connection that is kept up.
#[derive(Clone)]
pub(super) struct Link {
    state: watch::Receiver<State>,
}

impl Link {
    /// Dials, and keeps up what comes of it as a task of `tasks` until `stop`.
    pub(super) async fn open(
        options: Arc<RabbitOptions>,
        purpose: Purpose,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Result<Self, OpenError> {
        telemetry::down(purpose);
        let state = watch::Sender::new(State::Down("not connected yet".into()));
        let link = Self { state: state.subscribe() };
        let mut keeper = Keeper { options, purpose, stop, state, next_node: 0, told: None };
        match keeper.connect().await {
            Err(NoConnection::Refused(error)) => Err(error),
            first => {
                tasks.spawn(keeper.run(first));
                Ok(link)
            }
        }
    }

    /// How it is, and how it will be.
    pub(super) fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// The connection, if there is one.
    pub(super) fn session(&self) -> Result<Arc<Session>, BrokerError> {
        match &*self.state.borrow() {
            State::Up(session) | State::Blocked(session, _) => Ok(Arc::clone(session)),
            State::Down(cause) => Err(BrokerError::Unavailable(cause.to_string())),
        }
    }
}

/// Keeps a link up.
struct Keeper {
    options: Arc<RabbitOptions>,
    purpose: Purpose,
    stop: CancellationToken,
    state: watch::Sender<State>,
    next_node: usize,
    /// What was last said about why there is no connection; it is said once.
    told: Option<String>,
}

impl Keeper {
    async fn run(mut self, mut connected: Result<(Arc<Session>, Events), NoConnection>) {
        let mut back_off = BackOff::default();
        loop {
            match connected {
                Ok((session, events)) => {
                    let began = Instant::now();
                    let Some(cause) = self.hold(&session, events).await else { return };
                    telemetry::lost(self.purpose, &cause);
                    self.down(cause);
                    if began.elapsed() >= GOOD_AFTER {
                        back_off = BackOff::default();
                    }
                }
                Err(NoConnection::Away(cause)) => self.refused(cause),
                // It let us in before: somebody may be at it.
                Err(NoConnection::Refused(error)) => self.refused(error.to_string()),
            }
            let stop = self.stop.clone();
            connected = tokio::select! {
                () = stop.cancelled() => return,
                connected = async {
                    back_off.wait().await;
                    self.connect().await
                } => connected,
            };
        }
    }

    /// Dials the next node; stays with one that works.
    async fn connect(&mut self) -> Result<(Arc<Session>, Events), NoConnection> {
        let node = &self.options.nodes[self.next_node % self.options.nodes.len()];
        let dialled = dial(node, &self.options).await.inspect_err(|_| self.next_node += 1)?;
        let Dialled { connection, events, plug } = dialled;
        let session = Arc::new(Session::new(connection, plug));
        telemetry::connected(self.purpose, node, &session);
        self.told = None;
        self.state.send_replace(State::Up(Arc::clone(&session)));
        Ok((session, events))
    }

    /// Watches a connection and gives the cause of its end; `None` when told to stop.
    async fn hold(&mut self, session: &Arc<Session>, mut events: Events) -> Option<String> {
        let mut look = interval(LOOK_EVERY);
        let cause = loop {
            tokio::select! {
                () = self.stop.cancelled() => {
                    self.down("closed".to_owned());
                    let _ = timeout(FAREWELL, session.connection.close(200, "closed".into())).await;
                    session.cut();
                    return None;
                }
                event = events.next() => match event {
                    Some(Event::ConnectionBlocked(reason)) => {
                        telemetry::blocked(self.purpose, &reason);
                        self.state.send_replace(State::Blocked(Arc::clone(session), reason.into()));
                    }
                    Some(Event::ConnectionUnblocked) => {
                        telemetry::unblocked(self.purpose);
                        self.state.send_replace(State::Up(Arc::clone(session)));
                    }
                    Some(Event::Error(error)) if !session.is_connected() => break said(&error),
                    Some(_) => {}
                    None => break "the connection ended".to_owned(),
                },
                _ = look.tick() => if !session.is_connected() {
                    break "the connection ended".to_owned();
                }
            }
        };
        session.cut();
        self.next_node += 1;
        Some(cause)
    }

    fn refused(&mut self, cause: String) {
        if self.told.as_ref() != Some(&cause) {
            telemetry::unreachable(self.purpose, &cause);
            self.told = Some(cause.clone());
        }
        self.down(cause);
    }

    fn down(&self, cause: String) {
        telemetry::down(self.purpose);
        self.state.send_replace(State::Down(cause.into()));
    }
}
