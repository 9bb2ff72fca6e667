//! Every route by every role, and nothing of another tenant.

use axum::body::Body;
use axum::http::Request;

use super::filled::{add_canned, add_endpoint, add_system, fill, task};
use super::{World, key};
use crate::api::routes::routes;
use crate::directory::Role;

const ROLES: [(&str, Role); 6] = [
    ("integrator", Role::Integrator),
    ("worker", Role::Worker),
    ("supervisor", Role::Supervisor),
    ("operations", Role::Operations),
    ("auditor", Role::Auditor),
    ("admin", Role::Admin),
];

fn path(pattern: &str) -> String {
    if pattern == "/v1/answers" {
        return "/v1/answers?task=tsk_7".to_owned();
    }
    let id = match pattern {
        _ if pattern.contains("conversations") => "cnv_9",
        _ if pattern.contains("outbox") => "out_5",
        _ if pattern.contains("decisions") => "dec_00000000000000000000000000000007",
        _ if pattern.contains("reviews") => "jdg_00000000000000000000000000000007",
        _ if pattern.starts_with("/v1/answers") => "jdg_00000000000000000000000000000008",
        _ if pattern.contains("external-events") => "ext_00000000000000000000000000000007",
        _ if pattern.contains("contacts") => "00000000000000000000000000000001",
        _ if pattern.contains("improvements") => "imp_00000000000000000000000000000007",
        _ if pattern.contains("cases") => "cas_00000000000000000000000000000007",
        _ if pattern.contains("quarantine") => "3",
        _ if pattern.contains("media") => "07070707070707070707070707070707",
        _ => "tsk_7",
    };
    let pattern = &pattern.replace("{system}", "crm").replace("{records}", "customers").replace("{reference}", "C-7");
    let name = if pattern.contains("queues") { "front" } else { "dana" };
    pattern.replace("{id}", id).replace("{name}", name).replace("{device}", "07070707070707070707070707070707")
}

/// A body that the route understands.
fn body(pattern: &str) -> &'static str {
    match pattern {
        "/v1/decisions/{id}" => return r#"{"act":"approve","worker":"dana"}"#,
        "/v1/reviews/{id}" => return r#"{"act":"answer","words":"w","worker":"dana"}"#,
        "/v1/answers/{id}" => return r#"{"rating":"good","worker":"dana"}"#,
        "/v1/external-events/{id}" => return r#"{"act":"retry"}"#,
        "/v1/improvements/{id}" => return r#"{"act":"begin"}"#,
        "/v1/improvements" => return r#"{"key":"k","source":"wrap_up","title":"t"}"#,
        "/v1/cases/{id}" => return r#"{"key":"k","act":{"resume":true}}"#,
        "/v1/event-endpoints/{name}" => return r#"{"paused":true}"#,
        "/v1/canned-answers/{name}" => return r#"{"version":0,"title":"t","text":"t"}"#,
        "/v1/tasks/{id}/macros/{name}" => return r#"{"lease":2,"worker":"dana","key":"k"}"#,
        "/v1/worklist/views/{name}" => return "{}",
        "/v1/held-macro" => {
            return r#"{"worker":"dana","name":"n","wait_s":1,"tasks":[{"task":"tsk_7","lease":2,"key":"k"}]}"#;
        }
        "/v1/event-endpoints/{name}/replay" => return r#"{"events":["evt_1"]}"#,
        _ => {}
    }
    match pattern.rsplit('/').next().unwrap_or_default() {
        "devices" => r#"{"endpoint":"https://push.example/x","keys":{"p256dh":"BA","auth":"AA"}}"#,
        "items" => r#"{"queue":"front","external_ref":"r","title":"t"}"#,
        "transfer" => r#"{"to":{"queue":"front"}}"#,
        "replay" | "rotate" | "keys" => "{}",
        "resend" => r#"{"worker":"dana","key":"k"}"#,
        "accept" => r#"{"lease":2,"worker":"dana"}"#,
        "decline" => r#"{"lease":2,"worker":"dana","reason":"no"}"#,
        "reply" => r#"{"lease":2,"worker":"dana","key":"k","content":{"type":"text","text":"t"}}"#,
        "take" => r#"{"worker":"dana"}"#,
        "settle" => r#"{"lease":2,"worker":"dana","verdict":{"verdict":"done"}}"#,
        // About sessions a key is told so: 400, whatever its role.
        "users" => r#"{"name":"noa","role":"auditor"}"#,
        "draft" if pattern.contains("tasks") => r#"{"worker":"dana","text":"t"}"#,
        "check" | "draft" => r#"{"text":"queues:\n  service: {side: front}\n"}"#,
        "explain" => r#"{"channel":"webchat","account":"site","text":"t"}"#,
        "publish" => r#"{"sha256":"00","reason":"r"}"#,
        "rollback" => r#"{"version":1,"reason":"r"}"#,
        "decisions" => r#"{"key":"k","action":"credit","minor":1,"currency":"ILS","worker":"dana"}"#,
        "status-link" | "link" => "{}",
        "notes" => r#"{"text":"t"}"#,
        "seen" => r#"{"worker":"dana","note":"00"}"#,
        "join" | "part" => r#"{"one":"cnv_9","other":"cnv_9","reason":"r"}"#,
        "presence" => r#"{"presence":"busy"}"#,
        "logged-contacts" => r#"{"worker":"dana","queue":"front","medium":"call","note":"n"}"#,
        _ => "",
    }
}

