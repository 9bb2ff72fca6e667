//! The line: what happened, in words that stay.

use std::sync::Arc;

use blendline_wire::event::{Actor, Event, EventKind};
use blendline_wire::task::Target;
use blendline_wire::{CaseId, ConversationId, EventId, Millis, TaskId, WorkerId};

/// One happening of a journey.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// When.
    pub at: Millis,
    /// The event.
    pub event: EventId,
    /// The name of its kind, as `task_assigned`.
    pub what: &'static str,
    /// Who did it.
    pub actor: Actor,
    /// On which channel; how it was, of a contact that was logged.
    pub channel: Option<Arc<str>>,
    /// In which conversation.
    pub conversation: Option<ConversationId>,
    /// Of which task.
    pub task: Option<TaskId>,
    /// Of which case.
    pub case: Option<CaseId>,
    /// To whom it went, where it went to somebody.
    pub to: Option<Target>,
    /// A word more: a stage, a reason, a disposition.
    pub about: Option<String>,
}

/// What is said of a kind of event: its name, to whom it went, and a word more.
struct Said(&'static str, Option<Target>, Option<String>);

impl Step {
    /// The step that an event is; many tell nothing of the customer's way.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        let Said(what, to, about) = said(&event.kind)?;
        let channel = match &event.kind {
            EventKind::ContactLogged { medium, .. } => Some(medium.as_str().into()),
            _ => event.channel.clone(),
        };
        let (at, actor, conversation, task) = (event.at, event.actor, event.conversation, event.task);
        let case = event.kind.case();
        Some(Self { at, event: event.id, what, actor, channel, conversation, task, case, to, about })
    }
}

fn said(kind: &EventKind) -> Option<Said> {
    of_work(kind).or_else(|| of_case(kind)).or_else(|| of_decision(kind))
}

fn of_work(kind: &EventKind) -> Option<Said> {
    let plain = |what| Some(Said(what, None, None));
    let about = |what, about: &str| Some(Said(what, None, Some(about.to_owned())));
    let to = |what, worker: Option<WorkerId>| Some(Said(what, worker.map(Target::Worker), None));
    match kind {
        EventKind::MessageReceived { .. } => plain("message_received"),
        EventKind::ReplyQueued { .. } => plain("reply_queued"),
        EventKind::ReplyFailed { reason, .. } => about("reply_failed", reason),
        EventKind::ConversationOpened { .. } => plain("conversation_opened"),
        EventKind::ConversationReopened { .. } => plain("conversation_reopened"),
        EventKind::MovedToPrivate { .. } => plain("moved_to_private"),
        EventKind::TaskCreated { queue, .. } => Some(Said("task_created", Some(Target::Queue(*queue)), None)),
        EventKind::TaskOverflowed { to, .. } => Some(Said("task_overflowed", Some(Target::Queue(*to)), None)),
        EventKind::TaskAssigned { worker, .. } => to("task_assigned", Some(*worker)),
        EventKind::TaskWithdrawn { reason: blendline_wire::task::WithdrawReason::Expired, .. } => None,
        EventKind::TaskWithdrawn { worker, .. } => to("task_withdrawn", Some(*worker)),
        EventKind::TargetMissed { .. } => plain("target_missed"),
        EventKind::TaskParked { reason, .. } => about("task_parked", park_word(*reason)),
        EventKind::TaskWoken { why } => about("task_woken", why),
        EventKind::TaskTransferred { to, .. } => Some(Said("task_transferred", Some(*to), None)),
        EventKind::TaskHandedOver { to: heir, .. } => to("task_handed_over", *heir),
        EventKind::RequestOpened { to, .. } => Some(Said("request_opened", Some(*to), None)),
        EventKind::RequestAnswered { .. } => plain("request_answered"),
        EventKind::RequestWithdrawn { .. } => plain("request_withdrawn"),
        EventKind::TaskSolved { disposition, .. } => about("task_solved", disposition),
        EventKind::TaskRefused { .. } => plain("task_refused"),
        EventKind::TaskConfirmed => plain("task_confirmed"),
        EventKind::TaskDenied => plain("task_denied"),
        EventKind::TaskCancelled { reason } => about("task_cancelled", reason),
        EventKind::ContactLogged { .. } => plain("contact_logged"),
        EventKind::SatisfactionAnswered { score, .. } => about("satisfaction_answered", &score.to_string()),
        EventKind::MatterRepeated(_) => plain("matter_repeated"),
        EventKind::MattersJoined(_) => plain("matters_joined"),
        EventKind::MattersParted(_) => plain("matters_parted"),
        _ => None,
    }
}

fn of_case(kind: &EventKind) -> Option<Said> {
    let plain = |what| Some(Said(what, None, None));
    let about = |what, about: &str| Some(Said(what, None, Some(about.to_owned())));
    match kind {
        EventKind::CaseOpened(event) => about("case_opened", &event.entered.stage),
        EventKind::CaseMoved(event) => about("case_moved", &event.entered.stage),
        EventKind::CaseAssigned(event) => Some(Said("case_assigned", event.to.map(Target::Worker), None)),
        EventKind::CasePaused(event) => about("case_paused", park_word(event.reason)),
        EventKind::CaseResumed(_) => plain("case_resumed"),
        EventKind::CaseClosed(event) => about("case_closed", &event.from),
        EventKind::CaseReopened(event) => about("case_reopened", &event.entered.stage),
        EventKind::CaseConfirmed(_) => plain("case_confirmed"),
        EventKind::CaseTold(event) if event.whom == "customer" && event.outcome == "told" => {
            about("case_told", &event.stage)
        }
        EventKind::CaseAgreed(event) => about("case_agreed", &event.of_unit),
        EventKind::CaseHeld(event) if event.held_by.is_some() => plain("case_held"),
        EventKind::CaseAtRisk(event) => about("case_at_risk", &event.stage),
        EventKind::PromiseMade(_) => plain("promise_made"),
        EventKind::PromiseKept(_) => plain("promise_kept"),
        EventKind::PromiseBroken(_) => plain("promise_broken"),
        EventKind::PromiseWithdrawn(_) => plain("promise_withdrawn"),
        _ => None,
    }
}

fn of_decision(kind: &EventKind) -> Option<Said> {
    let (what, told) = match kind {
        EventKind::DecisionAsked(told) => ("decision_asked", told),
        EventKind::DecisionGranted(told) => ("decision_granted", told),
        EventKind::DecisionDenied(told) => ("decision_denied", told),
        EventKind::DecisionReversed(told) => ("decision_reversed", told),
        _ => return None,
    };
    Some(Said(what, None, Some(told.action.clone())))
}

const fn park_word(reason: blendline_wire::task::ParkReason) -> &'static str {
    use blendline_wire::task::ParkReason::{Approval, Colleague, Customer, Time};
    match reason {
        Customer => "customer",
        Colleague => "colleague",
        Approval => "approval",
        Time => "time",
    }
}
