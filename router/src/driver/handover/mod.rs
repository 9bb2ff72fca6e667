//! A web chat whose visitor is gone goes on by mail, as the same conversation.
//!
//! He leaves an address, or his company signed one. An answer that he has not seen for a while, or that answers a mail of
//! his, goes by the mail account that the chat's account names; the words stay where they were said, in the chat. The mail
//! bears what our mails bear, so its answer finds this conversation, and nobody else's does.
//!
//! Suggested reading order: this file, [`courier`], [`letter`].

pub(crate) mod courier;
mod letter;

use blendline_connectors::webchat::{ADDRESS, CONSENT};
use blendline_core::input::DeliveryStatus;
use blendline_core::{Command, Input};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::{InboundEvent, InboundKind};
use blendline_wire::outbound::{SendOutcome, SendResult};
use blendline_wire::worker::ServerFrame;
use blendline_wire::{AccountId, ContactKey, Millis, OutboundId, Pii, TenantId};
use serde::{Deserialize, Serialize};

use crate::directory::AccountEntry;
use crate::driver::handover::courier::Mailing;
use crate::driver::keys::{self, Key};
use crate::driver::release::Output;
use crate::driver::step::Stepper;
use crate::ports::register::{self, Entry, Kind};

/// A message of a chat is said in the first attempt; those after it are mails.
pub(crate) const FIRST_MAIL: u32 = 2;
/// Mails that are tried for one message.
const MAILS_MAX: u32 = 6;
/// The shortest wait before a mail is tried again, in milliseconds; doubled each time.
const RETRY_MS: u64 = 1_000;
/// The wait where the account does not work, in milliseconds.
const DOWN_MS: u64 = 60_000;

/// Where a visitor is answered when he is gone.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Handover {
    /// His mail address.
    pub(crate) address: Pii<String>,
    /// The language in which he reads, where it is known.
    #[serde(default)]
    pub(crate) lang: Option<String>,
    /// True where the company signed the address for him.
    #[serde(default)]
    pub(crate) signed: bool,
}

impl Handover {
    /// By what it is found.
    pub(crate) fn key(tenant: TenantId, contact: ContactKey) -> register::Key {
        register::key(Kind::Handover, tenant, &[&hex::encode(contact.0.to_be_bytes())])
    }

    pub(crate) fn read(entry: &Entry) -> Option<Self> {
        Self::deserialize(entry.body.expose()).ok()
    }

    fn entry(&self, tenant: TenantId, contact: ContactKey, at: Millis) -> Entry {
        let body = Pii::new(serde_json::to_value(self).unwrap_or_default());
        Entry { kind: Kind::Handover, key: Self::key(tenant, contact), tenant, at, body }
    }
}

/// True for what a visitor says of the chat itself, and to nobody who works at it.
pub(crate) fn is_of_chat(event: &InboundEvent) -> bool {
    event.kind == InboundKind::Optin && matches!(event.event.as_deref(), Some(CONSENT | ADDRESS))
}

/// An address that a visitor leaves.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) address: Pii<String>,
    lang: Option<String>,
    /// True where he said so himself; else the company signed it.
    pub(crate) is_his_word: bool,
}

impl Left {
    /// What this event leaves; most leave nothing.
    pub(crate) fn of(event: &InboundEvent) -> Option<Self> {
        if event.kind != InboundKind::Optin || event.event.as_deref() != Some(ADDRESS) {
            return None;
        }
        let told = event.system.as_ref()?.expose();
        let text = |name: &str| told.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        let is_his_word = event.field.as_deref() != Some("identity");
        Some(Self { address: Pii::new(text("email")?), lang: text("lang"), is_his_word })
    }
}

