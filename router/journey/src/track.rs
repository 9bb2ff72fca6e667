//! One task or one case: who has it, and whose turn it is, from its events.

use std::collections::BTreeMap;

use blendline_wire::event::case::StageEntered;
use blendline_wire::event::{Actor, Event, EventKind};
use blendline_wire::task::{ClockRule, ParkReason, Target};
use blendline_wire::{CaseId, Millis, QueueId, TaskId, WorkerId};

use crate::{Clock, Owner, Part, Span, WaitsFor};

/// How it stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct State {
    owner: Owner,
    clock: Clock,
    waits_for: Option<WaitsFor>,
    queue: Option<QueueId>,
}

/// What is known of a task or a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Track {
    /// How it stands from each instant on; nothing while it is closed.
    changes: Vec<(Millis, Option<State>)>,
    /// The line it is in, or was in last.
    queue: Option<QueueId>,
    /// Who has it.
    holder: Option<WorkerId>,
    /// A colleague asked for it.
    is_request: bool,
    /// It is a customer's conversation.
    talks: bool,
    /// The customer said something that nobody answered.
    unanswered: bool,
    /// Why it is put aside.
    aside: Option<(ParkReason, ClockRule)>,
    /// Of whom its holder asked something, and waits for it.
    asks: Option<Target>,
    /// What a case's stage waits for, as its event says.
    stage: Option<String>,
    /// The case that it stands still for.
    held_by: Option<CaseId>,
    is_case: bool,
}

impl Track {
    fn set(&mut self, at: Millis, state: Option<State>) {
        // Time never goes back: what comes late happened when it was heard of.
        let at = self.changes.last().map_or(at, |(last, _)| at.max(*last));
        if self.changes.last().is_some_and(|(last, _)| *last == at) {
            self.changes.pop();
        }
        let before = self.changes.last().and_then(|(_, state)| *state);
        if before != state {
            self.changes.push((at, state));
        }
    }

    fn reckon(&mut self, at: Millis) {
        let state = if self.is_case { self.case_state() } else { self.task_state() };
        self.set(at, Some(state));
    }

    fn task_state(&self) -> State {
        let queue = self.queue;
        let line = queue.map_or(Owner::Nobody, Owner::Queue);
        let owner = self.holder.map_or(line, Owner::Worker);
        if let Some((reason, rule)) = self.aside {
            let (clock, waits_for) = parked(reason, rule);
            return State { owner, clock, waits_for: Some(waits_for), queue };
        }
        if let Some(of) = self.asks {
            let waits_for = match of {
                Target::Queue(queue) => WaitsFor::Queue(queue),
                Target::Worker(worker) => WaitsFor::Worker(worker),
            };
            return State { owner, clock: Clock::Other, waits_for: Some(waits_for), queue };
        }
        let (clock, waits_for) = match self.holder {
            Some(_) if self.talks && !self.unanswered => (Clock::Customer, Some(WaitsFor::Customer)),
            Some(_) => (Clock::Working, None),
            // Whoever asked for it waits for another.
            None if self.is_request => (Clock::Other, queue.map(WaitsFor::Queue)),
            None => (Clock::Us, queue.map(WaitsFor::Queue)),
        };
        State { owner, clock, waits_for, queue }
    }

    fn case_state(&self) -> State {
        let owner = self.holder.map_or(Owner::Nobody, Owner::Worker);
        let (clock, waits_for) = match (self.held_by, self.aside, self.stage.as_deref()) {
            (Some(other), ..) => (Clock::Other, WaitsFor::Case(other)),
            (None, Some((reason, rule)), _) => parked(reason, rule),
            (None, None, Some("customer")) => (Clock::Customer, WaitsFor::Customer),
            (None, None, Some("system")) => (Clock::Other, WaitsFor::System),
            (None, None, _) => (Clock::Us, WaitsFor::Work),
        };
        State { owner, clock, waits_for: Some(waits_for), queue: None }
    }

    /// It lies in line again, with nobody.
    fn back_in_line(&mut self) {
        (self.holder, self.aside, self.asks) = (None, None, None);
    }

    fn enter(&mut self, entered: &StageEntered, owner: Option<WorkerId>) {
        (self.stage, self.holder, self.aside) = (Some(entered.waits_for.clone()), owner, None);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.changes.last().is_some_and(|(_, state)| state.is_some())
    }

    /// What lies between the changes.
    pub(crate) fn spans(&self, part: Part) -> impl Iterator<Item = Span> {
        let ends = self.changes.iter().skip(1).map(|(at, _)| Some(*at)).chain([None]);
        self.changes.iter().zip(ends).filter_map(move |((from, state), until)| {
            let State { owner, clock, waits_for, queue } = (*state)?;
            Some(Span { part, from: *from, until, owner, clock, waits_for, queue })
        })
    }

