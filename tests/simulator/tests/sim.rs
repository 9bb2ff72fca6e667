//! The simulator's seeds. `SEEDS=N` runs N seeds, `FROM=N` begins at N, `SEED=N` runs one, `INPUTS=N` sets the length
//! of the first phase, `REBUILD=N` rebuilds the core from the rows after every Nth step only, `SHOW=1` prints every step.

use blendline_simulator as sim;

const SEEDS: u64 = 1_000;
const INPUTS: u64 = 300;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

#[test]
fn random_worlds_hold_and_heal() {
    let inputs = setting("INPUTS").unwrap_or(INPUTS);
    let begun = std::time::Instant::now();
    let (from, seeds) = match setting("SEED") {
        Some(seed) => (seed, 1),
        None => (setting("FROM").unwrap_or(0), setting("SEEDS").unwrap_or(SEEDS)),
    };
    match sim::run_all(from..from + seeds, inputs) {
        Ok(outcome) => println!(
            "{seeds} seeds from {from}, {} inputs, {} simulated days, {:.1} s",
            outcome.steps,
            outcome.simulated_ms / sim::shape::DAY,
            begun.elapsed().as_secs_f64()
        ),
        Err(failure) => panic!("\n{failure}\n"),
    }
}

/// `SURVEY=N cargo test … -- survey --ignored --nocapture`: which invariants break in N seeds, and how soon each.
#[test]
#[ignore = "a tool for whoever hunts several faults at once"]
fn survey() {
    let inputs = setting("INPUTS").unwrap_or(INPUTS);
    let mut found = std::collections::BTreeMap::<&str, (u64, sim::Failure)>::new();
    let from = setting("FROM").unwrap_or(0);
    for seed in from..from + setting("SURVEY").unwrap_or(100) {
        let Err(failure) = sim::run(seed, inputs) else { continue };
        let invariant = failure.violation.invariant;
        let (count, shortest) = found.remove(invariant).map_or((0, None), |(count, failure)| (count, Some(failure)));
        let shortest = shortest.filter(|other| other.step <= failure.step).unwrap_or(*failure);
        found.insert(invariant, (count + 1, shortest));
    }
    for (invariant, (count, failure)) in &found {
        println!("{count:>5} × {invariant}: seed {} step {}: {}", failure.seed, failure.step, failure.violation.detail);
        println!("      {}", failure.trace.last().map_or("", String::as_str));
    }
}

/// Each seed here once broke; the file says how.
#[test]
fn what_once_broke_stays_mended() {
    for line in include_str!("../src/regressions.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let (Some(seed), Some(inputs)) = (words.next(), words.next()) else { continue };
        let (seed, inputs) = (seed.parse().unwrap(), inputs.parse().unwrap());
        if let Err(failure) = sim::run(seed, inputs) {
            panic!("\n{line}\n{failure}\n");
        }
    }
}

/// I32: a seed is a world, to the byte.
#[test]
fn the_same_seed_is_the_same_world() {
    for seed in 0..20 {
        let (once, twice) = (sim::run_exact(seed, INPUTS), sim::run_exact(seed, INPUTS));
        match (once, twice) {
            (Ok(once), Ok(twice)) => assert_eq!(once, twice, "seed {seed}"),
            (Err(once), Err(twice)) => assert_eq!(once.trace, twice.trace, "seed {seed}"),
            (once, twice) => panic!("seed {seed} both held and broke: {once:?} {twice:?}"),
        }
    }
}

#[test]
fn nobody_starves_while_service_goes_on() {
    for seed in 0..40 {
        match sim::fair::run(seed) {
            Ok((front, back)) => {
                println!("seed {seed}: longest waits {} s front, {} s back", front / 1000, back / 1000)
            }
            Err(violation) => panic!("seed {seed}: {}: {}", violation.invariant, violation.detail),
        }
    }
}
