//! Looks whether something is about to break: promises, and the targets of stages. What is said of it is said once.

use blendline_wire::event::EventKind;
use blendline_wire::event::promise::{
    CaseAtRisk, CaseEscalated, Chance, Keeps, LearntOf, PromiseAtRisk, PromiseBroken, RiskBy, RiskTold,
};
use blendline_wire::task::ParkReason;
use blendline_wire::{Millis, WorkerId};

use crate::apply::Deciding;
use crate::case::Case;
use crate::clock::after_open;
use crate::command::{Effect, Notice, PromiseNews, Terms, Whom};
use crate::promise::Promise;
use crate::stay::{left, stage_waits_for};
use crate::types::Stage;
use crate::values;

/// A stage is looked at so often within its target.
const LOOKS: u64 = 20;
/// No forecast warns later than this many of the looks: a tenth of the target is left to do something.
const LAST_LOOK: u64 = 18;
/// The shortest time between two looks, in milliseconds.
const LOOK_MS_MIN: u64 = 30_000;

/// How much of the target of the stage that a case is in is used by now, and the target, in milliseconds; `None` while
/// nothing is due.
pub fn spent(terms: &Terms<'_>, case: &Case, now: Millis) -> Option<(u64, u64)> {
    case.due_at()?;
    let target = terms.kind.stage(&case.stage.name)?.target_ms?;
    Some((left(terms, case, now).used_ms, target))
}

