//! A small company, its driver, and what tests do to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use blendline_connectors::Account;
use blendline_core::input::{Class, Settings};
use blendline_core::{Answer, Command};
use blendline_wire::broker::{AccountEvent, BrokerMessage, InboundBatch};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::{ConversationKey, InboundEvent, InboundKind};
use blendline_wire::org::*;
use blendline_wire::outbound::Content;
use blendline_wire::task::{AcceptMode, Presence, Side};
use blendline_wire::worker::{Reply, ServerFrame, TaskView};
use blendline_wire::*;
use tokio::sync::mpsc;

use crate::directory::{AccountEntry, Directory};
use crate::driver::{Driver, DriverConfig, start};
use crate::fakes::{FakeBroker, FakeStore};
use crate::handle::{Call, CallResult, Handle, Request, Verdict};
use crate::ports::broker::{Broker, inbound_queue};

pub(crate) const TENANT: TenantId = TenantId(1);
pub(crate) const ACCOUNT: AccountId = AccountId(1);
pub(crate) const SMS: AccountId = AccountId(2);
pub(crate) const QUEUE: QueueId = QueueId(1);
pub(crate) const BACK: QueueId = QueueId(2);
pub(crate) const DANA: WorkerId = WorkerId(1);
pub(crate) const OMAR: WorkerId = WorkerId(2);

pub(crate) struct World {
    pub(crate) store: FakeStore,
    pub(crate) broker: FakeBroker,
    pub(crate) directory: Arc<Directory>,
    pub(crate) gather_ms: u64,
    pub(crate) driver: Option<Driver>,
}

impl World {
    /// A driver that serves an empty shard.
    pub(crate) async fn new() -> Self {
        Self::gathering(0).await
    }

    /// The same, with inputs that wait for others.
    pub(crate) async fn gathering(gather_ms: u64) -> Self {
        Self::of(directory(), gather_ms).await
    }

    /// An empty record, and nobody who serves it yet.
    pub(crate) fn empty() -> Self {
        let (store, broker) = (FakeStore::new(), FakeBroker::default());
        Self { store, broker, directory: Arc::default(), gather_ms: 0, driver: None }
    }

    /// A driver for another company.
    pub(crate) async fn of(directory: Directory, gather_ms: u64) -> Self {
        let mut world = Self { directory: Arc::new(directory), gather_ms, ..Self::empty() };
        world.start().await;
        world
    }

    /// Starts a driver over what is in the record.
    pub(crate) async fn start(&mut self) {
        let archive = Arc::new(self.store.clone());
        let (store, broker) = (archive.clone(), Arc::new(self.broker.clone()));
        let config = DriverConfig { gather_ms: self.gather_ms, ..DriverConfig::default() };
        let driver = start(config, store, archive, broker, self.directory.clone());
        driver.ready().await.unwrap();
        self.driver = Some(driver);
        self.store.until("settings", |record| (record.batch > 0).then_some(())).await;
    }

    /// Ends the driver as a crash would.
    pub(crate) fn crash(&mut self) {
        self.driver.take().unwrap().abort();
    }

    pub(crate) fn handle(&self) -> Handle {
        self.driver.as_ref().unwrap().handle()
    }

    pub(crate) async fn webhook(&self, events: Vec<InboundEvent>) {
        self.webhook_of(ACCOUNT, "whatsapp_cloud", events).await;
    }

    /// What comes in by another account.
    pub(crate) async fn webhook_of(&self, account: AccountId, channel: &str, events: Vec<InboundEvent>) {
        let events = events.into_iter().map(|event| AccountEvent { account: Some(account), event });
        let batch = InboundBatch {
            channel: channel.into(),
            tenant: TENANT,
            received_at: Millis(1),
            events: events.collect(),
            trace: None,
        };
        self.inbound(BrokerMessage::InboundV1(batch).encode(b"raw")).await;
    }

    pub(crate) async fn inbound(&self, body: Vec<u8>) {
        self.broker.publish(&inbound_queue(0), body).await.unwrap();
    }

    /// Waits until everything that came in is decided and durable.
    pub(crate) async fn taken_in(&self) {
        self.broker.drained(&inbound_queue(0)).await;
    }

    pub(crate) async fn attach(&self, worker: WorkerId, session: u64) -> Connection {
        let (frames, received) = mpsc::channel(64);
        let request = Request::Attach {
            worker,
            session: SessionId(session),
            accept: Some(AcceptMode::Auto),
            capacity: None,
            presence: Presence::Ready,
            frames,
        };
        self.handle().send(request).await.unwrap();
        Connection { worker, session: SessionId(session), frames: received, handle: self.handle() }
    }

    /// How many events there are of which kind.
    pub(crate) fn events(&self, is: impl Fn(&EventKind) -> bool) -> usize {
        self.store.record().events.iter().filter(|event| is(&event.kind)).count()
    }
}

/// A worker's connection.
pub(crate) struct Connection {
    pub(crate) worker: WorkerId,
    pub(crate) session: SessionId,
    pub(crate) frames: mpsc::Receiver<ServerFrame>,
    pub(crate) handle: Handle,
}

impl Connection {
    pub(crate) async fn frame(&mut self) -> ServerFrame {
        let frame = tokio::time::timeout(tokio::time::Duration::from_secs(60), self.frames.recv()).await;
        frame.expect("no frame came").expect("the connection ended")
    }

