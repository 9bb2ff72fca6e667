//! A core rebuilt from its rows equals the one that wrote them (P5).

use std::collections::BTreeSet;
use std::fmt;

use blendline_wire::Millis;
use blendline_wire::task::Side;

use crate::desk::{Desk, Tenant};
use crate::dues::{Deadline, Due};
use crate::index::{Index, Rules};
use crate::lookup::Few;
use crate::promise::promised_to;
use crate::rows::{ConversationState, Reckoned, Snapshot, Task, TaskState, Worker};
use crate::scheduler::{Scheduler, Step};

/// Rows that cannot be a state of this scheduler.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LoadError(pub String);

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the rows are no state of this scheduler: {}", self.0)
    }
}

impl std::error::Error for LoadError {}

impl Scheduler {
    /// The scheduler whose rows these are. Equal to the one that wrote them.
    pub fn load(shard: u16, rows: Snapshot) -> Result<Self, LoadError> {
        let mut core = Self { shard, meta: rows.meta, ..Self::default() };
        core.tenants = rows.tenants.into_iter().map(|settings| (settings.id, Tenant::new(settings))).collect();
        core.accounts = rows.accounts.into_iter().map(|account| (account.id, account)).collect();
        core.calendars = rows.calendars.into_iter().map(|calendar| (calendar.id, calendar)).collect();
        core.queues = rows.queues.into_iter().map(|queue| (queue.id, queue)).collect();
        for row in rows.workers {
            let id = row.settings.id;
            core.workers.insert(id, Box::new(Desk::new(row, &core.queues)));
        }
        for conversation in rows.conversations {
            let ConversationState::Open { .. } = conversation.state else {
                return Err(LoadError(format!("{} is not open", conversation.id)));
            };
            core.by_contact.insert(conversation.contact, conversation.id);
            core.conversations.insert(conversation.id, conversation);
        }
        let mut needs = BTreeSet::new();
        for mut task in rows.tasks {
            // Tasks that need the same share one list.
            task.needs = needs.get(&task.needs).cloned().unwrap_or(task.needs);
            needs.insert(task.needs.clone());
            if !core.queues.contains_key(&task.queue) {
                return Err(LoadError(format!("{} stands in {}, which is not there", task.id, task.queue)));
            }
            if matches!(task.state, TaskState::Closed { .. }) {
                return Err(LoadError(format!("{} is closed", task.id)));
            }
            core.tasks.insert(task.id, task);
        }
        for row in rows.learnt {
            if !core.queues.contains_key(&row.queue) {
                return Err(LoadError(format!("something is learnt about {}, which is not there", row.queue)));
            }
            core.learnt.insert(row.queue, row);
        }
        let mut outbound = rows.outbound;
        // A conversation's messages go out in the order in which they were said.
        outbound.sort_unstable_by_key(|row| row.id);
        for row in outbound {
            if row.state.is_final() {
                return Err(LoadError(format!("{} is final", row.id)));
            }
            core.enter_outbound(&row);
            core.outbound.insert(row.id, Box::new(row));
        }
        let mut effects = Vec::new();
        let mut step = Step::new(core.meta.now, &mut effects, Box::default());
        core.rebuild(&mut step);
        Ok(core)
    }

    /// Derives everything from the rows anew. For loading, and for changes of settings that much is derived from.
    pub(crate) fn rebuild(&mut self, step: &mut Step<'_>) {
        let now = self.meta.now;
        self.index = Index::default();
        self.pools.clear();
        self.served.clear();
        self.promised.clear();
        self.members.clear();
        for tenant in self.tenants.values_mut() {
            tenant.know(&self.queues, &self.learnt);
        }
        let workers: Vec<_> = self.workers.iter().map(|(worker, _)| worker).collect();
        for worker in &workers {
            let Some(desk) = self.workers.get_mut(worker) else { continue };
            desk.load = desk.row.wrap_ups.iter().map(|(_, weight, _)| *weight).sum();
            desk.held = Few::default();
            (desk.ready, desk.back, desk.soft, desk.aside, desk.part) = (None, 0, 0, 0, None);
            desk.know(&self.queues);
            self.index.add_worker(&desk.row);
        }
        let rules = Rules { queues: &self.queues, calendars: &self.calendars, learnt: &self.learnt };
        for (place, task) in self.tasks.placed() {
            let (stand, takes) = rules.stand_and_takes(task);
            self.index.add_task(&stand, place);
            if takes.back > 0 {
                let holder = task.state.holder().and_then(|holder| self.workers.get(&holder));
                let group = holder.and_then(|desk| desk.row.settings.group);
                for whose in promised_to(&self.queues, task.queue, group) {
                    *self.promised.entry((task.queue, whose)).or_default() += u64::from(takes.back);
                }
            }
            if let Some(desk) = task.state.holder().and_then(|holder| self.workers.get_mut(&holder)) {
                desk.held.insert(task.id);
                desk.load += takes.load;
                desk.back += takes.back;
                desk.soft += takes.soft;
                desk.aside += takes.aside;
            }
        }
        self.watch_all();
        for row in self.outbound.values() {
            self.index.add_outbound(row);
        }
        let reckoned = self.learnt.values().filter(|row| row.reckoned != Reckoned::default());
        self.worth = reckoned.map(|row| (row.queue, self.worth_of(row.queue))).collect();
        for row in self.learnt.values().filter(|row| row.count_until != Millis::MAX) {
            self.index.dues.insert(Deadline::new(row.count_until, Due::Count(row.queue)));
        }
        for calendar in self.calendars.keys().copied().collect::<Vec<_>>() {
            self.watch_calendar(calendar, now);
        }
        step.derives = true;
        for worker in workers.iter().rev() {
            self.seat(step, *worker);
        }
        step.derives = false;
        for tenant in self.tenants.keys().copied().collect::<Vec<_>>() {
            self.pool_queues(tenant);
        }
        self.seat_moved(step);
        step.todo.freed.extend(workers);
        step.todo.slack.extend(self.tenants.keys().copied());
        step.todo.fresh.extend(self.index.directed.values().flatten().map(|(_, task)| *task));
    }

