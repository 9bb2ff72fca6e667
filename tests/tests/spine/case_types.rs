//! The shipped case types, each from the first message to the customer's own word that it is done.

use blendline_tests::config::Worker;
use blendline_tests::http::Reply;
use blendline_tests::worker::Hand;
use blendline_wire::task::{ClockRule, ParkReason};
use blendline_wire::worker::{ServerFrame, TaskView, Verdict};
use serde_json::{Value, json};

use super::cases::{act, finish, press, told};
use super::world::World;

const RULES: &str = "\
calendars:
  always: {hours: {sun-sat: \"00:00-24:00\"}}
queues:
  front: {side: front, target: 2m}
  inquiry: {side: back}
  quality: {side: back}
groups:
  desk: {queues: [front], workers: [noa]}
  shop: {queues: [inquiry], workers: [dana]}
  office: {queues: [quality], workers: [omer]}
rules:
  - {name: all, channel: whatsapp_cloud, queue: front}
cases:
  complaint: {like: complaint, queues: {service: front}}
  technical-fault: {like: technical-fault, queues: {service: front, technicians: inquiry}}
  retention: {like: retention, queues: {service: front, retention: inquiry}}
  collection:
    like: collection
    queues: {service: front, collection: inquiry}
    contact: {calendar: always, agent_first: 1s}
";
const UNITS: &str = "\
[[tenant.unit]]
name = \"shop\"
[[tenant.unit]]
name = \"office\"
";

async fn world(what: &str) -> World {
    World::start(what, |it| {
        let of = |name: &str, unit: &str| Worker { unit: Some(unit.to_owned()), ..Worker::new(name, &["care"], 5) };
        it.workers = vec![of("noa", "shop"), of("dana", "shop"), of("omer", "office")];
        it.unit_lines = UNITS.to_owned();
        it.rules = Some(RULES.to_owned());
        // The hands are busy elsewhere for a while.
        it.heartbeat_ms = 10_000;
    })
    .await
}

/// The customer writes, and whoever has his conversation puts it aside for a while.
async fn talk(world: &mut World, noa: &mut Hand) -> TaskView {
    world.say(1, "שלום, יש לי בעיה").await;
    let talk = noa.task().await;
    let aside = Verdict::Snooze { for_ms: 86_400_000, reason: ParkReason::Colleague, clock: ClockRule::Stops };
    noa.settle(&talk, aside, vec![]).await.unwrap();
    talk
}

async fn open(world: &World, kind: &str, talk: &TaskView, owner: &str, fields: Value) -> Reply {
    let (task, key) = (talk.id.to_string(), format!("{kind}-{owner}"));
    let opening = json!({ "type": kind, "key": key, "task": task, "owner": owner, "fields": fields });
    world.api.post("/v1/cases", &opening).await.unwrap()
}

async fn opened(world: &World, kind: &str, talk: &TaskView, owner: &str, fields: Value) -> String {
    let reply = open(world, kind, talk, owner, fields).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["id"].as_str().unwrap().to_owned()
}

/// The task that does the work of this stage, when it becomes his.
async fn work(hand: &mut Hand, stage: &str) -> TaskView {
    let of_stage = |task: &TaskView| {
        task.fields.get("stage").is_some_and(|held| serde_json::to_value(held).unwrap() == json!(stage))
    };
    hand.until(stage, |frame| match frame {
        ServerFrame::Assigned { task } if of_stage(&task) => Some(task),
        _ => None,
    })
    .await
}

async fn refused(world: &World, case: &str, asked: Value) -> (u16, String) {
    let body = json!({ "key": "refused", "act": asked });
    let reply = world.api.post(&format!("/v1/cases/{case}"), &body).await.unwrap();
    (reply.status, reply.json()["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_complaint_is_decided_by_another_unit_than_the_one_it_is_about() {
    let mut world = world("complaint").await;
    let (mut noa, mut dana) = (world.hand("noa").await, world.hand("dana").await);
    let mut omer = world.hand("omer").await;
    let talk = talk(&mut world, &mut noa).await;
    let case = opened(&world, "complaint", &talk, "noa", json!({})).await;
    told(&world, "התלונה התקבלה").await;
    let listening = work(&mut noa, "listening").await;
    let nowhere = refused(&world, &case, json!({ "set": { "fields": { "unit": "nowhere" } } })).await;
    assert_eq!(nowhere, (422, "wrong_field".to_owned()));
    act(&world.api, &case, "k1", json!({ "set": { "fields": { "unit": "shop", "subject": "waiting" } } })).await;

    // Noa is of the shop, and nobody knows whose an operator is: neither ends it, nor says that it is about another.
    let alone = noa.settle(&listening, finish("withdrawn"), vec![]).await.unwrap_err();
    assert_eq!(alone.code, "needs_agreement", "{alone:?}");
    let needs = (409, "needs_agreement".to_owned());
    assert_eq!(refused(&world, &case, json!({ "close": "withdrawn" })).await, needs);
    assert_eq!(refused(&world, &case, json!({ "set": { "fields": { "unit": "office" } } })).await, needs);
    assert_eq!(refused(&world, &case, json!({ "agree": { "stage": "withdrawn" } })).await.1, "own_unit");
    noa.settle(&listening, finish("inquire"), vec![]).await.unwrap();

    // The shop says what happened, and the office decides.
    let inquiring = work(&mut dana, "inquiring").await;
    dana.settle(&inquiring, finish("answered"), vec![]).await.unwrap();
    let deciding = work(&mut omer, "deciding").await;
    act(&world.api, &case, "k2", json!({ "set": { "fields": { "remedy": "compensation" } } })).await;
    omer.settle(&deciding, finish("upheld"), vec![]).await.unwrap();
    let question = told(&world, "צדקת בתלונתך, ואנחנו מתנצלים. מה עשינו: פיצוי.").await;
    press(&world, &question, 0, "yes").await;
    world.until_events("case_confirmed", 1).await;
}

#[tokio::test]
async fn a_technical_fault_is_mended_on_the_promised_day_and_confirmed() {
    let mut world = world("fault").await;
    let (mut noa, mut dana) = (world.hand("noa").await, world.hand("dana").await);
    let talk = talk(&mut world, &mut noa).await;
    let case = opened(&world, "technical-fault", &talk, "noa", json!({ "device": "LINE-7" })).await;
    told(&world, "אנחנו מאתרים את התקלה").await;
    let diagnosing = work(&mut noa, "diagnosing").await;
    let early = noa.settle(&diagnosing, finish("visit"), vec![]).await.unwrap_err();
    assert_eq!(early.code, "missing_fields", "{early:?}");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let day = blendline_wire::Millis(now + 3 * 86_400_000).to_rfc3339();
    let known = json!({ "set": { "fields": { "symptom": "dead", "visit": day[..10] } } });
    act(&world.api, &case, "k1", known).await;
    noa.settle(&diagnosing, finish("visit"), vec![]).await.unwrap();
    told(&world, "טכנאי יגיע אליך").await;
    let visiting = work(&mut dana, "visiting").await;
    dana.settle(&visiting, finish("not_fixed"), vec![]).await.unwrap();
    let again = work(&mut noa, "diagnosing").await;
    noa.settle(&again, finish("visit"), vec![]).await.unwrap();
    let visiting = work(&mut dana, "visiting").await;
    dana.settle(&visiting, finish("fixed"), vec![]).await.unwrap();
    let question = told(&world, "האם זה עובד?").await;
    press(&world, &question, 0, "yes").await;
    world.until_events("case_confirmed", 1).await;
    assert!(!world.api.events("promise_kept").await.is_empty());
}

#[tokio::test]
async fn who_wants_to_leave_gets_one_offer_and_chooses_himself() {
    let mut world = world("retention").await;
    let (mut noa, mut dana) = (world.hand("noa").await, world.hand("dana").await);
    let talk = talk(&mut world, &mut noa).await;
    let case = opened(&world, "retention", &talk, "noa", json!({ "reason": "price" })).await;
    told(&world, "קיבלנו את הבקשה").await;
    let hearing = work(&mut noa, "hearing").await;
    noa.settle(&hearing, finish("offer"), vec![]).await.unwrap();
    let offering = work(&mut dana, "offering").await;
    act(&world.api, &case, "k1", json!({ "set": { "fields": { "offer": "שלושה חודשים ללא תשלום" } } })).await;
    dana.settle(&offering, finish("offered"), vec![]).await.unwrap();
    let choice = told(&world, "שלושה חודשים ללא תשלום. הבחירה שלך").await;
    press(&world, &choice, 0, "stay").await;
    told(&world, "אנחנו מפעילים").await;
    let staying = work(&mut dana, "staying").await;
    dana.settle(&staying, finish("in_effect"), vec![]).await.unwrap();
    let question = told(&world, "ההצעה בתוקף").await;
    press(&world, &question, 0, "yes").await;
    world.until_events("case_confirmed", 1).await;
    let moved = world.api.events("case_moved").await;
    assert!(moved.iter().any(|event| event["by"] == "customer" && event["entered"]["stage"] == "staying"));
}

#[tokio::test]
async fn a_debt_is_asked_for_by_one_voice_and_stands_still_while_a_fault_is_open() {
    let mut world = world("collection").await;
    let (mut noa, mut dana) = (world.hand("noa").await, world.hand("dana").await);
    let talk = talk(&mut world, &mut noa).await;
    let fault = opened(&world, "technical-fault", &talk, "noa", json!({ "device": "LINE-7" })).await;
    let debt = json!({
        "invoice": "INV-9", "debt": { "minor": 12_990, "currency": "ILS" }, "since": "2026-10-01", "agent": "noa"
    });
    let case = opened(&world, "collection", &talk, "dana", debt.clone()).await;

    // He has a fault open: nothing happens to the debt, whoever asks.
    let info = world.api.get(&format!("/v1/cases/{case}")).await.unwrap().json();
    assert_eq!((&info["held_by"], &info["task"]), (&json!(fault), &Value::Null), "{info}");
    let still = refused(&world, &case, json!({ "move": { "to": "asking", "fields": { "tone": "respectful" } } })).await;
    assert_eq!(still, (409, "case_held".to_owned()));
    // One voice: a second case of the same is not opened.
    let second = open(&world, "collection", &talk, "noa", debt).await;
    assert_eq!((second.status, &second.json()["code"]), (409, &json!("one_voice")), "{}", second.text());

    act(&world.api, &fault, "k1", json!({ "close": "withdrawn" })).await;
    world.until_events("case_held", 2).await;
    let checking = work(&mut dana, "checking").await;
    act(&world.api, &case, "k2", json!({ "set": { "fields": { "tone": "respectful" } } })).await;
    dana.settle(&checking, finish("ask"), vec![]).await.unwrap();

    // His agent of record hears of it first, then he does; he presses, and it is paid.
    let asked = told(&world, "איך נוח לך להמשיך?").await;
    let tellings = world.api.events("case_told").await;
    let of_asking = tellings.iter().filter(|event| event["case"] == json!(case) && event["stage"] == "asking");
    let order: Vec<_> =
        of_asking.map(|event| (event["whom"].as_str().unwrap(), event["outcome"].as_str().unwrap())).collect();
    assert_eq!(order[..2], [("customer", "later"), ("agent", "told")], "{order:?}");
    assert_eq!(order.last(), Some(&("customer", "told")), "{order:?}");
    press(&world, &asked, 0, "pay").await;
    told(&world, "נעדכן כשהתשלום יתקבל").await;
    act(&world.api, &case, "bank-1", json!({ "move": { "to": "paid" } })).await;
    let question = told(&world, "הוסדרה").await;
    press(&world, &question, 0, "yes").await;
    world.until_events("case_confirmed", 1).await;
}
