//! Managing users, and the log of it.

use blendline_tests::api::Api;
use blendline_tests::person::{Browser, PASSWORD};
use serde_json::json;

use crate::office::{add, by_key, member, office};

#[tokio::test]
async fn users_are_managed_by_those_who_may() {
    let router = office("manage", "").await;
    let admin = member(&router, "root", "admin").await;
    let operations = member(&router, "ops", "operations").await;
    for (body, status, place) in [
        (json!({ "name": "ruth", "role": "worker", "worker": "dan" }), 201, None),
        (json!({ "name": "RUTH", "role": "auditor" }), 409, Some("/name")),
        (json!({ "name": "ruth levi", "role": "auditor" }), 422, Some("/name")),
        (json!({ "name": "gal", "role": "worker" }), 422, Some("/role")),
        (json!({ "name": "gal", "role": "auditor", "worker": "dan" }), 422, Some("/role")),
        (json!({ "name": "gal", "role": "worker", "worker": "nobody" }), 404, Some("/worker")),
        (json!({ "name": "gal", "role": "integrator" }), 422, Some("/role")),
        (json!({ "name": "gal", "role": "boss" }), 400, Some("/role")),
        (json!({ "name": "gal", "role": "auditor", "password": "password1234" }), 422, Some("/password")),
        (json!({ "name": "gal", "role": "admin" }), 403, None),
        (json!({ "name": "gal", "role": "auditor", "pasword": "x" }), 400, Some("/pasword")),
    ] {
        let reply = operations.send("POST", "/v1/users", &body).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
        assert_eq!(reply.json()["field"].as_str(), place, "{body}: {}", reply.text());
    }
    // Operations people do not touch administrators, and nobody touches himself.
    let disable = json!({ "disabled": true });
    assert_eq!(operations.send("PATCH", "/v1/users/root", &disable).await.status, 403);
    assert_eq!(operations.send("PATCH", "/v1/users/ruth", &json!({ "role": "admin" })).await.status, 403);
    assert_eq!(operations.send("PATCH", "/v1/users/OPS", &disable).await.json()["code"], "own_user");
    assert_eq!(admin.send("PATCH", "/v1/users/nobody", &disable).await.status, 404);
    assert_eq!(admin.send("PATCH", "/v1/users/ruth", &json!({})).await.status, 400);
    let reply = admin.send("PATCH", "/v1/users/ruth", &json!({ "role": "supervisor" })).await;
    assert_eq!((reply.json()["role"].as_str(), reply.json()["worker"].as_str()), (Some("supervisor"), None));

    let listed = Api::admin(router.addr).all("/v1/users").await;
    let names: Vec<&str> = listed.iter().filter_map(|user| user["name"].as_str()).collect();
    assert_eq!(names, ["ops", "root", "ruth"]);
    let page = admin.get("/v1/users?limit=2").await.json();
    assert_eq!((page["items"].as_array().unwrap().len(), page["next"].as_str()), (2, Some("root")));
    let text = admin.get("/v1/users").await.text();
    assert!(!text.contains("argon2") && !text.contains("one_time_password"), "{text}");
}

#[tokio::test]
async fn what_was_done_is_in_the_log_without_secrets() {
    let router = office("audit", "").await;
    let first = add(&router, "noa", "worker").await;
    let noa = Browser::sign_in(router.addr, "noa", &first).await.unwrap();
    noa.send("DELETE", "/v1/sessions/current", &json!(null)).await;
    let change = json!({ "role": "auditor", "password": PASSWORD });
    assert_eq!(by_key(&router, "PATCH", "/v1/users/noa", &change).await.status, 200);
    let reply = by_key(&router, "GET", "/v1/audit", &json!({})).await;
    let page = reply.json();
    let items = page["items"].as_array().unwrap();
    let deeds: Vec<(&str, &str)> =
        items.iter().map(|entry| (entry["actor"].as_str().unwrap(), entry["what"].as_str().unwrap())).collect();
    assert_eq!(
        deeds,
        [
            ("key tests", "user_added"),
            ("user noa", "signed_in"),
            ("user noa", "signed_out"),
            ("key tests", "user_changed")
        ]
    );
    let last = items.last().unwrap();
    assert_eq!((last["before"]["role"].as_str(), last["after"]["role"].as_str()), (Some("worker"), Some("auditor")));
    assert_eq!(last["after"]["password"], "changed");
    assert_eq!((page["head"]["seq"].as_u64(), &page["head"]["hash"]), (Some(4), &last["hash"]));
    for (entry, before) in items.iter().skip(1).zip(items) {
        assert_eq!(entry["prev"], before["hash"]);
    }
    let text = reply.text();
    for secret in [first.as_str(), PASSWORD, "argon2"] {
        assert!(!text.contains(secret), "{text}");
    }
}