impl Stepper<'_> {
    /// Takes up where a visitor is to be answered, where his chat can do that.
    pub(crate) fn take_address(&mut self, left: Left, account: AccountId, entry: &AccountEntry, place: Key) {
        if self.directory.mails_for(account).is_none() {
            return;
        }
        let contact = self.overlay.contact(&place).unwrap_or_else(|| keys::contact(place));
        let handover = Handover { address: left.address, lang: left.lang, signed: !left.is_his_word };
        self.put_entry(handover.entry(entry.tenant, contact, self.now()));
    }

    /// True where `by` is the mail account of the chat `account`: what came of a mail of it is about the chat's message.
    pub(crate) fn mails_by(&self, account: AccountId, by: AccountId) -> bool {
        self.directory.mails_for(account).is_some_and(|(mails, _)| mails == by)
    }

    /// Takes up what came of a mail that said what a chat's visitor had not seen. False where it was no such mail.
    pub(crate) fn mailed(&mut self, result: &SendResult) -> bool {
        let outbound = result.id;
        let Some(row) = self.core.outbound(outbound).or_else(|| self.overlay.outbound(outbound)) else { return false };
        let Some((by, entry)) = self.directory.mails_for(row.account).filter(|_| FIRST_MAIL <= result.attempt) else {
            return false;
        };
        let connector = blendline_connectors::by_name(&entry.channel);
        let idempotent = connector.is_some_and(|connector| connector.idempotent_send(&entry.account));
        let again = result.attempt < FIRST_MAIL + MAILS_MAX;
        let (tenant, contact, conversation, task) = (row.tenant, row.contact, row.conversation, row.task);
        let worker = row.worker;
        self.note_health(tenant, by, &result.outcome);
        match &result.outcome {
            SendOutcome::Sent { external_id } => {
                if let Some(to) = result.to.clone() {
                    self.learn_place((tenant, by), contact, to, external_id);
                }
                let kind = Box::new(EventKind::ReplyMailed { outbound, account: by });
                let (account, conversation) = (Some(by), Some(conversation));
                self.step(Input::new(Actor::Platform, Command::Record { tenant, account, conversation, kind }));
            }
            SendOutcome::Retry { after_ms, .. } if again => self.mail_again(outbound, result.attempt, *after_ms),
            SendOutcome::AccountDown { .. } if again => self.mail_again(outbound, result.attempt, DOWN_MS),
            // It was handed over before by an owner who is gone: that one was told.
            SendOutcome::Unknown { cause } if cause.reason == "claimed_before" => {}
            // Whoever gets the same mail twice sees one: asking again is how to find out.
            SendOutcome::Unknown { .. } if again && idempotent => self.mail_again(outbound, result.attempt, 0),
            SendOutcome::Unknown { cause } => {
                let kind = Box::new(EventKind::ReplyUnknown { outbound, reason: cause.reason.clone() });
                let (account, conversation) = (Some(by), Some(conversation));
                self.step(Input::new(Actor::Platform, Command::Record { tenant, account, conversation, kind }));
                let session = worker.and_then(|id| self.core.worker(id)).and_then(|worker| worker.session);
                let (status, detail) = ("unknown".to_owned(), Some(cause.detail.clone()));
                let frame = |(session, task)| {
                    Output::Frame(session, ServerFrame::ReplyStatus { task, outbound, status, seq: None, detail })
                };
                self.batch.outputs.extend(session.zip(task).map(frame));
            }
            SendOutcome::Failed { cause } | SendOutcome::Retry { cause, .. } | SendOutcome::AccountDown { cause } => {
                self.sentence = Some(cause.detail.clone());
                let prior = self.prior_outbound(outbound);
                let (status, reason) = (DeliveryStatus::Failed, cause.reason.clone());
                self.step(Input::new(Actor::Platform, Command::Status { outbound, status, reason, prior }));
                self.sentence = None;
            }
        }
        true
    }

    fn mail_again(&mut self, outbound: OutboundId, attempt: u32, after_ms: u64) {
        let wait_ms = after_ms.max(RETRY_MS << (attempt - FIRST_MAIL).min(MAILS_MAX));
        self.batch.mails.push(Mailing { outbound, attempt: attempt + 1, wait_ms });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_is_an_address_and_who_says_so() {
        let event = |field: Option<&str>| InboundEvent {
            kind: InboundKind::Optin,
            event: Some(ADDRESS.to_owned()),
            field: field.map(str::to_owned),
            system: Some(Pii::new(json!({ "email": "dana@example.org", "lang": "he" }))),
            ..InboundEvent::default()
        };
        let left = Left::of(&event(None)).unwrap();
        assert_eq!(
            (left.address.expose().as_str(), left.lang.as_deref(), left.is_his_word),
            ("dana@example.org", Some("he"), true)
        );
        assert!(!Left::of(&event(Some("identity"))).unwrap().is_his_word);
        assert!(is_of_chat(&event(None)));
        let other = InboundEvent { event: Some("complaint".into()), ..event(None) };
        assert!(Left::of(&other).is_none() && !is_of_chat(&other));
    }
}
