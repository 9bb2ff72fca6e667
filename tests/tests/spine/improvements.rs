//! What should change, from a note at wrap-up to the answer that goes back to whoever wrote it.

use blendline_tests::config::Worker;
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
