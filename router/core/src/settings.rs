//! The organisation changes while work goes on.

use std::sync::Arc;

use blendline_wire::event::EventKind;
use blendline_wire::org::{QueueSettings, WorkerSettings};
use blendline_wire::task::{Presence, Side, WithdrawReason};
use blendline_wire::{QueueId, TaskId, TenantId, WorkerId};

use crate::desk::Tenant;
use crate::effect::{Answer, Refusal, Write};
use crate::input::Settings;
use crate::rows::{Run, Worker};
use crate::scheduler::{Scheduler, Step};

impl Scheduler {
    /// A setting came to be or changed. Waiting tasks keep their classification (P9).
    pub(crate) fn put(&mut self, step: &mut Step<'_>, settings: Settings) -> Result<Answer, Refusal> {
        match settings {
            Settings::Tenant(tenant) => {
                let id = tenant.id;
                step.write(Write::Tenant(tenant.clone()));
                match self.tenants.get_mut(&id) {
                    Some(known) => known.settings = tenant,
                    None => {
                        self.tenants.insert(id, Tenant::new(tenant));
                    }
                }
                step.todo.slack.insert(id);
                self.settings_event(step, id, "tenant", id.to_string());
            }
            Settings::Account(account) => {
                self.tenants.get(&account.tenant).ok_or(Refusal::OtherTenant)?;
                step.write(Write::Account(account.clone()));
                self.settings_event(step, account.tenant, "account", account.id.to_string());
                self.accounts.insert(account.id, account);
            }
            Settings::Calendar(calendar) => {
                if calendar.open.iter().any(|(opens, closes)| opens >= closes)
                    || calendar.open.windows(2).any(|pair| pair[0].1 > pair[1].0)
                {
                    return Err(Refusal::OutOfRange("open"));
                }
                step.write(Write::Calendar(calendar.clone()));
                self.calendars.insert(calendar.id, calendar);
                self.look_anew(step);
            }
            Settings::Queue(queue) => {
                self.tenants.get(&queue.tenant).ok_or(Refusal::OtherTenant)?;
                if self.queues.get(&queue.id).is_some_and(|known| known.tenant != queue.tenant) {
                    return Err(Refusal::OtherTenant);
                }
                self.reckon_shares(step);
                step.write(Write::Queue(Box::new(queue.clone())));
                self.settings_event(step, queue.tenant, "queue", queue.id.to_string());
                let (id, side) = (queue.id, queue.side);
                let rebuild = self.queues.get(&id) != Some(&queue);
                let side_changed = self.queues.get(&id).is_some_and(|known| known.side != side);
                self.queues.insert(id, queue);
                if side_changed {
                    for task in self.tasks_of(id) {
                        self.edit_task(step, task, |task| task.side = side);
                    }
                }
                if rebuild {
                    self.look_anew(step);
                }
            }
            Settings::Worker(worker) => return self.put_worker(step, worker),
        }
        Ok(Answer::Done)
    }

    /// Derives everything anew, and looks at everybody and everything that waits.
    pub(crate) fn look_anew(&mut self, step: &mut Step<'_>) {
        self.rebuild(step);
        let front = |queue: &&QueueSettings| queue.side == Side::Front;
        let fronts: Vec<QueueId> = self.queues.values().filter(front).map(|queue| queue.id).collect();
        // Whom a front queue keeps from back work is not known any more.
        fronts.into_iter().for_each(|front| self.set_holding(step, front, true));
    }

