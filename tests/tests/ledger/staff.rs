//! The workers of the ledger: SDK workers that answer all the time and remember what they were shown.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use blendline_tests::config::WORKER_KEY;
use blendline_wire::ConversationId;
use blendline_wire::worker::MessageView;
use blendline_worker::{AcceptMode, BoxError, Runtime, Task, Verdict, Worker, async_trait};
use tokio::task::JoinHandle;

use crate::platform::{BROKEN, CUT, LIMITED};

/// The name of worker `n`.
pub(crate) fn name(n: usize) -> String {
    format!("staff-{n}")
}

/// What one ownership of a task showed its worker, in the order in which it came.
pub(crate) struct Seen {
    pub(crate) conversation: ConversationId,
    pub(crate) messages: Vec<MessageView>,
}

type Tasks = Arc<Mutex<Vec<Task>>>;

struct Answering {
    tasks: Tasks,
    seed: u64,
}

#[async_trait]
impl Worker for Answering {
    async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
        // Kept to be read at the end: what comes while the verdict is on its way was shown to the worker as well.
        self.tasks.lock().unwrap().push(task.clone());
        let chance = (task.id().0.wrapping_mul(31).wrapping_add(self.seed).wrapping_mul(0x9e37_79b9)) >> 7;
        let mark = match chance % 100 {
            0 => CUT,
            1 | 2 => LIMITED,
            3 => BROKEN,
            _ => "",
        };
        if chance.is_multiple_of(5) {
            task.reply(format!("one moment {mark}")).await?;
        }
        Ok(Verdict::done().with_reply(format!("answer to {} {mark}", task.id())))
    }
}

pub(crate) struct Staff {
    tasks: Tasks,
    stop: Vec<tokio::sync::oneshot::Sender<()>>,
    running: Vec<JoinHandle<()>>,
}

impl Staff {
    pub(crate) fn start(routers: &[SocketAddr], workers: usize, seed: u64) -> Self {
        let tasks = Tasks::default();
        let mut staff = Self { tasks: Arc::clone(&tasks), stop: Vec::new(), running: Vec::new() };
        for n in 0..workers {
            let runtime = Runtime::builder(format!("http://{}", routers[0]), WORKER_KEY)
                .name(name(n))
                .accept(AcceptMode::Auto)
                .reconnect(Duration::from_millis(20), Duration::from_millis(200));
            let others = routers[1..].iter();
            let runtime = others.fold(runtime, |runtime, other| runtime.or_at(format!("http://{other}"))).build();
            let worker = Answering { tasks: Arc::clone(&tasks), seed };
            let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
            staff.stop.push(stop);
            staff.running.push(tokio::spawn(async move {
                runtime.run(worker, async { drop(stopped.await) }).await.expect("a worker runs until he is stopped");
            }));
        }
        staff
    }

    /// What every ownership showed.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let tasks = self.tasks.lock().unwrap();
        let shown = |task: &Task| {
            let conversation = task.view().conversation.expect("a conversation's task names it");
            Seen { conversation, messages: task.messages() }
        };
        tasks.iter().map(shown).collect()
    }

    pub(crate) async fn stop(self) {
        drop(self.stop);
        for worker in self.running {
            worker.await.expect("a worker drains in order");
        }
    }
}
