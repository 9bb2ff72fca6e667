//! Cases at the owner of their shard: what is asked of one is decided by [`blendline_cases::apply`], and its events, its
//! tasks and what the customer is told are committed with it.
//!
//! Five things change a case: a call, the end of its stage's task, a button that the customer presses, an event of another
//! system, and a look at what may be about to break. All go through [`Stepper::change_case`], and nothing else writes a case.

use std::collections::{BTreeMap, BTreeSet};

use blendline_cases::command::{Company, Whom};
use blendline_cases::types::{CaseType, FieldKind, Press, Words};
use blendline_cases::{Case, Change, Command as CaseCommand, Effect, Refusal as CaseRefusal, Terms};
use blendline_core::input::{Class, NewItem, Verdict};
use blendline_core::rows::{ConversationState, Task, TaskState};
use blendline_core::{Answer, Command, Input, Refusal, Scheduler, limits};
use blendline_wire::event::case::{CaseFieldSet, CaseLinks, CaseValue};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::{InboundEvent, InboundKind};
use blendline_wire::org::{CalendarSettings, FieldValue};
use blendline_wire::task::{Label, TaskKind};
use blendline_wire::worker::ServerFrame;
use blendline_wire::{AccountId, CaseId, Pii, TaskId, TenantId, WorkerId};
use jiff::tz::TimeZone;

use crate::directory::{AccountEntry, Directory};
use crate::driver::draft::{Draft, Happening, Item};
use crate::driver::keys;
use crate::driver::release::Output;
use crate::driver::step::Stepper;
use crate::driver::telemetry;
use crate::handle::{Call, CallError, CallResult, CaseCall};
use crate::payload::{ItemOrigin, MessageBody};

/// The button of ours that a customer pressed: of which case, and what it does.
pub(crate) fn pressed(event: &InboundEvent) -> Option<(CaseId, Press)> {
    // Some platforms bring a pressed button as a message; none lets anybody write what a button says to programs.
    if !matches!(event.kind, InboundKind::Postback | InboundKind::Message) {
        return None;
    }
    blendline_cases::pressed(event.payload.as_ref()?.expose())
}

/// The task that a command finishes, and how.
pub(crate) fn finished(command: &Command) -> Option<(TaskId, String)> {
    match command {
        Command::Settle { task, verdict: Verdict::Done { disposition, .. }, .. } => Some((*task, disposition.clone())),
        _ => None,
    }
}

/// By which rules a case is decided, held together.
pub(crate) struct CaseTerms<'a> {
    kind: &'a CaseType,
    version: u32,
    calendars: BTreeMap<String, CalendarSettings>,
    zone: &'a TimeZone,
    managers: Vec<WorkerId>,
    of_actor: Vec<String>,
    units: Vec<String>,
}

impl CaseTerms<'_> {
    pub(crate) fn as_terms(&self) -> Terms<'_> {
        let Self { kind, version, calendars, zone, managers, of_actor, units } = self;
        let company = Company { of_actor, units };
        Terms { kind, version: *version, calendars, zone, managers, company }
    }
}

impl<'a> Stepper<'a> {
    /// By which rules a case of this type is decided now.
    pub(crate) fn case_terms(
        &self,
        case: Option<&Case>,
        tenant: TenantId,
        case_type: &str,
    ) -> Result<CaseTerms<'a>, CaseRefusal> {
        let directory: &'a Directory = self.directory;
        let routing = directory.rules.get(&tenant).ok_or(CaseRefusal::NoType)?;
        let kind = routing.cases.get(case_type).ok_or(CaseRefusal::NoType)?;
        let unit = case.and_then(|case| kind.stage(&case.stage.name)).and_then(|stage| stage.unit.as_deref());
        Ok(CaseTerms {
            kind,
            version: routing.version,
            calendars: routing.cases.calendars(kind, case, self.now()),
            zone: &routing.zone,
            managers: unit.map(|unit| directory.managers(tenant, unit)).unwrap_or_default(),
            of_actor: Vec::new(),
            units: match kind.about {
                Some(_) => directory
                    .units
                    .values()
                    .filter(|unit| unit.tenant == tenant)
                    .map(|unit| unit.name.clone())
                    .collect(),
                None => Vec::new(),
            },
        })
    }

    /// The unit of whoever asks, and those above it.
    fn units_of(&self, actor: Actor) -> Vec<String> {
        let Actor::Worker(worker) = actor else { return Vec::new() };
        let unit = self.core.worker(worker).and_then(|row| row.settings.unit);
        unit.map(|unit| self.directory.units_up(unit)).unwrap_or_default()
    }
}

