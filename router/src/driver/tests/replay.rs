//! A simulated day through the whole driver; its own record, replayed under the live rules, gives its figures again.

use std::sync::Arc;

use blendline_core::Command;
use blendline_rules::RuleSet;
use blendline_rules::replay::Change;
use blendline_wire::broker::{AccountEvent, BrokerMessage, InboundBatch};
use blendline_wire::event::Actor;
use blendline_wire::task::{ClockRule, ParkReason, Presence, Target};
use blendline_wire::worker::{ServerFrame, TaskView};
use blendline_wire::{Millis, QueueId, SessionId, TenantId, WorkerId};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, sleep};

use super::world::{ACCOUNT, TENANT, World, reply, said};
use crate::config::{self, CheckedTenant, Config};
use crate::handle::{Call, Handle, Request, Verdict};
use crate::ports::store::Archive;
use crate::rules::record::{Asked, replayed};
use crate::rules::world;

const CONFIG: &str = r#"
[[tenant]]
name = "shop"
stickiness_ms = 600_000
[[tenant.queue]]
name = "rest"
side = "front"
[[tenant.account]]
name = "support"
channel = "whatsapp_cloud"
external_id = "100"
queue = "rest"
settings = { app_secret = "0123456789abcdef", verify_token = "0123456789abcdef", access_token = "0123456789abcdef" }
"#;

const RULES: &str = "
queues:
  service: {side: front, target: 60s, goal: 80%, offer: 20s, wrap_up: 10s}
  sales: {side: front, target: 40s, wrap_up: 5s, overflow: {to: service, after: 2m}}
  refunds: {side: back, target: 30m, interruptible: true, protected: 10%}
groups:
  desk: {queues: [service, sales, refunds], capacity: 200, accept: offer, workers: [w1, w2, w3]}
  shop: {queues: [sales, refunds], capacity: 100, workers: [w4, w5]}
  back: {queues: [refunds], capacity: 100, accept: auto, workers: [w6]}
keywords:
  buy: [buy]
rules:
  - {name: sales, when: mentions('buy'), queue: sales, tags: [money]}
  - {name: returns, channel: item, queue: refunds}
  - {name: rest, queue: service}
";

/// Numbers without a pattern, the same in every run.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (number ^ (number >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33
}

fn set(text: &str) -> RuleSet {
    let checked = blendline_rules::check("set", text, &world(None));
    checked.set.unwrap_or_else(|| panic!("{}", checked.faults))
}

/// What a worker does, all day long.
struct Hand {
    worker: WorkerId,
    handle: Handle,
    queues: Vec<QueueId>,
}

impl Hand {
    async fn work(self: Arc<Self>, session: u64) {
        let (frames, mut received) = mpsc::channel(256);
        let (worker, session) = (self.worker, SessionId(session));
        let presence = Presence::Ready;
        let request = Request::Attach { worker, session, accept: None, capacity: None, presence, frames };
        self.handle.send(request).await.unwrap();
        while let Some(frame) = received.recv().await {
            match frame {
                ServerFrame::Offer { task } => drop(tokio::spawn(self.clone().answer(task))),
                ServerFrame::Assigned { task } => drop(tokio::spawn(self.clone().do_it(task))),
                ServerFrame::Welcome { tasks, .. } => {
                    for task in tasks {
                        drop(tokio::spawn(self.clone().do_it(task)));
                    }
                }
                _ => {}
            }
        }
    }

    async fn call(&self, call: Call) -> bool {
        self.handle.call(Actor::Worker(self.worker), call).await.is_ok()
    }

    async fn answer(self: Arc<Self>, task: TaskView) {
        let (worker, lease, id) = (self.worker, task.lease, task.id);
        let chance = mixed(id.0 * 7 + u64::from(lease.0));
        sleep(Duration::from_millis(500 + chance % 9_000)).await;
        match chance % 12 {
            0 => {}
            1 => {
                let reason = "busy".into();
                self.call(Call::Plain(Command::Decline { worker, task: id, lease, reason })).await;
            }
            _ => {
                if self.call(Call::Plain(Command::Accept { worker, task: id, lease })).await {
                    self.do_it(task).await;
                }
            }
        }
    }

