//! What a customer went through, over two channels and a case; and his matters, joined and parted by hand.

use blendline_tests::config::Worker;
use blendline_wire::worker::{ServerFrame, TaskView, Verdict};
use serde_json::{Value, json};

use super::cases::{act, finish, told};
use super::world::World;

const RULES: &str = "\
queues:
  front: {side: front, target: 2m}
  stock: {side: back, target: 1d}
groups:
  desk: {queues: [front], workers: [noa, lior]}
  warehouse: {queues: [stock], workers: [dana]}
rules:
  - {name: all, channel: whatsapp_cloud, queue: front}
cases:
  delivery-problem: {like: delivery-problem, queues: {service: front, warehouse: stock}}
";

async fn world(what: &str) -> World {
    World::start(what, |it| {
        it.workers = vec![Worker::new("omer", &["care"], 1)];
        it.rules = Some(RULES.to_owned());
        // The hands are busy elsewhere for a while.
        it.heartbeat_ms = 10_000;
    })
    .await
}

async fn read(world: &World, path: &str) -> Value {
    let reply = world.api.get(path).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn steps(journey: &Value) -> Vec<&str> {
    journey["items"].as_array().unwrap().iter().map(|step| step["what"].as_str().unwrap()).collect()
}

/// The spans of one part: who had it, and whose turn it was.
fn spans<'a>(journey: &'a Value, part: &str, id: &str) -> Vec<(&'a str, &'a str)> {
    let of = journey["spans"].as_array().unwrap().iter().filter(|span| span[part] == id);
    of.map(|span| {
        let owner = span["worker"].as_str().or(span["queue"].as_str()).unwrap_or("nobody");
        (owner, span["clock"].as_str().unwrap())
    })
    .collect()
}

