//! Who reviews what: two who do not know of each other, nobody his own work, and all of it over the end of an owner.

use std::fmt::Write as _;

use blendline_tests::api::Api;
use blendline_tests::config::Worker;
use blendline_tests::http::Reply;
use blendline_wire::worker::{ServerFrame, TaskView};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::world::World;

const RULES: &str = "\
queues:
  front: {side: front, target: 2m}
  reviews: {side: back}
groups:
  desk: {queues: [front], workers: [noa]}
  coaches: {queues: [reviews], workers: [gil, dana]}
authority:
  grants:
    desk: {who: {group: desk}, action: credit, currency: ILS, limit: 10000}
    coach: {who: {group: coaches}, action: credit, currency: ILS, limit: 10000}
quality:
  reviews: {queue: reviews, target: 1d}
  most: 20
  twice: 0
  forms:
    credits:
      of: {action: credit}
      share: 100
      criteria:
        grounds: {points: 5, weight: 3, fatal: true}
        tone: {points: 5}
";
const UNITS: &str = "\
[[tenant.unit]]
name = \"region\"
manager = \"omer\"
[[tenant.unit]]
name = \"shop\"
parent = \"region\"
manager = \"gil\"
";

/// A key by which a program speaks for this worker alone.
fn key_of(worker: &str) -> String {
    format!("key-of-{worker}-0123456789abcdef")
}

async fn world(what: &str, rules: &str, units: &str) -> World {
    World::start(what, |it| {
        let of = |name: &str| {
            let unit = (!units.is_empty()).then(|| if name == "omer" { "region" } else { "shop" }.to_owned());
            Worker { unit, ..Worker::new(name, &["care"], 4) }
        };
        it.workers = ["noa", "gil", "dana", "omer"].map(of).to_vec();
        it.unit_lines = units.to_owned();
        for worker in ["gil", "dana"] {
            let hash = hex::encode(Sha256::digest(key_of(worker)));
            let key = format!("[[tenant.key]]\nname = \"{worker}\"\nrole = \"worker\"\nworker = \"{worker}\"\n");
            writeln!(it.unit_lines, "{key}sha256 = \"{hash}\"").unwrap();
        }
        it.rules = Some(rules.to_owned());
        // The hands are busy elsewhere for a while.
        it.heartbeat_ms = 20_000;
        it.grace_ms = 20_000;
    })
    .await
}

async fn decide(world: &World, key: &str, worker: &str) {
    let asked = json!({ "key": key, "action": "credit", "currency": "ILS", "minor": 8_000, "worker": worker });
    let reply = world.api.post("/v1/decisions", &asked).await.unwrap();
    // Asked for again under its key it is the same one.
    assert!([200, 201].contains(&reply.status), "{}", reply.text());
}

/// The review that a task asks for, as whoever has this key reads it.
async fn review(api: &Api, task: &TaskView) -> Value {
    let found = api.get(&format!("/v1/reviews?task={}", task.id)).await.unwrap().json();
    found["items"][0].clone()
}

async fn read(api: &Api, review: &Value) -> Reply {
    api.get(&format!("/v1/reviews/{}", review["id"].as_str().unwrap())).await.unwrap()
}

async fn score(api: &Api, review: &Value, grounds: u8) -> Reply {
    let score = json!({ "act": "score", "points": { "grounds": grounds, "tone": 5 }, "words": "as I see it" });
    api.post(&format!("/v1/reviews/{}", review["id"].as_str().unwrap()), &score).await.unwrap()
}

