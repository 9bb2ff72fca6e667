//! Decisions at the owner of their shard: what is asked of one is decided by [`blendline_authority::apply()`], and its line of the
//! ledger, its event, the task that asks for approval and what becomes of a case are committed together.
//!
//! Whatever the path, a call, a desk or a program, it comes through [`Stepper::decide_call`], and nothing else adds a line. A
//! rule decides nothing: it has no authority.

use blendline_authority::apply::{first, wish_of};
use blendline_authority::limits::LINES_MAX;
use blendline_authority::line::Kind;
use blendline_authority::used::Used;
use blendline_authority::{
    Change, Command as Asked, Decision, Effect, Line, Refusal as Refused, Shortfall, State, Terms,
};
use blendline_cases::Command as CaseCommand;
use blendline_core::input::Verdict;
use blendline_core::{Answer, Command, Input, Refusal, Scheduler};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::{DecisionId, Millis, TaskId, TenantId};

use crate::directory::Directory;
use crate::driver::approvals::Routed;
use crate::driver::draft::{Draft, Item};
use crate::driver::step::Stepper;
use crate::handle::{Call, CallError, CallResult, DecideCall, NotDecided};
use crate::rules::LiveAuthority;

/// What a tenant's workers may decide, and the version of the rule set that says so.
pub(crate) fn live(directory: &Directory, tenant: TenantId) -> Option<(&LiveAuthority, u32)> {
    let routing = directory.rules.get(&tenant)?;
    Some((routing.authority.as_ref()?, routing.version))
}

/// The tasks that a command takes away where it does what it says: one, and what was asked for from it.
fn taken_away(core: &Scheduler, command: &Command) -> Vec<TaskId> {
    let Command::Cancel { task, .. } = command else { return Vec::new() };
    let mut tasks = vec![*task];
    let mut looked = 0;
    while let Some(row) = tasks.get(looked).map(|task| core.task(*task)) {
        tasks.extend(row.iter().flat_map(|row| &row.children));
        looked += 1;
    }
    tasks
}

/// True for a task of the queue where its company's approvals are asked for.
fn may_ask(directory: &Directory, core: &Scheduler, task: TaskId) -> bool {
    core.task(task).is_some_and(|row| {
        let approvals = live(directory, row.tenant).and_then(|(live, _)| live.authority.approvals.as_ref());
        approvals.is_some_and(|approvals| directory.queue(row.tenant, &approvals.queue) == Some(row.queue))
    })
}

impl Draft {
    /// Asks for what decisions depend on, and for the decisions that tasks ask for which are being finished or cancelled.
    pub(crate) fn want_decisions(&mut self, directory: &Directory, core: &Scheduler, now: Millis) {
        for item in &self.items {
            let Item::Call { call, .. } = item else { continue };
            let call = match &**call {
                Call::Doubtful { call, .. } => call,
                call => call,
            };
            match call {
                Call::Decide(asked) => {
                    let lines = &mut self.wanted.lines;
                    lines.decisions.push(asked.decision);
                    let live = live(directory, asked.tenant);
                    lines
                        .used
                        .extend(live.map(|(live, _)| live.used_wanted(asked.tenant, &asked.wish, Some(asked.by), now)));
                    self.wanted.cases.extend(asked.of_case);
                }
                Call::Settle { task, .. } => {
                    self.wanted.lines.approvals.extend(may_ask(directory, core, *task).then_some(*task));
                }
                Call::Plain(command) => {
                    let tasks = taken_away(core, command).into_iter();
                    self.wanted.lines.approvals.extend(tasks.filter(|task| may_ask(directory, core, *task)));
                }
                _ => {}
            }
        }
    }
}

