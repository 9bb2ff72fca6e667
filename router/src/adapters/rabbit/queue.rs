//! The queues: how they must be, and what to say of one that is not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use lapin::options::QueueDeclareOptions;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ErrorKind};
use tokio::time::Instant;

use super::link::Session;
use super::{OpenError, RabbitOptions, lock, said, telemetry};

/// AMQP's own numbers of what is wrong with a queue.
const ACCESS_REFUSED: u16 = 403;
const NOT_FOUND: u16 = 404;
const PRECONDITION_FAILED: u16 = 406;

/// What a queue is declared with. Only a quorum queue keeps what it confirmed when a node is lost, and refuses what is
/// above its limits instead of dropping the oldest. One consumer at a time is a guard: the shard's owner alone
/// subscribes (P12).
pub(super) fn arguments(options: &RabbitOptions) -> Vec<(&'static str, AMQPValue)> {
    let text = |text: &str| AMQPValue::LongString(text.into());
    // The server refuses more than an i64 would hold.
    let number = |number: u64| AMQPValue::LongLongInt(i64::try_from(number).unwrap_or(i64::MAX));
    vec![
        ("x-queue-type", text("quorum")),
        ("x-overflow", text("reject-publish")),
        ("x-max-length", number(options.length_max.into())),
        ("x-max-length-bytes", number(options.length_bytes_max)),
        ("x-delivery-limit", number(options.delivery_limit.into())),
        ("x-single-active-consumer", AMQPValue::Boolean(true)),
    ]
}

/// Arguments as the library wants them.
pub(super) fn table(arguments: &[(&'static str, AMQPValue)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (key, value) in arguments {
        table.insert((*key).into(), value.clone());
    }
    table
}

/// Declares queues, one after the other.
pub(super) struct Queues {
    options: Arc<RabbitOptions>,
    /// Queues that were made in this process, and when.
    made: Mutex<HashMap<Box<str>, Instant>>,
    /// Two declarations of a queue that is not there yet can make the server close one of the connections (3.10).
    turn: tokio::sync::Mutex<()>,
}

impl Queues {
    pub(super) fn new(options: Arc<RabbitOptions>) -> Self {
        Self { options, made: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    /// A new channel, with proof that the queue is as it must be; it is made when it is not there.
    pub(super) async fn channel(&self, session: &Session, queue: &str) -> Result<Channel, Undeclared> {
        let failed = |error| Undeclared::Failed(said(&error));
        let _turn = self.turn.lock().await;
        let mut channel = session.channel().await.map_err(failed)?;
        let made = look(&channel, queue).await.map_err(failed)?.is_none();
        if made {
            // The server has closed the channel.
            channel = session.channel().await.map_err(failed)?;
        }
        let table = table(&arguments(&self.options));
        let declared = channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), table).await;
        declared.map_err(|error| explain(queue, &error, &self.options))?;
        if made {
            telemetry::made(queue);
            lock(&self.made).insert(queue.into(), Instant::now());
        }
        Ok(channel)
    }

    /// What a refusal of the server means.
    pub(super) fn explain(&self, queue: &str, error: &lapin::Error) -> Undeclared {
        explain(queue, error, &self.options)
    }

    /// Until when a queue is too young to be trusted.
    ///
    /// The server confirms messages of a new queue before it has the queue's own name on the disk: one that was killed
    /// within a second of the queue's making came back with the queue empty, and without a leader for ever (measured on
    /// 3.10; rabbitmq-server#15725).
    pub(super) fn settles(&self, queue: &str) -> Option<Instant> {
        lock(&self.made).get(queue).map(|made| *made + self.options.settle)
    }
}

/// Why a queue could not be declared.
#[derive(Debug)]
pub(super) enum Undeclared {
    /// The connection or the server fails; later it may go.
    Failed(String),
    /// Somebody has to change something first.
    Wrong(OpenError),
}

impl std::fmt::Display for Undeclared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed(cause) => f.write_str(cause),
            Self::Wrong(error) => error.fmt(f),
        }
    }
}