    async fn do_it(self: Arc<Self>, task: TaskView) {
        let (worker, lease, id) = (self.worker, task.lease, task.id);
        let chance = mixed(id.0 * 31 + u64::from(lease.0));
        sleep(Duration::from_millis(10_000 + chance % 80_000)).await;
        let words = |key: &str| reply(&format!("{key}{}", lease.0), "certainly");
        if task.conversation.is_some() && chance.is_multiple_of(3) {
            self.call(Call::Reply { worker, task: id, lease, reply: words("a") }).await;
            sleep(Duration::from_millis(5_000 + chance % 20_000)).await;
        }
        let verdict = match chance % 20 {
            0 => Verdict::Snooze { for_ms: 240_000, reason: ParkReason::Customer, clock: ClockRule::Stops },
            1 => Verdict::Transfer { to: Target::Queue(self.queues[(chance % 3) as usize]), note: None, cause: None },
            2 => Verdict::Refuse { reason: "not mine".into() },
            _ => Verdict::Done { disposition: "answered".into(), note: None },
        };
        let replies =
            if task.conversation.is_some() && chance.is_multiple_of(2) { vec![words("b")] } else { Vec::new() };
        self.call(Call::Settle { worker, task: id, lease, verdict, replies, seen: None, improve: None }).await;
        if chance.is_multiple_of(4) {
            sleep(Duration::from_millis(2_000)).await;
            self.call(Call::Plain(Command::Ready { worker, task: id })).await;
        }
    }
}

/// The day under way: a company, its tenant, and its clock.
struct Day {
    world: World,
    tenant: CheckedTenant,
    begun: (Instant, u64),
}

impl Day {
    async fn begin() -> Self {
        let config = Config::parse("shop", CONFIG, &|_| None).unwrap();
        let tenant = config.tenants.into_iter().next().unwrap();
        let mut faults = blendline_rules::fault::Faults::new("set", "");
        let joined = config::joined(&tenant, 1, &set(RULES), &mut faults);
        assert!(!faults.any_error(), "{faults}");
        let begun = (Instant::now(), crate::api::now().0);
        let mut day = Self { world: World::empty(), tenant, begun };
        let directory = config::resolve_some([&joined].into_iter(), &day.world.store, day.now()).await.unwrap();
        assert_eq!(directory.tenants.keys().next(), Some(&TENANT));
        day.world.directory = Arc::new(directory);
        day.world.start().await;
        day
    }

    fn now(&self) -> Millis {
        Millis(self.begun.1 + u64::try_from(self.begun.0.elapsed().as_millis()).unwrap())
    }

    async fn says(&self, id: u64, peer: u64, text: &str) {
        let mut event = said(&format!("m{id}"), &format!("97250{peer:07}"));
        event.text = Some(text.into());
        let events = vec![AccountEvent { account: Some(ACCOUNT), event }];
        let batch = InboundBatch {
            channel: "whatsapp_cloud".into(),
            tenant: TENANT,
            received_at: self.now(),
            events,
            trace: None,
        };
        self.world.inbound(BrokerMessage::InboundV1(batch).encode(b"raw")).await;
    }

    async fn pushes(&self, id: u64) {
        let call = Call::Push {
            tenant: TENANT,
            class: blendline_core::input::Class::default(),
            by_rules: true,
            origin: Box::default(),
            external_ref: format!("item{id}"),
            title: "A return".into(),
            text: None,
            fields: Default::default(),
            conversation: None,
        };
        self.world.handle().call(Actor::Integrator, call).await.unwrap();
    }

    /// Two hours: a peak in the middle, people who come late and go early, customers who write twice.
    async fn passes(&self) {
        let directory = self.world.directory.clone();
        let queue = |name: &str| directory.queue(TENANT, name).unwrap();
        let queues = vec![queue("service"), queue("sales"), queue("refunds")];
        for number in 1..=6 {
            let worker = directory.worker(TENANT, &format!("w{number}")).unwrap();
            let hand = Arc::new(Hand { worker, handle: self.world.handle(), queues: queues.clone() });
            tokio::spawn(hand.work(number));
            self.beats(worker, number);
        }
        for minute in 0..120_u64 {
            let count = if (40..70).contains(&minute) { 9 } else { 4 };
            for one in 0..count {
                let id = minute * 100 + one;
                sleep(Duration::from_millis(60_000 / count - mixed(id) % 3_000)).await;
                match mixed(id * 3) % 5 {
                    0 => self.pushes(id).await,
                    1 => self.says(id, mixed(id) % 400, "I want to buy one").await,
                    _ => self.says(id, mixed(id) % 400, "a question").await,
                }
            }
            if minute == 30 || minute == 60 {
                let presence = if minute == 30 { Presence::Away } else { Presence::Ready };
                let worker = directory.worker(TENANT, "w2").unwrap();
                let away = Command::Presence { worker, presence, reason: "lunch".into() };
                self.world.handle().call(Actor::Worker(worker), Call::Plain(away)).await.unwrap();
            }
        }
        sleep(Duration::from_secs(600)).await;
    }

