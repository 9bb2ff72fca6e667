//! What a visitor says, made durable before he is told so.

use std::time::Duration;

use blendline_wire::broker::{AccountEvent, BrokerMessage, InboundBatch};
use blendline_wire::inbound::{ConversationKey, InboundEvent, InboundKind};
use blendline_wire::outbound::Content;
use blendline_wire::{ConversationId, Millis, Pii};

use super::frames::Cursor;
use super::site::Site;
use super::token::Visitor;
use super::{CHANNEL, Chat, telemetry};
use crate::api::now;
use crate::ports::broker::inbound_queue;
use crate::ports::live::Allowance;
use crate::satisfaction;

/// The longest text, in bytes.
pub(super) const TEXT_BYTES_MAX: usize = 8 * 1024;
/// The largest frame or body.
pub(super) const FRAME_BYTES_MAX: usize = 16 * 1024;
/// How long a message waits for the broker; then the widget is told to say it again.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(2);
/// How often a visitor may say whether it is solved, per minute and at once: pressed again and again it counts once.
const WORDS: (u32, u32) = (20, 5);
/// When to try again what the broker did not take.
const BUSY_MS: u64 = 1000;

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NotTaken {
    /// A stable word.
    pub(super) reason: &'static str,
    /// When saying it again may help; `None`: never.
    pub(super) retry_after_ms: Option<u64>,
}

impl NotTaken {
    /// It could not be kept just now.
    pub(super) fn busy() -> Self {
        Self::count("busy", Some(BUSY_MS))
    }

    fn count(reason: &'static str, retry_after_ms: Option<u64>) -> Self {
        telemetry::refused(reason);
        Self { reason, retry_after_ms }
    }
}

/// Whether a visitor's word is that it is solved.
pub(super) fn confirms(event: &InboundEvent) -> bool {
    event.payload.as_ref().is_some_and(|payload| payload.expose() == "confirm")
}

/// The visitor's stars, with the place of the question that they answer.
pub(super) fn rates(event: &InboundEvent) -> Option<(Cursor, u8)> {
    let (place, score) = event.payload.as_ref()?.expose().strip_prefix("rate:")?.split_once(':')?;
    Some((place.parse().ok()?, score.parse().ok()?))
}

/// The button that a visitor pressed, with the place of the message that has it.
pub(super) fn presses(event: &InboundEvent) -> Option<(Cursor, &str)> {
    let place = event.target_message_id.as_deref()?.parse().ok()?;
    Some((place, event.payload.as_ref()?.expose()))
}

impl Chat {
    /// Takes a message; `Ok` means that it is durable.
    pub(super) async fn say(&self, site: &Site, visitor: &Visitor, event: InboundEvent) -> Result<(), NotTaken> {
        let Some(text) = &event.text else { return Err(NotTaken::count("empty", None)) };
        if TEXT_BYTES_MAX < text.expose().len() {
            return Err(NotTaken::count("too_long", None));
        }
        self.allow("say", (self.limits.messages_per_minute, self.limits.messages_burst), site, visitor).await?;
        let own_id = event.external_message_id.clone().unwrap_or_default();
        let address = visitor.vouched_address().filter(|_| site.hands_over);
        self.publish(site, visitor, std::iter::once((own_id, event)).chain(address).collect()).await?;
        telemetry::taken();
        Ok(())
    }

    /// Takes the visitor's word on whether it is solved. Pressed twice it counts once; after a denial and a second
    /// solution it counts again. It has an allowance of its own: whoever wrote a lot may still say it.
    pub(super) async fn confirm(
        &self,
        site: &Site,
        visitor: &Visitor,
        (conversation, solved_at): (ConversationId, Millis),
        confirmed: bool,
    ) -> Result<(), NotTaken> {
        self.allow("confirm", WORDS, site, visitor).await?;
        let verb = if confirmed { "confirm" } else { "deny" };
        let payload = Some(Pii::new(format!("blendline:{verb}:{conversation}")));
        let event = InboundEvent { kind: InboundKind::Postback, payload, ..InboundEvent::default() };
        self.publish(site, visitor, vec![(format!("{conversation}@{}", solved_at.0), event)]).await
    }

