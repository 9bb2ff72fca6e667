//! What workers do in a replay, by the scripts of the tasks that they are given.

use std::cmp::Reverse;

use blendline_core::input::Verdict;
use blendline_core::rows::TaskState;
use blendline_core::{Command, PayloadId};
use blendline_wire::event::Actor;
use blendline_wire::{Lease, TaskId, WorkerId};

use super::player::{Next, Player, Progress, UNRECORDED};
use super::script::Key;
use super::turns::{Action, Response, Script, With};

/// How long a worker takes to accept where it is not known.
const ACCEPT_MS: u64 = 5_000;

impl Player<'_> {
    /// What a worker does.
    pub(super) fn happens(&mut self, next: Next) {
        match next {
            Next::Accept(key, lease) => {
                self.responds(key, lease, |worker, task| Command::Accept { worker, task, lease })
            }
            Next::Decline(key, lease) => {
                let reason = self.script(key).and_then(|script| {
                    match &script.offers.get(self.progress.get(&key)?.offers.checked_sub(1)?)?.response {
                        Response::Decline(_, reason) => Some(reason.clone()),
                        _ => None,
                    }
                });
                let reason = reason.unwrap_or_default();
                self.responds(key, lease, |worker, task| Command::Decline { worker, task, lease, reason });
            }
            Next::Act(key, lease, turn, action) => self.acts(key, lease, turn, action),
            Next::End(key, lease) => {
                let verdict = Verdict::Done { disposition: String::new(), note: None };
                self.settles(key, lease, verdict, 0, None);
            }
            Next::Ready(key, worker) => {
                if let Some(task) = self.tasks.get(&key).copied() {
                    self.step(Actor::Worker(worker), Command::Ready { worker, task });
                }
            }
        }
    }

    fn script(&self, key: Key) -> Option<&Script> {
        self.record.scripts.get(&key)
    }

    fn responds(&mut self, key: Key, lease: Lease, command: impl FnOnce(WorkerId, TaskId) -> Command) {
        let Some(task) = self.tasks.get(&key).copied() else { return };
        let Some(known) = self.core.task(task).filter(|task| task.lease == lease) else { return };
        if let TaskState::Offered { worker, .. } = known.state {
            self.step(Actor::Worker(worker), command(worker, task));
        }
    }

    fn acts(&mut self, key: Key, lease: Lease, turn: usize, place: usize) {
        let record = self.record;
        let Some((_, _, action)) =
            record.scripts.get(&key).and_then(|script| script.turns.get(turn)).and_then(|turn| turn.actions.get(place))
        else {
            return;
        };
        let Some(With { worker, .. }) = self.with(key, lease) else { return };
        let Some(task) = self.tasks.get(&key).copied() else { return };
        if let Some(progress) = self.progress.get_mut(&key) {
            progress.acted = place + 1;
        }
        match action {
            Action::Touch => self.step(Actor::Worker(worker), Command::Touch { worker, task, lease }),
            Action::Reply => {
                self.step(Actor::Worker(worker), Command::Reply { worker, task, lease, payload: PayloadId(0) });
            }
            Action::Settle { verdict, replies, seen } => self.settles(key, lease, verdict.clone(), *replies, *seen),
        }
    }

    fn settles(&mut self, key: Key, lease: Lease, verdict: Verdict, replies: usize, seen: Option<u64>) {
        let Some(With { worker, .. }) = self.with(key, lease) else { return };
        let Some(task) = self.tasks.get(&key).copied() else { return };
        if let Some(progress) = self.progress.get_mut(&key) {
            // Whatever comes of it, the next time somebody has it is another turn.
            *progress = Progress { turn: progress.turn + 1, worked_ms: 0, acted: 0, with: None, ..*progress };
        }
        let replies = vec![PayloadId(0); replies];
        self.step(Actor::Worker(worker), Command::Settle { worker, task, lease, verdict, replies, seen });
        // What cannot be done here, as a reply to nobody, ends at its time all the same.
        let refused =
            self.core.task(task).is_some_and(|task| task.lease == lease && task.state.owner() == Some(worker));
        if refused && self.with(key, lease).is_none() {
            self.begins(key, With { worker, lease, since: self.now });
        }
        if let Some((after_ms, index)) = self.script(key).and_then(|script| script.ready) {
            self.heap.push(Reverse((self.now.plus(after_ms), index, Next::Ready(key, worker))));
        }
    }

    /// Who is at a task, where it is still his under this lease.
    fn with(&self, key: Key, lease: Lease) -> Option<With> {
        self.progress.get(&key)?.with.filter(|with| with.lease == lease)
    }

    /// Somebody is at a task: what is left of its turn follows.
    pub(super) fn begins(&mut self, key: Key, with: With) {
        let progress = self.progress.entry(key).or_default();
        progress.with = Some(with);
        let (turn, worked_ms, acted) = (progress.turn, progress.worked_ms, progress.acted);
        let (now, lease) = (self.now, with.lease);
        let record = self.record;
        let script = record.scripts.get(&key).and_then(|script| script.turns.get(turn));
        let mut ends = false;
        for (place, (after_ms, index, action)) in script.iter().flat_map(|turn| turn.actions.iter().enumerate()) {
            if acted <= place && worked_ms <= *after_ms {
                let at = now.plus(after_ms - worked_ms);
                self.heap.push(Reverse((at, *index, Next::Act(key, lease, turn, place))));
                ends |= matches!(action, Action::Settle { .. });
            }
        }
        if !ends {
            // Nobody saw its end: the queue's mean from where it was last seen.
            let queue = self.tasks.get(&key).and_then(|task| self.core.task(*task)).map(|task| task.queue);
            let seen_ms = script.map_or(0, |turn| turn.worked_ms);
            let left_ms = (seen_ms + queue.map_or(1, |queue| record.mean_ms(queue))).saturating_sub(worked_ms).max(1);
            self.heap.push(Reverse((now.plus(left_ms), UNRECORDED, Next::End(key, lease))));
        }
    }

    /// A task is offered: whoever has the offer does as was done.
    pub(super) fn offered(&mut self, key: Key, lease: Lease) {
        let progress = self.progress.entry(key).or_default();
        if progress.with.is_some() || progress.offered == Some(lease) {
            return;
        }
        progress.offered = Some(lease);
        let place = progress.offers;
        progress.offers += 1;
        let record = self.record;
        let offer = record.scripts.get(&key).and_then(|script| script.offers.get(place));
        let (after_ms, index, next) = match offer.map(|offer| (&offer.response, offer.index)) {
            Some((Response::Accept(after_ms), index)) => (*after_ms, index, Next::Accept(key, lease)),
            Some((Response::Decline(after_ms, _), index)) => (*after_ms, index, Next::Decline(key, lease)),
            Some((Response::None, _)) => return,
            None => (ACCEPT_MS, UNRECORDED, Next::Accept(key, lease)),
        };
        self.heap.push(Reverse((self.now.plus(after_ms), index, next)));
    }
}
