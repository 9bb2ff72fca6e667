//! A promise that a stage makes: its owner hears of the risk, then the customer on his channel; it breaks, and is kept late.
//! And a stage that is warned of by its time, whose task then comes before others.

use blendline_tests::config::Worker;
use blendline_tests::http;
use blendline_wire::task::{ClockRule, ParkReason};
use blendline_wire::time::Instant;
use blendline_wire::worker::Verdict;
use serde_json::{Value, json};

use super::cases::{act, finish, told};
use super::world::World;

// What is due in the hours of people is due in seconds here: looks come once a second.
const RULES: &str = "\
queues:
  front: {side: front, target: 2m}
  stock: {side: back, target: 1d}
groups:
  desk: {queues: [front], workers: [noa]}
  warehouse: {queues: [stock], workers: [dana]}
rules:
  - {name: all, channel: whatsapp_cloud, queue: front}
cases:
  parcel:
    words: {en: A parcel, he: חבילה}
    fields:
      order: {type: reference}
    stages:
      looking:
        words: {en: We look for it, he: אנחנו מחפשים}
        target: 1h
        queue: stock
        warn: {before: 59m58s, notify: owner, raise: true, open: front}
        tell: {text: {en: 'Order {order}: found by {promise}.', he: 'הזמנה {order}: תימצא עד {promise}.'}}
        promise:
          by: 15s
          kept: found
          warn: 14s
          agent_first: 2s
          words: {en: 'We find it by {promise}.', he: 'נמצא אותה עד {promise}.'}
          late: {en: It takes longer., he: זה לוקח יותר זמן.}
      found: {words: {en: Found, he: נמצאה}, closes: solved}
    moves:
      - {from: looking, to: found, on: found}
";

async fn kinds_of(world: &World, kind: &str) -> Vec<Value> {
    world.api.events(kind).await
}

#[tokio::test]
async fn a_promise_at_risk_is_told_to_its_owner_then_to_the_customer_and_its_end_is_an_event() {
    let mut world = World::start("promise", |it| {
        it.workers = vec![Worker::new("omer", &["care"], 1)];
        it.rules = Some(RULES.to_owned());
        it.heartbeat_ms = 10_000;
    })
    .await;
    let mut noa = world.hand("noa").await;
    world.say(1, "שלום, החבילה שלי לא הגיעה").await;
    let talk = noa.task().await;
    let opening = json!({
        "type": "parcel", "key": "desk-1", "task": talk.id.to_string(), "owner": "noa", "fields": { "order": "SO-1017" }
    });
    let case = world.api.post("/v1/cases", &opening).await.unwrap();
    assert_eq!(case.status, 201, "{}", case.text());
    let case = case.json()["id"].as_str().unwrap().to_owned();
    let aside = Verdict::Snooze { for_ms: 86_400_000, reason: ParkReason::Colleague, clock: ClockRule::Stops };
    noa.settle(&talk, aside, vec![]).await.unwrap();
    told(&world, "SO-1017: תימצא עד 2").await;

    // A worker promises as well, and says that it is kept. What cannot be promised is refused.
    let made = kinds_of(&world, "promise_made").await.remove(0);
    let due_at = Instant(blendline_wire::Millis(made["due_at"].as_u64().unwrap() + 3_600_000));
    let promise = json!({ "promise": { "due_at": due_at, "words": "קופון לחג", "owner": "dana" } });
    let with_two = act(&world.api, &case, "p2", promise).await;
    assert_eq!(with_two["promises"][1]["words"], "קופון לחג", "{with_two}");
    let owed = world.api.all("/v1/promises").await;
    assert_eq!((owed.len(), &owed[1]["promise"]["owner"]), (2, &json!("dana")), "{owed:?}");
    assert_eq!(world.api.all("/v1/promises?owner=dana").await.len(), 1);
    let link = world.api.post(&format!("/v1/tasks/{}/status-link", talk.id), &json!({})).await.unwrap().json();
    let page = http::request("GET", link["path"].as_str().unwrap(), &[], b"");
    let page = http::once(world.router.addr, &page).await.unwrap();
    assert!(page.text().contains("קופון לחג") && page.text().contains("נמצא אותה"), "{}", page.text());
    let kept = act(&world.api, &case, "k2", json!({ "keep": 2 })).await;
    assert_eq!((&kept["promises"][1]["state"], &kept["promises"][1]["late"]), (&json!("kept"), &json!(false)));
    let past = json!({ "key": "p3", "act": { "promise": { "due_at": "2020-01-01T00:00:00Z", "words": "x" } } });
    let past = world.api.post(&format!("/v1/cases/{case}"), &past).await.unwrap();
    assert_eq!((past.status, &past.json()["code"]), (422, &json!("wrong_promise")), "{}", past.text());
    let twice =
        world.api.post(&format!("/v1/cases/{case}"), &json!({ "key": "k3", "act": { "keep": 2 } })).await.unwrap();
    assert_eq!((twice.status, &twice.json()["code"]), (409, &json!("no_promise")), "{}", twice.text());

    // Its owner first, by a note; the customer after him, in the words of the type, before it breaks.
    told(&world, "זה לוקח יותר זמן").await;
    let risks = kinds_of(&world, "promise_at_risk").await;
    let tells: Vec<_> = risks.iter().map(|risk| risk["tells"].as_str().unwrap()).collect();
    assert_eq!(tells, ["owner", "customer"], "{risks:?}");
    assert!(risks[0]["at"].as_u64().unwrap() + 2_000 <= risks[1]["at"].as_u64().unwrap(), "{risks:?}");
    let notes = world.api.all(&format!("/v1/tasks/{}/notes", talk.id)).await;
    let said = |part: &str| notes.iter().any(|note| note["text"].as_str().unwrap().contains(part));
    assert!(said("בסיכון") && said("הסיכוי"), "{notes:?}");
    world.until_events("promise_broken", 1).await;
    let broken = kinds_of(&world, "promise_broken").await.remove(0);
    assert_eq!((&broken["promise"], &broken["warned"]), (&json!(1), &json!(true)), "{broken}");
    assert_eq!(kinds_of(&world, "promise_at_risk").await.len(), 2, "each is told once");

    // The stage was warned of: its task is another, which comes first, and one more was opened beside it.
    let risk = kinds_of(&world, "case_at_risk").await.remove(0);
    assert_eq!((&risk["why"], &risk["waits_for"]), (&json!("time"), &json!("queue")), "{risk}");
    let aside = kinds_of(&world, "case_aside").await.remove(0);
    assert!(aside["of_task"].is_string(), "{aside}");
    let work = kinds_of(&world, "case_work").await;
    assert!(work[1..].iter().all(|work| work["reason"] == "raised") && 2 <= work.len(), "{work:?}");
    let mut dana = world.hand("dana").await;
    let look = dana.task().await;
    assert_eq!(json!(look.id), work[work.len() - 1]["of_task"]);
    dana.settle(&look, finish("found"), vec![]).await.unwrap();
    world.until_events("promise_kept", 2).await;
    let kept = kinds_of(&world, "promise_kept").await.remove(1);
    assert_eq!((&kept["promise"], &kept["late"]), (&json!(1), &json!(true)), "{kept}");
    assert!(world.api.all("/v1/promises").await.is_empty());
    let log = json!(world.api.all("/v1/events").await).to_string();
    assert!(!log.contains("קופון"), "what a worker promised in his own words is in no event");
}
