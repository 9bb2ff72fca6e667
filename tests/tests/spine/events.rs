//! Webhooks out, as docs/events.md promises them: signed, repeated until they are taken, in the order of each matter, across
//! a SIGKILL; paused, resumed, replayed, with keys that change.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};
use std::time::Duration;

use blendline_tests::config::ADMIN_KEY;
use blendline_tests::process::program;
use blendline_tests::receiver::{Posted, Receiver};
use serde_json::{Value, json};

use crate::world::World;

/// Quick tries, and an endpoint that is given up after two seconds.
const EVENTS: &str = "[events]\nplain_http = true\nprivate_networks = true\nretry_first_ms = 20\nretry_longest_ms = 200\n\
    attempts_max = 1000\npause_after_ms = 2000\n";
const ENDPOINTS: &str = "/v1/event-endpoints";

async fn events(world: &World, arguments: &[&str]) -> Output {
    let mut command = Command::new(program("blendline"));
    command.arg("events").args(arguments);
    command.env("BLENDLINE_URL", format!("http://{}", world.router.addr)).env("BLENDLINE_KEY", ADMIN_KEY);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn secret(output: &Output) -> String {
    let said = said(output);
    let line = said.lines().find_map(|line| line.strip_prefix("secret = "));
    line.unwrap_or_else(|| panic!("no secret in {said}")).to_owned()
}

/// Pushes an item, and takes it back: two events of one matter.
async fn push_and_cancel(world: &World, reference: &str) {
    let item = json!({ "queue": "care", "external_ref": reference, "title": "a refund" });
    let pushed = world.api.post("/v1/items", &item).await.unwrap();
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    let id = pushed.json()["id"].as_str().unwrap().to_owned();
    let gone = world.api.delete(&format!("/v1/tasks/{id}")).await.unwrap();
    assert!(gone.status < 300, "{}", gone.text());
}

/// The ids of all events of these kinds, by the log.
async fn logged(world: &World, kinds: &[&str]) -> BTreeSet<String> {
    let all = world.api.all("/v1/events").await;
    let wanted = all.iter().filter(|event| kinds.contains(&event["event"].as_str().unwrap()));
    wanted.map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

fn ids(posts: &[Posted]) -> BTreeSet<String> {
    posts.iter().map(|post| post.id.clone()).collect()
}

/// Pushes items until one is posted with these signatures, and gives all that was taken: what is changed acts within a second.
async fn until_signed(world: &World, receiver: &Receiver, what: &str, wanted: (usize, Vec<bool>)) -> Vec<Posted> {
    for n in 0..200 {
        let before = ids(&receiver.taken()).len();
        push_and_cancel(world, &format!("{what}-{n}")).await;
        let posts = receiver.until("another", |posts| ids(posts).len() > before).await;
        if posts.last().unwrap().signatures == wanted {
            return posts;
        }
    }
    panic!("{what}: nothing was posted with {wanted:?}");
}

/// Within each matter, no event was taken for the first time before an earlier one.
fn assert_in_order(posts: &[Posted]) {
    let (mut seen, mut last): (BTreeSet<&str>, BTreeMap<&str, u64>) = Default::default();
    for post in posts {
        let number: u64 = post.id.strip_prefix("evt_").unwrap().parse().unwrap();
        let matter = post.body["data"]["matter"].as_str().unwrap_or_default();
        if seen.insert(&post.id) {
            let before = last.insert(matter, number).unwrap_or(0);
            assert!(before < number, "{matter}: {number} was taken after {before}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_posted_signed_and_in_order_across_a_kill() {
    let mut world = World::start("events", |installation| installation.extra = EVENTS.to_owned()).await;
    let receiver = Receiver::start().await;
    let kinds = ["task_created", "task_cancelled"];
    push_and_cancel(&world, "before").await;
    let before = logged(&world, &kinds).await;
    let added =
        events(&world, &["add", "crm", &receiver.url(), "--kind", "task_created", "--kind", "task_cancelled"]).await;
    receiver.knows(&secret(&added));
    let tested = events(&world, &["test", "crm"]).await;
    assert!(tested.status.success(), "{}", said(&tested));
    let test = receiver.until("a test", |posts| !posts.is_empty()).await.remove(0);
    assert_eq!((test.body["type"].as_str(), test.id.starts_with("test_")), (Some("test"), true));

    receiver.fails_first(3, 2);
    receiver.dawdles("evt_7", Duration::from_millis(300));
    for n in 0..15 {
        push_and_cancel(&world, &format!("first-{n}")).await;
    }
    // Some are under way, some wait for their next try.
    world.router.kill().await;
    world.router.start_again().await;
    for n in 0..15 {
        push_and_cancel(&world, &format!("second-{n}")).await;
    }
    let wanted: BTreeSet<String> = logged(&world, &kinds).await.difference(&before).cloned().collect();
    assert_eq!(wanted.len(), 60);
    let taken = receiver.until("everything", |posts| ids(posts).is_superset(&wanted)).await;
    let events: Vec<Posted> = taken.into_iter().filter(|post| post.id.starts_with("evt_")).collect();
    assert_eq!(ids(&events), wanted, "nothing of before, and of no other kind");
    assert_in_order(&events);
    for post in receiver.posts() {
        assert_eq!(post.signatures, (1, vec![true]), "{}", post.id);
    }
    let one = &events[0].body;
    assert_eq!((&one["type"], &one["data"]["id"]), (&one["data"]["event"], &json!(events[0].id)));
    assert!(one["timestamp"].as_str().unwrap().ends_with('Z') && one["data"]["tenant"].is_string(), "{one}");

    let ledger = world
        .api
        .until(&format!("{ENDPOINTS}/crm/deliveries"), "all delivered", |entries| {
            entries.len() == 60 && entries.iter().all(|entry| entry["state"] == "delivered")
        })
        .await;
    assert!(ledger.iter().any(|entry| entry["attempts"].as_u64() > Some(2)), "{ledger:?}");
    assert!(said(&self::events(&world, &["deliveries", "crm", "--limit", "3"]).await).lines().count() == 3);
    assert_eq!(world.api.metric("blendline_webhooks_out_paused").await, Some(0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_paused_resumed_replayed_and_gets_new_keys() {
    let world = World::start("endpoints", |installation| installation.extra = EVENTS.to_owned()).await;
    let receiver = Receiver::start().await;
    receiver.knows(&secret(&events(&world, &["add", "crm", &receiver.url(), "--kind", "task_created"]).await));

    // It fails for long: it is paused, and says why.
    receiver.always(Some(503));
    push_and_cancel(&world, "one").await;
    let paused = |found: &[Value]| found.iter().any(|one| one["state"] == "paused");
    let found = world.api.until(ENDPOINTS, "the pause", paused).await;
    assert!(found[0]["reason"].as_str().unwrap().contains("answered 503"), "{found:?}");
    assert!(said(&events(&world, &["list"]).await).contains("paused"));
    let tries = receiver.posts().len();
    push_and_cancel(&world, "two").await;
    receiver.always(None);
    assert_eq!(receiver.posts().len(), tries, "nothing is posted to one that is paused");
    assert!(said(&events(&world, &["resume", "crm"]).await).contains("active"));
    let wanted = logged(&world, &["task_created"]).await;
    receiver.until("both after all", |posts| ids(posts) == wanted).await;

    // Two keys sign while they are changed, and then one.
    receiver.knows(&secret(&events(&world, &["rotate", "crm"]).await));
    let both = until_signed(&world, &receiver, "three", (2, vec![true, true])).await;
    receiver.knows(&secret(&events(&world, &["rotate", "crm", "--overlap-hours", "0"]).await));
    let one = until_signed(&world, &receiver, "four", (1, vec![false, false, true])).await;

    // What was taken comes again when it is asked for, under the same id.
    let first = both[0].id.clone();
    let again = |posts: &[Posted], id: &str| posts.iter().filter(|post| post.id == id).count();
    assert!(said(&events(&world, &["replay", "crm", &first]).await).starts_with("1 events"));
    receiver.until("one again", |posts| again(posts, &first) == 2).await;
    let since = one.last().unwrap().body["timestamp"].as_str().unwrap().to_owned();
    let fourth = one.last().unwrap().id.clone();
    assert!(events(&world, &["replay", "crm", "--from", &since]).await.status.success());
    receiver.until("the last again", |posts| again(posts, &fourth) == 2).await;
    let missed = events(&world, &["replay", "crm", "--from", "2020-01-01T00:00:00Z", "--missed"]).await;
    assert!(missed.status.success(), "{}", said(&missed));

    // One that says that it is gone is not asked again.
    receiver.always(Some(410));
    push_and_cancel(&world, "five").await;
    let found = world.api.until(ENDPOINTS, "the pause", paused).await;
    assert!(found[0]["reason"].as_str().unwrap().contains("gone"), "{found:?}");
    assert!(events(&world, &["remove", "crm"]).await.status.success());
    assert!(world.api.all(ENDPOINTS).await.is_empty());
    let log = world.api.all("/v1/audit").await;
    assert!(log.iter().any(|entry| entry["what"] == "event_endpoint_rotated"), "{log:?}");
    assert!(!serde_json::to_string(&log).unwrap().contains("whsec_"));
}

#[tokio::test]
async fn nobody_has_events_posted_into_the_private_network() {
    let world = World::start("no-private-network", |_| {}).await;
    for (url, place) in [
        ("http://crm.example.org/", "/url"),
        ("https://127.0.0.1/", "/url"),
        ("https://169.254.169.254/", "/url"),
        ("https://user:secret@crm.example.org/", "/url"),
    ] {
        let refused = world.api.post(ENDPOINTS, &json!({ "name": "crm", "url": url })).await.unwrap();
        assert_eq!((refused.status, &refused.json()["field"]), (400, &json!(place)), "{url}: {}", refused.text());
    }
    let body = json!({ "name": "crm", "url": "https://crm.example.org/", "kinds": ["task_crated"] });
    let refused = world.api.post(ENDPOINTS, &body).await.unwrap();
    assert_eq!((refused.status, &refused.json()["field"]), (400, &json!("/kinds/0")), "{}", refused.text());
    // A name may lead anywhere: only when it is posted to is it known where.
    let body = json!({ "name": "inside", "url": "https://localhost.localdomain:1/" });
    assert_eq!(world.api.post(ENDPOINTS, &body).await.unwrap().status, 201);
    let tested = world.api.post(&format!("{ENDPOINTS}/inside/test"), &json!({})).await.unwrap().json();
    assert_eq!((&tested["taken"], &tested["cause"]), (&json!(false), &json!("no connection")));
    assert_eq!(world.api.post(ENDPOINTS, &body).await.unwrap().status, 409);
}
