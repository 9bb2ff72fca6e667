//! Waits with what was said in a chat until its visitor had time to see it, and mails what he has not seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use blendline_core::Write;
use blendline_core::input::DeliveryStatus;
use blendline_core::rows::{OutboundRow, OutboundState};
use blendline_wire::broker::BrokerMessage;
use blendline_wire::outbound::Outbound;
use blendline_wire::worker::Author;
use blendline_wire::{Millis, OutboundId};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, sleep_until};

use super::{FIRST_MAIL, Handover, letter};
use crate::api::now;
use crate::consent::{self, Consents, SERVICE};
use crate::directory::Directory;
use crate::driver::keys;
use crate::driver::mail::letter::LINES_MAX;
use crate::driver::post::insist;
use crate::driver::telemetry;
use crate::patience::BackOff;
use crate::payload::StoredMessage;
use crate::ports::broker::{Broker, outbound_queue};
use crate::ports::store::{Archive, Letter, Transcript};

/// How many messages may wait; beyond that the visitor reads them in the chat when he comes back.
const WAITING_MAX: usize = 10_000;
/// How far back an owner looks, when it begins, for what the one before it had waiting, in milliseconds and messages.
const BEFORE_MS: u64 = 24 * 60 * 60 * 1000;
const BEFORE_MAX: usize = 1_000;
/// How long after which nothing is waited for.
const FAR: Duration = Duration::from_secs(86_400);

/// A message that may have to go by mail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Mailing {
    pub(crate) outbound: OutboundId,
    /// The number of the attempt that the mail would be.
    pub(crate) attempt: u32,
    /// How long it is not looked at, in milliseconds.
    pub(crate) wait_ms: u64,
}

/// Messages that a commit said in chats whose visitors may be answered by mail.
pub(crate) fn said(writes: &[Write], directory: &Directory) -> Vec<Mailing> {
    let said = writes.iter().filter_map(|write| match write {
        Write::Outbound(row) if is_unseen(row) && directory.mails_for(row.account).is_some() => Some(row.id),
        _ => None,
    });
    said.map(|outbound| Mailing { outbound, attempt: FIRST_MAIL, wait_ms: 0 }).collect()
}

/// True while nobody told that the visitor saw it.
fn is_unseen(row: &OutboundRow) -> bool {
    matches!(row.state, OutboundState::Sent { status } if status < DeliveryStatus::Failed)
}

/// What is to be done about a message.
enum Fate {
    /// Nothing: it was seen, or nobody can be written to.
    Rests,
    /// It is looked at again at this time.
    Waits(Millis),
    /// It goes by mail.
    Goes(Box<Outbound>),
}

/// Waits, and mails.
pub(crate) struct Courier {
    shard: u16,
    archive: Arc<dyn Archive>,
    broker: Arc<dyn Broker>,
    directory: Arc<Directory>,
    waiting: BTreeMap<(Instant, OutboundId), u32>,
}

impl Courier {
    pub(crate) fn new(
        shard: u16,
        archive: Arc<dyn Archive>,
        broker: Arc<dyn Broker>,
        directory: Arc<Directory>,
    ) -> Self {
        Self { shard, archive, broker, directory, waiting: BTreeMap::new() }
    }

    /// Runs until the driver stops. What waits then is found by the next owner.
    pub(crate) async fn run(mut self, mut said: mpsc::Receiver<Vec<Mailing>>) {
        self.look_back().await;
        loop {
            let next = self.waiting.first_key_value().map_or_else(|| Instant::now() + FAR, |((at, _), _)| *at);
            tokio::select! {
                more = said.recv() => match more {
                    Some(more) => more.into_iter().for_each(|one| self.wait(one)),
                    None => return,
                },
                () = sleep_until(next) => self.look().await,
            }
        }
    }

    /// Takes up what was said lately and not seen: an owner may have ended while it waited.
    async fn look_back(&mut self) {
        let chats: Vec<_> = self.directory.chats_with_mail().collect();
        for (tenant, account) in chats {
            let rows = insist("said_lately", || self.archive.said_lately(tenant, account, BEFORE_MAX)).await;
            let since = now().0.saturating_sub(BEFORE_MS);
            for row in rows.iter().filter(|row| is_unseen(row) && since < row.queued_at.0) {
                self.wait(Mailing { outbound: row.id, attempt: FIRST_MAIL, wait_ms: 0 });
            }
        }
    }

