//! Publishes to one queue.

use std::collections::VecDeque;
use std::sync::Arc;

use lapin::Channel;
use lapin::options::ConfirmSelectOptions;
use tokio::sync::{mpsc, watch};
use tokio::time::{Duration, Instant, sleep_until, timeout};

use super::link::{Session, State};
use super::queue::Queues;
use super::window::{Fate, Publisher, Put, Window};
use super::{RabbitOptions, said, telemetry};
use crate::ports::broker::BrokerError;

/// How many messages may wait for a line to take them up; more are refused.
pub(super) const QUEUED_MAX: usize = 8_192;
/// How many messages may be in flight: a hundred keep a server busy, a thousand gain nothing.
const IN_FLIGHT_MAX: usize = 512;
/// How many bytes go in one bundle, or one message above it: a frame of the size that RabbitMQ offers holds them.
const BUNDLE_BYTES_MAX: usize = 64 * 1024;
/// What publishers are told when their message came back.
const GONE: &str = "the queue was gone and is made anew";
/// How soon a queue that could not be used is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// The publisher of one queue. It has a channel of its own, so that a queue that is refused ends no other's.
pub(super) struct Line {
    queue: Box<str>,
    options: Arc<RabbitOptions>,
    queues: Arc<Queues>,
    state: watch::Receiver<State>,
    puts: mpsc::Receiver<Put>,
    waiting: VecDeque<Put>,
    waiting_bytes: usize,
    window: Window,
    figures: Arc<telemetry::Published>,
    /// Nobody can publish any more; what is under way is finished.
    closing: bool,
    full: bool,
    /// What was last said about a queue that cannot be used; it is said once.
    told: Option<String>,
    /// Since when nothing was confirmed, though something was published.
    silent_since: Option<Instant>,
    /// Since when the channel refuses all that is published on it.
    refused_since: Option<Instant>,
}

impl Line {
    pub(super) fn new(
        queue: &str,
        options: Arc<RabbitOptions>,
        queues: Arc<Queues>,
        state: watch::Receiver<State>,
        puts: mpsc::Receiver<Put>,
        figures: Arc<telemetry::Published>,
    ) -> Self {
        Self {
            queue: queue.into(),
            options,
            queues,
            state,
            puts,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            window: Window::default(),
            figures,
            closing: false,
            full: false,
            told: None,
            silent_since: None,
            refused_since: None,
        }
    }

    /// Publishes until nobody can ask any more.
    pub(super) async fn run(mut self) {
        while !self.closing {
            let state = self.state.borrow_and_update().clone();
            match state {
                State::Up(session) => match self.prepare(&session).await {
                    Ok(channel) => {
                        if self.rest().await {
                            self.publish(&session, channel).await;
                        }
                    }
                    Err(cause) => {
                        // Of a lost connection the link tells.
                        if session.is_connected() && self.told.as_ref() != Some(&cause) {
                            telemetry::unusable(&self.queue, &cause);
                            self.told = Some(cause.clone());
                        }
                        self.refuse(&cause, Some(Instant::now() + TRY_AGAIN)).await;
                    }
                },
                State::Down(cause) | State::Blocked(_, cause) => {
                    self.refuse(&cause, None).await;
                }
            }
        }
    }

    /// A channel that confirms, and the queue.
    async fn prepare(&mut self, session: &Session) -> Result<Channel, String> {
        let prepare = async {
            let channel = self.queues.channel(session, &self.queue).await.map_err(|error| error.to_string())?;
            channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(|error| said(&error))?;
            Ok(channel)
        };
        let prepared = timeout(self.options.answer_within, prepare).await;
        prepared.unwrap_or_else(|_| Err("RabbitMQ does not answer".to_owned()))
    }

    /// Waits until the queue may be trusted; false when the link changes meanwhile.
    async fn rest(&mut self) -> bool {
        match self.queues.settles(&self.queue).filter(|settled| *settled > Instant::now()) {
            Some(settled) => self.refuse("the queue was made a moment ago", Some(settled)).await,
            None => true,
        }
    }

