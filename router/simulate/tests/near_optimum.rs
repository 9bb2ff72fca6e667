//! How near the policy comes to what is best possible, in small worlds whose optimum the books give or that a search over
//! the named baselines finds. The whole table, with intervals, is `tests/scheduling/table.py`'s.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

use blendline_simulate::{QueueReport, Report, read, run};
use serde_json::{Value, json};

const WITHIN: f64 = 1.0 / 3.0;

fn ran(scenario: &Value, seed: u64) -> Report {
    run(&read("s.json", &scenario.to_string(), None).unwrap().plan, seed)
}

/// A pool that serves one front queue, and back work without end. Times in minutes.
fn pool(workers: u64, arrivals: Value, target: Value, back: f64) -> Value {
    json!({
        "name": "pool", "time_unit": "minute", "horizon": 40_000, "warmup": 6_000,
        "groups": [{"name": "pool", "workers": workers}],
        "queues": [
            {"name": "front", "side": "front", "arrivals": arrivals, "service": {"exponential": 4}, "target": target},
            {"name": "back", "side": "back", "backlog": "endless", "service": {"exponential": back}}
        ],
        "policy": {"name": "blendline"}
    })
}

fn within(percent: u64) -> Value {
    json!({"within": WITHIN, "percent": percent})
}

fn both(report: &Report) -> (&QueueReport, &QueueReport) {
    (report.queues.get("front").unwrap(), report.queues.get("back").unwrap())
}

/// A threshold with equal service times (Bhulai and Koole 2003): throughput, late fraction and mean wait.
fn closed_form(servers: usize, rate: f64, reserve: usize) -> (f64, f64, f64) {
    let (least, mu) = (servers - reserve, 0.25);
    let mut weights = vec![1.0];
    for busy in least + 1..=servers {
        weights.push(weights[busy - least - 1] * rate / (busy as f64 * mu));
    }
    let last = weights[reserve];
    let load = rate / (servers as f64 * mu);
    let total: f64 = weights.iter().sum::<f64>() + last * load / (1.0 - load);
    let waits = last / total / (1.0 - load);
    let spare = servers as f64 * mu - rate;
    let busy: f64 = weights.iter().enumerate().map(|(at, weight)| (least + at) as f64 * weight).sum::<f64>()
        + servers as f64 * last * load / (1.0 - load);
    (busy * mu / total - rate, waits * (-spare * WITHIN).exp(), waits / spare)
}

/// The most that a mixture of two neighbouring thresholds brings while the front line suffers no more than `allowed`.
fn best_mixture(servers: usize, rate: f64, allowed: f64, harm: fn(&(f64, f64, f64)) -> f64) -> f64 {
    let points: Vec<_> = (0..=servers).map(|reserve| closed_form(servers, rate, reserve)).collect();
    let pair = points.windows(2).find(|pair| harm(&pair[1]) <= allowed).unwrap();
    let part = (harm(&pair[0]) - allowed) / (harm(&pair[0]) - harm(&pair[1]));
    pair[0].0 + (pair[1].0 - pair[0].0) * part.clamp(0.0, 1.0)
}

#[test]
fn back_work_is_nearly_all_that_the_front_line_can_spare() {
    for (servers, rate, percent) in [(12, 1.9, 80), (8, 1.0, 90)] {
        let allowed = 1.0 - percent as f64 / 100.0;
        let best = best_mixture(servers, rate, allowed, |point| point.1);
        let report = ran(&pool(servers as u64, json!({"rate": rate}), within(percent), 4.0), 5);
        let (front, back) = both(&report);
        assert!((front.late_fraction - allowed).abs() < 0.006, "{} late of {allowed}", front.late_fraction);
        assert!(back.throughput > 0.96 * best, "{} of {best}", back.throughput);
    }
}

#[test]
fn a_mean_wait_is_kept_and_no_more() {
    let best = best_mixture(12, 1.9, 1.0 / 6.0, |point| point.2);
    let report = ran(&pool(12, json!({"rate": 1.9}), json!({"mean_wait": 1.0 / 6.0}), 4.0), 5);
    let (front, back) = both(&report);
    assert!((0.95..1.03).contains(&(front.wait_mean * 6.0)), "{} of its target", front.wait_mean * 6.0);
    assert!(back.throughput > 0.95 * best, "{} of {best}", back.throughput);
}

/// The best throughput of the thresholds that keep the target, each in the same world.
fn best_threshold(scenario: &Value, allowed: f64) -> f64 {
    let tried = (1..8).map(|reserve| {
        let mut scenario = scenario.clone();
        scenario["policy"] = json!({"name": "threshold", "reserve": reserve});
        let report = ran(&scenario, 5);
        let (front, back) = both(&report);
        (front.late_fraction, back.throughput)
    });
    tried.filter(|(late, _)| *late <= allowed).map(|(_, throughput)| throughput).fold(0.0, f64::max)
}

