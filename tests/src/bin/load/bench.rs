//! What every scenario shares: an installation, the machine's figures, the report.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use blendline_tests::api::Api;
use blendline_tests::config::{Installation, Worker};
use blendline_tests::machine;
use blendline_tests::process::Router;
use blendline_tests::whatsapp::Number;
use serde_json::{Value, json};

use crate::cpu::Processes;
use crate::servers::Servers;
use crate::spread::Spread;

/// Accounts over which the load is spread, as a company of this size would have.
pub(crate) const NUMBERS: usize = 8;

/// A running router under measurement.
pub(crate) struct Bench {
    pub(crate) router: Router,
    pub(crate) api: Api,
    pub(crate) numbers: Vec<Number>,
    /// Where webhooks are posted, and where workers connect.
    pub(crate) doors: Vec<SocketAddr>,
    pub(crate) desks: Vec<SocketAddr>,
    /// The router's and, where it stands on servers, theirs.
    pub(crate) processes: Processes,
    scenario: &'static str,
    fdatasync_us: u64,
    begun: Instant,
    /// Another router and the connectors, where the load is spread.
    others: Vec<Router>,
    servers: Option<Servers>,
}

/// What an installation under measurement stands on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ground {
    /// SQLite files of its own.
    Files,
    /// A private PostgreSQL and a private RabbitMQ.
    Servers,
    /// The same, with two connectors and two routers.
    Spread,
}

impl Bench {
    /// Starts a router whose replies go to `graph_url`.
    pub(crate) async fn start(scenario: &'static str, ground: Ground, graph_url: &str, workers: Vec<Worker>) -> Self {
        let servers = match ground {
            Ground::Files => None,
            Ground::Servers | Ground::Spread => Some(Servers::start().await),
        };
        let mut installation = installation(graph_url, workers);
        installation.extra = servers.as_ref().map(Servers::sections).unwrap_or_default();
        let mut processes = Processes::default();
        let (router, others, doors, desks) = if ground == Ground::Spread {
            let spread = Spread::start(scenario, &installation, &installation.extra).await;
            processes.add(spread.processes());
            let (doors, desks) = (spread.doors(), spread.desks());
            let (router, others) = spread.parted();
            (router, others, doors, desks)
        } else {
            let router = Router::start(scenario, &installation).await;
            processes.add([("router", router.pid())]);
            let addr = vec![router.addr];
            (router, Vec::new(), addr.clone(), addr)
        };
        processes.add(servers.as_ref().map(Servers::processes).into_iter().flatten());
        let fdatasync_us = machine::fdatasync_us(&std::env::temp_dir());
        progress(&format!("{scenario}: the router runs as {}, fdatasync {fdatasync_us} µs", router.pid()));
        let api = Api::admin(router.addr);
        let numbers = installation.numbers;
        Self {
            router,
            api,
            numbers,
            doors,
            desks,
            processes,
            scenario,
            fdatasync_us,
            begun: Instant::now(),
            others,
            servers,
        }
    }

    /// Tasks that wait in the queue now.
    pub(crate) async fn waiting(&self) -> u64 {
        waiting(&self.api).await
    }

    /// Waits until `count` tasks wait, and gives the time it took.
    pub(crate) async fn until_waiting(&self, count: u64) -> Duration {
        until_waiting(&self.api, count).await
    }

    /// The report: the figures beside what the machine is.
    pub(crate) fn report(&self, figures: Value) -> Value {
        let mut report = with_machine(self.scenario, figures);
        report["seconds"] = round(self.begun.elapsed().as_secs_f64()).into();
        report["fdatasync_us"] = self.fdatasync_us.into();
        report["routers_and_connectors"] = (1 + self.others.len()).into();
        report["ground"] = if self.servers.is_some() { "postgresql, rabbitmq" } else { "sqlite" }.into();
        report
    }
}

/// Figures beside what the machine is.
pub(crate) fn with_machine(scenario: &str, figures: Value) -> Value {
    json!({
        "scenario": scenario,
        "cores": machine::cores(),
        "fdatasync_us": machine::fdatasync_us(&std::env::temp_dir()),
        "profile": profile(),
        "commit": commit(),
        "figures": figures,
    })
}

/// Tasks that wait in the queue now.
pub(crate) async fn waiting(api: &Api) -> u64 {
    let queue = api.get("/v1/queues/care").await.map(|reply| reply.json()).unwrap_or_default();
    queue["waiting"].as_u64().unwrap_or_else(|| panic!("a queue says how many tasks wait: {queue}"))
}

/// Waits until `count` tasks wait, and gives the time it took.
pub(crate) async fn until_waiting(api: &Api, count: u64) -> Duration {
    let begin = Instant::now();
    let mut told = Instant::now();
    loop {
        let waiting = waiting(api).await;
        if waiting >= count {
            return begin.elapsed();
        }
        if told.elapsed() > Duration::from_secs(5) {
            told = Instant::now();
            progress(&format!("{waiting} of {count} are tasks"));
        }
        assert!(begin.elapsed() < Duration::from_secs(900), "{waiting} of {count} became tasks within 15 minutes");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// One tenant with [`NUMBERS`] numbers, one queue and these workers.
pub(crate) fn installation(graph_url: &str, workers: Vec<Worker>) -> Installation {
    let mut installation = Installation::new(graph_url);
    installation.numbers = (0..NUMBERS).map(Number::test).collect();
    installation.workers = workers;
    installation.log = "error".to_owned();
    installation
}

/// A line for whoever waits.
pub(crate) fn progress(text: &str) {
    eprintln!("{text}");
}

/// Two places are all that such figures bear.
pub(crate) fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Microseconds as milliseconds.
pub(crate) fn ms(us: u64) -> f64 {
    round(us as f64 / 1000.0)
}

/// p50, p99, p99.9 and the longest of times in microseconds, as milliseconds.
pub(crate) fn quantiles_ms(mut times_us: Vec<u64>) -> Value {
    times_us.sort_unstable();
    let at = |permille| ms(machine::quantile(&times_us, permille));
    json!({ "p50": at(500), "p99": at(990), "p99_9": at(999), "max": at(1000), "count": times_us.len() })
}

/// The profile is the name of the directory that the build put us in.
fn profile() -> String {
    let me = std::env::current_exe().unwrap_or_default();
    let dir = me.parent().and_then(Path::file_name).unwrap_or_default();
    dir.to_string_lossy().into_owned()
}

fn commit() -> String {
    let run = Command::new("git").args(["-C", env!("CARGO_MANIFEST_DIR"), "rev-parse", "--short=12", "HEAD"]).output();
    run.map_or_else(|_| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
