//! How far the policy is from the exact optimum where two groups both serve two queues whose waiting costs.
//!
//! `cargo run --release -p blendline-simulate --example two_groups -- [SEEDS [CASES]]`
//!
//! A line of Markdown for each case (all, or only so many): the exact optimum, what ours costs over so many seeds (10) of
//! 59,500 services, with the half width of a 95 per cent interval, and both divided. Half a minute or so for each case.

mod optimum;

use std::io::Write as _;

use anyhow::Context as _;
use blendline_simulate::{read, run};
use optimum::Case;
use serde_json::json;

/// Student's t for 95 per cent, by seeds less one.
const T: [f64; 10] = [f64::INFINITY, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/// Two groups, each at home at one queue and so many times as quick at the other's work.
fn at_home(workers: [usize; 2], arrivals: [f64; 2], costs: [f64; 2], quick: f64) -> Case {
    Case { workers, arrivals, costs, speeds: [[1.0, quick], [quick, 1.0]] }
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> =
        [0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 1.0].map(|quick| at_home([3, 3], [2.6, 2.2], [1.0, 3.0], quick)).into();
    cases.extend([0.7, 0.85].map(|quick| at_home([3, 3], [2.2, 2.2], [1.0, 1.0], quick)));
    cases.extend([0.6, 0.8].map(|quick| at_home([2, 4], [1.4, 3.2], [1.0, 2.0], quick)));
    cases.extend([0.7, 0.9].map(|quick| at_home([4, 4], [3.2, 2.6], [1.0, 3.0], quick)));
    cases.extend([0.7, 0.9].map(|quick| at_home([4, 2], [3.7, 1.0], [1.0, 4.0], quick)));
    cases.extend([0.6, 0.8].map(|quick| at_home([2, 2], [1.5, 1.6], [2.0, 1.0], quick)));
    cases.extend([0.75, 0.8].map(|quick| at_home([3, 3], [2.5, 1.8], [1.0, 6.0], quick)));
    cases.push(at_home([3, 3], [2.2, 2.6], [2.0, 1.0], 0.75));
    cases.push(at_home([5, 3], [4.2, 2.4], [1.0, 2.0], 0.75));
    // Not as slow at each other's work, slow at one queue, and tasks of different lengths.
    let three = |speeds| Case { workers: [3, 3], arrivals: [2.6, 2.2], costs: [1.0, 3.0], speeds };
    cases.push(three([[1.0, 0.6], [0.9, 1.0]]));
    cases.push(three([[1.0, 0.9], [0.6, 1.0]]));
    cases.push(three([[1.0, 0.7], [0.7, 0.8]]));
    cases.push(Case { arrivals: [5.2, 1.1], ..three([[2.0, 1.4], [0.35, 0.5]]) });
    cases
}

/// What a minute costs with our policy, by seed.
fn ours(case: &Case, seeds: u64) -> anyhow::Result<Vec<f64>> {
    let group = |name: &str, workers: usize| json!({"name": name, "workers": workers, "skills": ["a", "b"]});
    let queue = |name: &str, at: usize| {
        let [one, two] = case.speeds[at].map(|speed| 1.0 / speed);
        json!({"name": name, "side": "front", "arrivals": {"rate": case.arrivals[at]}, "skills": [name],
               "holding_cost": case.costs[at],
               "service": {"by_group": {"one": {"exponential": one}, "two": {"exponential": two}}}})
    };
    let scenario = json!({
        "name": "two groups", "time_unit": "minute", "horizon": 60_000, "warmup": 500,
        "groups": [group("one", case.workers[0]), group("two", case.workers[1])],
        "queues": [queue("a", 0), queue("b", 1)],
        "policy": {"name": "blendline"}
    });
    let plan = read("two groups", &scenario.to_string(), None)?.plan;
    Ok((1..=seeds).map(|seed| run(&plan, seed).cost_rate).collect())
}

fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>());
    let seeds = args.next().transpose().context("how many seeds?")?.unwrap_or(10).clamp(2, T.len() as u64);
    let some = args.next().transpose().context("how many cases?")?.unwrap_or(u64::MAX);
    writeln!(out, "| workers | arrivals | costs | speeds at a, at b | optimum | ours | ours / optimum |")?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    for case in cases().into_iter().take(usize::try_from(some)?) {
        let (least, costs) = (optimum::cost(&case), ours(&case, seeds)?);
        let many = costs.len() as f64;
        let mean = costs.iter().sum::<f64>() / many;
        let spread = costs.iter().map(|cost| (cost - mean).powi(2)).sum::<f64>() / (many - 1.0);
        let half = T[costs.len() - 1] * (spread / many).sqrt();
        let Case { workers, arrivals, costs, speeds } = case;
        writeln!(
            out,
            "| {workers:?} | {arrivals:?} | {costs:?} | {speeds:?} | {least:.3} | {mean:.3} ± {half:.3} | {:.3} |",
            mean / least
        )?;
        out.flush()?;
    }
    Ok(())
}
