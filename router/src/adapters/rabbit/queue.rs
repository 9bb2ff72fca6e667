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

/// What a queue is declared with, the gravest first. Only a quorum queue keeps what it confirmed when a node is lost, and
/// refuses what is above its limits instead of dropping the oldest. One consumer at a time is a guard: the shard's owner
/// alone subscribes (P12).
fn arguments(options: &RabbitOptions) -> Vec<(String, AMQPValue)> {
    let text = |text: &str| AMQPValue::LongString(text.into());
    // The server refuses more than an i64 would hold.
    let number = |number: u64| AMQPValue::LongLongInt(i64::try_from(number).unwrap_or(i64::MAX));
    vec![
        ("x-queue-type".to_owned(), text("quorum")),
        ("x-overflow".to_owned(), text("reject-publish")),
        ("x-delivery-limit".to_owned(), number(options.delivery_limit.into())),
        ("x-single-active-consumer".to_owned(), AMQPValue::Boolean(true)),
        ("x-max-length".to_owned(), number(options.length_max.into())),
        ("x-max-length-bytes".to_owned(), number(options.length_bytes_max)),
    ]
}

async fn declare(channel: &Channel, queue: &str, arguments: &[(String, AMQPValue)]) -> lapin::Result<()> {
    let mut table = FieldTable::default();
    for (key, value) in arguments {
        table.insert(key.as_str().into(), value.clone());
    }
    channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), table).await.map(drop)
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
        if let Err(error) = declare(&channel, queue, &arguments(&self.options)).await {
            return Err(self.worst(session, queue, &error).await);
        }
        if made {
            telemetry::made(queue);
            lock(&self.made).insert(queue.into(), Instant::now());
        }
        Ok(channel)
    }

    /// The gravest of all that is wrong with a queue; the server names any one.
    async fn worst(&self, session: &Session, queue: &str, error: &lapin::Error) -> Undeclared {
        let all = differences(session, queue, &self.options).await.unwrap_or_default();
        match all.into_iter().next() {
            Some(Difference { key, found, needed }) => {
                let cure = cure(&key);
                Undeclared::Wrong(OpenError::Queue { queue: queue.to_owned(), key, found, needed, cure })
            }
            None => explain(queue, error),
        }
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

/// What a refusal means, other than of an argument.
pub(super) fn explain(queue: &str, error: &lapin::Error) -> Undeclared {
    let said = said(error);
    let wrong = |key: &str, found: String, needed: &str, cure| {
        let (queue, key, needed) = (queue.to_owned(), key.to_owned(), needed.to_owned());
        Undeclared::Wrong(OpenError::Queue { queue, key, found, needed, cure })
    };
    match id(error) {
        Some(PRECONDITION_FAILED) => wrong("the queue", format!("another ({said})"), "a quorum queue", MAKE_ANEW),
        Some(ACCESS_REFUSED) => {
            wrong("the user's permission", format!("missing ({said})"), "configure, write and read", PERMIT)
        }
        _ => Undeclared::Failed(said),
    }
}

/// What to do about a permission that is missing.
pub(super) const PERMIT: &str = "rabbitmqctl set_permissions -p VHOST USER '^(inbound|outbound)[.]' \
                                 '^(inbound|outbound)[.]|^amq[.]default$' '^(inbound|outbound)[.]'";
const MAKE_ANEW: &str = "drain the queue with the program that made it, delete it (rabbitmqctl delete_queue NAME) and \
                         start again: this program declares its queues itself";

/// What to do about an argument that differs.
pub(super) fn cure(key: &str) -> &'static str {
    match key {
        "x-max-length" => "set broker.queue_length_max to what the queue has, or drain the queue and delete it",
        _ => MAKE_ANEW,
    }
}

/// An argument of a queue that is not as it must be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Difference {
    pub(super) key: String,
    pub(super) found: String,
    pub(super) needed: String,
}

