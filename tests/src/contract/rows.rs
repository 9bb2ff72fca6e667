//! Rows for the suites: whole, valid, and told apart by their numbers.

use std::sync::Arc;

use blendline_core::rows::{Conversation, ConversationState, OutboundRow, OutboundState, Task, TaskState, Worker};
use blendline_core::{MessageRow, PayloadId, Write};
use blendline_router::payload::MessageBody;
use blendline_router::ports::store::{Commit, NewAddress, Tenure};
use blendline_wire::event::{Activity, Actor, Event, EventKind};
use blendline_wire::inbound::InboundKind;
use blendline_wire::org::{Burden, CalendarSettings, TenantSettings, WorkerSettings};
use blendline_wire::outbound::Content;
use blendline_wire::task::{AcceptMode, Presence, Side, TaskKind};
use blendline_wire::worker::Author;
use blendline_wire::{
    AccountId, CalendarId, ContactKey, ConversationId, EventId, Lease, MatterId, Millis, OutboundId, Pii, QueueId,
    TaskId, TenantId, WorkerId,
};

/// The tenant of all rows.
pub const TENANT: TenantId = TenantId(7);
/// The account of all rows.
pub const ACCOUNT: AccountId = AccountId(3);
/// The queue of all tasks.
pub const QUEUE: QueueId = QueueId(5);
/// A time in a day that has keys.
pub const NOW: Millis = Millis(1_760_000_000_000);

/// The next batch of a tenure, with nothing in it.
pub fn batch(shard: u16, tenure: Tenure, number: u64) -> Commit {
    Commit { shard, epoch: tenure.epoch, batch: tenure.batch + number, now: NOW, lease_ms: 60_000, ..Commit::default() }
}

/// A waiting task.
pub fn task(id: u64) -> Task {
    Task {
        id: TaskId(id),
        tenant: TENANT,
        kind: TaskKind::Conversation,
        queue: QUEUE,
        side: Side::Front,
        state: TaskState::Waiting,
        lease: Lease(0),
        matter: MatterId(id + 1),
        conversation: Some(ConversationId(id + 2)),
        account: Some(ACCOUNT),
        channel: Default::default(),
        needs: Default::default(),
        created_at: NOW,
        earned_at: NOW,
        target_ms: 60_000,
        due_at: NOW + 60_000,
        missed: false,
        unanswered: true,
        asked: None,
        seq: 0,
        rule_set: 1,
        worked_ms: 0,
        more: Default::default(),
    }
}

/// An open conversation.
pub fn conversation(id: u64, contact: u128) -> Conversation {
    Conversation {
        id: ConversationId(id),
        tenant: TENANT,
        account: ACCOUNT,
        contact: ContactKey(contact),
        matter: MatterId(id),
        state: ConversationState::Open { task: TaskId(id) },
        seq: 1,
        opened_at: NOW,
        heard_at: Some(NOW),
        last_worker: None,
    }
}

/// A solved conversation that may be confirmed until then.
pub fn solved(id: u64, contact: u128, confirm_until: Millis) -> Conversation {
    let (at, task) = (NOW, TaskId(id));
    let state = ConversationState::Solved { at, task, queue: QUEUE, earned_at: NOW, confirm_until };
    Conversation { state, ..conversation(id, contact) }
}

/// A message of ours in line.
pub fn outbound(id: u64, contact: u128, payload: u64) -> OutboundRow {
    OutboundRow {
        id: OutboundId(id),
        tenant: TENANT,
        account: ACCOUNT,
        conversation: ConversationId(1),
        contact: ContactKey(contact),
        seq: 2,
        task: Some(TaskId(1)),
        worker: Some(WorkerId(9)),
        payload: PayloadId(payload),
        queued_at: NOW,
        window_until: None,
        attempt: 0,
        state: OutboundState::Queued,
    }
}

/// A worker who is ready.
pub fn worker(id: u64) -> Worker {
    Worker {
        settings: Arc::new(WorkerSettings {
            id: WorkerId(id),
            tenant: TENANT,
            unit: None,
            group: None,
            capacity: 300,
            skills: Vec::new(),
            queues: vec![QUEUE],
            accept: AcceptMode::Offer,
            stand_in: None,
            paces_milli: Vec::new(),
            weights: Vec::new(),
            burden: Burden::default(),
        }),
        presence: Presence::Ready,
        session: None,
        accept: AcceptMode::Offer,
        capacity: 300,
        idle_since: NOW,
        missed_offers: 0,
        wrap_ups: Vec::new(),
        run: Default::default(),
        paces: Vec::new(),
    }
}

/// A tenant's settings.
pub fn tenant(id: u64) -> TenantSettings {
    TenantSettings {
        id: TenantId(id),
        reopen_window_ms: 1,
        confirm_window_ms: 2,
        stickiness_ms: 3,
        reserve_milli: 4,
        reserve_max_milli: None,
        open_tasks_max: 5,
    }
}

/// A calendar that is always open.
pub fn calendar(id: u64) -> CalendarSettings {
    CalendarSettings { id: CalendarId(id), open: vec![(Millis(0), Millis::MAX)] }
}

/// A happening.
pub fn event(id: u64, tenant: TenantId) -> Event {
    Event {
        id: EventId(id),
        at: NOW,
        tenant,
        kind: EventKind::MessageReceived { seq: id, kind: InboundKind::Message, account: ACCOUNT },
        actor: Actor::Customer,
        activity: Activity::Customer,
        unit: None,
        matter: Some(MatterId(1)),
        conversation: Some(ConversationId(1)),
        task: None,
        side: Some(Side::Front),
        channel: Some("whatsapp_cloud".into()),
        cause: None,
        rule_set: 1,
    }
}

/// A line of a transcript with its text, added to `commit`.
pub fn say(commit: &mut Commit, conversation: Option<u64>, task: Option<u64>, seq: u64, text: &str) {
    let payload = PayloadId(conversation.or(task).unwrap_or(0).wrapping_mul(1000) + seq);
    commit.payloads.insert(payload, MessageBody::note(Pii::from(text)));
    commit.writes.push(Write::Message(MessageRow {
        tenant: TENANT,
        conversation: conversation.map(ConversationId),
        task: task.map(TaskId),
        seq,
        at: NOW,
        author: if seq % 2 == 1 { Author::Customer } else { Author::Note },
        worker: None,
        outbound: None,
        payload,
    }));
}

/// What we say.
pub fn content(text: &str) -> Content {
    Content::Text { text: Pii::from(text) }
}

/// An address of a contact, under a hash of its own.
pub fn address(hash: u128, contact: u128, text: &str) -> NewAddress {
    NewAddress {
        hash: hash.to_be_bytes(),
        contact: ContactKey(contact),
        tenant: TENANT,
        account: ACCOUNT,
        address: Pii::from(text),
        thread: Some(format!("thread of {text}")),
        name: None,
    }
}
