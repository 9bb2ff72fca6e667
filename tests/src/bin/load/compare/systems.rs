//! Starts the systems, each on fresh servers of its own.

use std::any::Any;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use blendline_tests::config::{GRAPH_TOKEN, Installation, WORKER_KEY, Worker};
use blendline_tests::http;
use blendline_tests::process::{self, Router, Scratch, free_addr};
use blendline_tests::servers::postgres::{self, Postgres};
use blendline_tests::servers::program::{Program, Starting};
use blendline_tests::servers::rabbit::Rabbit;
use blendline_tests::servers::redis::Redis;
use blendline_tests::whatsapp::Number;
use serde_json::{Value, json};

use super::System;
use crate::cpu::Processes;
use crate::servers::Servers;
use crate::spread::Spread;

const WORKERS: usize = 4;
const TASKS_AT_ONCE: u32 = 64;
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How the comparison programs' packages come to be there.
const INSTALL: &str = "run tests/compare/install first";

/// A system under measurement; it ends when this is dropped.
pub(super) struct Running {
    /// Where webhooks are posted, in turn.
    pub(super) doors: Vec<SocketAddr>,
    pub(super) processes: Processes,
    /// Which processes there are, and how many.
    pub(super) about: Value,
    /// What it is made of, in the order in which it ends.
    _parts: Vec<Box<dyn Any>>,
}

impl Running {
    pub(super) fn resident_mb(&self) -> Value {
        self.processes.resident_mb()
    }
}

pub(super) async fn start(system: System, numbers: &[Number], platform: &str) -> Running {
    match system {
        System::Blendline => blendline(numbers, platform, false).await,
        System::Spread => blendline(numbers, platform, true).await,
        System::Celery => celery(numbers, platform).await,
        System::Bullmq => bullmq(numbers, platform, "always").await,
        System::BullmqEverysec => bullmq(numbers, platform, "everysec").await,
    }
}

async fn blendline(numbers: &[Number], platform: &str, spread: bool) -> Running {
    let servers = Servers::start().await;
    let names: Vec<String> = (0..WORKERS).map(|n| format!("hand-{n}")).collect();
    let mut installation = Installation::new(platform);
    installation.numbers = numbers.to_vec();
    installation.workers = names.iter().map(|name| Worker::new(name, &["care"], TASKS_AT_ONCE)).collect();
    installation.log = "error".to_owned();
    let mut processes = Processes::default();
    let (doors, desks, routers): (_, _, Box<dyn Any>) = if spread {
        let spread = Spread::start("compare", &installation, &servers.sections()).await;
        processes.add(spread.processes());
        (spread.doors(), spread.desks(), Box::new(spread))
    } else {
        installation.extra = servers.sections();
        let router = Router::start("compare", &installation).await;
        processes.add([("router", router.pid())]);
        (vec![router.addr], vec![router.addr], Box::new(router))
    };
    // The workers of each router are a process of their own, as they would be elsewhere.
    let staff: Vec<Program> = desks.iter().zip(names.chunks(names.len().div_ceil(desks.len()))).map(hire).collect();
    processes.add(["workers", "more_workers"].into_iter().zip(staff.iter().map(Program::pid)));
    processes.add(servers.processes());
    let about = format!("{} processes, {WORKERS} SDK workers of {TASKS_AT_ONCE} tasks", staff.len());
    Running {
        about: json!({ "routers": desks.len(), "connectors": if spread { doors.len() } else { 0 }, "workers": about }),
        doors,
        processes,
        _parts: vec![Box::new(staff), routers, Box::new(servers)],
    }
}

/// Starts workers of these names at a router.
fn hire((addr, names): (&SocketAddr, &[String])) -> Program {
    let mut staff = Program::new(process::program("staff")).args(["--url", &format!("http://{addr}")]);
    for name in names {
        staff = staff.args(["--worker", name]);
    }
    staff.env("BLENDLINE_KEY", WORKER_KEY).start()
}

/// What every comparison program finds in its environment.
fn settings(numbers: &[Number], platform: &str, database: &Postgres) -> impl Fn(Starting) -> Starting + use<> {
    let secrets: BTreeMap<&str, &str> =
        numbers.iter().map(|number| (number.account.as_str(), number.app_secret.as_str())).collect();
    let secrets = json!(secrets).to_string();
    let (platform, database) = (platform.to_owned(), database.url());
    move |program| {
        let program = program.env("ACCOUNT_SECRETS", &secrets).env("DATABASE_URL", &database);
        program.env("GRAPH_URL", &platform).env("GRAPH_TOKEN", GRAPH_TOKEN)
    }
}

