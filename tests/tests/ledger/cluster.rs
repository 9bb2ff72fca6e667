//! An installation of several processes on real servers, and what happens to it.

use std::time::{Duration, Instant};

use blendline_tests::config::Installation;
use blendline_tests::http;
use blendline_tests::process::Router;
use blendline_tests::servers::postgres::Postgres;
use blendline_tests::servers::rabbit::Rabbit;

/// How long a paused owner stays paused: longer than the lease and the time in which another takes over.
const PAUSE: Duration = Duration::from_secs(16);
/// The longest the shard may be without an owner; what was measured is printed.
const SERVED_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What is done to it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Fault {
    /// SIGKILL to the router that owns the shard.
    KillOwner,
    /// SIGSTOP to it, longer than its lease, and SIGCONT.
    PauseOwner,
    /// SIGKILL to RabbitMQ.
    KillBroker,
    /// SIGKILL to PostgreSQL, all of its processes.
    KillRecord,
}

impl Fault {
    pub(crate) const ALL: [Self; 4] = [Self::KillOwner, Self::PauseOwner, Self::KillBroker, Self::KillRecord];
}

/// Two connectors, two routers, one broker, one record.
pub(crate) struct Cluster {
    pub(crate) connectors: Vec<Router>,
    pub(crate) routers: Vec<Router>,
    pub(crate) postgres: Postgres,
    rabbit: Rabbit,
}

impl Cluster {
    /// Starts the servers; the processes have their addresses and nothing else yet.
    pub(crate) async fn reserve() -> Self {
        let (postgres, rabbit) = tokio::join!(Postgres::start(), Rabbit::start());
        let reserve = |what: &str| (0..2).map(|_| Router::reserve(what)).collect();
        Self { connectors: reserve("connector"), routers: reserve("router"), postgres, rabbit }
    }

    /// Starts the processes.
    pub(crate) async fn start(&mut self, installation: &Installation) {
        let servers = format!("[store]\nurl = {:?}\n[broker]\nurl = {:?}\n", self.postgres.url(), self.rabbit.url());
        for (routers, role) in [(&mut self.routers, "router"), (&mut self.connectors, "connector")] {
            for router in routers {
                let mut installation = installation.clone();
                installation.extra = format!("{servers}[cluster]\nruns = [{role:?}]\n");
                router.configure(&installation);
                router.start_again().await;
            }
        }
    }

    /// The router that serves the shard, once there is one.
    pub(crate) async fn owner(&self) -> usize {
        let begin = Instant::now();
        loop {
            for (n, router) in self.routers.iter().enumerate() {
                if serves(router).await {
                    return n;
                }
            }
            assert!(begin.elapsed() < SERVED_WITHIN, "nobody served the shard within {SERVED_WITHIN:?}");
            // Ownership cannot be subscribed to from outside: asking again is all one can do.
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Does it, and waits until all is mended; tells for how long nobody served the shard, where that is the fault.
    pub(crate) async fn suffer(&mut self, fault: Fault) -> Option<Duration> {
        match fault {
            Fault::KillOwner => {
                let owner = self.owner().await;
                self.routers[owner].kill().await;
                let without = self.without_an_owner().await;
                self.routers[owner].start_again().await;
                Some(without)
            }
            Fault::PauseOwner => {
                let owner = self.owner().await;
                let paused = Instant::now();
                self.routers[owner].pause().await;
                let without = self.until_served_by(1 - owner).await;
                tokio::time::sleep(PAUSE.saturating_sub(paused.elapsed())).await;
                self.routers[owner].resume().await;
                self.routers[owner].ready_within(SERVED_WITHIN).await;
                Some(without)
            }
            Fault::KillBroker => {
                self.rabbit.kill();
                self.rabbit.restart().await;
                None
            }
            Fault::KillRecord => {
                self.postgres.kill().await;
                self.postgres.restart().await;
                Some(self.without_an_owner().await)
            }
        }
    }

    async fn without_an_owner(&self) -> Duration {
        let begin = Instant::now();
        self.owner().await;
        begin.elapsed()
    }

    async fn until_served_by(&self, n: usize) -> Duration {
        let begin = Instant::now();
        while !serves(&self.routers[n]).await {
            assert!(begin.elapsed() < SERVED_WITHIN, "nobody took over within {SERVED_WITHIN:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        begin.elapsed()
    }
}

/// Whether this router says that it serves a shard. A paused one says nothing.
async fn serves(router: &Router) -> bool {
    let ask = http::request("GET", "/readyz", &[], b"");
    let answer = tokio::time::timeout(Duration::from_secs(3), http::once(router.addr, &ask)).await;
    let served = |reply: http::Reply| reply.json()["served"].as_array().is_some_and(|shards| !shards.is_empty());
    answer.is_ok_and(|reply| reply.is_ok_and(served))
}
