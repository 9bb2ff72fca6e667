//! To whom a review goes. Nobody reviews himself, nor one piece twice: where somebody who may not make a review serves the queue
//! of reviews too, its task is kept from the line, waits where everybody sees it, and is sent to one who may and is free. Where
//! nobody else serves the queue it goes up the tree of units, and where nobody stands there it waits and says so.

use blendline_core::input::Verdict;
use blendline_core::rows::{Task, TaskState};
use blendline_core::{Command, Input, Scheduler};
use blendline_quality::judgement::{Judgement, Review};
use blendline_quality::score::Refusal;
use blendline_wire::event::Actor;
use blendline_wire::task::{SkillNeed, Target};
use blendline_wire::{JudgementId, Millis, QueueId, SkillId, TaskId, WorkerId};

use crate::directory::Directory;
use crate::driver::approvals::has_room;
use crate::driver::reviews::Standings;
use crate::driver::step::Stepper;

/// A skill that nobody has: what takes it is given to nobody from the line, and only sent.
pub(crate) const KEPT: SkillNeed = SkillNeed { skill: SkillId(i64::MAX.cast_unsigned()), level: 1 };
/// Why a review waits: only a manager above may make it, or nobody may.
const FOR_MANAGER: &str = "for_manager";
const NOBODY_ELSE: &str = "nobody_else";

/// Who may make which review, as things are now.
pub(crate) struct Reviewers<'a> {
    pub(crate) core: &'a Scheduler,
    pub(crate) directory: &'a Directory,
    pub(crate) standings: &'a Standings,
    pub(crate) now: Millis,
}

impl Reviewers<'_> {
    /// Whether a worker may not make this review; and why.
    pub(crate) fn refusal(&self, task: TaskId, worker: WorkerId) -> Option<Refusal> {
        let waiting = self.standings.reviewing.get(&task)?;
        match waiting.not_by.iter().position(|not| *not == worker) {
            Some(0) => Some(Refusal::OwnWork),
            Some(_) => Some(Refusal::SecondEyes),
            None => (self.holder_of(waiting.beside) == Some(worker)).then_some(Refusal::SecondEyes),
        }
    }

    /// Whether whoever has a review may not make it.
    pub(crate) fn is_misplaced(&self, task: TaskId) -> bool {
        let owner = self.core.task(task).and_then(|row| row.state.owner());
        owner.is_some_and(|owner| self.refusal(task, owner).is_some())
    }

    /// Those who may make a review, and the reason for which it waits where they are not those who serve its queue.
    fn able(&self, task: TaskId) -> (Vec<WorkerId>, &'static str) {
        let (Some(row), Some(waiting)) = (self.core.task(task), self.standings.reviewing.get(&task)) else {
            return (Vec::new(), "");
        };
        // Who has the other review of the piece could make this one, if he had not that.
        let beside = self.holder_of(waiting.beside);
        let may = |worker: &WorkerId| beside != Some(*worker);
        let ever = |worker: &WorkerId| !waiting.not_by.contains(worker);
        let mut serving: Vec<WorkerId> = self.serving(row).filter(ever).collect();
        if !serving.is_empty() {
            serving.retain(may);
            // Another is first each time, and whoever decides finds the same.
            let first = usize::try_from(waiting.review.0 % serving.len().max(1) as u128).unwrap_or_default();
            serving.rotate_left(first);
            return (serving, "");
        }
        let unit = waiting.of_worker().and_then(|worker| self.directory.unit_of(worker));
        let unit = unit.and_then(|unit| self.directory.units.get(&unit));
        let mut managers = unit.map(|unit| self.directory.managers(row.tenant, &unit.name)).unwrap_or_default();
        managers.retain(ever);
        let why = if managers.is_empty() { NOBODY_ELSE } else { FOR_MANAGER };
        managers.retain(may);
        (managers, why)
    }

    fn serving(&self, row: &Task) -> impl Iterator<Item = WorkerId> {
        let (core, queue) = (self.core, row.queue);
        let serves =
            move |worker: &WorkerId| core.worker(*worker).is_some_and(|row| row.settings.queues.contains(&queue));
        self.directory.workers.keys().copied().filter(serves)
    }

    /// The first of those who may make a review who is free for it, and did not let it go a moment ago.
    fn free(&self, task: TaskId, able: &[WorkerId]) -> Option<WorkerId> {
        let row = self.core.task(task)?;
        let let_go = |worker: WorkerId| row.declined.iter().any(|(who, until)| *who == worker && self.now < *until);
        let is_free =
            |worker: &WorkerId| !let_go(*worker) && has_room(self.core, *worker, row.queue, row.state.owner());
        able.iter().copied().find(is_free)
    }

    /// Who has a review, or is to have it.
    fn holder_of(&self, review: JudgementId) -> Option<WorkerId> {
        let (task, _) = self.standings.reviewing.iter().find(|(_, waiting)| waiting.review == review)?;
        let row = self.core.task(*task)?;
        row.state.owner().or(row.directed.map(|(worker, _)| worker))
    }

    /// What is to be looked at: a review that is kept and could be sent to somebody, or that stands with whoever may not make it.
    pub(crate) fn wants_look(&self, task: TaskId) -> bool {
        let (Some(row), Some(waiting)) = (self.core.task(task), self.standings.reviewing.get(&task)) else {
            return false;
        };
        if !row.needs.contains(&KEPT) || row.state != TaskState::Waiting || row.directed.is_some() {
            return self.is_misplaced(task);
        }
        let (able, why) = self.able(task);
        why != waiting.why || self.free(task, &able).is_some()
    }
}

