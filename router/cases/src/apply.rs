//! The one function that changes a case. Every decision is here; what it decides is events.

use blendline_wire::event::case::{
    AgreedTo, CaseAssigned, CaseClosed, CaseConfirmed, CaseLinked, CaseLinks, CaseMeasured, CaseMoved, CaseMover,
    CaseOpened, CaseOutcome, CasePaused, CaseReopened, CaseResumed, CaseTold, CaseWork,
};
use blendline_wire::event::promise::CaseAside;
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::task::{ClockRule, ParkReason};
use blendline_wire::{Millis, TaskId};

use crate::case::{Case, Closed};
use crate::clock::{after_open, open_between};
use crate::command::{Change, Command, Effect, Terms};
use crate::limits::CASE_MOVES_MAX;
use crate::refusal::Refusal;
use crate::stay::{entered, left};
use crate::types::{Press, Stage};

/// What becomes of a case by a command, under the terms of its type. Nothing is changed where it is refused.
pub fn apply(
    terms: &Terms<'_>,
    case: Option<&Case>,
    actor: Actor,
    command: &Command,
    now: Millis,
) -> Result<Change, Refusal> {
    let by = mover(actor);
    let mut deciding = match (case, command) {
        (None, Command::Open { .. }) => return Deciding::open(terms, actor, command, now),
        (None, _) => return Err(Refusal::NoCase),
        (Some(_), Command::Open { .. }) => return Err(Refusal::Exists),
        (Some(case), _) => {
            Deciding { terms, by, actor, now, case: case.clone(), events: Vec::new(), effects: Vec::new() }
        }
    };
    deciding.decide(command)?;
    Ok(deciding.change())
}

/// As who somebody moves a case.
pub fn mover(actor: Actor) -> CaseMover {
    match actor {
        Actor::Worker(_) | Actor::Operator => CaseMover::Worker,
        Actor::Customer => CaseMover::Customer,
        Actor::System | Actor::Integrator | Actor::Rule | Actor::Platform => CaseMover::System,
    }
}

/// A command that is being decided.
pub(crate) struct Deciding<'a> {
    pub(crate) terms: &'a Terms<'a>,
    pub(crate) by: CaseMover,
    pub(crate) actor: Actor,
    pub(crate) now: Millis,
    pub(crate) case: Case,
    pub(crate) events: Vec<EventKind>,
    pub(crate) effects: Vec<Effect>,
}

impl<'a> Deciding<'a> {
    fn open(terms: &'a Terms<'a>, actor: Actor, command: &Command, now: Millis) -> Result<Change, Refusal> {
        let Command::Open { id, tenant, language, links, owner, fields, earned_at } = command else {
            return Err(Refusal::NoCase);
        };
        if links.parent == Some(*id) {
            return Err(Refusal::Circle);
        }
        let stage = terms.kind.stage(&terms.kind.first).ok_or(Refusal::NoType)?;
        let opened = EventKind::CaseOpened(Box::new(CaseOpened {
            case: *id,
            case_type: terms.kind.name.clone(),
            version: terms.version,
            entered: entered(terms, stage, now),
            owner: *owner,
            language: language.clone(),
            earned_at: earned_at.map_or(now, |earned| earned.min(now)),
            links: *links,
        }));
        let case = Case::opened(*tenant, now, &opened).ok_or(Refusal::NoCase)?;
        let by = mover(actor);
        let mut deciding = Self { terms, by, actor, now, case, events: vec![opened], effects: Vec::new() };
        deciding.set(fields)?;
        deciding.begin_stage(stage);
        Ok(deciding.change())
    }

    fn decide(&mut self, command: &Command) -> Result<(), Refusal> {
        match command {
            Command::Open { .. } => Err(Refusal::Exists),
            Command::Move { to, fields } => {
                self.is_open()?;
                self.set(fields)?;
                let to = self.allowed(to)?;
                self.go(to, None)
            }
            Command::Finish { disposition } => self.finish(disposition),
            Command::Press(press) => self.press(press),
            Command::Set { fields } => {
                self.is_open()?;
                self.set(fields)
            }
            Command::Assign { owner } => {
                self.is_open()?;
                if self.case.owner != *owner {
                    let (case, from) = (self.case.id, self.case.owner);
                    self.happen(EventKind::CaseAssigned(CaseAssigned { case, from, to: *owner }));
                }
                Ok(())
            }
            Command::Pause { reason } => self.pause(*reason),
            Command::Resume => self.resume(),
            Command::Close { outcome } => self.close(*outcome),
            Command::Reopen => self.reopen(),
            Command::Agree { to } => self.agree(to),
            Command::Hold { by } => self.hold(*by),
            Command::Link { links, language } => self.link(links, language),
            Command::Work { task, reason } => self.work(*task, reason),
            Command::Given { action, currency, minor } => {
                self.given(action, currency, *minor);
                Ok(())
            }
            Command::Told { whom, outcome, about } => {
                let (stage, whom) = (self.case.stage.name.clone(), whom.as_str().to_owned());
                let (outcome, about) = ((*outcome).to_owned(), (*about).to_owned());
                let case = self.case.id;
                self.happen(EventKind::CaseTold(CaseTold { case, stage, whom, outcome, about, tell_at: None }));
                Ok(())
            }
            Command::Promise(new) => self.promise(new),
            Command::Keep { promise } => self.keep(*promise),
            Command::Withdraw { promise, reason, instead } => self.withdraw(*promise, *reason, instead.as_ref()),
            Command::Look { chance } => {
                self.look(chance.as_ref());
                Ok(())
            }
            Command::Aside { task, reason } => {
                let (case, stage) = (self.case.id, self.case.stage.name.clone());
                self.happen(EventKind::CaseAside(CaseAside { case, stage, of_task: *task, reason: reason.clone() }));
                Ok(())
            }
        }
    }

