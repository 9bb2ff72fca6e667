//! Bringing tasks and workers together.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::sync::Arc;

use blendline_wire::event::{Because, Decision, EventKind};
use blendline_wire::org::Goal;
use blendline_wire::task::{AcceptMode, Presence, Side, TaskKind};
use blendline_wire::{Lease, Millis, QueueId, TaskId, TenantId, WorkerId};

use crate::effect::Release;
use crate::index::{Line, line_key};
use crate::learnt::Heard;
use crate::policy;
use crate::rows::{Silence, Task, TaskState};
use crate::scheduler::{Desk, Scheduler, Step};

/// Whether back work may start at who serves these front queues.
type Found = RefCell<Option<(Arc<[QueueId]>, bool)>>;

/// The most urgent task a worker could have now.
#[derive(Clone, Copy)]
struct Candidate {
    urgency: u64,
    due_at: Millis,
    task: TaskId,
}

impl Scheduler {
    /// Matches until nothing more can be. First freed workers look for work, then fresh tasks for workers, and only
    /// then, when the front line has what it needs, back work starts where the reserve lets it.
    pub(crate) fn dispatch(&mut self, step: &mut Step<'_>) {
        loop {
            for queue in std::mem::take(&mut step.stale) {
                self.set_level(step, queue);
            }
            while let Some(worker) = step.freed.pop_first() {
                self.fill(step, worker);
            }
            for task in std::mem::take(&mut step.fresh) {
                match self.held_back(task) {
                    // It may start, but not before older work of the back office.
                    Some(tenant) => {
                        step.slack.insert(tenant);
                    }
                    None => self.place(step, task),
                }
            }
            let Some(tenant) = step.slack.pop_first() else { break };
            self.start_back(step, tenant);
        }
    }

    /// The tenant of a task that the reserve may hold back: back work in line that is not late.
    fn held_back(&self, task: TaskId) -> Option<TenantId> {
        let task = self.tasks.get(&task)?;
        let held = task.side == Side::Back && !task.missed && task.directed.is_none();
        held.then_some(task.tenant)
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
            step.slack.insert(desk.row.settings.tenant);
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
            && self.has_room(desk, task.queue)
    }

    /// The most urgent task of all lines that this worker serves, and the next one after it.
    fn next_for(&self, now: Millis, worker: WorkerId) -> Option<(Candidate, Option<Candidate>)> {
        let desk = self.workers.get(&worker)?;
        desk.ready?;
        let (mut best, mut second): (Option<Candidate>, Option<Candidate>) = (None, None);
        let (mut dear, mut contested): (Option<Candidate>, bool) = (None, false);
        for queue in &desk.row.settings.queues {
            let (Some(settings), Some(lines)) = (self.queues.get(queue), self.index.lines.get(queue)) else { continue };
            if !self.rules().hours(*queue).is_open(now) || !self.has_room(desk, *queue) {
                continue;
            }
            let held = settings.side == Side::Front && !self.worth_starting(&desk.fronts, settings);
            for ((needs, _), line) in lines {
                if !desk.row.settings.has_skills(needs) {
                    continue;
                }
                let head = line.iter().filter_map(|(_, id)| self.tasks.get(id));
                let Some(task) = head.into_iter().find(|task| !declined_by(task, worker, now)) else { continue };
                // Late back work is not held back: the reserve protects the front line, not the idle.
                if settings.side == Side::Back && !task.missed {
                    continue;
                }
                let urgency = self.urgency_milli(now, task, settings);
                let candidate = Candidate { urgency, due_at: task.due_at, task: task.id };
                if held {
                    // Each would leave the slot to the other: the more urgent one takes it.
                    contested = dear.is_some();
                    dear = dear.filter(|dear| before(dear, &candidate)).or(Some(candidate));
                    continue;
                }
                if best.is_none_or(|best| before(&candidate, &best)) {
                    second = best.replace(candidate);
                } else if second.is_none_or(|second| before(&candidate, &second)) {
                    second = Some(candidate);
                }
            }
        }
        best.or(dear.filter(|_| contested)).map(|best| (best, second))
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
        let Some((worker, because, runner_up)) = self.worker_for(now, id) else { return };
        self.bind(step, self.first_alike(id), worker, because, None, runner_up);
    }

