//! What becomes of one when something is asked of it.

use blendline_wire::event::EventKind;
use blendline_wire::event::improvement::{
    ImprovementAnswered, ImprovementAssigned, ImprovementEscalated, ImprovementEvidence, ImprovementJoined,
    ImprovementMeasured, ImprovementMoved, ImprovementOpened, ImprovementStatus, Measured, Overdue, Phase,
};
use blendline_wire::{ImprovementId, Millis, Pii, WorkerId};

use crate::command::{Change, Command, Effect, Opening, Refusal};
use crate::improvement::{Answer, Evidence, Improvement, Writer};
use crate::limits::{MEMBERS_MAX, TEXT_CHARS_MAX};
use crate::settings::Settings;

/// By what one is decided.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// What the company's rules say.
    pub settings: &'a Settings,
    /// Who answers for its unit, the nearest first, and for those above it.
    pub managers: &'a [WorkerId],
    /// How many belong to it.
    pub members: usize,
    /// The one that it is to belong to, and how many belong to that.
    pub into: Option<(&'a Improvement, usize)>,
}

/// What becomes of one. `known` is it as it is, where it is there.
///
/// # Errors
/// When this cannot be done; nothing is changed then.
pub fn apply(terms: &Terms<'_>, known: Option<&Improvement>, command: Command, now: Millis) -> Result<Change, Refusal> {
    let (command, known) = match (command, known) {
        (Command::Open(opening), None) => return Ok(opened(terms, *opening, now)),
        (_, None) => return Err(Refusal::Unknown),
        (command, Some(known)) => (command, known),
    };
    // What speaks for one is its own, whomever it belongs to.
    if let (Some(into), false) = (known.group, matches!(command, Command::Part | Command::Add { .. })) {
        return Err(Refusal::Joined { into });
    }
    let change = Step { terms, it: known.clone(), now };
    match command {
        Command::Open(_) => Err(Refusal::Exists),
        Command::Add { evidence, writer } => Ok(change.add(*evidence, writer)),
        Command::Join { into } => change.join(into),
        Command::Part => change.part(),
        Command::Assign { owner } => change.assign(owner),
        Command::Answer { by, do_by, words } => change.answer(by, do_by, words),
        Command::Begin => change.begin(),
        Command::Finish => change.finish(),
        Command::Reopen => change.reopen(),
        Command::Measure { phase, measured } => change.measure(phase, *measured),
        Command::Look => Ok(change.look()),
    }
}

fn opened(terms: &Terms<'_>, opening: Opening, now: Millis) -> Change {
    let Opening { id, tenant, source, title, text, queue, topic, unit, mut evidence, writer } = opening;
    evidence.at = now;
    let due_at = now.plus(terms.settings.answer_ms);
    let mut improvement = Improvement {
        id,
        tenant,
        opened_at: now,
        source,
        title,
        text,
        queue,
        topic,
        unit,
        owner: terms.managers.first().copied(),
        due_at,
        look_at: Some(due_at),
        climbs: 0,
        status: ImprovementStatus::Open,
        answer: None,
        group: None,
        evidence: Vec::new(),
        contacts: Default::default(),
        writers: Vec::new(),
        before: None,
        after: None,
    };
    improvement.take(evidence, writer);
    let event = ImprovementOpened {
        improvement: id,
        source,
        in_queue: queue,
        topic: improvement.topic.clone(),
        of_unit: improvement.unit.clone(),
        writer: improvement.author(),
        owner: improvement.owner,
        answer_due_at: due_at,
        contacts: improvement.contacts.clone(),
    };
    let events = vec![EventKind::ImprovementOpened(Box::new(event))];
    Change { improvement, events, effects: vec![Effect::TellOwner] }
}

struct Step<'a> {
    terms: &'a Terms<'a>,
    it: Improvement,
    now: Millis,
}