impl Stepper<'_> {
    /// What is asked of a decision. Asked again it changes nothing again.
    pub(crate) fn decide_call(&mut self, actor: Actor, asked: DecideCall) -> CallResult {
        let known = self.overlay.decision(asked.decision).filter(|known| known.first.tenant == asked.tenant);
        if let Some(answer) = known.as_ref().and_then(|known| again(known, &asked)) {
            return answer.and_then(|answer| self.unless_waiting(&asked, answer));
        }
        if LINES_MAX < self.overlay.lines().count() {
            return Err(CallError::Refused(Refusal::TooMany("decisions")));
        }
        match self.by_authority(&asked, known.as_ref(), &asked.command) {
            Ok(change) => {
                self.take_decision(actor, &asked, change);
                self.unless_waiting(&asked, Answer::Done)
            }
            Err(refusal) => {
                self.refused_decision(actor, &asked, known.as_ref(), &refusal);
                let currency = asked.wish.currency;
                Err(CallError::Decision(Box::new(NotDecided { refusal, currency })))
            }
        }
    }

    /// The answer, or that it waits where that is to be told so.
    fn unless_waiting(&self, asked: &DecideCall, answer: Answer) -> CallResult {
        let waits = || self.overlay.decision(asked.decision).is_some_and(|it| it.state() == State::Waiting);
        if asked.tells && waits() { Err(CallError::Waiting(asked.decision)) } else { Ok(answer) }
    }

    /// The decision that a command would leave unmade: it finishes the task that asks for it.
    pub(crate) fn undecided(&self, command: &Command) -> Option<DecisionId> {
        let Command::Settle { task, verdict: Verdict::Done { .. }, .. } = command else { return None };
        self.overlay.asked_by(*task).map(|decision| decision.id())
    }

    /// The decisions that a command would leave with nobody to make them.
    pub(crate) fn left_by(&self, command: &Command) -> Vec<Decision> {
        taken_away(self.core, command).into_iter().filter_map(|task| self.overlay.asked_by(task)).collect()
    }

    /// Withdraws those of these decisions whose task is over: nobody is asked for them any more.
    pub(crate) fn lapse(&mut self, actor: Actor, decisions: Vec<Decision>) {
        for decision in decisions {
            if decision.approval.is_none_or(|task| self.core.task(task).is_some()) {
                continue;
            }
            let told = &decision.first.told;
            let asked = DecideCall {
                tenant: decision.first.tenant,
                decision: decision.id(),
                wish: wish_of(&decision),
                by: told.asker,
                of_case: told.of_case,
                command: Asked::Lapse { reason: "task_over".to_owned() },
                waits: false,
                tells: false,
            };
            if let Ok(change) = self.by_authority(&asked, Some(&decision), &asked.command) {
                self.take_decision(actor, &asked, change);
            }
        }
    }

    fn by_authority(&self, asked: &DecideCall, known: Option<&Decision>, command: &Asked) -> Result<Change, Refused> {
        let decided = self.by_terms(asked, |terms| blendline_authority::apply(terms, known, command));
        let nobody = Refused::Short { reason: Shortfall::NoGrant, alone: 0, most: 0 };
        decided.unwrap_or(Err(nobody))
    }

    /// Looks by the terms of now; nothing where the tenant's rules give nobody any authority.
    fn by_terms<T>(&self, asked: &DecideCall, look: impl FnOnce(&Terms<'_>) -> T) -> Option<T> {
        let (live, version) = live(self.directory, asked.tenant)?;
        let own = self.overlay.lines().filter(|line| line.tenant == asked.tenant).cloned();
        let used = Used::of(own, &asked.wish.action, &asked.wish.currency);
        let (open, scores) = (live.open(self.now()), self.scores(live));
        Some(look(&live.terms(version, &used, (&scores, &open), self.now())))
    }

    /// Writes the line, and does what comes of it.
    fn take_decision(&mut self, actor: Actor, asked: &DecideCall, change: Change) {
        let Change { line, decision, effect } = change;
        let given = line.kind.counts().then_some(line.told.minor);
        self.add_line(actor, line);
        match effect {
            Some(Effect::Ask { approvers }) => {
                let routed = self.ask_approval(actor, &decision, &approvers, asked.waits);
                self.tell_routed(asked, &decision, routed);
            }
            Some(Effect::Pass { task, approvers }) => {
                let to = self.pass_approval(actor, task, &approvers);
                self.tell_routed(asked, &decision, (Some(task), to, ""));
            }
            Some(Effect::End { task }) => self.end_approval(&decision, task, asked.by),
            None => {}
        }
        if let Some(minor) = given {
            self.tell_case(&decision, minor);
        }
        self.decided_work(&decision);
    }

    fn tell_routed(&mut self, asked: &DecideCall, decision: &Decision, (task, to, reason): Routed) {
        let command = Asked::Route { task, to, reason: reason.to_owned() };
        if let Ok(change) = self.by_authority(asked, Some(decision), &command) {
            self.add_line(Actor::System, change.line);
        }
    }

    /// Adds a line to the ledger, with its event.
    fn add_line(&mut self, actor: Actor, line: Line) {
        self.record_decision(actor, &line, line.event());
        self.overlay.add_line(line.clone());
        self.batch.commit.lines.push(line);
    }

    fn record_decision(&mut self, actor: Actor, line: &Line, kind: EventKind) {
        let Line { tenant, conversation, .. } = *line;
        let command = Command::Record { tenant, account: None, conversation, kind: Box::new(kind) };
        self.step(Input::new(actor, command));
    }

    /// A wish that nobody may grant is told in the log. Who may not grant what was offered to him passes it on.
    fn refused_decision(&mut self, actor: Actor, asked: &DecideCall, known: Option<&Decision>, refusal: &Refused) {
        match (&asked.command, refusal, known) {
            (Asked::Ask(asking), Refused::Short { reason, .. }, _) => {
                let told = self.by_terms(asked, |terms| first(terms, asking));
                if let Some(mut line) = told {
                    line.told.reason = reason.as_str().to_owned();
                    let kind = EventKind::DecisionRefused(Box::new(line.told.clone()));
                    self.record_decision(actor, &line, kind);
                }
            }
            (Asked::Approve { by, .. }, Refused::NotYours { approvers, .. }, Some(known)) if !approvers.is_empty() => {
                let task = known
                    .approval
                    .filter(|task| self.core.task(*task).is_some_and(|row| row.state.owner() == Some(*by)));
                if let Some(task) = task {
                    let to = self.pass_approval(Actor::System, task, approvers);
                    self.tell_routed(asked, known, (Some(task), to, ""));
                }
            }
            _ => {}
        }
    }

    /// The fields of the decision's case that add up such decisions say what was given.
    fn tell_case(&mut self, decision: &Decision, minor: i64) {
        let told = &decision.first.told;
        let Some(case) = told.of_case.and_then(|id| self.overlay.case(id)).cloned() else { return };
        if case.tenant != decision.first.tenant {
            return;
        }
        let command = CaseCommand::Given { action: told.action.clone(), currency: told.currency.clone(), minor };
        let change = self.decided_case(Some(&case), case.tenant, &case.case_type, Actor::Rule, &command);
        if let Ok(change) = change.map_err(|refusal| tracing::warn!(?refusal, "A case was not told of a decision.")) {
            self.change_case(Actor::Rule, change);
        }
    }
}

/// The answer to what was asked before; `None` where it was not.
fn again(known: &Decision, asked: &DecideCall) -> Option<CallResult> {
    let (first, last) = (&known.first.told, &known.last.told);
    let done = match &asked.command {
        Asked::Ask(asking) => {
            let wish = &asking.wish;
            let same = (&wish.action, &wish.currency, wish.minor, wish.asker, asking.of_case, asking.task)
                == (&first.action, &first.currency, first.minor, first.asker, first.of_case, first.of_task);
            return Some(if same { Ok(Answer::Done) } else { Err(CallError::KeyReused) });
        }
        Asked::Approve { by, .. } => {
            known.last.kind == Kind::Granted && last.line != 1 && last.second.or(last.decider) == Some(*by)
        }
        Asked::Deny { by, .. } => known.last.kind == Kind::Denied && last.decider == Some(*by),
        Asked::Withdraw { by, .. } => known.last.kind == Kind::Withdrawn && last.asker == *by,
        Asked::Reverse { by, .. } => known.last.kind == Kind::Reversed && last.decider == Some(*by),
        Asked::Route { .. } | Asked::Lapse { .. } => false,
    };
    done.then_some(Ok(Answer::Done))
}
