//! What was published and is not confirmed yet.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use lapin::options::BasicPublishOptions;
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{bundle, said};
use crate::adapters::waiting::Waiting;
use crate::ports::broker::BrokerError;

/// Makes a message survive a restart of the server.
const PERSISTENT: u8 = 2;

/// A message on its way, and who waits for it.
pub(super) struct Put {
    pub(super) body: Vec<u8>,
    pub(super) publisher: Publisher,
}

/// Who waits for a confirm.
pub(super) struct Publisher {
    /// That nobody waits any more is no fault.
    pub(super) reply: oneshot::Sender<Result<(), BrokerError>>,
    /// Counts the message among those that wait, until it is answered.
    pub(super) _waiting: Waiting,
}

/// What became of an AMQP message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    /// It is stored.
    Confirmed,
    /// It is refused: the queue is full.
    Nacked,
    /// A message of this channel came back: its queue is gone.
    Returned,
    /// Nobody knows, for this reason.
    InDoubt(String),
}

type Confirm = Pin<Box<dyn Future<Output = lapin::Result<Confirmation>> + Send>>;

struct Flight {
    publishers: Vec<Publisher>,
    since: Instant,
    confirm: Confirm,
    fate: Option<Fate>,
}

/// The AMQP messages of one channel whose confirms are out.
#[derive(Default)]
pub(super) struct Window {
    flights: VecDeque<Flight>,
    messages: usize,
}

impl Window {
    /// Publishes messages as one. It is on its way when [`Self::settled`] is polled next.
    ///
    /// A channel must have one window, polled by one task: the library numbers a message and queues its frames in two
    /// steps, so that two tasks on one channel could each get the other's confirm.
    pub(super) fn send(&mut self, channel: Channel, queue: ShortString, puts: Vec<Put>) {
        let (mut bodies, mut publishers) = (Vec::with_capacity(puts.len()), Vec::with_capacity(puts.len()));
        for Put { body, publisher } in puts {
            bodies.push(body);
            publishers.push(publisher);
        }
        self.messages += publishers.len();
        let mut properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
        let body = if bodies.len() == 1 {
            bodies.pop().unwrap_or_default()
        } else {
            properties = properties.with_content_type(bundle::CONTENT_TYPE.into());
            bundle::pack(bodies.iter().map(Vec::as_slice))
        };
        let confirm = Box::pin(async move {
            let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
            let sent = channel.basic_publish(ShortString::default(), queue, options, &body, properties).await;
            drop(body);
            sent?.await
        });
        self.flights.push_back(Flight { publishers, since: Instant::now(), confirm, fate: None });
    }

    /// How many messages are in flight.
    pub(super) const fn messages(&self) -> usize {
        self.messages
    }

    /// True when nothing is in flight.
    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// Since when the oldest is out.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.flights.front().map(|flight| flight.since)
    }

    /// Counts everything as sent just now.
    pub(super) fn begin_anew(&mut self) {
        let now = Instant::now();
        self.flights.iter_mut().for_each(|flight| flight.since = now);
    }

    /// Waits for fates. To be called only when something is in flight.
    ///
    /// When one of them is [`Fate::Returned`], no [`Fate::Confirmed`] beside it can be believed, nor any that is still
    /// out: the library hands a returned message to whichever confirm completes next, and a confirm of several completes
    /// them in any order. The one that holds the return completed before or with the one that it belongs to; so once a
    /// confirm is seen, a second look at all the others finds the return, and nothing was answered before it.
    pub(super) async fn settled(&mut self) -> Vec<(Vec<Publisher>, Fate)> {
        poll_fn(|cx| {
            if !self.poll_all(cx) {
                return Poll::Pending;
            }
            self.poll_all(cx);
            Poll::Ready(self.take_settled())
        })
        .await
    }

    /// Gives everything up: nobody knows what becomes of it.
    pub(super) fn abandon(&mut self) -> Vec<Publisher> {
        self.messages = 0;
        self.flights.drain(..).flat_map(|flight| flight.publishers).collect()
    }

    /// Looks at everything in flight; true when a fate is known that was not.
    fn poll_all(&mut self, cx: &mut Context<'_>) -> bool {
        let mut any = false;
        for flight in self.flights.iter_mut().filter(|flight| flight.fate.is_none()) {
            if let Poll::Ready(confirm) = flight.confirm.as_mut().poll(cx) {
                flight.fate = Some(fate(confirm));
                any = true;
            }
        }
        any
    }

    fn take_settled(&mut self) -> Vec<(Vec<Publisher>, Fate)> {
        let mut settled = Vec::new();
        for mut flight in std::mem::take(&mut self.flights) {
            match flight.fate.take() {
                Some(fate) => {
                    self.messages -= flight.publishers.len();
                    settled.push((flight.publishers, fate));
                }
                None => self.flights.push_back(flight),
            }
        }
        settled
    }
}

fn fate(confirm: lapin::Result<Confirmation>) -> Fate {
    match confirm {
        Ok(Confirmation::Ack(None)) => Fate::Confirmed,
        Ok(Confirmation::Nack(None)) => Fate::Nacked,
        Ok(Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_))) => Fate::Returned,
        Ok(Confirmation::NotRequested) => Fate::InDoubt("the channel does not confirm".to_owned()),
        Err(error) => Fate::InDoubt(said(&error)),
    }
}
