use std::collections::BTreeMap;

use blendline_wire::Millis;

use super::form::unknown_kind;
use super::lanes::Lanes;
use super::post::Reach;
use crate::ports::outlets::{Delivery, DeliveryState};

fn delivery(event: u64, lane: &str) -> Delivery {
    Delivery {
        event,
        at: Millis(event),
        lane: lane.into(),
        state: DeliveryState::Pending,
        attempts: 0,
        next_at: Millis(0),
        cause: String::new(),
    }
}

fn numbers(lanes: &mut Lanes, now: u64) -> Vec<u64> {
    std::iter::from_fn(|| lanes.next(Millis(now))).map(|delivery| delivery.event).collect()
}

#[test]
fn a_lane_stands_still_until_its_head_is_settled_and_no_other_waits_for_it() {
    let mut lanes = Lanes::default();
    assert_eq!((lanes.read_after(), lanes.next_at()), (Some(0), None));
    lanes.take(vec![delivery(1, "a"), delivery(2, "b"), delivery(3, "a"), delivery(4, "b")]);
    assert_eq!(lanes.read_after(), Some(4));
    assert_eq!(numbers(&mut lanes, 10), [1, 2]);
    assert_eq!(lanes.done("b"), None);
    lanes.put_off("a", 1, Millis(50));
    assert_eq!(numbers(&mut lanes, 10), [4]);
    assert_eq!((lanes.next_at(), lanes.oldest()), (Some(Millis(50)), Some(Millis(1))));
    assert_eq!(lanes.done("b"), None);
    let again = lanes.next(Millis(50)).unwrap();
    assert_eq!((again.event, again.attempts), (1, 1));
    assert_eq!(lanes.done("a"), None);
    assert_eq!(numbers(&mut lanes, 50), [3]);
    assert_eq!(lanes.done("a"), None);
    assert!(lanes.is_empty());
}

/// However long a lane is, and whatever is entered while it is worked off: every entry goes once, in its lane's order.
#[test]
fn a_long_lane_is_read_in_parts_and_nothing_goes_twice() {
    let mut record: Vec<Delivery> = (1..=300).map(|n| delivery(n, if n % 7 == 0 { "short" } else { "long" })).collect();
    let (mut lanes, mut gone): (Lanes, BTreeMap<String, Vec<u64>>) = (Lanes::default(), BTreeMap::new());
    for turn in 0.. {
        if let Some(after) = lanes.read_after() {
            lanes.take(record.iter().filter(|one| one.event > after).take(50).cloned().collect());
        }
        let Some(next) = lanes.next(Millis(1)) else { break };
        gone.entry(next.lane.clone()).or_default().push(next.event);
        record.retain(|one| one.event != next.event);
        if turn < 100 {
            record.push(delivery(301 + turn, "long"));
        }
        if let Some(after) = lanes.done(&next.lane) {
            let rest = record.iter().filter(|one| one.lane == next.lane && one.event > after);
            let rest = rest.take(Lanes::resumed_max()).cloned().collect();
            lanes.resume(&next.lane, rest);
        }
    }
    assert_eq!(record, []);
    assert_eq!(gone.values().map(Vec::len).sum::<usize>(), 400);
    assert!(gone.values().all(|lane| lane.is_sorted_by(|one, other| one < other)), "{gone:?}");
}

#[test]
fn nothing_is_posted_to_where_it_could_do_harm() {
    let (strict, lax) = (Reach::default(), Reach { plain_http: true, private: true });
    for url in [
        "http://crm.example.org/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.1.2.3/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://user:pass@crm.example.org/",
        "https://user@crm.example.org/",
        "ftp://crm.example.org/",
        "file:///etc/passwd",
        "gopher://crm.example.org/",
        "crm.example.org",
        "https://",
        "",
    ] {
        assert!(strict.refuses(url).is_some(), "{url}");
    }
    assert!(strict.refuses(&format!("https://crm.example.org/{}", "x".repeat(3_000))).is_some());
    assert_eq!(strict.refuses("https://crm.example.org:8443/hooks?x=1"), None);
    assert_eq!(strict.refuses("https://8.8.8.8/"), None);
    assert_eq!(lax.refuses("http://127.0.0.1:9/"), None);
    assert!(lax.refuses("ftp://127.0.0.1:9/").is_some() && lax.refuses("http://a:b@127.0.0.1/").is_some());
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_not_connected_to() {
    // Another test may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let reach = Reach { plain_http: true, private: false };
    let error = reach.client().unwrap().get("http://localhost:9/").send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    let words = format!("{error:?}");
    assert!(words.contains("no public address"), "{words}");
}

#[test]
fn a_kind_that_there_is_not_is_told_with_those_that_there_are() {
    assert_eq!(unknown_kind("task_created"), None);
    assert_eq!(unknown_kind("task_confirmed"), None);
    assert!(unknown_kind("task_crated").unwrap().contains("task_created"));
}
