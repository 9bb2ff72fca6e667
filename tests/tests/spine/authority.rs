//! What workers decide: alone within their authority, by their manager above it, and never above everybody's.

use blendline_tests::config::Worker;
use blendline_tests::http::Reply;
use blendline_tests::worker::Hand;
use blendline_wire::task::TaskKind;
use blendline_wire::worker::{Author, ClientFrame, DecisionWish, ServerFrame, TaskView, Verdict};
use serde_json::{Value, json};

use super::world::World;

const RULES: &str = "\
queues:
  front: {side: front, target: 2m}
  approvals: {side: back}
groups:
  desk: {queues: [front], workers: [noa, gil]}
  managers: {queues: [approvals], workers: [omer, dana]}
rules:
  - {name: all, channel: whatsapp_cloud, queue: front}
cases:
  complaint:
    fields:
      credit: {type: money, currency: ILS, by: credit}
    stages:
      open: {words: Open, target: 1d, queue: front}
      done: {words: Done, closes: solved}
    moves:
      - {from: open, to: done, on: answered}
authority:
  grants:
    desk: {who: {group: desk}, action: credit, currency: ILS, limit: 10000, day: 15000}
    managers: {who: {role: manager}, action: credit, currency: ILS, limit: 50000, four_eyes: 30000}
    swaps: {who: {worker: noa}, action: replacement, limit: 1, day: 2}
  approvals: {queue: approvals, target: 15m}
";
const UNITS: &str = "\
[[tenant.unit]]
name = \"region\"
manager = \"dana\"
[[tenant.unit]]
name = \"shop\"
parent = \"region\"
manager = \"omer\"
";

async fn world(what: &str) -> World {
    World::start(what, |it| {
        let of = |name: &str, unit: &str| Worker { unit: Some(unit.to_owned()), ..Worker::new(name, &["care"], 2) };
        it.workers = vec![of("noa", "shop"), of("gil", "shop"), of("omer", "shop"), of("dana", "region")];
        it.unit_lines = UNITS.to_owned();
        it.rules = Some(RULES.to_owned());
        // The hands are busy elsewhere for a while.
        it.heartbeat_ms = 10_000;
    })
    .await
}

async fn ask(world: &World, key: &str, who: &str, minor: i64, more: Value) -> Reply {
    let mut asking = json!({ "key": key, "action": "credit", "currency": "ILS", "minor": minor, "worker": who });
    asking.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.api.post("/v1/decisions", &asking).await.unwrap()
}

async fn act(world: &World, decision: &Value, who: &str, verb: &str) -> Reply {
    let path = format!("/v1/decisions/{}", decision["id"].as_str().unwrap());
    world.api.post(&path, &json!({ "act": verb, "worker": who, "note": "as agreed" })).await.unwrap()
}

fn code(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json()["code"].as_str().unwrap_or_default().to_owned())
}

