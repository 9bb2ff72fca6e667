//! How many decisions the core makes in a second of one processor: prints one JSON object.
//!
//! `cargo run --release -p blendline-core --example decisions -- mixed large rare saturated idle opening`
//!
//! A decision is one task newly bound to a worker through `step`, with its effects and writes produced; it is counted
//! from the effects. The time is the processor's, of this thread, with what this program itself does. Tasks are done in
//! turn, and as many of the same kinds come, so the world stays as it is. Decisions are counted over the steps that
//! make them: verdicts, or arrivals where workers are idle; and once more over everything, intake included. In `opening`
//! the workers of a shift come while all that waits is there, and nothing but decisions is made; when it ends, what they
//! have is done and nobody takes anything new, and nothing but verdicts is made. Five rounds, and their median.
//!
//! Memory is kept in large pages, as the router's unit, compose file and manifests have it, unless the environment has a
//! `GLIBC_TUNABLES` of its own: an empty one keeps it in small ones.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs,
    dead_code,
    unreachable_pub,
    reason = "a measuring program"
)]

mod world;

use cpu_time::ThreadTime;
use world::{Shape, World};

const ROUNDS: usize = 5;
/// How many verdicts, and then arrivals, are timed together.
const BATCH: usize = 250;

/// What keeps memory in large pages, where the system lets it.
const LARGE_PAGES: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");

fn main() {
    in_large_pages();
    let mut worlds: Vec<String> = std::env::args().skip(1).collect();
    if worlds.is_empty() {
        worlds.extend(["mixed", "rare", "saturated", "idle"].map(str::to_owned));
    }
    let results: Vec<String> = worlds.iter().map(|name| format!("{name:?}:{}", measured(name))).collect();
    println!("{{{}}}", results.join(","));
}

/// Starts anew with what [`LARGE_PAGES`] says: it is read before a program begins.
fn in_large_pages() {
    #[cfg(target_os = "linux")]
    if std::env::var_os(LARGE_PAGES.0).is_none() {
        let program = std::env::current_exe().expect("this program");
        let mut again = std::process::Command::new(program);
        again.args(std::env::args_os().skip(1)).env(LARGE_PAGES.0, LARGE_PAGES.1);
        panic!("{}", std::os::unix::process::CommandExt::exec(&mut again));
    }
}

fn shape(name: &str) -> Shape {
    let shape = Shape { workers: 10_000, waiting: 500_000, slots: 3, idle: 0, rare: false };
    match name {
        "mixed" | "opening" => shape,
        "large" => Shape { workers: 100_000, waiting: 5_000_000, ..shape },
        "rare" => Shape { idle: 50, rare: true, ..shape },
        "saturated" => Shape { slots: 1, ..shape },
        "idle" => Shape { waiting: 0, idle: 80, ..shape },
        "small" => Shape { workers: 1_000, waiting: 50_000, ..shape },
        _ => panic!("no world {name}: there are mixed, large, rare, saturated, idle, opening, small"),
    }
}

fn measured(name: &str) -> String {
    let shape = shape(name);
    let large_pages = std::env::var(LARGE_PAGES.0).is_ok_and(|tunables| tunables.contains(LARGE_PAGES.1));
    let began = ThreadTime::now();
    let mut world = World::new(shape);
    world.staff();
    world.fill();
    let built_ms = began.elapsed().as_millis();
    let turns: usize = std::env::var("TURNS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let round = if name == "opening" { shifts } else { round };
    round(&mut world, turns / 10);
    world.met.fill(false);
    let rounds: Vec<Round> = (0..ROUNDS).map(|_| round(&mut world, turns)).collect();
    let (decisions, writes) = rounds
        .iter()
        .fold((0, 0), |(bound, writes), round| (bound + round.bound[0] + round.bound[1], writes + round.writes));
    format!(
        "{{\"workers\":{},\"waiting\":{},\"large_pages\":{large_pages},\"built_ms\":{built_ms},\"decisions\":{decisions},\
         \"workers_met\":{},\"writes_per_decision\":{:.2},\"decisions_per_cpu_second\":{},\"lowest\":{},\"highest\":{},\
         \"with_intake_per_cpu_second\":{},\"verdicts_alone_per_cpu_second\":{}}}",
        shape.workers,
        shape.waiting,
        world.met.iter().filter(|met| **met).count(),
        writes as f64 / decisions as f64,
        nth(&rounds, ROUNDS / 2, Round::rate),
        nth(&rounds, 0, Round::rate),
        nth(&rounds, ROUNDS - 1, Round::rate),
        nth(&rounds, ROUNDS / 2, Round::rate_of_all),
        if rounds[0].verdicts == 0 {
            "null".into()
        } else {
            nth(&rounds, ROUNDS / 2, Round::rate_of_verdicts).to_string()
        },
    )
}

fn nth(rounds: &[Round], place: usize, rate: impl Fn(&Round) -> u64) -> u64 {
    let mut rates: Vec<u64> = rounds.iter().map(rate).collect();
    rates.sort_unstable();
    rates[place]
}

/// Decisions and processor seconds, of verdicts and of arrivals.
#[derive(Default)]
struct Round {
    bound: [u64; 2],
    spent: [f64; 2],
    writes: u64,
    /// Verdicts after which nobody takes anything.
    verdicts: u64,
    verdict_seconds: f64,
}

impl Round {
    /// Decisions in a second of the steps that make most of them.
    fn rate(&self) -> u64 {
        let steps = usize::from(self.bound[1] > self.bound[0]);
        (self.bound[steps] as f64 / self.spent[steps]) as u64
    }

    /// Counts and times what is done.
    fn time(&mut self, steps: usize, world: &mut World, work: impl FnOnce(&mut World)) {
        let (bound, writes, began) = (world.bound, world.writes, ThreadTime::now());
        work(world);
        self.spent[steps] += began.elapsed().as_secs_f64();
        self.bound[steps] += world.bound - bound;
        self.writes += world.writes - writes;
    }

    fn rate_of_verdicts(&self) -> u64 {
        (self.verdicts as f64 / self.verdict_seconds) as u64
    }

    fn rate_of_all(&self) -> u64 {
        ((self.bound[0] + self.bound[1]) as f64 / (self.spent[0] + self.spent[1])) as u64
    }
}

fn round(world: &mut World, turns: usize) -> Round {
    let mut round = Round::default();
    for _ in 0..turns / BATCH {
        let drawn = world.draw(BATCH);
        round.time(0, world, |world| world.settle(&drawn));
        let classes = world.gone(&drawn);
        world.note();
        round.time(1, world, |world| classes.into_iter().for_each(|class| world.arrive(class)));
        world.note();
    }
    round
}

/// Shifts that begin, until there are so many decisions, and the verdicts at their ends.
fn shifts(world: &mut World, turns: usize) -> Round {
    let mut round = Round::default();
    while round.bound[0] < turns as u64 {
        world.close();
        let held = world.held_count() / BATCH * BATCH;
        let drawn = world.draw(held);
        let began = ThreadTime::now();
        world.settle(&drawn);
        round.verdict_seconds += began.elapsed().as_secs_f64();
        round.verdicts += drawn.len() as u64;
        let classes = world.gone(&drawn);
        classes.into_iter().for_each(|class| world.arrive(class));
        let workers = world.shift();
        round.time(0, world, |world| world.open(&workers));
        world.note();
    }
    round
}