impl Draft {
    /// Asks for the cases whose tasks are being finished.
    pub(crate) fn want_cases(&mut self, directory: &Directory, core: &Scheduler) {
        for item in &self.items {
            let Item::Call { call, .. } = item else { continue };
            let call = match &**call {
                Call::Doubtful { call, .. } => call,
                call => call,
            };
            let Call::Settle { task, .. } = call else { continue };
            let has_types = |tenant| directory.rules.get(tenant).is_some_and(|routing| !routing.cases.is_empty());
            let row = core.task(*task).filter(|row| row.kind == TaskKind::Item && has_types(&row.tenant));
            self.wanted.case_tasks.extend(row.map(|row| row.id));
        }
    }
}

impl Stepper<'_> {
    /// What is asked of a case from outside. Asked again under the same key it changes nothing again.
    pub(crate) fn case_call(&mut self, actor: Actor, asked: CaseCall) -> CallResult {
        let CaseCall { tenant, case: id, case_type, key, command, cause } = asked;
        let known = self.overlay.case(id).filter(|case| case.tenant == tenant).cloned();
        if let (CaseCommand::Open { links, .. }, Some(known)) = (&command, &known) {
            let is_same = case_type.as_ref() == Some(&known.case_type) && known.links.parent == links.parent;
            return Err(if is_same { CallError::Case(CaseRefusal::Exists) } else { CallError::KeyReused });
        }
        let (key, content) = (keys::case_call(id, &key), keys::case_command(&command));
        match self.overlay.key(&key) {
            Some(value) if value == content => return Ok(Answer::Done),
            Some(_) => return Err(CallError::KeyReused),
            None => {}
        }
        let case_type = case_type.or_else(|| known.as_ref().map(|case| case.case_type.clone())).unwrap_or_default();
        if let CaseCommand::Open { links, .. } = &command {
            self.one_voice(tenant, &case_type, links.contact).map_err(CallError::Case)?;
        }
        let change = self.decided_case(known.as_ref(), tenant, &case_type, actor, &command).map_err(CallError::Case)?;
        let change = if known.is_none() { self.held_at_once(change) } else { change };
        self.cause = cause;
        self.change_case(actor, change);
        self.cause = None;
        self.overlay.add_key(key, content.to_vec());
        self.batch.add_key(key, content.to_vec());
        Ok(Answer::Done)
    }

    /// Whether the task that a command finishes may be finished so, where it does a stage's work.
    pub(crate) fn may_finish(&self, actor: Actor, command: &Command) -> Result<(), CaseRefusal> {
        let Command::Settle { worker, task, lease, verdict: Verdict::Done { disposition, .. }, .. } = command else {
            return Ok(());
        };
        // Whoever has it no more is told so by the core.
        let is_his = |row: &Task| row.lease == *lease && row.state.is_active_with(*worker);
        let Some(case) = self.overlay.case_of(*task).filter(|_| self.core.task(*task).is_some_and(is_his)) else {
            return Ok(());
        };
        let disposition = disposition.clone();
        self.decided_case(Some(case), case.tenant, &case.case_type, actor, &CaseCommand::Finish { disposition })?;
        Ok(())
    }

    /// A task was finished: where it did a stage's work, its case goes on.
    pub(crate) fn finish_stage(&mut self, actor: Actor, task: TaskId, disposition: String) {
        // It may have come back to its worker with what he had not read.
        let Some(case) = self.overlay.case_of(task).filter(|_| self.core.task(task).is_none()).cloned() else { return };
        let command = CaseCommand::Finish { disposition };
        if let Ok(change) = self.decided_case(Some(&case), case.tenant, &case.case_type, actor, &command) {
            self.change_case(actor, change);
        }
    }

    /// What the customer's button does to a case, where it may be pressed: by whom it was sent to, and now.
    pub(crate) fn pressed_case(&self, happening: &Happening) -> Option<Change> {
        let (id, press) = pressed(&happening.event)?;
        let case = self.overlay.case(id).filter(|case| case.tenant == happening.tenant)?;
        let contact = happening.addresses.iter().find_map(|address| self.overlay.contact(address))?;
        // A button can be forwarded.
        if case.links.contact != Some(contact) {
            return None;
        }
        let command = CaseCommand::Press(press);
        // What cannot be done any more is a message like any other, which somebody reads.
        self.decided_case(Some(case), case.tenant, &case.case_type, Actor::Customer, &command).ok()
    }

    /// Takes a pressed button up: it is kept in its conversation, and the case goes on.
    pub(crate) fn take_press(
        &mut self,
        mut happening: Happening,
        account: AccountId,
        entry: &AccountEntry,
        change: Change,
    ) {
        happening.beside = true;
        self.message(happening, account, entry);
        let confirms = change.events.iter().any(|event| matches!(event, EventKind::CaseConfirmed(_)));
        let (contact, owner) = (change.case.links.contact, change.case.owner);
        self.change_case(Actor::Customer, change);
        // Who says that it is solved is asked how it was, about whoever had it last.
        let over = contact.filter(|_| confirms).and_then(|contact| self.overlay.latest(contact));
        if let Some(over) = over
            && let ConversationState::Solved { task, queue, .. } = over.state
            && let Some(worker) = owner.or(over.last_worker.map(|(worker, _)| worker))
        {
            self.ask_confirmed(over.id, task, queue, worker);
        }
    }

    pub(crate) fn decided_case(
        &self,
        case: Option<&Case>,
        tenant: TenantId,
        case_type: &str,
        actor: Actor,
        command: &CaseCommand,
    ) -> Result<Change, CaseRefusal> {
        if case.is_none() && !matches!(command, CaseCommand::Open { .. }) {
            return Err(CaseRefusal::NoCase);
        }
        let mut terms = self.case_terms(case, tenant, case_type)?;
        terms.of_actor = self.units_of(actor);
        blendline_cases::apply(&terms.as_terms(), case, actor, command, self.now())
    }

    /// Makes a change: its events, what it asks for, and what came of that.
    pub(crate) fn change_case(&mut self, actor: Actor, change: Change) {
        let Change { case, events, effects } = change;
        let back = self.came_back(actor, &case, &events);
        let mut case = self.record_case(actor, case, events);
        back.into_iter().for_each(|told| self.put_sent_back(case.tenant, case.links.conversation, told));
        for (at, effect) in (0..).zip(effects) {
            let came = match effect {
                Effect::Cancel { task } => {
                    // Where it is over already there is nothing to take back.
                    let reason = "case_moved".to_owned();
                    self.step(Input::new(actor, Command::Cancel { task, reason }));
                    continue;
                }
                Effect::Open { queue, target_ms } => {
                    let (task, reason) = self.open_work(actor, &case, &queue, target_ms);
                    self.pass_to_voice(&case, task);
                    CaseCommand::Work { task, reason }
                }
                Effect::Raise { task, queue, target_ms } => match self.raised(&case, task, &queue, target_ms) {
                    Some(work) => work,
                    None => continue,
                },
                Effect::Aside { queue } => {
                    let (task, reason) = self.open_work(actor, &case, &queue, None);
                    CaseCommand::Aside { task, reason }
                }
                Effect::Notice { whom, worker, notice } => {
                    let (outcome, about) = (self.notice_of_case(&case, (whom, worker), &notice, at), notice.as_str());
                    CaseCommand::Told { whom, outcome, about }
                }
                Effect::Tell { whom, channels, text, buttons } => {
                    let outcome = match whom {
                        Whom::Customer => self.tell_of_case(&case, &channels, text, buttons),
                        Whom::Agent | Whom::Manager => self.note_of_case(&case, self.agent_of(&case), &text, at),
                    };
                    CaseCommand::Told { whom, outcome, about: "" }
                }
            };
            let told = self.decided_case(Some(&case), case.tenant, &case.case_type, Actor::System, &came);
            if let Ok(change) = told {
                case = self.record_case(Actor::System, change.case, change.events);
            }
        }
        self.tell_concerned(&case);
        self.hold_by_others(&case);
    }

    /// Those who have the case, its stage's work or its conversation at their desks see it change there.
    fn tell_concerned(&mut self, case: &Case) {
        let talk = case.links.conversation.and_then(|id| self.core.conversation(id)).map(|open| &open.state);
        let at_talk = match talk {
            Some(ConversationState::Open { task }) => Some(*task),
            _ => None,
        };
        let holder = |task: Option<TaskId>| task.and_then(|task| self.core.task(task)?.state.holder());
        let whom: BTreeSet<_> = [case.owner, holder(case.task), holder(at_talk)].into_iter().flatten().collect();
        let frame = ServerFrame::CaseChanged { case: case.id, matter: case.links.matter };
        self.batch.outputs.extend(whom.into_iter().map(|worker| Output::Told(worker, frame.clone())));
    }

    /// Writes what happened to a case, and the case as it is then.
    fn record_case(&mut self, actor: Actor, case: Case, events: Vec<EventKind>) -> Case {
        self.keep_references(&case, &events);
        let (account, conversation) = (case.links.account, case.links.conversation);
        for kind in events {
            self.overlay.forecasts.happened(case.tenant, self.batch.commit.now, &kind);
            let command = Command::Record { tenant: case.tenant, account, conversation, kind: Box::new(kind) };
            self.step(Input::new(actor, command));
        }
        self.overlay.add_case(case.clone());
        self.batch.put_case(case.clone());
        case
    }

    /// By what other systems call things, a case is found again.
    fn keep_references(&mut self, case: &Case, events: &[EventKind]) {
        let kind = self.directory.rules.get(&case.tenant).and_then(|routing| routing.cases.get(&case.case_type));
        for event in events {
            let EventKind::CaseFieldSet(CaseFieldSet { field, value: Some(CaseValue::Text(text)), .. }) = event else {
                continue;
            };
            let of = kind.and_then(|kind| kind.fields.get(field));
            if of.is_some_and(|field| field.kind == FieldKind::Reference) {
                self.batch.commit.references.push((case.tenant, text.expose().clone(), case.id));
            }
        }
    }

    /// Puts a task that nobody has yet before others: the core has no other place for it than that of a new one.
    fn raised(&mut self, case: &Case, task: TaskId, queue: &str, target_ms: u64) -> Option<CaseCommand> {
        self.core.task(task).filter(|row| row.state == TaskState::Waiting)?;
        self.step(Input::new(Actor::Rule, Command::Cancel { task, reason: "raised".to_owned() }));
        let (task, reason) = self.open_work(Actor::Rule, case, queue, Some(target_ms));
        let reason = if task.is_some() { "raised".to_owned() } else { reason };
        Some(CaseCommand::Work { task, reason })
    }

    /// Opens a task for a case; or none, and why.
    fn open_work(
        &mut self,
        actor: Actor,
        case: &Case,
        queue: &str,
        target_ms: Option<u64>,
    ) -> (Option<TaskId>, String) {
        let none = |reason: &str| (None, reason.to_owned());
        let Some(queue) = self.directory.queue(case.tenant, queue) else { return none("unknown_queue") };
        let label = Label { rule: case.stage.name.clone(), tags: Vec::new(), case_type: Some(case.case_type.clone()) };
        let class = Class {
            queue,
            target_ms: target_ms.map(|target| target.min(limits::PARK_MS_MAX)),
            label: Some(Box::new(label)),
            rule_set: case.version,
            ..Class::default()
        };
        let class = match self.directory.rules.get(&case.tenant) {
            Some(routing) => routing.sent(class),
            None => class,
        };
        let body = self.work_body(case);
        let payload = self.batch.payload(body);
        let CaseLinks { conversation, matter, .. } = case.links;
        let item = NewItem { tenant: case.tenant, class, payload, conversation, matter };
        let call = Some(self.batch.call());
        match self.step(Input { call, actor, command: Command::Push(item) }).answer {
            Some(Ok(Answer::Task(task))) => (Some(task), String::new()),
            refused => {
                self.batch.drop_payload(payload);
                telemetry::case_without_work(&case.case_type, &case.stage.name);
                none(if matches!(refused, Some(Err(Refusal::TooMany(_)))) { "queue_full" } else { "refused" })
            }
        }
    }

    /// What whoever does a stage's work reads.
    fn work_body(&self, case: &Case) -> MessageBody {
        let kind = self.directory.rules.get(&case.tenant).and_then(|routing| routing.cases.get(&case.case_type));
        let words = |words: Option<&Words>, otherwise: &str| {
            words.and_then(|words| words.text(&case.language)).unwrap_or(otherwise).to_owned()
        };
        let type_words = words(kind.map(|kind| &kind.words), &case.case_type);
        let stage = kind.and_then(|kind| kind.stage(&case.stage.name));
        let stage_words = words(stage.map(|stage| &stage.words), &case.stage.name);
        let field = |(name, value): (&String, &CaseValue)| {
            let value = match value {
                CaseValue::Number(number) => FieldValue::Number(*number),
                CaseValue::Money { minor, .. } => FieldValue::Number(*minor),
                CaseValue::Text(text) => FieldValue::Text(text.clone()),
            };
            (name.clone(), value)
        };
        let own = [
            ("case".to_owned(), FieldValue::Text(Pii::new(case.id.to_string()))),
            ("stage".to_owned(), FieldValue::Text(Pii::new(case.stage.name.clone()))),
        ];
        MessageBody {
            title: Some(Pii::new(format!("{type_words}: {stage_words}"))),
            fields: case.fields.iter().map(field).chain(own).collect(),
            item: Some(Box::new(ItemOrigin { kind: case.case_type.clone(), source: "case".to_owned() })),
            ..MessageBody::default()
        }
    }
}