#[tokio::test]
async fn every_route_takes_its_roles_and_no_other() {
    let world = World::new().await;
    fill(&world);
    let mut cells = 0;
    for route in routes() {
        let (method, path, body) = (route.method.as_str(), path(route.path), body(route.path));
        for (name, role) in ROLES {
            add_endpoint(&world).await;
            add_canned(&world).await;
            add_system(&world).await;
            let (status, problem) = world.call(&key("acme", name), method, &path, body).await;
            let allowed = route.roles.contains(&role);
            assert_eq!(status != 403, allowed, "{method} {path} by {name}: {status} {problem}");
            assert_ne!(status, 401, "{method} {path} by {name}");
            assert_ne!(status, 404, "{method} {path} by {name}: {problem}");
            assert_ne!(status, 500, "{method} {path} by {name}: {problem}");
            cells += 1;
        }
        for key in ["", "blk_nobody", "blk_acme_admin2"] {
            let (status, problem) = world.call(key, method, &path, body).await;
            assert_eq!(status, 401, "{method} {path} with {key:?}: {problem}");
            cells += 1;
        }
        let bare = Request::builder().method(method).uri(&path).body(Body::empty()).unwrap();
        assert_eq!(world.send(bare).await.0, 401, "{method} {path} without a key");
    }
    assert_eq!(cells, routes().len() * 9);
}

#[tokio::test]
async fn another_tenants_things_are_not_there() {
    let world = World::new().await;
    fill(&world);
    add_endpoint(&world).await;
    let named = |path: &str| path.contains("{id}") || path.contains("event-endpoints/");
    for route in routes().into_iter().filter(|route| named(route.path)) {
        let (method, path, body) = (route.method.as_str(), path(route.path), body(route.path));
        for (name, role) in ROLES {
            if !route.roles.contains(&role) {
                continue;
            }
            let (status, problem) = world.call(&key("other", name), method, &path, body).await;
            assert_eq!(status, 404, "{method} {path} by other's {name}: {problem}");
        }
    }
    for list in ["/v1/tasks", "/v1/conversations"] {
        let (_, page) = world.call(&key("other", "admin"), "GET", list, "").await;
        assert_eq!(page["items"].as_array().map(Vec::len), Some(0), "{list}");
    }
    assert!(world.owner.calls().is_empty(), "{:?}", world.owner.calls());
}

#[tokio::test]
async fn a_worker_sees_his_own_and_speaks_for_himself() {
    let world = World::new().await;
    let task = task(&world, "omer");
    world.records.tasks.lock().unwrap().insert(task.id, task);
    let dana = key("acme", "worker");
    assert_eq!(world.call(&dana, "GET", "/v1/tasks/tsk_7", "").await.0, 404);
    let (status, _) = world.call(&dana, "POST", "/v1/tasks/tsk_7/accept", r#"{"lease":2,"worker":"omer"}"#).await;
    assert_eq!(status, 403);
    let (status, _) = world.call(&dana, "POST", "/v1/workers/omer/presence", r#"{"presence":"away"}"#).await;
    assert_eq!(status, 403);
    let (status, _) = world.call(&dana, "GET", "/v1/tasks?worker=omer", "").await;
    assert_eq!(status, 403);
}