    pub(crate) async fn welcome(&mut self) -> Vec<TaskView> {
        match self.frame().await {
            ServerFrame::Welcome { tasks, .. } => tasks,
            other => panic!("not a welcome: {other:?}"),
        }
    }

    pub(crate) async fn assigned(&mut self) -> TaskView {
        match self.frame().await {
            ServerFrame::Assigned { task } => task,
            other => panic!("not a task: {other:?}"),
        }
    }

    pub(crate) async fn done(&self, task: &TaskView, replies: Vec<Reply>) -> CallResult {
        let verdict = Verdict::Done { disposition: "answered".into(), note: None };
        let (worker, lease, task) = (self.worker, task.lease, task.id);
        self.call(Call::Settle { worker, task, lease, verdict, replies, seen: None, improve: None }).await
    }

    pub(crate) async fn reply(&self, task: &TaskView, key: &str, text: &str) -> CallResult {
        let (worker, lease, task) = (self.worker, task.lease, task.id);
        self.call(Call::Reply { worker, task, lease, reply: reply(key, text) }).await
    }

    pub(crate) async fn touch(&self, task: TaskId, lease: Lease) -> CallResult {
        self.call(Call::Plain(Command::Touch { worker: self.worker, task, lease })).await
    }

    /// He is there still.
    pub(crate) async fn heard(&self) {
        self.handle.send(Request::Heard { worker: self.worker, session: self.session }).await.unwrap();
    }

    pub(crate) async fn call(&self, call: Call) -> Result<Answer, crate::handle::CallError> {
        self.handle.call(Actor::Worker(self.worker), call).await
    }
}

pub(crate) fn reply(key: &str, text: &str) -> Reply {
    Reply::new(key, Content::Text { text: text.into() })
}

pub(crate) fn said(id: &str, peer: &str) -> InboundEvent {
    InboundEvent {
        kind: InboundKind::Message,
        external_message_id: Some(id.into()),
        conversation_key: ConversationKey { account: "100".into(), peer: Some(peer.into()), thread: None },
        sender_id: Some(peer.into()),
        text: Some(id.into()),
        ..InboundEvent::default()
    }
}

/// The company with a second account, by which the same people write short messages.
pub(crate) fn with_sms(mut directory: Directory) -> Directory {
    let account = AccountSettings {
        id: SMS,
        tenant: TENANT,
        channel: "sms_twilio".into(),
        unit: None,
        window_ms: None,
        idempotent_send: false,
        commit_is_send: false,
    };
    let connection = Account { id: SMS, name: "sms".into(), external_id: "200".into(), settings: BTreeMap::new() };
    let class = Class { queue: QUEUE, ..Class::default() };
    let entry = AccountEntry { tenant: TENANT, channel: "sms_twilio".into(), account: connection, class };
    directory.accounts.insert(SMS, entry);
    // Accounts stand before queues and workers.
    directory.settings.insert(1, Settings::Account(account));
    directory
}

pub(crate) fn directory() -> Directory {
    let tenant = TenantSettings {
        id: TENANT,
        reopen_window_ms: 3_600_000,
        confirm_window_ms: 600_000,
        stickiness_ms: 3_600_000,
        reserve_milli: 0,
        reserve_max_milli: None,
        open_tasks_max: 1_000,
    };
    let account = AccountSettings {
        id: ACCOUNT,
        tenant: TENANT,
        channel: "whatsapp_cloud".into(),
        unit: None,
        window_ms: Some(86_400_000),
        idempotent_send: false,
        commit_is_send: false,
    };
    let queue = |id, side| QueueSettings {
        id,
        tenant: TENANT,
        unit: None,
        side,
        target_ms: 60_000,
        weight_milli: 1_000,
        task_weight: WEIGHT_UNIT,
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
    };
    let worker = |id| WorkerSettings {
        id,
        tenant: TENANT,
        unit: None,
        group: None,
        capacity: 5 * WEIGHT_UNIT,
        skills: Vec::new(),
        queues: vec![QUEUE, BACK],
        accept: AcceptMode::Auto,
        stand_in: None,
        paces_milli: Vec::new(),
        weights: Vec::new(),
        burden: Default::default(),
    };
    let class = Class { queue: QUEUE, ..Class::default() };
    let connection =
        Account { id: ACCOUNT, name: "support".into(), external_id: "100".into(), settings: BTreeMap::new() };
    let entry = AccountEntry { tenant: TENANT, channel: "whatsapp_cloud".into(), account: connection, class };
    Directory {
        tenants: [(TENANT, "demo".into())].into(),
        accounts: [(ACCOUNT, entry)].into(),
        queues: [(QUEUE, (TENANT, "service".into())), (BACK, (TENANT, "refunds".into()))].into(),
        workers: [(DANA, (TENANT, "dana".into())), (OMAR, (TENANT, "omar".into()))].into(),
        settings: vec![
            Settings::Tenant(tenant),
            Settings::Account(account),
            Settings::Queue(queue(QUEUE, Side::Front)),
            Settings::Queue(queue(BACK, Side::Back)),
            Settings::Worker(worker(DANA)),
            Settings::Worker(worker(OMAR)),
        ],
        ..Directory::default()
    }
}
