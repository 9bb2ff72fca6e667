//! What the machine says: processor time and memory of a process, and how long its disk takes to be sure.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Kernel ticks per second as `/proc` counts them: `USER_HZ`, 100 on every Linux we run on (proc(5)).
const TICKS_PER_SECOND: u64 = 100;

/// Processor time (user and system) that a process has used so far; zero when it is gone.
pub fn cpu(pid: u32) -> Duration {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return Duration::ZERO };
    // The name in parentheses may hold spaces; the numbers begin after the last one. Fields 14 and 15 of proc(5).
    let numbers: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| numbers.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis((ticks(11) + ticks(12)) * 1000 / TICKS_PER_SECOND)
}

/// Processor time of a process and of all that descend from it, ended ones included as far as they were waited for.
pub fn cpu_of_tree(pid: u32) -> Duration {
    // (parent, ticks of its own and of children it waited for) by process: fields 4 and 14 to 17 of proc(5).
    let read = |pid: u32| -> Option<(u32, u64)> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        let ticks = fields.get(11..15)?.iter().filter_map(|text| text.parse::<u64>().ok()).sum();
        Some((fields.get(1)?.parse().ok()?, ticks))
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let all: HashMap<u32, (u32, u64)> = pids.filter_map(|pid| Some((pid, read(pid)?))).collect();
    let belongs = |mut child: u32| {
        while child != pid {
            match all.get(&child) {
                Some((parent, _)) => child = *parent,
                None => return false,
            }
        }
        true
    };
    let ticks: u64 = all.iter().filter(|(child, _)| belongs(**child)).map(|(_, (_, ticks))| ticks).sum();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// Resident memory of a process in bytes; zero when it is gone.
pub fn resident(pid: u32) -> u64 {
    status_kib(pid, "VmRSS:") * 1024
}

/// The most resident memory the process ever had, in bytes.
pub fn resident_peak(pid: u32) -> u64 {
    status_kib(pid, "VmHWM:") * 1024
}

fn status_kib(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// How many files this process may have open; 1024 where the kernel does not say.
pub fn files_max() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|soft| soft.parse().ok()).unwrap_or(1024)
}

/// Lets this process, and what it starts, have as many files open as the system allows it: how many that is.
pub fn raise_files_max() -> usize {
    let hard = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let hard = hard.lines().find_map(|line| line.strip_prefix("Max open files"));
    if let Some(hard) = hard.and_then(|rest| rest.split_whitespace().nth(1)) {
        // `prlimit` of util-linux, which every Debian has: the standard library sets no limits.
        let (own, limit) = (std::process::id().to_string(), format!("--nofile={hard}:"));
        let raised = Command::new("prlimit").args(["--pid", &own, &limit]).status();
        if !raised.is_ok_and(|status| status.success()) {
            eprintln!("the limit of open files stays as it is: there is no prlimit");
        }
    }
    files_max()
}

/// How many processors this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The median time, in microseconds, to append 4 KiB to a file in `dir` and have it on the disk (200 tries).
pub fn fdatasync_us(dir: &Path) -> u64 {
    let path = dir.join("fdatasync.probe");
    let mut file = fs::File::create(&path).expect("a file for the disk probe");
    let mut times: Vec<u64> = (0..200)
        .map(|_| {
            let begin = Instant::now();
            file.write_all(&[0x5a; 4096]).expect("an append to the disk probe");
            file.sync_data().expect("fdatasync of the disk probe");
            begin.elapsed().as_micros() as u64
        })
        .collect();
    let _ = fs::remove_file(path);
    times.sort_unstable();
    times[times.len() / 2]
}

/// The value at `permille` of a thousand of `sorted`; zero when there is none.
pub fn quantile(sorted: &[u64], permille: usize) -> u64 {
    let rank = (sorted.len() * permille).div_ceil(1000).max(1) - 1;
    sorted.get(rank.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}

/// Unix time in milliseconds.
pub fn unix_ms() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as u64)
}

/// Unix time in microseconds.
pub fn unix_us() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_micros() as u64)
}