/// How many messages of a queue wait and how many consumers it has; `None` when there is no such queue, and then the
/// channel is closed.
pub(super) async fn look(channel: &Channel, queue: &str) -> Result<Option<(u32, u32)>, lapin::Error> {
    let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
    match channel.queue_declare(queue.into(), passive, FieldTable::default()).await {
        Ok(found) => Ok(Some((found.message_count(), found.consumer_count()))),
        Err(error) if id(&error) == Some(NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}

fn id(error: &lapin::Error) -> Option<u16> {
    match error.kind() {
        ErrorKind::ProtocolError(amqp) => Some(amqp.get_id()),
        _ => None,
    }
}

/// What a refused declaration means.
pub(super) fn explain(queue: &str, error: &lapin::Error, options: &RabbitOptions) -> Undeclared {
    let said = said(error);
    let wrong = |key: &str, found: String, needed: String, cure| {
        Undeclared::Wrong(OpenError::Queue { queue: queue.to_owned(), key: key.to_owned(), found, needed, cure })
    };
    match id(error) {
        Some(PRECONDITION_FAILED) => match Difference::read(&said) {
            Some(Difference { key, found }) => {
                let needed = arguments(options).into_iter().find(|(name, _)| *name == key);
                let needed = needed.map_or_else(|| "true".to_owned(), |(_, value)| plain(&value));
                wrong(key, found.to_owned(), needed, cure(key))
            }
            None => wrong("the declaration", format!("refused ({said})"), "a quorum queue".to_owned(), CURE),
        },
        Some(ACCESS_REFUSED) => wrong(
            "the user's permission",
            format!("missing ({said})"),
            "configure, write and read".to_owned(),
            "let the user: rabbitmqctl set_permissions -p VHOST USER '^(inbound|outbound)\\.' \
             '^(inbound|outbound)\\.|^amq\\.default$' '^(inbound|outbound)\\.'",
        ),
        _ => Undeclared::Failed(said),
    }
}

const CURE: &str = "drain the queue with the program that made it, delete it (rabbitmqctl delete_queue NAME) and start \
                    again: this program declares its queues itself";

/// What to do about an argument that differs.
pub(super) fn cure(key: &str) -> &'static str {
    match key {
        "x-max-length" => "set broker.length_max to what the queue has, or drain and delete the queue",
        "x-max-length-bytes" => "set broker.length_bytes_max to what the queue has, or drain and delete the queue",
        _ => CURE,
    }
}

/// An argument's value without its type.
pub(super) fn plain(value: &AMQPValue) -> String {
    match value {
        AMQPValue::LongString(text) => text.to_string(),
        AMQPValue::LongLongInt(number) => number.to_string(),
        AMQPValue::Boolean(truth) => truth.to_string(),
        other => format!("{other:?}"),
    }
}

/// What the server says of a queue that differs from its declaration.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Difference<'a> {
    pub(super) key: &'a str,
    pub(super) found: &'a str,
}

impl<'a> Difference<'a> {
    /// Reads, for example: `PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'inbound.0' in vhost '/':
    /// received the value '5' of type 'long' but current is the value '7' of type 'long'`, or `… but current is none`.
    pub(super) fn read(said: &'a str) -> Option<Self> {
        let (key, rest) = said.split_once("inequivalent arg '")?.1.split_once('\'')?;
        let current = rest.split_once("but current is ")?.1;
        let found = match current.split_once('\'') {
            Some((_, value)) => value.split_once('\'')?.0,
            None => current,
        };
        Some(Self { key, found: if found == "none" { "not set" } else { found } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_read_from_what_the_server_says() {
        let said = "PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'inbound.0' in vhost '/': received \
                    the value '5' of type 'signedint' but current is ";
        for (current, found) in [("the value '7' of type 'long'", "7"), ("none", "not set"), ("'classic'", "classic")] {
            let said = format!("{said}{current}");
            assert_eq!(Difference::read(&said), Some(Difference { key: "x-max-length", found }));
        }
        assert_eq!(Difference::read("NOT_FOUND - no queue 'inbound.0' in vhost '/'"), None);
    }
}
