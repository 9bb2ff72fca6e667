//! How promises are made, kept and withdrawn.

use blendline_wire::event::EventKind;
use blendline_wire::event::case::CaseMover;
use blendline_wire::event::promise::{Keeps, PromiseKept, PromiseMade, PromiseWithdrawn, Withdrawal};
use blendline_wire::{Millis, Pii, WorkerId};

use crate::apply::Deciding;
use crate::check::spread;
use crate::clock::after_open;
use crate::command::{Effect, NewPromise, Notice, PromiseNews, Whom};
use crate::limits::{PROMISE_CHARS_MAX, PROMISE_MS_MAX, PROMISES_MAX};
use crate::promise::Promise;
use crate::refusal::Refusal;
use crate::types::{AGENT_FIRST_MS, PromiseBy, Stage};
use crate::values;

/// A promise that is made, whoever makes it.
struct Made {
    due_at: Millis,
    words: Option<String>,
    kept_by: Keeps,
    owner: Option<WorkerId>,
    by_stage: bool,
    field: Option<String>,
    warn_ms: Option<u64>,
    agent_first_ms: u64,
    instead_of: Option<u32>,
}

impl Deciding<'_> {
    /// Somebody promises something.
    pub(crate) fn promise(&mut self, new: &NewPromise) -> Result<(), Refusal> {
        self.may_promise()?;
        self.promised(new, None)
    }

    fn may_promise(&self) -> Result<(), Refusal> {
        self.is_open()?;
        // A customer is promised something, and promises nothing here.
        if self.by == CaseMover::Customer {
            return Err(Refusal::NotYours { to: "promise".to_owned() });
        }
        Ok(())
    }

    fn promised(&mut self, new: &NewPromise, instead_of: Option<u32>) -> Result<(), Refusal> {
        let wrong = |what: &str| Err(Refusal::WrongPromise { what: what.to_owned() });
        let words = new.words.expose().trim();
        if new.due_at <= self.now || self.now.plus(PROMISE_MS_MAX) < new.due_at {
            return wrong("due_at");
        }
        if words.is_empty() || PROMISE_CHARS_MAX < words.chars().count() {
            return wrong("words");
        }
        let can_keep = match &new.kept_by {
            Keeps::Stage(name) => *name != self.case.stage.name && self.leads_to(name),
            Keeps::Field(name) => self.terms.kind.fields.contains_key(name) && !self.case.fields.contains_key(name),
            Keeps::Said => true,
        };
        if !can_keep {
            return wrong("kept_by");
        }
        if PROMISES_MAX <= self.case.promises.len() {
            return Err(Refusal::TooManyPromises);
        }
        self.make(Made {
            due_at: new.due_at,
            words: Some(words.to_owned()),
            kept_by: new.kept_by.clone(),
            owner: new.owner,
            by_stage: false,
            field: None,
            warn_ms: None,
            agent_first_ms: AGENT_FIRST_MS,
            instead_of,
        });
        Ok(())
    }

    /// True when a case can come to a stage from where it stands.
    fn leads_to(&self, stage: &str) -> bool {
        let steps = || self.terms.kind.moves.iter().map(|step| (step.from.as_str(), step.to.as_str()));
        self.terms.kind.stage(stage).is_some() && spread(vec![&self.case.stage.name], steps).contains(stage)
    }

    fn make(&mut self, made: Made) {
        let span = made.due_at.since(self.now);
        // At risk while its owner can still do something, and the customer can be told after him.
        let warn_ms = made.warn_ms.unwrap_or_else(|| (span / 5).max(made.agent_first_ms.min(span / 2)));
        let event = PromiseMade {
            case: self.case.id,
            case_type: self.case.case_type.clone(),
            promise: self.case.promises.len() as u32 + 1,
            stage: self.case.stage.name.clone(),
            by_stage: made.by_stage,
            owner: made.owner.or(self.case.owner),
            due_at: made.due_at,
            risk_at: Millis(made.due_at.0.saturating_sub(warn_ms)).max(self.now),
            agent_first_ms: made.agent_first_ms,
            kept_by: made.kept_by,
            field: made.field,
            instead_of: made.instead_of,
        };
        self.happen(EventKind::PromiseMade(Box::new(event)));
        if let Some(promise) = self.case.promises.last_mut() {
            promise.words = made.words.map(Pii::new);
        }
    }

    /// What a stage promises by itself, where it can: gives until when, as the customer reads it.
    pub(crate) fn promise_of(&mut self, stage: &Stage) -> Option<String> {
        let promise = stage.promise.as_ref().filter(|_| self.case.is_open())?;
        let before = self.case.promises.iter().rfind(|old| old.by_stage && old.stage == stage.name);
        let before = before.filter(|old| old.state.is_open()).map(|old| old.number);
        let (due_at, field) = match &promise.by {
            PromiseBy::Within(ms) => (after_open(self.terms.hours(stage), self.now, *ms), None),
            PromiseBy::Field(name) => {
                let due_at = self.case.fields.get(name).and_then(|day| values::day_ends(day, self.terms.zone))?;
                (due_at, Some(name.clone()))
            }
        };
        if PROMISES_MAX <= self.case.promises.len() {
            return None;
        }
        if let Some(number) = before {
            self.end(number, Withdrawal::Replaced);
        }
        let shown = match &field {
            Some(name) => values::filled_field(&self.case, name),
            None => values::local(due_at, self.terms.zone),
        };
        let words = values::filled(self.terms.kind, &promise.words, &self.case, shown.as_deref());
        if let Some(text) = words.clone().filter(|_| stage.tell.is_none()) {
            self.effects.push(Effect::Tell { whom: Whom::Customer, channels: Vec::new(), text, buttons: Vec::new() });
        }
        self.make(Made {
            due_at,
            words,
            kept_by: promise.kept.clone(),
            owner: None,
            by_stage: true,
            field,
            warn_ms: promise.warn_ms,
            agent_first_ms: promise.agent_first_ms,
            instead_of: before,
        });
        shown
    }

    /// The day that a promise is due has another date: another promise stands in its place, and the customer is told.
    pub(crate) fn day_changed(&mut self, field: &str) {
        let of_field = |promise: &&Promise| promise.field.as_deref() == Some(field) && promise.state.is_open();
        let Some(old) = self.case.promises.iter().rfind(of_field).cloned() else { return };
        let day = self.case.fields.get(field).and_then(|day| values::day_ends(day, self.terms.zone));
        let Some(due_at) = day.filter(|due| *due != old.due_at && self.case.promises.len() < PROMISES_MAX) else {
            return;
        };
        self.end(old.number, Withdrawal::Replaced);
        let of_stage = self.terms.kind.stage(&old.stage).and_then(|stage| stage.promise.as_ref());
        let shown = values::filled_field(&self.case, field);
        self.make(Made {
            due_at,
            words: of_stage
                .and_then(|promise| values::filled(self.terms.kind, &promise.words, &self.case, shown.as_deref())),
            kept_by: old.kept_by,
            owner: old.owner,
            by_stage: true,
            field: Some(field.to_owned()),
            warn_ms: of_stage.and_then(|promise| promise.warn_ms),
            agent_first_ms: old.agent_first_ms,
            instead_of: Some(old.number),
        });
        self.tell_latest();
    }

    /// The customer hears what is promised from now on.
    fn tell_latest(&mut self) {
        let Some(promise) = self.case.promises.last().cloned() else { return };
        self.notice_customer(promise, PromiseNews::Made, None);
    }

    pub(crate) fn notice_customer(&mut self, promise: Promise, what: PromiseNews, words: Option<String>) {
        let notice = Notice::Promise { promise: Box::new(promise), what, words };
        self.effects.push(Effect::Notice { whom: Whom::Customer, worker: None, notice });
    }

    /// Somebody says that a promise is kept, be it too late.
    pub(crate) fn keep(&mut self, number: u32) -> Result<(), Refusal> {
        self.may_promise()?;
        self.case.promise(number).filter(|promise| promise.state.is_owed()).ok_or(Refusal::NoPromise)?;
        self.kept(|promise| promise.number == number);
        Ok(())
    }

    /// The case came to a stage.
    pub(crate) fn kept_by_stage(&mut self, stage: &str) {
        self.kept(|promise| matches!(&promise.kept_by, Keeps::Stage(name) if name == stage));
    }

    /// A field has a value.
    pub(crate) fn kept_by_field(&mut self, field: &str) {
        self.kept(|promise| matches!(&promise.kept_by, Keeps::Field(name) if name == field));
    }

    fn kept(&mut self, is_kept: impl Fn(&Promise) -> bool) {
        let owed = self.case.promises.iter().filter(|promise| promise.state.is_owed() && is_kept(promise));
        let kept: Vec<_> = owed.map(|promise| (promise.number, promise.owner, promise.due_at)).collect();
        for (promise, owner, due_at) in kept {
            let (case, late) = (self.case.id, due_at < self.now);
            self.happen(EventKind::PromiseKept(PromiseKept { case, promise, owner, due_at, late }));
        }
    }

    /// A promise does not hold any more: the customer knows of it, and hears that, or what holds instead.
    pub(crate) fn withdraw(
        &mut self,
        number: u32,
        reason: Withdrawal,
        instead: Option<&NewPromise>,
    ) -> Result<(), Refusal> {
        self.may_promise()?;
        let promise = self.case.promise(number).filter(|promise| promise.state.is_owed()).cloned();
        let promise = promise.ok_or(Refusal::NoPromise)?;
        self.end(number, reason);
        match instead {
            Some(new) => {
                self.promised(new, Some(number))?;
                self.tell_latest();
            }
            None => self.notice_customer(promise, PromiseNews::Withdrawn, None),
        }
        Ok(())
    }

    /// The case is over: nothing more is owed.
    pub(crate) fn close_promises(&mut self) {
        let open = self.case.promises.iter().filter(|promise| promise.state.is_open());
        let numbers: Vec<u32> = open.map(|promise| promise.number).collect();
        numbers.into_iter().for_each(|number| self.end(number, Withdrawal::CaseClosed));
    }

    fn end(&mut self, promise: u32, reason: Withdrawal) {
        let Some(Promise { owner, due_at, .. }) = self.case.promise(promise).cloned() else { return };
        let case = self.case.id;
        self.happen(EventKind::PromiseWithdrawn(PromiseWithdrawn { case, promise, owner, due_at, reason }));
    }
}
