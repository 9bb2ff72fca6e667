//! An installation of several processes on real servers, every link between them through a wire of ours.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use blendline_tests::clock::Clock;
use blendline_tests::config::Installation;
use blendline_tests::http;
use blendline_tests::process::{Router, Scratch};
use blendline_tests::proxy::{Proxy, Weather};
use blendline_tests::servers::postgres::Postgres;
use blendline_tests::servers::rabbit::Rabbit;
use blendline_tests::servers::redis::Guarded;

use crate::fault::Fault;

/// The longest the shard may be without an owner; what was measured is printed.
pub(crate) const SERVED_WITHIN: Duration = Duration::from_secs(60);
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How large the disk of the record is, in MiB.
const DISK_MIB: u32 = 768;
/// Names an older build of the program: processes begin with it, and one fault brings the new one.
pub(crate) const OLDER: &str = "LEDGER_OLDER";

/// Two connectors, two routers, one broker, one record with a standby that every commit waits for, and a Redis with a
/// replica and Sentinels.
pub(crate) struct Cluster {
    pub(crate) connectors: Vec<Router>,
    pub(crate) routers: Vec<Router>,
    pub(crate) postgres: Postgres,
    standby: Option<Postgres>,
    /// What each router takes for the time of day; none without libfaketime.
    clocks: Vec<Clock>,
    _clocks: Vec<Scratch>,
    pub(crate) rabbit: Rabbit,
    pub(crate) redis: Guarded,
    /// Between the processes and broker and record.
    links: [Proxy; 2],
    /// Between the platform and the connectors.
    doors: Vec<Proxy>,
}

impl Cluster {
    /// Starts the servers; the processes have their addresses and nothing else yet.
    pub(crate) async fn reserve(seed: u64) -> Self {
        let (postgres, rabbit, redis) =
            tokio::join!(Postgres::start_on_disk(DISK_MIB), Rabbit::start(), Guarded::start());
        let reserve = |what: &str| (0..2).map(|_| Router::reserve(what)).collect::<Vec<_>>();
        let (mut connectors, mut routers) = (reserve("connector"), reserve("router"));
        if let Ok(older) = std::env::var(OLDER) {
            connectors.iter_mut().chain(&mut routers).for_each(|one| one.run_program(Some(older.clone().into())));
        }
        let scratches: Vec<Scratch> = routers.iter().map(|_| Scratch::new("clock")).collect();
        let clocks: Vec<Clock> = scratches.iter().filter_map(|scratch| Clock::new(scratch.path())).collect();
        for (router, clock) in routers.iter_mut().zip(&clocks) {
            router.set_environment(clock.environment());
        }
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let links = [Proxy::to(local(rabbit.port()), seed).await, Proxy::to(local(postgres.port()), seed).await];
        let mut doors = Vec::new();
        for connector in &connectors {
            doors.push(Proxy::to(connector.addr, seed).await);
        }
        let mut cluster = Self {
            connectors,
            routers,
            postgres,
            standby: None,
            clocks,
            _clocks: scratches,
            rabbit,
            redis,
            links,
            doors,
        };
        cluster.add_standby().await;
        cluster
    }

    /// Why a fault cannot be made on this machine.
    pub(crate) fn cannot(&self, fault: Fault) -> Option<&'static str> {
        match fault {
            Fault::JumpClocks if self.clocks.is_empty() => {
                Some("libfaketime is not installed (./test ledger installs it)")
            }
            Fault::FullRecord if !self.postgres.has_a_disk() => Some("there is no right to mount a small disk"),
            Fault::Upgrade if std::env::var(OLDER).is_err() => Some("LEDGER_OLDER names no older program"),
            _ => None,
        }
    }

    /// A standby of the record, which every commit waits for from now on.
    async fn add_standby(&mut self) {
        self.standby = Some(self.postgres.standby().await);
        self.postgres.run("ALTER SYSTEM SET synchronous_standby_names = '*'").await;
        self.postgres.run("SELECT pg_reload_conf()").await;
    }

    /// The record dies, and its standby takes its place and gets one of its own.
    pub(crate) async fn promote(&mut self) {
        let standby = self.standby.take().expect("there always is one");
        self.links[1].set(Weather { refuse: true, ..Weather::default() });
        self.postgres.kill().await;
        standby.run("SELECT pg_promote()").await;
        self.links[1].lead_to(SocketAddr::from(([127, 0, 0, 1], standby.port())));
        self.postgres = standby;
        self.links[1].set(Weather::default());
        self.add_standby().await;
    }

    /// Sets the time of day of a router, in seconds before or after ours.
    pub(crate) fn set_clock(&self, router: usize, seconds: i64) {
        self.clocks[router].set(seconds);
    }

    /// Starts the processes.
    pub(crate) async fn start(&mut self, installation: &Installation) {
        let [broker, record] = self.links.each_ref().map(|link| link.addr().port().to_string());
        let through = |url: String, port: u16, wire: &str| url.replace(&format!(":{port}/"), &format!(":{wire}/"));
        let servers = format!(
            "[store]\nurl = {:?}\n[broker]\nurl = {:?}\n[live]\nurl = {:?}\n",
            through(self.postgres.url(), self.postgres.port(), &record),
            through(self.rabbit.url(), self.rabbit.port(), &broker),
            self.redis.url(),
        );
        for (routers, role) in [(&mut self.routers, "router"), (&mut self.connectors, "connector")] {
            for router in routers {
                let mut installation = installation.clone();
                installation.extra = format!("{servers}[cluster]\nruns = [{role:?}]\n");
                router.configure(&installation);
                router.start_again().await;
            }
        }
    }

    /// Where the platform posts.
    pub(crate) fn doors(&self) -> Vec<SocketAddr> {
        self.doors.iter().map(Proxy::addr).collect()
    }

    /// The weather on every link to broker and record.
    pub(crate) fn links(&self, weather: Weather) {
        self.links.iter().for_each(|link| link.set(weather));
    }

    /// Ends every connection to broker and record.
    pub(crate) fn end_links(&self, reset: bool) {
        self.links.iter().for_each(if reset { Proxy::reset } else { Proxy::cut });
    }

    /// The weather between the platform and the connectors.
    pub(crate) fn at_the_doors(&self, weather: Weather) {
        self.doors.iter().for_each(|door| door.set(weather));
    }

    /// Shards are spread over routers and nobody else: what falls to a connector is given up for him again and again, and
    /// a worker who is lost has his grace anew each time.
    pub(crate) fn counts_routers_only(&self) {
        let counted = self.redis.master().command("ZRANGE blendline:routers 0 -1");
        let is_counted = |process: &Router| counted.contains(&process.addr.to_string());
        assert!(self.routers.iter().all(is_counted), "a router is not counted: {counted}");
        assert!(!self.connectors.iter().any(is_counted), "a connector is counted as a router: {counted}");
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

    pub(crate) async fn without_an_owner(&self) -> Duration {
        let begin = Instant::now();
        self.owner().await;
        begin.elapsed()
    }

    pub(crate) async fn until_served_by(&self, n: usize) -> Duration {
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
