//! What the world outside believes: workers' own lists of what they hold, and the calls of the sender.

use std::collections::BTreeMap;

use blendline_core::effect::{Answer, Effect, Release};
use blendline_core::input::{Command, Input};
use blendline_core::rows::{OutboundState, TaskState};
use blendline_wire::{Lease, OutboundId, SessionId, TaskId, WorkerId};

use super::rng::Rng;
use super::rows::Rows;
use super::verdict::{Check, ensure};

/// What a worker believes he holds: lease, and whether it is only offered.
type View = BTreeMap<TaskId, (Lease, bool)>;

/// The world outside the router.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// By worker: his connection and what he was told on it. Missing where releases were lost.
    views: BTreeMap<WorkerId, (SessionId, View)>,
    /// Calls to the platform that have no result yet; some come twice.
    calls: Vec<(OutboundId, u32)>,
    /// Ownerships that were, for calls that come late.
    leases: Vec<(WorkerId, TaskId, Lease)>,
    sessions: u64,
}

impl Outside {
    /// The number of a new connection.
    pub const fn new_session(&mut self) -> SessionId {
        self.sessions += 2;
        SessionId(self.sessions)
    }

    /// A call to the platform that ends now. Some results come again later.
    pub fn take_call(&mut self, rng: &mut Rng) -> Option<(OutboundId, u32)> {
        let call = rng.pick(&self.calls)?;
        if !rng.percent(10) {
            self.calls.retain(|other| *other != call);
        }
        Some(call)
    }

    /// The oldest call to the platform that has no result.
    pub fn take_calls_one(&mut self) -> Option<(OutboundId, u32)> {
        (!self.calls.is_empty()).then(|| self.calls.remove(0))
    }

    /// An ownership that is or was.
    pub fn remembered(&self, rng: &mut Rng) -> Option<(WorkerId, TaskId, Lease)> {
        rng.pick(&self.leases)
    }

    /// The releases of a committed step reach their goals.
    pub fn deliver(&mut self, input: &Input, effects: &[Effect], rows: &Rows) {
        for effect in effects {
            if let Effect::Release(release) = effect {
                self.release(input, release);
            }
        }
        for task in rows.tasks.values() {
            if let Some(worker) = task.state.owner() {
                let lease = (worker, task.id, task.lease);
                if self.leases.last() != Some(&lease) {
                    self.leases.push(lease);
                }
            }
        }
        let excess = self.leases.len().saturating_sub(64);
        self.leases.drain(..excess);
    }

    fn release(&mut self, input: &Input, release: &Release) {
        match release {
            Release::Offer { worker, session, task, lease } => {
                self.tell(*worker, *session, *task, Some((*lease, true)))
            }
            Release::Assigned { worker, session, task, lease } => {
                self.tell(*worker, *session, *task, Some((*lease, false)));
            }
            Release::Withdrawn { worker, session, task, .. } => self.tell(*worker, *session, *task, None),
            Release::Replaced { worker, session } if self.views.get(worker).is_some_and(|view| view.0 == *session) => {
                self.views.remove(worker);
            }
            Release::Send { outbound, attempt, .. } => self.calls.push((*outbound, *attempt)),
            Release::Answer { result: Ok(answer), .. } => self.answer(input, answer),
            _ => {}
        }
    }

    fn tell(&mut self, worker: WorkerId, session: SessionId, task: TaskId, what: Option<(Lease, bool)>) {
        let Some((connection, view)) = self.views.get_mut(&worker) else { return };
        if *connection != session {
            return;
        }
        let _ = match what {
            Some(held) => view.insert(task, held),
            None => view.remove(&task),
        };
    }

    /// A worker draws his conclusions from the answer to his own call.
    fn answer(&mut self, input: &Input, answer: &Answer) {
        match (&input.command, answer) {
            (Command::Attach { worker, session, .. }, Answer::Welcome { tasks }) => {
                let view = tasks.iter().map(|(task, lease, offered)| (*task, (*lease, *offered))).collect();
                self.views.insert(*worker, (*session, view));
            }
            (Command::Accept { worker, task, lease }, _) => {
                self.with(*worker, |view| {
                    view.insert(*task, (*lease, false));
                });
            }
            (Command::Decline { worker, task, lease, .. } | Command::Settle { worker, task, lease, .. }, _) => {
                // By its number: the same task may have come back to the same worker in the same step.
                self.with(*worker, |view| {
                    if view.get(task).is_some_and(|held| held.0 == *lease) {
                        view.remove(task);
                    }
                });
            }
            (Command::Start { worker, .. }, Answer::Conversation(_, task)) => {
                // The first number of a task that has never been anybody else's is learnt from the answer's task.
                self.with(*worker, |view| {
                    view.entry(*task).or_insert((Lease(1), false));
                });
            }
            (Command::Bye { worker, .. }, _) => drop(self.views.remove(worker)),
            _ => {}
        }
    }

    fn with(&mut self, worker: WorkerId, change: impl FnOnce(&mut View)) {
        if let Some((_, view)) = self.views.get_mut(&worker) {
            change(view);
        }
    }

    /// The router was restarted: what it had not yet said is never said, and the sender reads the store again.
    pub fn restarted(&mut self, rows: &Rows) {
        self.views.clear();
        for row in rows.outbound.values() {
            let call = (row.id, row.attempt);
            if matches!(row.state, OutboundState::Handed { .. }) && !self.calls.contains(&call) {
                self.calls.push(call);
            }
        }
    }

    /// **views**: what every worker believes he holds is what the rows say he holds.
    pub fn check(&self, rows: &Rows) -> Check {
        for (worker, (session, view)) in &self.views {
            let Some(row) = rows.workers.get(worker) else { continue };
            if row.session != Some(*session) {
                continue;
            }
            let owned: View = rows
                .tasks
                .values()
                .filter(|task| task.state.owner() == Some(*worker))
                .map(|task| (task.id, (task.lease, matches!(task.state, TaskState::Offered { .. }))))
                .collect();
            ensure!(*view == owned, "views", "{worker} believes {view:?}, the rows say {owned:?}");
        }
        Ok(())
    }
}
