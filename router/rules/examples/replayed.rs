//! How long a day takes to replay: `cargo run --release -p blendline-rules --example replayed -- [MESSAGES] [WORKERS]`.
//!
//! By default 100,000 messages in twelve hours and 500 workers, three at once each; two front queues, one in the back.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot go on has failed")]

use std::collections::BTreeMap;
use std::time::Instant;

use blendline_core::input::{Class, Settings};
use blendline_rules::replay::{Arrival, Day, Staged, run};
use blendline_rules::{World, check};
use blendline_wire::org::{Blend, Burden, QueueSettings, TenantSettings, WorkerSettings};
use blendline_wire::task::{AcceptMode, Side};
use blendline_wire::{Millis, QueueId, TenantId, WorkerId};

const TENANT: TenantId = TenantId(1);
const QUEUES: [(&str, Side, u64); 3] =
    [("service", Side::Front, 120_000), ("sales", Side::Front, 60_000), ("orders", Side::Back, 3_600_000)];

fn queue(number: usize) -> Settings {
    let (_, side, target_ms) = QUEUES[number];
    Settings::Queue(QueueSettings {
        id: QueueId(number as u64 + 1),
        tenant: TENANT,
        unit: None,
        side,
        target_ms,
        weight_milli: 1_000,
        task_weight: 100,
        waiting_weight_percent: 25,
        offer_ms: 30_000,
        wrap_up_ms: 0,
        remind_ms: None,
        take_back_ms: None,
        supervisor_ms: None,
        calendar: None,
        interruptible: side == Side::Back,
        tasks_max: 1_000_000,
        blend: Blend::default(),
        planned: Vec::new(),
    })
}

fn worker(number: u64) -> Settings {
    Settings::Worker(WorkerSettings {
        id: WorkerId(number),
        tenant: TENANT,
        unit: None,
        group: None,
        capacity: 300,
        skills: Vec::new(),
        queues: (1..=3).map(QueueId).collect(),
        accept: AcceptMode::Auto,
        stand_in: None,
        paces_milli: Vec::new(),
        weights: Vec::new(),
        burden: Burden::default(),
    })
}

fn tenant() -> Settings {
    Settings::Tenant(TenantSettings {
        id: TENANT,
        reopen_window_ms: 0,
        confirm_window_ms: 0,
        stickiness_ms: 0,
        reserve_milli: 0,
        reserve_max_milli: None,
        open_tasks_max: u64::MAX,
    })
}

fn day(messages: u64) -> Day {
    let texts = ["a question about the bill", "what does the blue one cost", "where is my order", "thank you"];
    let arrival = |at: u64| Arrival {
        at: blendline_wire::time::Instant(Millis(1_795_500_000_000 + at * 43_200_000 / messages)),
        channel: "webchat".to_owned(),
        account: "main".to_owned(),
        text: texts[(at * 7 % 4) as usize].to_owned(),
        files: Vec::new(),
        days: None,
        work_ms: 240_000 + at * 7_919 % 480_000,
        left_after_ms: (at % 10 == 3).then_some(180_000),
    };
    Day { arrivals: (0..messages).map(arrival).collect(), shifts: Vec::new() }
}

fn main() {
    let mut args = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap());
    let (messages, workers) = (args.next().unwrap_or(100_000), args.next().unwrap_or(500));
    let names: Vec<String> = (1..=workers).map(|number| format!("w{number}")).collect();
    let text = format!(
        "queues:\n  service: {{side: front}}\n  sales: {{side: front}}\n  orders: {{side: back}}\n\
         groups:\n  all: {{queues: [service, sales, orders], workers: [{}]}}\nkeywords:\n  cost: [cost, price]\n\
         rules:\n  - {{name: sales, when: mentions('cost'), queue: sales}}\n  \
         - {{name: orders, when: msg.text.contains('order'), queue: orders}}\n  - {{name: rest, queue: service}}\n",
        names.join(", ")
    );
    let world = World { channels: vec!["webchat".into()], accounts: None };
    let checked = check("replayed", &text, &world);
    let set = checked.set.unwrap_or_else(|| panic!("{:.1000}", checked.faults.to_string()));
    let queues: BTreeMap<String, QueueId> =
        QUEUES.iter().zip(1..).map(|(queue, id)| (queue.0.into(), QueueId(id))).collect();
    let class = |name: &str| Class { queue: queues[name], rule_set: 1, ..Class::default() };
    let settings = std::iter::once(tenant()).chain((0..3).map(queue)).chain((1..=workers).map(worker));
    let staged = Staged {
        set: &set,
        settings: settings.collect(),
        classes: ["sales", "orders", "service"].map(class).to_vec(),
        otherwise: class("service"),
        workers: names.into_iter().zip((1..).map(WorkerId)).collect(),
        queues: queues.clone(),
    };
    let day = day(messages);
    let begun = Instant::now();
    let result = run(&staged, &day);
    println!("{messages} messages, {workers} workers: {:.1} s", begun.elapsed().as_secs_f64());
    for queue in &result.queues {
        println!(
            "  {}: {} came, {} in time, {} left, {} done",
            queue.queue, queue.arrived, queue.in_time, queue.left, queue.done
        );
    }
    for group in &result.groups {
        println!(
            "  {}: worked {} h of {} h present",
            group.group,
            group.worked_ms / 3_600_000,
            group.present_ms / 3_600_000
        );
    }
}
