//! The life of tasks, decided by the real core: what a driver would commit, batch by batch.

use std::collections::HashMap;

use blendline_core::input::{Class, InboundMessage, Settings, Verdict};
use blendline_core::{Command, Effect, Input, PayloadId, Release, Scheduler, Write};
use blendline_router::payload::MessageBody;
use blendline_router::ports::store::{Commit, NewAddress, Wanted};
use blendline_wire::event::Actor;
use blendline_wire::inbound::InboundKind;
use blendline_wire::org::{AccountSettings, Blend, Burden, QueueSettings, TenantSettings, WorkerSettings};
use blendline_wire::outbound::{Content, SendOutcome};
use blendline_wire::task::{AcceptMode, Presence, Side};
use blendline_wire::{
    AccountId, ContactKey, ConversationId, Lease, Millis, OutboundId, Pii, QueueId, SessionId, TaskId, TenantId,
    WorkerId,
};

const TENANT: TenantId = TenantId(1);
/// An account has at most 64 messages on their way.
const ACCOUNTS: u64 = 8;
const QUEUES: u64 = 5;
/// Enough that hardly two tasks of a batch go to one of them.
const WORKERS: u64 = 2_000;
const MINUTE: u64 = 60_000;

/// A step in the life of a task.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// A customer writes; a worker is offered the task.
    Message,
    /// The worker takes it.
    Accept,
    /// He replies.
    Reply,
    /// The platform took the reply.
    Sent,
    /// He says that it is solved.
    Done,
}

pub(crate) const STEPS: [Step; 5] = [Step::Message, Step::Accept, Step::Reply, Step::Sent, Step::Done];

/// The core, and what it has under way.
pub(crate) struct Life {
    core: Scheduler,
    now: Millis,
    numbers: u64,
    /// Tasks of the round with their worker and conversation.
    tasks: Vec<(WorkerId, TaskId, Lease)>,
    conversations: HashMap<TaskId, ConversationId>,
    sends: Vec<(OutboundId, u32)>,
    rows: HashMap<(u8, u64), usize>,
}

impl Life {
    /// An office where everybody is ready, and the commit that makes it.
    pub(crate) fn new(shard: u16, now: Millis) -> (Self, Commit) {
        let core = Scheduler::new(shard, 7);
        let (tasks, sends) = (Vec::new(), Vec::new());
        let mut life =
            Self { core, now, numbers: 0, tasks, conversations: HashMap::new(), sends, rows: HashMap::new() };
        let mut commit = Commit::default();
        for settings in office() {
            life.step(&mut commit, Actor::System, Command::Put(settings));
        }
        for id in 1..=WORKERS {
            let (worker, session) = (WorkerId(id), SessionId(id));
            let attach = Command::Attach { worker, session, accept: None, capacity: None, presence: Presence::Ready };
            life.step(&mut commit, Actor::Worker(worker), attach);
        }
        (life, commit)
    }

    /// What a driver looks up before this step of `n` tasks.
    pub(crate) fn wanted(&self, step: Step, n: u64) -> Wanted {
        let mut wanted = Wanted::default();
        match step {
            Step::Message => {
                wanted.keys = (0..n).map(|n| key(self.numbers + n, 1)).collect();
                wanted.addresses = (0..n).map(|n| key(self.numbers + n, 2)).collect();
            }
            Step::Reply => wanted.keys = self.tasks.iter().map(|(_, task, _)| key(task.0, 3)).collect(),
            Step::Accept | Step::Sent | Step::Done => {}
        }
        wanted
    }

    /// One step of `n` tasks as one batch.
    pub(crate) fn batch(&mut self, step: Step, n: u64) -> Commit {
        let mut commit = Commit::default();
        self.now = self.now + 5;
        self.rows.clear();
        match step {
            Step::Message => (0..n).for_each(|_| self.message(&mut commit)),
            Step::Accept => {
                for (worker, task, lease) in self.tasks.clone() {
                    self.step(&mut commit, Actor::Worker(worker), Command::Accept { worker, task, lease });
                }
            }
            Step::Reply => {
                for (worker, task, lease) in self.tasks.clone() {
                    let text = "It left the warehouse this morning and comes tomorrow before noon. ".repeat(4);
                    let payload =
                        self.payload(&mut commit, MessageBody::reply(Content::Text { text: Pii::from(text) }));
                    commit.keys.push((key(task.0, 3), vec![7; 32]));
                    self.step(&mut commit, Actor::Worker(worker), Command::Reply { worker, task, lease, payload });
                }
            }
            Step::Sent => {
                for (outbound, attempt) in std::mem::take(&mut self.sends) {
                    let external_id = format!("wamid.HBgMOTcyNTI1NTUwMTIzFQIAERgS{:018X}", outbound.0);
                    commit.sent.push((outbound, AccountId(1), external_id.clone()));
                    let outcome = SendOutcome::Sent { external_id };
                    self.step(
                        &mut commit,
                        Actor::System,
                        Command::SendResult { outbound, attempt, outcome, prior: None },
                    );
                }
            }
            Step::Done => {
                for (worker, task, lease) in std::mem::take(&mut self.tasks) {
                    let verdict = Verdict::Done { disposition: "answered".into(), note: None };
                    let done = Command::Settle { worker, task, lease, verdict, replies: Vec::new(), seen: None };
                    self.step(&mut commit, Actor::Worker(worker), done);
                }
                self.conversations.clear();
            }
        }
        commit.now = self.now;
        commit
    }

    /// Messages of ours that wait for the sender, with the number of the attempt.
    pub(crate) fn sends(&self) -> &[(OutboundId, u32)] {
        &self.sends
    }

