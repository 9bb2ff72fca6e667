//! Rules in use: notices to customers, sets on trial, and the record replayed.

use blendline_tests::config::{Queue, Worker};
use blendline_tests::worker::done;
use serde_json::{Value, json};

use super::world::World;

const RULES: &str = "\
queues:
  service: {side: front, target: 2m}
  sales: {side: front, target: 1s, offer: 1s}
groups:
  desk: {queues: [service], workers: [noa]}
  shop: {queues: [sales], workers: [dana]}
keywords:
  buy: [buy]
rules:
  - {name: all, queue: service}
notices:
  hello: {when: received, every: 1h, text: {he: \"קיבלנו, תודה\", en: \"We have your message.\"}}
";

async fn world() -> World {
    World::start("rule-steps", |it| {
        it.queues = vec![Queue::new("care", "front")];
        it.workers = vec![Worker::new("omer", &["care"], 9)];
        it.rules = Some(RULES.to_owned());
    })
    .await
}

/// The set by which buyers go to `sales`, where nobody is.
fn buyers() -> String {
    RULES.replace("rules:\n", "rules:\n  - {name: sales, when: mentions('buy'), queue: sales}\n")
}

#[tokio::test]
async fn a_notice_reaches_the_customer_once_and_is_no_answer() {
    let mut world = world().await;
    world.say(1, "good morning").await;
    world.say(2, "בוקר טוב").await;
    world.say(1, "are you there?").await;
    let calls = world.graph.until("two notices", |calls| 2 <= calls.len()).await;
    let told: Vec<String> =
        calls.iter().map(|call| call.body["text"]["body"].as_str().unwrap_or_default().to_owned()).collect();
    assert!(
        told.contains(&"We have your message.".to_owned()) && told.contains(&"קיבלנו, תודה".to_owned()),
        "{told:?}"
    );
    let sent = world.api.events("notice_sent").await;
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(sent.iter().all(|event| event["moment"] == "received" && event["actor"] == "rule"), "{sent:?}");
    assert!(world.api.events("first_response").await.is_empty(), "who was only told something still waits");
    let mut noa = world.hand("noa").await;
    let task = noa.task().await;
    noa.settle(&task, done(), vec![]).await.unwrap();
    assert_eq!(world.api.events("notice_sent").await.len(), 2);
}

#[tokio::test]
async fn a_set_goes_live_by_steps_and_falls_back_by_itself() {
    let mut world = world().await;
    let draft = world.api.put("/v1/rules/draft", &json!({ "text": buyers() })).await.unwrap().json();
    assert_eq!(draft["good"], true, "{draft}");
    let begin = |stage: Value| json!({ "sha256": draft["sha256"], "reason": "step by step", "stage": stage });
    let nobody = world.api.get("/v1/rules/trial").await.unwrap();
    assert_eq!((nobody.status, &nobody.json()["trial"]), (200, &Value::Null));

    // Shadow: it decides for nobody, and what it would do is listed.
    let begun = world.api.post("/v1/rules/trial", &begin(json!({ "acts": false }))).await.unwrap();
    assert_eq!((begun.status, &begun.json()["version"]), (200, &json!(2)), "{}", begun.text());
    let seen = tried(&mut world, 100, "I want to buy one").await;
    assert_eq!((&seen["decided"], &seen["stage"]["acts"]), (&json!(0), &json!(false)), "{seen}");
    let one = &seen["differences"][0];
    assert_eq!((&one["live_queue"], &one["trial_queue"]), (&json!("service"), &json!("sales")), "{seen}");
    let live = world.api.get("/v1/rules").await.unwrap().json();
    assert_eq!(live["set"]["version"], 1, "what is live has not changed: {live}");

    // A part: it decides, until the queue that it fills answers too few in time.
    let guard = json!({ "queue": "sales", "least_percent": 80, "tasks_min": 2 });
    let stage = json!({ "acts": true, "per_mille": 1000, "groups": ["desk"], "guard": guard });
    let begun = world.api.post("/v1/rules/trial", &begin(stage)).await.unwrap();
    assert_eq!((begun.status, &begun.json()["version"]), (200, &json!(3)), "{}", begun.text());
    for customer in 300.. {
        world.say(customer, "I want to buy one").await;
        let versions = world.api.all("/v1/rules/versions").await;
        if versions[0]["version"] == 4 {
            assert_eq!(versions[0]["publisher"], "guard", "{versions:?}");
            assert!(versions[0]["reason"].as_str().unwrap().contains("`sales` answers 0 % in time"), "{versions:?}");
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert!(customer < 1_000, "it never fell back: {}", world.api.get("/v1/rules/trial").await.unwrap().text());
    }
    let audit = world.api.all("/v1/audit").await;
    let told: Vec<_> =
        audit.iter().filter_map(|entry| entry["what"].as_str()).filter(|what| what.starts_with("rules_")).collect();
    assert_eq!(told, ["rules_published", "rules_drafted", "rules_tried", "rules_tried", "rules_fell_back"]);
    let text = world.api.get("/metrics").await.unwrap().text();
    assert!(text.contains("blendline_rule_fallbacks_total{tenant=\"acme\"} 1"), "{text}");
    let live = world.api.get("/v1/rules").await.unwrap().json();
    assert_eq!(live["set"]["text"], RULES, "{live}");
}

/// Says something until the trial has seen a difference.
async fn tried(world: &mut World, from: u64, text: &str) -> Value {
    for customer in from.. {
        world.say(customer, text).await;
        let seen = world.api.get("/v1/rules/trial").await.unwrap().json()["trial"].clone();
        if 0 < seen["differed"].as_u64().unwrap_or_default() {
            return seen;
        }
        assert!(customer < from + 1_000, "the trial never differed: {seen}");
    }
    unreachable!("there are always more customers")
}

#[tokio::test]
async fn the_record_of_a_running_router_replays_exactly() {
    let mut world = world().await;
    let from = blendline_tests::machine::unix_ms() - 1;
    let mut noa = world.hand("noa").await;
    for customer in 1..=12 {
        world.say(customer, if customer % 3 == 0 { "I want to buy one" } else { "a question" }).await;
        if customer % 2 == 0 {
            let task = noa.task().await;
            noa.settle(&task, done(), vec![]).await.unwrap();
        }
    }
    world
        .api
        .until("/v1/events", "all tasks", |events| {
            12 <= events.iter().filter(|event| event["event"] == "task_created").count()
        })
        .await;
    let time = |ms: u64| blendline_wire::Millis(ms).to_rfc3339();
    let to = blendline_tests::machine::unix_ms() + 1;
    let asked = json!({ "from": time(from), "to": time(to), "rules": buyers(), "levers": true });
    let told = world.api.post("/v1/rules/replay", &asked).await.unwrap();
    assert_eq!(told.status, 200, "{}", told.text());
    let told = told.json();
    let queue =
        |name: &str| told["queues"].as_array().unwrap().iter().find(|one| one["queue"] == name).unwrap().clone();
    assert_eq!(told["exact"], true, "{told}");
    assert_eq!(queue("service")["recorded"], queue("service")["live"]);
    assert_eq!((&queue("service")["recorded"]["came"], &queue("service")["draft"]["came"]), (&json!(12), &json!(8)));
    assert_eq!((&told["moved"], &told["moves"][0]["draft_rule"]), (&json!(4), &json!("sales")), "{told}");
    assert!(!told["levers"].as_array().unwrap().is_empty(), "{told}");
}
