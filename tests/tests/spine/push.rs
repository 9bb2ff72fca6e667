//! Notices on a worker's devices, as docs/desk.md promises them: sealed, signed, and only while he does not look.

use std::time::Duration;

use blendline_tests::config::Worker;
use blendline_tests::person::{Browser, Socket, member};
use blendline_tests::push_service::PushService;
use serde_json::{Value, json};

use crate::world::World;

/// The fake push service is on this machine and speaks no TLS.
const EVENTS: &str =
    "[events]\nplain_http = true\nprivate_networks = true\nretry_first_ms = 20\nretry_longest_ms = 200\n";
const DEVICES: &str = "/v1/push/devices";

async fn start(what: &str, extra: &str) -> World {
    World::start(what, |installation| {
        installation.workers = vec![Worker::new("dana", &["care"], 3), Worker::new("noa", &["care"], 3)];
        installation.server = "push_contact = \"mailto:ops@example.org\"".to_owned();
        installation.extra = extra.to_owned();
    })
    .await
}

async fn subscribe(service: &PushService, browser: &Browser, device: &str) -> Value {
    let mut addition = service.subscription(device);
    addition["lang"] = "he".into();
    let added = browser.send("POST", DEVICES, &addition).await;
    assert_eq!(added.status, 201, "{}", added.text());
    added.json()
}

