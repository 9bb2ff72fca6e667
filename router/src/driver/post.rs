//! Puts messages of ours on the queue of what goes out. The row is durable, so this may be done again at any time.

use std::collections::HashMap;
use std::sync::Arc;

use blendline_wire::ConversationId;
use blendline_wire::broker::BrokerMessage;
use blendline_wire::outbound::Outbound;
use futures_util::future::join_all;
use tokio::sync::mpsc;

use crate::directory::{AccountEntry, Directory};
use crate::driver::mail::letter;
use crate::driver::release::Handed;
use crate::driver::telemetry;
use crate::patience::BackOff;
use crate::payload::StoredMessage;
use crate::ports::broker::{Broker, outbound_queue};
use crate::ports::store::{Archive, Letter, StoreError, Transcript};

/// Hands messages over, those of one commit side by side: the core lets one go per conversation.
pub(crate) struct Post {
    pub(crate) shard: u16,
    pub(crate) archive: Arc<dyn Archive>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) directory: Arc<Directory>,
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
        let letters = insist("letters", || self.archive.letters(&ids)).await;
        let threads = self.threads(&letters).await;
        let bodies = handed.iter().filter_map(|handed| {
            let letter = letters.iter().find(|letter| letter.row.id == handed.outbound);
            if letter.is_none() {
                telemetry::letter_missing(handed.outbound);
            }
            letter.map(|letter| self.encode(letter, handed.attempt, &threads))
        });
        bodies.collect()
    }

    /// What was said last in the conversations of mails: their answers continue a thread.
    async fn threads(&self, letters: &[Letter]) -> HashMap<ConversationId, Vec<StoredMessage>> {
        let mails = letters.iter().filter(|letter| self.mail_account(letter).is_some());
        let conversations: Vec<_> = mails.map(|letter| letter.row.conversation).collect();
        if conversations.is_empty() {
            return HashMap::new();
        }
        let of: Vec<_> = conversations.iter().map(|id| Transcript::Conversation(*id)).collect();
        let lines = insist("transcripts", || self.archive.transcripts(&of, letter::LINES_MAX)).await;
        conversations.into_iter().zip(lines).collect()
    }

    /// The account of a letter, where it is a mail.
    fn mail_account(&self, letter: &Letter) -> Option<&AccountEntry> {
        let entry = self.directory.accounts.get(&letter.row.account)?;
        blendline_connectors::by_name(&entry.channel).is_some_and(|channel| channel.is_mail()).then_some(entry)
    }

    async fn publish(&self, queue: &str, body: Vec<u8>) {
        let mut back_off = BackOff::default();
        while let Err(error) = self.broker.publish(queue, body.clone()).await {
            telemetry::broker_unavailable("publish", &error);
            back_off.wait().await;
        }
    }

    fn encode(&self, letter: &Letter, attempt: u32, threads: &HashMap<ConversationId, Vec<StoredMessage>>) -> Vec<u8> {
        let row = &letter.row;
        let mut outbound = Outbound {
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
            message_id: None,
            in_reply_to: None,
            references: Vec::new(),
            subject: None,
            reply_address: None,
            automatic: false,
        };
        if let Some(entry) = self.mail_account(letter) {
            let lines = threads.get(&row.conversation).map(Vec::as_slice).unwrap_or_default();
            letter::address(&mut outbound, row.seq, row.queued_at, entry, lines);
        }
        BrokerMessage::OutboundV1(outbound).encode(&[])
    }
}

/// Asks the record until it answers: what is asked for is durable.
async fn insist<T, F: Future<Output = Result<T, StoreError>>>(what: &'static str, mut ask: impl FnMut() -> F) -> T {
    let mut back_off = BackOff::default();
    loop {
        match ask().await {
            Ok(found) => return found,
            Err(error) => telemetry::store_unavailable(what, &error),
        }
        back_off.wait().await;
    }
}