    /// Conversations of the tasks under way.
    pub(crate) fn conversations(&self) -> Vec<ConversationId> {
        self.tasks.iter().filter_map(|(_, task, _)| self.conversations.get(task).copied()).collect()
    }

    fn message(&mut self, commit: &mut Commit) {
        let (number, contact) = (self.numbers, key(self.numbers, 2));
        let account = AccountId(1 + number % ACCOUNTS);
        let text = "Where is my order? It was to come on Tuesday, and nobody could tell me anything. ".repeat(2);
        let mut body = MessageBody::note(Pii::from(text));
        body.kind = Some(InboundKind::Message);
        body.external_id = Some(format!("wamid.HBgMOTcyNTI1NTUwMTIzFQIAEhgU{number:020X}"));
        body.name = Some(Pii::from("Dana Levi"));
        commit.keys.push((key(number, 1), Vec::new()));
        commit.addresses.push(NewAddress {
            hash: contact,
            contact: ContactKey(u128::from_be_bytes(contact)),
            tenant: TENANT,
            account,
            address: Pii::from(format!("9725255{number:08}")),
            thread: None,
            name: Some(Pii::from("Dana Levi")),
        });
        let payload = self.payload(commit, body);
        let message = InboundMessage {
            tenant: TENANT,
            account,
            contact: ContactKey(u128::from_be_bytes(contact)),
            kind: InboundKind::Message,
            payload,
            received_at: self.now,
            class: Class { queue: QueueId(1 + number % QUEUES), rule_set: 1, ..Class::default() },
            prior: None,
        };
        self.step(commit, Actor::Customer, Command::Message(message));
    }

    fn payload(&mut self, commit: &mut Commit, body: MessageBody) -> PayloadId {
        self.numbers += 1;
        commit.payloads.insert(PayloadId(self.numbers), body);
        PayloadId(self.numbers)
    }

    /// One step of the core, as the driver takes it up: of several writes to a row the last one stays.
    fn step(&mut self, commit: &mut Commit, actor: Actor, command: Command) {
        let input = Input::new(actor, command);
        serde_json::to_writer(&mut commit.journal, &input).expect("an input is JSON");
        commit.journal.push(b'\n');
        let mut effects = Vec::new();
        self.core.step(self.now, input, &mut effects);
        for effect in effects {
            match effect {
                Effect::Write(write) => self.write(commit, write),
                Effect::Release(Release::Offer { worker, task, lease, .. }) => self.tasks.push((worker, task, lease)),
                Effect::Release(Release::Send { outbound, attempt, .. }) => self.sends.push((outbound, attempt)),
                Effect::Release(_) => {}
            }
        }
    }

    fn write(&mut self, commit: &mut Commit, write: Write) {
        let key = match &write {
            Write::Meta(_) => Some((0, 0)),
            Write::Worker(row) => Some((1, row.settings.id.0)),
            Write::Conversation(row) => Some((2, row.id.0)),
            Write::Task(row) => Some((3, row.id.0)),
            Write::Outbound(row) => Some((4, row.id.0)),
            _ => None,
        };
        if let Write::Task(row) = &write
            && let Some(conversation) = row.conversation
        {
            self.conversations.insert(row.id, conversation);
        }
        let next = commit.writes.len();
        match key.map(|key| *self.rows.entry(key).or_insert(next)) {
            Some(place) if place < next => commit.writes[place] = write,
            _ => commit.writes.push(write),
        }
    }
}

/// Spread over all values like a hash.
pub(crate) fn key(number: u64, kind: u64) -> [u8; 16] {
    let mixed = (u128::from(number) * 4 + u128::from(kind)).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    mixed.to_be_bytes()
}

fn office() -> Vec<Settings> {
    let tenant = TenantSettings {
        id: TENANT,
        reopen_window_ms: 60 * MINUTE,
        confirm_window_ms: 60 * MINUTE,
        stickiness_ms: 120 * MINUTE,
        reserve_milli: 0,
        reserve_max_milli: None,
        open_tasks_max: 1_000_000,
    };
    let account = |id| AccountSettings {
        id: AccountId(id),
        tenant: TENANT,
        channel: "whatsapp_cloud".into(),
        unit: None,
        window_ms: Some(24 * 60 * MINUTE),
        idempotent_send: false,
        commit_is_send: false,
    };
    let mut settings = vec![Settings::Tenant(tenant)];
    settings.extend((1..=ACCOUNTS).map(|id| Settings::Account(account(id))));
    settings.extend((1..=QUEUES).map(|id| Settings::Queue(queue(QueueId(id)))));
    settings.extend((1..=WORKERS).map(|id| {
        Settings::Worker(WorkerSettings {
            id: WorkerId(id),
            tenant: TENANT,
            unit: None,
            group: None,
            capacity: 300,
            skills: Vec::new(),
            queues: (1..=QUEUES).map(QueueId).collect(),
            accept: AcceptMode::Offer,
            stand_in: None,
            paces_milli: Vec::new(),
            weights: Vec::new(),
            burden: Burden::default(),
        })
    }));
    settings
}

fn queue(id: QueueId) -> QueueSettings {
    QueueSettings {
        id,
        tenant: TENANT,
        unit: None,
        side: Side::Front,
        target_ms: MINUTE,
        weight_milli: 1000,
        task_weight: 100,
        waiting_weight_percent: 50,
        offer_ms: 30 * MINUTE,
        wrap_up_ms: 0,
        remind_ms: None,
        take_back_ms: None,
        supervisor_ms: None,
        calendar: None,
        interruptible: false,
        tasks_max: 100_000,
        blend: Blend::default(),
        planned: Vec::new(),
    }
}