/// The task of this name, when it becomes his.
async fn task(hand: &mut Hand, id: &Value) -> TaskView {
    hand.until("the task", |frame| match frame {
        ServerFrame::Assigned { task } if json!(task.id) == *id => Some(task),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn within_it_at_once_above_it_by_the_manager_and_never_above_everybody() {
    let mut world = world("authority").await;
    let (mut noa, mut omer) = (world.hand("noa").await, world.hand("omer").await);
    world.say(1, "החבילה הגיעה שבורה").await;
    let talk = noa.task().await;
    let case =
        world.api.post("/v1/cases", &json!({ "type": "complaint", "key": "c1", "task": talk.id })).await.unwrap();
    let case = case.json()["id"].as_str().unwrap().to_owned();
    let here = json!({ "task": talk.id, "case": case, "reason": "it came broken" });

    // Within her limit it is hers: once, however often she asks.
    let first = ask(&world, "k1", "noa", 8_000, here.clone()).await;
    assert_eq!((first.status, &first.json()["state"]), (201, &json!("granted")), "{}", first.text());
    let again = ask(&world, "k1", "noa", 8_000, here.clone()).await;
    assert_eq!((again.status, &again.json()["id"]), (200, &first.json()["id"]));
    let other = ask(&world, "k1", "noa", 8_001, here.clone()).await;
    assert_eq!(code(&other), (409, "key_reused".to_owned()));
    assert_eq!(world.count("decision_granted").await, 1);
    let credit = async || world.api.get(&format!("/v1/cases/{case}")).await.unwrap().json()["fields"]["credit"].clone();
    assert_eq!(credit().await, json!({ "minor": 8_000, "currency": "ILS" }));
    // The same by her own connection.
    let wish = DecisionWish {
        key: "f1".to_owned(),
        action: "credit".to_owned(),
        minor: 500,
        currency: Some("ILS".to_owned()),
        reason: None,
    };
    for _ in 0..2 {
        let wish = wish.clone();
        noa.call(|call| ClientFrame::Decide { call, task: talk.id, wish }).await.unwrap();
    }
    let beyond = DecisionWish { key: "f2".to_owned(), minor: 50_001, ..wish };
    let refused = noa.call(|call| ClientFrame::Decide { call, task: talk.id, wish: beyond }).await.unwrap_err();
    assert_eq!(refused.code, "over_limit", "{refused:?}");
    assert_eq!(world.count("decision_granted").await, 2);
    // Nobody writes what only a decision gives.
    let by_hand =
        json!({ "key": "x", "act": { "set": { "fields": { "credit": { "minor": 1, "currency": "ILS" } } } } });
    let refused = world.api.post(&format!("/v1/cases/{case}"), &by_hand).await.unwrap();
    assert_eq!(code(&refused), (422, "wrong_field".to_owned()));

    // Above it her manager is asked; her task waits, and comes back with the answer.
    let asked = ask(&world, "k2", "noa", 20_000, here.clone()).await;
    assert_eq!((asked.status, &asked.json()["state"]), (202, &json!("waiting")), "{}", asked.text());
    let approval = task(&mut omer, &asked.json()["approval"]).await;
    assert_eq!((approval.kind, approval.parent), (TaskKind::Request, Some(talk.id)));
    assert_eq!(approval.queue, "approvals");
    assert!(approval.title.as_ref().unwrap().expose().contains("200.00 ILS"), "{:?}", approval.title);
    let finish = Verdict::Done { disposition: "fine".to_owned(), note: None };
    let undecided = omer.settle(&approval, finish, vec![]).await.unwrap_err();
    assert_eq!(undecided.code, "undecided", "{undecided:?}");
    assert_eq!(code(&act(&world, &asked.json(), "noa", "approve").await), (409, "not_yours".to_owned()));
    assert_eq!(code(&act(&world, &asked.json(), "gil", "approve").await), (409, "not_yours".to_owned()));
    let approved = act(&world, &asked.json(), "omer", "approve").await;
    assert_eq!((approved.status, &approved.json()["state"]), (200, &json!("granted")), "{}", approved.text());
    assert_eq!(act(&world, &asked.json(), "omer", "approve").await.status, 200, "said twice is said once");
    let back = task(&mut noa, &json!(talk.id)).await;
    let said = |task: &TaskView| {
        let notes = task.messages.iter().filter(|line| line.from == Author::Note);
        notes.filter_map(|line| line.text.as_ref().map(|text| text.expose().clone())).collect::<Vec<_>>()
    };
    assert!(said(&back).iter().any(|note| note.contains("✓ credit: 200.00 ILS. as agreed")), "{back:?}");
    assert_eq!(credit().await, json!({ "minor": 28_000, "currency": "ILS" }));

    // Above everybody's limit it is refused, and says what would be allowed.
    let refused = ask(&world, "k3", "noa", 50_001, here.clone()).await;
    assert_eq!(code(&refused), (409, "over_limit".to_owned()));
    assert!(refused.text().contains("65.00 ILS alone") && refused.text().contains("500.00 ILS"), "{}", refused.text());
    assert_eq!(world.count("decision_refused").await, 2);
    let unknown = ask(&world, "k4", "noa", 1, json!({ "currency": "USD" })).await;
    assert_eq!(code(&unknown), (422, "unknown_action".to_owned()));

    // What is left is shown, and what was given is taken back by a line of its own.
    let left = world.api.get(&format!("/v1/decisions/allowance?worker=noa&task={}", talk.id)).await.unwrap().json();
    assert_eq!((&left["items"][0]["minor"], &left["items"][0]["day"]), (&json!(6_500), &json!(6_500)), "{left}");
    assert_eq!(act(&world, &first.json(), "noa", "reverse").await.json()["state"], json!("reversed"));
    assert_eq!(credit().await, json!({ "minor": 20_000, "currency": "ILS" }));

    // The ledger's sums are the events' sums, and none of anybody's words is in an event.
    let events = world.api.all("/v1/events").await;
    let told = |kinds: &[&str]| -> i64 {
        let of = events.iter().filter(|event| kinds.iter().any(|kind| event["event"] == *kind));
        of.map(|event| event["minor"].as_i64().unwrap()).sum()
    };
    assert_eq!(told(&["decision_granted", "decision_reversed"]), 20_500);
    let csv = world.api.get("/v1/decisions/export").await.unwrap().text();
    assert_eq!(csv.lines().filter(|line| line.contains(",granted,")).count(), 3, "{csv}");
    assert!(csv.lines().any(|line| line.starts_with(",,,total,credit,ILS,20500,")), "{csv}");
    let listed = world.api.all("/v1/decisions").await;
    assert_eq!(listed.len(), 3, "{listed:?}");
    let log = json!(events).to_string();
    assert!(!log.contains("came broken") && !log.contains("as agreed"), "free text is in no event");

    // Where the task that asks is over, nobody is asked any more.
    let asked = ask(&world, "k5", "noa", 20_000, here).await.json();
    assert_eq!(asked["state"], json!("waiting"), "{asked}");
    let path = format!("/v1/tasks/{}", asked["approval"].as_str().unwrap());
    assert_eq!(world.api.delete(&path).await.unwrap().status, 204);
    task(&mut noa, &json!(talk.id)).await;
    let over = world.api.get(&format!("/v1/decisions/{}", asked["id"].as_str().unwrap())).await.unwrap().json();
    assert_eq!((&over["state"], &over["lines"][2]["reason"]), (&json!("withdrawn"), &json!("task_over")), "{over}");
    assert_eq!(world.count("decision_withdrawn").await, 1);
}

#[tokio::test]
async fn the_days_limit_holds_for_two_at_once_and_four_eyes_are_two_persons() {
    let world = world("authority-two").await;
    // 100.00 and 100.00 are more than the 150.00 of a day: one of the two is asked of somebody else.
    let (one, other) =
        tokio::join!(ask(&world, "a", "noa", 10_000, json!({})), ask(&world, "b", "noa", 10_000, json!({})));
    let mut states = [one.status, other.status];
    states.sort_unstable();
    assert_eq!(states, [201, 202], "{} {}", one.text(), other.text());
    // Counted actions have no currency.
    let swap = |key: &str, count: i64| json!({ "key": key, "action": "replacement", "minor": count, "worker": "noa" });
    for (key, status) in [("s1", 201), ("s2", 201), ("s3", 409)] {
        let swapped = world.api.post("/v1/decisions", &swap(key, 1)).await.unwrap();
        assert_eq!(swapped.status, status, "{key}: {}", swapped.text());
    }

    // Above 300.00 a manager agrees, and then a second person.
    let (mut omer, mut dana) = (world.hand("omer").await, world.hand("dana").await);
    let asked = ask(&world, "c", "gil", 40_000, json!({})).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    let approval = &asked.json()["approval"];
    task(&mut omer, approval).await;
    assert_eq!(act(&world, &asked.json(), "omer", "approve").await.json()["state"], json!("waiting"));
    // The same task goes on to the second.
    task(&mut dana, approval).await;
    assert_eq!(code(&act(&world, &asked.json(), "omer", "approve").await), (409, "not_yours".to_owned()));
    let granted = act(&world, &asked.json(), "dana", "approve").await.json();
    assert_eq!(
        (&granted["state"], &granted["decider"], &granted["second"]),
        (&json!("granted"), &json!("omer"), &json!("dana"))
    );
    let kinds: Vec<&str> =
        granted["lines"].as_array().unwrap().iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["asked", "routed", "approved", "routed", "granted"]);

    // Denied is denied, and whoever asked may let it be.
    let denied = ask(&world, "d", "gil", 11_000, json!({})).await;
    assert_eq!(act(&world, &denied.json(), "omer", "deny").await.json()["state"], json!("denied"));
    let left = ask(&world, "e", "gil", 11_000, json!({})).await;
    assert_eq!(code(&act(&world, &left.json(), "dana", "withdraw").await), (409, "not_yours".to_owned()));
    assert_eq!(act(&world, &left.json(), "gil", "withdraw").await.json()["state"], json!("withdrawn"));
    assert_eq!(code(&act(&world, &left.json(), "omer", "approve").await), (409, "wrong_decision_state".to_owned()));
    world.until_events("task_cancelled", 1).await;
}
