//! What customers are told by themselves, by the notices of their tenant's rules.
//!
//! A notice answers a person who began a conversation, and nobody else: no program, no group, nobody who opted out. Each
//! contact hears each notice at most once in its period, and any of them at most once in five minutes, so that two
//! programs that take each other for people fall silent.

use std::collections::BTreeMap;

use blendline_core::rows::ConversationState;
use blendline_core::{Command, Input};
use blendline_rules::normal::language;
use blendline_rules::notice::{CALLBACK_PAYLOAD, Filling, Notice, When, clock};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::outbound::Content;
use blendline_wire::{AccountId, ConversationId, Millis, Pii, QueueId, TenantId};
use serde::{Deserialize, Serialize};

use crate::consent::{self, Consents, SERVICE};
use crate::directory::{AccountEntry, Directory};
use crate::driver::draft::{Draft, Happening, Item, places_of};
use crate::driver::keys::Key;
use crate::driver::step::Stepper;
use crate::driver::telemetry;
use crate::payload::MessageBody;
use crate::ports::register::{self, Entry, Kind};
use crate::rules::Told;
use crate::satisfaction::speaks_alone;

/// The shortest time between two notices for one contact, whatever they say, in milliseconds.
const ANY_MS: u64 = 5 * 60_000;

/// Who began a conversation, as far as notices care.
pub(crate) struct Asker {
    /// His address on the channel.
    address: String,
    /// The key of his place.
    place: Key,
    language: &'static str,
    /// Whether he had an open conversation before.
    was_open: bool,
}

/// When somebody was last told what, by the notice's name.
#[derive(Default, Deserialize, Serialize)]
struct Heard(BTreeMap<String, Millis>);

impl Draft {
    /// Asks for what is needed to tell notices: when whoever wrote was last told one, and whether he wants to be.
    pub(crate) fn want_notices(&mut self, directory: &Directory) {
        let has_notices = |tenant| directory.rules.get(tenant).is_some_and(|routing| !routing.notices.is_empty());
        for item in &self.items {
            match item {
                Item::Happening(happening) if has_notices(&happening.tenant) => {
                    let Some(entry) = happening.account.and_then(|id| directory.accounts.get(&id)) else { continue };
                    let Some((address, _)) = places_of(&happening.event).into_iter().next() else { continue };
                    let medium = consent::medium(&entry.channel);
                    self.wanted.entries.push(heard_key(entry.tenant, medium, address));
                    self.wanted.entries.push(consent::subject(entry.tenant, medium, address));
                }
                Item::WindowCloses(tenant, conversation) => {
                    self.wanted.entries.push(window_key(*tenant, *conversation));
                }
                _ => {}
            }
        }
    }
}

fn heard_key(tenant: TenantId, medium: &str, address: &str) -> register::Key {
    register::key(Kind::Notice, tenant, &[medium, &consent::address_of(address)])
}

fn window_key(tenant: TenantId, conversation: ConversationId) -> register::Key {
    register::key(Kind::Notice, tenant, &["window", &conversation.to_string()])
}

