//! Finished work is drawn, reviewed by somebody else and scored; answers are rated, and what comes back is counted.

use blendline_tests::config::Worker;
use blendline_tests::http::Reply;
use blendline_wire::task::ClockRule;
use blendline_wire::worker::{TargetName, Verdict};
use serde_json::{Value, json};

use super::cases::{finish, press, told};
use super::world::World;

const RULES: &str = "\
queues:
  front: {side: front, target: 2m}
  stock: {side: back}
  reviews: {side: back}
groups:
  desk: {queues: [front, reviews], workers: [noa, gil]}
  store: {queues: [stock], workers: [ruth]}
rules:
  - {name: all, channel: whatsapp_cloud, queue: front}
authority:
  grants:
    desk: {who: {group: desk}, action: credit, currency: ILS, limit: 10000}
    trusted: {who: {group: desk}, action: refund, currency: ILS, limit: 10000, quality: 80}
quality:
  reviews: {queue: reviews, target: 1d}
  most: 20
  forms:
    credits:
      of: {action: credit}
      share: 100
      criteria:
        grounds: {words: {en: Was there a reason?, he: הייתה סיבה?}, points: 5, weight: 3, fatal: true}
        tone: {points: 5}
  causes:
    no-number: {en: No order number}
";

async fn world(what: &str) -> World {
    World::start(what, |it| {
        it.workers = ["noa", "gil", "ruth"].map(|name| Worker::new(name, &["care"], 4)).to_vec();
        it.rules = Some(RULES.to_owned());
        // The hands are busy elsewhere for a while.
        it.heartbeat_ms = 20_000;
    })
    .await
}

fn code(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json()["code"].as_str().unwrap_or_default().to_owned())
}

async fn decide(world: &World, key: &str, action: &str) -> Reply {
    let asked = json!({ "key": key, "action": action, "currency": "ILS", "minor": 8_000, "worker": "noa" });
    world.api.post("/v1/decisions", &asked).await.unwrap()
}

async fn act(world: &World, review: &Value, body: Value) -> Reply {
    world.api.post(&format!("/v1/reviews/{}", review["id"].as_str().unwrap()), &body).await.unwrap()
}

fn score(who: &str, grounds: u8) -> Value {
    json!({ "act": "score", "worker": who, "points": { "grounds": grounds, "tone": 5 }, "words": "well done" })
}