    pub(crate) fn is_open(&self) -> Result<(), Refusal> {
        if self.case.is_open() { Ok(()) } else { Err(Refusal::Closed) }
    }

    /// The stage of this name, where a move leads there that this mover may make now.
    fn allowed(&self, to: &str) -> Result<&'a Stage, Refusal> {
        let kind = self.terms.kind;
        let here = &self.case.stage.name;
        let no_move = || Refusal::NoMove {
            from: here.clone(),
            allowed: kind.moves_from(here).map(|step| step.to.clone()).collect(),
        };
        let stage = kind.stage(to).ok_or_else(no_move)?;
        if kind.stage(here).is_none() {
            // The rules have lost the stage since: the case begins anew, or ends.
            let leads_on = stage.closes.is_some() || stage.name == kind.first;
            return if leads_on && self.by != CaseMover::Customer { Ok(stage) } else { Err(no_move()) };
        }
        let step = kind.moves_from(here).find(|step| step.to == to).ok_or_else(no_move)?;
        if !step.by.contains(&self.by) {
            return Err(Refusal::NotYours { to: to.to_owned() });
        }
        self.known(&step.needs)?;
        match self.case.stage.held {
            Some(held) if stage.closes.is_none() && self.by != CaseMover::Customer => {
                Err(Refusal::Held { by: held.by })
            }
            _ => Ok(stage),
        }
    }

    fn finish(&mut self, disposition: &str) -> Result<(), Refusal> {
        self.is_open()?;
        let kind = self.terms.kind;
        let here = self.case.stage.name.clone();
        let Some(step) = kind.moves_from(&here).find(|step| step.on.as_deref() == Some(disposition)) else {
            let known = kind.moves_from(&here).filter_map(|step| step.on.clone()).collect();
            return Err(Refusal::NoDisposition { known });
        };
        let to = self.allowed(&step.to)?;
        // It is done: there is nothing to take back.
        self.case.task = None;
        self.go(to, Some(disposition))
    }

    fn press(&mut self, press: &Press) -> Result<(), Refusal> {
        match (press, &self.case.closed) {
            (Press::Confirm, Some(closed)) if closed.outcome == CaseOutcome::Solved => {
                if !closed.confirmed {
                    let after_ms = self.now.since(closed.at);
                    self.happen(EventKind::CaseConfirmed(CaseConfirmed { case: self.case.id, after_ms }));
                }
                Ok(())
            }
            (Press::Deny, Some(_)) => self.reopen(),
            (Press::Confirm | Press::Deny, _) => Err(Refusal::NotClosed),
            (Press::Move(to), _) => {
                self.is_open()?;
                let to = self.allowed(to)?;
                self.go(to, None)
            }
        }
    }

    fn close(&mut self, outcome: CaseOutcome) -> Result<(), Refusal> {
        self.is_open()?;
        let kind = self.terms.kind;
        let ends_so = |stage: &&Stage| stage.closes == Some(outcome);
        // Of several that end it so, the first that is allowed; where none is, why the last is not.
        let mut refusal = Refusal::NoMove {
            from: self.case.stage.name.clone(),
            allowed: kind.moves_from(&self.case.stage.name).map(|step| step.to.clone()).collect(),
        };
        for stage in kind.stages.iter().filter(ends_so) {
            match self.allowed(&stage.name) {
                Ok(stage) => return self.go(stage, None),
                Err(Refusal::NoMove { .. }) => {}
                Err(other) => refusal = other,
            }
        }
        Err(refusal)
    }

    /// The case goes to another stage.
    fn go(&mut self, to: &Stage, disposition: Option<&str>) -> Result<(), Refusal> {
        if CASE_MOVES_MAX <= self.case.moves {
            return Err(Refusal::TooManyMoves);
        }
        if to.closes.is_some() {
            self.not_alone(&AgreedTo::Stage(to.name.clone()))?;
        }
        let left = left(self.terms, &self.case, self.now);
        let (from, from_due_at) = (left.stage.clone(), left.due_at);
        self.cancel_work();
        let moved = CaseMoved {
            case: self.case.id,
            case_type: self.case.case_type.clone(),
            version: self.terms.version,
            left,
            entered: entered(self.terms, to, self.now),
            by: self.by,
            disposition: disposition.map(str::to_owned),
            owner: self.case.owner,
        };
        self.happen(EventKind::CaseMoved(Box::new(moved)));
        self.kept_by_stage(&to.name);
        self.measure(&to.name);
        if let Some(outcome) = to.closes {
            let closed = CaseClosed {
                case: self.case.id,
                case_type: self.case.case_type.clone(),
                outcome,
                from,
                from_due_at,
                after_ms: self.now.since(self.case.earned_at),
                owner: self.case.owner,
            };
            self.happen(EventKind::CaseClosed(Box::new(closed)));
            self.close_promises();
        }
        self.begin_stage(to);
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), Refusal> {
        let Some(closed) = self.case.closed.clone() else { return Err(Refusal::NotClosed) };
        let Closed { at, outcome, from, due_at, confirmed } = closed;
        let kind = self.terms.kind;
        let denied = self.by == CaseMover::Customer;
        if denied && confirmed {
            return Err(Refusal::Confirmed);
        }
        if at.plus(kind.reopen_ms) < self.now {
            return Err(Refusal::TooLate);
        }
        if CASE_MOVES_MAX <= self.case.moves {
            return Err(Refusal::TooManyMoves);
        }
        let stage = kind.stage(&from).or_else(|| kind.stage(&kind.first)).ok_or(Refusal::NoType)?;
        let mut entered = entered(self.terms, stage, self.now);
        // It keeps the place it had: what was late when it was closed is late at once.
        entered.due_at = due_at.or(entered.due_at);
        let reopened = CaseReopened {
            case: self.case.id,
            case_type: self.case.case_type.clone(),
            version: self.terms.version,
            denied,
            outcome,
            closed_ms: self.now.since(at),
            entered,
            owner: self.case.owner,
        };
        self.happen(EventKind::CaseReopened(Box::new(reopened)));
        self.begin_stage(stage);
        Ok(())
    }

    fn pause(&mut self, reason: ParkReason) -> Result<(), Refusal> {
        self.is_open()?;
        if self.case.stage.paused.is_some() {
            return Err(Refusal::Paused);
        }
        let stage = self.case.stage.name.clone();
        let clock = self.terms.kind.stage(&stage).map_or(ClockRule::Runs, |stage| stage.clock);
        self.happen(EventKind::CasePaused(CasePaused { case: self.case.id, stage, reason, clock }));
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Refusal> {
        self.is_open()?;
        let Some(paused) = self.case.stage.paused else { return Err(Refusal::NotPaused) };
        let stage = self.case.stage.name.clone();
        let due_at = self.case.stage.due_at.map(|due| {
            if paused.clock == ClockRule::Runs || due <= paused.since {
                return due;
            }
            let hours = self.terms.kind.stage(&stage).map(|stage| self.terms.hours(stage));
            hours.map_or(due, |hours| after_open(hours, self.now, open_between(hours, paused.since, due)))
        });
        let waited_ms = self.now.since(paused.since);
        self.happen(EventKind::CaseResumed(CaseResumed { case: self.case.id, stage, waited_ms, due_at }));
        Ok(())
    }

    fn link(&mut self, links: &CaseLinks, language: &str) -> Result<(), Refusal> {
        if links.parent == Some(self.case.id) {
            return Err(Refusal::Circle);
        }
        let had = self.case.links;
        let links = CaseLinks {
            matter: links.matter.or(had.matter),
            conversation: links.conversation.or(had.conversation),
            account: links.account.or(had.account),
            contact: links.contact.or(had.contact),
            parent: links.parent.or(had.parent),
        };
        // What was opened before anybody asked for it had nobody's language.
        let unknown = self.case.language.is_empty() && !language.is_empty();
        let language = unknown.then(|| language.to_owned());
        if links != had || language.is_some() {
            self.happen(EventKind::CaseLinked(CaseLinked { case: self.case.id, links, language }));
        }
        Ok(())
    }

    fn work(&mut self, task: Option<TaskId>, reason: &str) -> Result<(), Refusal> {
        self.is_open()?;
        let (case, stage) = (self.case.id, self.case.stage.name.clone());
        self.happen(EventKind::CaseWork(CaseWork { case, stage, of_task: task, reason: reason.to_owned() }));
        Ok(())
    }

    fn measure(&mut self, until: &str) {
        for measure in self.terms.kind.measures.iter().filter(|measure| measure.until == until) {
            let Some(from) = self.case.trail.get(&measure.from).copied() else { continue };
            self.happen(EventKind::CaseMeasured(CaseMeasured {
                case: self.case.id,
                case_type: self.case.case_type.clone(),
                measure: measure.name.clone(),
                took_ms: self.now.since(from),
            }));
        }
    }

    pub(crate) fn happen(&mut self, event: EventKind) {
        self.case.take_up(self.now, &event);
        self.events.push(event);
    }

    fn change(mut self) -> Change {
        self.case.look_at = self.next_look();
        let Self { case, events, effects, .. } = self;
        Change { case, events, effects }
    }
}
