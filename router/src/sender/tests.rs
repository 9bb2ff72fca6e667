//! The sender over ports in memory and a channel of our own, which does what the address says.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use blendline_connectors::{Account, Connector, Malformed, Refusal, Setting, Webhook};
use blendline_wire::broker::BrokerMessage;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{Content, Outbound, SendOutcome, SendResult};
use blendline_wire::{AccountId, ConversationId, Millis, OutboundId, TenantId};
use tokio::time::{Duration, Instant};

use crate::driver::tests::world::directory;
use crate::fakes::{FakeBroker, FakeStore};
use crate::ports::broker::{Broker, inbound_queue, outbound_queue};
use crate::ports::store::Store;
use crate::sender::{Sender, SenderConfig, start};

/// What was called: address, attempt. Each test has addresses of its own.
static CALLS: Mutex<Vec<(String, u32)>> = Mutex::new(Vec::new());
static CHANNEL: Obedient = Obedient;

struct Obedient;

const CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: 100,
    window_ms: None,
    idempotent_send: false,
    commit_is_send: false,
    reports_delivery: true,
    templates: false,
    buttons: false,
    reactions: false,
    edits: false,
    public: false,
    account_rate_per_second: 80,
    recipient_rate: (2, 20),
    body_bytes_max: 1,
    media_bytes_max: &[],
};

#[async_trait]
impl Connector for Obedient {
    fn name(&self) -> &'static str {
        "whatsapp_cloud"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn settings(&self) -> &'static [Setting] {
        &[]
    }

    fn handshake(&self, _: &Account, _: &[(String, String)]) -> Result<String, Refusal> {
        Err(Refusal::NotSupported)
    }

    fn authenticate(&self, _: &Account, _: &Webhook<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn normalise(&self, _: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        Ok(Vec::new())
    }

    async fn send(&self, _: &Account, message: &Outbound, _: Millis, _: &reqwest::Client) -> SendOutcome {
        let to = message.to.expose();
        CALLS.lock().unwrap().push((to.clone(), message.attempt));
        if to.starts_with("hang") {
            std::future::pending::<()>().await;
        }
        SendOutcome::Sent { external_id: format!("wamid.{}", message.id) }
    }
}

fn calls(to: &str) -> usize {
    CALLS.lock().unwrap().iter().filter(|(called, _)| called == to).count()
}

fn letter(id: u64, to: &str) -> Vec<u8> {
    let outbound = Outbound {
        id: OutboundId(id),
        attempt: 1,
        tenant: TenantId(1),
        account: AccountId(1),
        conversation: ConversationId(id),
        to: to.into(),
        thread: None,
        reply_to: None,
        private_reply_to: None,
        answers: None,
        content: Content::Text { text: "hello".into() },
        window_until: None,
        message_id: None,
        in_reply_to: None,
        references: Vec::new(),
        subject: None,
        reply_address: None,
        automatic: false,
        trace: None,
    };
    BrokerMessage::OutboundV1(outbound).encode(&[])
}

struct World {
    store: FakeStore,
    broker: FakeBroker,
}

impl World {
    fn new() -> Self {
        Self { store: FakeStore::new(), broker: FakeBroker::default() }
    }

    fn sender(&self) -> Sender {
        // Another test may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = blendline_connectors::http_client_rules().build().unwrap();
        let config = SenderConfig { connectors: |_| Some(&CHANNEL), ..SenderConfig::new(0) };
        start(config, Arc::new(self.store.clone()), Arc::new(self.broker.clone()), Arc::new(directory()), http)
    }

    async fn hand_over(&self, letter: Vec<u8>) {
        self.broker.publish(&outbound_queue(0), letter).await.unwrap();
    }

    async fn sent(&self) -> Vec<SendResult> {
        self.broker.drained(&outbound_queue(0)).await;
        let results = self.broker.waiting(&inbound_queue(0));
        let results = results.iter().map(|body| match BrokerMessage::decode(body).unwrap().0 {
            BrokerMessage::SendResultV1(result) => result,
            other => panic!("{other:?}"),
        });
        results.collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_handed_over_twice_is_sent_once() {
    let world = World::new();
    let sender = world.sender();
    world.hand_over(letter(1, "twice")).await;
    world.hand_over(letter(1, "twice")).await;
    let results = world.sent().await;
    assert_eq!(results[0].outcome, SendOutcome::Sent { external_id: "wamid.out_1".into() });
    assert_eq!(calls("twice"), 1);
    sender.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_sender_claimed_is_reported_as_unknown() {
    let world = World::new();
    world.store.claim(OutboundId(2), 1, "an earlier one", Millis(5)).await.unwrap();
    let _sender = world.sender();
    world.hand_over(letter(2, "claimed")).await;
    match &world.sent().await[0].outcome {
        SendOutcome::Unknown { cause } => assert_eq!(cause.reason, "claimed_before"),
        other => panic!("{other:?}"),
    }
    assert_eq!(calls("claimed"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_was_lost_is_still_ours() {
    let world = World::new();
    world.store.record().claims_unheard = 1;
    let _sender = world.sender();
    world.hand_over(letter(4, "unheard")).await;
    assert!(matches!(world.sent().await[0].outcome, SendOutcome::Sent { .. }));
    assert_eq!(calls("unheard"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_is_unknown_after_its_time() {
    let world = World::new();
    let _sender = world.sender();
    let began = Instant::now();
    world.hand_over(letter(3, "hang")).await;
    match &world.sent().await[0].outcome {
        SendOutcome::Unknown { cause } => assert_eq!(cause.reason, "timeout"),
        other => panic!("{other:?}"),
    }
    assert!(began.elapsed() >= Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_recipient_gets_no_more_than_his_allowance_and_holds_up_nobody_else() {
    let world = World::new();
    let _sender = world.sender();
    let began = Instant::now();
    for id in 10..13 {
        world.hand_over(letter(id, "often")).await;
    }
    world.hand_over(letter(13, "seldom")).await;
    let results = world.sent().await;
    assert_eq!(results.len(), 4);
    assert!(results[..3].iter().any(|result| result.id == OutboundId(13)), "the other was not held up");
    assert!(began.elapsed() >= Duration::from_secs(9), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_result_that_cannot_be_told_is_told_later() {
    let world = World::new();
    let _sender = world.sender();
    *world.broker.refuses.lock().unwrap() = Some(inbound_queue(0));
    world.hand_over(letter(20, "told later")).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(world.broker.waiting(&outbound_queue(0)).len(), 1, "not acked before it is told");
    *world.broker.refuses.lock().unwrap() = None;
    assert_eq!(world.sent().await.len(), 1);
    assert_eq!(calls("told later"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_gone_fails_its_messages() {
    let world = World::new();
    let _sender = world.sender();
    let text = String::from_utf8(letter(30, "gone")).unwrap().replace("acc_1", "acc_9");
    world.hand_over(text.into_bytes()).await;
    match &world.sent().await[0].outcome {
        SendOutcome::Failed { cause } => assert_eq!(cause.reason, "unknown_account"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_message_goes_where_it_is_put_aside() {
    let world = World::new();
    let _sender = world.sender();
    world.hand_over(b"rubbish".to_vec()).await;
    world.broker.drained(&outbound_queue(0)).await;
    assert_eq!(world.broker.waiting(&inbound_queue(0)), [&b"rubbish"[..]]);
}