#[tokio::test]
async fn a_decision_is_reviewed_by_another_and_his_score_is_what_authority_asks_for() {
    let world = world("quality").await;
    let (_noa, mut gil) = (world.hand("noa").await, world.hand("gil").await);
    let refused = decide(&world, "r0", "refund").await;
    assert_eq!(refused.json()["reason"], json!("not_qualified"), "{}", refused.text());

    let mut first = Value::Null;
    for n in 0..5 {
        assert_eq!(decide(&world, &format!("k{n}"), "credit").await.status, 201);
        let task = gil.task().await;
        assert_eq!((task.queue.as_str(), task.conversation), ("reviews", None));
        let found = world.api.get(&format!("/v1/reviews?task={}", task.id)).await.unwrap().json();
        let review = &found["items"][0];
        let of = (&review["worker"], &review["action"], &review["amount"], &review["state"]);
        assert_eq!(of, (&json!("noa"), &json!("credit"), &json!("80.00 ILS"), &json!("waiting")), "{found}");
        if n == 0 {
            // Nobody reviews himself, nor ends the task without it, nor what another has; and points have bounds.
            assert_eq!(code(&act(&world, review, score("noa", 4)).await), (409, "not_your_review".to_owned()));
            assert_eq!(code(&act(&world, review, score("ruth", 4)).await), (409, "not_your_review".to_owned()));
            let finish = Verdict::Done { disposition: "fine".to_owned(), note: None };
            assert_eq!(gil.settle(&task, finish, vec![]).await.unwrap_err().code, "unreviewed");
            assert_eq!(code(&act(&world, review, score("gil", 6)).await), (422, "wrong_points".to_owned()));
            let path = format!("/v1/reviews/{}", review["id"].as_str().unwrap());
            let whole = world.api.get(&path).await.unwrap().json();
            assert_eq!((&whole["criteria"][0]["name"], &whole["made"]["minor"]), (&json!("grounds"), &json!(8_000)));
        }
        let scored = act(&world, review, score("gil", 4)).await;
        assert_eq!((scored.status, &scored.json()["score_milli"]), (200, &json!(850)), "{}", scored.text());
        assert_eq!(code(&act(&world, review, score("gil", 4)).await), (409, "wrong_review_state".to_owned()));
        let task = world.api.get(&format!("/v1/tasks/{}", task.id)).await.unwrap().json();
        assert_eq!(task["state"], json!("closed"), "{task}");
        if n == 0 {
            first = scored.json();
        }
    }
    assert_eq!((world.count("review_drawn").await, world.count("reviewed").await), (5, 5));
    assert_eq!(decide(&world, "r1", "refund").await.status, 201, "his score is what the grant asks for");

    // Whoever did the work answers once; it changes no score.
    let answer = json!({ "act": "answer", "worker": "noa", "words": "He had no number." });
    let answered = act(&world, &first, answer.clone()).await;
    assert_eq!((&answered.json()["state"], &answered.json()["score_milli"]), (&json!("disputed"), &json!(850)));
    assert_eq!(code(&act(&world, &first, answer).await), (409, "wrong_review_state".to_owned()));
    assert_eq!(world.count("review_disputed").await, 1);

    let quality = world.api.get("/v1/quality").await.unwrap().json();
    let noa = &quality["workers"][0];
    assert_eq!((&noa["of"], &noa["count"], &noa["score_milli"]), (&json!("noa"), &json!(5), &json!(850)), "{quality}");
    assert_eq!((&quality["actions"][0]["of"], &quality["proposals"]), (&json!("credit"), &json!([])));
    let csv = world.api.get("/v1/reviews/export").await.unwrap().text();
    assert_eq!(csv.lines().filter(|line| line.contains(",noa,")).count(), 5, "{csv}");
    let log = json!(world.api.all("/v1/events").await).to_string();
    assert!(!log.contains("well done") && !log.contains("no number."), "nobody's words are in an event");

    // Whose task is cancelled is not reviewed, and what he is known by outlives the owner.
    assert_eq!(decide(&world, "k9", "credit").await.status, 201);
    let task = gil.task().await;
    assert_eq!(world.api.delete(&format!("/v1/tasks/{}", task.id)).await.unwrap().status, 204);
    assert_eq!(world.count("review_lapsed").await, 1);
}

