//! People through the API: what each step of a user's life is answered with. The judge around the app holds every answer
//! against the document; how sessions end is the people tests' own.

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use blendline_wire::{Lease, Millis, TaskId};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{World, key};
use crate::ports::held::{Held, HeldOrder};

const PASSWORD: &str = "sphinx of black quartz";

/// A browser: it keeps its cookie and sends its page's token.
struct Browser<'a> {
    world: &'a World,
    cookie: String,
    csrf: String,
}

impl Browser<'_> {
    async fn send(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "blendline.test")
            .header("origin", "https://blendline.test")
            .header("cookie", &self.cookie)
            .header("x-blendline-csrf", &self.csrf)
            .header("content-type", "application/json");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let response = self.world.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        if let Some(set) = response.headers().get(header::SET_COOKIE) {
            self.cookie = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn get(&mut self, path: &str) -> u16 {
        self.send("GET", path, &Value::Null).await.0
    }

    async fn post(&mut self, path: &str, body: Value) -> (u16, String) {
        let (status, problem) = self.send("POST", path, &body).await;
        (status, problem["code"].as_str().unwrap_or_default().to_owned())
    }
}

fn told(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn what_somebody_asked_for_is_not_done_once_he_may_not_sign_in() {
    let world = World::new().await;
    let admin = key("acme", "admin");
    let dana = json!({ "name": "dana", "role": "worker", "worker": "dana", "password": PASSWORD });
    assert_eq!(world.call(&admin, "POST", "/v1/users", &dana.to_string()).await.0, 201);
    let tenant = super::filled::tenant(&world, "acme");
    let worker = world.shared.directory().worker(tenant, "dana").unwrap();
    let order = HeldOrder { task: TaskId(7), lease: Lease(2), key: "k".into(), seen: None };
    let held = |number: &str| Held {
        tenant,
        worker,
        number: number.into(),
        by: "user dana".into(),
        name: "gone".into(),
        due: Millis(1),
        orders: vec![order.clone(), order.clone()],
        outcomes: Vec::new(),
    };
    let now = async |number: &str| {
        assert!(world.shared.desks().hold(&held(number)).await.unwrap());
        let path = format!("/v1/held-macro/now?worker=dana&number={number}");
        world.call(&admin, "POST", &path, "").await.1["tasks"][1]["failed"].as_str().unwrap().to_owned()
    };
    assert!(!now("one").await.contains("may not act"), "it is tried, and there is no such task");
    assert_eq!(world.call(&admin, "PATCH", "/v1/users/dana", r#"{"disabled":true}"#).await.0, 200);
    assert!(now("two").await.contains("user dana who asked for it may not act"));
    let held = world.shared.desks().held(tenant, worker).await.unwrap().unwrap();
    assert_eq!((held.waits(), held.outcomes.len()), (false, 2));
    let (_, audit) = world.call(&admin, "GET", "/v1/audit", "").await;
    let entry = audit["items"].as_array().unwrap().iter().find(|entry| entry["what"] == "macro_drop").unwrap().clone();
    assert_eq!((&entry["subject"], &entry["after"]["tasks"]), (&json!("two"), &json!(2)));
}

#[tokio::test]
async fn a_users_life() {
    let world = World::new().await;
    let admin = key("acme", "admin");
    let add = |body: Value| {
        let (world, admin) = (&world, &admin);
        async move {
            let (status, answer) = world.call(admin, "POST", "/v1/users", &body.to_string()).await;
            (status.as_u16(), answer["code"].as_str().unwrap_or_default().to_owned())
        }
    };
    assert_eq!(add(json!({ "name": "Dana", "role": "worker", "worker": "dana", "password": PASSWORD })).await.0, 201);
    assert_eq!(add(json!({ "name": "Noa", "role": "admin" })).await.0, 201);
    assert_eq!(add(json!({ "name": "DANA", "role": "auditor" })).await, told(409, "name_taken"));
    assert_eq!(add(json!({ "name": "", "role": "auditor" })).await, told(422, "bad_name"));
    assert_eq!(add(json!({ "name": "crm", "role": "integrator" })).await, told(422, "bad_role"));
    assert_eq!(add(json!({ "name": "x", "role": "worker", "worker": "nobody" })).await, told(404, "unknown_worker"));
    assert_eq!(add(json!({ "name": "y", "role": "auditor", "password": "1234" })).await, told(422, "weak_password"));

    let mut dana = Browser { world: &world, cookie: String::new(), csrf: String::new() };
    let credentials = |password: &str| json!({ "tenant": "acme", "name": "dana", "password": password });
    assert_eq!(dana.get("/desk").await, 303);
    assert_eq!(dana.post("/v1/sessions", credentials("wrong")).await, told(401, "wrong_credentials"));
    assert_eq!(dana.post("/v1/sessions", credentials(PASSWORD)).await, told(204, ""));
    let (status, session) = dana.send("GET", "/v1/sessions/current", &Value::Null).await;
    assert_eq!((status, &session["worker"], &session["must_change"]), (200, &json!("dana"), &json!(true)));
    assert_eq!(dana.post("/v1/sessions/current/password", json!({})).await, told(403, "csrf"));
    dana.csrf = session["csrf"].as_str().unwrap().to_owned();
    assert_eq!(dana.send("GET", "/v1/tasks", &Value::Null).await.1["code"], "must_change");
    let change = |old: &str, new: &str| json!({ "old": old, "new": new });
    let address = "/v1/sessions/current/password";
    assert_eq!(dana.post(address, change("wrong", "five boxing wizards jump")).await, told(422, "wrong_password"));
    assert_eq!(dana.post(address, change(PASSWORD, "1234")).await, told(422, "weak_password"));
    assert_eq!(dana.post(address, change(PASSWORD, "five boxing wizards jump")).await, told(204, ""));
    for (path, status) in [("/v1/tasks", 200), ("/desk", 200), ("/password", 200), ("/v1/audit", 403)] {
        assert_eq!(dana.get(path).await, status, "{path}");
    }

    for (body, status) in [
        (json!({ "disabled": false }), 200),
        (json!({}), 400),
        (json!({ "role": "worker", "worker": "nobody" }), 404),
        (json!({ "role": "integrator" }), 422),
        (json!({ "reset_password": true }), 200),
    ] {
        let (found, answer) = world.call(&admin, "PATCH", "/v1/users/dana", &body.to_string()).await;
        assert_eq!(found.as_u16(), status, "{body}: {answer}");
    }
    assert_eq!(world.call(&admin, "PATCH", "/v1/users/nobody", r#"{"disabled":true}"#).await.0, 404);
    assert_eq!(dana.get("/v1/tasks").await, 401, "his sessions end with the change");
    let (_, users) = world.call(&admin, "GET", "/v1/users?limit=1", "").await;
    assert_eq!((users["items"].as_array().unwrap().len(), &users["next"]), (1, &json!("dana")));
    let (_, audit) = world.call(&admin, "GET", "/v1/audit", "").await;
    assert!(audit["items"].as_array().is_some_and(|items| items.len() > 5), "{audit}");
}
