//! Puts messages of ours on the queue of what goes out. The row is durable, so this may be done again at any time.

use std::sync::Arc;

use blendline_wire::broker::BrokerMessage;
use blendline_wire::outbound::Outbound;
use futures_util::future::join_all;
use tokio::sync::mpsc;

use crate::driver::release::Handed;
use crate::driver::telemetry;
use crate::patience::BackOff;
use crate::ports::broker::{Broker, outbound_queue};
use crate::ports::store::{Archive, Letter};

/// Hands messages over, those of one commit side by side: the core lets one go per conversation.
pub(crate) struct Post {
    pub(crate) shard: u16,
    pub(crate) archive: Arc<dyn Archive>,
    pub(crate) broker: Arc<dyn Broker>,
}

impl Post {
    /// Runs until the driver stops.
    pub(crate) async fn run(self, mut handed: mpsc::Receiver<Vec<Handed>>) {
        let queue = outbound_queue(self.shard);
        while let Some(mut batch) = handed.recv().await {
            // One read for all that wait.
            while batch.len() < 256
                && let Ok(more) = handed.try_recv()
            {
                batch.extend(more);
            }
            let letters = self.letters(&batch).await;
            join_all(letters.into_iter().map(|body| self.publish(&queue, body))).await;
        }
    }

    async fn letters(&self, handed: &[Handed]) -> Vec<Vec<u8>> {
        let ids: Vec<_> = handed.iter().map(|handed| handed.outbound).collect();
        let mut back_off = BackOff::default();
        let letters = loop {
            match self.archive.letters(&ids).await {
                Ok(letters) => break letters,
                Err(error) => telemetry::store_unavailable("letters", &error),
            }
            back_off.wait().await;
        };
        let bodies = handed.iter().filter_map(|handed| {
            let letter = letters.iter().find(|letter| letter.row.id == handed.outbound);
            if letter.is_none() {
                telemetry::letter_missing(handed.outbound);
            }
            letter.map(|letter| encode(letter, handed.attempt))
        });
        bodies.collect()
    }

    async fn publish(&self, queue: &str, body: Vec<u8>) {
        let mut back_off = BackOff::default();
        while let Err(error) = self.broker.publish(queue, body.clone()).await {
            telemetry::broker_unavailable("publish", &error);
            back_off.wait().await;
        }
    }
}

fn encode(letter: &Letter, attempt: u32) -> Vec<u8> {
    let row = &letter.row;
    let outbound = Outbound {
        id: row.id,
        attempt,
        tenant: row.tenant,
        account: row.account,
        conversation: row.conversation,
        to: letter.to.clone(),
        thread: letter.thread.clone(),
        reply_to: None,
        answers: letter.answers.clone().map(Box::new),
        content: letter.content.clone(),
        window_until: row.window_until,
    };
    BrokerMessage::OutboundV1(outbound).encode(&[])
}