    /// Refuses everything until the link changes, or until then: true.
    async fn refuse(&mut self, cause: &str, until: Option<Instant>) -> bool {
        loop {
            self.turn_away(cause);
            tokio::select! {
                changed = self.state.changed() => {
                    self.closing |= changed.is_err();
                    return false;
                }
                () = at(until) => return true,
                put = self.puts.recv() => match put {
                    Some(put) => self.wait(put),
                    None => {
                        self.closing = true;
                        return false;
                    }
                }
            }
        }
    }

    /// Publishes on a channel until it is of no use any more.
    async fn publish(&mut self, session: &Arc<Session>, channel: Channel) {
        let mut blocked: Option<Arc<str>> = None;
        let mut come = Vec::new();
        while !(self.closing && self.window.is_empty() && self.waiting.is_empty()) {
            match &blocked {
                Some(reason) => self.turn_away(reason),
                None => self.fill(&channel),
            }
            let slow = self.window.oldest().filter(|_| blocked.is_none()).map(|since| since + self.options.slow_after);
            tokio::select! {
                // Confirms first: they make room. They are also what sends what was just filled in.
                biased;
                settled = self.window.settled(), if !self.window.is_empty() => {
                    if let Err(cause) = self.answer(settled) {
                        return self.abandon(&cause);
                    }
                }
                changed = self.state.changed() => match &*self.state.borrow_and_update() {
                    State::Up(same) if changed.is_ok() && Arc::ptr_eq(same, session) => {
                        blocked = None;
                        // What was held up by the server was not slow.
                        self.window.begin_anew();
                    }
                    State::Blocked(same, reason) if changed.is_ok() && Arc::ptr_eq(same, session) => {
                        blocked = Some(Arc::clone(reason));
                    }
                    _ => break,
                },
                count = self.puts.recv_many(&mut come, QUEUED_MAX), if !self.closing => {
                    self.closing = count == 0;
                    come.drain(..).for_each(|put| self.wait(put));
                }
                () = at(slow) => return self.give_up(session),
            }
        }
        self.abandon("the connection to RabbitMQ is lost");
    }

    /// Nothing was confirmed for long: the channel may be dead though the connection is not, or the queue has no leader.
    fn give_up(&mut self, session: &Session) {
        let silent = self.silent_since.get_or_insert_with(Instant::now).elapsed();
        if silent >= self.options.stuck_after {
            telemetry::stuck(&self.queue, silent.as_secs());
            session.cut();
            self.silent_since = None;
        } else if self.told.is_none() {
            telemetry::slow(&self.queue, self.options.slow_after.as_secs());
            self.told = Some("slow".to_owned());
        }
        self.abandon("RabbitMQ does not confirm");
    }

    fn wait(&mut self, put: Put) {
        self.waiting_bytes += put.body.len();
        self.waiting.push_back(put);
    }

    /// Sends what may be sent.
    fn fill(&mut self, channel: &Channel) {
        while self.may_send() {
            let puts = self.next_bundle();
            if puts.is_empty() {
                return;
            }
            self.figures.bundles.increment(1);
            self.figures.in_flight.increment(puts.len() as f64);
            self.silent_since.get_or_insert_with(Instant::now);
            self.window.send(channel.clone(), (*self.queue).into(), puts);
        }
    }

    /// One bundle is always under way; another joins it only when it is full. So a message that comes alone goes at
    /// once, many share a confirm, and a confirm that takes long holds no full bundle up.
    fn may_send(&self) -> bool {
        let full = self.waiting.len() >= self.options.bundle_max || self.waiting_bytes >= BUNDLE_BYTES_MAX;
        !self.waiting.is_empty() && (self.window.is_empty() || (full && self.window.messages() < IN_FLIGHT_MAX))
    }

