//! Puts messages of ours on the queue of what goes out. The row is durable, so this may be done again at any time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use blendline_wire::broker::BrokerMessage;
use blendline_wire::outbound::{Outbound, SendFailure, SendOutcome, SendResult};
use blendline_wire::trace::TraceContext;
use blendline_wire::worker::Author;
use blendline_wire::{ConversationId, OutboundId};
use futures_util::future::join_all;
use tokio::sync::mpsc;

use crate::consent::{self, Consents, OPEN_MS, SERVICE};
use crate::directory::{AccountEntry, Directory};
use crate::driver::mail::letter;
use crate::driver::private::{self, Way};
use crate::driver::release::Handed;
use crate::driver::telemetry;
use crate::patience::BackOff;
use crate::payload::StoredMessage;
use crate::ports::broker::{Broker, inbound_queue, outbound_queue};
use crate::ports::store::{Archive, Letter, StoreError, Transcript};
use crate::traces::{self, Kind, Span};

/// A message on its way to the sender, and the part of a trace that ends when it is there.
type Encoded = (Vec<u8>, Option<Span>);

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
        let (queue, results) = (outbound_queue(self.shard), inbound_queue(self.shard));
        while let Some(mut batch) = handed.recv().await {
            // One read for all that wait.
            while batch.len() < 256
                && let Ok(more) = handed.try_recv()
            {
                batch.extend(more);
            }
            let (letters, refused) = self.letters(&batch).await;
            join_all(letters.into_iter().map(|letter| self.hand_over(&queue, letter))).await;
            join_all(refused.into_iter().map(|body| self.publish(&results, body))).await;
        }
    }

    /// What is to be sent, and what came of those that are not.
    async fn letters(&self, handed: &[Handed]) -> (Vec<Encoded>, Vec<Vec<u8>>) {
        let ids: Vec<_> = handed.iter().map(|handed| handed.outbound).collect();
        let letters = insist("letters", || self.archive.letters(&ids)).await;
        let consents = self.consents(&letters).await;
        let threads = self.threads(&letters, &consents).await;
        let (mut bodies, mut refused) = (Vec::with_capacity(handed.len()), Vec::new());
        for handed in handed {
            let Some(letter) = letters.iter().find(|letter| letter.row.id == handed.outbound) else {
                telemetry::letter_missing(handed.outbound);
                continue;
            };
            let lines = threads.get(&letter.row.conversation).map(Vec::as_slice).unwrap_or_default();
            let way = if !is_wanted(letter, lines, consents.get(&letter.row.id)) {
                Err(SendFailure::new("no_consent", "the customer opted out: wait until he writes"))
            } else {
                self.way(letter, lines).await
            };
            match way {
                Ok(way) => bodies.push(self.encode(letter, handed.attempt, lines, way)),
                Err(cause) => {
                    let (id, outcome) = (letter.row.id, SendOutcome::Failed { cause });
                    let result = SendResult { id, attempt: handed.attempt, outcome, to: None, private: None };
                    refused.push(BrokerMessage::SendResultV1(result).encode(&[]));
                }
            }
        }
        (bodies, refused)
    }

    /// What is known of whom they go to, where anything is.
    async fn consents(&self, letters: &[Letter]) -> HashMap<OutboundId, Consents> {
        let subject = |letter: &Letter| {
            let entry = self.directory.accounts.get(&letter.row.account)?;
            Some(consent::subject(letter.row.tenant, consent::medium(&entry.channel), letter.to.expose()))
        };
        let subjects: Vec<_> = letters.iter().filter_map(|letter| Some((letter.row.id, subject(letter)?))).collect();
        let keys: Vec<_> = subjects.iter().map(|(_, subject)| *subject).collect();
        let entries = insist("consents", || self.archive.entries(&keys)).await;
        let known: HashMap<_, _> =
            entries.iter().filter_map(|entry| Some((entry.key, Consents::read(entry)?))).collect();
        subjects.into_iter().filter_map(|(id, subject)| Some((id, known.get(&subject)?.clone()))).collect()
    }

    /// What was said last where it matters: answers to mails continue a thread, an answer is always wanted, what a message
    /// serves stands beside its words, and so does the trace that it belongs to.
    async fn threads(
        &self,
        letters: &[Letter],
        consents: &HashMap<OutboundId, Consents>,
    ) -> HashMap<ConversationId, Vec<StoredMessage>> {
        let matters = |letter: &&Letter| {
            let unasked = letter.content.is_template() || consents.contains_key(&letter.row.id);
            unasked || self.mail_account(letter).is_some() || self.is_public(letter) || traces::are_on()
        };
        let conversations: Vec<_> = letters.iter().filter(matters).map(|letter| letter.row.conversation).collect();
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

    /// True where one speaks in public too.
    fn is_public(&self, letter: &Letter) -> bool {
        let entry = self.directory.accounts.get(&letter.row.account);
        let connector = entry.and_then(|entry| blendline_connectors::by_name(&entry.channel));
        connector.is_some_and(|connector| connector.capabilities().public)
    }

    /// Where a message goes on channels that have a public and a private side; `None` where its contact says it.
    async fn way(&self, letter: &Letter, lines: &[StoredMessage]) -> Result<Option<Way>, SendFailure> {
        let row = &letter.row;
        let entry = self.directory.accounts.get(&row.account);
        let connector = entry.and_then(|entry| blendline_connectors::by_name(&entry.channel));
        let Some(connector) = connector.filter(|connector| connector.capabilities().public) else { return Ok(None) };
        let own = lines.iter().find(|line| line.seq == row.seq);
        let privately = own.is_some_and(|line| line.body.privately);
        let failed = match privately {
            true => insist("letters", || private::failed(&*self.archive, lines)).await,
            false => HashSet::new(),
        };
        private::way(connector, lines, row.seq, privately, &failed, row.queued_at)
    }

    async fn hand_over(&self, queue: &str, (body, span): Encoded) {
        self.publish(queue, body).await;
        if let Some(span) = span {
            span.end(None);
        }
    }

    async fn publish(&self, queue: &str, body: Vec<u8>) {
        let mut back_off = BackOff::default();
        while let Err(error) = self.broker.publish(queue, body.clone()).await {
            telemetry::broker_unavailable("publish", &error);
            back_off.wait().await;
        }
    }

    fn encode(&self, letter: &Letter, attempt: u32, lines: &[StoredMessage], way: Option<Way>) -> Encoded {
        let row = &letter.row;
        let span = traces::follow("reply", Kind::Internal, trace_of(letter, lines));
        let span = span.map(|span| span.since(row.queued_at).with("blendline.outbound", row.id));
        let mut outbound = Outbound {
            id: row.id,
            attempt,
            tenant: row.tenant,
            account: row.account,
            conversation: row.conversation,
            to: letter.to.clone(),
            thread: letter.thread.clone(),
            reply_to: None,
            private_reply_to: None,
            answers: letter.answers.clone().map(Box::new),
            content: letter.content.clone(),
            window_until: row.window_until,
            message_id: None,
            in_reply_to: None,
            references: Vec::new(),
            subject: None,
            reply_address: None,
            automatic: row.worker.is_none(),
            trace: span.as_ref().map(Span::context),
        };
        if let Some(way) = way {
            way.direct(&mut outbound);
        }
        if let Some(entry) = self.mail_account(letter) {
            letter::address(&mut outbound, row.seq, row.queued_at, entry, lines);
        }
        (BrokerMessage::OutboundV1(outbound).encode(&[]), span)
    }
}

