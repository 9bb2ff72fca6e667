//! Memory when idle, with many waiting tasks, and the time of a restart with them.

use std::time::{Duration, Instant};

use blendline_tests::machine;
use serde_json::{Value, json};

use crate::bench::{Bench, Ground, progress, round};
use crate::post::{Requests, at_once, burst, unnoted};

/// Requests built at once: a million of them would need more memory than what is measured.
const SLICE: usize = 100_000;
const RESTART_WITHIN: Duration = Duration::from_secs(300);

pub(crate) async fn run(ground: Ground, waiting: usize, connections: usize) -> Value {
    let mut bench = Bench::start("memory", ground, "http://127.0.0.1:1", Vec::new()).await;
    // A reading after a second of quiet: what start-up needed for a moment is given back by then.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle = machine::resident(bench.router.pid());
    let mut posted = 0;
    while posted < waiting {
        let count = SLICE.min(waiting - posted);
        let requests = Requests::build(&bench.numbers, posted, count);
        let limit = Duration::from_secs(600);
        let burst = burst(&[bench.router.addr], &requests, connections, limit, at_once, unnoted).await;
        assert_eq!(burst.accepted as usize, count, "every webhook must be accepted");
        posted += count;
        bench.until_waiting(posted as u64).await;
        let resident = machine::resident(bench.router.pid()) / 1_000_000;
        progress(&format!("{posted} tasks wait, {resident} MB resident"));
    }
    let pid = bench.router.pid();
    let (resident, peak) = (machine::resident(pid), machine::resident_peak(pid));
    let on_disk = size(&bench.router.data_dir());
    bench.router.kill().await;
    let begin = Instant::now();
    bench.router.spawn();
    bench.router.ready_within(RESTART_WITHIN).await;
    let ready = begin.elapsed();
    let still = bench.waiting().await;
    let again = machine::resident(bench.router.pid());
    let mb = |bytes: u64| round(bytes as f64 / 1_000_000.0);
    bench.report(json!({
        "idle_resident_mb": mb(idle),
        "waiting_tasks": waiting,
        "resident_mb": mb(resident),
        "resident_peak_mb": mb(peak),
        "resident_bytes_per_task": resident.saturating_sub(idle) / waiting.max(1) as u64,
        "files_mb": mb(on_disk),
        "restart_after_sigkill_seconds": round(ready.as_secs_f64()),
        "waiting_after_restart": still,
        "resident_after_restart_mb": mb(again),
    }))
}

fn size(dir: &std::path::Path) -> u64 {
    let files = std::fs::read_dir(dir).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    files.iter().filter_map(|file| file.metadata().ok()).map(|meta| meta.len()).sum()
}
