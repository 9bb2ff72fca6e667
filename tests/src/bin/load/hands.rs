//! A lean worker: takes what it gets, answers and completes it at once, and notes the times.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use blendline_tests::config::WORKER_KEY;
use blendline_tests::worker::{Hand, done, said};
use blendline_wire::TaskId;
use blendline_wire::task::AcceptMode;
use blendline_wire::worker::{ClientFrame, ServerFrame, TaskView};
use tokio::sync::Notify;

use crate::post::number_of;

/// Times of every task, in microseconds since `begin`, by the number its text begins with.
pub(crate) struct Times {
    pub(crate) begin: Instant,
    pub(crate) sent: Vec<AtomicU64>,
    pub(crate) accepted: Vec<AtomicU64>,
    pub(crate) assigned: Vec<AtomicU64>,
    pub(crate) completed: Vec<AtomicU64>,
    pub(crate) done: AtomicU64,
    pub(crate) changed: Notify,
}

impl Times {
    pub(crate) fn new(count: usize) -> Arc<Self> {
        let empty = || (0..count).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Self {
            begin: Instant::now(),
            sent: empty(),
            accepted: empty(),
            assigned: empty(),
            completed: empty(),
            done: AtomicU64::new(0),
            changed: Notify::new(),
        })
    }

    /// Notes that it is now, at `place`.
    pub(crate) fn note(&self, place: &AtomicU64) {
        place.store(self.begin.elapsed().as_micros() as u64, Ordering::Relaxed);
    }

    /// Times between two notes, for every task that has both.
    pub(crate) fn between(from: &[AtomicU64], to: &[AtomicU64]) -> Vec<u64> {
        let pairs = from.iter().zip(to).map(|(a, b)| (a.load(Ordering::Relaxed), b.load(Ordering::Relaxed)));
        pairs.filter(|(a, b)| *a > 0 && *b > 0).map(|(a, b)| b.saturating_sub(a)).collect()
    }
}

/// Works until the connection ends.
pub(crate) async fn work(addr: SocketAddr, name: String, times: Arc<Times>) {
    let mut hand = Hand::connect(addr, WORKER_KEY, &name, AcceptMode::Auto).await.expect("a worker can connect");
    let mut calls = std::collections::HashMap::new();
    let mut beat = tokio::time::interval(std::time::Duration::from_millis(400));
    for task in std::mem::take(&mut hand.owned) {
        settle(&mut hand, &mut calls, &times, task).await;
    }
    loop {
        let frame = tokio::select! {
            frame = hand.receive() => frame,
            _ = beat.tick() => {
                hand.send(&ClientFrame::Heartbeat { hidden: None }).await.expect("a heartbeat");
                continue;
            }
        };
        match frame {
            Ok(ServerFrame::Assigned { task }) => settle(&mut hand, &mut calls, &times, task).await,
            Ok(ServerFrame::Answer { call, problem, .. }) => {
                let (task, number): (TaskId, usize) = calls.remove(&call).expect("an answer to a call of ours");
                assert!(problem.is_none(), "{task} was not completed: {problem:?}");
                times.note(&times.completed[number]);
                times.done.fetch_add(1, Ordering::Relaxed);
                times.changed.notify_waiters();
            }
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

async fn settle(
    hand: &mut Hand,
    calls: &mut std::collections::HashMap<u64, (TaskId, usize)>,
    times: &Times,
    task: TaskView,
) {
    let text = task.messages.last().and_then(|message| message.text.as_ref()).map_or("", |text| text.expose());
    let number = number_of(text).expect("a text of this tool begins with its number");
    times.note(&times.assigned[number]);
    let call = number as u64 + 1;
    calls.insert(call, (task.id, number));
    let replies = vec![said("r", "תודה, ההזמנה בדרך")];
    let frame = ClientFrame::Settle {
        call,
        task: task.id,
        lease: task.lease,
        verdict: done(),
        replies,
        seen: None,
        improve: None,
    };
    hand.send(&frame).await.expect("a verdict can be sent");
}
