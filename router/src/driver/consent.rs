//! What people agree to and withdraw, taken up in the batch that hears of it.

use blendline_core::{Command, Input};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::{InboundEvent, InboundKind};
use blendline_wire::outbound::Content;
use blendline_wire::{AccountId, TenantId};

use crate::consent::words::{self, Language};
use crate::consent::{ALL, Consent, Consents, SERVICE, medium, subject};
use crate::directory::AccountEntry;
use crate::driver::draft::places_of;
use crate::driver::handover::{Left, is_of_chat};
use crate::driver::keys::Key;
use crate::driver::step::Stepper;
use crate::payload::MessageBody;
use crate::ports::store::Wanted;

/// What an event says of consent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Said {
    granted: bool,
    source: &'static str,
    /// The language of the word, where it was one.
    language: Option<Language>,
    /// For what.
    purpose: String,
    /// Who said it: his addresses.
    addresses: Vec<String>,
    /// True where no program may answer.
    silent: bool,
    /// The channel it is about, where that is another than the one it was said on.
    medium: Option<&'static str>,
}

impl Said {
    /// What this event says; most say nothing.
    pub(crate) fn of(event: &InboundEvent) -> Option<Self> {
        if is_of_chat(event) {
            return Self::in_chat(event);
        }
        let (granted, source, language) = match (event.meaning.as_deref(), event.kind) {
            (Some("opt_out"), _) => (false, "platform", None),
            (Some("opt_in"), _) => (true, "platform", None),
            (_, InboundKind::Optin) if event.event.as_deref() == Some("complaint") => (false, "complaint", None),
            (_, InboundKind::Message | InboundKind::Postback) if !event.is_of_ours() => {
                (false, "word", Some(word(event)?))
            }
            _ => return None,
        };
        let complained = event.mail.as_ref().and_then(|mail| mail.bounce.as_ref()).map(|bounce| &bounce.recipients);
        let mut addresses: Vec<String> = match complained {
            // The report is the provider's; who complained is in it.
            Some(recipients) => recipients.iter().map(|one| one.recipient.expose().clone()).collect(),
            None => places_of(event).into_iter().map(|(address, _)| address.to_owned()).collect(),
        };
        addresses.retain(|address| !address.is_empty());
        addresses.dedup();
        let silent = event.mail.as_ref().is_some_and(|mail| mail.forbids_automatic_answer());
        let purpose = event.purpose.clone().unwrap_or_else(|| ALL.to_owned());
        Some(Self { granted, source, language, purpose, addresses, silent, medium: None })
    }

    /// What a visitor of a web chat agrees to: that it keeps things in his browser, or that he is answered by mail. What
    /// the company signs for him is no word of his.
    fn in_chat(event: &InboundEvent) -> Option<Self> {
        let said = |granted, source, purpose: &str, address: String, medium| Self {
            granted,
            source,
            language: None,
            purpose: purpose.to_owned(),
            addresses: vec![address],
            silent: true,
            medium,
        };
        match Left::of(event) {
            Some(left) if left.is_his_word => {
                Some(said(true, "chat", SERVICE, left.address.into_inner(), Some("email")))
            }
            Some(_) => None,
            None => {
                let source = if event.field.as_deref() == Some("page") { "page" } else { "chat" };
                let granted = event.meaning.as_deref() == Some("opt_in");
                Some(said(granted, source, event.purpose.as_deref()?, event.sender_id.clone()?, None))
            }
        }
    }

    /// Asks for what is known of who said it.
    pub(crate) fn want(&self, tenant: TenantId, channel: &str, wanted: &mut Wanted) {
        let medium = self.medium.unwrap_or(medium(channel));
        wanted.entries.extend(self.addresses.iter().map(|address| subject(tenant, medium, address)));
    }
}

/// The language of the opt-out word that is all of a message; in public and in groups nobody speaks for himself alone.
fn word(event: &InboundEvent) -> Option<Language> {
    let alone = !matches!(event.chat_type.as_deref(), Some("group" | "supergroup" | "channel"));
    if !alone || event.visibility.as_deref() == Some("public") {
        return None;
    }
    let written = event.mail.as_ref().and_then(|mail| mail.stripped_reply.as_ref()).or(event.text.as_ref())?;
    words::opt_out(written.expose())
}

impl Stepper<'_> {
    /// Takes up what was said, and confirms an opt-out once where the platform leaves that to us.
    pub(crate) fn take_consent(&mut self, said: &Said, account: AccountId, entry: &AccountEntry, place: Option<Key>) {
        let contact = place.and_then(|place| self.overlay.contact(&place));
        let conversation = contact.and_then(|contact| self.core.conversation_of(contact)).map(|open| open.id);
        let consent = Consent { granted: said.granted, source: said.source.to_owned(), at: self.now() };
        let mut changed = false;
        let medium = said.medium.unwrap_or(medium(&entry.channel));
        for address in &said.addresses {
            let known = self.overlay.entry(&subject(entry.tenant, medium, address)).and_then(Consents::read);
            let mut consents = known.unwrap_or_else(|| Consents::of(medium, address));
            if !consents.take(&said.purpose, consent.clone()) {
                continue;
            }
            let event = consents.event(entry.tenant, &said.purpose, &consent);
            self.put_entry(consents.entry(entry.tenant, self.now()));
            let (tenant, account) = (entry.tenant, Some(account));
            let command = Command::Record { tenant, account, conversation, kind: Box::new(event) };
            self.step(Input::new(Actor::Customer, command));
            changed = true;
        }
        let confirms = blendline_connectors::by_name(&entry.channel).is_some_and(|channel| !channel.confirms_opt_out());
        if let (true, true, false, Some(language), Some(conversation)) =
            (changed, confirms, said.silent, said.language, conversation)
        {
            let text = language.confirmation().to_owned().into();
            let payload = self.batch.payload(MessageBody::reply(Content::Text { text }));
            if !self
                .step(Input::new(Actor::System, Command::Tell { conversation, worker: None, payload, prior: None }))
                .wrote
            {
                self.batch.drop_payload(payload);
            }
        }
    }

    /// Writes an entry of the register with this batch.
    pub(crate) fn put_entry(&mut self, entry: crate::ports::register::Entry) {
        self.overlay.add_entry(entry.clone());
        self.batch.commit.entries.push(entry);
    }
}

impl Consents {
    /// What happened, for the log: who it was is told by a hash.
    pub(crate) fn event(&self, tenant: TenantId, purpose: &str, said: &Consent) -> EventKind {
        EventKind::ConsentChanged {
            subject: hex::encode(subject(tenant, &self.medium, self.address.expose())),
            purpose: purpose.to_owned(),
            granted: said.granted,
            source: said.source.clone(),
        }
    }
}
