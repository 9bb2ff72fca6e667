//! What should change, from a note at wrap-up to the answer that goes back to whoever wrote it.

use blendline_tests::config::Worker;
use blendline_tests::worker::{Hand, said};
use blendline_wire::worker::{ClientFrame, TaskView};
use blendline_wire::{Lease, Problem};
use serde_json::{Value, json};

use super::cases::finish;
use super::world::World;

const RULES: &str = "\
queues:
  front: {side: front, target: 2m}
groups:
  desk: {queues: [front], workers: [noa, gil]}
rules:
  - {name: all, channel: whatsapp_cloud, queue: front, tags: [returns]}
improvements:
  answer: 1s
  climb: 1s
  climbs: 3
  cost: {currency: ILS, contact: 1200, channels: {whatsapp_cloud: 900}}
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

async fn world(what: &str, rules: &str) -> World {
    World::start(what, |it| {
        let of = |name: &str, unit: &str| Worker { unit: Some(unit.to_owned()), ..Worker::new(name, &["care"], 2) };
        it.workers = vec![of("noa", "shop"), of("gil", "shop"), of("omer", "shop"), of("dana", "region")];
        it.unit_lines = UNITS.to_owned();
        it.rules = Some(rules.to_owned());
        it.heartbeat_ms = 10_000;
    })
    .await
}

async fn opened(world: &World, body: Value) -> Value {
    let reply = world.api.post("/v1/improvements", &body).await.unwrap();
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()
}

async fn act(world: &World, of: &Value, act: Value) -> (u16, Value) {
    let path = format!("/v1/improvements/{}", of["id"].as_str().unwrap());
    let reply = world.api.post(&path, &act).await.unwrap();
    (reply.status, reply.json())
}

#[tokio::test]
async fn a_note_at_wrap_up_is_answered_measured_and_told_to_whoever_wrote_it() {
    let mut world = world("improvements", &RULES.replace("answer: 1s", "answer: 7d")).await;
    let mut noa = world.hand("noa").await;
    world.say(1, "The form asks twice").await;
    let talk = noa.task().await;
    noa.settle(&talk, finish("answered"), vec![]).await.unwrap();

    let note = json!({
        "key": "wrap-1", "source": "wrap_up", "title": "The return form asks twice", "task": talk.id, "worker": "noa"
    });
    let first = opened(&world, note.clone()).await;
    assert_eq!(opened(&world, note).await["id"], first["id"]);
    assert_eq!(
        [&first["owner"], &first["unit"], &first["topic"], &first["queue"]],
        [&json!("omer"), &json!("shop"), &json!("returns"), &json!("front")],
        "{first}"
    );
    assert_eq!(first["price"], json!({ "minor": 900, "currency": "ILS", "amount": "9.00 ILS" }));
    // An auditor found the same: the two are proposed as one, and joined by hand.
    let finding = json!({
        "key": "audit-1", "source": "audit", "title": "Return form asks the same twice", "queue": "front",
        "topic": "returns", "contacts": { "webchat": 5 }
    });
    let found = opened(&world, finding).await;
    let pairs = world.api.get("/v1/improvements/alike").await.unwrap().json();
    assert_eq!(pairs["items"], json!([{ "into": first["id"], "join": found["id"] }]));
    assert_eq!(act(&world, &found, json!({ "act": "join", "into": first["id"] })).await.0, 200);
    let (status, refused) = act(&world, &found, json!({ "act": "begin" })).await;
    assert_eq!((status, &refused["code"]), (409, &json!("wrong_improvement_state")));

    // A manager answers, by name; who is none does not.
    let answer =
        |who: &str| json!({ "act": "answer", "worker": who, "do_by": "2100-01-01T00:00:00Z", "words": "It goes." });
    assert_eq!(act(&world, &first, answer("gil")).await.1["code"], "not_yours");
    let (_, answered) = act(&world, &first, answer("omer")).await;
    assert_eq!(
        (&answered["status"], &answered["contacts"], &answered["price"]["minor"]),
        (&json!("planned"), &json!(6), &json!(900 + 5 * 1200)),
        "{answered}"
    );
    // It is told to whoever wrote it, at the task where she did.
    let told = world.api.get("/v1/mentions?worker=noa").await.unwrap().json()["items"][0].clone();
    assert_eq!(told["task"], json!(talk.id), "{told}");
    let told = told["text"].as_str().unwrap().to_owned();
    assert!(told.contains("The return form asks twice") && told.contains("It goes."), "{told}");
    assert_eq!(act(&world, &first, json!({ "act": "finish" })).await.0, 409, "nothing was measured yet");
    for (phase, since, until) in [("before", "2026-01-01", "2026-02-01"), ("after", "2026-02-01", "2026-03-01")] {
        let measure = json!({
            "act": "measure", "phase": phase, "figure": "contacts", "topic": "returns",
            "since": format!("{since}T00:00:00Z"), "until": format!("{until}T00:00:00Z")
        });
        let (status, measured) = act(&world, &first, measure).await;
        assert_eq!((status, &measured[phase]["figure"]), (200, &json!("contacts")), "{measured}");
    }
    assert_eq!(act(&world, &first, json!({ "act": "finish" })).await.1["status"], "done");
    // What belongs to it stands where it stands, and its writer would read so.
    let path = format!("/v1/improvements/{}", found["id"].as_str().unwrap());
    assert_eq!(world.api.get(&path).await.unwrap().json()["status"], "done");
    let csv = world.api.get("/v1/improvements/export?firsts=true").await.unwrap();
    assert!(csv.text().contains("The return form asks twice") && csv.text().contains(",6,6900,ILS,"), "{}", csv.text());
    for (event, count) in [
        ("improvement_opened", 2),
        ("improvement_joined", 1),
        ("improvement_answered", 1),
        ("improvement_measured", 2),
        ("improvement_moved", 1),
    ] {
        world.until_events(event, count).await;
    }
}

