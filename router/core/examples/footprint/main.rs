//! What workers and waiting tasks take of the core's memory, by what the allocator was asked for, and how long
//! explaining one task takes: prints one JSON object.
//!
//! `cargo run --release -p blendline-core --example footprint -- 10000 500000`
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    missing_docs,
    dead_code,
    unreachable_pub,
    reason = "a measuring program"
)]

#[path = "../decisions/world.rs"]
mod world;

use std::alloc::System;

use blendline_core::rows::TaskState;
use blendline_wire::{Millis, TaskId};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use world::{Shape, World};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that were asked for and not given back.
fn held() -> usize {
    let stats = COUNTED.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse().expect("a number"));
    let workers = numbers.next().unwrap_or(10_000);
    let waiting = numbers.next().unwrap_or(500_000);
    let mut world = World::new(Shape { workers, waiting, slots: 1, idle: 0, rare: false });
    let before = held();
    world.staff();
    let staffed = held();
    world.fill();
    let filled = held();
    let own = world.own_bytes();
    let rows = world.core.snapshot();
    let began = std::time::Instant::now();
    let loaded = blendline_core::Scheduler::load(0, rows).expect("the rows are a state");
    let load_ms = began.elapsed().as_millis();
    let waits: Vec<TaskId> =
        loaded.tasks().filter(|task| task.state == TaskState::Waiting).map(|task| task.id).collect();
    let began = std::time::Instant::now();
    let explained =
        waits.iter().rev().step_by(waits.len() / 20).map(|task| loaded.explain(Millis(u64::MAX / 2), *task));
    let count = explained.filter(Option::is_some).count();
    println!(
        "{{\"workers\":{workers},\"waiting\":{waiting},\"bytes_per_worker\":{},\"bytes_per_task\":{},\"load_ms\":{load_ms},\
         \"explain_us\":{}}}",
        (staffed - before) / workers as usize,
        // Those who hold a task have theirs as well.
        (filled - staffed - own) / (waiting + workers) as usize,
        began.elapsed().as_micros() / count as u128,
    );
}
