//! Consumes one queue for one subscriber.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Consumer};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Duration, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::ledger::{Ledger, Settle};
use super::link::Session;
use super::queue::{Queues, Undeclared};
use super::{bundle, queue, said, telemetry};
use crate::ports::broker::{Acker, Delivery, Subscription};

/// How long settled deliveries wait for one before them, so that one ack settles them all.
const STRANDED: Duration = Duration::from_millis(20);
/// The header in which a quorum queue counts how often it delivered a message before.
const DELIVERY_COUNT: &str = "x-delivery-count";
/// How long an ack may take to be written. A lost one is harmless.
const ACK_WITHIN: Duration = Duration::from_secs(2);
/// How often a silent subscription is doubted.
const QUIET: Duration = Duration::from_secs(15);
/// How long closing a channel may take.
const FAREWELL: Duration = Duration::from_secs(1);
/// How often a count is taken anew, at most, while messages move.
const COUNTS_MAX: usize = 8;

/// What the task, its subscriber and the broker share.
struct Shared {
    queue: Box<str>,
    channel: Channel,
    book: Mutex<Book>,
    /// Held while acks are chosen and written: the server closes the channel on an ack of what was acked, so they must
    /// be written in the order they were chosen.
    pen: tokio::sync::Mutex<()>,
    /// Something was settled.
    settled: Notify,
    /// The subscription is to end.
    stop: CancellationToken,
    /// It has ended.
    ended: CancellationToken,
}

#[derive(Default)]
struct Book {
    ledger: Ledger,
    /// Messages that the subscriber has and has not settled.
    given: usize,
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        // A panic elsewhere leaves at worst a message unsettled, which comes again.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the server what is settled: a run from the start, or all.
    async fn settle(&self, all: bool) {
        let _pen = self.pen.lock().await;
        let settled = {
            let ledger = &mut self.book().ledger;
            if all { ledger.take_all() } else { ledger.take_head().into_iter().collect() }
        };
        for settle in settled {
            let (tag, multiple) = match settle {
                Settle::UpTo(tag) => (tag, true),
                Settle::One(tag) => (tag, false),
            };
            let _ = timeout(ACK_WITHIN, self.channel.basic_ack(tag, BasicAckOptions { multiple })).await;
        }
    }
}

/// A running subscription, as the broker sees it.
#[derive(Clone)]
pub(super) struct Handle {
    shared: Arc<Shared>,
    asks: mpsc::Sender<oneshot::Sender<usize>>,
}

impl Handle {
    /// Ends it and waits until the server has back what was not acked.
    pub(super) async fn end(&self) {
        self.shared.stop.cancel();
        self.ended().await;
    }

    /// Waits for its end.
    pub(super) async fn ended(&self) {
        self.shared.ended.cancelled().await;
    }

    /// How many messages are not acked; `None` when the subscription has ended.
    ///
    /// The server tells those that wait, we know those that we have, and what is on its way between is in neither. So
    /// both are counted until two counts agree: what was on its way at the first is here at the second.
    pub(super) async fn depth(&self) -> Option<u64> {
        let mut before = None;
        for _ in 0..COUNTS_MAX {
            let ours = self.ours().await?;
            let (waiting, _) = queue::look(&self.shared.channel, &self.shared.queue).await.ok()??;
            let count = (u64::from(waiting), self.ours().await?);
            if count.1 == ours && before == Some(count) {
                break;
            }
            before = Some(count);
        }
        before.map(|(waiting, ours)| waiting + ours as u64)
    }

    async fn ours(&self) -> Option<usize> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(reply).await.ok()?;
        answer.await.ok()
    }
}

/// The task of a subscription.
pub(super) struct Feed {
    shared: Arc<Shared>,
    consumer: Consumer,
    sender: mpsc::Sender<Delivery>,
    asks: mpsc::Receiver<oneshot::Sender<usize>>,
    prefetch: usize,
    /// Messages of ours that the subscriber has no room for yet.
    held: VecDeque<Delivery>,
    /// Something came since the last doubt.
    came: bool,
}

impl Feed {
    /// Subscribes.
    pub(super) async fn open(
        queue: &str,
        prefetch: usize,
        session: &Session,
        queues: &Queues,
    ) -> Result<(Self, Subscription, Handle), Undeclared> {
        let failed = |error| Undeclared::Failed(said(&error));
        let channel = queues.channel(session, queue).await?;
        let window = u16::try_from(prefetch).unwrap_or(u16::MAX);
        channel.basic_qos(window, BasicQosOptions::default()).await.map_err(failed)?;
        let (name, any) = (ShortString::from(queue), ShortString::default());
        let consume = channel.basic_consume(name, any, BasicConsumeOptions::default(), FieldTable::default());
        let consumer = consume.await.map_err(|error| queue::explain(queue, &error))?;
        let shared = Arc::new(Shared {
            queue: queue.into(),
            channel,
            book: Mutex::default(),
            pen: tokio::sync::Mutex::default(),
            settled: Notify::new(),
            stop: CancellationToken::new(),
            ended: CancellationToken::new(),
        });
        let (sender, deliveries) = mpsc::channel(prefetch);
        let (ask, asks) = mpsc::channel(16);
        let acker = Box::new(RabbitAcker(Arc::clone(&shared)));
        let handle = Handle { shared: Arc::clone(&shared), asks: ask };
        let feed = Self { shared, consumer, sender, asks, prefetch, held: VecDeque::new(), came: false };
        Ok((feed, Subscription { deliveries, acker }, handle))
    }

