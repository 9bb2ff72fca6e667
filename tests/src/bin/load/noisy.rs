//! One tenant at many times its load, and what the other one notices: the program's own limits, on one shard.
//!
//! The router has cores of its own, and this tool the last one, in both parts. On it the loud tenant's posts come from a
//! process of their own at the lowest priority, so that what the calm one waits for is the router, not us.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use blendline_tests::config::Worker;
use blendline_tests::machine;
use blendline_tests::process::Router;
use blendline_tests::whatsapp::Number;
use serde_json::{Value, json};

use crate::bench::{NUMBERS, installation, progress, quantiles_ms, round, with_machine};
use crate::hands::Times;
use crate::latency::{all_in_hand, post_on_time, start};
use crate::loud::{self, Loud};
use crate::post::Requests;

const WORKERS: usize = 4;
/// How many times the calm tenant's load the loud one makes.
const TIMES: u64 = 50;
/// The first seconds fill caches and connections; they are not counted.
const WARM_UP: u64 = 3;

/// The calm tenant by itself and then beside the loud one, `seconds` each, at `rate` webhooks a second.
pub(crate) async fn run(seconds: u64, rate: u64) -> Value {
    let names: Vec<String> = (0..WORKERS).map(|n| format!("sdk-{n}")).collect();
    let staff = names.iter().map(|name| Worker::new(name, &["care"], 64)).collect();
    let mut installation = installation("http://127.0.0.1:1", staff);
    installation.webhooks_per_second = None;
    let number = Number::test(NUMBERS);
    installation.others = vec![("loud".to_owned(), number.clone())];
    let each = ((WARM_UP + seconds) * rate) as usize;
    progress("building and signing requests");
    let calm = [0, 1].map(|turn| Requests::build(&installation.numbers, turn * each, each));
    let cores = Cores::of_this_machine();
    // A program that is started has the cores of whoever starts it.
    cores.give(&cores.router);
    let router = Router::start("noisy", &installation).await;
    cores.give(&cores.tools);
    let times = Times::new(2 * each);
    let staff = start(&[router.addr], names, &times);

    progress(&format!("{rate}/s for {seconds} s by itself"));
    let alone = part(&router, &calm[0], 0, &times, rate).await;
    let mut loud = Loud::start(router.addr, &loud::Plan { seconds: WARM_UP + seconds, rate: rate * TIMES }).await;
    progress(&format!("{rate}/s for {seconds} s beside a tenant with {}/s", rate * TIMES));
    loud.begin().await;
    let beside = part(&router, &calm[1], each, &times, rate).await;
    let told = loud.end().await;
    drop(staff);
    cores.give(&cores.all);
    let p99 = |part: &Value| part["intended_send_to_hand_ms"]["p99"].as_f64().unwrap_or_default();
    let figures = json!({
        "rate": rate,
        "loud_rate": rate * TIMES,
        "loud": told,
        "alone": alone,
        "beside": beside,
        "p99_beside_to_alone": round(p99(&beside) / p99(&alone)),
        "router_cores": cores.router,
        "tool_cores": cores.tools,
        "router_resident_mb": machine::resident(router.pid()) / 1_000_000,
    });
    with_machine("noisy", figures)
}

/// Posts `requests`, whose texts have the numbers from `first` on, at a steady rate.
async fn part(router: &Router, requests: &Arc<Requests>, first: usize, times: &Arc<Times>, rate: u64) -> Value {
    let (begin, before) = (Instant::now(), machine::cpu(router.pid()));
    let posted = post_on_time(&[router.addr], requests, first, times, rate).await;
    let used = (machine::cpu(router.pid()).saturating_sub(before)).as_secs_f64() / begin.elapsed().as_secs_f64();
    let end = first + requests.len();
    let whole = all_in_hand(times, end).await;
    let begins = first + (WARM_UP * rate) as usize;
    let early = Times::between(&times.sent[first..begins], &times.assigned[first..begins]);
    let counted = begins..end;
    let (sent, accepted) = (&times.sent[counted.clone()], &times.accepted[counted.clone()]);
    let hand = &times.assigned[counted];
    json!({
        "not_200": posted.refused,
        "all_arrived": whole,
        "intended_send_to_hand_ms": quantiles_ms(Times::between(sent, hand)),
        "intended_send_to_accepted_ms": quantiles_ms(Times::between(sent, accepted)),
        "accepted_to_hand_ms": quantiles_ms(Times::between(accepted, hand)),
        "first_seconds_ms": quantiles_ms(early),
        "left_late_ms": quantiles_ms(posted.late_us),
        "router_cpu_cores": round(used),
    })
}

/// Who has which cores, as `taskset` names them.
struct Cores {
    router: String,
    tools: String,
    all: String,
}

impl Cores {
    /// The last one is the tool's; where there is one alone, all share it.
    fn of_this_machine() -> Self {
        match machine::cores() {
            0 | 1 => Self { router: "0".to_owned(), tools: "0".to_owned(), all: "0".to_owned() },
            cores => Self {
                router: format!("0-{}", cores - 2),
                tools: (cores - 1).to_string(),
                all: format!("0-{}", cores - 1),
            },
        }
    }

    /// Moves this process, and what it starts from now on, to these cores.
    fn give(&self, cores: &str) {
        let own = std::process::id().to_string();
        let moved = Command::new("taskset").args(["-a", "-p", "-c", cores, &own]).stdout(Stdio::null()).status();
        assert!(moved.expect("taskset of util-linux is here").success(), "the cores {cores} could not be had");
    }
}
