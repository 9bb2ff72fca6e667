//! Posts webhooks as the platform does: every one again and again until it is answered 200.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use blendline_tests::http::Connection;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::plan::Plan;

/// The platform gives up waiting after some seconds and tries again later.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The pause after a 5xx. Real platforms wait longer.
const AGAIN: Duration = Duration::from_millis(20);

pub(crate) struct Traffic {
    /// The doors: who finds one closed tries the next.
    doors: Vec<SocketAddr>,
    attempts: AtomicU64,
    accepted: watch::Sender<usize>,
    up: watch::Sender<bool>,
    planned: usize,
    /// The pause of each lane after a webhook, in milliseconds.
    pause_ms: AtomicU64,
    /// True once bytes may change on their way: what arrives changed is refused, and posted again.
    corrupt: AtomicBool,
}

impl Traffic {
    pub(crate) fn new(doors: Vec<SocketAddr>, planned: usize) -> Self {
        let (accepted, up) = (watch::Sender::new(0), watch::Sender::new(true));
        Self {
            doors,
            attempts: AtomicU64::new(0),
            accepted,
            up,
            planned,
            pause_ms: AtomicU64::new(0),
            corrupt: AtomicBool::new(false),
        }
    }

    /// From now on each lane rests so long after a webhook.
    pub(crate) fn pause(&self, pause: Duration) {
        self.pause_ms.store(pause.as_millis() as u64, Ordering::Relaxed);
    }

    /// From now on bytes may change on their way.
    pub(crate) fn may_be_corrupt(&self, corrupt: bool) {
        self.corrupt.store(corrupt, Ordering::Relaxed);
    }

    /// Begins to post; ends when everything is accepted.
    pub(crate) fn start(self: &Arc<Self>, plan: &Plan) -> JoinHandle<()> {
        let mut lanes = tokio::task::JoinSet::new();
        for (lane, requests) in plan.lanes().into_iter().enumerate() {
            let traffic = Arc::clone(self);
            lanes.spawn(async move {
                let (mut connection, mut door) = (None, lane);
                for request in requests {
                    traffic.until_taken(&mut connection, &mut door, &request).await;
                    let pause = traffic.pause_ms.load(Ordering::Relaxed);
                    if pause > 0 {
                        tokio::time::sleep(Duration::from_millis(pause)).await;
                    }
                }
            });
        }
        tokio::spawn(async move { drop(lanes.join_all().await) })
    }

    async fn until_taken(&self, connection: &mut Option<Connection>, door: &mut usize, request: &[u8]) {
        loop {
            if connection.is_none() {
                *connection = Connection::connect(self.doors[*door % self.doors.len()]).await.ok();
            }
            let Some(open) = connection else {
                *door += 1;
                self.until_up().await;
                continue;
            };
            self.attempts.fetch_add(1, Ordering::Relaxed);
            match tokio::time::timeout(ANSWER_WITHIN, open.exchange(request)).await {
                Ok(Ok(reply)) if reply.status == 200 => {
                    self.accepted.send_modify(|accepted| *accepted += 1);
                    return;
                }
                Ok(Ok(reply)) => {
                    let refused = reply.status >= 500 || self.corrupt.load(Ordering::Relaxed);
                    assert!(refused, "a signed webhook was refused: {} {}", reply.status, reply.text());
                    // A changed head may have ended the connection, or left its answers one behind.
                    if reply.status < 500 {
                        *connection = None;
                    }
                    tokio::time::sleep(AGAIN).await;
                }
                Ok(Err(_)) | Err(_) => {
                    *connection = None;
                    *door += 1;
                }
            }
        }
    }

    /// Waits for the start of the program; a refused connection before we knew of its end is tried again soon.
    async fn until_up(&self) {
        let mut up = self.up.subscribe();
        drop(up.wait_for(|up| *up).await);
        tokio::time::sleep(AGAIN).await;
    }

    pub(crate) async fn until_accepted(&self, count: usize) {
        drop(self.accepted.subscribe().wait_for(|accepted| *accepted >= count.min(self.planned)).await);
    }

    pub(crate) fn accepted(&self) -> usize {
        *self.accepted.borrow()
    }

    pub(crate) fn router_is_down(&self) {
        self.up.send_replace(false);
    }

    pub(crate) fn router_is_up(&self) {
        self.up.send_replace(true);
    }

    /// How many requests were written, answered or not.
    pub(crate) fn attempts(&self) -> u64 {
        self.attempts.load(Ordering::Relaxed)
    }
}