impl Deciding<'_> {
    /// Does what is due by now.
    pub(crate) fn look(&mut self, chance: Option<&Chance>) {
        self.look_at_tell();
        if !self.case.is_open() || self.case.stage.held.is_some() {
            return;
        }
        let expected_at = chance.and_then(|chance| self.expected(chance));
        let learnt = chance.is_some_and(|chance| chance.learnt_of != LearntOf::Target);
        for number in 1..=self.case.promises.len() as u32 {
            self.look_at_promise(number, expected_at.filter(|_| learnt));
        }
        self.look_at_stage(chance, expected_at);
        self.escalate();
        self.resurface();
    }

    /// When every second such case has left the stage.
    fn expected(&self, chance: &Chance) -> Option<Millis> {
        let stage = self.terms.kind.stage(&self.case.stage.name)?;
        Some(after_open(self.terms.hours(stage), self.now, chance.median_left_ms?))
    }

    fn look_at_promise(&mut self, number: u32, expected_at: Option<Millis>) {
        let Some(promise) = self.case.promise(number).filter(|promise| promise.state.is_open()).cloned() else {
            return;
        };
        let (case, owner, due_at) = (self.case.id, promise.owner, promise.due_at);
        if due_at < self.now {
            let warned = promise.risk.is_some_and(|risk| risk.customer_told);
            let broken = PromiseBroken { case, promise: number, owner, due_at, warned };
            self.happen(EventKind::PromiseBroken(broken));
            self.notice_owner(promise, PromiseNews::Broken);
            return self.raise();
        }
        if promise.risk.is_none() {
            let Some(why) = self.is_at_risk(&promise, expected_at) else { return };
            let first_ms = promise.agent_first_ms;
            let customer_at = if due_at.since(self.now) <= first_ms { self.now } else { self.now.plus(first_ms) };
            let tells = RiskTold::Owner;
            let risk = PromiseAtRisk { case, promise: number, owner, due_at, tells, why, customer_at };
            self.happen(EventKind::PromiseAtRisk(risk));
            self.notice_owner(promise, PromiseNews::AtRisk);
        }
        let Some(promise) = self.case.promise(number).cloned() else { return };
        if let Some(risk) = promise.risk.filter(|risk| !risk.customer_told && risk.customer_at <= self.now) {
            let (tells, why, customer_at) = (RiskTold::Customer, risk.why, risk.customer_at);
            let told = PromiseAtRisk { case, promise: number, owner, due_at, tells, why, customer_at };
            self.happen(EventKind::PromiseAtRisk(told));
            let words = self.late_words(&promise);
            self.notice_customer(promise, PromiseNews::AtRisk, words);
        }
    }

    fn is_at_risk(&self, promise: &Promise, expected_at: Option<Millis>) -> Option<RiskBy> {
        if promise.risk_at <= self.now {
            return Some(RiskBy::Time);
        }
        // Until the stage is left no other is reached.
        let waits_for_stage = matches!(&promise.kept_by, Keeps::Stage(name) if *name != self.case.stage.name);
        let too_late = expected_at.is_some_and(|expected| promise.due_at < expected);
        (waits_for_stage && too_late).then_some(RiskBy::Forecast)
    }

    /// What the type has the customer told of a promise at risk.
    fn late_words(&self, promise: &Promise) -> Option<String> {
        let stage = self.terms.kind.stage(&promise.stage).filter(|_| promise.by_stage)?;
        let late = &stage.promise.as_ref()?.late;
        let shown = match &promise.field {
            Some(name) => values::filled_field(&self.case, name),
            None => values::local(promise.due_at, self.terms.zone),
        };
        values::filled(self.terms.kind, late, &self.case, shown.as_deref())
    }

    fn notice_owner(&mut self, promise: Promise, what: PromiseNews) {
        let worker = promise.owner;
        let notice = Notice::Promise { promise: Box::new(promise), what, words: None };
        self.effects.push(Effect::Notice { whom: Whom::Agent, worker, notice });
    }

    fn look_at_stage(&mut self, chance: Option<&Chance>, expected_at: Option<Millis>) {
        let Some(stage) = self.terms.kind.stage(&self.case.stage.name) else { return };
        let Some(due_at) = self.case.due_at().filter(|due| self.now < *due) else { return };
        let Some((used_ms, target_ms)) = spent(self.terms, &self.case, self.now) else { return };
        if self.case.stage.warned_at.is_some() {
            return;
        }
        let is_in_time = used_ms <= target_ms / LOOKS * LAST_LOOK;
        let probable = chance.is_some_and(|chance| chance.warns_milli <= chance.miss_milli);
        let late = stage.warn.before_ms.is_some_and(|before| due_at <= self.now.plus(before));
        let why = match (probable && is_in_time, late) {
            (true, _) => RiskBy::Forecast,
            (false, true) => RiskBy::Time,
            (false, false) => return,
        };
        let chance = chance.copied().unwrap_or(Chance { used_ms, target_ms, ..Chance::default() });
        let risk = CaseAtRisk {
            case: self.case.id,
            case_type: self.case.case_type.clone(),
            version: self.terms.version,
            stage: stage.name.clone(),
            responsible: stage.unit.clone(),
            owner: self.case.owner,
            due_at,
            expected_at,
            why,
            chance,
            waits_for: self.waits_for(stage).to_owned(),
        };
        self.happen(EventKind::CaseAtRisk(Box::new(risk)));
        self.act_on_risk(stage, chance.miss_milli, due_at);
    }

    /// What the type has done of a warning.
    fn act_on_risk(&mut self, stage: &Stage, miss_milli: u32, due_at: Millis) {
        let manager = self.terms.managers.first().copied();
        let told = [(stage.warn.owner, Whom::Agent, self.case.owner), (stage.warn.unit, Whom::Manager, manager)];
        for (_, whom, worker) in told.into_iter().filter(|(tells, ..)| *tells) {
            self.notice_risk(whom, worker, miss_milli, due_at, false);
        }
        if stage.warn.raise {
            self.raise();
        }
        if let Some(queue) = stage.warn.open.clone() {
            self.effects.push(Effect::Aside { queue });
        }
    }

    fn notice_risk(&mut self, whom: Whom, worker: Option<WorkerId>, miss_milli: u32, due_at: Millis, again: bool) {
        let notice = Notice::Risk { miss_milli, due_at, again };
        self.effects.push(Effect::Notice { whom, worker, notice });
    }

    /// The stage's task comes before those that are due when it is.
    fn raise(&mut self) {
        let queue = self.terms.kind.stage(&self.case.stage.name).and_then(|stage| stage.queue.clone());
        if let (Some(task), Some(queue)) = (self.case.task, queue) {
            let left_ms = self.case.stage.due_at.map_or(0, |due| due.since(self.now));
            self.effects.push(Effect::Raise { task, queue, target_ms: (left_ms / 10).max(1) });
        }
    }

    fn waits_for(&self, stage: &Stage) -> &'static str {
        match self.case.stage.paused.map(|paused| paused.reason) {
            Some(ParkReason::Customer) => "customer",
            Some(ParkReason::Colleague) => "colleague",
            Some(ParkReason::Approval) => "approval",
            Some(ParkReason::Time) => "time",
            None => stage_waits_for(self.terms.kind, stage),
        }
    }

    fn escalate(&mut self) {
        let Some(at) = self.escalates_at().filter(|at| *at <= self.now) else { return };
        let level = self.case.stage.escalated + 1;
        let Some(to) = self.terms.managers.get(level as usize - 1).copied() else { return };
        let (case, stage) = (self.case.id, self.case.stage.name.clone());
        self.happen(EventKind::CaseEscalated(CaseEscalated { case, stage, level, to }));
        let due_at = self.case.stage.due_at.unwrap_or(at);
        self.notice_risk(Whom::Manager, Some(to), 0, due_at, true);
    }

    /// When a stage that was warned of goes up the tree next.
    fn escalates_at(&self) -> Option<Millis> {
        let every = self.terms.kind.stage(&self.case.stage.name)?.warn.escalate_ms?;
        let warned_at = self.case.stage.warned_at.filter(|_| self.case.is_open())?;
        let level = self.case.stage.escalated;
        let has_next = (level as usize) < self.terms.managers.len();
        has_next.then(|| warned_at.plus(every.saturating_mul(u64::from(level) + 1)))
    }

    /// When the case is to be looked at next.
    pub(crate) fn next_look(&self) -> Option<Millis> {
        let tells_at = self.case.tells_at.filter(|_| self.case.stage.held.is_none());
        if !self.case.is_open() || self.case.stage.held.is_some() {
            return tells_at.map(|at| at.max(self.now.plus(1)));
        }
        let promises = self.case.promises.iter().filter_map(Promise::next_at);
        let looks =
            promises.chain(self.warns_at()).chain(self.escalates_at()).chain(self.resurfaces_at()).chain(tells_at);
        looks.min().map(|at| at.max(self.now.plus(1)))
    }

    fn warns_at(&self) -> Option<Millis> {
        let stage = self.terms.kind.stage(&self.case.stage.name)?;
        let due_at = self.case.due_at().filter(|due| self.now < *due)?;
        if self.case.stage.warned_at.is_some() {
            return None;
        }
        let (used_ms, target_ms) = spent(self.terms, &self.case, self.now)?;
        let every = (target_ms / LOOKS).max(LOOK_MS_MIN);
        let next_ms = (used_ms / every + 1) * every;
        let by_chance = (next_ms <= target_ms / LOOKS * LAST_LOOK)
            .then(|| after_open(self.terms.hours(stage), self.now, next_ms - used_ms));
        let by_time = stage.warn.before_ms.map(|before| Millis(due_at.0.saturating_sub(before)));
        by_chance.into_iter().chain(by_time).min()
    }
}