/// All that differs about a queue that is there, the gravest first. The server names one at a time, so it is asked
/// again with what it said.
pub(super) async fn differences(
    session: &Session,
    queue: &str,
    options: &RabbitOptions,
) -> Result<Vec<Difference>, Undeclared> {
    let needed = arguments(options);
    let (mut tried, mut found) = (needed.clone(), Vec::new());
    // One more than there are arguments: others may have set some that we do not know.
    for _ in 0..=2 * needed.len() {
        let channel = session.channel().await.map_err(|error| Undeclared::Failed(said(&error)))?;
        let Err(error) = declare(&channel, queue, &tried).await else { break };
        let said = said(&error);
        let Some(named) = Named::read(&said) else { return Err(explain(queue, &error)) };
        let wanted =
            needed.iter().find(|(key, _)| key == named.key).map_or("not set".to_owned(), |(_, value)| plain(value));
        let is = match (named.key, named.found) {
            // What a queue is that says nothing of its type.
            ("x-queue-type", NOT_SET) => "not set (classic)",
            (_, found) => found,
        };
        found.push(Difference { key: named.key.to_owned(), found: is.to_owned(), needed: wanted });
        tried.retain(|(key, _)| key != named.key);
        match named.value() {
            Some(value) => tried.push((named.key.to_owned(), value)),
            None if named.found == NOT_SET => {}
            // Not an argument: nothing more can be learnt.
            None => break,
        }
    }
    found.sort_by_key(|difference: &Difference| needed.iter().position(|(key, _)| *key == difference.key));
    Ok(found)
}

/// An argument's value without its type.
fn plain(value: &AMQPValue) -> String {
    match value {
        AMQPValue::LongString(text) => text.to_string(),
        AMQPValue::LongLongInt(number) => number.to_string(),
        AMQPValue::Boolean(truth) => truth.to_string(),
        other => format!("{other:?}"),
    }
}

const NOT_SET: &str = "not set";

/// The argument that the server says differs.
#[derive(Debug, Eq, PartialEq)]
struct Named<'a> {
    key: &'a str,
    found: &'a str,
    kind: &'a str,
}

impl<'a> Named<'a> {
    /// Reads, for example: `PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'inbound.0' in vhost '/':
    /// received the value '5' of type 'long' but current is the value '7' of type 'long'`, or `… but current is none`.
    fn read(said: &'a str) -> Option<Self> {
        let (key, rest) = said.split_once("inequivalent arg '")?.1.split_once('\'')?;
        let current = rest.split_once("but current is ")?.1;
        let Some((_, value)) = current.split_once('\'') else {
            let found = if current == "none" { NOT_SET } else { current };
            return Some(Self { key, found, kind: "" });
        };
        let (found, kind) = value.split_once('\'')?;
        let kind =
            kind.split_once("of type '").and_then(|(_, kind)| kind.split_once('\'')).map_or("", |(kind, _)| kind);
        Some(Self { key, found, kind })
    }

    /// What the server has, as an argument.
    fn value(&self) -> Option<AMQPValue> {
        match self.kind {
            "longstr" => Some(AMQPValue::LongString(self.found.into())),
            "bool" => self.found.parse().ok().map(AMQPValue::Boolean),
            _ => self.found.parse().ok().map(AMQPValue::LongLongInt),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_read_from_what_the_server_says() {
        let said = "PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'inbound.0' in vhost '/': received \
                    the value '5' of type 'signedint' but current is ";
        for (current, found, value) in [
            ("the value '7' of type 'long'", "7", Some(AMQPValue::LongLongInt(7))),
            ("the value 'classic' of type 'longstr'", "classic", Some(AMQPValue::LongString("classic".into()))),
            ("the value 'true' of type 'bool'", "true", Some(AMQPValue::Boolean(true))),
            ("none", NOT_SET, None),
        ] {
            let said = format!("{said}{current}");
            let named = Named::read(&said).unwrap();
            assert_eq!((named.key, named.found, named.value()), ("x-max-length", found, value));
        }
        assert_eq!(Named::read("NOT_FOUND - no queue 'inbound.0' in vhost '/'"), None);
    }
}