    fn put_worker(&mut self, step: &mut Step<'_>, mut settings: WorkerSettings) -> Result<Answer, Refusal> {
        let (id, tenant) = (settings.id, settings.tenant);
        self.tenants.get(&tenant).ok_or(Refusal::OtherTenant)?;
        settings.queues.sort_unstable();
        settings.queues.dedup();
        settings.skills.sort_unstable();
        match self.workers.get(&id) {
            Some(desk) if desk.row.settings.tenant != tenant => return Err(Refusal::OtherTenant),
            Some(_) => self.edit_settings(step, id, |row| {
                row.capacity = if row.capacity == row.settings.capacity {
                    settings.capacity
                } else {
                    row.capacity.min(settings.capacity)
                };
                if row.session.is_none() {
                    row.accept = settings.accept;
                }
                row.settings = Arc::new(settings);
            }),
            None => {
                let (accept, capacity, idle_since) = (settings.accept, settings.capacity, step.now);
                let row = Worker {
                    settings: Arc::new(settings),
                    presence: Presence::Away,
                    session: None,
                    accept,
                    capacity,
                    idle_since,
                    missed_offers: 0,
                    wrap_ups: Vec::new(),
                    run: Run::default(),
                    paces: Vec::new(),
                };
                self.add_worker(step, row);
            }
        }
        step.todo.freed.insert(id);
        self.settings_event(step, tenant, "worker", id.to_string());
        Ok(Answer::Done)
    }

    /// A queue is no more: its open tasks and its workers go to the heir.
    pub(crate) fn remove_queue(&mut self, step: &mut Step<'_>, id: QueueId, heir: QueueId) -> Result<Answer, Refusal> {
        let tenant = self.queues.get(&id).ok_or(Refusal::UnknownQueue)?.tenant;
        let queue = self.queues.get(&heir).ok_or(Refusal::UnknownQueue)?;
        let side = queue.side;
        if queue.tenant != tenant {
            return Err(Refusal::OtherTenant);
        }
        if heir == id {
            return Err(Refusal::Circle);
        }
        self.settings_event(step, tenant, "queue_removed", id.to_string());
        let servers: Vec<WorkerId> = self
            .workers
            .iter()
            .filter(|(_, desk)| desk.row.settings.queues.binary_search(&id).is_ok())
            .map(|(worker, _)| worker)
            .collect();
        for worker in servers {
            self.edit_settings(step, worker, |row| {
                let settings = Arc::make_mut(&mut row.settings);
                settings.queues.retain(|queue| *queue != id);
                if let Err(place) = settings.queues.binary_search(&heir) {
                    settings.queues.insert(place, heir);
                }
            });
            step.todo.freed.insert(worker);
        }
        for task in self.tasks_of(id) {
            // An offer was made on the old queue's terms; who has a task keeps it, on the heir's.
            self.withdraw_offer(step, task);
            self.edit_task(step, task, |task| {
                task.queue = heir;
                task.side = side;
            });
            step.todo.fresh.push(task);
        }
        self.queues.remove(&id);
        self.worth.remove(&id);
        if let Some(tenant) = self.tenants.get_mut(&tenant) {
            tenant.know(&self.queues, &self.learnt);
        }
        let learnt = self.learnt.remove(&id).map(|row| row.count_until);
        if let Some(until) = learnt {
            self.index.dues.remove(&crate::dues::Deadline::new(until, crate::dues::Due::Count(id)));
        }
        step.todo.dirty_learnt.remove(id);
        if learnt.is_some() {
            step.write(Write::LearntRemoved(id));
        }
        step.write(Write::QueueRemoved(id));
        Ok(Answer::Done)
    }

    fn withdraw_offer(&mut self, step: &mut Step<'_>, id: TaskId) {
        if self.tasks.get(&id).is_some_and(|task| matches!(task.state, crate::rows::TaskState::Offered { .. })) {
            self.take_back(step, id, WithdrawReason::QueueRemoved);
        }
    }

    fn tasks_of(&self, queue: QueueId) -> Vec<TaskId> {
        self.tasks.values().filter(|task| task.queue == queue).map(|task| task.id).collect()
    }

    fn settings_event(&mut self, step: &mut Step<'_>, tenant: TenantId, what: &str, id: String) {
        let event = self.blank_event(step, tenant, EventKind::SettingsChanged { what: what.to_owned(), id });
        self.write_event(step, event);
    }
}
