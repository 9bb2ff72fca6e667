//! Who may open which door: every route by every role with a cookie, foreign pages, missing and wrong tokens.

use blendline_router::api::routes::routes;
use blendline_router::directory::Role;
use blendline_tests::config::WORKER_KEY;
use blendline_tests::http;
use blendline_tests::person::{Browser, OWN_PAGE, PASSWORD};
use serde_json::{Value, json};

use crate::office::{ROLES, add, member, office};

fn role(name: &str) -> Role {
    serde_json::from_value(json!(name)).unwrap()
}

/// A path of this pattern that names nothing there is, so that nothing is changed.
fn path(pattern: &str) -> String {
    let id = if pattern.contains("conversations") { "cnv_999999" } else { "tsk_999999" };
    let name = if pattern.contains("queues") { "care" } else { "nobody-at-all" };
    pattern.replace("{id}", id).replace("{name}", name)
}

#[tokio::test]
async fn every_route_by_every_role_with_a_cookie() {
    let router = office("matrix", "").await;
    let mut cells = 0;
    for name in ROLES {
        let person = member(&router, name, name).await;
        for route in routes().iter().filter(|route| route.path != "/v1/sessions/current") {
            let (method, path) = (route.method.as_str(), path(route.path));
            let reply = person.send(method, &path, &json!({})).await;
            let found = format!("{method} {path} by {name}: {}", reply.text());
            let forbidden = reply.json()["code"] == "forbidden";
            assert_eq!(forbidden, !route.roles.contains(&role(name)), "{found}");
            assert_eq!(reply.status == 403, forbidden, "{found}");
            assert!(reply.status != 401 && reply.status < 500, "{found}");

            // The same without the token, and from another site: nothing that changes anything.
            let changes = !route.method.is_safe();
            for (headers, code) in [
                (vec![("origin", OWN_PAGE)], "csrf"),
                (vec![("origin", OWN_PAGE), ("x-blendline-csrf", "1")], "csrf"),
                (vec![("origin", "https://evil.example"), ("x-blendline-csrf", person.csrf.as_str())], "foreign_page"),
                (vec![("x-blendline-csrf", person.csrf.as_str())], "foreign_page"),
            ] {
                let reply = person.raw(method, &path, &headers, &json!({})).await;
                let refused = reply.status == 403 && reply.json()["code"] == code;
                // A WebSocket is opened by GET and can do everything: its page counts, too.
                let connects = route.path.ends_with("/connect") && code == "foreign_page" && !forbidden;
                assert!(!changes || refused, "{method} {path} by {name} with {headers:?}: {}", reply.text());
                assert!(!connects || refused, "{method} {path} by {name} with {headers:?}: {}", reply.text());
                cells += 1;
            }
            cells += 1;
        }
    }
    println!("{cells} cells");
    assert_eq!(cells, ROLES.len() * (routes().len() - 2) * 5);
}