impl Stepper<'_> {
    fn reviewers(&self) -> Reviewers<'_> {
        let (core, directory, standings, now) = (&*self.core, self.directory, &self.overlay.standings, self.now());
        Reviewers { core, directory, standings, now }
    }

    /// What keeps a command from giving a review to whoever may not make it.
    pub(crate) fn kept_from(&self, command: &Command) -> Option<Refusal> {
        match command {
            Command::Reassign { task, to: Target::Worker(worker) }
            | Command::Settle { task, verdict: Verdict::Transfer { to: Target::Worker(worker), .. }, .. } => {
                self.reviewers().refusal(*task, *worker)
            }
            _ => None,
        }
    }

    /// Whether a piece is kept from the line: one whose worker serves the queue of reviews, or that two review.
    pub(crate) fn is_to_be_kept(&self, review: &Review, queue: QueueId, twice: bool) -> bool {
        let serves = self.core.worker(review.told.of_worker).is_some_and(|row| row.settings.queues.contains(&queue));
        twice || serves
    }

    /// A review came to somebody: where he may not make it, it goes to another who is free. Where nobody is, it is looked after
    /// in a moment.
    pub(crate) fn keep_from_own(&mut self, task: TaskId) {
        let reviewers = self.reviewers();
        if !reviewers.is_misplaced(task) {
            return;
        }
        let (able, _) = reviewers.able(task);
        if let Some(worker) = reviewers.free(task, &able) {
            self.send_review(task, worker);
        }
    }

    fn send_review(&mut self, task: TaskId, worker: WorkerId) {
        self.step(Input::new(Actor::Rule, Command::Reassign { task, to: Target::Worker(worker) }));
    }

    /// Sends a review that is kept to somebody who may make it, or says why it waits. What stands with whoever may not make it
    /// is opened anew.
    pub(crate) fn place_review(&mut self, task: TaskId) {
        let reviewers = self.reviewers();
        if !reviewers.wants_look(task) {
            return;
        }
        let Some(waiting) = reviewers.standings.reviewing.get(&task) else { return };
        let Some(Judgement::Review(review)) = self.overlay.judgement(waiting.review) else { return };
        let (review, (able, why), was) = (review.clone(), reviewers.able(task), waiting.why.clone());
        let (free, misplaced) = (reviewers.free(task, &able), reviewers.is_misplaced(task));
        match free {
            Some(worker) => self.send_review(task, worker),
            None if misplaced => return self.open_again(task, *review),
            None => {}
        }
        if why != was {
            let mut review = *review;
            review.told.reason = why.to_owned();
            self.tell_why(review);
        }
    }

    /// Its task stands with whoever may not make it, and nobody else is free: it begins anew, and waits.
    fn open_again(&mut self, task: TaskId, review: Review) {
        let before = self.overlay.standings.reviewing.remove(&task).map(|waiting| waiting.not_by);
        let reason = "own_work".to_owned();
        self.step(Input::new(Actor::Rule, Command::Cancel { task, reason }));
        let Some(task) = self.open_review(review, (true, true)) else { return };
        let waiting = self.overlay.standings.reviewing.get_mut(&task).zip(before);
        waiting.into_iter().for_each(|(waiting, not_by)| waiting.not_by = not_by);
        self.place_review(task);
    }

    /// Says why a review waits. That it waits for nobody any more is told by its task.
    fn tell_why(&mut self, review: Review) {
        if review.told.reason.is_empty() {
            return self.renew_review(review);
        }
        self.put_review(Actor::Rule, review);
    }
}