#[tokio::test]
async fn a_journey_goes_over_the_conversation_its_case_and_the_back_office() {
    let mut world = world("journey").await;
    let mut noa = world.hand("noa").await;
    world.say(1, "שלום, ההזמנה שלי לא הגיעה").await;
    let talk = noa.task().await;
    noa.reply(talk.id, talk.lease, "r1", "בודקת").await.unwrap();
    let opening = json!({
        "type": "delivery-problem", "key": "desk-1", "task": talk.id.to_string(), "owner": "noa",
        "fields": { "order": "SO-1017" }
    });
    let case = world.api.post("/v1/cases", &opening).await.unwrap().json()["id"].as_str().unwrap().to_owned();
    let check = noa.task().await;
    // The number of the order is asked for although it was known.
    act(&world.api, &case, "k1", json!({ "set": { "fields": { "order": "SO-1018", "reason": "not_received" } } }))
        .await;
    let mut dana = world.hand("dana").await;
    noa.settle(&check, finish("locate"), vec![]).await.unwrap();
    let look = dana.task().await;
    told(&world, "SO-1018").await;

    let journey = read(&world, &format!("/v1/cases/{case}/journey")).await;
    let seen = steps(&journey);
    for what in ["message_received", "reply_queued", "case_opened", "case_moved", "task_solved", "case_told"] {
        assert!(seen.contains(&what), "{what}: {seen:?}");
    }
    assert_eq!((&journey["open"], &journey["more"]), (&json!(true), &json!(false)));
    assert_eq!(spans(&journey, "case", &case), [("noa", "us")]);
    assert_eq!(spans(&journey, "task", &talk.id.to_string()).last(), Some(&("noa", "customer")));
    assert_eq!(spans(&journey, "task", &look.id.to_string()).last(), Some(&("dana", "working")));
    let clocks = &journey["clocks"];
    let sum: u64 =
        ["working_ms", "us_ms", "other_ms", "customer_ms"].map(|name| clocks[name].as_u64().unwrap()).iter().sum();
    assert_eq!(clocks["total_ms"], sum);
    let effort = &journey["effort"];
    assert_eq!((&effort["contacts"], &effort["people"], &effort["hand_offs"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!(effort["asked_again"], 1, "{effort}");

    // By his contact it is the same and more: whoever has the conversation reads it, and nobody else's worker does.
    let row = read(&world, &format!("/v1/conversations/{}", talk.conversation.unwrap())).await;
    let of_contact = read(&world, &format!("/v1/contacts/{}/journey", row["contact"].as_str().unwrap())).await;
    assert_eq!(steps(&of_contact), seen);
    assert!(!of_contact.to_string().contains("בודקת"), "nobody's words are in it");
    for id in ["0", "00000000000000000000000000000abc", "cnv_1"] {
        let none = world.api.get(&format!("/v1/contacts/{id}/journey")).await.unwrap();
        assert_eq!((none.status, &none.json()["code"]), (404, &json!("unknown_contact")), "{}", none.text());
    }
}

/// The next task that somebody is given, whatever comes before it.
async fn given(hand: &mut blendline_tests::worker::Hand, what: &str) -> TaskView {
    let task = hand.until(what, |frame| match frame {
        ServerFrame::Assigned { task } => Some(task),
        _ => None,
    });
    task.await
}

#[tokio::test]
async fn two_conversations_are_joined_by_hand_and_parted_again() {
    let mut world = world("matters").await;
    let mut noa = world.hand("noa").await;
    world.say(1, "where is my chair?").await;
    let first = noa.task().await;
    // She is busy with one, so the other is Lior's.
    let mut lior = world.hand("lior").await;
    world.say(2, "about my brother's chair").await;
    let later = given(&mut lior, "the second").await;
    let [one, other] = [&first, &later].map(|task| task.conversation.unwrap().to_string());
    let pair = |reason: &str| json!({ "one": other, "other": first.id.to_string(), "reason": reason });

    // A reason is needed, and so are two.
    let none = world.api.post("/v1/matters/join", &pair(" ")).await.unwrap();
    assert_eq!((none.status, &none.json()["field"]), (400, &json!("/reason")));
    let same = json!({ "one": one, "other": first.id.to_string(), "reason": "x" });
    assert_eq!(world.api.post("/v1/matters/join", &same).await.unwrap().status, 400);

    for _ in 0..2 {
        let joined = world.api.post("/v1/matters/join", &pair("one chair for both")).await.unwrap();
        assert_eq!(joined.status, 204, "{}", joined.text());
    }
    let moved = given(&mut noa, "the second, from Lior").await;
    assert_eq!(moved.conversation, later.conversation);
    let joined = world.api.events("matters_joined").await;
    assert_eq!(joined.len(), 1, "said twice is said once");
    let told = (&joined[0]["first"], &joined[0]["conversation"], &joined[0]["same_by"], &joined[0]["merged"]);
    assert_eq!(told, (&json!(one), &json!(other), &json!("said"), &json!(true)), "{joined:?}");
    assert!(!json!(joined).to_string().contains("chair"), "the reason is in the note alone");
    let notes = world.api.all(&format!("/v1/tasks/{}/notes", moved.id)).await;
    assert!(notes.iter().any(|note| note["text"].as_str().unwrap().contains("one chair for both")), "{notes:?}");

    let parted = world.api.post("/v1/matters/part", &pair("two chairs after all")).await.unwrap();
    assert_eq!(parted.status, 204, "{}", parted.text());
    let parted = world.api.events("matters_parted").await;
    assert_eq!((parted.len(), &parted[0]["first"]), (1, &json!(one)), "{parted:?}");
    // What happened stays, and so does who has them.
    let audit = world.api.all("/v1/audit").await;
    let whats: Vec<_> = audit.iter().filter_map(|entry| entry["what"].as_str()).collect();
    assert!(whats.contains(&"matters_join") && whats.contains(&"matters_part"), "{whats:?}");
    noa.settle(&moved, Verdict::Done { disposition: "answered".to_owned(), note: None }, vec![]).await.unwrap();
    let over = world.api.post("/v1/matters/join", &pair("again")).await.unwrap();
    assert_eq!((over.status, &over.json()["code"]), (409, &json!("closed")), "{}", over.text());
}
