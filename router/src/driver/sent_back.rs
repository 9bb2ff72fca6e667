//! Work that comes back: a task that is passed back, a case that goes back to a stage where it had been, a customer who says
//! that it was not solved. Each is an event, with its cause.

use blendline_cases::Case;
use blendline_core::input::Verdict;
use blendline_core::{Command, Input};
use blendline_quality::judgement::{Judgement, SentBack, id};
use blendline_quality::rules::{DENIED, UNSTATED};
use blendline_wire::event::quality::{SentBackTold, SentBackWay};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::task::Target;
use blendline_wire::{ConversationId, JudgementId, Pii, QueueId, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Serialize};

use crate::driver::step::Stepper;
use crate::handle::{self, Call};
use crate::ports::register::{self, Entry, Kind};
use crate::satisfaction;

/// Who passed a task on last, and from where.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Passed {
    queue: QueueId,
    worker: WorkerId,
}

/// A task that a command is about to pass on.
pub(crate) struct Passing {
    tenant: TenantId,
    task: TaskId,
    conversation: Option<ConversationId>,
    to: Target,
    by: Passed,
    cause: Option<String>,
}

/// Where it lies who passed a task on last.
pub(crate) fn passed_key(tenant: TenantId, task: TaskId) -> register::Key {
    register::key(Kind::Passed, tenant, &[&task.to_string()])
}

/// Why a call passes a task back, where it says so.
pub(crate) fn cause_of(call: &Call) -> Option<String> {
    match call {
        Call::Doubtful { call, .. } => cause_of(call),
        Call::Settle { verdict: handle::Verdict::Transfer { cause, .. }, .. } => cause.clone(),
        _ => None,
    }
}

impl Stepper<'_> {
    /// The task that a command is about to pass on.
    pub(crate) fn passing(&self, command: &Command, cause: Option<String>) -> Option<Passing> {
        let Command::Settle { worker, task, verdict: Verdict::Transfer { to, .. }, .. } = command else { return None };
        let row = self.core.task(*task)?;
        let by = Passed { queue: row.queue, worker: *worker };
        Some(Passing { tenant: row.tenant, task: *task, conversation: row.conversation, to: *to, by, cause })
    }

    /// A task was passed on: where that was back to where it came from, it was sent back.
    pub(crate) fn passed(&mut self, passing: Passing) {
        let Passing { tenant, task, conversation, to, by, cause } = passing;
        let key = passed_key(tenant, task);
        let before: Option<Passed> = self.overlay.entry(&key).and_then(satisfaction::known);
        let is_back = |before: &Passed| match to {
            Target::Queue(queue) => queue == before.queue && queue != by.queue,
            Target::Worker(worker) => worker == before.worker && worker != by.worker,
        };
        if let Some(before) = before.filter(is_back) {
            let told = SentBackTold {
                sent_back: self.name_of_return(tenant, &task.to_string()),
                way: SentBackWay::Transfer,
                cause: cause.unwrap_or_else(|| UNSTATED.to_owned()),
                of_worker: Some(before.worker),
                of_queue: Some(before.queue),
                from_queue: Some(by.queue),
                by: Some(by.worker),
                of_task: Some(task),
                ..SentBackTold::default()
            };
            self.put_sent_back(tenant, conversation, told);
        }
        let body = Pii::new(serde_json::to_value(by).unwrap_or_default());
        self.put_entry(Entry { kind: Kind::Passed, key, tenant, at: self.now(), body });
    }

    /// What of these events of a case is a return: to a stage where it had been, or because its customer denied.
    pub(crate) fn came_back(&self, actor: Actor, case: &Case, events: &[EventKind]) -> Vec<SentBackTold> {
        let Some(before) = self.overlay.case(case.id) else { return Vec::new() };
        let kind = self.directory.rules.get(&case.tenant).and_then(|routing| routing.cases.get(&case.case_type));
        let queue_of = |stage: &str| {
            let queue = kind.and_then(|kind| kind.stage(stage)).and_then(|stage| stage.queue.as_deref());
            queue.and_then(|queue| self.directory.queue(case.tenant, queue))
        };
        let by = match actor {
            Actor::Worker(worker) => Some(worker),
            _ => None,
        };
        let returned = |way, cause: String, stage: &str, left: Option<&str>| SentBackTold {
            sent_back: self.name_of_return(case.tenant, &format!("{} {stage}", case.id)),
            way,
            cause,
            of_queue: queue_of(stage),
            from_queue: left.and_then(queue_of),
            by,
            of_case: Some(case.id),
            stage: Some(stage.to_owned()),
            ..SentBackTold::default()
        };
        let back = |event: &EventKind| match event {
            EventKind::CaseMoved(moved) if before.trail.contains_key(&moved.entered.stage) => {
                let cause = self.cause.clone().unwrap_or_else(|| UNSTATED.to_owned());
                Some(returned(SentBackWay::Stage, cause, &moved.entered.stage, Some(&moved.left.stage)))
            }
            EventKind::CaseReopened(reopened) if reopened.denied => {
                Some(returned(SentBackWay::Denied, DENIED.to_owned(), &reopened.entered.stage, None))
            }
            _ => None,
        };
        events.iter().filter_map(back).collect()
    }

    /// A customer said that what this task is about was not solved.
    pub(crate) fn denied(&mut self, task: TaskId) {
        let Some(row) = self.core.task(task) else { return };
        let (tenant, conversation, queue) = (row.tenant, row.conversation, row.queue);
        let told = SentBackTold {
            sent_back: self.name_of_return(tenant, &task.to_string()),
            way: SentBackWay::Denied,
            cause: DENIED.to_owned(),
            of_worker: row.directed.or(row.sticky).map(|(worker, _)| worker).or(row.state.owner()),
            of_queue: Some(queue),
            of_task: Some(task),
            ..SentBackTold::default()
        };
        self.put_sent_back(tenant, conversation, told);
    }

    /// Writes that work came back, with its event.
    pub(crate) fn put_sent_back(
        &mut self,
        tenant: TenantId,
        conversation: Option<ConversationId>,
        mut told: SentBackTold,
    ) {
        told.of_unit = told.of_queue.and_then(|queue| self.core.queue(queue)).and_then(|queue| queue.unit);
        let kind = Box::new(EventKind::WorkSentBack(Box::new(told.clone())));
        let actor =
            told.by.map_or(if told.way == SentBackWay::Denied { Actor::Customer } else { Actor::Rule }, Actor::Worker);
        self.step(Input::new(actor, Command::Record { tenant, account: None, conversation, kind }));
        self.put_judgement(Judgement::SentBack(Box::new(SentBack { tenant, at: self.now(), told })));
    }

    /// What came back may come back again.
    fn name_of_return(&self, tenant: TenantId, what: &str) -> JudgementId {
        id(tenant, &["sent_back", what, &self.now().0.to_string()])
    }
}
