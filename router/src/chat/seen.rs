//! What a visitor has seen: a mark up to a place, which becomes a report on each of our messages before it.

use blendline_connectors::webchat::ADDRESS;
use blendline_core::input::DeliveryStatus;
use blendline_core::rows::OutboundState;
use blendline_wire::inbound::{InboundEvent, InboundKind};
use blendline_wire::worker::Author;
use blendline_wire::{ContactKey, ConversationId, OutboundId, Pii};
use serde_json::{Value, json};

use super::Chat;
use super::frames::Cursor;
use super::say::NotTaken;
use super::site::Site;
use super::token::Visitor;
use crate::payload::StoredMessage;
use crate::ports::store::StoreError;

/// Lines that one mark is looked for in, from the latest: what is further back was marked before, or will not be.
const LINES_MAX: usize = 100;
/// How often a visitor may mark, per minute and at once: a mark is for all that came before it.
const MARKS: (u32, u32) = (60, 20);
/// How often he may say what he agrees to, or where he is to be answered.
const WORDS: (u32, u32) = (10, 5);

impl Chat {
    /// Takes a mark: everything of ours up to this place was seen.
    pub(super) async fn seen(
        &self,
        site: &Site,
        visitor: &Visitor,
        contact: ContactKey,
        cursor: Cursor,
    ) -> Result<(), NotTaken> {
        self.allow("seen", MARKS, site, visitor).await?;
        let unseen = self.unseen(site, contact, cursor).await.map_err(|error| {
            tracing::debug!(%error, "a visitor's mark could not be looked up");
            NotTaken::busy()
        })?;
        if unseen.is_empty() {
            return Ok(());
        }
        let report = |id: OutboundId| {
            let event = InboundEvent {
                kind: InboundKind::Status,
                status: Some("read".to_owned()),
                is_status_or_echo: true,
                outbound_ref: Some(id.to_string()),
                ..InboundEvent::default()
            };
            (id.to_string(), event)
        };
        self.publish(site, visitor, unseen.into_iter().map(report).collect()).await
    }

    /// Our messages up to this place of which nobody said yet that they were seen.
    async fn unseen(&self, site: &Site, contact: ContactKey, cursor: Cursor) -> Result<Vec<OutboundId>, StoreError> {
        let following = self.archive.follow(site.account, contact, None, LINES_MAX).await?;
        let until = (cursor.conversation, cursor.seq);
        let is_before = |(id, line): &&(ConversationId, StoredMessage)| (*id, line.seq) <= until;
        let ours = following.lines.iter().filter(is_before).filter(|(_, line)| line.author == Author::Worker);
        let ours: Vec<_> = ours.filter_map(|(_, line)| line.outbound).collect();
        if ours.is_empty() {
            return Ok(ours);
        }
        let letters = self.archive.letters(&ours).await?.into_iter();
        let unseen = letters.filter(
            |letter| matches!(letter.row.state, OutboundState::Sent { status } if status < DeliveryStatus::Read),
        );
        Ok(unseen.map(|letter| letter.row.id).collect())
    }

    /// Takes what he agrees to, or where he is to be answered.
    pub(super) async fn agree(&self, site: &Site, visitor: &Visitor, event: InboundEvent) -> Result<(), NotTaken> {
        self.allow("agree", WORDS, site, visitor).await?;
        let own_id = event.external_message_id.clone().unwrap_or_default();
        self.publish(site, visitor, vec![(own_id, visitor.speaking(event))]).await
    }
}

impl Visitor {
    /// The event by which it is known where whom the company vouches for is to be answered: said anew with each message,
    /// it counts once.
    pub(super) fn vouched_address(&self) -> Option<(String, InboundEvent)> {
        let email = self.email.as_ref()?.expose();
        let event = InboundEvent {
            kind: InboundKind::Optin,
            event: Some(ADDRESS.to_owned()),
            field: Some("identity".to_owned()),
            system: Some(Pii::new(json!({ "email": email }))),
            ..InboundEvent::default()
        };
        Some((format!("address {email}"), self.speaking(event)))
    }

    /// What changed about him, with the language in which he reads.
    fn speaking(&self, event: InboundEvent) -> InboundEvent {
        let told = event.system.map(|told| match (told.into_inner(), &self.lang) {
            (Value::Object(mut told), Some(lang)) => {
                told.insert("lang".to_owned(), Value::from(lang.as_str()));
                Pii::new(Value::Object(told))
            }
            (told, _) => Pii::new(told),
        });
        InboundEvent { system: told, ..event }
    }
}