    /// Takes the visitor's stars. Whether they are asked for, and of him, is the driver's to say: it knows whom it asked.
    pub(super) async fn rate(
        &self,
        site: &Site,
        visitor: &Visitor,
        (question, score): (Cursor, u8),
        client_id: &str,
    ) -> Result<(), NotTaken> {
        self.allow("rate", WORDS, site, visitor).await?;
        let payload = Some(Pii::new(satisfaction::payload(question.conversation, score)));
        let external_message_id = Some(client_id.to_owned());
        let event =
            InboundEvent { kind: InboundKind::Postback, payload, external_message_id, ..InboundEvent::default() };
        self.publish(site, visitor, vec![(client_id.to_owned(), event)]).await
    }

    /// Takes a button that the visitor pressed, as what he says: the words on it, and what it says to us as the record has it.
    /// What no message of his has is a word into the dark, as on any channel.
    pub(super) async fn press(
        &self,
        site: &Site,
        visitor: &Visitor,
        (place, pressed): (Cursor, &str),
        client_id: &str,
    ) -> Result<(), NotTaken> {
        let contact = self.contact(site, visitor).await.map_err(|_| NotTaken::busy())?;
        let Some(before) = place.seq.checked_sub(1) else { return Ok(()) };
        let after = Some((place.conversation, before));
        let found = self.archive.follow(site.account, contact, after, 1).await.map_err(|_| NotTaken::busy())?;
        let line = found.lines.into_iter().find(|(id, line)| *id == place.conversation && line.seq == place.seq);
        let Some(Content::Buttons { buttons, .. }) = line.and_then(|(_, line)| line.body.content) else {
            return Ok(());
        };
        let Some((payload, label)) = buttons.into_iter().find(|(payload, _)| payload == pressed) else { return Ok(()) };
        let event = InboundEvent {
            external_message_id: Some(client_id.to_owned()),
            text: Some(Pii::new(label)),
            payload: Some(Pii::new(payload)),
            ..InboundEvent::default()
        };
        self.say(site, visitor, event).await
    }

    /// One of what the visitor may say: so many per minute, so many at once.
    pub(super) async fn allow(
        &self,
        what: &str,
        (per_minute, burst): (u32, u32),
        site: &Site,
        visitor: &Visitor,
    ) -> Result<(), NotTaken> {
        let key = format!("chat.{what}.{}", hex::encode(site.address(visitor.peer.expose())));
        let allowed = self.live.allow(&[Allowance::per_minute(key, per_minute, burst)]).await;
        allowed.map_err(|wait_ms| NotTaken::count("too_fast", Some(wait_ms)))
    }

    /// Makes events of his durable, each under an id of its own.
    pub(super) async fn publish(
        &self,
        site: &Site,
        visitor: &Visitor,
        events: Vec<(String, InboundEvent)>,
    ) -> Result<(), NotTaken> {
        let events = events.into_iter().map(|(own_id, event)| AccountEvent {
            account: Some(site.account),
            event: visitor.acting(site, &own_id, event),
        });
        let message = BrokerMessage::InboundV1(InboundBatch {
            channel: CHANNEL.to_owned(),
            tenant: site.tenant,
            received_at: now(),
            events: events.collect(),
            trace: None,
        });
        let queue = inbound_queue(self.doors.shard(site.tenant));
        let publishing = self.broker.publish(&queue, message.encode(b""));
        match tokio::time::timeout(PUBLISH_TIMEOUT, publishing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a visitor's message was not taken");
                Err(NotTaken::busy())
            }
            Err(_) => Err(NotTaken::busy()),
        }
    }
}

impl Visitor {
    /// The event as it is his.
    fn acting(&self, site: &Site, own_id: &str, event: InboundEvent) -> InboundEvent {
        let peer = self.peer.expose();
        InboundEvent {
            conversation_key: ConversationKey {
                account: site.external_id.clone(),
                peer: Some(peer.clone()),
                thread: None,
            },
            sender_id: Some(peer.clone()),
            sender_name: self.name.clone(),
            // Ids are the widget's own, so another visitor's must never make this one a duplicate.
            dedup_key: Some(format!("{peer}\u{1f}{own_id}")),
            ..event
        }
    }
}