    /// How often a task went from one worker to another.
    pub(crate) fn hand_offs(&self) -> u32 {
        if self.is_case {
            return 0;
        }
        let owner = |(_, state): &(Millis, Option<State>)| match (*state)?.owner {
            Owner::Worker(worker) => Some(worker),
            _ => None,
        };
        let mut had: Vec<WorkerId> = self.changes.iter().filter_map(owner).collect();
        had.dedup();
        u32::try_from(had.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }
}

const fn parked(reason: ParkReason, rule: ClockRule) -> (Clock, WaitsFor) {
    match (reason, rule) {
        (ParkReason::Customer, _) => (Clock::Customer, WaitsFor::Customer),
        (ParkReason::Colleague, _) => (Clock::Other, WaitsFor::Colleague),
        (ParkReason::Approval, _) => (Clock::Other, WaitsFor::Approval),
        // A time that the customer chose.
        (ParkReason::Time, ClockRule::Stops) => (Clock::Customer, WaitsFor::Time),
        (ParkReason::Time, ClockRule::Runs) => (Clock::Us, WaitsFor::Time),
    }
}

/// What an event does to its task.
pub(crate) fn of_task(tracks: &mut BTreeMap<Part, Track>, task: TaskId, event: &Event) {
    let is_open = tracks.get(&Part::Task(task)).map(Track::is_open);
    // What comes of a task that is over does not open it again, nor do words alone one whose beginning is not known.
    let is_said = matches!(event.kind, EventKind::MessageReceived { .. } | EventKind::ReplyQueued { .. });
    if !is_of_task(&event.kind) || is_open == Some(false) || (is_said && is_open.is_none()) {
        return;
    }
    let track = tracks.entry(Part::Task(task)).or_default();
    track.talks |= event.conversation.is_some() && !track.is_request;
    match &event.kind {
        EventKind::TaskCreated { queue, parent, .. } => {
            (track.queue, track.is_request) = (Some(*queue), parent.is_some());
            track.talks &= parent.is_none();
            track.unanswered = true;
        }
        EventKind::MessageReceived { kind, .. } if kind.wants_answer() => track.unanswered = true,
        EventKind::ReplyQueued { .. } if matches!(event.actor, Actor::Worker(_)) => track.unanswered = false,
        EventKind::TaskAssigned { worker, .. } => {
            track.back_in_line();
            track.holder = Some(*worker);
        }
        // An offer that is over changes nothing: nobody had it.
        EventKind::TaskWithdrawn { worker, .. } if track.holder == Some(*worker) => track.back_in_line(),
        EventKind::TaskTransferred { to, .. } => {
            track.back_in_line();
            if let Target::Queue(queue) = to {
                track.queue = Some(*queue);
            }
        }
        EventKind::TaskHandedOver { to, .. } if track.aside.is_some() || track.asks.is_some() => track.holder = *to,
        EventKind::TaskHandedOver { .. } | EventKind::TaskWoken { .. } | EventKind::TaskRefused { .. } => {
            track.back_in_line();
        }
        EventKind::TaskOverflowed { to, .. } => track.queue = Some(*to),
        EventKind::TaskParked { reason, clock, .. } => track.aside = Some((*reason, *clock)),
        EventKind::RequestOpened { to, .. } => track.asks = Some(*to),
        EventKind::TaskSolved { .. } | EventKind::TaskCancelled { .. } => {
            track.back_in_line();
            return track.set(event.at, None);
        }
        _ => {}
    }
    track.reckon(event.at);
}

/// Whether an event tells how its task stands.
const fn is_of_task(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::TaskCreated { .. }
            | EventKind::MessageReceived { .. }
            | EventKind::ReplyQueued { .. }
            | EventKind::TaskAssigned { .. }
            | EventKind::TaskWithdrawn { .. }
            | EventKind::TaskTransferred { .. }
            | EventKind::TaskHandedOver { .. }
            | EventKind::TaskOverflowed { .. }
            | EventKind::TaskParked { .. }
            | EventKind::TaskWoken { .. }
            | EventKind::TaskRefused { .. }
            | EventKind::RequestOpened { .. }
            | EventKind::TaskSolved { .. }
            | EventKind::TaskCancelled { .. }
    )
}

/// What an event does to its case.
pub(crate) fn of_case(tracks: &mut BTreeMap<Part, Track>, case: CaseId, event: &Event) {
    if !is_of_case(&event.kind) {
        return;
    }
    let is_over = tracks.get(&Part::Case(case)).is_some_and(|track| !track.is_open());
    if is_over && !matches!(event.kind, EventKind::CaseOpened(_) | EventKind::CaseReopened(_)) {
        return;
    }
    let track = tracks.entry(Part::Case(case)).or_default();
    track.is_case = true;
    match &event.kind {
        EventKind::CaseOpened(opened) => track.enter(&opened.entered, opened.owner),
        EventKind::CaseMoved(moved) => track.enter(&moved.entered, moved.owner),
        EventKind::CaseReopened(reopened) => track.enter(&reopened.entered, reopened.owner),
        EventKind::CaseAssigned(assigned) => track.holder = assigned.to,
        EventKind::CasePaused(paused) => track.aside = Some((paused.reason, paused.clock)),
        EventKind::CaseResumed(_) => track.aside = None,
        EventKind::CaseHeld(held) => track.held_by = held.held_by,
        _ => {
            (track.aside, track.held_by) = (None, None);
            return track.set(event.at, None);
        }
    }
    track.reckon(event.at);
}

/// Whether an event tells how its case stands.
const fn is_of_case(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::CaseOpened(_)
            | EventKind::CaseMoved(_)
            | EventKind::CaseReopened(_)
            | EventKind::CaseAssigned(_)
            | EventKind::CasePaused(_)
            | EventKind::CaseResumed(_)
            | EventKind::CaseHeld(_)
            | EventKind::CaseClosed(_)
    )
}
