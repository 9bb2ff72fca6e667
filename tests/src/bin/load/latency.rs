//! From the platform's hand into an SDK worker's, at a steady rate, counted from the time it should have been sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use blendline_tests::config::{WORKER_KEY, Worker as Settings};
use blendline_tests::http::Connection;
use blendline_worker::{AcceptMode, BoxError, Runtime, Task, Verdict, Worker, async_trait};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::bench::{Bench, Ground, progress, quantiles_ms};
use crate::hands::Times;
use crate::post::{Requests, number_of};

const WORKERS: usize = 4;
const CONNECTIONS: usize = 16;
/// The first seconds fill caches and connections; they are not counted.
const WARM_UP: Duration = Duration::from_secs(3);

struct Noting {
    times: Arc<Times>,
}

#[async_trait]
impl Worker for Noting {
    async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
        if let Some(number) = number_of(task.text().expose()) {
            self.times.note(&self.times.assigned[number]);
            self.times.done.fetch_add(1, Ordering::Relaxed);
            self.times.changed.notify_waiters();
        }
        Ok(Verdict::done())
    }
}

pub(crate) async fn run(ground: Ground, seconds: u64, rate: u64) -> Value {
    let names: Vec<String> = (0..WORKERS).map(|n| format!("sdk-{n}")).collect();
    let staff = names.iter().map(|name| Settings::new(name, &["care"], 64)).collect();
    let bench = Bench::start("latency", ground, "http://127.0.0.1:1", staff).await;
    let warm_up = (WARM_UP.as_secs() * rate) as usize;
    let requests = Requests::build(&bench.numbers, 0, warm_up + (seconds * rate) as usize);
    let times = Times::new(requests.len());
    let _staff = start(&bench.desks, names, &times);
    let before = bench.processes.read();
    progress(&format!("{rate}/s for {seconds} s after {} s of warming up", WARM_UP.as_secs()));
    let posted = post_on_time(&bench.doors, &requests, 0, &times, rate).await;
    let whole = all_in_hand(&times, requests.len()).await;
    let cpu = bench.processes.us_per(requests.len() as u64, &before);
    let (sent, accepted, hand) = (&times.sent[warm_up..], &times.accepted[warm_up..], &times.assigned[warm_up..]);
    bench.report(json!({
        "rate": rate,
        "posted": requests.len() - warm_up,
        "not_200": posted.refused,
        "all_arrived": whole,
        "intended_send_to_hand_ms": quantiles_ms(Times::between(sent, hand)),
        "accepted_to_hand_ms": quantiles_ms(Times::between(accepted, hand)),
        "intended_send_to_accepted_ms": quantiles_ms(Times::between(sent, accepted)),
        "left_late_ms": quantiles_ms(posted.late_us),
        "cpu_us_per_task": cpu,
        "workers": WORKERS,
    }))
}

/// Workers on the SDK, at these addresses in turn, who note when they get a task; they work until what is given back is dropped.
pub(crate) fn start(at: &[SocketAddr], names: Vec<String>, times: &Arc<Times>) -> Vec<oneshot::Sender<()>> {
    let hire = |(n, name)| {
        let addr: SocketAddr = at[n % at.len()];
        let runtime =
            Runtime::builder(format!("http://{addr}"), WORKER_KEY).name(name).accept(AcceptMode::Auto).build();
        let worker = Noting { times: Arc::clone(times) };
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(async move { runtime.run(worker, async { drop(stopped.await) }).await });
        stop
    };
    names.into_iter().enumerate().map(hire).collect()
}

/// Whether so many tasks were in a worker's hands soon.
pub(crate) async fn all_in_hand(times: &Times, count: usize) -> bool {
    let all = async {
        loop {
            let changed = times.changed.notified();
            if times.done.load(Ordering::Relaxed) as usize >= count {
                return;
            }
            changed.await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.is_ok()
}

/// What became of requests that were posted at their time.
pub(crate) struct Posted {
    /// How many were not taken.
    pub(crate) refused: u64,
    /// How long after its time each left us, in microseconds: what is ours of every delay.
    pub(crate) late_us: Vec<u64>,
}

/// Posts each request at its intended time, late or not, and notes that time as `sent`; the first has the number `first`.
pub(crate) async fn post_on_time(
    at: &[SocketAddr],
    requests: &Arc<Requests>,
    first: usize,
    times: &Arc<Times>,
    rate: u64,
) -> Posted {
    let mut lanes = Vec::new();
    let mut senders = tokio::task::JoinSet::new();
    for n in 0..CONNECTIONS {
        let (lane, mut due) = mpsc::unbounded_channel::<usize>();
        lanes.push(lane);
        let (requests, times) = (Arc::clone(requests), Arc::clone(times));
        let mut connection = Connection::connect(at[n % at.len()]).await.expect("the router takes connections");
        senders.spawn(async move {
            let mut posted = Posted { refused: 0, late_us: Vec::new() };
            while let Some(index) = due.recv().await {
                let due = times.sent[first + index].load(Ordering::Relaxed);
                posted.late_us.push((times.begin.elapsed().as_micros() as u64).saturating_sub(due));
                match connection.exchange_status(requests.get(index)).await {
                    Ok(200) => times.note(&times.accepted[first + index]),
                    _ => posted.refused += 1,
                }
            }
            posted
        });
    }
    let (count, begin, clock) = (requests.len(), Instant::now(), Arc::clone(times));
    let offset = clock.begin.elapsed();
    // A thread of its own: the runtime's timer knows only whole milliseconds.
    let ticking = std::thread::spawn(move || {
        for index in 0..count {
            let due = Duration::from_nanos(index as u64 * 1_000_000_000 / rate);
            std::thread::sleep(due.saturating_sub(begin.elapsed()));
            clock.sent[first + index].store((offset + due).as_micros().max(1) as u64, Ordering::Relaxed);
            let _ = lanes[index % lanes.len()].send(index);
        }
    });
    let all = senders.join_all().await;
    ticking.join().expect("the clock thread ends");
    let refused = all.iter().map(|posted| posted.refused).sum();
    Posted { refused, late_us: all.into_iter().flat_map(|posted| posted.late_us).collect() }
}
