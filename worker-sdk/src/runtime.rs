//! What a program builds and runs.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use blendline_wire::task::AcceptMode;
use blendline_wire::worker::TaskView;
use tokio::task::JoinSet;

use crate::engine::Engine;
use crate::error::{BoxError, RunError};
use crate::routers::Routers;
use crate::task::Task;
use crate::verdict::Verdict;

/// Whoever takes tasks: one method.
#[async_trait]
pub trait Worker: Send + Sync + 'static {
    /// Works on one task; several run at once, up to the capacity.
    ///
    /// # Errors
    /// An `Err` gives the task back to its queue without this worker ([`Verdict::refuse`] with the error's text), and
    /// so does a panic. It may run again, here or elsewhere, so what it does outside must bear repeating.
    async fn work(&self, task: &Task) -> Result<Verdict, BoxError>;

    /// Why this worker does not take an offer; `None`, the default, takes it. What is declined goes to others, and not
    /// to this worker for a while. `reason` is for people and logs, so it must not hold customer data.
    ///
    /// Everything waits for the answer, so it must be quick. What is assigned at once ([`AcceptMode::Auto`]) is not asked.
    fn declines(&self, offer: &TaskView) -> Option<String> {
        let _ = offer;
        None
    }
}

/// Settings that are all decided.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The routers of the installation, the first to be tried first.
    pub(crate) urls: Vec<String>,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) capacity: Option<u32>,
    pub(crate) accept: Option<AcceptMode>,
    pub(crate) drain_max: Duration,
    pub(crate) grace: Duration,
    pub(crate) reconnect: (Duration, Duration),
}

/// Decides the settings of a [`Runtime`].
#[must_use = "a builder does nothing until it is built"]
pub struct Builder {
    settings: Settings,
}

impl Builder {
    /// The worker's configured name; `worker` when it is not given.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = name.into();
        self
    }

    /// Another router of the same installation, tried when the ones before it cannot be reached. A router that is
    /// reached and does not serve this worker names the one that does.
    pub fn or_at(mut self, url: impl Into<String>) -> Self {
        self.settings.urls.push(url.into());
        self
    }

    /// How many tasks at once, at least one and never above the worker's settings in the router; left to them when
    /// it is not given.
    pub fn capacity(mut self, tasks: u32) -> Self {
        self.settings.capacity = Some(tasks.max(1));
        self
    }

    /// How tasks are received: [`AcceptMode::Auto`] for bots. Left to the router's settings when it is not given.
    pub fn accept(mut self, mode: AcceptMode) -> Self {
        self.settings.accept = Some(mode);
        self
    }

    /// How long a shutdown waits for running tasks (default 25 s, below the 30 s that Kubernetes waits).
    pub fn drain_max(mut self, limit: Duration) -> Self {
        self.settings.drain_max = limit;
        self
    }

    /// How long the work on a withdrawn task may wind up before it is dropped (default 5 s).
    pub fn grace(mut self, limit: Duration) -> Self {
        self.settings.grace = limit;
        self
    }

    /// The longest wait after the first failed connection (default 250 ms) and after many (default 5 s, so that
    /// thousands who lost their router are all back well within the half minute for which it keeps their tasks).
    pub fn reconnect(mut self, first: Duration, longest: Duration) -> Self {
        self.settings.reconnect = (first, longest);
        self
    }

    /// The runtime. Nothing is connected yet.
    pub fn build(self) -> Runtime {
        Runtime { settings: self.settings }
    }
}

/// Keeps the connection to a router and runs a worker on the tasks it is given.
pub struct Runtime {
    settings: Settings,
}

/// What a runtime did until it was asked to stop.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// Verdicts that the router took.
    pub settled: u64,
    /// Of these, tasks given back because the work ended in an error or a panic, or its verdict was refused.
    pub given_back: u64,
    /// Tasks whose work came to nothing because they were withdrawn, or settled too late.
    pub dropped: u64,
}

impl Runtime {
    /// Begins with the router's base URL (`http://127.0.0.1:8080`, `https://router.example`; `ws` and `wss` mean the
    /// same) and a key with the role worker.
    pub fn builder(url: impl Into<String>, key: impl Into<String>) -> Builder {
        Builder {
            settings: Settings {
                urls: vec![url.into()],
                key: key.into(),
                name: "worker".to_owned(),
                capacity: None,
                accept: None,
                drain_max: Duration::from_secs(25),
                grace: Duration::from_secs(5),
                reconnect: (Duration::from_millis(250), Duration::from_secs(5)),
            },
        }
    }

    /// Works until `shutdown` resolves, then finishes what is running and says goodbye. Dropping the future ends
    /// everything at once; what was owned comes back by the router's grace time.
    ///
    /// # Errors
    /// Only what connecting again cannot cure; a router that is away is waited for.
    pub async fn run(
        self,
        worker: impl Worker,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Summary, RunError> {
        let routers = Routers::new(&self.settings.urls, &self.settings.key)?;
        let engine = Engine::new(self.settings, routers, Arc::new(worker), Box::pin(shutdown));
        // A task of its own: what it starts then shares its thread's queue, which is much cheaper than waking
        // another thread for every task. The set ends it when this future is dropped.
        let mut set = JoinSet::new();
        set.spawn(engine.run());
        match set.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(error)) => Err(RunError::Defect { detail: error.to_string() }),
            None => Err(RunError::Defect { detail: "it was never started".to_owned() }),
        }
    }
}
