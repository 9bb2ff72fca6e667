//! What a case owes to others: a unit does not judge itself, a customer is written to when and as often as is decent, and
//! what he has against us comes before what we have against him.

use blendline_core::calendar::Hours;
use blendline_wire::event::case::{AgreedTo, CaseAgreed, CaseHeld, CaseMover, CaseTold, CaseValue};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::{CaseId, Millis};

use crate::apply::Deciding;
use crate::clock::{after_open, open_between};
use crate::command::{Effect, Whom};
use crate::refusal::Refusal;
use crate::types::{Contact, Stage};

impl Deciding<'_> {
    /// The unit that the case is about, where its type asks.
    fn about_unit(&self) -> Option<String> {
        match self.case.fields.get(self.terms.kind.about.as_ref()?)? {
            CaseValue::Text(unit) => Some(unit.expose().clone()),
            CaseValue::Number(_) | CaseValue::Money { .. } => None,
        }
    }

    /// Whether whoever asks is of another unit than this one: neither of it nor of one below it.
    fn is_of_another(&self, unit: &str) -> bool {
        let of_actor = self.terms.company.of_actor;
        !of_actor.is_empty() && of_actor.iter().all(|own| own != unit)
    }

    /// The unit that a case is about does not do this alone: the customer may, somebody of another unit, or whoever has such
    /// a person's agreement. Of a system, and of who is of no unit, nobody knows whose they are.
    pub(crate) fn not_alone(&self, what: &AgreedTo) -> Result<(), Refusal> {
        let Some(unit) = self.about_unit() else { return Ok(()) };
        let agreed = self.case.agreed.as_ref().is_some_and(|agreed| agreed.to == *what && agreed.about == unit);
        if agreed || self.by == CaseMover::Customer || self.is_of_another(&unit) {
            return Ok(());
        }
        Err(Refusal::NeedsAgreement { unit })
    }

    /// A case comes to be about another unit, or about none.
    pub(crate) fn about(&self, field: &str, value: Option<&CaseValue>) -> Result<(), Refusal> {
        if self.terms.kind.about.as_deref() != Some(field) {
            return Ok(());
        }
        let unit = match value {
            Some(CaseValue::Text(unit)) => unit.expose().clone(),
            _ => String::new(),
        };
        let units = self.terms.company.units;
        if !unit.is_empty() && !units.is_empty() && !units.contains(&unit) {
            return Err(Refusal::WrongValue { field: field.to_owned(), expected: units.join(", ") });
        }
        self.not_alone(&AgreedTo::About(unit))
    }

    pub(crate) fn agree(&mut self, to: &AgreedTo) -> Result<(), Refusal> {
        self.is_open()?;
        let kind = self.terms.kind;
        let about_unit = self.about_unit().ok_or(Refusal::OwnUnit)?;
        let Actor::Worker(agreed_by) = self.actor else { return Err(Refusal::OwnUnit) };
        let of_unit = self.terms.company.of_actor.first().filter(|_| self.is_of_another(&about_unit)).cloned();
        let of_unit = of_unit.ok_or(Refusal::OwnUnit)?;
        if let AgreedTo::Stage(name) = to
            && kind.stage(name).is_none_or(|stage| stage.closes.is_none())
        {
            let allowed = kind.stages.iter().filter(|stage| stage.closes.is_some()).map(|stage| stage.name.clone());
            return Err(Refusal::NoMove { from: self.case.stage.name.clone(), allowed: allowed.collect() });
        }
        let is_known = self.case.agreed.as_ref().is_some_and(|agreed| agreed.to == *to && agreed.about == about_unit);
        if is_known {
            return Ok(());
        }
        self.happen(EventKind::CaseAgreed(Box::new(CaseAgreed {
            case: self.case.id,
            case_type: self.case.case_type.clone(),
            stage: self.case.stage.name.clone(),
            about_unit,
            agreed_to: to.clone(),
            agreed_by,
            of_unit,
        })));
        Ok(())
    }

    /// It stands still, or goes on: with its clock, and with the task of its stage.
    pub(crate) fn hold(&mut self, by: Option<CaseId>) -> Result<(), Refusal> {
        self.is_open()?;
        let held = self.case.stage.held;
        if held.map(|held| held.by) == by {
            return Ok(());
        }
        let due_at = match held {
            Some(held) if by.is_none() => self.due_after(held.since),
            _ => self.case.stage.due_at,
        };
        self.effects.extend(self.case.task.map(|task| Effect::Cancel { task }));
        self.happen(EventKind::CaseHeld(CaseHeld { case: self.case.id, held_by: by, due_at }));
        if let Some(stage) = self.terms.kind.stage(&self.case.stage.name) {
            self.open_work(stage);
            // What he was not told when the case came there, he is told when it goes on.
            if by.is_none() && self.case.told_at.first().is_none_or(|told| *told < self.case.stage.entered_at) {
                self.say(Whom::Customer, stage, None);
            }
        }
        Ok(())
    }

    /// When the stage should be left that stood since then.
    fn due_after(&self, since: Millis) -> Option<Millis> {
        let due = self.case.stage.due_at?;
        let hours = self.terms.kind.stage(&self.case.stage.name).map_or(Hours(None), |stage| self.terms.hours(stage));
        // What was late before it stood is late still.
        Some(if due <= since { due } else { after_open(hours, self.now, open_between(hours, since, due)) })
    }

    /// Whether the customer is told later what a stage says: it stands still, it is no hour to write to him, he was written
    /// to often enough, or his agent comes first. What he asked for himself he hears at once.
    pub(crate) fn puts_off(&mut self, stage: &Stage) -> bool {
        let Some(contact) = &self.terms.kind.contact else { return false };
        if self.by == CaseMover::Customer {
            return false;
        }
        let first = if self.case.tells_at.is_none() && stage.tell_agent.is_some() { contact.agent_first_ms } else { 0 };
        // That it is over he may hear however often he was written to.
        let at_most = contact.at_most.filter(|_| stage.closes.is_none());
        let tell_at = self.may_tell_at((contact, at_most), self.now.plus(first));
        if tell_at <= self.now && self.case.stage.held.is_none() {
            return false;
        }
        let (case, stage) = (self.case.id, stage.name.clone());
        let (whom, outcome) = (Whom::Customer.as_str().to_owned(), "later".to_owned());
        let tell_at = Some(tell_at.max(self.now.plus(1)));
        if self.case.tells_at != tell_at {
            self.happen(EventKind::CaseTold(CaseTold { case, stage, whom, outcome, about: String::new(), tell_at }));
        }
        true
    }

    /// The first time from then on at which he may be written to.
    fn may_tell_at(&self, (contact, at_most): (&Contact, Option<(u32, u64)>), from: Millis) -> Millis {
        let by_cap = at_most.and_then(|(times, per_ms)| {
            let oldest = self.case.told_at.get((times as usize).checked_sub(1)?)?;
            Some(oldest.plus(per_ms))
        });
        let from = by_cap.map_or(from, |at| at.max(from));
        let hours = Hours(contact.calendar.as_ref().and_then(|name| self.terms.calendars.get(name)));
        // The end of the first open millisecond is in the hours; where he is in them already, it is now.
        if open_between(hours, from, from.plus(1)) == 0 { after_open(hours, from, 1) } else { from }
    }

    /// Tells him what was put off, where it is time.
    pub(crate) fn look_at_tell(&mut self) {
        let due = self.case.tells_at.is_some_and(|at| at <= self.now) && self.case.stage.held.is_none();
        let kind = self.terms.kind;
        if let Some(stage) = kind.stage(&self.case.stage.name).filter(|_| due) {
            self.say(Whom::Customer, stage, None);
        }
    }
}
