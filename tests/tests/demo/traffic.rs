//! The simulated store moves, leaves work for people, and ends at once.

use std::time::{Duration, Instant};

use blendline_tests::api::Api;
use blendline_tests::process::Router;
use blendline_tests::worker::Hand;
use blendline_wire::task::AcceptMode;
use serde_json::Value;

use crate::{ADMIN_KEY, WORKERS_KEY};

/// A worker of the SDK would drain for 25 s; the traffic waits for nobody.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Waits until events show everything that `wanted` names, and gives what they showed.
async fn until_seen(api: &Api, wanted: &[&str]) -> Vec<Value> {
    let seen = |events: &[Value]| {
        let names: Vec<String> = events.iter().flat_map(names).collect();
        wanted.iter().all(|want| names.iter().any(|name| name == want))
    };
    api.until("/v1/events", &wanted.join(", "), seen).await
}

/// What an event is called here: its kind, and its kind with side and channel.
fn names(event: &Value) -> [String; 3] {
    let part = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let kind = part("event");
    [kind.clone(), format!("{kind} {}", part("side")), format!("{kind} {} {}", part("side"), part("channel"))]
}

#[tokio::test]
async fn a_store_works_off_both_sides_on_both_channels_and_ends_at_once() {
    let mut router = Router::demo("traffic", &["--traffic", "--seed", "7", "--rate", "30"]);
    router.start_again().await;
    let api = Api::with_key(router.addr, ADMIN_KEY);
    let events = until_seen(
        &api,
        &[
            "task_solved front whatsapp_cloud",
            "task_solved front webchat",
            "task_solved back",
            "message_duplicate",
            "task_merged",
            "conversation_reopened",
            "request_answered",
            "task_transferred",
            "task_parked",
            "offer_declined",
            "reply_status",
        ],
    )
    .await;
    assert!(!events.iter().any(|event| event["event"] == "quarantined"), "something was posted that cannot be read");

    let begin = Instant::now();
    let status = router.stop().await;
    assert!(status.success(), "SIGTERM must end in order, not with {status}:\n{}", router.log());
    assert!(begin.elapsed() < AT_ONCE, "the end took {:?}", begin.elapsed());
    let log = router.log();
    assert!(log.contains("--seed 7 --rate 30"), "how to repeat it is not said:\n{log}");
    assert!(log.contains("ended in order"), "{log}");
    assert!(!log.contains("ERROR") && !log.contains("refused"), "{log}");
}

#[tokio::test]
async fn whoever_signs_in_gets_a_share_and_keeps_it_over_a_restart_without_the_traffic() {
    let mut router = Router::demo("share", &["--traffic", "--seed", "7", "--rate", "10"]);
    router.start_again().await;
    let mut dana = Hand::connect(router.addr, WORKERS_KEY, "dana", AcceptMode::Auto).await.unwrap();
    let mut hers = [dana.task().await, dana.task().await].map(|task| (task.id, task.lease));
    drop(dana);
    assert!(router.stop().await.success());
    router.ask_for(&[]);
    router.start_again().await;
    let dana = Hand::connect(router.addr, WORKERS_KEY, "dana", AcceptMode::Auto).await.unwrap();
    let mut again: Vec<_> = dana.owned.iter().map(|task| (task.id, task.lease)).collect();
    again.sort_unstable();
    hers.sort_unstable();
    assert_eq!(again, hers);
    for task in &dana.owned {
        assert!(["service", "sales", "orders", "refunds"].contains(&task.queue.as_str()), "{task:?}");
    }
}

#[tokio::test]
async fn the_line_that_tells_what_moves_is_told() {
    let mut router = Router::demo("line", &["--traffic", "--rate", "30"]);
    router.start_again().await;
    router.until_said("solved  |  back").await;
    assert!(router.stop().await.success());
}
