//! A day that is replayed by the rules that were live gives what was recorded.

use blendline_rules::model::Priority;
use blendline_rules::replay::{Change, Day, QueueResult, compare};
use blendline_rules::{RuleSet, check};

use super::replay::replayed;
use super::world;

fn set(text: &str) -> RuleSet {
    let checked = check("set", text, &world(None));
    checked.set.unwrap_or_else(|| panic!("{}", checked.faults))
}

const LIVE: &str = "\
queues:
  service: {side: front, target: 60s}
  orders: {side: back, target: 1h, interruptible: true}
groups:
  desk: {queues: [service, orders], capacity: 100, workers: [dana, omer, noa]}
keywords:
  orders: [order]
rules:
  - {name: orders, when: mentions('orders'), queue: orders}
  - {name: rest, queue: service}
";

/// Two hundred messages in an hour, each a bit different, and a worker who leaves in the middle.
fn day() -> Day {
    let mut lines = String::from("{\"at\":\"2026-11-24T08:30:00Z\",\"worker\":\"noa\",\"present\":false}\n");
    for at in 0..200_u64 {
        let (minute, second) = (at * 17 % 60, at * 37 % 60);
        let text = if at % 3 == 0 { "my order" } else { "a question" };
        let left = if at % 9 == 1 { ",\"left_after_ms\":90000" } else { "" };
        lines += &format!(
            "{{\"at\":\"2026-11-24T08:{minute:02}:{second:02}Z\",\"channel\":\"webchat\",\"text\":\"{text}\",\"work_ms\":{}{left}}}\n",
            20_000 + at * 7_919 % 40_000
        );
    }
    Day::read(lines.as_bytes()).unwrap()
}

#[test]
fn the_live_rules_give_the_recorded_day_to_the_millisecond() {
    let day = day();
    let recorded = replayed(&set(LIVE), &day).unwrap();
    let mut written = Vec::new();
    day.write(&mut written).unwrap();
    let again = Day::read(written.as_slice()).unwrap();
    assert_eq!(again, day);
    assert_eq!(replayed(&set(LIVE), &again).unwrap(), recorded);
    let [service, orders] = &recorded.queues[..] else { panic!("{recorded:?}") };
    assert_eq!((service.arrived, orders.arrived), (133, 67));
    assert_eq!(service.started + service.left, 133, "{service:?}");
    assert_eq!(orders.done + orders.left, 67, "{orders:?}");
    assert!(0 < service.in_time && service.in_time < service.arrived, "a day with something to gain: {service:?}");
    let worked: u64 = recorded.groups.iter().map(|group| group.worked_ms).sum();
    let work: u64 = day.arrivals.iter().map(|arrival| arrival.work_ms).sum();
    assert!(worked <= work && worked <= recorded.groups[0].present_ms, "{recorded:?}");
}

#[test]
fn a_draft_is_told_apart_by_where_messages_go_and_by_what_people_it_has() {
    let (day, live) = (day(), set(LIVE));
    let draft = set(&LIVE.replace("[order]", "[question]"));
    let compared = compare(&day, replayed(&live, &day).unwrap(), replayed(&draft, &day).unwrap());
    assert_eq!(compared.moved, 200, "each goes to the other queue");
    let ways: Vec<_> = compared.moves.iter().map(|moved| (moved.count, moved.draft.1.as_str())).collect();
    assert_eq!(ways, [(133, "orders"), (67, "service")]);

    let mut fewer = live.clone();
    Change::Staff(-34).apply(&mut fewer).unwrap();
    assert_eq!(fewer.workers().count(), 2);
    let levels = |set: &RuleSet| replayed(set, &day).unwrap().queues[0].in_time;
    assert!(levels(&fewer) < levels(&live), "{} and {}", levels(&fewer), levels(&live));
    assert!(Change::CrossTrain { group: "desk".into(), what: "nothing".into() }.apply(&mut fewer).is_err());
}

#[test]
fn a_time_plan_gives_the_back_office_its_part_of_a_busy_hour() {
    let (day, live) = (day(), set(LIVE));
    let planned =
        set(&LIVE.replace("{queues: [service, orders],", "{queues: [service, orders], time_plan: {orders: 50%},"));
    let waited = |set: &RuleSet| replayed(set, &day).unwrap().queues[1].wait_mean_ms;
    let (without, with) = (waited(&live), waited(&planned));
    assert!(with * 2 < without, "{with} and {without} ms");
}

#[test]
fn who_has_three_chats_at_once_lets_fewer_wait() {
    let (day, live) = (day(), set(LIVE));
    let weighed = set(&LIVE.replace("capacity: 100,", "capacity: 100, weights: {webchat: 33},"));
    let waited = |set: &RuleSet| replayed(set, &day).unwrap().queues[0].wait_mean_ms;
    let (one, three) = (waited(&live), waited(&weighed));
    assert!(three * 2 < one, "{three} and {one} ms");
}

#[test]
fn the_ladder_of_work_has_the_steps_of_its_rule_its_queue_and_its_helpers() {
    let escalate = "target: 60s, overflow: {to: orders, after: 50s}, \
                    escalate: [{after: 20s, priority: high}, {after: 40s, priority: urgent, notify: true}]}";
    let set = set(&LIVE.replace("target: 60s}", escalate));
    let ladder = set.ladder("service", &[], &[]);
    let steps: Vec<_> = ladder
        .iter()
        .map(|rung| (rung.after_ms, rung.priority.map(Priority::lift_milli), rung.notify, rung.to.is_some()))
        .collect();
    let raised = [(20_000, Some(2_000), false, false), (40_000, Some(4_000), true, false)];
    assert_eq!(steps, [&raised[..], &[(50_000, None, false, true)]].concat());
}

/// Each example comes with an hour that was made for it: something is served in it, and nothing is lost.
#[test]
fn every_example_can_be_replayed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/examples/rules");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        count += 1;
        let set = set(&std::fs::read_to_string(&path).unwrap());
        let hour = std::fs::File::open(path.with_extension("hour.jsonl")).unwrap();
        let day = Day::read(std::io::BufReader::new(hour)).unwrap();
        let result = replayed(&set, &day).unwrap();
        let all = |of: fn(&QueueResult) -> u64| result.queues.iter().map(of).sum::<u64>();
        let name = path.display();
        assert_eq!(all(|queue| queue.arrived), day.arrivals.len() as u64, "{name}");
        assert_eq!(result.without_rule, 0, "{name}: each ends with a rule for everything else");
        assert!(all(|queue| queue.in_time) * 2 > all(|queue| queue.arrived), "{name}: {:?}", result.queues);
        // Closed queues keep what came until they open.
        assert!(
            all(|queue| queue.started + queue.left) * 10 >= all(|queue| queue.arrived) * 9,
            "{name}: {:?}",
            result.queues
        );
    }
    assert!(6 <= count);
}
