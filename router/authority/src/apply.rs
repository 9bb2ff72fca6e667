//! The one function that adds lines to the ledger. Every decision is here; what it decides is a line.

use blendline_wire::event::authority::DecisionTold;
use blendline_wire::{CaseId, ConversationId, DecisionId, MatterId, Pii, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Serialize};

use crate::decide::{Ground, Outcome, Shortfall, Terms, Wish, alone, approvers, decide, grounds, has_say};
use crate::line::{Decision, Kind, Line, State};

/// What is asked.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub enum Command {
    /// Somebody wishes to give something.
    Ask(Box<Asking>),
    /// A task asks for approval, or could not be opened.
    Route {
        /// The task.
        task: Option<TaskId>,
        /// For whom it is first.
        to: Option<WorkerId>,
        /// Why there is none.
        reason: String,
    },
    /// Somebody agrees.
    Approve {
        /// Who.
        by: WorkerId,
        /// In his words.
        note: Option<Pii<String>>,
    },
    /// Somebody says no.
    Deny {
        /// Who.
        by: WorkerId,
        /// In his words.
        note: Option<Pii<String>>,
    },
    /// The asker does not want it any more.
    Withdraw {
        /// Who.
        by: WorkerId,
        /// In his words.
        note: Option<Pii<String>>,
    },
    /// The task that asked for it is over, and nobody decided.
    Lapse {
        /// A word for how that came.
        reason: String,
    },
    /// What was given is taken back, all of it.
    Reverse {
        /// By whom.
        by: WorkerId,
        /// In his words.
        note: Option<Pii<String>>,
    },
}

/// A wish and what it belongs to.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Asking {
    /// The name that the decision will have.
    pub decision: DecisionId,
    /// The caller's key of it.
    pub key: String,
    /// Whose ledger.
    pub tenant: TenantId,
    /// What is wished.
    pub wish: Wish,
    /// The case it is for.
    pub of_case: Option<CaseId>,
    /// The task in which it came up.
    pub task: Option<TaskId>,
    /// That task's conversation.
    pub conversation: Option<ConversationId>,
    /// The customer's matter.
    pub matter: Option<MatterId>,
    /// Why, in his words.
    pub note: Option<Pii<String>>,
}

/// What comes of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The next line of the ledger.
    pub line: Line,
    /// The decision from now on.
    pub decision: Decision,
    /// What is to be done.
    pub effect: Option<Effect>,
}

/// What is to be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Effect {
    /// One of these is to be asked, the nearest who is free first. What came of it is told by [`Command::Route`].
    Ask {
        /// Who may, the nearest first.
        approvers: Vec<WorkerId>,
    },
    /// The task that asks is to go to one of these: another person is needed.
    Pass {
        /// The task.
        task: TaskId,
        /// Who may, the nearest first.
        approvers: Vec<WorkerId>,
    },
    /// It is decided: the task that asks, where there is one, is over, and the asker is told.
    End {
        /// The task.
        task: Option<TaskId>,
    },
}

/// Why nothing came of a command.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// There is no such decision.
    Unknown,
    /// There is one already.
    Exists,
    /// Nobody may decide this.
    Short {
        /// Why.
        reason: Shortfall,
        /// How much the asker could decide alone, in minor units.
        alone: i64,
        /// The most that anybody could grant now, in minor units.
        most: i64,
    },
    /// Whoever asked does not decide.
    Own,
    /// Two different persons decide.
    SamePerson,
    /// It is not his to decide.
    NotYours {
        /// Why.
        reason: Shortfall,
        /// Who may by now, the nearest first.
        approvers: Vec<WorkerId>,
    },
    /// It is decided already.
    Decided {
        /// How.
        state: State,
    },
    /// It was not granted, so there is nothing to take back.
    NotGranted,
}

