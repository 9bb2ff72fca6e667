//! The way of every message: posted here, worked on there, counted where its reply arrives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use blendline_tests::graph::{FakeGraph, Options, Told};
use blendline_tests::machine;
use blendline_tests::whatsapp::Number;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::systems::Running;
use crate::bench::{NUMBERS, quantiles_ms, round};
use crate::hands::Times;
use crate::post::{Requests, burst, number_of};

/// Open tasks beyond which senders wait: a queue that only grows would measure nothing but its growth.
const OPEN_MAX: u64 = 1_000;
/// More than any of the systems takes on such a machine.
const OPEN_PER_SECOND_MAX: u64 = 8_000;
const FLOOD_PER_SECOND_MAX: u64 = 25_000;
/// The longest wait for replies that do not come.
const STILL_MAX: Duration = Duration::from_secs(60);
/// What is done after the last reply (its result recorded, its message acked) belongs to it.
const AFTERMATH: Duration = Duration::from_millis(500);

/// How fast webhooks are posted.
#[derive(Clone, Copy)]
pub(super) enum Pace {
    /// So many a second.
    Steady(u64),
    /// As many as keep [`OPEN_MAX`] without a reply.
    Open,
    /// As many as are accepted.
    Flood,
}

impl Pace {
    fn count(self, length: Duration) -> usize {
        let per_second = match self {
            Self::Steady(rate) => rate,
            Self::Open => OPEN_PER_SECOND_MAX,
            Self::Flood => FLOOD_PER_SECOND_MAX,
        };
        (per_second * length.as_secs()) as usize
    }
}

/// The platform and the clock.
pub(super) struct Course {
    pub(super) numbers: Vec<Number>,
    platform: FakeGraph,
    times: Arc<Times>,
    twice: Arc<AtomicU64>,
    next: usize,
}

impl Course {
    /// A course for phases of these paces and lengths.
    pub(super) async fn new(phases: &[(Pace, Duration)]) -> Self {
        let (told, arrivals) = mpsc::unbounded_channel();
        let options = Options { keep_bodies: false, told: Some(told), ..Options::local() };
        let platform = FakeGraph::start(options).await.expect("a fake platform");
        let times = Times::new(phases.iter().map(|(pace, length)| pace.count(*length)).sum());
        let twice = Arc::new(AtomicU64::new(0));
        tokio::spawn(note_arrivals(arrivals, Arc::clone(&times), Arc::clone(&twice)));
        Self { numbers: (0..NUMBERS).map(Number::test).collect(), platform, times, twice, next: 0 }
    }

    pub(super) fn platform_url(&self) -> String {
        self.platform.url()
    }

    /// Replies that came more than once.
    pub(super) fn twice(&self) -> u64 {
        self.twice.load(Ordering::Relaxed)
    }

    /// Posts for `length`, waits until every reply is at the platform, and gives the figures.
    pub(super) async fn run(&mut self, on: &Running, pace: Pace, length: Duration, connections: usize) -> Value {
        let first = self.next;
        let requests = Requests::build(&self.numbers, first, pace.count(length));
        self.next += requests.len();
        let times = &self.times;
        let before = (on.processes.read(), machine::cpu(std::process::id()), times.done.load(Ordering::Relaxed));
        let begin = Instant::now();
        let (gate_times, done) = (Arc::clone(times), before.2);
        let gate = move |index| hold(Arc::clone(&gate_times), first, index, pace, begin, done);
        let noting = Arc::clone(times);
        let noted = move |index: usize| noting.note(&noting.accepted[first + index]);
        let posted = burst(&on.doors, &requests, connections, length, gate, noted).await;
        let in_time = times.done.load(Ordering::Relaxed) - done;
        until_done(times, done + posted.accepted).await;
        let all_replied = begin.elapsed();
        tokio::time::sleep(AFTERMATH).await;
        let cpu = on.processes.us_per(posted.accepted, &before.0);
        let tool = machine::cpu(std::process::id()) - before.1;
        let range = first..self.next;
        let between = |from: &[AtomicU64], to: &[AtomicU64]| {
            quantiles_ms(Times::between(&from[range.clone()], &to[range.clone()]))
        };
        json!({
            "accepted": posted.accepted,
            "not_200": posted.refused,
            "accepted_per_second": round(posted.accepted as f64 / posted.took.as_secs_f64()),
            "tasks_per_second": round(in_time as f64 / posted.took.as_secs_f64()),
            "tasks_per_second_until_all_replied": round(posted.accepted as f64 / all_replied.as_secs_f64()),
            "cpu_us_per_task": cpu,
            "tool_cpu_us_per_task": round(tool.as_micros() as f64 / posted.accepted.max(1) as f64),
            "answer_ms": quantiles_ms(posted.answer_us),
            "accepted_to_worker_ms": between(&times.accepted, &times.assigned),
            "accepted_to_platform_ms": between(&times.accepted, &times.completed),
        })
    }
}

async fn note_arrivals(mut arrivals: mpsc::UnboundedReceiver<Told>, times: Arc<Times>, twice: Arc<AtomicU64>) {
    while let Some(Told { at, text }) = arrivals.recv().await {
        let Some(number) = number_of(&text) else { continue };
        let at_us = (at - times.begin).as_micros() as u64;
        if times.completed[number].swap(at_us, Ordering::Relaxed) > 0 {
            twice.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        // The worker says when it took the task, by the machine's clock.
        let taken_us = text.split(' ').nth(1).and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
        let ago_us = (machine::unix_us()).saturating_sub(taken_us);
        let now_us = times.begin.elapsed().as_micros() as u64;
        times.assigned[number].store(now_us.saturating_sub(ago_us), Ordering::Relaxed);
        times.done.fetch_add(1, Ordering::Relaxed);
        times.changed.notify_waiters();
    }
}

/// Holds a sender back until its time has come, or while too much is open.
async fn hold(times: Arc<Times>, first: usize, index: usize, pace: Pace, begin: Instant, done: u64) {
    match pace {
        Pace::Steady(rate) => {
            let due = Duration::from_micros(index as u64 * 1_000_000 / rate.max(1));
            tokio::time::sleep_until((begin + due).into()).await;
        }
        Pace::Open => loop {
            let changed = times.changed.notified();
            if (index as u64) < times.done.load(Ordering::Relaxed) - done + OPEN_MAX {
                break;
            }
            changed.await;
        },
        Pace::Flood => {}
    }
    times.note(&times.sent[first + index]);
}

/// Waits until `count` replies are there; a system that loses one is not to be measured.
async fn until_done(times: &Times, count: u64) {
    loop {
        let changed = times.changed.notified();
        let done = times.done.load(Ordering::Relaxed);
        if done >= count {
            return;
        }
        let still = tokio::time::timeout(STILL_MAX, changed).await.is_err();
        assert!(!still || times.done.load(Ordering::Relaxed) > done, "{} replies never came", count - done);
    }
}
