//! What comes in from platforms: each event ends as exactly one task, merge, duplicate, discard or quarantine.

use blendline_core::input::InboundMessage;
use blendline_core::rows::{Conversation, ConversationState};
use blendline_core::{Command, Input};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::{InboundEvent, InboundKind};
use blendline_wire::{AccountId, ContactKey, ConversationId, OutboundId, Pii, TenantId};

use crate::directory::AccountEntry;
use crate::driver::draft::{Happening, confirmation, is_repeated, places_of};
use crate::driver::handover::{Left, is_of_chat};
use crate::driver::keys;
use crate::driver::media;
use crate::driver::rules::Decided;
use crate::driver::step::Stepper;
use crate::payload::{MessageBody, Place};
use crate::persons::{Identity, Known};
use crate::ports::store::{NewAddress, QuarantineRow};
use crate::satisfaction::pressed;
use crate::traces::{self, Kind, Span};

impl Stepper<'_> {
    pub(crate) fn happening(&mut self, mut happening: Happening) {
        if is_repeated(&happening.event) {
            return self.duplicate(&happening);
        }
        if let Some(key) = happening.key {
            if self.overlay.key(&key).is_some() {
                return self.duplicate(&happening);
            }
            self.overlay.add_key(key, Vec::new());
            self.batch.add_key(key, Vec::new());
        }
        let directory = self.directory;
        let Some((account, entry)) = happening.account.and_then(|id| Some((id, directory.accounts.get(&id)?))) else {
            return self.discard(&happening, "unknown_account");
        };
        let (said, place) = (happening.said.take(), happening.addresses.first().copied());
        let left = Left::of(&happening.event);
        let rated = self.rated(&happening, entry);
        if let Some(rated) = rated {
            return self.take_rating(happening, account, entry, rated);
        }
        if let Some(pressed) = self.pressed_case(&happening) {
            return self.take_press(happening, account, entry, pressed);
        }
        let asker = if said.is_none() { self.asker(&happening, entry) } else { None };
        let (asking, speaker) = (self.asking(&happening, entry), self.speaker(&happening, entry));
        happening.beside = asking.is_some();
        self.decided(happening, account, entry);
        if let Some(speaker) = speaker {
            self.note_language(&speaker, entry.tenant);
        }
        if let Some(asking) = asking {
            self.tell_status(&asking, account, entry);
        }
        if let Some(asker) = asker {
            self.notify(&asker, account, entry);
        }
        if let Some(said) = said {
            self.take_consent(&said, account, entry, place);
        }
        if let (Some(left), Some(place)) = (left, place) {
            self.take_address(left, account, entry, place);
        }
    }

    /// What becomes of something new.
    fn decided(&mut self, happening: Happening, account: AccountId, entry: &AccountEntry) {
        match happening.event.kind {
            InboundKind::Status => self.status(&happening, account),
            InboundKind::Echo => self.echo(&happening, account),
            InboundKind::Typing => self.discard(&happening, "typing"),
            InboundKind::Ignored => self.discard(&happening, "ignored"),
            InboundKind::Optin if is_of_chat(&happening.event) => self.discard(&happening, "chat_terms"),
            InboundKind::AccountEvent | InboundKind::AccountError => self.discard(&happening, "account_event"),
            // A public answer of our own has the kind of what it is, and is an echo all the same.
            _ if happening.event.is_of_ours() => self.echo(&happening, account),
            _ if happening.event.standby => self.discard(&happening, "standby"),
            // A button for stars that nobody asked for, or that were given already.
            _ if pressed(&happening.event).is_some() => self.discard(&happening, "not_asked"),
            _ => match confirmation(&happening.event) {
                Some(said) => self.confirm(happening, account, entry, said),
                None => self.message(happening, account, entry),
            },
        }
    }

    fn duplicate(&mut self, happening: &Happening) {
        let Happening { tenant, account, .. } = *happening;
        let command = Command::Duplicate { tenant, account, kind: happening.event.kind };
        self.step(Input::new(Actor::Platform, command));
    }

    pub(crate) fn discard(&mut self, happening: &Happening, reason: &'static str) {
        let Happening { tenant, account, .. } = *happening;
        let command = Command::Discard { tenant, account, kind: happening.event.kind, reason: reason.to_owned() };
        self.step(Input::new(Actor::Platform, command));
    }

    pub(crate) fn message(&mut self, happening: Happening, account: AccountId, entry: &AccountEntry) {
        let joined = self.joined(&happening, account, entry);
        let automatic = happening.beside || is_automatic(&happening.event);
        let kind = if automatic { InboundKind::Automatic } else { happening.event.kind };
        let known = joined.contact.or_else(|| self.contact_of(&happening));
        let Some(contact) = known.or_else(|| happening.addresses.first().map(|first| keys::contact(*first))) else {
            return self.discard(&happening, "no_sender");
        };
        let prior = if automatic || kind.wants_answer() {
            self.learn_addresses(&happening, (account, entry), contact);
            self.overlay.latest(contact).cloned().map(Box::new)
        } else {
            // What wants no answer neither begins nor reopens anything.
            if known.is_none() {
                return self.discard(&happening, "not_routed");
            }
            None
        };
        let Happening { tenant, came, mut event, .. } = happening;
        let Decided { class, differed } = self.class_of(&event, entry, (known.is_some(), contact), prior.as_deref());
        let named = self.named(tenant, &event, class.label.as_deref()).filter(|_| !automatic && kind.wants_answer());
        let kept = std::mem::take(&mut event.files);
        let place = entry.is_public().then(|| Place {
            peer: event.conversation_key.peer.clone().map(Pii::new),
            thread: event.conversation_key.thread.clone(),
        });
        let span = traces::follow("message", Kind::Consumer, came.trace);
        let span = span.map(|span| span.since(came.at).with("blendline.account", account));
        let trace = span.as_ref().map(Span::context);
        // Into an open conversation it makes no task, whatever the rules would say of it.
        let opens = self.core.conversation_of(contact).is_none();
        let tags = class.label.as_ref().filter(|_| opens).map(|label| label.tags.clone()).unwrap_or_default();
        let mut body = MessageBody { place, trace, tags, ..MessageBody::inbound(event) };
        if let (Some(mail), Some(refused)) = (&mut body.mail, joined.refused) {
            mail.not_joined = Some(refused.to_owned());
        }
        let files = media::noted(&mut body, &kept, account, entry);
        let payload = self.batch.payload(body);
        self.batch.spans.extend(span.map(|span| (payload, span)));
        let message = InboundMessage {
            tenant: entry.tenant,
            account,
            contact,
            kind,
            payload,
            received_at: came.at.min(self.now()),
            class,
            prior,
        };
        let command = if automatic { Command::Keep(message) } else { Command::Message(message) };
        let stepped = self.step(Input::new(Actor::Customer, command));
        if stepped.wrote {
            self.note_files(files, contact, entry.tenant);
            if let Some(named) = named.filter(|_| !entry.is_public()) {
                self.note_matter(entry.tenant, contact, named);
            }
            if let Some(kind) = differed.filter(|_| !automatic && kind.wants_answer()) {
                let conversation = self.core.conversation_of(contact).map(|open| open.id);
                let account = Some(account);
                let command = Command::Record { tenant: entry.tenant, account, conversation, kind: Box::new(kind) };
                self.step(Input::new(Actor::Rule, command));
            }
        } else {
            self.batch.drop_payload(payload);
            let reason = "not_routed".to_owned();
            let command = Command::Discard { tenant, account: Some(account), kind, reason };
            self.step(Input::new(Actor::Platform, command));
        }
        if let Some(reason) = joined.refused {
            self.record(entry.tenant, account, EventKind::ThreadRefused { reason: reason.to_owned() });
        }
    }

    /// Writes that something happened which the core has no part in.
    pub(crate) fn record(&mut self, tenant: TenantId, account: AccountId, kind: EventKind) {
        let command = Command::Record { tenant, account: Some(account), conversation: None, kind: Box::new(kind) };
        self.step(Input::new(Actor::Platform, command));
    }

    fn contact_of(&self, happening: &Happening) -> Option<ContactKey> {
        happening.addresses.iter().find_map(|address| self.overlay.contact(address))
    }

    fn learn_addresses(
        &mut self,
        happening: &Happening,
        (account, entry): (AccountId, &AccountEntry),
        contact: ContactKey,
    ) {
        let event = &happening.event;
        // Who only claims to be somebody is nobody's other address.
        let dmarc = event.mail.as_ref().and_then(|mail| mail.authentication.as_ref()?.dmarc.as_deref());
        let forged = dmarc == Some("fail");
        for (hash, (address, thread)) in happening.addresses.iter().zip(places_of(event)) {
            if self.overlay.contact(hash).is_some() {
                continue;
            }
            self.overlay.add_contact(*hash, contact);
            if !forged && !address.is_empty() {
                let identity = Identity::of(&entry.channel, address);
                let person = Known::Contact { identity, contact, account };
                self.put_entry(person.entry(entry.tenant, self.now()));
            }
            self.batch.commit.addresses.push(NewAddress {
                hash: *hash,
                contact,
                tenant: happening.tenant,
                account,
                address: Pii::from(address),
                thread: thread.map(str::to_owned),
                name: event.sender_name.clone(),
            });
        }
    }

    /// From now on whoever `to` is finds this contact's conversation when he answers our message `thread`. Nobody else does:
    /// the place is his and the message's together.
    pub(crate) fn learn_place(
        &mut self,
        (tenant, account): (TenantId, AccountId),
        contact: ContactKey,
        to: Pii<String>,
        thread: &str,
    ) {
        let hash = keys::address(tenant, account, to.expose(), Some(thread));
        self.overlay.add_contact(hash, contact);
        let thread = Some(thread.to_owned());
        self.batch.commit.addresses.push(NewAddress {
            hash,
            contact,
            tenant,
            account,
            address: to,
            thread,
            name: None,
        });
    }

    /// A message of ours reached `peer` in private: from now on what he writes there belongs to the conversation of that
    /// message, unless he has another open one in private.
    pub(crate) fn went_private(&mut self, outbound: OutboundId, account: AccountId, peer: Pii<String>) {
        let Some(row) = self.core.outbound(outbound).or_else(|| self.overlay.outbound(outbound)) else { return };
        let (tenant, conversation, contact) = (row.tenant, row.conversation, row.contact);
        let hash = keys::address(tenant, account, peer.expose(), None);
        let known = self.overlay.contact(&hash);
        if known == Some(contact) {
            return;
        }
        let open = known.and_then(|other| self.core.conversation_of(other)).map(|row| row.id);
        let into = open.unwrap_or(conversation);
        if open.is_none() {
            if let Some(entry) = self.directory.accounts.get(&account) {
                let identity = Identity::of(&entry.channel, peer.expose());
                let person = Known::Contact { identity, contact, account };
                self.put_entry(person.entry(tenant, self.now()));
            }
            self.overlay.add_contact(hash, contact);
            let place = NewAddress { hash, contact, tenant, account, address: peer, thread: None, name: None };
            self.batch.commit.addresses.push(place);
        }
        let kind = Box::new(EventKind::MovedToPrivate { outbound, into });
        let (account, conversation) = (Some(account), Some(conversation));
        self.step(Input::new(Actor::Platform, Command::Record { tenant, account, conversation, kind }));
    }

    pub(crate) fn confirm_ended(&mut self, id: ConversationId) {
        // The customer may have written or answered since the record was asked.
        let now = self.now();
        let over = |row: &Conversation| matches!(row.state, ConversationState::Solved { confirm_until, .. } if confirm_until <= now);
        if let Some(prior) = self.solved(id).filter(over) {
            self.step(Input::new(Actor::System, Command::ConfirmEnded { prior: Box::new(prior) }));
        }
    }

    /// A conversation that waits for the customer's word.
    pub(crate) fn solved(&self, id: ConversationId) -> Option<Conversation> {
        if self.core.conversation(id).is_some() {
            return None;
        }
        self.overlay.conversation(id).filter(|row| matches!(row.state, ConversationState::Solved { .. })).cloned()
    }

    pub(crate) fn quarantine(&mut self, row: QuarantineRow) {
        let (tenant, account, cause) = (row.tenant, row.account, row.cause.clone());
        self.batch.quarantine(row);
        self.step(Input::new(Actor::Platform, Command::Quarantine { tenant, account, cause }));
    }
}

/// True for a mail that a program sent to many, or in place of a person: nobody waits for an answer to it.
pub(crate) fn is_automatic(event: &InboundEvent) -> bool {
    event.kind == InboundKind::Message && event.mail.as_ref().is_some_and(|mail| mail.is_auto_reply || mail.is_bulk)
}