    /// The worker a waiting task should go to now, why, and who else could have had it.
    fn worker_for(&self, now: Millis, id: TaskId) -> Option<(WorkerId, Because, Option<WorkerId>)> {
        let task = self.tasks.get(&id)?;
        if !self.rules().hours(task.queue).is_open(now) {
            return None;
        }
        let queue = self.queues.get(&task.queue)?;
        let held_back = task.side == Side::Back && !task.missed;
        let allowed = RefCell::new(None);
        let able = |worker: &WorkerId| {
            self.workers.get(worker).is_some_and(|desk| {
                desk.ready.is_some()
                    && desk.row.settings.queues.binary_search(&task.queue).is_ok()
                    && desk.row.settings.has_skills(&task.needs)
                    && !declined_by(task, *worker, now)
                    && self.has_room(desk, task.queue)
                    && (!held_back || self.back_allowed(desk, task.queue, &allowed))
                    && (task.side == Side::Back || self.worth_starting(&desk.fronts, queue))
            })
        };
        if let Some((worker, until)) = task.sticky
            && now < until
            && able(&worker)
        {
            return Some((worker, Because::Sticky, None));
        }
        let ready = self.index.ready.get(&task.queue)?;
        let mut able = ready.iter().filter(|(_, _, worker)| able(worker));
        let (load, _, first) = *able.next()?;
        let fronts = |worker: &WorkerId| self.workers.get(worker).map(|desk| &*desk.fronts).unwrap_or_default();
        let (mut worker, mut runner_up) = (first, None);
        let (mut best, mut dearer) = (fronts(&first), None);
        // Of those who have as little to do, whom the other queues miss least.
        for (_, _, other) in able.take(PRICE_LOOKS).take_while(|(other, _, _)| *other == load) {
            let his = fronts(other);
            let known = his == best || dearer == Some(his);
            if !known && self.price(his, task.queue) < self.price(best, task.queue) {
                (worker, runner_up) = (*other, Some(worker));
                (best, dearer) = (his, Some(best));
            } else {
                runner_up = runner_up.or(Some(*other));
                dearer = if known { dearer } else { Some(his) };
            }
        }
        Some((worker, Because::LeastLoaded, runner_up))
    }

    /// The first task of a waiting task's line, where it may be that it was held back before; else the task itself.
    fn first_alike(&self, id: TaskId) -> TaskId {
        let Some(task) = self.tasks.get(&id) else { return id };
        let held = self.queues.get(&task.queue).is_some_and(|queue| matches!(queue.blend.goal, Goal::Cost { .. }));
        let line = self.index.lines.get(&task.queue).and_then(|lines| lines.get(&line_key(task)));
        let first = line.filter(|_| held && task.side == Side::Front).and_then(|line| line.first());
        first
            .map(|(_, first)| *first)
            .filter(|first| self.tasks.get(first).is_some_and(|task| task.declined.is_empty()))
            .unwrap_or(id)
    }

    /// Starts back work of a tenant, most urgent first, while the reserve lets it: workers who were kept free may now
    /// have it.
    fn start_back(&mut self, step: &mut Step<'_>, tenant: TenantId) {
        while let Some((task, worker, because, runner_up)) = self.next_back(step.now, tenant) {
            self.bind(step, task, worker, because, None, runner_up);
        }
    }

    /// The most urgent back work of a tenant that some ready worker could have now, and who.
    fn next_back(&self, now: Millis, tenant: TenantId) -> Option<(TaskId, WorkerId, Because, Option<WorkerId>)> {
        let mut heads = Vec::new();
        for queue in self.queues.values().filter(|queue| queue.tenant == tenant && queue.side == Side::Back) {
            let Some(lines) = self.index.lines.get(&queue.id) else { continue };
            if !self.index.ready.contains_key(&queue.id) {
                continue;
            }
            // Nobody is asked where the reserve of no crew lets it.
            let free = self.crews.get(&queue.id).is_some_and(|crews| {
                crews.keys().any(|fronts| fronts.is_empty() || self.reserve_lets(fronts, queue.task_weight))
            });
            for place in lines.values().flat_map(|line| self.worth_a_look(line)) {
                let Some(task) = self.tasks.get(&place) else { continue };
                // What is late is not held back.
                if !free && !task.missed {
                    continue;
                }
                let urgency = self.urgency_milli(now, task, queue);
                heads.push(Candidate { urgency, due_at: task.due_at, task: place });
            }
        }
        heads.sort_unstable_by(|one, other| if before(one, other) { Ordering::Less } else { Ordering::Greater });
        heads.into_iter().find_map(|head| {
            let (worker, because, runner_up) = self.worker_for(now, head.task)?;
            Some((head.task, worker, because, runner_up))
        })
    }

    /// The tasks of a line up to the first that nobody declined: tasks of a line differ only by who may not have them,
    /// so behind that one no other can do better.
    fn worth_a_look<'a>(&'a self, line: &'a Line) -> impl Iterator<Item = TaskId> + 'a {
        let mut more = true;
        line.iter().map(|(_, task)| *task).take_while(move |task| {
            let look = more;
            more = self.tasks.get(task).is_some_and(|task| !task.declined.is_empty());
            look
        })
    }

