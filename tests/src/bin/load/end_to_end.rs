//! Accepted, assigned, answered, completed: the whole way, with the replies at a platform in a process of its own.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use blendline_tests::config::{GRAPH_TOKEN, Worker};
use blendline_tests::http;
use blendline_tests::machine;
use blendline_tests::process::{free_addr, program};
use serde_json::{Value, json};

use crate::bench::{Bench, Ground, progress, quantiles_ms, round};
use crate::hands::{self, Times};
use crate::post::{Requests, burst, unnoted};

const WORKERS: usize = 4;
const TASKS_AT_ONCE: u32 = 64;
/// Open tasks beyond which senders wait: a queue that only grows would measure nothing but its growth.
const OPEN_MAX: u64 = 1_000;
const REQUESTS_PER_SECOND_MAX: usize = 8_000;

pub(crate) async fn run(seconds: u64, rate: u64, connections: usize) -> Value {
    let graph_addr = free_addr();
    let mut graph = tokio::process::Command::new(program("fake-graph"))
        .args(["--quiet", "--token", GRAPH_TOKEN, "--listen", &graph_addr.to_string()])
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the fake platform can be started");
    let graph_pid = graph.id().expect("a running platform");
    let names: Vec<String> = (0..WORKERS).map(|n| format!("hand-{n}")).collect();
    let staff = names.iter().map(|name| Worker::new(name, &["care"], TASKS_AT_ONCE)).collect();
    let bench = Bench::start("end-to-end", Ground::Files, &format!("http://{graph_addr}"), staff).await;
    progress("building and signing requests");
    let per_second = if rate == 0 { REQUESTS_PER_SECOND_MAX } else { rate as usize };
    let requests = Requests::build(&bench.numbers, 0, seconds as usize * per_second);
    let times = Times::new(requests.len());
    for name in names {
        tokio::spawn(hands::work(bench.router.addr, name, Arc::clone(&times)));
    }
    let pid = bench.router.pid();
    let cpu = || (machine::cpu(pid), machine::cpu(graph_pid), machine::cpu(std::process::id()));
    let before = cpu();
    let begin = Instant::now();
    progress(&format!("the whole way for {seconds} s"));
    let noted = Arc::clone(&times);
    let gate = move |index: usize| hold(Arc::clone(&noted), index, rate, begin);
    let posted = burst(&[bench.router.addr], &requests, connections, Duration::from_secs(seconds), gate, unnoted).await;
    let in_time = times.done.load(Ordering::Relaxed);
    until_done(&times, posted.accepted).await;
    let all_completed = begin.elapsed();
    let replies = until_sent(graph_addr, posted.accepted).await;
    let all_sent = begin.elapsed();
    let after = cpu();
    let per = |cpu: Duration| round(cpu.as_micros() as f64 / posted.accepted.max(1) as f64);
    let report = bench.report(json!({
        "accepted": posted.accepted,
        "not_200": posted.refused,
        "completed_in_time": in_time,
        "tasks_per_second": round(in_time as f64 / posted.took.as_secs_f64()),
        "tasks_per_second_until_all_completed": round(posted.accepted as f64 / all_completed.as_secs_f64()),
        "all_replies_sent_seconds": round(all_sent.as_secs_f64()),
        "replies_at_the_platform": replies["messages"],
        "replies_sent_twice": replies["sent_twice"],
        "answer_ms": quantiles_ms(posted.answer_us),
        "sent_to_assigned_ms": quantiles_ms(Times::between(&times.sent, &times.assigned)),
        "assigned_to_completed_ms": quantiles_ms(Times::between(&times.assigned, &times.completed)),
        "router_cpu_us_per_task": per(after.0 - before.0),
        "platform_cpu_us_per_task": per(after.1 - before.1),
        "all_but_tool_cpu_us_per_task": per(after.0 - before.0 + after.1 - before.1),
        "tool_cpu_us_per_task": per(after.2 - before.2),
        "router_resident_mb": machine::resident(pid) / 1_000_000,
        "rate": rate,
        "workers": WORKERS,
        "tasks_at_once_each": TASKS_AT_ONCE,
        "open_at_most": OPEN_MAX,
    }));
    let _ = graph.kill().await;
    report
}

/// Holds a sender back until its time has come, and while too much is open.
async fn hold(times: Arc<Times>, index: usize, rate: u64, begin: Instant) {
    if let Some(after_us) = (index as u64 * 1_000_000).checked_div(rate) {
        tokio::time::sleep_until((begin + Duration::from_micros(after_us)).into()).await;
    } else {
        loop {
            let changed = times.changed.notified();
            if (index as u64) < times.done.load(Ordering::Relaxed) + OPEN_MAX {
                break;
            }
            changed.await;
        }
    }
    times.note(&times.sent[index]);
}

async fn until_done(times: &Times, count: u64) {
    let all = async {
        loop {
            let changed = times.changed.notified();
            if times.done.load(Ordering::Relaxed) >= count {
                return;
            }
            changed.await;
        }
    };
    let within = Duration::from_secs(120);
    let done = || times.done.load(Ordering::Relaxed);
    assert!(tokio::time::timeout(within, all).await.is_ok(), "{} of {count} tasks were completed", done());
}

async fn until_sent(graph: std::net::SocketAddr, count: u64) -> Value {
    let begin = Instant::now();
    loop {
        let seen = http::once(graph, &http::request("GET", "/_calls", &[], b"")).await.expect("the platform answers");
        let seen = seen.json();
        if seen["messages"].as_u64().unwrap_or(0) >= count {
            return seen;
        }
        if begin.elapsed() > Duration::from_secs(120) {
            progress(&format!("the platform saw {} of {count} replies", seen["messages"]));
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