    fn wait(&mut self, Mailing { outbound, attempt, wait_ms }: Mailing) {
        if WAITING_MAX <= self.waiting.len() {
            return tracing::warn!(%outbound, "Too many answers wait for their visitors: this one stays in the chat.");
        }
        self.waiting.insert((Instant::now() + Duration::from_millis(wait_ms), outbound), attempt);
    }

    /// Looks at what is due.
    async fn look(&mut self) {
        let later = self.waiting.split_off(&(Instant::now() + Duration::from_millis(1), OutboundId(0)));
        let due = std::mem::replace(&mut self.waiting, later);
        for ((_, outbound), attempt) in due {
            match self.fate(outbound, attempt).await {
                Fate::Rests => {}
                Fate::Waits(until) => self.wait(Mailing { outbound, attempt, wait_ms: until.since(now()) }),
                Fate::Goes(mail) => self.post(*mail).await,
            }
        }
    }

    async fn fate(&self, outbound: OutboundId, attempt: u32) -> Fate {
        let wanted = [outbound];
        let letters = insist("letters", || self.archive.letters(&wanted)).await;
        let Some(letter) = letters.into_iter().next().filter(|letter| is_unseen(&letter.row)) else {
            return Fate::Rests;
        };
        let row = &letter.row;
        let Some((by, entry)) = self.directory.mails_for(row.account) else { return Fate::Rests };
        let until = row.queued_at.plus(self.directory.mails_after_ms(row.account));
        let conversation = [Transcript::Conversation(row.conversation)];
        let lines = insist("transcripts", || self.archive.transcripts(&conversation, LINES_MAX)).await;
        let lines = lines.into_iter().next().unwrap_or_default();
        // Where he wrote last, there he is answered.
        let by_mail = wrote_by_mail(&lines, row.seq);
        if !by_mail && now() < until {
            return Fate::Waits(until);
        }
        let Some(handover) = self.handover(&letter).await else { return Fate::Rests };
        if !by_mail && !self.allows(&letter, &handover).await {
            return Fate::Rests;
        }
        let mail = letter::mail(&letter, attempt, (by, entry), &lines, &handover, by_mail);
        if self.left_before(&mail).await {
            return Fate::Rests;
        }
        Fate::Goes(Box::new(mail))
    }

    /// True for a mail of which the record knows that it left: its answer would find the conversation. An owner that looks
    /// back meets those again.
    async fn left_before(&self, mail: &Outbound) -> bool {
        let place = keys::address(mail.tenant, mail.account, mail.to.expose(), mail.message_id.as_deref());
        mail.message_id.is_some() && insist("contact_at", || self.archive.contact_at(place)).await.is_some()
    }

    async fn handover(&self, letter: &Letter) -> Option<Handover> {
        let keys = [Handover::key(letter.row.tenant, letter.row.contact)];
        insist("entries", || self.archive.entries(&keys)).await.first().and_then(Handover::read)
    }

    /// Whether he has not withdrawn that he is written to there.
    async fn allows(&self, letter: &Letter, handover: &Handover) -> bool {
        let keys = [consent::subject(letter.row.tenant, "email", handover.address.expose())];
        let entries = insist("entries", || self.archive.entries(&keys)).await;
        entries.first().and_then(Consents::read).is_none_or(|known| known.allow(SERVICE))
    }

    async fn post(&self, mail: Outbound) {
        let (queue, body) = (outbound_queue(self.shard), BrokerMessage::OutboundV1(mail).encode(&[]));
        let mut back_off = BackOff::default();
        while let Err(error) = self.broker.publish(&queue, body.clone()).await {
            telemetry::broker_unavailable("publish", &error);
            back_off.wait().await;
        }
    }
}

/// True where the customer's last word before `seq` was a mail.
fn wrote_by_mail(lines: &[StoredMessage], seq: u64) -> bool {
    let heard = |line: &&StoredMessage| {
        line.author == Author::Customer && line.seq < seq && line.body.kind.is_some_and(|kind| kind.wants_answer())
    };
    lines.iter().rev().find(heard).is_some_and(|line| line.body.mail.is_some())
}
