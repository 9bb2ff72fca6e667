//! The client library alone, used as well as it can be: pipelined, confirmed, acks of a hundred at once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use blendline_tests::servers::rabbit::Rabbit;
use futures_util::StreamExt;
use lapin::options::*;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};

async fn connect(rabbit: &Rabbit) -> (Connection, Channel) {
    let connection = Connection::connect(&rabbit.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

/// Publishes with a sliding window of `window` messages and gives how many were confirmed.
pub(crate) async fn publish(rabbit: &Rabbit, queue: &str, window: u64, time: Duration) -> u64 {
    let (_connection, channel) = connect(rabbit).await;
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), arguments).await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let properties = BasicProperties::default().with_delivery_mode(2);
    let (body, mut out, mut confirmed) = (vec![b'x'; crate::BODY_BYTES], VecDeque::new(), 0);
    let began = Instant::now();
    while began.elapsed() < time || !out.is_empty() {
        while began.elapsed() < time && (out.len() as u64) < window {
            let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
            let sent = channel.basic_publish("".into(), queue.into(), options, &body, properties.clone());
            out.push_back(sent.await.unwrap());
        }
        if let Some(confirm) = out.pop_front() {
            assert!(confirm.await.unwrap().is_ack());
            confirmed += 1;
        }
    }
    confirmed
}

/// Consumes messages and acks a hundred at once.
pub(crate) async fn consume(rabbit: &Rabbit, queue: &str, count: usize) -> u64 {
    let (_connection, channel) = connect(rabbit).await;
    channel.basic_qos(1_000, BasicQosOptions::default()).await.unwrap();
    let consume = channel.basic_consume(queue.into(), "".into(), BasicConsumeOptions::default(), FieldTable::default());
    let mut consumer = consume.await.unwrap();
    for n in 1..=count {
        let delivery = consumer.next().await.unwrap().unwrap();
        if n % 100 == 0 || n == count {
            channel.basic_ack(delivery.delivery_tag, BasicAckOptions { multiple: true }).await.unwrap();
        }
    }
    count as u64
}

/// Deletes a queue, so that the next finds an idle server.
pub(crate) async fn delete(rabbit: &Rabbit, queue: &str) {
    let (_connection, channel) = connect(rabbit).await;
    channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
}