/// The trace of the customer's last message before it.
fn trace_of(letter: &Letter, lines: &[StoredMessage]) -> Option<TraceContext> {
    let before = lines.iter().filter(|line| line.author == Author::Customer && line.seq < letter.row.seq);
    before.max_by_key(|line| line.seq)?.body.trace
}

/// True for what the customer wants to hear: an answer, or what he has agreed to or at least not refused.
fn is_wanted(letter: &Letter, lines: &[StoredMessage], consents: Option<&Consents>) -> bool {
    let own = lines.iter().find(|line| line.seq == letter.row.seq);
    let purpose = own.and_then(|line| line.body.purpose.as_deref()).unwrap_or(SERVICE);
    let allowed = consents.map_or_else(|| consent::allowed_unasked(purpose), |known| known.allow(purpose));
    allowed || (purpose == SERVICE && is_answer(letter, lines))
}

/// True for what answers the customer while his conversation is open to us: by the platform's window, or where it has
/// none by what he said last.
fn is_answer(letter: &Letter, lines: &[StoredMessage]) -> bool {
    let row = &letter.row;
    match row.window_until {
        Some(until) => row.queued_at <= until,
        None => lines.iter().any(|line| {
            line.author == Author::Customer && line.seq < row.seq && row.queued_at <= line.at.plus(OPEN_MS)
        }),
    }
}

/// Asks the record until it answers: what is asked for is durable.
pub(crate) async fn insist<T, F: Future<Output = Result<T, StoreError>>>(
    what: &'static str,
    mut ask: impl FnMut() -> F,
) -> T {
    let mut back_off = BackOff::default();
    loop {
        match ask().await {
            Ok(found) => return found,
            Err(error) => telemetry::store_unavailable(what, &error),
        }
        back_off.wait().await;
    }
}
