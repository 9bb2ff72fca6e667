//! Bringing tasks and workers together.

use blendline_wire::event::{Because, Decision, EventKind};
use blendline_wire::org::QueueSettings;
use blendline_wire::task::{AcceptMode, Presence, Side, TaskKind};
use blendline_wire::{Lease, Millis, QueueId, TaskId, TenantId, WorkerId};

use crate::about::About;
use crate::blocks::Within;
use crate::desk::Desk;
use crate::effect::Release;

use crate::index::line_key;
use crate::learnt::Heard;
use crate::lines::{Bucket, Head, Heads, Lines, Waiting};
use crate::placed::Place;
use crate::policy;
use crate::pooled::costs;
use crate::price::{Rank, Waits};
use crate::rows::{Task, TaskState};
use crate::scheduler::{Scheduler, Step};

/// A task that might be next.
#[derive(Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) urgency: u64,
    pub(crate) due_at: Millis,
    pub(crate) task: TaskId,
    /// Where its row is.
    pub(crate) place: Place,
}

impl Candidate {
    pub(crate) fn new(waiting: &Waiting, now: Millis, rank: Rank) -> Self {
        let Waiting { due_at, task, place, .. } = *waiting;
        Self { urgency: rank.urgency_milli(now, waiting.earned_at(), due_at), due_at, task, place }
    }

    /// True when it goes before the other.
    pub(crate) fn is_before(&self, other: &Self) -> bool {
        (std::cmp::Reverse(self.urgency), self.due_at, self.task)
            < (std::cmp::Reverse(other.urgency), other.due_at, other.task)
    }
}

/// What a worker looks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Look {
    /// What the reserve does not hold back: front work, and back work that is late or owed.
    Urgent,
    /// Back work.
    Back,
}

/// The lines of a bucket, as a worker who looks for work sees them.
struct Seen<'a> {
    now: Millis,
    desk: &'a Desk,
    rank: Rank,
    /// What an ordinary task of the queue takes.
    weight: u32,
    lines: &'a Lines,
    bucket: Bucket,
    heads: &'a Heads,
    /// Of those that may be his the ones that were not looked at yet.
    rest: Within<'a, Head>,
    /// Whether one was passed over whose first somebody declined: then there may be more in its line.
    declined: bool,
}

impl<'a> Seen<'a> {
    /// Begins anew.
    fn again(&mut self) {
        self.rest = self.heads.within(self.desk.skills);
    }
}

impl Scheduler {
    /// Matches until nothing more can be. First freed workers look for work, then fresh tasks for workers, and only
    /// then, when the front line has what it needs, back work starts where the reserve lets it.
    pub(crate) fn dispatch(&mut self, step: &mut Step<'_>) {
        loop {
            while let Some(queue) = step.todo.stale.pop_first() {
                self.set_level(step, queue);
            }
            self.fill_freed(step);
            for task in std::mem::take(&mut step.todo.fresh) {
                match self.held_back(task) {
                    // It may start, but not before older work of the back office.
                    Some(tenant) => {
                        step.todo.slack.insert(tenant);
                        step.todo.deferred.push(task);
                    }
                    None => self.place(step, task),
                }
                // Whoever was called away for it is not the next one's before he is anybody's who waits longer.
                self.fill_freed(step);
            }
            if step.todo.stale.is_empty() && !self.start_back(step) {
                break;
            }
        }
        self.seat_moved(step);
    }

    /// The tenant of a task that the reserve may hold back: back work in line that is not late.
    pub(crate) fn held_back(&self, task: TaskId) -> Option<TenantId> {
        let task = self.tasks.get(&task)?;
        let held = task.side == Side::Back && !task.missed && task.directed.is_none();
        held.then_some(task.tenant)
    }

    /// Freed workers look for work.
    fn fill_freed(&mut self, step: &mut Step<'_>) {
        while let Some(worker) = step.todo.freed.pop_first() {
            self.fill(step, worker);
        }
    }