#[test]
fn long_and_short_back_work_are_blended_better_than_by_any_threshold() {
    for (back_mean, gain) in [(16.0, 1.2), (1.0, 1.02)] {
        let scenario = pool(10, json!({"rate": 1.5}), within(80), back_mean);
        let report = ran(&scenario, 5);
        let (front, back) = both(&report);
        assert!((front.late_fraction - 0.2).abs() < 0.008, "{} late", front.late_fraction);
        let best = best_threshold(&scenario, 0.2);
        assert!(back.throughput > gain * best, "{} and {best}", back.throughput);
    }
}

#[test]
fn a_day_of_peaks_keeps_its_target_and_brings_more_than_any_threshold() {
    let wave =
        json!({"sinusoid": {"base": 3.1, "amplitude": 1.3, "period": 600, "phase": -std::f64::consts::FRAC_PI_2}});
    let scenario = pool(20, wave, within(80), 4.0);
    let report = ran(&scenario, 10);
    let (front, back) = both(&report);
    assert!((front.late_fraction - 0.2).abs() < 0.008, "{} late", front.late_fraction);
    let best = best_threshold(&scenario, 0.2);
    assert!(back.throughput > 1.04 * best, "{} and {best}", back.throughput);
}

#[test]
fn scarce_people_are_kept_for_what_only_they_can_do() {
    let queue = |name: &str, rate: f64, cost: u64| {
        json!({"name": name, "side": "front", "arrivals": {"rate": rate}, "service": {"exponential": 1},
               "skills": [name], "holding_cost": cost})
    };
    let back =
        json!({"name": "back", "side": "back", "backlog": "endless", "service": {"exponential": 1}, "reward": 1});
    let mut scenario = json!({
        "name": "n", "time_unit": "minute", "horizon": 12_000, "warmup": 1_000,
        "groups": [{"name": "one", "workers": 4, "skills": ["a"]}, {"name": "two", "workers": 3, "skills": ["a", "b"]}],
        "queues": [queue("a", 2.2, 1), queue("b", 1.3, 3), back],
        "policy": {"name": "blendline"}
    });
    let ours = ran(&scenario, 5).cost_rate;
    let others = ["static_priority", "fcfs_longest_idle"].map(|name| {
        scenario["policy"] = json!({"name": name});
        ran(&scenario, 5).cost_rate
    });
    // Negative is good: the value of the back work less the cost of waiting.
    assert!(ours < others[0] - 0.3 && ours < others[1] - 0.3, "{ours} and {others:?}");
}

#[test]
fn who_does_several_at_once_is_known_to_be_slower() {
    let mut scenario = pool(6, json!({"rate": 0.9}), json!({"within": 1.0, "percent": 90}), 10.0);
    scenario["groups"][0] = json!({"name": "pool", "workers": 6, "slots": 3, "slot_rates": [1.0, 1.3, 1.5]});
    scenario["queues"][0]["service"] = json!({"exponential": 6});
    scenario["queues"][1]["slots_used"] = json!("all");
    let report = ran(&scenario, 5);
    let (front, back) = both(&report);
    assert!((front.late_fraction - 0.1).abs() < 0.006, "{} late", front.late_fraction);
    // Within a twentieth of the best by dynamic programming of a case like it.
    assert!(back.throughput > 0.184, "{}", back.throughput);
}

#[test]
fn a_rise_of_the_rate_is_followed_within_thirty_arrivals_a_worker() {
    // Twelve whose load rises from 55 to 69 per cent: what comes 30 to 60 arrivals a worker later.
    let (rate, risen) = (1.65, 1.65 * 1.25);
    let after = |arrivals: f64| 500.0 * 12.0 / rate + arrivals * 12.0 / risen;
    let mut scenario = pool(12, json!({"piecewise": [[0, rate], [after(0.0), risen]]}), within(80), 4.0);
    (scenario["warmup"], scenario["horizon"]) = (json!(after(30.0)), json!(after(60.0)));
    // Of one run chance decides.
    let late: f64 = (1..=60).map(|seed| both(&ran(&scenario, seed)).0.late_fraction / 60.0).sum();
    assert!((0.18..0.22).contains(&late), "{late} late");
}

#[test]
fn late_back_work_does_not_hold_back_the_next_until_it_is_late_too() {
    // Twenty at 88 per cent load. Two fifths of the front line were late and half of the back work, for good.
    let mut scenario = pool(20, json!({"rate": 3.5}), within(80), 4.0);
    scenario["queues"][1] = json!({"name": "back", "side": "back", "arrivals": {"rate": 0.9},
        "service": {"exponential": 4}, "target": {"within": 15, "percent": 90}});
    for seed in 1..=3 {
        let report = ran(&scenario, seed);
        let (front, back) = both(&report);
        assert!(front.late_fraction < 0.26 && back.late_fraction < 0.2, "{seed}: {front:?} {back:?}");
    }
}