/// What becomes of a decision by a command. Nothing is changed where it is refused.
///
/// `decision` is what its lines make of it; `terms` hold what was granted before of its action and currency.
pub fn apply(terms: &Terms<'_>, decision: Option<&Decision>, command: &Command) -> Result<Change, Refusal> {
    match (decision, command) {
        (None, Command::Ask(asking)) => ask(terms, asking),
        (Some(_), Command::Ask(_)) => Err(Refusal::Exists),
        (None, _) => Err(Refusal::Unknown),
        (Some(decision), Command::Route { task, to, reason }) => {
            waiting(decision)?;
            let mut line = next(terms, decision, Kind::Routed, None);
            (line.told.approval, line.told.to, line.told.reason) = (*task, *to, reason.clone());
            Ok(change(Some(decision), line, None))
        }
        (Some(decision), Command::Approve { by, note }) => approve(terms, decision, *by, note.clone()),
        (Some(decision), Command::Deny { by, note }) => {
            waiting(decision)?;
            may_speak(terms, decision, *by)?;
            let mut line = next(terms, decision, Kind::Denied, note.clone());
            (line.told.decider, line.told.holder, line.told.grant) = (Some(*by), None, None);
            Ok(ended(decision, line))
        }
        (Some(decision), Command::Withdraw { by, note }) => {
            waiting(decision)?;
            if decision.first.told.asker != *by {
                let reason = Shortfall::NoGrant;
                return Err(Refusal::NotYours { reason, approvers: vec![decision.first.told.asker] });
            }
            Ok(ended(decision, next(terms, decision, Kind::Withdrawn, note.clone())))
        }
        (Some(decision), Command::Lapse { reason }) => {
            waiting(decision)?;
            let mut line = next(terms, decision, Kind::Withdrawn, None);
            line.told.reason = reason.clone();
            Ok(ended(decision, line))
        }
        (Some(decision), Command::Reverse { by, note }) => reverse(terms, decision, *by, note.clone()),
    }
}

/// What a decision is about.
pub fn wish_of(decision: &Decision) -> Wish {
    let told = &decision.first.told;
    Wish {
        asker: told.asker,
        action: told.action.clone(),
        currency: told.currency.clone(),
        minor: told.minor,
        contact: told.contact,
    }
}

fn ask(terms: &Terms<'_>, asking: &Asking) -> Result<Change, Refusal> {
    let (kind, ground, approvers) = match decide(terms, &asking.wish) {
        Outcome::Granted(ground) => (Kind::Granted, Some(ground), Vec::new()),
        Outcome::NeedsApproval { approvers, agreed } => (Kind::Asked, agreed, approvers),
        Outcome::Refused { reason, most } => {
            let alone = alone(terms, &asking.wish, asking.wish.asker);
            return Err(Refusal::Short { reason, alone, most });
        }
    };
    let mut line = Line { kind, ..first(terms, asking) };
    grounded(&mut line, asking.wish.asker, ground);
    let effect = (kind == Kind::Asked).then_some(Effect::Ask { approvers });
    Ok(change(None, line, effect))
}

/// The line that a wish begins with; also what the event of a refusal tells.
pub fn first(terms: &Terms<'_>, asking: &Asking) -> Line {
    let Asking { decision, key, tenant, wish, of_case, task, conversation, matter, note } = asking;
    let told = DecisionTold {
        decision: *decision,
        line: 1,
        action: wish.action.clone(),
        currency: wish.currency.clone(),
        minor: wish.minor,
        asker: wish.asker,
        decider: None,
        holder: None,
        grant: None,
        second: None,
        second_holder: None,
        contact: wish.contact,
        of_case: *of_case,
        of_task: *task,
        approval: None,
        to: None,
        version: terms.version,
        alone: alone(terms, wish, wish.asker),
        reason: String::new(),
    };
    Line {
        tenant: *tenant,
        at: terms.now,
        kind: Kind::Asked,
        told,
        key: key.clone(),
        conversation: *conversation,
        matter: *matter,
        note: note.clone(),
    }
}

