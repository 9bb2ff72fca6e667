//! A small office: one tenant, a front and a back queue, and workers as the stories need them.

use blendline_core::input::{Class, InboundMessage, NewItem, Settings, Verdict};
use blendline_core::rows::{Conversation, OutboundRow, Task, TaskState};
use blendline_core::{Answer, CallId, Command, Effect, Input, PayloadId, Refusal, Release, Scheduler, Write};
use blendline_wire::event::{Actor, Event, EventKind};
use blendline_wire::inbound::InboundKind;
use blendline_wire::org::{AccountSettings, Burden, QueueSettings, TenantSettings, WorkerSettings};
use blendline_wire::task::{AcceptMode, Presence, Side, Target};
use blendline_wire::{AccountId, ContactKey, GroupId, Lease, Millis, QueueId, SessionId, TaskId, TenantId, WorkerId};

pub(crate) const TENANT: TenantId = TenantId(1);
pub(crate) const ACCOUNT: AccountId = AccountId(1);
pub(crate) const FRONT: QueueId = QueueId(1);
pub(crate) const BACK: QueueId = QueueId(2);
pub(crate) const OTHER: QueueId = QueueId(3);
pub(crate) const MINUTE: u64 = 60_000;

pub(crate) struct Office {
    pub(crate) core: Scheduler,
    pub(crate) now: Millis,
    pub(crate) releases: Vec<Release>,
    pub(crate) events: Vec<Event>,
    pub(crate) ended: Vec<Conversation>,
    pub(crate) closed: Vec<Task>,
    pub(crate) finals: Vec<OutboundRow>,
    payload: u64,
}

impl Office {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// An office whose queues are changed before anybody comes in.
    pub(crate) fn with(change: impl Fn(&mut QueueSettings)) -> Self {
        let mut office = Self {
            core: Scheduler::new(0, 7),
            now: Millis(1_000_000),
            releases: Vec::new(),
            events: Vec::new(),
            ended: Vec::new(),
            closed: Vec::new(),
            finals: Vec::new(),
            payload: 0,
        };
        office.keep_free(0);
        office.put(Settings::Account(AccountSettings {
            id: ACCOUNT,
            tenant: TENANT,
            channel: "whatsapp_cloud".into(),
            unit: None,
            window_ms: Some(24 * 60 * MINUTE),
            idempotent_send: false,
            commit_is_send: false,
        }));
        for (id, side, target_ms) in
            [(FRONT, Side::Front, MINUTE), (BACK, Side::Back, 60 * MINUTE), (OTHER, Side::Back, 60 * MINUTE)]
        {
            let mut queue = queue(id, side, target_ms);
            change(&mut queue);
            office.put(Settings::Queue(queue));
        }
        office
    }

    pub(crate) fn put(&mut self, settings: Settings) {
        self.call(Command::Put(settings)).unwrap();
    }

    /// The tenant, with so many front slots that back work leaves free, in thousandths.
    pub(crate) fn keep_free(&mut self, reserve_milli: u64) {
        self.put(Settings::Tenant(TenantSettings {
            id: TENANT,
            reopen_window_ms: 60 * MINUTE,
            confirm_window_ms: 60 * MINUTE,
            stickiness_ms: 120 * MINUTE,
            reserve_milli,
            reserve_max_milli: None,
            open_tasks_max: 1_000_000,
        }));
    }

    /// A worker for these queues, connected and ready.
    pub(crate) fn worker(&mut self, id: u64, slots: u32, queues: &[QueueId], accept: AcceptMode) -> WorkerId {
        self.member(None, id, slots, queues, accept)
    }

    /// The same, in a group.
    pub(crate) fn member(
        &mut self,
        group: Option<u64>,
        id: u64,
        slots: u32,
        queues: &[QueueId],
        accept: AcceptMode,
    ) -> WorkerId {
        let worker = WorkerId(id);
        self.put(Settings::Worker(WorkerSettings {
            id: worker,
            tenant: TENANT,
            unit: None,
            group: group.map(GroupId),
            capacity: slots * 100,
            skills: Vec::new(),
            queues: queues.to_vec(),
            accept,
            stand_in: None,
            paces_milli: Vec::new(),
            weights: Vec::new(),
            burden: Burden::default(),
        }));
        self.attach(worker, id);
        worker
    }

    pub(crate) fn attach(&mut self, worker: WorkerId, session: u64) -> Answer {
        let presence = Presence::Ready;
        self.call(Command::Attach { worker, session: SessionId(session), accept: None, capacity: None, presence })
            .unwrap()
    }

    pub(crate) fn step(&mut self, input: Input) -> Option<Result<Answer, Refusal>> {
        let mut effects = Vec::new();
        self.core.step(self.now, input, &mut effects);
        self.core.check_invariants().unwrap();
        let mut answer = None;
        for effect in effects {
            match effect {
                Effect::Release(Release::Answer { result, .. }) => answer = Some(result),
                Effect::Release(release) => self.releases.push(release),
                Effect::Write(Write::Event(event)) => self.events.push(*event),
                Effect::Write(Write::Conversation(row)) if row.state.ended_at().is_some() => self.ended.push(*row),
                Effect::Write(Write::Task(row)) if matches!(row.state, TaskState::Closed { .. }) => {
                    self.closed.push(*row)
                }
                Effect::Write(Write::Outbound(row)) if row.state.is_final() => self.finals.push(*row),
                Effect::Write(_) => {}
            }
        }
        answer
    }

