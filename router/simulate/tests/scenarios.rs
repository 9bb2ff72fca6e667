//! What bad scenarios get, and what good ones come to.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

use blendline_simulate::command::{self, Options};
use blendline_simulate::{Report, read, run};
use serde_json::{Value, json};

fn scenario() -> Value {
    json!({
        "name": "small", "seed": 3, "time_unit": "minute", "horizon": 20_000, "warmup": 1_000,
        "groups": [{"name": "pool", "workers": 10}],
        "queues": [
            {"name": "front", "side": "front", "arrivals": {"rate": 1.5}, "service": {"exponential": 4},
             "target": {"within": 0.3333333, "percent": 80}},
            {"name": "back", "side": "back", "backlog": "endless", "service": {"exponential": 4}}
        ],
        "policy": {"name": "threshold", "reserve": 3}
    })
}

fn refused(change: impl Fn(&mut Value)) -> String {
    let mut changed = scenario();
    change(&mut changed);
    read("s.json", &changed.to_string(), None).expect_err("it is refused").to_string()
}

fn ran(scenario: &Value, seed: u64) -> Report {
    run(&read("s.json", &scenario.to_string(), None).unwrap().plan, seed)
}

#[test]
fn bad_input_is_refused_with_place_and_cure() {
    let unknown = refused(|s| s["groups"][0]["slot"] = json!(2));
    assert!(unknown.contains("groups[0]") && unknown.contains("did you mean \"slots\"?"), "{unknown}");
    let negative = refused(|s| s["queues"][0]["arrivals"] = json!({"rate": -1}));
    assert!(negative.contains("queues[0].arrivals.rate") && negative.contains("from 0"), "{negative}");
    let skill = refused(|s| {
        s["groups"][0]["skills"] = json!(["hebrew"]);
        s["queues"][0]["skills"] = json!(["hebrw"]);
    });
    assert!(skill.contains("queues[0].skills[0]") && skill.contains("did you mean \"hebrew\"?"), "{skill}");
    let nobody = refused(|s| s["groups"][0]["sides"] = json!(["back"]));
    assert!(nobody.contains("no group can serve \"front\""), "{nobody}");
    let order = refused(|s| s["policy"] = json!({"name": "static_priority", "order": ["frnt"]}));
    assert!(order.contains("did you mean \"front\"?"), "{order}");
    for (pointer, value) in [
        ("/horizon", json!(-1)),
        ("/horizon", json!(10)),
        ("/replications", json!(0)),
        ("/queues/0/service", json!({"uniform": [3, 2]})),
        ("/queues/0/service", json!({"by_group": {"other": {"exponential": 1}}})),
        ("/queues/0/slots_used", json!(2)),
        ("/queues/0/slots_used", json!("most")),
        ("/queues/0/target", json!({"within": 1})),
        ("/queues/1/backlog", Value::Null),
        ("/groups/0/slot_rates", json!([1.0, 2.0])),
        ("/groups/0/staff", json!([[5, 1], [5, 2]])),
        ("/policy", json!({"name": "threshold"})),
        ("/time_unit", json!("fortnight")),
    ] {
        let said = refused(|s| match s.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None => {
                let (above, key) = pointer.rsplit_once('/').unwrap();
                s.pointer_mut(above).unwrap()[key] = value.clone();
            }
        });
        assert!(said.starts_with("s.json"), "{pointer} = {value}: {said}");
    }
}

#[test]
fn an_unstable_load_is_warned_of() {
    let mut unstable = scenario();
    unstable["queues"][0]["arrivals"]["rate"] = json!(2.6);
    let warnings = read("s.json", &unstable.to_string(), None).unwrap().warnings;
    assert!(warnings[0].to_string().contains("104 %"), "{warnings:?}");
    unstable["queues"][0]["patience"] = json!({"exponential": 5});
    assert!(read("s.json", &unstable.to_string(), None).unwrap().warnings.is_empty());
}

#[test]
fn the_same_seed_is_the_same_world() {
    for policy in [json!({"name": "blendline"}), json!({"name": "threshold", "reserve": 2.5})] {
        let mut scenario = scenario();
        scenario["policy"] = policy;
        let text = |seed| {
            let mut report = serde_json::to_value(ran(&scenario, seed)).unwrap();
            report.as_object_mut().unwrap().remove("decisions_per_cpu_second");
            report.to_string()
        };
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
    }
}

