//! How long a recorded day takes to be read and replayed:
//! `cargo run --release -p blendline-rules --example recorded -- [MESSAGES] [WORKERS]`.
//!
//! By default 100,000 messages in twelve hours and 500 workers, three at once each. The day is made here by the scheduler
//! itself and written as a router's journal has it; the replay must come to the same figures.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot go on has failed")]

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Instant;

use blendline_core::input::{Class, InboundMessage, Settings, Verdict};
use blendline_core::rows::Conversation;
use blendline_core::{CallId, Command, Effect, Input, PayloadId, Release, Scheduler, Write};
use blendline_rules::record::{Recorder, Stage, play};
use blendline_wire::event::Actor;
use blendline_wire::inbound::InboundKind;
use blendline_wire::org::{AccountSettings, Blend, Burden, QueueSettings, TenantSettings, WorkerSettings};
use blendline_wire::task::{AcceptMode, Presence, Side};
use blendline_wire::{AccountId, ContactKey, Lease, Millis, QueueId, SessionId, TaskId, TenantId, WorkerId};

const TENANT: TenantId = TenantId(1);
const ACCOUNT: AccountId = AccountId(1);
const BEGIN: Millis = Millis(1_795_500_000_000);

fn settings(workers: u64) -> Vec<Settings> {
    let tenant = Settings::Tenant(TenantSettings {
        id: TENANT,
        reopen_window_ms: 3_600_000,
        confirm_window_ms: 0,
        stickiness_ms: 600_000,
        reserve_milli: 0,
        reserve_max_milli: None,
        open_tasks_max: u64::MAX,
    });
    let account = Settings::Account(AccountSettings {
        id: ACCOUNT,
        tenant: TENANT,
        channel: "webchat".into(),
        unit: None,
        window_ms: None,
        idempotent_send: false,
        commit_is_send: true,
    });
    let queue = |(id, side, target_ms): (u64, Side, u64)| {
        Settings::Queue(QueueSettings {
            id: QueueId(id),
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
    };
    let worker = |id| {
        Settings::Worker(WorkerSettings {
            id: WorkerId(id),
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
    };
    let queues = [(1, Side::Front, 120_000), (2, Side::Front, 60_000), (3, Side::Back, 3_600_000)];
    [tenant, account].into_iter().chain(queues.into_iter().map(queue)).chain((1..=workers).map(worker)).collect()
}

/// A day under way: what happens next, and the journal of what happened.
struct Day {
    core: Scheduler,
    journal: Vec<(Millis, Vec<u8>)>,
    ends: BinaryHeap<Reverse<(Millis, TaskId, WorkerId, Lease)>>,
    /// The latest conversation of each contact that is over: a router looks it up.
    over: HashMap<ContactKey, Conversation>,
}

impl Day {
    fn step(&mut self, now: Millis, actor: Actor, command: Command) {
        let input = Input { call: Some(CallId(1)), actor, command };
        self.journal.push((now, serde_json::to_vec(&input).unwrap()));
        let mut effects = Vec::new();
        self.core.step(now, input, &mut effects);
        for effect in effects {
            match effect {
                Effect::Release(Release::Assigned { worker, task, lease, .. }) => {
                    let work_ms = 240_000 + task.0 * 7_919 % 480_000;
                    self.ends.push(Reverse((now.plus(work_ms), task, worker, lease)));
                }
                Effect::Write(Write::Conversation(row)) if row.state.ended_at().is_some() => {
                    self.over.insert(row.contact, *row);
                }
                _ => {}
            }
        }
    }

    /// What is due before `now` happens, each at its own time.
    fn until(&mut self, now: Millis) {
        loop {
            let end = self.ends.peek().map(|Reverse((at, ..))| *at).filter(|at| *at < now);
            let due = self.core.next_deadline().filter(|due| *due < now && end.is_none_or(|end| *due <= end));
            if let Some(due) = due {
                let due = due.max(self.journal.last().map_or(BEGIN, |(at, _)| *at));
                self.step(due, Actor::System, Command::Tick);
            } else if end.is_some()
                && let Some(Reverse((at, task, worker, lease))) = self.ends.pop()
            {
                let verdict = Verdict::Done { disposition: String::new(), note: None };
                let (replies, seen) = (vec![PayloadId(0)], None);
                let replies = if self.core.task(task).is_some_and(|task| task.conversation.is_some()) {
                    replies
                } else {
                    Vec::new()
                };
                let settle = Command::Settle { worker, task, lease, verdict, replies, seen };
                self.step(at, Actor::Worker(worker), settle);
            } else {
                return;
            }
        }
    }
}

fn main() {
    let mut args = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap());
    let (messages, workers) = (args.next().unwrap_or(100_000), args.next().unwrap_or(500));
    let mut day =
        Day { core: Scheduler::new(0, 1), journal: Vec::new(), ends: BinaryHeap::new(), over: HashMap::new() };
    for settings in settings(workers) {
        day.step(BEGIN, Actor::System, Command::Put(settings));
    }
    for worker in (1..=workers).map(WorkerId) {
        let (session, presence) = (SessionId(worker.0), Presence::Ready);
        let attach = Command::Attach { worker, session, accept: None, capacity: None, presence };
        day.step(BEGIN, Actor::Worker(worker), attach);
    }
    for number in 0..messages {
        let now = BEGIN.plus(1 + number * 43_200_000 / messages);
        day.until(now);
        let class = Class { queue: QueueId(1 + number * 7 % 3), rule_set: 1, ..Class::default() };
        let contact = ContactKey(u128::from(number * 31 % (messages / 2 + 1)));
        let (kind, payload, received_at) = (InboundKind::Message, PayloadId(number), now);
        let prior = day.over.get(&contact).cloned().map(Box::new);
        let message =
            InboundMessage { tenant: TENANT, account: ACCOUNT, contact, kind, payload, received_at, class, prior };
        day.step(now, Actor::Customer, Command::Message(message));
    }
    let (from, to) = (BEGIN, Millis(u64::MAX));
    let begun = Instant::now();
    let mut recorder = Recorder::new((0, 1), TENANT, None, (from, to)).unwrap();
    for (now, line) in &day.journal {
        recorder.batch(*now, line).unwrap();
    }
    let record = recorder.finish();
    let read = begun.elapsed().as_secs_f64();
    let classes: Vec<Class> = record.arrivals.iter().map(|arrival| arrival.class().clone()).collect();
    let stage = Stage { settings: settings(workers), doubles: Vec::new() };
    let begun = Instant::now();
    let figures = play(&record, &stage, &classes, (from, to)).unwrap();
    let played = begun.elapsed().as_secs_f64();
    let inputs = day.journal.len();
    println!("{messages} messages, {workers} workers, {inputs} inputs: read {read:.1} s, replayed {played:.1} s");
    assert_eq!(figures, record.figures, "the same rules, another day");
    for (queue, own) in &figures.queues {
        println!(
            "  {queue}: {} came, {} in time, {} done, {} set aside",
            own.came, own.in_time, own.done, own.interrupted
        );
    }
}
