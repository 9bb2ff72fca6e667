//! Where a customer's matter stands, answered by itself to whoever asks by the tenant's word.

use blendline_cases::types::Words;
use blendline_cases::way::{Lies, way};
use blendline_core::rows::ConversationState;
use blendline_core::{Command, Input, Scheduler};
use blendline_rules::normal::language;
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::InboundKind;
use blendline_wire::outbound::Content;
use blendline_wire::{AccountId, ContactKey, ConversationId, MatterId, Millis, Pii, TaskId, TenantId};
use jiff::tz::TimeZone;

use crate::directory::{AccountEntry, Directory};
use crate::driver::draft::{Draft, Happening, Item};
use crate::driver::step::Stepper;
use crate::payload::MessageBody;
use crate::ports::register;
use crate::satisfaction::{self, speaks_alone};
use crate::status::{Link, standing};
use crate::status_word::{LINK_MS, ToldCase, answer, answered_key};

/// Somebody who asks where his open matter stands.
pub(crate) struct Asking {
    contact: ContactKey,
    conversation: ConversationId,
    task: TaskId,
    language: &'static str,
}

/// Whether a message is the tenant's word and nothing else, from somebody whom the channel vouches for.
fn is_word(happening: &Happening, directory: &Directory) -> bool {
    let event = &happening.event;
    let Some(word) = directory.status_words.get(&happening.tenant) else { return false };
    // Anybody can write a mail in somebody's name: only one that his own domain signed is his.
    let vouched = event
        .mail
        .as_ref()
        .is_none_or(|mail| mail.authentication.as_ref().is_some_and(|said| said.dmarc.as_deref() == Some("pass")));
    let written = event.mail.as_ref().and_then(|mail| mail.stripped_reply.as_ref()).or(event.text.as_ref());
    event.kind == InboundKind::Message
        && vouched
        && speaks_alone(event)
        && event.attachments.is_empty()
        && written.is_some_and(|text| word.is(text.expose()))
}

impl Draft {
    /// When those who ask were answered last.
    pub(crate) fn answered_words(
        &self,
        directory: &Directory,
        contact_of: impl Fn(&Happening) -> Option<ContactKey>,
    ) -> Vec<register::Key> {
        let asked = |item: &Item| match item {
            Item::Happening(happening) if is_word(happening, directory) => {
                Some(answered_key(happening.tenant, contact_of(happening)?))
            }
            _ => None,
        };
        self.items.iter().filter_map(asked).collect()
    }
}

impl Draft {
    /// The matters of those who ask, whose cases say more than their tasks.
    pub(crate) fn asked_matters(
        &self,
        directory: &Directory,
        core: &Scheduler,
        contact_of: impl Fn(&Happening) -> Option<ContactKey>,
    ) -> Vec<MatterId> {
        let asked = |item: &Item| match item {
            Item::Happening(happening) if is_word(happening, directory) => {
                Some(core.conversation_of(contact_of(happening)?)?.matter)
            }
            _ => None,
        };
        self.items.iter().filter_map(asked).collect()
    }
}

impl Stepper<'_> {
    /// Who asks, where he is to be answered by itself: his matter is open, and he was not answered a moment ago.
    pub(crate) fn asking(&self, happening: &Happening, entry: &AccountEntry) -> Option<Asking> {
        if !is_word(happening, self.directory) {
            return None;
        }
        let word = self.directory.status_words.get(&entry.tenant)?;
        let contact = happening.addresses.iter().find_map(|address| self.overlay.contact(address))?;
        let open = self.core.conversation_of(contact)?;
        let ConversationState::Open { task } = open.state else { return None };
        let last: Option<Millis> =
            self.overlay.entry(&answered_key(entry.tenant, contact)).and_then(satisfaction::known);
        if last.is_some_and(|last| self.now() < last.plus(word.every_ms)) {
            return None;
        }
        let language = language(happening.event.text.as_ref().map_or("", |text| text.expose()));
        Some(Asking { contact, conversation: open.id, task, language })
    }

    /// The case that a matter is, the latest that is open, in the customer's words; what is promised in all of them.
    fn told_case(&self, tenant: TenantId, matter: MatterId, language: &str) -> Option<ToldCase> {
        let cases = self.overlay.cases_of_matter(matter);
        let case = cases.iter().filter(|case| case.tenant == tenant).max_by_key(|case| case.opened_at)?;
        let kind = self.directory.rules.get(&tenant)?.cases.get(&case.case_type)?;
        let words = |words: &Words, otherwise: &str| words.text(language).unwrap_or(otherwise).to_owned();
        let way = way(kind, case);
        let at = |lies: Lies| {
            way.iter().find(|(_, known)| *known == lies).map(|(stage, _)| words(&stage.words, &stage.name))
        };
        let owed = cases.iter().flat_map(|case| &case.promises).filter(|promise| promise.state.is_open());
        let owed = owed.map(|promise| (promise.due_at, promise.words.as_ref().map(|words| words.expose().clone())));
        let mut promises: Vec<_> = owed.collect();
        promises.sort_by_key(|(due_at, _)| *due_at);
        Some(ToldCase {
            title: words(&kind.words, &kind.name),
            stage: at(Lies::Here)?,
            next: at(Lies::Ahead),
            due_at: case.due_at(),
            promises,
        })
    }

    /// Answers him: what the status page shows, with a link to it where customers can reach this server.
    pub(crate) fn tell_status(&mut self, asking: &Asking, account: AccountId, entry: &AccountEntry) {
        let (tenant, conversation, now) = (entry.tenant, asking.conversation, self.now());
        let Some(task) = self.core.task(asking.task) else { return };
        let Some(standing) = standing(std::slice::from_ref(task)) else { return };
        let Some(word) = self.directory.status_words.get(&tenant) else { return };
        let link = self.links.zip(word.url.as_ref()).map(|(links, url)| {
            let (matter, until) = (task.matter, now.plus(LINK_MS));
            format!("{url}/status/{}", links.write(&Link { tenant, matter, task: task.id, until, owner: word.owner }))
        });
        let zone = self.directory.rules.get(&tenant).map_or(TimeZone::UTC, |routing| routing.zone.clone());
        let matter = task.matter;
        let case = self.told_case(tenant, matter, asking.language);
        let text = Pii::new(answer(&standing, case.as_ref(), asking.language, &zone, link.as_deref()));
        let payload = self.batch.payload(MessageBody::reply(Content::Text { text }));
        if !self.step(Input::new(Actor::Rule, Command::Tell { conversation, worker: None, payload, prior: None })).wrote
        {
            return self.batch.drop_payload(payload);
        }
        let kind = Box::new(EventKind::StatusTold { stage: standing.stage.name().to_owned() });
        let (account, conversation) = (Some(account), Some(conversation));
        self.step(Input::new(Actor::Rule, Command::Record { tenant, account, conversation, kind }));
        self.put_entry(satisfaction::entry(answered_key(tenant, asking.contact), tenant, now, &now));
    }
}