    /// Whether this worker may start back work of this queue that is not late. What was found for one worker holds for
    /// the next who serves the same front queues.
    fn back_allowed(&self, desk: &Desk, queue: QueueId, found: &Found) -> bool {
        // Whoever never serves the front line does not weaken it.
        if desk.fronts.is_empty() {
            return true;
        }
        if let Some((_, allowed)) = found.borrow().as_ref().filter(|(fronts, _)| *fronts == desk.fronts) {
            return *allowed;
        }
        let allowed = self.reserve_lets(&desk.fronts, self.queues.get(&queue).map_or(0, |queue| queue.task_weight));
        *found.borrow_mut() = Some((desk.fronts.clone(), allowed));
        allowed
    }

    fn has_room(&self, desk: &Desk, queue: QueueId) -> bool {
        let weight = self.queues.get(&queue).map_or(u32::MAX, |queue| queue.task_weight);
        desk.load.saturating_add(weight) <= desk.row.capacity
    }

    /// Gives a task to a worker, as an offer or at once.
    fn bind(
        &mut self,
        step: &mut Step<'_>,
        id: TaskId,
        worker: WorkerId,
        because: Because,
        runner_up_milli: Option<u64>,
        runner_up: Option<WorkerId>,
    ) {
        let now = step.now;
        let (Some(task), Some(desk)) = (self.tasks.get(&id), self.workers.get(&worker)) else { return };
        let (Some(queue), Some(session)) = (self.queues.get(&task.queue), desk.row.session) else { return };
        let decision = Decision {
            waited_ms: now.since(task.earned_at),
            urgency_milli: self.urgency_milli(now, task, queue),
            runner_up_milli,
            runner_up,
            because,
        };
        let (auto, until) = (desk.row.accept == AcceptMode::Auto, now.plus(queue.offer_ms));
        let supervisor_at = self.supervisor_at(task.queue, now);
        let lease = Lease(task.lease.0 + 1);
        let (queue_id, side, first, missed) = (task.queue, task.side, task.lease.0 == 0, task.missed);
        self.meta.seed = policy::draw(self.meta.seed).1;
        self.edit_task(step, id, |task| {
            task.lease = lease;
            task.directed = None;
            task.returns = false;
            if auto {
                task.state = TaskState::Active { worker };
                begin_silence(task, now, supervisor_at);
            } else {
                task.state = TaskState::Offered { worker, until, because };
            }
        });
        self.edit_worker(step, worker, |row| row.idle_since = now);
        self.task_bound(step, worker, queue_id, side);
        if first {
            self.task_heard(step, queue_id, Heard::Had { waited_ms: decision.waited_ms, missed });
        }
        if auto {
            self.task_event(step, id, EventKind::TaskAssigned { worker, lease, decision: Some(decision) });
            step.release(Release::Assigned { worker, session, task: id, lease });
            self.followed(step, self.tasks.get(&id).and_then(|task| task.conversation));
        } else {
            self.task_event(step, id, EventKind::TaskOffered { worker, lease, until, decision });
            step.release(Release::Offer { worker, session, task: id, lease });
        }
    }

    /// When a supervisor hears of a task whose owner is silent from now on.
    pub(crate) fn supervisor_at(&self, queue: QueueId, now: Millis) -> Option<Millis> {
        let after = self.queues.get(&queue)?.supervisor_ms?;
        self.rules().hours(queue).after_open(now, after)
    }
}

/// How many able workers beside the least loaded are looked at: who may be missed less, and who else could have had it.
const PRICE_LOOKS: usize = 4;

fn before(one: &Candidate, other: &Candidate) -> bool {
    (std::cmp::Reverse(one.urgency), one.due_at, one.task)
        < (std::cmp::Reverse(other.urgency), other.due_at, other.task)
}

pub(crate) fn declined_by(task: &Task, worker: WorkerId, now: Millis) -> bool {
    task.declined.iter().any(|(who, until)| *who == worker && now < *until)
}

/// A worker has a task: from now on something is expected of him, unless it is the customer's turn.
pub(crate) fn begin_silence(task: &mut Task, now: Millis, supervisor_at: Option<Millis>) {
    let expected = task.unanswered || task.kind != TaskKind::Conversation;
    let told_at = task.silence.supervisor_at.or(supervisor_at).filter(|_| expected);
    task.silence = Silence { since: expected.then_some(now), reminded: false, supervisor_at: told_at };
}
