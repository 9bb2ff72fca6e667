//! Is RabbitMQ set as it must be? What a user of AMQP can see, without plugins and without rights over others.

use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Event};
use tokio::time::{sleep, timeout};

use super::dial::{Events, NoConnection, dial};
use super::link::Session;
use super::options::Node;
use super::queue::{self, PERMIT, Undeclared};
use super::{OpenError, RabbitOptions, greeting, said};
use crate::adapters::finding::Finding;

/// The oldest version that this program was tried on, and the oldest that its makers still mend.
const OLDEST: (u32, u32) = (3, 10);
const MENDED: (u32, u32) = (4, 0);
/// The smallest frame worth having: one holds a bundle.
const FRAME_BYTES_MIN: u32 = 64 * 1024;
/// The largest message: a webhook's body and the events in it, or a long mail without its files.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long the word of an alarm may take after a message that got through.
const ALARM_WITHIN: Duration = Duration::from_millis(500);
/// AMQP's own word for a missing permission.
const ACCESS_REFUSED: &str = "ACCESS_REFUSED";

/// Looks at every node of `options`, and at these queues where they are there.
///
/// The version is not seen through TLS, nor whether a user may read a queue that holds messages nobody consumes: asking
/// would disturb it.
pub async fn examine(options: &RabbitOptions, queues: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut looked_at_queues = false;
    for node in &options.nodes {
        let dialled = match dial(node, options).await {
            Ok(dialled) => dialled,
            Err(error) => {
                found.push(no_connection(error));
                continue;
            }
        };
        found.extend(version(node, options).await);
        let mut events = dialled.events;
        let session = Session::new(dialled.connection, dialled.plug);
        found.extend(agreement(&session, options));
        let alarm = alarm(node, &session, &mut events, options).await;
        let takes_messages = alarm.is_none();
        found.extend(alarm);
        if takes_messages {
            found.extend(message_size(&session, options).await);
        }
        // Queues are the cluster's, so one node tells of them all.
        if !std::mem::replace(&mut looked_at_queues, true) {
            for queue in queues {
                found.extend(examine_queue(&session, queue, options).await);
            }
        }
    }
    found
}

fn no_connection(error: NoConnection) -> Finding {
    match error {
        NoConnection::Away(cause) => {
            Finding::fatal("connection", cause, "an answer", "start RabbitMQ, and check host and port in broker.url")
        }
        NoConnection::Refused(OpenError::Refused { node, cause, cure }) => {
            Finding::fatal("connection", format!("refused ({cause})"), format!("admission to {node}"), cure)
        }
        NoConnection::Refused(error) => Finding::fatal("connection", error.to_string(), "an answer", "see there"),
    }
}

async fn version(node: &Node, options: &RabbitOptions) -> Option<Finding> {
    let greeting = timeout(options.answer_within, greeting::read(node)).await.ok().flatten()?;
    let found = format!("{} {} ({node})", greeting.product, greeting.version);
    let version = greeting.numbers();
    if greeting.product != "RabbitMQ" {
        let cure = "this program was tried on RabbitMQ alone";
        return Some(Finding::warning("product", found, "RabbitMQ", cure));
    }
    if version < OLDEST {
        let cure = "upgrade RabbitMQ: queues of older versions lose their order when messages come back";
        return Some(Finding::fatal("version", found, "3.10 or later; best 4.x", cure));
    }
    let cure = "upgrade RabbitMQ when you can: its makers mend no faults in this version any more";
    (version < MENDED).then(|| Finding::warning("version", found, "4.x", cure))
}

fn agreement(session: &Session, options: &RabbitOptions) -> Vec<Finding> {
    let (heartbeat, frame_max) = session.agreed();
    let mut found = Vec::new();
    let longest = options.heartbeat.as_secs();
    if heartbeat == 0 || u64::from(heartbeat) > longest {
        let cure = "take heartbeat= out of broker.url: a paused owner keeps its queues for three times as long";
        found.push(Finding::warning("heartbeat", format!("{heartbeat} s"), format!("{longest} s or less"), cure));
    }
    if frame_max < FRAME_BYTES_MIN {
        let cure = "take frame_max out of rabbitmq.conf and broker.url (the default is 131072)";
        found.push(Finding::warning("frame_max", frame_max.to_string(), FRAME_BYTES_MIN.to_string(), cure));
    }
    found
}