#[tokio::test]
async fn two_review_one_piece_and_neither_sees_what_the_other_said() {
    let world = world("twice", &RULES.replace("twice: 0", "twice: 100"), "").await;
    let (mut gil, mut dana) = (world.hand("gil").await, world.hand("dana").await);
    decide(&world, "k1", "noa").await;
    let (first, second) = (gil.task().await, dana.task().await);
    let [of_gil, of_dana] = ["gil", "dana"].map(|worker| Api::with_key(world.router.addr, &key_of(worker)));
    let (one, other) = (review(&of_gil, &first).await, review(&of_dana, &second).await);
    assert_ne!(one["id"], other["id"]);
    assert_eq!(one["decision"], other["decision"]);

    assert_eq!(score(&of_gil, &one, 5).await.json()["score_milli"], 1_000);
    // Dana is told nothing of it, by whatever she asks.
    let found = read(&of_dana, &other).await;
    assert_eq!(found.json()["state"], "waiting");
    assert!(!found.text().contains("score_milli") && !found.text().contains("as I see it"), "{}", found.text());
    assert_eq!(read(&of_dana, &one).await.status, 404);
    for path in ["/v1/reviews", "/v1/reviews?reviewer=dana", "/v1/reviews?worker=dana"] {
        let listed = of_dana.get(path).await.unwrap();
        assert!(!listed.text().contains(one["id"].as_str().unwrap()), "{path}: {}", listed.text());
    }
    assert_eq!(of_dana.get("/v1/reviews?reviewer=gil").await.unwrap().status, 403);
    // Whoever has one of the two has not the other.
    assert_eq!(score(&of_gil, &other, 5).await.status, 404);
    assert_eq!(score(&of_dana, &other, 3).await.json()["score_milli"], 700);

    let quality = world.api.get("/v1/quality").await.unwrap().json();
    let calibration = &quality["calibration"];
    assert_eq!(
        (&calibration["pairs"], &calibration["agreed_milli"], &calibration["apart_milli"]),
        (&json!(1), &json!(0), &json!(300)),
        "{quality}"
    );
    assert_eq!((&calibration["reviewers"][0]["reviewer"], &quality["drawn"]), (&json!("gil"), &json!(1)), "{quality}");
    assert_eq!((world.count("review_drawn").await, world.count("reviewed").await), (2, 2));
}

#[tokio::test]
async fn what_is_known_of_reviews_outlives_an_owner_that_ends_in_their_middle() {
    let mut world = world("twice-over", &RULES.replace("most: 20", "most: 2"), "").await;
    let mut gil = world.hand("gil").await;
    for key in ["k1", "k2", "k3"] {
        decide(&world, key, "noa").await;
    }
    let (first, second) = (gil.task().await, gil.task().await);
    assert_eq!(world.count("review_drawn").await, 2, "no more than two in a week");
    let of_gil = Api::with_key(world.router.addr, &key_of("gil"));
    let one = review(&of_gil, &first).await;
    assert_eq!(score(&of_gil, &one, 4).await.status, 200);

    world.router.kill().await;
    world.router.start_again().await;
    let mut gil = world.hand("gil").await;
    let owned: Vec<_> = gil.owned.iter().map(|task| task.id).collect();
    assert_eq!(owned, [second.id], "what was scored is over, and what waits is his still");
    // What the week has seen is known, and a piece that was drawn is not drawn again.
    decide(&world, "k4", "noa").await;
    decide(&world, "k1", "noa").await;
    let task = gil.task().await;
    let other = review(&of_gil, &task).await;
    assert_eq!(other["state"], "waiting");
    // A review is not finished but made, and nobody makes his own: that is known of old tasks too.
    let own = json!({ "act": "score", "worker": "noa", "points": { "grounds": 5, "tone": 5 } });
    let path = format!("/v1/reviews/{}", other["id"].as_str().unwrap());
    assert_eq!(world.api.post(&path, &own).await.unwrap().json()["code"], "not_your_review");
    assert_eq!(gil.settle(&task, super::cases::finish("fine"), vec![]).await.unwrap_err().code, "unreviewed");
    assert_eq!(score(&of_gil, &other, 2).await.status, 200);
    assert_eq!((world.count("review_drawn").await, world.count("reviewed").await), (2, 2));
    let quality = world.api.get("/v1/quality").await.unwrap().json();
    let noa = &quality["workers"][0];
    assert_eq!((&noa["of"], &noa["count"], &noa["score_milli"]), (&json!("noa"), &json!(2), &json!(700)), "{quality}");
}

