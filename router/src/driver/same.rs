//! A customer comes again with the same matter, or has it open on two channels: the first is told to whoever has it now, the
//! second is held together in one worker's hands.

use blendline_core::input::Verdict;
use blendline_core::rows::{ConversationState, TaskState};
use blendline_core::{Command, Input};
use blendline_rules::normal::language;
use blendline_wire::event::matter::{MatterRepeated, MattersJoined, SameBy};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::InboundEvent;
use blendline_wire::task::{Label, Target};
use blendline_wire::{ContactKey, ConversationId, Pii, TaskId, TenantId, WorkerId};

use crate::driver::step::Stepper;
use crate::matters::{self, Ended, Matters, Talk};
use crate::notes::{self, Note};
use crate::pages::{Lang, said};
use crate::satisfaction;

/// What a message says that tells its matter from others.
pub(crate) struct Named {
    references: Vec<String>,
    topics: Vec<String>,
    lang: Lang,
}

/// A conversation that ends, and how.
pub(crate) struct Ending {
    tenant: TenantId,
    contact: ContactKey,
    conversation: ConversationId,
    by: WorkerId,
    disposition: String,
}

impl Stepper<'_> {
    /// What a message names, where the rules look for the same matter.
    pub(crate) fn named(&self, tenant: TenantId, event: &InboundEvent, label: Option<&Label>) -> Option<Named> {
        let same = self.directory.rules.get(&tenant)?.matters.same.as_ref()?;
        let text = event.text.as_ref().map_or("", |text| text.expose());
        let lang = if language(text) == "he" { Lang::He } else { Lang::En };
        Some(Named { references: same.references(text), topics: label.map(matters::topics).unwrap_or_default(), lang })
    }

    pub(crate) fn matters_of(&self, tenant: TenantId, contact: ContactKey) -> Matters {
        self.overlay.entry(&matters::key(tenant, contact)).and_then(satisfaction::known).unwrap_or_default()
    }

    pub(crate) fn put_matters(&mut self, tenant: TenantId, contact: ContactKey, known: &Matters) {
        let now = self.now();
        self.put_entry(satisfaction::entry(matters::key(tenant, contact), tenant, now, known));
    }

    /// A contact said something in his open conversation: what it is about is remembered, and held against what he came
    /// with before.
    pub(crate) fn note_matter(&mut self, tenant: TenantId, contact: ContactKey, named: Named) {
        // Of whom nothing was looked up nothing may be written either.
        let Some(open) = self.core.conversation_of(contact).filter(|_| self.overlay.kin.knows(contact)) else { return };
        let (conversation, matter) = (open.id, open.matter);
        let mut known = self.matters_of(tenant, contact);
        let is_new = known.talks.iter().all(|talk| talk.conversation != conversation);
        if !is_new && named.references.is_empty() {
            return;
        }
        let talk = known.talk(conversation, matter);
        talk.name(named.references, named.topics);
        talk.ended = None;
        let mut talk = talk.clone();
        self.repeats(tenant, contact, &mut talk, named.lang);
        self.joins(tenant, contact, &talk, named.lang);
        *known.talk(conversation, matter) = talk;
        self.put_matters(tenant, contact, &known);
    }

    /// The other conversations of whoever has a contact that are about the same, each with by what, and whether it is
    /// another contact's.
    fn same_as(&self, tenant: TenantId, contact: ContactKey, talk: &Talk) -> Vec<(Talk, SameBy, bool)> {
        let Some(same) = self.directory.rules.get(&tenant).and_then(|routing| routing.matters.same.as_ref()) else {
            return Vec::new();
        };
        let of =
            |own: ContactKey| self.matters_of(tenant, own).talks.into_iter().map(move |talk| (talk, own != contact));
        let others =
            self.overlay.kin.with(contact).flat_map(of).filter(|(other, _)| other.conversation != talk.conversation);
        others
            .filter_map(|(other, merged)| Some((other.same_by(talk, same.topics)?, other, merged)))
            .map(|(by, other, merged)| (other, by, merged))
            .collect()
    }

    /// He came with it before, and it was closed.
    fn repeats(&mut self, tenant: TenantId, contact: ContactKey, talk: &mut Talk, lang: Lang) {
        let within_ms = match self.directory.rules.get(&tenant).and_then(|routing| routing.matters.same.as_ref()) {
            Some(same) if talk.times == 1 => same.within_ms,
            _ => return,
        };
        let now = self.now();
        let ended_at = |(other, ..): &(Talk, SameBy, bool)| other.ended.as_ref().map(|ended| ended.at);
        let same = self.same_as(tenant, contact, talk);
        let of_late = same.into_iter().filter(|one| {
            let is_over = self.core.conversation(one.0.conversation).is_none();
            is_over && ended_at(one).is_some_and(|at| now <= at.plus(within_ms))
        });
        let Some((earlier, same_by, merged)) = of_late.max_by_key(ended_at) else { return };
        let Some(ended) = earlier.ended else { return };
        talk.times = earlier.times.saturating_add(1);
        let repeated = MatterRepeated {
            earlier: earlier.matter,
            earlier_conversation: earlier.conversation,
            ended_at: ended.at,
            ended_by: Some(ended.by),
            disposition: ended.disposition.clone(),
            times: talk.times,
            same_by,
            merged,
        };
        self.happened(tenant, talk.conversation, EventKind::MatterRepeated(repeated));
        let worker = self.directory.workers.get(&ended.by).map_or("", |(_, name)| name.as_str()).to_owned();
        let zone = self.directory.rules.get(&tenant).map(|routing| routing.zone.clone());
        let at = blendline_cases::local(ended.at, &zone.unwrap_or(jiff::tz::TimeZone::UTC)).unwrap_or_default();
        let told = [
            ("times", talk.times.to_string()),
            ("ended", at),
            ("worker", worker),
            ("disposition", ended.disposition),
            ("by", said(lang, by(same_by), &[])),
        ];
        let text = said(lang, "page-matter-repeated", &told);
        self.note_at(tenant, talk, text, 1);
    }

    /// He has it open elsewhere.
    fn joins(&mut self, tenant: TenantId, contact: ContactKey, talk: &Talk, lang: Lang) {
        let is_open = |id: ConversationId| self.core.conversation(id).is_some();
        if self.overlay.joined.first_of(tenant, talk.conversation).is_some_and(is_open) {
            return;
        }
        let same = self.same_as(tenant, contact, talk);
        let open = same.into_iter().filter(|(other, ..)| is_open(other.conversation));
        let Some((first, same_by, merged)) = open.min_by_key(|(other, ..)| other.conversation) else { return };
        let joined = MattersJoined { first: first.conversation, first_matter: first.matter, same_by, merged };
        self.happened(tenant, talk.conversation, EventKind::MattersJoined(joined));
        let told = [("conversation", first.conversation.to_string()), ("by", said(lang, by(same_by), &[]))];
        self.note_at(tenant, talk, said(lang, "page-matter-joined", &told), 2);
        let of_now = (tenant, self.now());
        let pairs = self.overlay.joined.join(self.core, of_now, talk.conversation, first.conversation);
        self.put_entry(pairs);
        let tasks = [first.conversation, talk.conversation].map(|id| self.task_at(id));
        let has = |task: &Option<TaskId>| task.filter(|task| self.owner_of(*task).is_some());
        // Whoever has the first has both; where nobody has it yet, whoever has the later.
        if let Some(held) = tasks.iter().find_map(has) {
            self.keep_together(held);
        }
    }

    pub(crate) fn task_at(&self, conversation: ConversationId) -> Option<TaskId> {
        match self.core.conversation(conversation)?.state {
            ConversationState::Open { task } => Some(task),
            _ => None,
        }
    }

    pub(crate) fn owner_of(&self, task: TaskId) -> Option<WorkerId> {
        self.core.task(task)?.state.owner()
    }

    /// A worker has a task: whatever is held together with it comes to him as well, while he is there.
    pub(crate) fn keep_together(&mut self, task: TaskId) {
        let Some(row) = self.core.task(task) else { return };
        let Some((conversation, owner)) = row.conversation.zip(row.state.owner()) else { return };
        for other in self.overlay.joined.with(row.tenant, conversation) {
            let Some(other) = self.task_at(other) else { continue };
            let state = self.core.task(other).map(|row| row.state.clone());
            let moves =
                !matches!(state, None | Some(TaskState::Requesting { .. })) && self.owner_of(other) != Some(owner);
            if moves && self.nearest(other, &[owner]).is_some() {
                self.step(Input::new(Actor::Rule, Command::Reassign { task: other, to: Target::Worker(owner) }));
            }
        }
    }

    /// The conversation that a command is about to end.
    pub(crate) fn ending(&self, command: &Command) -> Option<Ending> {
        let Command::Settle { worker, task, verdict: Verdict::Done { disposition, .. }, .. } = command else {
            return None;
        };
        let open = self.core.conversation(self.core.task(*task)?.conversation?)?;
        let (tenant, contact, conversation) = (open.tenant, open.contact, open.id);
        Some(Ending { tenant, contact, conversation, by: *worker, disposition: disposition.clone() })
    }

    /// A conversation is over: how it ended is remembered.
    pub(crate) fn end_matter(&mut self, ending: Ending) {
        let Ending { tenant, contact, conversation, by, disposition } = ending;
        if self.core.conversation(conversation).is_some() {
            return;
        }
        let mut known = self.matters_of(tenant, contact);
        let at = self.now();
        let Some(talk) = known.talks.iter_mut().find(|talk| talk.conversation == conversation) else { return };
        talk.ended = Some(Ended { at, by, disposition });
        self.put_matters(tenant, contact, &known);
        if let Some(pairs) = self.overlay.joined.over((tenant, at), conversation) {
            self.put_entry(pairs);
        }
    }

    fn happened(&mut self, tenant: TenantId, conversation: ConversationId, kind: EventKind) {
        let (account, conversation, kind) = (None, Some(conversation), Box::new(kind));
        self.step(Input::new(Actor::Rule, Command::Record { tenant, account, conversation, kind }));
    }

    /// Whoever has the conversation reads this beside it.
    fn note_at(&mut self, tenant: TenantId, talk: &Talk, text: String, by_chance: u16) {
        let Some(task) = self.task_at(talk.conversation) else { return };
        let text = Pii::new(text.chars().take(notes::TEXT_CHARS_MAX).collect());
        let (matter, conversation) = (talk.matter, Some(talk.conversation));
        let from = "\u{21ba}".to_owned();
        let note = Note { matter, task, conversation, from, worker: None, text, mentions: Vec::new() };
        let (key, entries) = notes::entries(&note, tenant, self.now(), by_chance);
        let (note, mentions) = (hex::encode(key), Vec::new());
        self.happened(
            tenant,
            talk.conversation,
            EventKind::NoteAdded { note, in_matter: matter, in_task: task, mentions },
        );
        entries.into_iter().for_each(|entry| self.put_entry(entry));
    }
}

const fn by(same_by: SameBy) -> &'static str {
    match same_by {
        SameBy::Reference => "page-matter-by-reference",
        SameBy::Topic => "page-matter-by-topic",
        SameBy::Said => "page-matter-by-said",
    }
}
