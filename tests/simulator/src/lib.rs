//! The simulator: random worlds by seed over the real core, with faults, healing and an independent judge.
//!
//! What must hold is listed in the README; the names there are the names in a failure.
#![allow(clippy::print_stdout, reason = "`SHOW=1` shows each step to people")]

pub mod acts;
pub mod acts_worker;
pub mod checks;
pub mod fair;
pub mod heal;
pub mod outside;
pub mod rng;
pub mod rows;
pub mod shape;
pub mod verdict;
pub mod world;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use verdict::Violation;
use world::World;

/// A world that broke an invariant, and how to see it again.
#[derive(Debug)]
pub struct Failure {
    /// The world.
    pub seed: u64,
    /// How many inputs its first phase was given.
    pub inputs: u64,
    /// The step at which it broke.
    pub step: u64,
    /// What did not hold.
    pub violation: Violation,
    /// The last inputs.
    pub trace: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { invariant, detail } = &self.violation;
        writeln!(f, "broken: {invariant}\nseed {}, step {}: {detail}\nthe last inputs:", self.seed, self.step)?;
        for line in &self.trace {
            writeln!(f, "{line}")?;
        }
        write!(f, "replay: SEED={} INPUTS={} cargo test -p blendline-simulator -- --nocapture", self.seed, self.inputs)
    }
}

/// What a world that held came to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Outcome {
    /// The hash of all that went in and came out, where it was asked for.
    pub hash: u64,
    /// How many inputs were stepped.
    pub steps: u64,
    /// How much time passed in it, in milliseconds.
    pub simulated_ms: u64,
}

/// Runs the world of a seed: `inputs` inputs with faults, then healing until everything has ended.
///
/// # Errors
/// The first invariant that did not hold.
pub fn run(seed: u64, inputs: u64) -> Result<Outcome, Box<Failure>> {
    run_one(seed, inputs, false)
}

/// Like [`run`], and hashes everything that went in and came out.
///
/// # Errors
/// The first invariant that did not hold.
pub fn run_exact(seed: u64, inputs: u64) -> Result<Outcome, Box<Failure>> {
    run_one(seed, inputs, true)
}

fn run_one(seed: u64, inputs: u64, exact: bool) -> Result<Outcome, Box<Failure>> {
    let failed = |world: &World, violation| {
        let trace = world.trace.iter().map(|(step, now, input)| format!("{step:>5} {} {input:?}", now.0)).collect();
        Box::new(Failure { seed, inputs, step: world.steps, violation, trace })
    };
    let mut world = World::new(seed).map_err(|violation| {
        Box::new(Failure { seed, inputs, step: 0, violation, trace: vec!["the settings".to_owned()] })
    })?;
    world.exact = exact;
    let life = AssertUnwindSafe(|| world.rage(inputs).and_then(|()| world.heal()).and_then(|()| world.converge()));
    let lived = catch_unwind(life).unwrap_or_else(|panic| Err(panicked(&*panic)));
    match lived {
        Ok(()) => Ok(Outcome { hash: world.hash.0, steps: world.steps, simulated_ms: world.now.since(shape::EPOCH) }),
        Err(violation) => Err(failed(&world, violation)),
    }
}

/// A core that panics breaks its promise as any other does.
fn panicked(panic: &(dyn std::any::Any + Send)) -> Violation {
    let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
    Violation { invariant: "no panic", detail: said.unwrap_or_default() }
}

/// Runs many seeds on all processors; the failure of the lowest seed that broke, and how far the others came.
///
/// # Errors
/// The failure of the lowest failing seed.
pub fn run_all(seeds: std::ops::Range<u64>, inputs: u64) -> Result<Outcome, Box<Failure>> {
    let next = AtomicU64::new(seeds.start);
    let stop = AtomicU64::new(seeds.end);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut sum = Outcome::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= stop.load(Ordering::Relaxed) {
                return Ok(sum);
            }
            match run(seed, inputs) {
                Ok(one) => {
                    sum.steps += one.steps;
                    sum.simulated_ms += one.simulated_ms;
                }
                Err(failure) => {
                    stop.fetch_min(seed, Ordering::Relaxed);
                    return Err(failure);
                }
            }
        }
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        handles.into_iter().filter_map(|handle| handle.join().ok()).collect()
    });
    let mut sum = Outcome::default();
    let mut worst: Option<Box<Failure>> = None;
    for result in results {
        match result {
            Ok(one) => {
                sum.steps += one.steps;
                sum.simulated_ms += one.simulated_ms;
            }
            Err(failure) if worst.as_ref().is_none_or(|other| failure.seed < other.seed) => worst = Some(failure),
            Err(_) => {}
        }
    }
    worst.map_or(Ok(sum), Err)
}