async fn celery(numbers: &[Number], platform: &str) -> Running {
    let Servers { postgres, rabbit } = Servers::start().await;
    make_tables(&postgres).await;
    let (scratch, addr) = (Scratch::new("celery"), free_addr());
    let bin = compare_dir().join("celery/.venv/bin");
    assert!(bin.is_dir(), "{} is not there: {INSTALL}", bin.display());
    let set = settings(numbers, platform, &postgres);
    let python = |program: &str, log: &str, arguments: &[&str]| {
        let starting = Program::new(bin.join(program)).args(arguments).dir(&compare_dir().join("celery"));
        set(starting).env("AMQP_URL", celery_url(&rabbit)).log_to(&scratch.path().join(log)).start()
    };
    let port = addr.port().to_string();
    let uvicorn = ["app:api", "--port", &port, "--no-access-log", "--log-level", "warning"];
    let api = python("uvicorn", "api.log", &uvicorn);
    let worker = |queue: &str| {
        let name = format!("{queue}@%h");
        let quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"];
        let arguments = ["-A", "tasks", "worker", "-Q", queue, "-n", &name, "--pool", "prefork", "--concurrency", "2"];
        python("celery", &format!("{queue}.log"), &[&arguments[..], &quiet[..]].concat())
    };
    let (inbound, outbound) = (worker("inbound"), worker("outbound"));
    let api = until_answers(api, addr).await;
    let mut processes = Processes::default();
    processes.add([("api", api.pid()), ("workers", inbound.pid()), ("senders", outbound.pid())]);
    processes.add([("postgresql", postgres.pid()), ("rabbitmq", rabbit.pid())]);
    Running {
        doors: vec![addr],
        processes,
        about: json!({
            "api": "1 uvicorn", "workers": "1 Celery prefork parent, 2 children",
            "senders": "1 Celery prefork parent, 2 children", "queues": "quorum, each publish confirmed",
        }),
        _parts: vec![Box::new((api, inbound, outbound)), Box::new(scratch), Box::new(Servers { postgres, rabbit })],
    }
}

/// Celery's client knows the default virtual host by a doubled slash only.
fn celery_url(rabbit: &Rabbit) -> String {
    rabbit.url().replace("/%2f", "//")
}

async fn bullmq(numbers: &[Number], platform: &str, appendfsync: &str) -> Running {
    let (postgres, redis) = tokio::join!(Postgres::start(), Redis::start(appendfsync));
    make_tables(&postgres).await;
    let (scratch, addr) = (Scratch::new("bullmq"), free_addr());
    let dir = compare_dir().join("bullmq");
    assert!(dir.join("node_modules").is_dir(), "{}/node_modules is not there: {INSTALL}", dir.display());
    let set = settings(numbers, platform, &postgres);
    let node = |file: &str| {
        let starting = set(Program::new("node").args([file]).dir(&dir)).env("NODE_ENV", "production");
        let starting = starting.env("REDIS_URL", redis.url()).env("PORT", addr.port().to_string());
        starting.log_to(&scratch.path().join(file)).start()
    };
    let (api, worker, sender) = (node("api.mjs"), node("worker.mjs"), node("sender.mjs"));
    let api = until_answers(api, addr).await;
    let mut processes = Processes::default();
    processes.add([("api", api.pid()), ("workers", worker.pid()), ("senders", sender.pid())]);
    processes.add([("postgresql", postgres.pid()), ("redis", redis.pid())]);
    Running {
        doors: vec![addr],
        processes,
        about: json!({
            "api": "1 node", "workers": "1 node, 64 jobs at once", "senders": "1 node, 64 jobs at once",
            "redis": format!("appendonly yes, appendfsync {appendfsync}"),
        }),
        _parts: vec![Box::new((api, worker, sender)), Box::new(scratch), Box::new((postgres, redis))],
    }
}

fn compare_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("compare")
}

async fn make_tables(database: &Postgres) {
    let schema = std::fs::read_to_string(compare_dir().join("schema.sql")).expect("the comparison's tables");
    postgres::run(&database.url(), &schema).await;
}

/// Waits until the program answers anything at all.
async fn until_answers(mut program: Program, addr: SocketAddr) -> Program {
    let begin = Instant::now();
    while http::once(addr, &http::request("GET", "/", &[], b"")).await.is_err() {
        program.assert_running();
        assert!(begin.elapsed() < READY_WITHIN, "it did not answer within {READY_WITHIN:?}:\n{}", program.log());
        // A socket that is not there cannot be subscribed to.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    program
}