    /// All live rows, each kind sorted by its id.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            meta: self.meta,
            tenants: self.tenants.values().map(|tenant| tenant.settings.clone()).collect(),
            accounts: self.accounts.values().cloned().collect(),
            calendars: self.calendars.values().cloned().collect(),
            queues: self.queues.values().cloned().collect(),
            workers: self.workers.values().map(|desk| desk.row.clone()).collect(),
            conversations: self.conversations.values().cloned().collect(),
            tasks: self.tasks.values().cloned().collect(),
            outbound: self.outbound.values().map(|row| (**row).clone()).collect(),
            learnt: self.learnt.values().cloned().collect(),
        }
    }

    /// Checks every invariant over the whole state. For tests and simulation: it looks at everything.
    ///
    /// The error says what does not hold, and where.
    pub fn check_invariants(&self) -> Result<(), String> {
        let fresh = Self::load(self.shard, self.snapshot()).map_err(|error| error.0)?;
        self.check_against(&fresh)
    }

    /// Checks every invariant over the whole state, for who has built another one from the same rows already.
    ///
    /// The error says what does not hold, and where.
    pub fn check_against(&self, fresh: &Self) -> Result<(), String> {
        same("lines, directed, ready and dues", &self.index, &fresh.index)?;
        same("desks", &self.workers, &fresh.workers)?;
        same("tenants", &self.tenants, &fresh.tenants)?;
        same("pools", &self.pools, &fresh.pools)?;
        same("who serves what", &self.served, &fresh.served)?;
        same("promised", &self.promised, &fresh.promised)?;
        same("members of groups", &self.members, &fresh.members)?;
        same("worth", &self.worth, &fresh.worth)?;
        same("letters", &self.letters, &fresh.letters)?;
        same("post boxes", &self.post, &fresh.post)?;
        same("contacts", &self.by_contact, &fresh.by_contact)?;
        self.check_tasks()?;
        self.check_watches()?;
        self.check_workers()?;
        self.check_backlog()
    }

    /// Whoever is free and could do back work that waits is kept for a front queue that is known to hold him.
    fn check_backlog(&self) -> Result<(), String> {
        let waits = |task: &&Task| task.side == Side::Back && task.state == TaskState::Waiting && !task.missed;
        for task in self.tasks().filter(waits).filter(|task| task.directed.is_none()) {
            let (Some(queue), Some(ready)) = (self.queues.get(&task.queue), self.index.ready.get(&task.queue)) else {
                continue;
            };
            // What a calendar or a back-off allows since is found by the next tick.
            if self.next_deadline().is_some_and(|at| at <= self.meta.now)
                || !self.rules().hours(task.queue).is_open(self.meta.now)
            {
                continue;
            }
            for place in ready.iter() {
                let Some(desk) = self.workers.get(&place.worker) else { continue };
                let held = desk.fronts.iter().any(|front| self.is_holding(*front));
                if !held && desk.could_do(task, queue, self.meta.now) {
                    return Err(format!("{} waits and nothing keeps {} from it", task.id, place.worker));
                }
            }
        }
        Ok(())
    }

    fn check_tasks(&self) -> Result<(), String> {
        for task in self.tasks.values() {
            let id = task.id;
            if let Some(conversation) = task.conversation {
                let open = self.conversations.get(&conversation).ok_or(format!("{id} has lost {conversation}"))?;
                if open.state != (ConversationState::Open { task: id }) {
                    return Err(format!("{conversation} does not know {id}"));
                }
            }
            if let Some(parent) = task.parent {
                let parent = self.tasks.get(&parent).ok_or(format!("{id} has lost its parent"))?;
                if !parent.children.contains(&id) {
                    return Err(format!("the parent of {id} does not know it"));
                }
            }
            if matches!(task.state, TaskState::Requesting { .. }) == task.children.is_empty() {
                return Err(format!("{id} waits for {} requests while {}", task.children.len(), task.state.name()));
            }
            if let Some(missing) = task.children.iter().find(|child| !self.tasks.contains_key(child)) {
                return Err(format!("{id} waits for {missing}, which is closed"));
            }
            if let Some(owner) = task.state.owner()
                && self.workers.get(&owner).is_none_or(|desk| desk.row.session.is_none())
            {
                return Err(format!("{id} is {} with {owner}, who is not connected", task.state.name()));
            }
        }
        for conversation in self.conversations.values() {
            let ConversationState::Open { task } = conversation.state else {
                return Err(format!("{} is kept though it ended", conversation.id));
            };
            if !self.tasks.contains_key(&task) {
                return Err(format!("{} has no task", conversation.id));
            }
        }
        Ok(())
    }

    fn check_workers(&self) -> Result<(), String> {
        for (id, desk) in self.workers.iter() {
            let fits = |row: &Worker| desk.load <= row.capacity;
            // A capacity that was lowered does not take away what a worker has.
            if !fits(&desk.row) && desk.ready.is_some() {
                return Err(format!("{id} is ready with a load of {} over {}", desk.load, desk.row.capacity));
            }
        }
        Ok(())
    }
}

fn same<T: PartialEq + fmt::Debug>(what: &str, running: &T, rebuilt: &T) -> Result<(), String> {
    if running == rebuilt {
        return Ok(());
    }
    Err(format!("{what} differ from what the rows say\nrunning: {running:?}\nrebuilt: {rebuilt:?}"))
}