/// The titles of what this hand is shown, up to the one with these words.
async fn shown(hand: &mut blendline_tests::worker::Hand, last: &str) -> Vec<String> {
    let mut seen = Vec::new();
    hand.until(last, |frame| match frame {
        ServerFrame::Offer { task } | ServerFrame::Assigned { task } => {
            let title = task.title.map(|title| title.expose().clone()).unwrap_or_default();
            seen.push(title.clone());
            title.contains(last).then_some(())
        }
        _ => None,
    })
    .await;
    seen
}

#[tokio::test]
async fn nobody_is_offered_his_own_work_and_it_goes_up_the_tree_where_nobody_else_reviews() {
    let rules = RULES.replace("workers: [gil, dana]", "workers: [gil]");
    let world = world("own-work", &rules, UNITS).await;
    let mut gil = world.hand("gil").await;
    // Of his own work nothing is shown to him; of hers it is.
    decide(&world, "k1", "gil").await;
    decide(&world, "k2", "noa").await;
    assert_eq!(shown(&mut gil, "noa").await, ["credit: noa"]);
    let waiting = world.api.get("/v1/reviews?worker=gil&open=true").await.unwrap().json();
    let review = &waiting["items"][0];
    assert_eq!((&review["state"], &review["reason"]), (&json!("waiting"), &json!("for_manager")), "{waiting}");
    let path = format!("/v1/tasks/{}", review["by_task"].as_str().unwrap());
    assert_eq!(world.api.get(&path).await.unwrap().json()["state"], "waiting");
    world.until_events("review_held", 1).await;
    // Nor does he get it by taking it, or from a supervisor.
    let taken = world.api.post(&format!("{path}/take"), &json!({ "worker": "gil" })).await.unwrap();
    assert_eq!(taken.json()["code"], "not_your_review", "{}", taken.text());
    let moved = world.api.post(&format!("{path}/transfer"), &json!({ "to": { "worker": "gil" } })).await.unwrap();
    assert_eq!(moved.json()["code"], "not_your_review", "{}", moved.text());

    // The manager above his own unit comes, and reviews it.
    let mut omer = world.hand("omer").await;
    let task = omer.task().await;
    assert_eq!(json!(task.id.to_string()), review["by_task"]);
    let score = json!({ "act": "score", "worker": "omer", "points": { "grounds": 5, "tone": 5 } });
    let path = format!("/v1/reviews/{}", review["id"].as_str().unwrap());
    let scored = world.api.post(&path, &score).await.unwrap();
    assert_eq!((scored.status, &scored.json()["reviewer"]), (200, &json!("omer")), "{}", scored.text());
    assert_eq!(world.count("reviewed").await, 1);
}

#[tokio::test]
async fn what_nobody_may_review_waits_with_its_reason_until_somebody_may() {
    let world = world("held", &RULES.replace("workers: [gil, dana]", "workers: [gil]"), "").await;
    let mut gil = world.hand("gil").await;
    decide(&world, "k1", "gil").await;
    decide(&world, "k2", "noa").await;
    assert_eq!(shown(&mut gil, "noa").await, ["credit: noa"]);
    let held = world.api.events("review_held").await;
    assert_eq!((held.len(), &held[0]["reason"]), (1, &json!("nobody_else")), "{held:?}");
    let by_task = held[0]["by_task"].as_str().unwrap().to_owned();
    // The rules give the queue to a second worker.
    let draft = world.api.put("/v1/rules/draft", &json!({ "text": RULES })).await.unwrap().json();
    let publication = json!({ "sha256": draft["sha256"], "reason": "a second one" });
    let published = world.api.post("/v1/rules/publish", &publication).await.unwrap();
    assert_eq!(published.status, 200, "{}", published.text());
    let mut dana = world.hand("dana").await;
    assert_eq!(dana.task().await.id.to_string(), by_task);
}