    pub(crate) fn call(&mut self, command: Command) -> Result<Answer, Refusal> {
        self.step(Input { call: Some(CallId(1)), actor: Actor::System, command }).expect("every call is answered")
    }

    /// Half an hour in which three customers are served at a time, each for a minute and a half.
    pub(crate) fn three_at_a_time(&mut self) {
        let mut running = std::collections::VecDeque::new();
        for _ in 0..60 {
            running.push_back(self.push(class(FRONT)));
            self.pass(MINUTE / 2);
            if running.len() > 3 {
                let task = running.pop_front().unwrap();
                self.done(self.owner(task).unwrap(), task);
            }
        }
        for task in running {
            self.done(self.owner(task).unwrap(), task);
        }
    }

    /// Lets time pass, and everything that is due in it happen at its own instant.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now.plus(ms);
        while let Some(due) = self.core.next_deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.step(Input::tick());
        }
        self.now = end;
        self.step(Input::tick());
    }

    pub(crate) fn payload(&mut self) -> PayloadId {
        self.payload += 1;
        PayloadId(self.payload)
    }

    /// A customer writes; the task it belongs to.
    pub(crate) fn message(&mut self, contact: u128) -> TaskId {
        match self.say(contact, InboundKind::Message) {
            Answer::Task(task) => task,
            other => panic!("a message became {other:?}"),
        }
    }

    pub(crate) fn say(&mut self, contact: u128, kind: InboundKind) -> Answer {
        let contact = ContactKey(contact);
        let prior = self.ended.iter().rev().find(|row| row.contact == contact).cloned().map(Box::new);
        let payload = self.payload();
        let received_at = self.now;
        let class = class(FRONT);
        let message =
            InboundMessage { tenant: TENANT, account: ACCOUNT, contact, kind, payload, received_at, class, prior };
        self.call(Command::Message(message)).unwrap()
    }

    /// A work item of this class.
    pub(crate) fn push(&mut self, class: Class) -> TaskId {
        let item = NewItem { tenant: TENANT, class, payload: self.payload(), conversation: None, matter: None };
        match self.call(Command::Push(item)).unwrap() {
            Answer::Task(task) => task,
            other => panic!("an item became {other:?}"),
        }
    }

    pub(crate) fn item(&mut self, queue: QueueId) -> TaskId {
        let item =
            NewItem { tenant: TENANT, class: class(queue), payload: self.payload(), conversation: None, matter: None };
        match self.call(Command::Push(item)).unwrap() {
            Answer::Task(task) => task,
            other => panic!("an item became {other:?}"),
        }
    }

    pub(crate) fn accept(&mut self, worker: WorkerId, task: TaskId) -> Result<Answer, Refusal> {
        self.call(Command::Accept { worker, task, lease: self.lease(task) })
    }

    pub(crate) fn reply(&mut self, worker: WorkerId, task: TaskId) -> Result<Answer, Refusal> {
        let payload = self.payload();
        self.call(Command::Reply { worker, task, lease: self.lease(task), payload })
    }

    pub(crate) fn settle(&mut self, worker: WorkerId, task: TaskId, verdict: Verdict) -> Result<Answer, Refusal> {
        self.call(Command::Settle { worker, task, lease: self.lease(task), verdict, replies: Vec::new(), seen: None })
    }

    pub(crate) fn done(&mut self, worker: WorkerId, task: TaskId) {
        self.settle(worker, task, done()).unwrap();
    }

    pub(crate) fn request(&mut self, worker: WorkerId, task: TaskId, to: Target) -> Result<Answer, Refusal> {
        let verdict = Verdict::Request { to, note: self.payload(), clock: blendline_wire::task::ClockRule::Runs };
        self.settle(worker, task, verdict)
    }

    pub(crate) fn lease(&self, task: TaskId) -> Lease {
        self.core.task(task).map_or(Lease(0), |task| task.lease)
    }

    pub(crate) fn task(&self, task: TaskId) -> &Task {
        self.core.task(task).expect("the task is open")
    }

    pub(crate) fn owner(&self, task: TaskId) -> Option<WorkerId> {
        self.task(task).state.owner()
    }

    pub(crate) fn children(&self, task: TaskId) -> Vec<TaskId> {
        self.task(task).children.clone()
    }

    pub(crate) fn happened(&self, is: impl Fn(&EventKind) -> bool) -> usize {
        self.events.iter().filter(|event| is(&event.kind)).count()
    }
}

pub(crate) fn queue(id: QueueId, side: Side, target_ms: u64) -> QueueSettings {
    QueueSettings {
        id,
        tenant: TENANT,
        unit: None,
        side,
        target_ms,
        weight_milli: 1000,
        task_weight: 100,
        waiting_weight_percent: 50,
        offer_ms: 30_000,
        wrap_up_ms: 0,
        remind_ms: None,
        take_back_ms: None,
        supervisor_ms: None,
        calendar: None,
        interruptible: false,
        tasks_max: 1_000,
        blend: Default::default(),
        planned: Vec::new(),
    }
}

pub(crate) fn class(queue: QueueId) -> Class {
    Class { queue, rule_set: 1, ..Class::default() }
}

pub(crate) fn done() -> Verdict {
    Verdict::Done { disposition: "answered".to_owned(), note: None }
}