    /// Gives a worker the most urgent tasks he can do until he is full; back work that is not late has to wait.
    fn fill(&mut self, step: &mut Step<'_>, worker: WorkerId) {
        while let Some(task) = self.next_directed(step.now, worker) {
            self.bind(step, task, worker, self.why_his(task), None, None);
        }
        while let Some((best, runner_up)) = self.next_for(step.now, worker) {
            self.bind(step, best.task, worker, Because::MostUrgent, runner_up.map(|next| next.urgency), None);
        }
        if let Some(desk) = self.workers.get(&worker) {
            step.todo.slack.insert(desk.row.settings.tenant);
            if desk.takes_work() {
                step.todo.resting.insert(worker);
            }
        }
    }

    /// The first task that waits for this worker only, if he has room for it.
    fn next_directed(&self, now: Millis, worker: WorkerId) -> Option<TaskId> {
        let line = self.index.directed.get(&worker)?;
        line.iter().map(|(_, task)| *task).find(|task| self.can_return(now, *task, worker))
    }

    /// Why a task waits for one worker only: it was sent to him, or he had it before.
    fn why_his(&self, task: TaskId) -> Because {
        let returns = self.tasks.get(&task).is_some_and(|task| task.returns);
        if returns { Because::Returned } else { Because::Directed }
    }

    /// True when a task that waits for this worker can be given to him now. He need not be ready for new work: it is
    /// meant for him.
    fn can_return(&self, now: Millis, task: TaskId, worker: WorkerId) -> bool {
        let (Some(task), Some(desk)) = (self.tasks.get(&task), self.workers.get(&worker)) else { return false };
        desk.row.session.is_some()
            && desk.row.presence != Presence::Away
            && self.rules().hours(task.queue).is_open(now)
            && !declined_by(task, worker, now)
            && self.queues.get(&task.queue).is_some_and(|queue| desk.has_room(task, queue))
    }

    /// The most urgent task of all lines that this worker serves, and the next one after it.
    fn next_for(&self, now: Millis, worker: WorkerId) -> Option<(Candidate, Option<Candidate>)> {
        // Late back work is not held back: the reserve protects the front line, not the idle.
        self.most_urgent(now, worker, Look::Urgent, |_, _| true)
    }