fn approve(terms: &Terms<'_>, decision: &Decision, by: WorkerId, note: Option<Pii<String>>) -> Result<Change, Refusal> {
    waiting(decision)?;
    let wish = wish_of(decision);
    if wish.asker == by {
        return Err(Refusal::Own);
    }
    let agreed = decision.agreed();
    if agreed.is_some_and(|(first, _)| first == by) {
        return Err(Refusal::SamePerson);
    }
    // Between the two what the first one may give can have been used up: then it is as if he had not agreed yet.
    let still = agreed
        .filter(|(first, holder)| grounds(terms, &wish, *first, &[]).is_ok_and(|ground| ground.holder == *holder));
    let mut others = vec![wish.asker];
    others.extend(still.map(|(_, holder)| holder));
    let ground = grounds(terms, &wish, by, &others)
        .map_err(|reason| Refusal::NotYours { reason, approvers: approvers(terms, &wish, still) })?;
    let mut line = next(terms, decision, Kind::Granted, note);
    if still.is_some() {
        (line.told.second, line.told.second_holder) = (Some(by), Some(ground.holder));
        return Ok(ended(decision, line));
    }
    let (holder, four_eyes) = (ground.holder, ground.four_eyes);
    grounded(&mut line, by, Some(ground));
    if !four_eyes {
        return Ok(ended(decision, line));
    }
    let approvers = approvers(terms, &wish, Some((by, holder)));
    if approvers.is_empty() {
        return Err(Refusal::NotYours { reason: Shortfall::NobodySecond, approvers });
    }
    line.kind = Kind::Approved;
    let effect = decision.approval.map(|task| Effect::Pass { task, approvers });
    Ok(change(Some(decision), line, effect))
}

fn reverse(terms: &Terms<'_>, decision: &Decision, by: WorkerId, note: Option<Pii<String>>) -> Result<Change, Refusal> {
    let told = &decision.last.told;
    if decision.state() != State::Granted {
        return Err(Refusal::NotGranted);
    }
    let was_in_it = [Some(told.asker), told.decider, told.second].contains(&Some(by));
    if !was_in_it && !has_say(terms, &told.action, &told.currency, by) {
        return Err(Refusal::NotYours { reason: Shortfall::NoGrant, approvers: Vec::new() });
    }
    let mut line = next(terms, decision, Kind::Reversed, note);
    line.told.minor = -told.minor;
    (line.told.decider, line.told.second, line.told.second_holder) = (Some(by), None, None);
    Ok(change(Some(decision), line, None))
}

fn waiting(decision: &Decision) -> Result<(), Refusal> {
    match decision.state() {
        State::Waiting => Ok(()),
        state => Err(Refusal::Decided { state }),
    }
}

/// Whether somebody has a say in what another asked for.
fn may_speak(terms: &Terms<'_>, decision: &Decision, by: WorkerId) -> Result<(), Refusal> {
    let told = &decision.first.told;
    if told.asker == by {
        return Err(Refusal::Own);
    }
    if has_say(terms, &told.action, &told.currency, by) {
        return Ok(());
    }
    let wish = wish_of(decision);
    let approvers = approvers(terms, &wish, decision.agreed());
    Err(Refusal::NotYours { reason: Shortfall::NoGrant, approvers })
}

fn grounded(line: &mut Line, by: WorkerId, ground: Option<Ground>) {
    let Some(Ground { holder, grant, .. }) = ground else { return };
    (line.told.decider, line.told.holder, line.told.grant) = (Some(by), Some(holder), Some(grant));
}

/// The next line of a decision, as the last one was but for what happens now.
fn next(terms: &Terms<'_>, decision: &Decision, kind: Kind, note: Option<Pii<String>>) -> Line {
    let mut line = Line { kind, at: terms.now, note, key: String::new(), ..decision.last.clone() };
    line.told.line += 1;
    line.told.version = terms.version;
    line.told.approval = decision.approval;
    (line.told.to, line.told.reason) = (None, String::new());
    line
}

fn ended(decision: &Decision, mut line: Line) -> Change {
    let task = line.told.approval.take();
    change(Some(decision), line, Some(Effect::End { task }))
}

fn change(decision: Option<&Decision>, line: Line, effect: Option<Effect>) -> Change {
    let decision = match decision {
        Some(decision) => {
            let mut decision = decision.clone();
            decision.add(line.clone());
            decision
        }
        None => Decision { approval: line.told.approval, first: line.clone(), last: line.clone() },
    };
    Change { line, decision, effect }
}