#[tokio::test]
async fn what_nobody_answers_climbs_the_tree_and_stops_at_its_top() {
    let world = world("improvements-climb", RULES).await;
    let found = opened(&world, json!({ "key": "a", "source": "audit", "title": "Nobody knows", "unit": "shop" })).await;
    assert_eq!(found["owner"], "omer");
    // To dana, and then that nobody stands above her.
    world.until_events("improvement_escalated", 2).await;
    let path = format!("/v1/improvements/{}", found["id"].as_str().unwrap());
    let now = world.api.get(&path).await.unwrap().json();
    assert_eq!((&now["owner"], &now["climbs"], &now["status"]), (&json!("dana"), &json!(1), &json!("open")), "{now}");
}

/// Finishes a task, and notes what should change.
async fn noting(hand: &mut Hand, task: &TaskView, lease: Lease, what: &str) -> Result<(), Problem> {
    let (task, verdict, improve) = (task.id, finish("answered"), Some(what.to_owned().into()));
    let (replies, seen) = (Vec::new(), None);
    hand.call(|call| ClientFrame::Settle { call, task, lease, verdict, replies, seen, improve }).await
}

#[tokio::test]
async fn what_should_change_is_written_down_with_the_verdict_or_not_at_all() {
    let mut world = world("improvements-with", &RULES.replace("answer: 1s", "answer: 7d")).await;
    let mut noa = world.hand("noa").await;
    world.say(1, "The form asks twice").await;
    let talk = noa.task().await;
    // What is refused notes nothing, whichever of the two it is refused for.
    let long = noting(&mut noa, &talk, talk.lease, &"x".repeat(201)).await.unwrap_err();
    assert_eq!((long.code.as_str(), long.field.as_deref()), ("bad_request", Some("/improve")), "{long:?}");
    assert!(noting(&mut noa, &talk, Lease(talk.lease.0 + 1), "The form asks twice").await.is_err());
    assert!(world.api.all("/v1/improvements").await.is_empty());
    for _ in 0..2 {
        noting(&mut noa, &talk, talk.lease, "The form asks twice").await.unwrap();
    }
    let opened = world.api.all("/v1/improvements").await;
    assert_eq!(opened.len(), 1, "said again it is the same one: {opened:?}");
    let of = &opened[0];
    let told = [&of["source"], &of["queue"], &of["topic"], &of["unit"], &of["owner"], &of["price"]["minor"]];
    let wanted = [json!("wrap_up"), json!("front"), json!("returns"), json!("shop"), json!("omer"), json!(900)];
    assert_eq!(told.map(Clone::clone), wanted, "{of}");
    // By the API as well, with any verdict.
    world.say(2, "Where is the branch?").await;
    let other = noa.task().await;
    let settle = json!({
        "worker": "noa", "lease": other.lease, "improve": "No map",
        "verdict": { "verdict": "transfer", "to": { "worker": "gil" } }
    });
    let settled = world.api.post(&format!("/v1/tasks/{}/settle", other.id), &settle).await.unwrap();
    assert_eq!(settled.status, 204, "{}", settled.text());
    world.until_events("improvement_opened", 2).await;
}

