//! How much memory a waiting task takes in the core, and how quickly tasks come and go: prints one JSON object.
//!
//! `cargo run --release -p blendline-core --example footprint -- 1000000`
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a measuring program"
)]

use blendline_core::input::{Class, InboundMessage, Settings, Verdict};
use blendline_core::{Command, Effect, Input, PayloadId, Release, Scheduler};
use blendline_wire::event::Actor;
use blendline_wire::inbound::InboundKind;
use blendline_wire::org::{AccountSettings, QueueSettings, TenantSettings, WorkerSettings};
use blendline_wire::task::{AcceptMode, Presence, Side};
use blendline_wire::{AccountId, ContactKey, Millis, QueueId, SessionId, TenantId, WorkerId};

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

fn main() {
    let count: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let mut core = Scheduler::new(0, 1);
    let mut effects = Vec::new();
    for settings in settings() {
        core.step(Millis(1), Input::new(Actor::System, Command::Put(settings)), &mut effects);
    }
    let before = resident_kib();
    let began = std::time::Instant::now();
    for number in 0..count {
        effects.clear();
        let message = InboundMessage {
            tenant: TenantId(1),
            account: AccountId(1),
            contact: ContactKey(u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)),
            kind: InboundKind::Message,
            payload: PayloadId(number),
            received_at: Millis(number),
            class: Class { queue: QueueId(1), needs: Vec::new(), target_ms: None, rule_set: 1 },
            prior: None,
        };
        core.step(Millis(number), Input::new(Actor::Customer, Command::Message(message)), &mut effects);
    }
    let intake = began.elapsed();
    let bytes = (resident_kib() - before) * 1024 / count;
    let rows = core.snapshot();
    let began = std::time::Instant::now();
    let rebuilt = Scheduler::load(0, rows).expect("the rows are a state");
    let load = began.elapsed();
    drop(rebuilt);

    let worker = WorkerId(1);
    effects.clear();
    let attach =
        Command::Attach { worker, session: SessionId(1), accept: None, capacity: None, presence: Presence::Ready };
    core.step(Millis(count), Input::new(Actor::System, attach), &mut effects);
    let began = std::time::Instant::now();
    let decisions = count.min(200_000);
    for _ in 0..decisions {
        let (task, lease) = effects
            .iter()
            .find_map(|effect| match effect {
                Effect::Release(Release::Assigned { task, lease, .. }) => Some((*task, *lease)),
                _ => None,
            })
            .expect("an assignment");
        effects.clear();
        let verdict = Verdict::Done { disposition: String::new(), note: None };
        let settle = Command::Settle { worker, task, lease, verdict, replies: Vec::new(), seen: None };
        core.step(Millis(count), Input::new(Actor::Worker(worker), settle), &mut effects);
    }
    let served = began.elapsed();
    println!(
        "{{\"tasks\":{count},\"bytes_per_task\":{bytes},\"intake_ns\":{},\"load_ms\":{},\"settle_and_assign_ns\":{}}}",
        intake.as_nanos() / u128::from(count),
        load.as_millis(),
        served.as_nanos() / u128::from(decisions),
    );
}

fn settings() -> Vec<Settings> {
    let tenant = TenantId(1);
    vec![
        Settings::Tenant(TenantSettings {
            id: tenant,
            reopen_window_ms: 0,
            confirm_window_ms: 0,
            stickiness_ms: 0,
            reserve_milli: 0,
            reserve_max_milli: None,
            open_tasks_max: u64::MAX,
        }),
        Settings::Account(AccountSettings {
            id: AccountId(1),
            tenant,
            channel: "whatsapp_cloud".into(),
            unit: None,
            window_ms: Some(86_400_000),
            idempotent_send: false,
            commit_is_send: false,
        }),
        Settings::Queue(QueueSettings {
            id: QueueId(1),
            tenant,
            unit: None,
            side: Side::Front,
            target_ms: 86_400_000,
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
            tasks_max: u32::MAX,
            blend: Default::default(),
        }),
        Settings::Worker(WorkerSettings {
            id: WorkerId(1),
            tenant,
            unit: None,
            capacity: 100,
            skills: Vec::new(),
            queues: vec![QueueId(1)],
            accept: AcceptMode::Auto,
            stand_in: None,
            paces_milli: Vec::new(),
        }),
    ]
}
