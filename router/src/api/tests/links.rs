//! A link to a decision shows it to whoever has it, and decides only for who proves at that moment who he is.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use blendline_wire::Millis;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{World, key};
use crate::people::gate::actor_of;
use crate::people::session::{LIMITS, Secret};
use crate::ports::people::{Deed, Opening};

const PASSWORD: &str = "sphinx of black quartz";
const OTHER: &str = "black quartz, judge my vow";
const MINUTE_MS: u64 = 60_000;

/// A call from a page of this server, or of another.
async fn sent(
    world: &World,
    path: &str,
    (origin, cookie, csrf): (&str, &str, &str),
    body: Option<Value>,
) -> (u16, String) {
    let request = Request::builder()
        .method(if body.is_some() { "POST" } else { "GET" })
        .uri(path)
        .header("host", "blendline.test")
        .header("origin", origin)
        .header("cookie", cookie)
        .header("x-blendline-csrf", csrf)
        .header("content-type", "application/json");
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let response = world.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

fn code(answer: (u16, String)) -> (u16, String) {
    let read: Value = serde_json::from_str(&answer.1).unwrap_or_default();
    (answer.0, read["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_link_shows_and_only_a_proof_of_the_last_minutes_decides() {
    let world = World::new().await;
    super::filled::fill(&world);
    let admin = key("acme", "admin");
    for (name, role) in
        [("omer", json!({ "role": "worker", "worker": "omer" })), ("sam", json!({ "role": "supervisor" }))]
    {
        let mut user = json!({ "name": name, "password": PASSWORD });
        user.as_object_mut().unwrap().extend(role.as_object().unwrap().clone());
        assert_eq!(world.call(&admin, "POST", "/v1/users", &user.to_string()).await.0, 201);
    }
    let asked = "/v1/decisions/dec_00000000000000000000000000000007/link";
    assert_eq!(world.call(&admin, "POST", asked, r#"{"hours":0}"#).await.0, 400);
    let (status, made) = world.call(&admin, "POST", asked, "{}").await;
    assert_eq!(status, 201, "{made}");
    let link = made["path"].as_str().unwrap();
    let (_, audit) = world.call(&admin, "GET", "/v1/audit?limit=200", "").await;
    assert!(audit["items"].to_string().contains("decision_link"), "{audit}");

    let own = "https://blendline.test";
    let nobody = (own, "", "1");
    let (status, shown) = sent(&world, link, nobody, None).await;
    assert!(status == 200 && shown.contains("12.50") && shown.contains("dana"), "{shown}");
    assert_eq!(sent(&world, &format!("{link}0"), nobody, None).await.0, 404);
    // Another link of ours is none of these.
    assert_eq!(sent(&world, "/decide/bst1.7b7d.00", nobody, None).await.0, 404);

    let act = |more: Value| {
        let mut act = json!({ "act": "approve" });
        act.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Some(act)
    };
    let proof = |name: &str, password: &str| act(json!({ "name": name, "password": password }));
    let told = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(code(sent(&world, link, nobody, act(json!({}))).await), told(401, "step_up"));
    assert_eq!(code(sent(&world, link, nobody, proof("omer", "wrong")).await), told(401, "wrong_credentials"));
    assert_eq!(
        code(sent(&world, link, ("https://evil.test", "", "1"), proof("omer", PASSWORD)).await),
        told(403, "foreign_page")
    );
    // A password that somebody else gave him proves nothing yet.
    assert_eq!(code(sent(&world, link, nobody, proof("omer", PASSWORD)).await), told(403, "must_change"));
    let people = world.shared.people();
    let tenant = super::filled::tenant(&world, "acme");
    for name in ["omer", "sam"] {
        let hash = people.passwords().hash(OTHER).await.unwrap();
        let change = crate::ports::people::UserChange {
            tenant,
            name: name.into(),
            password: Some((hash, false)),
            ..Default::default()
        };
        people.change(&change, &Deed { at: Millis(1), actor: "user".into(), what: "password_changed" }).await.unwrap();
    }
    assert_eq!(code(sent(&world, link, nobody, proof("sam", OTHER)).await), told(403, "no_worker"));
    assert_eq!(
        code(sent(&world, link, nobody, act(json!({ "act": "deny", "name": "omer", "password": OTHER }))).await),
        told(400, "bad_request")
    );

    // A session decides while its sign-in is fresh, by its own page's token.
    let user = people.record().user(tenant, "omer").await.unwrap().unwrap();
    let session = async |ago_ms: u64| {
        let secret = Secret::new().unwrap();
        let at = Millis(super::super::now().0 - ago_ms);
        let opening = Opening {
            tenant,
            name: user.name.clone(),
            password: user.password.clone(),
            hash: secret.hash(),
            at,
            limits: LIMITS,
        };
        let deed = Deed { at, actor: actor_of(&user.name), what: "signed_in" };
        people.record().open_session(&opening, &deed).await.unwrap().unwrap();
        (world.shared.cookie().set(&secret).split(';').next().unwrap().to_owned(), secret.csrf())
    };
    let (old, token) = session(6 * MINUTE_MS).await;
    assert_eq!(code(sent(&world, link, (own, &old, &token), act(json!({}))).await), told(401, "step_up"));
    let (new, token) = session(MINUTE_MS).await;
    assert_eq!(code(sent(&world, link, (own, &new, "1"), act(json!({}))).await), told(401, "step_up"));
    assert_eq!(world.owner.calls().len(), 0, "nothing was asked of the owner so far");
    assert_eq!(sent(&world, link, (own, &new, &token), act(json!({}))).await.0, 200);
    assert_eq!(sent(&world, link, nobody, proof("omer", OTHER)).await.0, 200);
    assert_eq!(world.owner.calls().len(), 2);
    let (_, audit) = world.call(&admin, "GET", "/v1/audit?limit=200", "").await;
    let by_link = audit["items"].as_array().unwrap().iter().filter(|entry| entry["what"] == "decision_by_link");
    assert!(by_link.clone().count() == 2 && by_link.clone().all(|entry| entry["actor"] == "user omer"), "{audit}");
}