/// Publishes what nobody gets: a server that is short of memory or disk says so, one that does not let us closes.
async fn alarm(node: &Node, session: &Session, events: &mut Events, options: &RabbitOptions) -> Option<Finding> {
    let publish = async {
        let channel = session.channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let nobody = ShortString::from("blendline.doctor");
        let properties = BasicProperties::default();
        let publish = channel.basic_publish("".into(), nobody, BasicPublishOptions::default(), b"", properties);
        publish.await?.await?;
        // The first message of a publisher may get through; the word that it was the last follows.
        sleep(ALARM_WITHIN).await;
        Ok::<_, lapin::Error>(())
    };
    let blocked = async {
        while let Some(event) = events.next().await {
            if let Event::ConnectionBlocked(reason) = event {
                return reason;
            }
        }
        std::future::pending().await
    };
    let cure = "free memory or disk on the node, or raise vm_memory_high_watermark or lower disk_free_limit in \
                rabbitmq.conf; until then it takes nothing";
    tokio::select! {
        // A blocked server does not confirm either.
        biased;
        reason = blocked => Some(Finding::fatal("alarm", format!("{reason} ({node})"), "none", cure)),
        published = timeout(options.answer_within, publish) => match published {
            Ok(Ok(())) => None,
            Ok(Err(error)) if said(&error).contains(ACCESS_REFUSED) => {
                Some(Finding::fatal("permission", said(&error), "write on amq.default", PERMIT))
            }
            Ok(Err(error)) => Some(Finding::fatal("publishing", said(&error), "a confirm", "see RabbitMQ's log")),
            Err(_) => Some(Finding::fatal("publishing", "no confirm", "a confirm", "see RabbitMQ's log")),
        },
    }
}

/// Publishes the largest message that there may be, for nobody: a server that takes less refuses it and says how much.
async fn message_size(session: &Session, options: &RabbitOptions) -> Option<Finding> {
    let publish = async {
        let channel = session.channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let nobody = ShortString::from("blendline.doctor");
        let body = vec![0; MESSAGE_BYTES_MAX];
        let properties = BasicProperties::default();
        let publish = channel.basic_publish("".into(), nobody, BasicPublishOptions::default(), &body, properties);
        publish.await?.await?;
        Ok::<_, lapin::Error>(())
    };
    let error = match timeout(options.answer_within, publish).await {
        Ok(Err(error)) => said(&error),
        // A slow server is no small one; an alarm is told elsewhere.
        Ok(Ok(())) | Err(_) => return None,
    };
    // "message size 16777216 is larger than configured max size 1048576"
    let (_, max) = error.split_once("max size ")?;
    let max: String = max.chars().take_while(char::is_ascii_digit).collect();
    let cure =
        "raise max_message_size in rabbitmq.conf: what is larger is not taken in, and its sender is told to come again";
    Some(Finding::warning("max_message_size", max, MESSAGE_BYTES_MAX.to_string(), cure))
}

async fn examine_queue(session: &Session, queue: &str, options: &RabbitOptions) -> Vec<Finding> {
    let failed = |cause: String| vec![Finding::fatal(queue, cause, "a quorum queue", "see RabbitMQ's log")];
    let looked = async {
        let channel = session.channel().await?;
        Ok::<_, lapin::Error>(queue::look(&channel, queue).await?.map(|counts| (channel, counts)))
    };
    let (channel, (waiting, consumers)) = match timeout(options.answer_within, looked).await {
        Ok(Ok(Some(found))) => found,
        // It is made when it is needed.
        Ok(Ok(None)) => return Vec::new(),
        Ok(Err(error)) => return failed(said(&error)),
        Err(_) => return failed("no answer: it may have no leader".to_owned()),
    };
    let mut found = match queue::differences(session, queue, options).await {
        Ok(differences) => differences
            .into_iter()
            .map(|differs| {
                let key = format!("{queue} {}", differs.key);
                Finding::fatal(key, differs.found, differs.needed, queue::cure(&differs.key))
            })
            .collect(),
        Err(Undeclared::Wrong(OpenError::Queue { key, found, needed, cure, .. })) => {
            vec![Finding::fatal(format!("{queue} {key}"), found, needed, cure)]
        }
        Err(error) => failed(error.to_string()),
    };
    if consumers > 0 || waiting == 0 {
        let tag = ShortString::from("blendline.doctor");
        let consume =
            channel.basic_consume(queue.into(), tag.clone(), BasicConsumeOptions::default(), FieldTable::default());
        match consume.await {
            Ok(_) => drop(channel.basic_cancel(tag, BasicCancelOptions::default()).await),
            Err(error) => found.push(Finding::fatal(format!("{queue} permission"), said(&error), "read", PERMIT)),
        }
    }
    found
}
