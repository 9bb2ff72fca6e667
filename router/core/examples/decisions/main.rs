//! How many decisions the core makes in a second of one processor: prints one JSON object.
//!
//! `cargo run --release -p blendline-core --example decisions -- mixed large rare saturated idle`
//!
//! A decision is one task newly bound to a worker through `step`, with its effects and writes produced; it is counted
//! from the effects. The time is the processor's, of this thread: what settles a task, what binds the next one, what
//! takes in one more so that the world stays as it is, and what this program does itself. Five rounds, and their median.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a measuring program"
)]

mod world;

use cpu_time::ThreadTime;
use world::{Shape, World};

const ROUNDS: usize = 5;

fn main() {
    let mut worlds: Vec<String> = std::env::args().skip(1).collect();
    if worlds.is_empty() {
        worlds.extend(["mixed", "rare", "saturated", "idle"].map(str::to_owned));
    }
    let results: Vec<String> = worlds.iter().map(|name| format!("{name:?}:{}", measured(name))).collect();
    println!("{{{}}}", results.join(","));
}

fn shape(name: &str) -> Shape {
    let shape = Shape { workers: 10_000, waiting: 500_000, slots: 3, idle: 0, rare: false };
    match name {
        "mixed" => shape,
        "large" => Shape { workers: 100_000, waiting: 5_000_000, ..shape },
        "rare" => Shape { idle: 50, rare: true, ..shape },
        "saturated" => Shape { slots: 1, ..shape },
        "idle" => Shape { waiting: 0, idle: 80, ..shape },
        "small" => Shape { workers: 1_000, waiting: 50_000, ..shape },
        _ => panic!("no world {name}: there are mixed, large, rare, saturated, idle, small"),
    }
}

fn measured(name: &str) -> String {
    let shape = shape(name);
    let began = ThreadTime::now();
    let mut world = World::new(shape);
    world.staff();
    world.fill();
    let built_ms = began.elapsed().as_millis();
    let turns: u64 = std::env::var("TURNS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    (0..turns / 10).for_each(|_| world.turn());
    let (bound, writes) = (world.bound, world.writes);
    let mut rates: Vec<u64> = (0..ROUNDS).map(|_| round(&mut world, turns)).collect();
    rates.sort_unstable();
    let decisions = world.bound - bound;
    format!(
        "{{\"workers\":{},\"waiting\":{},\"built_ms\":{built_ms},\"turns\":{},\"decisions\":{decisions},\
         \"writes_per_decision\":{:.2},\"decisions_per_cpu_second\":{},\"lowest\":{},\"highest\":{}}}",
        shape.workers,
        shape.waiting,
        turns * ROUNDS as u64,
        (world.writes - writes) as f64 / decisions as f64,
        rates[ROUNDS / 2],
        rates[0],
        rates[ROUNDS - 1],
    )
}

/// Decisions in a processor second.
fn round(world: &mut World, turns: u64) -> u64 {
    let bound = world.bound;
    let began = ThreadTime::now();
    (0..turns).for_each(|_| world.turn());
    let spent = began.elapsed().as_secs_f64();
    ((world.bound - bound) as f64 / spent) as u64
}