impl Stepper<'_> {
    /// Who wrote, where he may be told something: a person, by himself, not in public, of a tenant with notices.
    pub(crate) fn asker(&self, happening: &Happening, entry: &AccountEntry) -> Option<Asker> {
        let event = &happening.event;
        self.directory.rules.get(&entry.tenant).filter(|routing| !routing.notices.is_empty())?;
        if !speaks_alone(event) {
            return None;
        }
        let place = happening.addresses.first().copied()?;
        let (address, _) = places_of(event).into_iter().next()?;
        let open = self.overlay.contact(&place).and_then(|contact| self.core.conversation_of(contact));
        Some(Asker {
            address: address.to_owned(),
            place,
            language: language(event.text.as_ref().map_or("", |text| text.expose())),
            was_open: open.is_some(),
        })
    }

    /// Tells whoever began a conversation what its moment asks for.
    pub(crate) fn notify(&mut self, asker: &Asker, account: AccountId, entry: &AccountEntry) {
        let Some(contact) = self.overlay.contact(&asker.place).filter(|_| !asker.was_open) else { return };
        let Some(open) = self.core.conversation_of(contact) else { return };
        let ConversationState::Open { task } = open.state else { return };
        let (conversation, Some(queue)) = (open.id, self.core.task(task).map(|task| task.queue)) else { return };
        let medium = consent::medium(&entry.channel);
        let consents = self.overlay.entry(&consent::subject(entry.tenant, medium, &asker.address));
        if consents.and_then(Consents::read).is_some_and(|known| !known.allow(SERVICE)) {
            return;
        }
        let key = heard_key(entry.tenant, medium, &asker.address);
        let mut heard = self.overlay.entry(&key).map(Heard::read).unwrap_or_default();
        let directory = self.directory;
        let Some((notice, content)) = self.due(&directory.rules[&entry.tenant].notices, entry, queue, asker) else {
            return;
        };
        if !heard.may_hear(notice, self.now()) {
            return;
        }
        heard.0.insert(notice.name.value.clone(), self.now());
        let kept = heard.entry(key, entry.tenant, self.now());
        self.tell_notice(notice, content, account, (entry.tenant, conversation), kept);
    }

    /// The notice that this moment asks for, of several the one that says most, and what it says.
    fn due<'n>(
        &self,
        notices: &'n [Told],
        entry: &AccountEntry,
        queue: QueueId,
        asker: &Asker,
    ) -> Option<(&'n Notice, Content)> {
        let now = self.now();
        let wait_ms = self.core.expected_wait_ms(queue, now);
        let zone = &self.directory.rules.get(&entry.tenant)?.zone;
        for when in [When::Closed, When::Callback, When::Waiting, When::Received] {
            for told in notices.iter().filter(|told| told.notice.when == when && told.is_for(&entry.channel, queue)) {
                let opens_at = told.opens_at(now).unwrap_or_else(|| self.core.opens_at(queue, now));
                let due = match when {
                    When::Closed => opens_at.is_some(),
                    When::Received => opens_at.is_none(),
                    _ => opens_at.is_none() && wait_ms.is_some_and(|wait| told.notice.above_ms < wait),
                };
                let filling = Filling { wait_ms, opens: opens_at.and_then(|at| clock(at, now, zone)) };
                if let Some(text) = due.then(|| told.notice.text(asker.language, &filling)).flatten() {
                    return Some((&told.notice, said(&told.notice, text, asker.language)));
                }
            }
        }
        None
    }

    /// The platform will soon let us write no more to somebody who waits: he is told once, and asked to stay.
    pub(crate) fn window_closes(&mut self, tenant: TenantId, conversation: ConversationId) {
        let key = window_key(tenant, conversation);
        let now = self.now();
        let (Some(routing), Some(open)) = (self.directory.rules.get(&tenant), self.core.conversation(conversation))
        else {
            return;
        };
        let (account, ConversationState::Open { task }) = (open.account, &open.state) else { return };
        let Some(task) = self.core.task(*task).filter(|task| task.unanswered) else { return };
        let Some(entry) = self.directory.accounts.get(&account) else { return };
        let ends = self.core.window_of(conversation).filter(|ends| now < *ends);
        let soon = |told: &&Told| {
            told.notice.when == When::Window
                && told.is_for(&entry.channel, task.queue)
                && ends.is_some_and(|ends| ends.since(now) <= told.notice.above_ms)
        };
        let Some(told) = routing.notices.iter().find(soon) else { return };
        // Each window has its own end: what was told before the customer wrote again does not count.
        let mut heard = self.overlay.entry(&key).map(Heard::read).unwrap_or_default();
        if !heard.may_hear(&told.notice, now) {
            return;
        }
        let content = match &told.notice.template {
            Some((name, language)) => Content::Template {
                name: name.clone(),
                language: language.clone(),
                parameters: Vec::new(),
                header: None,
                buttons: Vec::new(),
            },
            None => match told.notice.text("", &Filling::default()) {
                Some(text) => Content::Text { text: Pii::new(text) },
                None => return,
            },
        };
        heard.0.insert(told.notice.name.value.clone(), now);
        let kept = heard.entry(key, tenant, now);
        self.tell_notice(&told.notice, content, account, (tenant, conversation), kept);
    }

    fn tell_notice(
        &mut self,
        notice: &Notice,
        content: Content,
        account: AccountId,
        (tenant, conversation): (TenantId, ConversationId),
        heard: Entry,
    ) {
        let payload = self.batch.payload(MessageBody::reply(content));
        let command = Command::Tell { conversation, worker: None, payload, prior: None };
        if !self.step(Input::new(Actor::Rule, command)).wrote {
            return self.batch.drop_payload(payload);
        }
        let (notice, moment) = (notice.name.value.clone(), notice.when.name());
        telemetry::notified(self.directory.tenants.get(&tenant).map_or("", String::as_str), moment);
        let kind = Box::new(EventKind::NoticeSent { notice, moment: moment.to_owned() });
        let command = Command::Record { tenant, account: Some(account), conversation: Some(conversation), kind };
        self.step(Input::new(Actor::Rule, command));
        self.put_entry(heard);
    }
}

fn said(notice: &Notice, text: String, language: &str) -> Content {
    let text = Pii::new(text);
    match notice.button(language) {
        Some(label) => Content::Buttons { text, buttons: vec![(CALLBACK_PAYLOAD.to_owned(), label.to_owned())] },
        None => Content::Text { text },
    }
}

impl Heard {
    fn read(entry: &Entry) -> Self {
        Self::deserialize(entry.body.expose()).unwrap_or_default()
    }

    fn entry(&self, key: register::Key, tenant: TenantId, at: Millis) -> Entry {
        Entry { kind: Kind::Notice, key, tenant, at, body: Pii::new(serde_json::to_value(self).unwrap_or_default()) }
    }

    fn may_hear(&self, notice: &Notice, now: Millis) -> bool {
        let again = self.0.get(&notice.name.value).is_some_and(|at| now < at.plus(notice.every_ms));
        let soon = self.0.values().max().is_some_and(|at| now < at.plus(ANY_MS));
        !again && !soon
    }
}
