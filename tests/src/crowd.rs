//! A crowd of workers on the SDK: each has one task, keeps it until he is told, settles it and takes the next.
//!
//! For storms of reconnecting: whoever has his next task has come back, still owned the one before, and is served.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use blendline_wire::TaskId;
use blendline_worker::{AcceptMode, BoxError, RunError, Runtime, Summary, Task, Verdict, Worker, async_trait};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::api::Api;
use crate::config::WORKER_KEY;

/// Items pushed at the same time.
const LANES: usize = 32;

/// The name of worker `n`.
pub fn name(n: usize) -> String {
    format!("crowd-{n}")
}

/// The workers, connected or about to be.
pub struct Crowd {
    count: usize,
    seen: Arc<Seen>,
    rounds: watch::Sender<u32>,
    stop: watch::Sender<bool>,
    running: JoinSet<Result<Summary, RunError>>,
}

/// What all of them together came to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Kept {
    /// Tasks that were settled by whoever had them.
    pub settled: u64,
    /// Tasks that were withdrawn from a worker, given back, or settled too late.
    pub lost: u64,
    /// Tasks that two workers had, or one twice.
    pub twice: usize,
}

/// Which tasks were begun.
struct Seen {
    begun: watch::Sender<usize>,
    twice: AtomicUsize,
    tasks: Mutex<HashSet<TaskId>>,
}

struct Keeping {
    seen: Arc<Seen>,
    rounds: watch::Receiver<u32>,
    taken: AtomicU32,
}

#[async_trait]
impl Worker for Keeping {
    async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
        if !self.seen.tasks.lock().unwrap().insert(task.id()) {
            self.seen.twice.fetch_add(1, Ordering::Relaxed);
        }
        let mine = self.taken.fetch_add(1, Ordering::Relaxed) + 1;
        self.seen.begun.send_modify(|begun| *begun += 1);
        self.rounds.clone().wait_for(|round| *round >= mine).await?;
        Ok(Verdict::done())
    }
}

impl Crowd {
    /// `count` workers, each of whom knows all routers, the first of them in turn.
    pub fn start(routers: &[SocketAddr], count: usize) -> Self {
        let (rounds, stop) = (watch::Sender::new(0), watch::Sender::new(false));
        let seen = Seen { begun: watch::Sender::new(0), twice: AtomicUsize::new(0), tasks: Mutex::default() };
        let seen = Arc::new(seen);
        let mut running = JoinSet::new();
        for n in 0..count {
            let mut known = routers.iter().cycle().skip(n).take(routers.len()).map(|addr| format!("http://{addr}"));
            let first = known.next().expect("a router");
            let builder = Runtime::builder(first, WORKER_KEY).name(name(n)).accept(AcceptMode::Auto);
            let runtime = known.fold(builder, blendline_worker::Builder::or_at).build();
            let taken = AtomicU32::new(0);
            let worker = Keeping { seen: Arc::clone(&seen), rounds: rounds.subscribe(), taken };
            let mut stopped = stop.subscribe();
            running.spawn(runtime.run(worker, async move { drop(stopped.wait_for(|stop| *stop).await.map(drop)) }));
        }
        Self { count, seen, rounds, stop, running }
    }

    /// Whoever has a task of this round (the first is 1) settles it.
    pub fn settle(&self, round: u32) {
        self.rounds.send_replace(round);
    }

    /// Waits until everybody has his task of this round, and gives the time it took.
    ///
    /// # Panics
    /// When it takes longer.
    pub async fn until_all_have(&self, round: u32, within: Duration) -> Duration {
        let (begin, all) = (Instant::now(), self.count * round as usize);
        let mut begun = self.seen.begun.subscribe();
        let waited = tokio::time::timeout(within, begun.wait_for(|begun| *begun >= all)).await.map(|had| had.is_ok());
        let have = *self.seen.begun.borrow();
        assert!(waited == Ok(true), "{have} tasks of {all} in round {round} within {within:?}");
        begin.elapsed()
    }

    /// Everybody settles what he has, and goes.
    pub async fn stop(mut self) -> Kept {
        self.stop.send_replace(true);
        self.rounds.send_replace(u32::MAX);
        let mut kept = Kept { twice: self.seen.twice.load(Ordering::Relaxed), ..Kept::default() };
        while let Some(ended) = self.running.join_next().await {
            let summary = ended.expect("a worker does not panic").expect("a worker that the router takes");
            kept.settled += summary.settled - summary.given_back;
            kept.lost += summary.given_back + summary.dropped;
        }
        kept
    }
}

/// Pushes so many work items to `queue`.
pub async fn push(api: &Api, queue: &str, count: usize) {
    let mut lanes = JoinSet::new();
    for lane in 0..LANES {
        let (api, queue) = (api.clone(), queue.to_owned());
        lanes.spawn(async move {
            for n in (lane..count).step_by(LANES) {
                let item = json!({ "queue": queue, "external_ref": format!("crowd-{n}"), "title": "an item" });
                let pushed = api.post("/v1/items", &item).await.expect("the router is there");
                assert_eq!(pushed.status, 201, "{}", pushed.text());
            }
        });
    }
    lanes.join_all().await;
}
