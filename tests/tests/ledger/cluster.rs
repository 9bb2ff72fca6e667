//! An installation of several processes on real servers, every link between them through a wire of ours.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use blendline_tests::config::Installation;
use blendline_tests::http;
use blendline_tests::process::Router;
use blendline_tests::proxy::{Proxy, Weather};
use blendline_tests::servers::postgres::Postgres;
use blendline_tests::servers::rabbit::Rabbit;
use blendline_tests::servers::redis::Guarded;

/// The longest the shard may be without an owner; what was measured is printed.
pub(crate) const SERVED_WITHIN: Duration = Duration::from_secs(60);
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Two connectors, two routers, one broker, one record, and a Redis with a replica and Sentinels.
pub(crate) struct Cluster {
    pub(crate) connectors: Vec<Router>,
    pub(crate) routers: Vec<Router>,
    pub(crate) postgres: Postgres,
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
        let (postgres, rabbit, redis) = tokio::join!(Postgres::start(), Rabbit::start(), Guarded::start());
        let reserve = |what: &str| (0..2).map(|_| Router::reserve(what)).collect::<Vec<_>>();
        let (connectors, routers) = (reserve("connector"), reserve("router"));
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let links = [Proxy::to(local(rabbit.port()), seed).await, Proxy::to(local(postgres.port()), seed).await];
        let mut doors = Vec::new();
        for connector in &connectors {
            doors.push(Proxy::to(connector.addr, seed).await);
        }
        Self { connectors, routers, postgres, rabbit, redis, links, doors }
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