/// Waits until somebody's devices are so. They cannot be subscribed to: asking again is all one can do.
async fn until_devices(browser: &Browser, what: &str, enough: impl Fn(&[Value]) -> bool) -> Value {
    let begin = tokio::time::Instant::now();
    loop {
        let found = browser.get(DEVICES).await.json();
        if enough(found["items"].as_array().unwrap()) {
            return found;
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "{what}: {found}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Says that the page is in sight or not, and waits until that was heard: calls of one connection stay in order.
async fn looks(desk: &mut Socket, visible: bool) {
    desk.say(&json!({ "type": "heartbeat", "hidden": !visible })).await;
    desk.say(&json!({ "type": "presence", "call": 900, "presence": "ready" })).await;
    heard(desk, "answer").await;
}

async fn heard(desk: &mut Socket, kind: &str) -> Value {
    loop {
        let frame = desk.hear().await;
        if frame["type"] == kind {
            return frame;
        }
    }
}

async fn push_item(world: &World, reference: &str) {
    let item = json!({ "queue": "care", "external_ref": reference, "title": "CANARY-5f3", "text": "CANARY-5f3" });
    assert!(world.api.post("/v1/items", &item).await.unwrap().status < 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_look_is_told_on_his_devices() {
    let world = start("push", EVENTS).await;
    let service = PushService::start().await;
    let dana = member(world.router.addr, "Dana", "worker", Some("dana")).await;
    let key = dana.get("/v1/push/key").await.json()["key"].as_str().unwrap().to_owned();
    let device = subscribe(&service, &dana, "phone").await;
    let again = dana.send("POST", DEVICES, &service.subscription("phone")).await;
    assert_eq!((again.status, &again.json()["id"]), (200, &device["id"]), "{}", again.text());
    let mut desk = dana.desk("dana").await;

    // He looks: his page tells him. Then he does not, and his device does.
    looks(&mut desk, true).await;
    push_item(&world, "seen").await;
    let seen = heard(&mut desk, "offer").await;
    looks(&mut desk, false).await;
    push_item(&world, "unseen").await;
    let task = heard(&mut desk, "offer").await["task"]["id"].clone();
    let pushed = service.until("an offer", 1).await;
    assert_eq!(pushed.len(), 1, "{pushed:?}");
    let offer = &pushed[0];
    assert_eq!((offer.device.as_str(), &offer.key), ("phone", &key));
    assert_eq!(offer.claims["sub"], "mailto:ops@example.org");
    assert_eq!((&offer.text["what"], &offer.text["tag"], &offer.text["lang"]), (&json!("offer"), &task, &json!("en")));
    assert_eq!(offer.text["link"], format!("/desk#{}", task.as_str().unwrap()));
    assert_eq!(offer.text["title"], "New offer in \u{2068}care\u{2069}");
    assert_ne!(task, seen["task"]["id"]);
    let header = |name: &str| offer.headers[name].to_str().unwrap();
    assert_eq!((header("urgency"), header("content-encoding")), ("high", "aes128gcm"));
    assert!(header("ttl").parse::<u64>().unwrap() <= 600 && header("topic").len() == 22);
    assert!(!offer.text.to_string().contains("CANARY"), "nothing of what it is about");

    // A colleague's mention, longer and of another topic, has the same length.
    let body = json!({ "text": "@dana CANARY-5f3 please look" });
    let noted = world.api.post(&format!("/v1/tasks/{}/notes", task.as_str().unwrap()), &body).await.unwrap();
    assert_eq!(noted.status, 201, "{}", noted.text());
    let pushed = service.until("a mention", 2).await;
    let mention = &pushed[1];
    assert_eq!((&mention.text["what"], mention.length), (&json!("mention"), offer.length));
    assert!(!mention.text.to_string().contains("CANARY"));
    assert_eq!(mention.headers["urgency"], "normal");

    world.until_events("worker_notified", 2).await;
    let events = world.api.events("worker_notified").await;
    assert_eq!((&events[0]["what"], &events[0]["in_task"], &events[0]["devices"]), (&json!("offer"), &task, &json!(1)));
    let taken = |items: &[Value]| items.len() == 1 && items[0]["taken_at"].is_string();
    let found = until_devices(&dana, "one that was told", taken).await;
    assert!(!found.to_string().contains("/send/"), "an endpoint is a secret: {found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_push_service_is_left_alone_and_a_device_that_is_gone_is_forgotten() {
    let world = start("push-refused", EVENTS).await;
    let service = PushService::start().await;
    let dana = member(world.router.addr, "dana", "worker", Some("dana")).await;
    subscribe(&service, &dana, "phone").await;
    let mut desk = dana.desk("dana").await;
    looks(&mut desk, false).await;
    service.answers(&[(429, Some(1)), (500, None)]);
    push_item(&world, "one").await;
    let pushed = service.until("three tries", 3).await;
    assert_eq!(pushed.iter().map(|one| one.status).collect::<Vec<_>>(), [429, 500, 201]);
    assert!(pushed.iter().all(|one| one.text == pushed[0].text));
    assert_eq!(pushed[0].headers["topic"], pushed[2].headers["topic"]);
    service.answers(&[(410, None)]);
    push_item(&world, "two").await;
    service.until("a fourth", 4).await;
    until_devices(&dana, "none any more", |items| items.is_empty()).await;
    push_item(&world, "three").await;
    heard(&mut desk, "offer").await;
    assert_eq!(service.pushed().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_a_persons_own_and_reached_only_in_public() {
    let world = start("push-own", "").await;
    let service = PushService::start().await;
    let dana = member(world.router.addr, "dana", "worker", Some("dana")).await;
    let noa = member(world.router.addr, "noa", "worker", Some("noa")).await;
    let refused = dana.send("POST", DEVICES, &service.subscription("phone")).await;
    assert_eq!((refused.status, &refused.json()["field"]), (400, &json!("/endpoint")), "{}", refused.text());
    let mut addition = service.subscription("phone");
    addition["endpoint"] = "https://push.example.org/send/secret".into();
    let foreign = dana.raw("POST", DEVICES, &[("origin", "https://evil.example")], &addition).await;
    assert_eq!((foreign.status, &foreign.json()["code"]), (403, &json!("foreign_page")));
    assert_eq!(world.api.post(DEVICES, &addition).await.unwrap().status, 403, "programs have no desk");
    let mut broken = addition.clone();
    broken["keys"]["p256dh"] = "BBBB".into();
    let refused = dana.send("POST", DEVICES, &broken).await;
    assert_eq!((refused.status, &refused.json()["field"]), (400, &json!("/keys/p256dh")), "{}", refused.text());

    let added = dana.send("POST", DEVICES, &addition).await;
    assert_eq!((added.status, &added.json()["service"]), (201, &json!("push.example.org")), "{}", added.text());
    let own = format!("{DEVICES}/{}", added.json()["id"].as_str().unwrap());
    assert_eq!(noa.get(DEVICES).await.json()["items"], json!([]));
    assert_eq!(noa.send("DELETE", &own, &json!(null)).await.status, 404);
    // Whoever signs in in the same browser has it from then on.
    assert_eq!(noa.send("POST", DEVICES, &addition).await.status, 201);
    assert_eq!(dana.send("DELETE", &own, &json!(null)).await.status, 404);
    assert_eq!(noa.send("DELETE", &own, &json!(null)).await.status, 204);
    let log = serde_json::to_string(&world.api.all("/v1/audit").await).unwrap();
    assert!(
        log.contains("push_device_added") && log.contains("push_device_removed") && !log.contains("secret"),
        "{log}"
    );
}