    fn beats(&self, worker: WorkerId, session: u64) {
        let handle = self.world.handle();
        tokio::spawn(async move {
            while handle.send(Request::Heard { worker, session: SessionId(session) }).await.is_ok() {
                sleep(Duration::from_secs(5)).await;
            }
        });
    }

    async fn replayed(&self, draft: &str, (from, to): (Millis, Millis), changes: Vec<Change>) -> serde_json::Value {
        let archive: Arc<dyn Archive> = Arc::new(self.world.store.clone());
        let (live, draft) = (set(RULES), set(draft));
        let tenant = TenantId(1);
        let asked = Asked { tenant, shard: 0, from, to, changes, levers: false };
        let replayed = replayed(&archive, &self.tenant, (1, &live), &draft, &asked).await.unwrap();
        serde_json::to_value(replayed).unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn the_live_rules_give_the_recorded_day_again_exactly() {
    let day = Day::begin().await;
    let begun = day.now();
    day.passes().await;
    let all = (Millis(begun.0 - 1), Millis(day.now().0 + 1));
    let told = day.replayed(RULES, all, Vec::new()).await;
    let of = |told: &serde_json::Value, name: &str| {
        told["queues"].as_array().unwrap().iter().find(|queue| queue["queue"] == name).unwrap().clone()
    };
    let service = of(&told, "service");
    let came = service["recorded"]["came"].as_u64().unwrap();
    let level = service["recorded"]["service_level_milli"].as_u64().unwrap();
    assert!(200 < came && (100..990).contains(&level), "a day worth looking at: {service}");
    assert!(0 < of(&told, "refunds")["recorded"]["interrupted"].as_u64().unwrap(), "{told}");
    assert!(0 < of(&told, "sales")["recorded"]["overflowed"].as_u64().unwrap(), "{told}");
    for queue in told["queues"].as_array().unwrap() {
        assert_eq!(queue["recorded"], queue["live"]);
        assert_eq!(queue["live"], queue["draft"], "the same rules as a draft");
    }
    for group in told["groups"].as_array().unwrap() {
        assert_eq!(group["recorded"], group["live"], "{}", group["group"]);
    }
    assert_eq!((&told["exact"], &told["moved"]), (&true.into(), &0.into()));

    // From the middle on it begins where all rows were written down.
    let middle = Millis(begun.0 + 3_600_000);
    let half = day.replayed(RULES, (middle, all.1), Vec::new()).await;
    assert_eq!(half["exact"], true, "{half}");
    assert_ne!(half["begins_at"], told["begins_at"]);

    // A draft that sends buyers to the service, and fewer people.
    let draft = RULES.replace(
        "{name: sales, when: mentions('buy'), queue: sales",
        "{name: sales, when: mentions('buy'), queue: service",
    );
    let told = day.replayed(&draft, all, vec![Change::Staff(-34)]).await;
    assert_eq!(of(&told, "sales")["draft"]["came"].as_u64(), None, "{}", of(&told, "sales"));
    let (was, is) = (of(&told, "service")["live"].clone(), of(&told, "service")["draft"].clone());
    assert!(was["came"].as_u64() < is["came"].as_u64());
    assert!(is["service_level_milli"].as_u64() < was["service_level_milli"].as_u64(), "{was} {is}");
    assert_eq!(told["exact"], true);
    let moved = &told["moves"][0];
    assert_eq!((&moved["live_queue"], &moved["draft_queue"]), (&"sales".into(), &"service".into()));
    assert!(moved["because"].as_str().unwrap().starts_with("sales: "), "{moved}");
}