#[tokio::test]
async fn a_low_answer_with_words_opens_one_and_a_good_one_does_not() {
    let rules = RULES.replace("improvements:\n", "improvements:\n  low: 2\n").replace("answer: 1s", "answer: 7d");
    let question = "[tenant.satisfaction]\nqueues = [\"front\"]\ntext = { en = \"How was it? 1-5\" }\n";
    let mut world = World::start("improvements-low", |it| {
        it.workers = vec![Worker { unit: Some("shop".to_owned()), ..Worker::new("noa", &["care"], 2) }];
        it.workers.extend(["omer", "dana"].map(|name| Worker::new(name, &["care"], 2)));
        it.unit_lines = format!("{UNITS}{question}");
        it.rules = Some(rules);
        it.heartbeat_ms = 10_000;
    })
    .await;
    let mut noa = world.hand("noa").await;
    for (customer, answer) in [(1, "1 I was asked twice for the same form"), (2, "5 quick and kind"), (3, "2")] {
        world.say(customer, "where is my order?").await;
        let talk = noa.task().await;
        noa.settle(&talk, finish("answered"), vec![said("r1", "It is on its way")]).await.unwrap();
        world.until_events("satisfaction_asked", usize::try_from(customer).unwrap()).await;
        world.say(customer, answer).await;
        world.until_events("satisfaction_answered", usize::try_from(customer).unwrap()).await;
    }
    let opened = world.api.all("/v1/improvements").await;
    assert_eq!(opened.len(), 1, "a good answer and one without words open none: {opened:?}");
    let of = &opened[0];
    assert_eq!(
        (&of["source"], &of["queue"], &of["contacts"]),
        (&json!("feedback"), &json!("front"), &json!(1)),
        "{of}"
    );
    assert!(of["title"].as_str().unwrap().contains("I was asked twice"), "{of}");
    assert_eq!(of["price"]["minor"], 900, "{of}");
    let log = json!(world.api.events("improvement_opened").await).to_string();
    assert!(!log.contains("asked twice"), "nobody's words are in an event: {log}");
}

#[tokio::test]
async fn what_customers_come_again_with_opens_one_over_the_end_of_its_owner() {
    let repeats = "  repeats: {share: 40%, contacts: 4, within: 7d}\n";
    let rules = format!("{}{repeats}same_matter: {{within: 14d, references: ['SO-\\d+']}}\n", RULES);
    let mut world = World::start("improvements-again", |it| {
        it.workers = vec![Worker::new("noa", &["care"], 4), Worker::new("omer", &["care"], 2)];
        it.workers.push(Worker::new("dana", &["care"], 2));
        it.unit_lines = UNITS.to_owned();
        it.rules = Some(rules.replace("answer: 1s", "answer: 7d"));
        // What is over is over: who writes again begins anew.
        it.reopen_window_ms = 0;
        it.heartbeat_ms = 20_000;
        it.grace_ms = 20_000;
    })
    .await;
    let mut noa = world.hand("noa").await;
    for (text, repeats) in [("where is SO-17?", 0), ("SO-17 still is not here", 1)] {
        world.say(1, text).await;
        let talk = noa.task().await;
        noa.settle(&talk, finish("answered"), vec![]).await.unwrap();
        world.until_events("matter_repeated", repeats).await;
    }
    // What was counted so far is in the record alone.
    world.router.kill().await;
    world.router.start_again().await;
    let mut noa = world.hand("noa").await;
    for (text, repeats) in [("and where is SO-18?", 1), ("SO-18 again", 2)] {
        world.say(2, text).await;
        let talk = noa.task().await;
        noa.settle(&talk, finish("answered"), vec![]).await.unwrap();
        world.until_events("matter_repeated", repeats).await;
    }
    world.until_events("improvement_opened", 1).await;
    let opened = world.api.all("/v1/improvements").await;
    let of = &opened[0];
    let told = [&of["source"], &of["queue"], &of["topic"], &of["contacts"]];
    assert_eq!(told, [&json!("repeat"), &json!("front"), &json!("returns"), &json!(2)], "{of}");
}