    /// Feeds the subscriber until one of both ends.
    pub(super) async fn run(mut self) {
        telemetry::subscribed(&self.shared.queue, self.prefetch);
        let cause = self.feed().await;
        telemetry::ended(&self.shared.queue, &cause);
        let Self { shared, sender, .. } = self;
        drop(sender);
        if shared.channel.status().connected() {
            shared.settle(true).await;
            let _ = timeout(FAREWELL, shared.channel.close(200, "closed".into())).await;
        }
        shared.ended.cancel();
    }

    /// Gives the cause of the end.
    async fn feed(&mut self) -> String {
        let mut doubts = Doubts::default();
        let mut quiet = interval(QUIET);
        quiet.reset();
        loop {
            self.give();
            let stranded = self.shared.book().ledger.has_stranded();
            tokio::select! {
                // Deliveries before asks: a count must hold what has come.
                biased;
                () = self.shared.stop.cancelled() => return "another one begins, or nobody settles it any more".to_owned(),
                delivery = self.consumer.next() => match delivery {
                    Some(Ok(delivery)) => self.take(delivery),
                    Some(Err(error)) => return said(&error),
                    None => return "RabbitMQ ended it: the queue was deleted, or its leader was lost".to_owned(),
                },
                Some(ask) = self.asks.recv() => {
                    // That nobody waits for the answer any more is no fault.
                    let _ = ask.send(self.shared.book().ledger.open());
                }
                () = self.shared.settled.notified() => {}
                () = sleep(STRANDED), if stranded => self.shared.settle(true).await,
                _ = quiet.tick() => if self.is_dead(&mut doubts).await {
                    return "RabbitMQ has messages and delivers none".to_owned();
                }
            }
        }
    }

    /// Takes in an AMQP message.
    fn take(&mut self, message: lapin::message::Delivery) {
        self.came = true;
        let lapin::message::Delivery { delivery_tag, redelivered, properties, data, .. } = message;
        let body = Bytes::from(data);
        let before = deliveries_before(&properties);
        let is_bundle = properties.content_type().as_ref().is_some_and(|kind| kind.as_str() == bundle::CONTENT_TYPE);
        let bodies = match is_bundle.then(|| bundle::unpack(body.clone())) {
            Some(Some(bodies)) => bodies,
            Some(None) => {
                telemetry::odd_bundle(&self.shared.queue, body.len());
                vec![body]
            }
            None => vec![body],
        };
        let first = self.shared.book().ledger.add(delivery_tag, bodies.len());
        let tags = first..;
        self.held.extend(tags.zip(bodies).map(|(tag, body)| Delivery { tag, body, redelivered, before }));
    }

    /// Gives the subscriber what he has room for.
    fn give(&mut self) {
        let mut book = self.shared.book();
        while book.given < self.prefetch
            && let Some(delivery) = self.held.pop_front()
        {
            // The channel has room for the whole prefetch, so an error means that the other end is gone. He may settle
            // what he has; the rest goes back when he is done.
            if self.sender.try_send(delivery).is_ok() {
                book.given += 1;
            }
        }
    }

    /// Whether the server has messages for us, has had for two doubts, and delivers none.
    async fn is_dead(&mut self, doubts: &mut Doubts) -> bool {
        let idle = !std::mem::take(&mut self.came) && self.shared.book().ledger.open() == 0;
        let look = timeout(ACK_WITHIN, queue::look(&self.shared.channel, &self.shared.queue));
        let missed = idle && matches!(look.await, Ok(Ok(Some((waiting, 1)))) if waiting > 0);
        doubts.0 = if missed { doubts.0 + 1 } else { 0 };
        doubts.0 >= 2
    }
}

/// How often a quorum queue delivered a message before.
fn deliveries_before(properties: &BasicProperties) -> u32 {
    let counted = properties.headers().as_ref().and_then(|headers| headers.inner().get(DELIVERY_COUNT));
    let count = counted.and_then(|count| match count {
        AMQPValue::LongLongInt(count) => Some(*count),
        AMQPValue::LongInt(count) => Some(i64::from(*count)),
        AMQPValue::LongUInt(count) => Some(i64::from(*count)),
        AMQPValue::ShortShortUInt(count) => Some(i64::from(*count)),
        AMQPValue::ShortUInt(count) => Some(i64::from(*count)),
        AMQPValue::ShortInt(count) => Some(i64::from(*count)),
        _ => None,
    });
    count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
}

/// How often in a row a subscription seemed dead.
#[derive(Default)]
struct Doubts(u32);

struct RabbitAcker(Arc<Shared>);

#[async_trait]
impl Acker for RabbitAcker {
    async fn ack(&self, tags: &[u64]) {
        {
            let mut book = self.0.book();
            let settled = tags.iter().filter(|tag| book.ledger.settle(**tag)).count();
            book.given = book.given.saturating_sub(settled);
        }
        self.0.settled.notify_one();
        self.0.settle(false).await;
    }
}

impl Drop for RabbitAcker {
    fn drop(&mut self) {
        self.0.stop.cancel();
    }
}