impl Step<'_> {
    fn done(self, event: EventKind, effects: &[Effect]) -> Change {
        Change { improvement: self.it, events: vec![event], effects: effects.to_vec() }
    }

    fn wrong(&self) -> Refusal {
        Refusal::WrongState { status: self.it.status }
    }

    fn add(mut self, mut evidence: Evidence, writer: Option<Writer>) -> Change {
        evidence.at = self.now;
        let event = ImprovementEvidence {
            improvement: self.it.id,
            in_queue: self.it.queue,
            topic: self.it.topic.clone(),
            contacts: evidence.contacts.clone(),
            writer: writer.as_ref().map(|writer| writer.worker),
        };
        self.it.take(evidence, writer);
        self.done(EventKind::ImprovementEvidence(event), &[])
    }

    fn join(mut self, into: ImprovementId) -> Result<Change, Refusal> {
        let (other, members) = self.terms.into.filter(|(other, _)| other.id == into).ok_or(Refusal::Unknown)?;
        if into == self.it.id || self.terms.members != 0 || other.group.is_some() || other.tenant != self.it.tenant {
            return Err(Refusal::NoGroup);
        }
        if MEMBERS_MAX <= members {
            return Err(Refusal::TooMany);
        }
        (self.it.group, self.it.look_at) = (Some(into), None);
        let event = ImprovementJoined { improvement: self.it.id, into };
        // What was answered already is the answer to this one as well.
        let effects: &[Effect] = if other.answer.is_some() { &[Effect::TellWriters] } else { &[] };
        Ok(self.done(EventKind::ImprovementJoined(event), effects))
    }

    fn part(mut self) -> Result<Change, Refusal> {
        let into = self.it.group.take().ok_or(Refusal::NotJoined)?;
        self.it.look_at = self.waits_until();
        let event = ImprovementJoined { improvement: self.it.id, into };
        Ok(self.done(EventKind::ImprovementParted(event), &[]))
    }

    /// Until when what is owed next is owed.
    fn waits_until(&self) -> Option<Millis> {
        match self.it.status {
            ImprovementStatus::Open | ImprovementStatus::Reopened => Some(self.it.due_at),
            ImprovementStatus::Planned | ImprovementStatus::Doing => self.it.answer.as_ref()?.do_by,
            ImprovementStatus::Declined | ImprovementStatus::Done => None,
        }
    }

    fn assign(mut self, owner: WorkerId) -> Result<Change, Refusal> {
        if self.it.status.is_over() {
            return Err(self.wrong());
        }
        let from = self.it.owner.replace(owner);
        let event = ImprovementAssigned { improvement: self.it.id, from, to: owner };
        Ok(self.done(EventKind::ImprovementAssigned(event), &[Effect::TellOwner]))
    }

    fn answer(mut self, by: WorkerId, do_by: Option<Millis>, words: Pii<String>) -> Result<Change, Refusal> {
        use ImprovementStatus::{Declined, Open, Planned, Reopened};
        if !matches!(self.it.status, Open | Reopened | Planned) {
            return Err(self.wrong());
        }
        if self.it.owner != Some(by) && !self.terms.managers.contains(&by) {
            return Err(Refusal::NotYours { managers: self.terms.managers.to_vec() });
        }
        if do_by.is_some_and(|do_by| do_by <= self.now) {
            return Err(Refusal::NoDay);
        }
        if words.expose().trim().is_empty() || TEXT_CHARS_MAX < words.expose().chars().count() {
            return Err(Refusal::NoWords);
        }
        let since = self.it.due_at.0.saturating_sub(self.terms.settings.answer_ms).max(self.it.opened_at.0);
        let event = ImprovementAnswered {
            improvement: self.it.id,
            by,
            do_by,
            waited_ms: self.now.0.saturating_sub(since),
            late: self.it.status.wants_answer() && self.it.due_at < self.now,
        };
        self.it.status = if do_by.is_some() { Planned } else { Declined };
        (self.it.owner, self.it.look_at, self.it.climbs) = (Some(by), do_by, 0);
        self.it.answer = Some(Answer { by, at: self.now, do_by, words });
        Ok(self.done(EventKind::ImprovementAnswered(event), &[Effect::TellWriters]))
    }

    fn moved(mut self, to: ImprovementStatus, effects: &[Effect]) -> Change {
        let from = std::mem::replace(&mut self.it.status, to);
        let event = ImprovementMoved { improvement: self.it.id, from, to };
        self.done(EventKind::ImprovementMoved(event), effects)
    }

    fn begin(self) -> Result<Change, Refusal> {
        match self.it.status {
            ImprovementStatus::Planned => Ok(self.moved(ImprovementStatus::Doing, &[])),
            _ => Err(self.wrong()),
        }
    }

    fn finish(mut self) -> Result<Change, Refusal> {
        if !matches!(self.it.status, ImprovementStatus::Planned | ImprovementStatus::Doing) {
            return Err(self.wrong());
        }
        match (&self.it.before, &self.it.after) {
            (Some(before), Some(after)) if before.measure == after.measure => {}
            _ => return Err(Refusal::NotMeasured),
        }
        self.it.look_at = None;
        Ok(self.moved(ImprovementStatus::Done, &[Effect::TellWriters]))
    }

    fn reopen(mut self) -> Result<Change, Refusal> {
        if !self.it.status.is_over() {
            return Err(self.wrong());
        }
        self.it.due_at = self.now.plus(self.terms.settings.answer_ms);
        (self.it.look_at, self.it.climbs, self.it.answer) = (Some(self.it.due_at), 0, None);
        Ok(self.moved(ImprovementStatus::Reopened, &[Effect::TellOwner]))
    }

    fn measure(mut self, phase: Phase, measured: Measured) -> Result<Change, Refusal> {
        let place = match phase {
            Phase::Before => &mut self.it.before,
            Phase::After => &mut self.it.after,
        };
        *place = Some(measured.clone());
        let event = ImprovementMeasured { improvement: self.it.id, phase, measured };
        Ok(self.done(EventKind::ImprovementMeasured(Box::new(event)), &[]))
    }

    /// What is late goes to the next manager up, who may be the first where there was none; at the top it stays.
    fn look(mut self) -> Change {
        let is_due = self.it.look_at.is_some_and(|at| at <= self.now);
        if !is_due || self.it.status.is_over() {
            self.it.look_at = self.it.look_at.filter(|_| !self.it.status.is_over());
            return Change { improvement: self.it, events: Vec::new(), effects: Vec::new() };
        }
        let settings = self.terms.settings;
        let managers = self.terms.managers;
        let place = self.it.owner.and_then(|owner| managers.iter().position(|manager| *manager == owner));
        let next = match place {
            Some(place) => managers.get(place + 1).copied(),
            None => managers.first().copied().filter(|first| self.it.owner != Some(*first)),
        };
        let to = next.filter(|_| self.it.climbs < settings.climbs_max);
        let from = self.it.owner;
        if let Some(to) = to {
            (self.it.owner, self.it.climbs) = (Some(to), self.it.climbs + 1);
        }
        // Nobody stands above him: it stays his, and is told once.
        self.it.look_at = to.map(|_| self.now.plus(settings.climb_ms));
        let overdue = if self.it.status.wants_answer() { Overdue::Unanswered } else { Overdue::Undone };
        let event = ImprovementEscalated { improvement: self.it.id, overdue, from, to, climbs: self.it.climbs };
        let effects: &[Effect] = if to.is_some() { &[Effect::TellOwner] } else { &[] };
        self.done(EventKind::ImprovementEscalated(event), effects)
    }
}
