//! Another system posts what happened with a key of its own and no key of the API: what is signed is believed, once, and nothing
//! else is.

use blendline_tests::http::{self, Reply};
use blendline_tests::machine::unix_ms;
use blendline_tests::receiver::signed;
use serde_json::{Value, json};

use super::world::World;

const RULES: &str = "\
queues:
  front: {side: front, target: 2m}
  stock: {side: back, target: 1d}
groups:
  desk: {queues: [front, stock], workers: [omer]}
rules:
  - {name: all, channel: whatsapp_cloud, queue: front}
cases:
  return-credit: {like: return-credit, queues: {service: front, warehouse: stock}}
systems:
  delivery:
    reference: order
    events:
      picked_up: {open: return-credit, set: {reason: not_wanted}}
      noted: {set: {remark: \"{words}\"}}
";
const KEYS: &str = "/v1/systems/delivery/keys";

struct Post<'a> {
    secrets: &'a [&'a str],
    at_s: u64,
    body: String,
}

impl Post<'_> {
    async fn to(&self, world: &World, path: &str) -> Reply {
        let at = self.at_s.to_string();
        let signatures: Vec<String> =
            self.secrets.iter().map(|secret| signed(secret, "msg_1", &at, self.body.as_bytes())).collect();
        let signatures = signatures.join(" ");
        let headers = [("webhook-id", "msg_1"), ("webhook-timestamp", &at), ("webhook-signature", &signatures)];
        let request = http::request("POST", path, &headers, self.body.as_bytes());
        http::once(world.router.addr, &request).await.unwrap()
    }
}

fn event(id: &str, kind: &str) -> String {
    let fields = json!({ "words": "behind the gate" });
    json!({ "id": id, "reference": "SO-7", "kind": kind, "at": "2026-11-25T09:30:00Z", "fields": fields }).to_string()
}

async fn make_key(world: &World, overlap_hours: u32) -> Value {
    let made = world.api.post(KEYS, &json!({ "overlap_hours": overlap_hours })).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()
}

#[tokio::test]
async fn what_another_system_signs_is_taken_once_and_nothing_else_is() {
    let world = World::start("systems-signed", |it| it.rules = Some(RULES.to_owned())).await;
    let now_s = || unix_ms() / 1000;
    let listed = world.api.all("/v1/systems").await;
    assert_eq!((&listed[0]["system"], &listed[0]["keys"]), (&json!("delivery"), &json!(0)), "{listed:?}");
    let path = listed[0]["path"].as_str().unwrap().to_owned();
    let early = Post { secrets: &["whsec_AAAA"], at_s: now_s(), body: event("d-1", "picked_up") };
    assert_eq!(early.to(&world, &path).await.json()["code"], "unknown_url", "no key was made yet");

    let made = make_key(&world, 24).await;
    let first = made["secret"].as_str().unwrap().to_owned();
    assert_eq!((&made["in_rules"], &made["path"]), (&json!(true), &json!(path)), "{made}");
    for (post, code, place) in [
        (
            Post { secrets: &["whsec_AAAA"], at_s: now_s(), body: event("d-1", "picked_up") },
            "wrong_signature",
            "webhook-signature",
        ),
        (
            Post { secrets: &[&first], at_s: now_s() - 400, body: event("d-1", "picked_up") },
            "wrong_time",
            "webhook-timestamp",
        ),
        (Post { secrets: &[], at_s: now_s(), body: event("d-1", "picked_up") }, "no_signature", "webhook-signature"),
    ] {
        let reply = post.to(&world, &path).await;
        let problem = reply.json();
        assert_eq!(
            (reply.status, &problem["code"], &problem["field"]),
            (401, &json!(code), &json!(place)),
            "{problem}"
        );
        assert!(problem["detail"].as_str().is_some_and(|cure| cure.len() > 40), "{problem}");
    }
    let elsewhere = Post { secrets: &[&first], at_s: now_s(), body: event("d-1", "picked_up") };
    assert_eq!(elsewhere.to(&world, &path.replace("delivery", "billing")).await.status, 404, "the key is delivery's");
    assert!(world.api.all("/v1/cases").await.is_empty() && world.count("external_parked").await == 0);

    // Signed it is taken, and what was overheard and posted again is the same event.
    let right = Post { secrets: &[&first], at_s: now_s(), body: event("d-1", "picked_up") };
    for _ in 0..2 {
        let reply = right.to(&world, &path).await;
        assert_eq!((reply.status, &reply.json()["state"]), (200, &json!("done")), "{}", reply.text());
    }
    assert_eq!((world.count("external_applied").await, world.count("case_opened").await), (1, 1));
    // What is signed and cannot be read is told with its place, and nothing of it is kept.
    let broken = Post { secrets: &[&first], at_s: now_s(), body: "{\"id\": 7}".to_owned() };
    let reply = broken.to(&world, &path).await;
    assert_eq!((reply.status, &reply.json()["field"]), (400, &json!("/id")), "{}", reply.text());

    // While keys are changed both are good; then only the new one.
    let second = make_key(&world, 1).await["secret"].as_str().unwrap().to_owned();
    for (id, secrets) in [("d-2", [first.as_str()]), ("d-3", [second.as_str()])] {
        let reply = Post { secrets: &secrets, at_s: now_s(), body: event(id, "noted") }.to(&world, &path).await;
        assert_eq!(reply.status, 200, "{id}: {}", reply.text());
    }
    let third = make_key(&world, 0).await["secret"].as_str().unwrap().to_owned();
    for old in [&first, &second] {
        let reply = Post { secrets: &[old], at_s: now_s(), body: event("d-4", "noted") }.to(&world, &path).await;
        assert_eq!(reply.json()["code"], "wrong_signature", "{}", reply.text());
    }
    let both = Post { secrets: &[&first, &third], at_s: now_s(), body: event("d-4", "noted") };
    assert_eq!(both.to(&world, &path).await.status, 200, "one of its signatures is by a good key");

    let gone = world.api.delete(KEYS).await.unwrap();
    assert_eq!(gone.status, 204, "{}", gone.text());
    let late = Post { secrets: &[&third], at_s: now_s(), body: event("d-5", "noted") };
    assert_eq!(late.to(&world, &path).await.status, 404);
    assert_eq!(world.count("external_applied").await, 4);
    let audit = json!(world.api.all("/v1/audit").await).to_string();
    for what in ["system_key_added", "system_key_rotated", "system_keys_removed"] {
        assert!(audit.contains(what), "{what}: {audit}");
    }
    assert!(!audit.contains("whsec_"), "no key is in the log");
}