/// The closed form of a threshold with equal service times (Bhulai and Koole 2003): throughput and late fraction.
fn closed_form(servers: usize, rate: f64, mean: f64, within: f64, reserve: usize) -> (f64, f64) {
    let (least, mu) = (servers - reserve, 1.0 / mean);
    let mut weights = vec![1.0];
    for busy in least + 1..=servers {
        weights.push(weights[busy - least - 1] * rate / (busy as f64 * mu));
    }
    let last = weights[reserve];
    let load = rate / (servers as f64 * mu);
    let total: f64 = weights.iter().sum::<f64>() + last * load / (1.0 - load);
    let late = last / total / (1.0 - load) * (-(servers as f64 * mu - rate) * within).exp();
    (least as f64 * mu / total, late)
}

#[test]
fn the_threshold_is_the_one_of_the_books() {
    let mut scenario = scenario();
    scenario["horizon"] = json!(400_000);
    let report = ran(&scenario, 5);
    let (throughput, late) = closed_form(10, 1.5, 4.0, 1.0 / 3.0, 3);
    let (front, back) = (report.queues.get("front").unwrap(), report.queues.get("back").unwrap());
    assert!((back.throughput / throughput - 1.0).abs() < 0.01, "{} and {throughput}", back.throughput);
    assert!((front.late_fraction - late).abs() < 0.004, "{} and {late}", front.late_fraction);
}

/// Erlang's delay formula.
#[test]
fn a_plain_queue_is_erlangs() {
    let mut scenario = scenario();
    scenario["horizon"] = json!(400_000);
    scenario["queues"] = json!([scenario["queues"][0].clone()]);
    scenario["queues"][0]["arrivals"]["rate"] = json!(2.0);
    let (_, late) = closed_form(10, 2.0, 4.0, 0.0, 10);
    for policy in
        [json!({"name": "blendline"}), json!({"name": "fcfs_longest_idle"}), json!({"name": "static_priority"})]
    {
        scenario["policy"] = policy;
        let front = ran(&scenario, 7).queues.0.remove(0).1;
        let mean = late / (10.0 / 4.0 - 2.0);
        assert!((front.wait_mean / mean - 1.0).abs() < 0.04, "{} and {mean}", front.wait_mean);
    }
}

#[test]
fn a_promised_share_is_kept_when_the_front_line_could_use_all() {
    let mut scenario = scenario();
    scenario["policy"] = json!({"name": "blendline"});
    scenario["queues"][0]["arrivals"]["rate"] = json!(3.0);
    scenario["queues"][0]["patience"] = json!({"exponential": 5});
    scenario["queues"][1]["protected_share"] = json!(0.2);
    let back = ran(&scenario, 3).groups.get("pool").unwrap().back_share;
    assert!((0.195..0.225).contains(&back), "{back}");
}

#[test]
fn work_that_is_dear_to_take_up_again_is_left_alone() {
    let back = |interruptible: bool, resume_cost: f64| {
        let mut scenario = scenario();
        scenario["policy"] = json!({"name": "blendline"});
        scenario["horizon"] = json!(60_000);
        scenario["queues"][1]["interruptible"] = json!(interruptible);
        scenario["queues"][1]["resume_cost"] = json!(resume_cost);
        ran(&scenario, 4).queues.get("back").unwrap().throughput
    };
    let alone = back(false, 0.0);
    assert!(back(true, 0.0) > alone * 1.2, "{} and {alone}", back(true, 0.0));
    assert!(back(true, 2.0) > alone * 0.9, "{} and {alone}", back(true, 2.0));
}

#[test]
fn everybody_does_what_he_is_quick_at() {
    let queue = |name: &str, quick: &str, slow: &str| {
        json!({"name": name, "side": "front", "arrivals": {"rate": 2.2}, "skills": [name], "holding_cost": 1,
               "service": {"by_group": {quick: {"exponential": 1}, slow: {"exponential": 2}}}})
    };
    let group = |name: &str| json!({"name": name, "workers": 3, "skills": ["a", "b"]});
    let mut scenario = scenario();
    scenario["groups"] = json!([group("one"), group("two")]);
    scenario["queues"] = json!([queue("a", "one", "two"), queue("b", "two", "one")]);
    scenario["policy"] = json!({"name": "blendline"});
    scenario["warmup"] = json!(5_000);
    // Erlang's formula for two groups that never help one another says 2.9; the order of coming has no end here.
    let cost = ran(&scenario, 5).cost_rate;
    assert!(cost < 2.9, "{cost}");
}