    /// The most urgent of the tasks in line that this worker could have and `counts` lets through, by its queue and
    /// whether it was put aside as often as may be, and the next one after it.
    pub(crate) fn most_urgent(
        &self,
        now: Millis,
        worker: WorkerId,
        look: Look,
        mut counts: impl FnMut(&QueueSettings, bool) -> bool,
    ) -> Option<(Candidate, Option<Candidate>)> {
        let desk = self.workers.get(&worker).filter(|desk| desk.takes_work())?;
        let (mut best, mut second, mut place): (Option<Candidate>, Option<Candidate>, _) = (None, None, None);
        let mut dear: Option<(Candidate, Seen<'_>)> = None;
        let mut contested = false;
        for queue in &desk.row.settings.queues {
            let (Some(settings), Some(lines)) = (self.queues.get(queue), self.index.lines.get(queue)) else { continue };
            if !desk.has_room_for(desk.least_weight(settings)) || !self.rules().hours_of(settings).is_open(now) {
                continue;
            }
            if look == Look::Back && settings.side == Side::Front {
                continue;
            }
            let only_late =
                look == Look::Urgent && settings.side == Side::Back && !self.is_owed_by(now, desk, settings);
            let mut buckets = lines.buckets().filter(|(bucket, _)| bucket.late || !only_late).peekable();
            if buckets.peek().is_none() {
                continue;
            }
            let rank = self.rank_for(now, settings, desk);
            let weight = settings.task_weight;
            let seen = buckets.map(|(bucket, heads)| {
                let rest = heads.within(desk.skills);
                Seen { now, desk, rank, weight, lines, bucket, heads, rest, declined: false }
            });
            let found = seen.filter_map(|mut seen| Some((self.first_for(&mut seen, None)?, seen)));
            if settings.side == Side::Front && !self.worth_starting(now, desk, settings, Waits::Could) {
                let Some(first) = found.reduce(|one, other| if other.0.is_before(&one.0) { other } else { one }) else {
                    continue;
                };
                // Each would leave the slot to the other: the more urgent one takes it.
                contested |= dear.is_some();
                dear = dear.filter(|dear| dear.0.is_before(&first.0)).or(Some(first));
                continue;
            }
            for (candidate, seen) in found.filter(|(_, seen)| counts(settings, seen.bucket.hard)) {
                if best.is_none_or(|best| candidate.is_before(&best)) {
                    second = best.replace(candidate);
                    place = Some(seen);
                } else if second.is_none_or(|second| candidate.is_before(&second)) {
                    second = Some(candidate);
                }
            }
        }
        // What waits elsewhere is not for him if he found nothing there.
        let pays = |dear: &(Candidate, Seen<'_>)| contested || self.pays_alone(now, desk, dear.0.task);
        if let Some((first, seen)) = dear.filter(|dear| best.is_none() && pays(dear)) {
            (best, place) = (Some(first), Some(seen));
        }
        let (best, mut place) = (best?, place?);
        self.look_at_task(best);
        // The next one may stand in another line of the same queue: behind this one, where all before it are not his.
        if place.declined {
            place.again();
        }
        let other = self.first_for(&mut place, Some(best.task));
        let second =
            second.into_iter().chain(other).reduce(|one, other| if one.is_before(&other) { one } else { other });
        Some((best, second))
    }

    /// Whether a task's start pays where nothing else that waits is for this worker.
    fn pays_alone(&self, now: Millis, desk: &Desk, task: TaskId) -> bool {
        let queue = self.tasks.get(&task).and_then(|task| self.queues.get(&task.queue));
        queue.is_some_and(|queue| self.worth_starting(now, desk, queue, Waits::Not))
    }

    /// The first that a worker could have of the lines that were not looked at yet, but for the one that `except` leads.
    fn first_for(&self, seen: &mut Seen<'_>, except: Option<TaskId>) -> Option<Candidate> {
        let (now, desk, rank) = (seen.now, seen.desk, seen.rank.lifted(seen.bucket.lift_milli));
        let worker = desk.row.settings.id;
        let mut first: Option<Candidate> = None;
        for head in seen.rest.by_ref() {
            if first.is_some_and(|first| first.due_at <= head.waiting.due_at) {
                break;
            }
            if !head.needs.are_met_by(&desk.row.settings.skills)
                || Some(head.waiting.task) == except
                || !desk.has_room_for(desk.row.settings.weight_of(head.channel, seen.weight))
            {
                continue;
            }
            if !head.waiting.is_declined() {
                // Whatever comes now is due later.
                let found = Candidate::new(&head.waiting, now, rank);
                return first.filter(|first| first.due_at <= found.due_at).or(Some(found));
            }
            seen.declined = true;
            let Some(leads) = self.tasks.at(head.waiting.place) else { continue };
            let mut line = seen.lines.line(&line_key(leads), seen.bucket.late);
            let his = |task: &Task| !declined_by(task, worker, now);
            let found = line.find(|waiting| self.tasks.at(waiting.place).is_some_and(his));
            let found = found.map(|waiting| Candidate::new(waiting, now, rank));
            let earlier = |one: Candidate, other: Candidate| if one.due_at <= other.due_at { one } else { other };
            first = first.into_iter().chain(found).reduce(earlier);
        }
        first
    }

    /// Finds a worker for a waiting task: the one it is meant for, the one the customer knows, the least loaded.
    fn place(&mut self, step: &mut Step<'_>, id: TaskId) {
        let now = step.now;
        let Some(task) = self.tasks.get(&id).filter(|task| task.state == TaskState::Waiting) else { return };
        if let Some((worker, _)) = task.directed {
            if self.can_return(now, id, worker) {
                self.bind(step, id, worker, self.why_his(id), None, None);
            }
            return;
        }
        let queue = task.queue;
        let held = costs(self.queues.get(&queue));
        while self.tasks.get(&id).is_some_and(|task| task.state == TaskState::Waiting) {
            self.seat_moved(step);
            let Some((worker, because, runner_up)) = self.worker_for(now, id, None) else {
                if held {
                    // What does not pay now may later.
                    self.keep_counting(step, queue);
                }
                return self.call_away(step, id);
            };
            // Others may have been held back before it: they are older. If he has one of them now, others may be free.
            if held && because != Because::Sticky && self.waiting(queue) > 1 && self.fills(step, worker) {
                continue;
            }
            return self.bind(step, id, worker, because, None, runner_up);
        }
    }

    /// A worker looks for work; whether he has more now.
    fn fills(&mut self, step: &mut Step<'_>, worker: WorkerId) -> bool {
        let load = |core: &Self| core.workers.get(&worker).map(|desk| desk.load);
        let before = load(self);
        self.fill(step, worker);
        load(self) != before
    }

    /// Gives a task to a worker, as an offer or at once.
    pub(crate) fn bind(
        &mut self,
        step: &mut Step<'_>,
        id: TaskId,
        worker: WorkerId,
        because: Because,
        runner_up_milli: Option<u64>,
        runner_up: Option<WorkerId>,
    ) {
        let now = step.now;
        let Some(place) = self.tasks.place(id) else { return };
        let (Some(task), Some(desk)) = (self.tasks.at(place), self.workers.get(&worker)) else { return };
        let (Some(queue), Some(session)) = (self.queues.get(&task.queue), desk.row.session) else { return };
        let about = About::of(task);
        let chosen = matches!(because, Because::MostUrgent | Because::LeastLoaded);
        let because = if chosen && self.is_owed_by(now, desk, queue) { Because::Promised } else { because };
        let decision = Decision {
            waited_ms: now.since(task.earned_at),
            urgency_milli: self.rank(now, queue).lifted(task.lift_milli).urgency_milli(
                now,
                task.earned_at,
                task.due_at,
            ),
            runner_up_milli,
            runner_up,
            because,
        };
        let (auto, until) = (desk.row.accept == AcceptMode::Auto, now.plus(queue.offer_ms));
        let supervisor_at = self.supervisor_at(queue.id, now);
        let lease = Lease(task.lease.0 + 1);
        let (queue_id, side, first, missed) = (task.queue, task.side, task.lease.0 == 0, task.missed);
        let strain = task.strain;
        self.meta.seed = policy::draw(self.meta.seed).1;
        self.edit_task_at(step, id, place, |task| {
            task.lease = lease;
            if task.directed.is_some() || task.returns {
                task.directed = None;
                task.returns = false;
            }
            if auto {
                task.state = TaskState::active(worker);
                begin_silence(task, now, supervisor_at);
            } else {
                task.state = TaskState::Offered { worker, until, because };
            }
        });
        self.place_worker(step, worker, |row| row.takes_up(now, strain));
        self.task_bound(step, worker, queue_id, side, missed);
        if first {
            self.task_heard(step, queue_id, Heard::Had { waited_ms: decision.waited_ms, missed });
        }
        if auto {
            self.event_about(step, about, EventKind::TaskAssigned { worker, lease, decision: Some(decision) });
            step.release(Release::Assigned { worker, session, task: id, lease });
            self.followed_in(step, &about);
        } else {
            self.event_about(step, about, EventKind::TaskOffered { worker, lease, until, decision });
            step.release(Release::Offer { worker, session, task: id, lease });
        }
    }

    /// When a supervisor hears of a task whose owner is silent from now on.
    pub(crate) fn supervisor_at(&self, queue: QueueId, now: Millis) -> Option<Millis> {
        let queue = self.queues.get(&queue)?;
        self.rules().hours_of(queue).after_open(now, queue.supervisor_ms?)
    }
}

pub(crate) fn declined_by(task: &Task, worker: WorkerId, now: Millis) -> bool {
    task.declined.iter().any(|(who, until)| *who == worker && now < *until)
}

/// A worker has a task: from now on something is expected of him, unless it is the customer's turn.
pub(crate) fn begin_silence(task: &mut Task, now: Millis, supervisor_at: Option<Millis>) {
    let expected = task.unanswered || task.kind != TaskKind::Conversation;
    let told_at = task.supervisor_at.or(supervisor_at).filter(|_| expected);
    if let TaskState::Active { silent_since, reminded, .. } = &mut task.state {
        (*silent_since, *reminded) = (expected.then_some(now), false);
    }
    task.set_supervisor_at(told_at);
}
