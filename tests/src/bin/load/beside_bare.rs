//! The router's intake beside a handler that does the least: short bursts in turn, on the same servers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use blendline_tests::api::Api;
use blendline_tests::http;
use blendline_tests::process::{Router, free_addr, program};
use blendline_tests::servers::program::Program;
use blendline_tests::whatsapp::Number;
use serde_json::{Value, json};

use crate::bench::{installation, progress, quantiles_ms, round, until_waiting, with_machine};
use crate::cpu::Processes;
use crate::post::{Requests, at_once, burst, unnoted};
use crate::servers::Servers;

/// Bursts of each, in turn, after one of each that is not counted.
const ROUNDS: usize = 4;
const REQUESTS_PER_SECOND_MAX: u64 = 25_000;
const READY_WITHIN: Duration = Duration::from_secs(20);

/// The connector alone (what waits is taken by nobody, as the bare handler's), then connector and router in one
/// process, which makes tasks of it meanwhile.
pub(crate) async fn run(seconds: u64, connections: usize) -> Value {
    let alone = side_by_side(&["connector"], seconds, connections).await;
    let whole = side_by_side(&["connector", "router"], seconds, connections).await;
    with_machine("accept-beside-bare", json!({ "connector": alone, "connector_and_router": whole }))
}

async fn side_by_side(roles: &[&str], seconds: u64, connections: usize) -> Value {
    progress(&format!("{roles:?} beside the bare handler, {ROUNDS} bursts of {seconds} s each"));
    let servers = Servers::start().await;
    let mut installation = installation("http://127.0.0.1:1", Vec::new());
    installation.extra = format!("{}\n[cluster]\nruns = {roles:?}\n", servers.sections());
    let router = Router::start("accept", &installation).await;
    let bare = Bare::start(&servers, &installation.numbers).await;
    let tasks = roles.contains(&"router").then(|| Api::admin(router.addr));
    let mut ours = Processes::default();
    ours.add([("router", router.pid())]);
    ours.add(servers.processes());
    let mut theirs = Processes::default();
    theirs.add([("bare", bare.program.pid())]);
    theirs.add(servers.processes());
    let (mut next, mut accepted) = (0, 0);
    let (mut rates, mut bare_rates, mut cpu, mut bare_cpu, mut answers) = (vec![], vec![], vec![], vec![], vec![]);
    for n in 0..=ROUNDS {
        let count = if n == 0 { REQUESTS_PER_SECOND_MAX } else { seconds * REQUESTS_PER_SECOND_MAX } as usize;
        let length = Duration::from_secs(if n == 0 { 1 } else { seconds });
        let requests = Requests::build(&installation.numbers, next, count);
        next += count;
        for (addr, processes, rates, cpu) in
            [(router.addr, &ours, &mut rates, &mut cpu), (bare.addr, &theirs, &mut bare_rates, &mut bare_cpu)]
        {
            let before = processes.read();
            let burst = burst(&[addr], &requests, connections, length, at_once, unnoted).await;
            assert_eq!(burst.refused, 0, "every webhook must be accepted");
            if n > 0 {
                rates.push(burst.accepted as f64 / burst.took.as_secs_f64());
                cpu.push(processes.us_per(burst.accepted, &before));
            }
            if addr == router.addr {
                accepted += burst.accepted;
                answers.extend(burst.answer_us);
                // What the burst left is not to run beside the other's.
                if let Some(api) = &tasks {
                    until_waiting(api, accepted).await;
                }
            }
        }
    }
    let ratios: Vec<f64> = rates.iter().zip(&bare_rates).map(|(ours, bare)| round(ours / bare)).collect();
    let rounded = |rates: &[f64]| rates.iter().map(|rate| rate.round()).collect::<Vec<_>>();
    json!({
        "accepted_per_second": rounded(&rates),
        "bare_accepted_per_second": rounded(&bare_rates),
        "ratios": ratios,
        "median_ratio": median(ratios.clone()),
        "answer_ms": quantiles_ms(answers),
        "cpu_us_per_webhook": cpu,
        "bare_cpu_us_per_webhook": bare_cpu,
        "connections": connections,
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) { round((values[middle - 1] + values[middle]) / 2.0) } else { values[middle] }
}

/// The bare handler as a process.
struct Bare {
    program: Program,
    addr: SocketAddr,
}

impl Bare {
    async fn start(servers: &Servers, numbers: &[Number]) -> Self {
        let addr = free_addr();
        let secrets: BTreeMap<_, _> = numbers.iter().map(|number| (&number.account, &number.app_secret)).collect();
        let arguments = ["--listen", &addr.to_string(), "--broker", &servers.rabbit.url()];
        let starting = Program::new(program("bare")).args(arguments);
        let mut program = starting.env("ACCOUNT_SECRETS", json!(secrets).to_string()).start();
        let begin = Instant::now();
        while http::once(addr, &http::request("GET", "/", &[], b"")).await.is_err() {
            program.assert_running();
            assert!(begin.elapsed() < READY_WITHIN, "the bare handler did not answer");
            // A socket that is not there cannot be subscribed to.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Self { program, addr }
    }
}