#[test]
fn two_groups_that_are_nearly_as_quick_at_each_others_work_share_it() {
    // The exact optimum is 4.169. To take the queues for two that do not know of one another cost half as much again, and
    // the dearer queue first at everybody costs a sixth more.
    let r = 0.85;
    let queue = |name: &str, rate: f64, cost: f64, quick: &str, slow: &str| {
        json!({"name": name, "side": "front", "arrivals": {"rate": rate}, "skills": [name], "holding_cost": cost,
               "service": {"by_group": {quick: {"exponential": 1}, slow: {"exponential": 1.0 / r}}}})
    };
    let group = |name: &str| json!({"name": name, "workers": 3, "skills": ["a", "b"]});
    let mut scenario = scenario();
    scenario["groups"] = json!([group("one"), group("two")]);
    scenario["queues"] = json!([queue("a", 2.6, 1.0, "one", "two"), queue("b", 2.2, 3.0, "two", "one")]);
    scenario["policy"] = json!({"name": "blendline"});
    scenario["horizon"] = json!(24_000);
    scenario["warmup"] = json!(4_000);
    let costs: Vec<f64> = (1..=4).map(|seed| ran(&scenario, seed).cost_rate).collect();
    let mean = costs.iter().sum::<f64>() / 4.0;
    assert!(mean < 4.169 * 1.1, "{costs:?}");
}

#[test]
fn when_the_quick_ones_go_home_the_others_do_their_work() {
    let queue = |name: &str, rate: f64, quick: &str, slow: &str| {
        json!({"name": name, "side": "front", "arrivals": {"rate": rate}, "skills": [name], "holding_cost": 1,
               "service": {"by_group": {quick: {"exponential": 1}, slow: {"exponential": 2}}}})
    };
    let mut scenario = scenario();
    scenario["groups"] = json!([
        {"name": "one", "workers": 2, "skills": ["a", "b"], "staff": [[0, 2], [8_000, 0]]},
        {"name": "two", "workers": 4, "skills": ["a", "b"]}
    ]);
    scenario["queues"] = json!([queue("a", 1.5, "two", "one"), queue("b", 0.5, "one", "two")]);
    scenario["policy"] = json!({"name": "blendline"});
    scenario["horizon"] = json!(12_000);
    let report = ran(&scenario, 5);
    for name in ["a", "b"] {
        let queue = report.queues.get(name).unwrap();
        assert!(queue.wait_max < 60.0 && queue.started + 50 > queue.arrived, "{name}: {queue:?}");
    }
}

#[test]
fn a_part_of_a_run_is_drawn_and_the_rest_of_it_is_the_same() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (file, drawing) = (folder.join("part.json"), folder.join("part.svg"));
    std::fs::write(&file, scenario().to_string()).unwrap();
    let drawn = |from: f64, to: Option<f64>| {
        let options = Options {
            files: vec![file.clone()],
            policy: None,
            seed: None,
            seeds: 1,
            trace: None,
            plot: Some(drawing.clone()),
            plot_from: from,
            plot_to: to,
        };
        let mut out = Vec::new();
        command::run(&options, &mut out, &mut Vec::new()).map(|()| {
            let report: Value = serde_json::from_slice(&out).unwrap();
            (report["queues"].clone(), std::fs::read_to_string(&drawing).unwrap())
        })
    };
    let (whole, all) = drawn(0.0, None).unwrap();
    let (part, hour) = drawn(600.0, Some(660.0)).unwrap();
    assert_eq!(whole, part);
    let labels =
        |drawing: &str, words: [&str; 2]| words.iter().all(|word| drawing.contains(&format!(">{word}</text>")));
    assert!(labels(&all, ["0", "20000"]) && labels(&hour, ["600", "660"]), "{hour}");
    assert!(hour.contains("<path d=\"M"), "something was drawn");
    for (from, to) in [(9.0, Some(5.0)), (-1.0, Some(5.0)), (0.0, Some(20_001.0)), (f64::NAN, None)] {
        let said = drawn(from, to).expect_err("it is refused").to_string();
        assert!(said.contains("--plot-from") && said.contains("between 0 and 20000"), "{said}");
    }
}
