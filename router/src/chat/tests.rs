//! The chat's doors without a port: pages, identities, tokens, limits.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::middleware::from_fn;
use blendline_wire::Millis;
use blendline_wire::broker::BrokerMessage;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::frames::{From, MessageFrame, ServerFrame, State};
use super::secret::sign;
use super::{Chat, Parts, ServerSecret, own_origins, router};
use crate::adapters::live::InProcessLive;
use crate::config::{Config, resolve};
use crate::doors::Doors;
use crate::fakes::{FakeBroker, FakeStore};
use crate::openapi::tests::judge::judge;

pub(crate) const SHOP: &str = "https://shop.example";
const SECRET: &str = "identity-secret-0123456789";
const ID: &str = "0198c5a4-7b1e-7c3d-9f00-2b6a1d5e8f01";

pub(crate) struct World {
    pub(crate) app: Router,
    broker: FakeBroker,
}

impl World {
    pub(crate) async fn new(settings: &str, chat: &str) -> Self {
        let text = format!(
            "[chat]\n{chat}\n[[tenant]]\nname = \"acme\"\n[[tenant.queue]]\nname = \"front\"\nside = \"front\"\n\
             [[tenant.account]]\nname = \"site\"\nchannel = \"webchat\"\nexternal_id = \"site\"\nqueue = \"front\"\n\
             settings = {{ allowed_origins = [\"{SHOP}\"], identity_secret = \"{SECRET}\"{settings} }}\n"
        );
        let config = Config::parse("test.toml", &text, &|_| None).unwrap();
        let store = FakeStore::new();
        let broker = FakeBroker::default();
        let directory = Arc::new(resolve(&config, &store, Millis(0)).await.unwrap());
        let chat = Chat::new(Parts {
            directory,
            archive: Arc::new(store),
            broker: Arc::new(broker.clone()),
            live: Arc::new(InProcessLive::default()),
            doors: Doors::new(BTreeMap::new(), BTreeMap::new()),
            limits: config.chat,
            secret: ServerSecret::test(),
            origins: own_origins("127.0.0.1:8080".parse().unwrap(), &[]),
            stopping: CancellationToken::new(),
            stop_grace_ms: 1000,
        });
        // Whatever a test asks, the answer must be one that the document describes.
        Self { app: router(chat.unwrap()).layer(from_fn(judge)), broker }
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        head: &[(&str, &str)],
        body: &Value,
    ) -> (StatusCode, HeaderMap, Value) {
        let mut request = Request::builder().method(method).uri(format!("/v1/chat/{path}"));
        for (name, value) in head {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let response = self.app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        (head.status, head.headers, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn session(&self, body: Value) -> (StatusCode, Value) {
        let (status, _, session) = self.send("POST", "site/sessions", &[("origin", SHOP)], &body).await;
        (status, session)
    }

    async fn say(&self, token: &str, text: &str) -> (StatusCode, HeaderMap, Value) {
        let bearer = format!("Bearer {token}");
        let body = json!({ "client_id": ID, "text": text });
        self.send("POST", "site/messages", &[("origin", SHOP), ("authorization", &bearer)], &body).await
    }
}

fn identity(user: &str, secret: &str) -> Value {
    let hmac = hex::encode(sign(secret.as_bytes(), user.as_bytes()));
    json!({ "user_id": user, "name": "Dana\u{1b}", "hmac": hmac })
}

#[tokio::test]
async fn only_the_accounts_pages_may_and_are_told_so() {
    let world = World::new("", "").await;
    for page in [SHOP, "http://127.0.0.1:8080", "http://localhost:8080"] {
        let (status, headers, _) = world.send("POST", "site/sessions", &[("origin", page)], &Value::Null).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["access-control-allow-origin"], page);
        assert_eq!(headers["vary"], "origin");
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }
    for (method, path) in [
        ("POST", "site/sessions"),
        ("GET", "site/messages?wait=0"),
        ("POST", "site/messages"),
        ("GET", "site/connect"),
        ("OPTIONS", "site/sessions"),
    ] {
        for page in ["https://evil.example", "null"] {
            let (status, headers, _) = world.send(method, path, &[("origin", page)], &Value::Null).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path} from {page}");
            assert!(!headers.contains_key("access-control-allow-origin"));
            assert_eq!(headers["vary"], "origin");
        }
    }
    let (status, headers, _) = world.send("OPTIONS", "site/messages", &[("origin", SHOP)], &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(headers["access-control-allow-headers"], "authorization, content-type");
    assert_eq!(world.send("POST", "other/sessions", &[("origin", SHOP)], &Value::Null).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_names_no_page_needs_the_accounts_leave_or_a_token() {
    let world = World::new("", "").await;
    assert_eq!(world.send("POST", "site/sessions", &[], &Value::Null).await.0, StatusCode::FORBIDDEN);
    let (_, session) = world.session(Value::Null).await;
    let bearer = format!("Bearer {}", session["token"].as_str().unwrap());
    let (status, headers, body) =
        world.send("GET", "site/messages?wait=0", &[("authorization", &bearer)], &Value::Null).await;
    assert_eq!((status, body), (StatusCode::OK, json!({ "messages": [], "state": null })));
    assert!(!headers.contains_key("access-control-allow-origin"));
    let open = World::new(", require_origin = false", "").await;
    assert_eq!(open.send("POST", "site/sessions", &[], &Value::Null).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_identity_counts_only_with_the_companys_signature() {
    let world = World::new("", "").await;
    let (_, known) = world.session(json!({ "identity": identity("7", SECRET) })).await;
    assert_eq!(known["visitor"], "user:7");
    let (status, forged) = world.session(json!({ "identity": identity("7", "another-secret-0123456789") })).await;
    assert_eq!(status, StatusCode::OK, "whoever forges learns nothing");
    assert!(forged["visitor"].as_str().unwrap().starts_with("anon:"));
    let mut odd = identity("7", SECRET);
    odd["hmac"] = json!("not hex");
    let (_, odd) = world.session(json!({ "identity": odd })).await;
    assert!(odd["visitor"].as_str().unwrap().starts_with("anon:"));

    // The token alone goes on, with a wrong proof it does not; an anonymous one goes on either way.
    let (_, same) = world.session(json!({ "token": known["token"] })).await;
    assert_eq!((&same["visitor"], &same["expires_at"]), (&known["visitor"], &known["expires_at"]));
    let (_, other) = world.session(json!({ "token": known["token"], "identity": identity("8", "wrong") })).await;
    assert!(other["visitor"].as_str().unwrap().starts_with("anon:"));
    let (_, again) = world.session(json!({ "token": forged["token"], "identity": identity("8", "wrong") })).await;
    assert_eq!(again["visitor"], forged["visitor"]);
    let (status, problem) = world.session(json!({ "token": "bct1.00.00" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("bad_token")));
}

#[tokio::test]
async fn a_message_is_an_event_of_its_visitor() {
    let world = World::new("", "").await;
    let (_, session) = world.session(json!({ "identity": identity("7", SECRET) })).await;
    let (status, _, ack) = world.say(session["token"].as_str().unwrap(), "שלום\u{0}").await;
    assert_eq!((status, &ack["client_id"]), (StatusCode::OK, &json!(ID)));
    let bodies = world.broker.waiting("inbound.0");
    let (BrokerMessage::InboundV1(batch), _) = BrokerMessage::decode(&bodies[0]).unwrap() else { panic!("no event") };
    let one = &batch.events[0];
    assert_eq!(one.event.conversation_key.peer.as_deref(), Some("user:7"));
    assert_eq!(one.event.text.as_ref().unwrap().expose(), "שלום");
    assert_eq!(one.event.sender_name.as_ref().unwrap().expose(), "Dana");
    assert_eq!(one.event.external_message_id.as_deref(), Some(ID));
    assert_eq!(one.event.dedup_key.as_deref(), Some(format!("user:7\u{1f}{ID}").as_str()));
}

#[tokio::test]
async fn what_is_too_much_is_refused_with_a_word_and_a_time() {
    let world = World::new("", "sessions_per_minute = 2\nmessages_burst = 2").await;
    let (_, session) = world.session(Value::Null).await;
    let token = session["token"].as_str().unwrap();
    for (text, status, code) in [
        ("x".repeat(9000).as_str(), StatusCode::PAYLOAD_TOO_LARGE, "too_long"),
        (" \n", StatusCode::UNPROCESSABLE_ENTITY, "empty"),
    ] {
        let (found, _, problem) = world.say(token, text).await;
        assert_eq!((found, &problem["code"]), (status, &json!(code)));
    }
    *world.broker.refuses.lock().unwrap() = Some("inbound.0".to_owned());
    assert_eq!(world.say(token, "one").await.0, StatusCode::SERVICE_UNAVAILABLE);
    *world.broker.refuses.lock().unwrap() = None;
    assert_eq!(world.say(token, "one").await.0, StatusCode::OK);
    let (status, headers, problem) = world.say(token, "two").await;
    assert_eq!((status, &problem["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("too_fast")));
    assert_eq!(headers["retry-after"], "1");
    assert_eq!(headers["access-control-expose-headers"], "retry-after");
    assert_eq!(world.say("bct1.x", "two").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.broker.waiting("inbound.0").len(), 1);

    world.session(Value::Null).await;
    assert_eq!(world.session(Value::Null).await.0, StatusCode::TOO_MANY_REQUESTS);
}

/// One of each frame that a visitor is told.
pub(crate) fn frames() -> Vec<Value> {
    let message = MessageFrame {
        cursor: "5.12".parse().unwrap(),
        from: From::Agent,
        name: None,
        text: "שלום".into(),
        at: Millis(7),
        client_id: Some(ID.to_owned()),
        scale: Some(5),
        buttons: vec![super::frames::Button { id: "yes".into(), label: "כן".into() }],
        pressed: Some("yes".into()),
    };
    let client_id = ID.to_owned();
    [
        ServerFrame::Welcome { visitor: "anon:1".into() },
        ServerFrame::Message(Box::new(message)),
        ServerFrame::Ack { client_id: client_id.clone() },
        ServerFrame::Refused { client_id, reason: "empty", retry_after_ms: None },
        ServerFrame::Typing,
        ServerFrame::State { state: State::Solved },
        ServerFrame::Reconnect { after_ms: 9 },
    ]
    .iter()
    .map(|frame| serde_json::to_value(frame).unwrap())
    .collect()
}