#[tokio::test]
async fn whoever_asked_rates_the_answer_and_what_comes_back_is_counted_by_cause() {
    let mut world = world("quality-sides").await;
    let (mut noa, mut ruth) = (world.hand("noa").await, world.hand("ruth").await);
    world.say(1, "where is it?").await;
    let talk = noa.task().await;
    let request = Verdict::Request {
        to: TargetName::Queue("stock".into()),
        note: "which branch has it?".to_owned().into(),
        clock: ClockRule::Runs,
    };
    noa.settle(&talk, request, vec![]).await.unwrap();
    let asked = ruth.task().await;
    let answer = Verdict::Done { disposition: "found".into(), note: Some("we have it".to_owned().into()) };
    ruth.settle(&asked, answer, vec![]).await.unwrap();
    let back = noa.task().await;

    let answers = world.api.get(&format!("/v1/answers?task={}", talk.id)).await.unwrap().json();
    let of = &answers["items"][0];
    assert_eq!(
        (&of["asker"], &of["worker"], &of["queue"]),
        (&json!("noa"), &json!("ruth"), &json!("stock")),
        "{answers}"
    );
    let path = format!("/v1/answers/{}", of["id"].as_str().unwrap());
    let rate = async |who: &str, rating: &str| {
        world.api.post(&path, &json!({ "rating": rating, "worker": who, "words": "which branch?" })).await.unwrap()
    };
    assert_eq!(code(&rate("gil", "good").await), (409, "not_your_review".to_owned()));
    for _ in 0..2 {
        assert_eq!(rate("noa", "incomplete").await.json()["rating"], json!("incomplete"));
    }
    assert_eq!((world.count("answer_given").await, world.count("answer_rated").await), (1, 1));

    // Passed on and passed back: to where it came from, and why.
    let to = |queue: &str, cause: Option<&str>| {
        let (to, cause) = (TargetName::Queue(queue.into()), cause.map(str::to_owned));
        Verdict::Transfer { to, note: None, cause }
    };
    let causes = world.api.get("/v1/causes").await.unwrap().json();
    let own = json!({ "name": "no-number", "own": true, "words": { "en": "No order number" } });
    assert_eq!(causes["items"].as_array().unwrap().last(), Some(&own), "{causes}");
    let unknown = noa.settle(&back, to("stock", Some("because")), vec![]).await.unwrap_err();
    assert_eq!(unknown.code, "bad_request", "{unknown:?}");
    noa.settle(&back, to("stock", None), vec![]).await.unwrap();
    let passed = ruth.task().await;
    assert_eq!(world.count("work_sent_back").await, 0, "it never was there before");
    // Whoever passed it on is not offered it again for a while.
    let mut gil = world.hand("gil").await;
    ruth.settle(&passed, to("front", Some("no-number")), vec![]).await.unwrap();
    let again = gil.task().await;
    assert_eq!(again.id, talk.id);
    let sent = world.api.events("work_sent_back").await;
    assert_eq!((&sent[0]["why"], &sent[0]["way"]), (&json!("no-number"), &json!("transfer")), "{sent:?}");

    let quality = world.api.get("/v1/quality").await.unwrap().json();
    let stock = &quality["answers"][0];
    assert_eq!((&stock["queue"], &stock["given"], &stock["incomplete"]), (&json!("stock"), &json!(1), &json!(1)));
    let returned = json!([{ "queue": "front", "way": "transfer", "cause": "no-number", "count": 1 }]);
    assert_eq!(quality["sent_back"], returned, "{quality}");
}

#[tokio::test]
async fn what_a_customer_denies_is_counted_as_work_sent_back() {
    let rules = format!("{}solved: {{after: [answered]}}\n", RULES);
    let mut world = World::start("quality-denied", |it| {
        it.workers = vec![Worker::new("noa", &["care"], 4)];
        it.rules = Some(rules);
        it.heartbeat_ms = 20_000;
    })
    .await;
    let mut noa = world.hand("noa").await;
    world.say(1, "the invoice is wrong").await;
    let talk = noa.task().await;
    noa.settle(&talk, finish("answered"), vec![]).await.unwrap();
    let question = told(&world, "solved").await;
    press(&world, &question, 1, "no").await;
    let again = noa.task().await;
    assert_eq!(again.conversation, talk.conversation);
    world.until_events("work_sent_back", 1).await;
    let sent = world.api.events("work_sent_back").await;
    let of = [&sent[0]["way"], &sent[0]["why"], &sent[0]["of_worker"], &sent[0]["conversation"]];
    let noa_id = world.api.events("task_assigned").await[0]["worker"].clone();
    assert_eq!(of, [&json!("denied"), &json!("denied"), &noa_id, &json!(talk.conversation)], "{sent:?}");
    let quality = world.api.get("/v1/quality").await.unwrap().json();
    let returned = json!([{ "queue": "front", "way": "denied", "cause": "denied", "count": 1 }]);
    assert_eq!(quality["sent_back"], returned, "{quality}");
    // Denied again it has come back again.
    noa.settle(&again, finish("answered"), vec![]).await.unwrap();
    world.until_events("confirmation_asked", 2).await;
    let question = told(&world, "solved").await;
    press(&world, &question, 1, "no-again").await;
    world.until_events("work_sent_back", 2).await;
    assert_eq!(world.api.get("/v1/quality").await.unwrap().json()["sent_back"][0]["count"], 2);
}