    /// Takes what goes next, without those whose publishers have given up.
    fn next_bundle(&mut self) -> Vec<Put> {
        let (mut puts, mut bytes) = (Vec::new(), 0);
        while let Some(next) = self.waiting.front()
            && puts.len() < self.options.bundle_max
            && (puts.is_empty() || bytes + next.body.len() <= BUNDLE_BYTES_MAX)
            && let Some(put) = self.waiting.pop_front()
        {
            self.waiting_bytes -= put.body.len();
            if !put.publisher.reply.is_closed() {
                bytes += put.body.len();
                puts.push(put);
            }
        }
        puts
    }

    /// Answers those whose fate is known. `Err` with the cause when the channel is of no use any more.
    fn answer(&mut self, settled: Vec<(Vec<Publisher>, Fate)>) -> Result<(), String> {
        (self.silent_since, self.told) = (None, None);
        let returned = settled.iter().any(|(_, fate)| *fate == Fate::Returned);
        let (mut doubtful, mut cause) = (Vec::new(), returned.then(|| GONE.to_owned()));
        for (publishers, fate) in settled {
            self.figures.in_flight.decrement(publishers.len() as f64);
            match fate {
                Fate::Confirmed if !returned => self.confirmed(publishers),
                Fate::Nacked => self.nacked(publishers),
                Fate::Returned => {
                    telemetry::returned(&self.queue, publishers.len());
                    self.figures.returned.increment(publishers.len() as u64);
                    fail(publishers, GONE);
                }
                Fate::Confirmed => doubtful.extend(publishers),
                Fate::InDoubt(why) => {
                    doubtful.extend(publishers);
                    cause.get_or_insert(why);
                }
            }
        }
        if self.refused_since.is_some_and(|since| since.elapsed() >= self.options.slow_after) {
            // A channel that was opened while the queue had lost its leader goes on asking the one that is gone, and
            // refuses everything as a full queue does (3.10). Of a queue that is full another channel says the same.
            self.refused_since = None;
            cause.get_or_insert_with(|| "the queue refuses everything on this channel".to_owned());
        }
        let Some(cause) = cause else { return Ok(()) };
        self.doubt(doubtful, &cause);
        Err(cause)
    }

    fn confirmed(&mut self, publishers: Vec<Publisher>) {
        self.refused_since = None;
        if self.full {
            self.full = false;
            telemetry::full(&self.queue, false);
        }
        let all = publishers.len();
        let heard = publishers.into_iter().filter_map(|publisher| publisher.reply.send(Ok(())).ok()).count();
        self.figures.confirmed.increment(heard as u64);
        self.figures.late.increment((all - heard) as u64);
    }

    fn nacked(&mut self, publishers: Vec<Publisher>) {
        self.refused_since.get_or_insert_with(Instant::now);
        if !self.full {
            self.full = true;
            telemetry::full(&self.queue, true);
        }
        self.figures.nacked.increment(publishers.len() as u64);
        for publisher in publishers {
            let _ = publisher.reply.send(Err(BrokerError::Full));
        }
    }

    fn doubt(&self, publishers: Vec<Publisher>, cause: &str) {
        // Those who have given up were told then.
        if publishers.iter().any(|publisher| !publisher.reply.is_closed()) {
            telemetry::in_doubt(&self.queue, publishers.len(), cause);
        }
        self.figures.in_doubt.increment(publishers.len() as u64);
        fail(publishers, cause);
    }

    /// Gives up what is in flight. What was not sent yet waits for the next channel.
    fn abandon(&mut self, cause: &str) {
        let publishers = self.window.abandon();
        self.figures.in_flight.decrement(publishers.len() as f64);
        self.doubt(publishers, cause);
    }

    /// Refuses what was not sent yet.
    fn turn_away(&mut self, cause: &str) {
        self.waiting_bytes = 0;
        fail(self.waiting.drain(..).map(|put| put.publisher), cause);
    }
}

fn fail(publishers: impl IntoIterator<Item = Publisher>, cause: &str) {
    for publisher in publishers {
        let _ = publisher.reply.send(Err(BrokerError::Unavailable(cause.to_owned())));
    }
}

/// Waits until then; for ever when there is no then.
async fn at(then: Option<Instant>) {
    match then {
        Some(then) => sleep_until(then).await,
        None => std::future::pending().await,
    }
}
