//! Routing rules, from a file or the API to the worker whom they choose.

use blendline_tests::config::{Queue, Worker};
use blendline_tests::worker::done;
use serde_json::{Value, json};

use super::world::World;

/// The front line speaks Hebrew; what mentions money goes to those who know it. The account's own queue is `care`.
const RULES: &str = "\
zone: Asia/Jerusalem
skills: [refunds]
queues:
  hebrew: {side: front, target: 2m}
  money: {side: front, target: 1m}
groups:
  speakers: {queues: [hebrew], workers: [noa]}
  cashiers: {queues: [money], skills: {refunds: 5}, workers: [dana]}
keywords:
  money: [החזר, refund]
rules:
  - name: broken
    when: 10 / msg.rating > 1
    queue: money
  - {name: money, language: he, when: mentions('money'), queue: money, needs: {refunds: 3}}
  - {name: hebrew, channel: whatsapp_cloud, language: he, queue: hebrew}
";

async fn world() -> World {
    World::start("rules", |it| {
        it.queues = vec![Queue::new("care", "front")];
        it.workers = vec![Worker::new("omer", &["care"], 9)];
        it.rules = Some(RULES.to_owned());
    })
    .await
}

#[tokio::test]
async fn a_message_goes_to_the_queue_that_the_rules_name() {
    let mut world = world().await;
    let (mut noa, mut dana, mut omer) = (world.hand("noa").await, world.hand("dana").await, world.hand("omer").await);
    world.say(1, "שלום, יש לי שאלה").await;
    let task = noa.task().await;
    assert_eq!(task.queue, "hebrew");
    let why = world.api.get(&format!("/v1/tasks/{}/explanation", task.id)).await.unwrap().json();
    assert_eq!(why["routing"]["version"], 1, "{why}");
    assert_eq!(why["routing"]["rule"], "hebrew", "{why}");
    assert_eq!(why["routing"]["tried"][1]["because"], "false: mentions('money')", "{why}");
    world.say(2, "מתי אקבל את הַהֶחְזֵר?").await;
    assert_eq!(dana.task().await.queue, "money");
    world.say(3, "good morning").await;
    assert_eq!(omer.task().await.queue, "care");
    // Every decision bears the version that decided, also where no rule applied.
    let created = world.api.events("task_created").await;
    assert_eq!(created.len(), 3);
    assert!(created.iter().all(|event| event["rule_set"] == 1), "{created:?}");
    // The rule that divides by zero stopped nobody: it is counted, and the next ones had their turn.
    let metrics = world.api.get("/metrics").await.unwrap().text();
    assert!(metrics.contains("blendline_rule_errors_total{tenant=\"acme\",rule=\"broken\"} 3"), "{metrics}");
    assert!(metrics.contains("blendline_rule_decisions_total{tenant=\"acme\",rule=\"money\"} 1"), "{metrics}");
    noa.settle(&task, done(), vec![]).await.unwrap();
}

#[tokio::test]
async fn a_published_set_decides_without_a_restart_and_can_be_rolled_back() {
    let mut world = world().await;
    let (mut noa, mut omer) = (world.hand("noa").await, world.hand("omer").await);
    let mut wrong =
        world.api.put("/v1/rules/draft", &json!({ "text": RULES.replace("side: front", "side: frnt") })).await.unwrap();
    assert_eq!((wrong.status, &wrong.json()["good"]), (200, &json!(false)), "{}", wrong.text());
    let publication = json!({ "sha256": wrong.json()["sha256"], "reason": "a try" });
    wrong = world.api.post("/v1/rules/publish", &publication).await.unwrap();
    assert_eq!((wrong.status, &wrong.json()["code"]), (422, &json!("rules_in_error")), "{}", wrong.text());

    // English goes to a queue that was not there at the start, and to a worker who was not.
    let more = RULES
        .replace("groups:\n", "  english: {side: front}\ngroups:\n  guests: {queues: [english], workers: [lena]}\n")
        + "  - {name: english, language: en, queue: english}\n";
    let draft = world.api.put("/v1/rules/draft", &json!({ "text": more })).await.unwrap().json();
    assert_eq!(draft["good"], true, "{draft}");
    assert!(draft["diff"].as_str().unwrap().contains("+  - {name: english"), "{draft}");
    let publication = json!({ "sha256": draft["sha256"], "reason": "guests from abroad" });
    let published = world.api.post("/v1/rules/publish", &publication).await.unwrap();
    assert_eq!((published.status, &published.json()["version"]), (200, &json!(2)), "{}", published.text());
    let workers = |events: &[Value]| events.iter().filter(|event| event["what"] == "worker").count();
    world.api.until("/v1/events", "the new worker", |events| 4 <= workers(events)).await;
    let mut lena = world.hand("lena").await;
    world.say(1, "good morning").await;
    assert_eq!(lena.task().await.queue, "english");

    // What stands in a queue is not forgotten: the way back is refused while its task is open.
    let back = json!({ "version": 1, "reason": "no guests after all" });
    let refused = world.api.post("/v1/rules/rollback", &back).await.unwrap();
    assert_eq!((refused.status, &refused.json()["code"]), (422, &json!("no_heir")), "{}", refused.text());
    world.say(2, "שלום").await;
    assert_eq!(noa.task().await.queue, "hebrew");
    let english = world.api.all("/v1/tasks?queue=english").await;
    let transfer = format!("/v1/tasks/{}/transfer", english[0]["id"].as_str().unwrap());
    let moved = world.api.post(&transfer, &json!({ "to": { "queue": "care" } })).await.unwrap();
    assert_eq!(moved.status, 204, "{}", moved.text());
    assert_eq!(omer.task().await.queue, "care");
    let rolled = world.api.post("/v1/rules/rollback", &back).await.unwrap();
    assert_eq!((rolled.status, &rolled.json()["version"]), (200, &json!(3)), "{}", rolled.text());
    let versions = world.api.all("/v1/rules/versions").await;
    assert_eq!(versions.iter().map(|row| row["version"].as_u64().unwrap()).collect::<Vec<_>>(), [3, 2, 1]);
    let audit = world.api.all("/v1/audit").await;
    let told: Vec<_> =
        audit.iter().filter_map(|entry| entry["what"].as_str()).filter(|what| what.starts_with("rules_")).collect();
    assert_eq!(told, ["rules_published", "rules_drafted", "rules_drafted", "rules_published", "rules_rolled_back"]);
    // The router looks for versions once a second: from some message on, version 3 decides.
    for customer in 10.. {
        world.say(customer, "good morning").await;
        let events = world.api.events("task_created").await;
        if events.iter().any(|event| event["rule_set"] == 3) {
            break;
        }
        assert!(customer < 1_000, "version 3 never decided");
    }
}

#[tokio::test]
async fn a_set_that_wants_two_people_is_published_by_another() {
    let world = world().await;
    let two = format!("two_people: true\n{RULES}");
    let draft = world.api.put("/v1/rules/draft", &json!({ "text": two })).await.unwrap().json();
    let publication = json!({ "sha256": draft["sha256"], "reason": "alone" });
    let refused = world.api.post("/v1/rules/publish", &publication).await.unwrap();
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("second_person")), "{}", refused.text());
}