#[tokio::test]
async fn only_our_own_pages_may_change_anything() {
    let router = office("origin", "").await;
    let noa = member(&router, "noa", "worker").await;
    let busy = json!({ "presence": "busy" });
    for (headers, status) in [
        (vec![("origin", OWN_PAGE)], 409),
        (vec![("origin", "HTTP://blendline.test")], 403),
        (vec![("origin", "https://blendline.test")], 409),
        (vec![("origin", "https://blendline.test:443")], 409),
        (vec![("origin", OWN_PAGE), ("sec-fetch-site", "same-origin")], 409),
        (vec![("sec-fetch-site", "same-origin")], 409),
        (vec![("sec-fetch-site", "same-site")], 403),
        (vec![("sec-fetch-site", "none")], 403),
        (vec![("origin", OWN_PAGE), ("sec-fetch-site", "cross-site")], 403),
        (vec![("origin", "null")], 403),
        (vec![("origin", "http://blendline.test.evil.example")], 403),
        (vec![("origin", "http://evil.blendline.test")], 403),
        (vec![("origin", "http://blendline.test:8080")], 403),
        (vec![("origin", "http://evil.example"), ("origin", OWN_PAGE)], 403),
        (vec![("origin", "")], 403),
        (vec![], 403),
    ] {
        let mut all = headers.clone();
        all.push(("x-blendline-csrf", noa.csrf.as_str()));
        // The worker has no connection, which is what the call is told when it gets through.
        let reply = noa.raw("POST", "/v1/workers/noa/presence", &all, &busy).await;
        assert_eq!(reply.status, status, "{headers:?}: {}", reply.text());
    }
    // No method by another name, no form, no token of another session.
    let csrf = noa.csrf.as_str();
    let hidden = [("x-http-method-override", "POST"), ("origin", OWN_PAGE), ("x-blendline-csrf", csrf)];
    assert_eq!(noa.raw("GET", "/v1/workers/noa/presence", &hidden, &busy).await.status, 405);
    let bytes = http::request(
        "POST",
        "/v1/workers/noa/presence",
        &[("cookie", &noa.cookie), ("origin", OWN_PAGE), ("x-blendline-csrf", csrf), ("content-type", "text/plain")],
        busy.to_string().as_bytes(),
    );
    assert_eq!(http::once(router.addr, &bytes).await.unwrap().status, 415);
    let other = Browser::sign_in(router.addr, "noa", PASSWORD).await.unwrap();
    assert_ne!(other.csrf, noa.csrf);
    let crossed = [("origin", OWN_PAGE), ("x-blendline-csrf", other.csrf.as_str())];
    assert_eq!(noa.raw("POST", "/v1/workers/noa/presence", &crossed, &busy).await.json()["code"], "csrf");
    // Nobody is signed in by a foreign page, and no foreign page reads an answer.
    let body = json!({ "tenant": "acme", "name": "noa", "password": PASSWORD }).to_string();
    for page in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let headers = [page, ("content-type", "application/json")];
        let reply = http::once(router.addr, &http::request("POST", "/v1/sessions", &headers, body.as_bytes())).await;
        assert_eq!(reply.unwrap().status, 403, "{page:?}");
    }
    let reply = noa.raw("GET", "/v1/sessions/current", &[("origin", "https://evil.example")], &Value::Null).await;
    assert!(reply.header("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn a_connection_is_for_our_own_page_and_its_own_worker() {
    let router = office("socket", "").await;
    let noa = member(&router, "noa", "worker").await;
    let own = format!("http://{}", router.addr);
    for origin in [None, Some("https://evil.example"), Some("null"), Some("http://127.0.0.1:1")] {
        assert_eq!(noa.connect(origin).await.err(), Some(403), "{origin:?}");
    }
    let auditor = member(&router, "ron", "auditor").await;
    assert_eq!(auditor.connect(Some(&own)).await.err(), Some(403));
    for worker in ["", "noa"] {
        drop(noa.desk(worker).await);
    }
    for worker in ["dan", "nobody"] {
        let mut socket = noa.connect(Some(&own)).await.unwrap();
        socket.say(&json!({ "type": "hello", "version": 1, "worker": worker })).await;
        assert_eq!(socket.ended().await.1, 1008, "{worker}");
    }
    // A key that is bound to nobody must say for whom it speaks.
    let mut request = tokio_tungstenite::tungstenite::ClientRequestBuilder::new(
        format!("ws://{}/v1/workers/connect", router.addr).parse().unwrap(),
    );
    request = request.with_header("authorization", format!("Bearer {WORKER_KEY}"));
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    use futures_util::{SinkExt as _, StreamExt as _};
    let hello = json!({ "type": "hello", "version": 1, "worker": "" }).to_string();
    socket.send(tokio_tungstenite::tungstenite::Message::text(hello)).await.unwrap();
    let end = socket.next().await.unwrap().unwrap();
    assert!(end.is_close(), "{end:?}");
}

#[tokio::test]
async fn a_key_wins_over_a_cookie_and_a_planted_cookie_is_none() {
    let router = office("planted", "").await;
    let noa = member(&router, "noa", "worker").await;
    let wrong = [("authorization", "Bearer blk_nobody")];
    assert_eq!(noa.raw("GET", "/v1/tasks", &wrong, &Value::Null).await.status, 401);
    let first = add(&router, "evil", "admin").await;
    let evil = Browser::sign_in(router.addr, "evil", &first).await.unwrap();
    let planted = [("cookie", evil.cookie.as_str())];
    assert_eq!(
        noa.raw("GET", "/v1/tasks", &planted, &Value::Null).await.status,
        401,
        "two cookies are as good as none"
    );
}
