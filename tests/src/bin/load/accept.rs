//! A burst of signed webhooks, each durable before its 200, and how long until all of them are tasks.

use std::time::Duration;

use blendline_tests::machine;
use serde_json::{Value, json};

use crate::bench::{Bench, Ground, progress, quantiles_ms, round};
use crate::post::{Requests, at_once, burst, unnoted};

/// More than any machine this ran on takes; a faster one stops early and says so.
const REQUESTS_PER_SECOND_MAX: usize = 25_000;

pub(crate) async fn run(ground: Ground, seconds: u64, connections: usize) -> Value {
    let bench = Bench::start("accept", ground, "http://127.0.0.1:1", Vec::new()).await;
    progress("building and signing requests");
    let requests = Requests::build(&bench.numbers, 0, seconds as usize * REQUESTS_PER_SECOND_MAX);
    let pid = bench.router.pid();
    let (before, tool) = (bench.processes.read(), machine::cpu(std::process::id()));
    progress(&format!("posting for {seconds} s on {connections} connections"));
    let limit = Duration::from_secs(seconds);
    let burst = burst(&[bench.router.addr], &requests, connections, limit, at_once, unnoted).await;
    let in_burst = bench.processes.us_per(burst.accepted, &before);
    let tool_cpu = machine::cpu(std::process::id()) - tool;
    let drained = bench.until_waiting(burst.accepted).await;
    let until_task = bench.processes.us_per(burst.accepted, &before);
    bench.report(json!({
        "accepted": burst.accepted,
        "not_200": burst.refused,
        "burst_seconds": round(burst.took.as_secs_f64()),
        "accepted_per_second": round(burst.accepted as f64 / burst.took.as_secs_f64()),
        "answer_ms": quantiles_ms(burst.answer_us),
        "all_tasks_after_burst_seconds": round(drained.as_secs_f64()),
        "all_tasks_after_start_seconds": round((burst.took + drained).as_secs_f64()),
        "cpu_us_per_webhook_in_burst": in_burst,
        "cpu_us_per_webhook_until_task": until_task,
        "tool_cpu_us_per_webhook": round(tool_cpu.as_micros() as f64 / burst.accepted.max(1) as f64),
        "router_resident_mb": machine::resident(pid) / 1_000_000,
        "connections": connections,
    }))
}
