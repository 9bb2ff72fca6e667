//! A session from its beginning to its end.

use std::time::{Duration, Instant};

use blendline_tests::http;
use blendline_tests::person::{Browser, PASSWORD, sign_in};
use serde_json::json;

use crate::office::{add, by_key, member, office};

#[tokio::test]
async fn a_session_begins_changes_its_password_and_ends() {
    let router = office("session", "").await;
    let first = add(&router, "Noa", "worker").await;
    let mut noa = Browser::sign_in(router.addr, "NOA", &first).await.unwrap();
    for part in ["__Host-blendline=", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax"] {
        assert!(noa.set_cookie.contains(part), "{part}: {}", noa.set_cookie);
    }
    assert!(!noa.set_cookie.contains("Domain"));
    let current = noa.get("/v1/sessions/current").await.json();
    let facts = json!({ "tenant": "acme", "name": "Noa", "role": "worker", "worker": "noa" });
    for key in ["tenant", "name", "role", "worker"] {
        assert_eq!(current[key], facts[key], "{current}");
    }
    // The password of an administrator's making is good for one thing.
    assert_eq!(noa.get("/v1/tasks").await.json()["code"], "must_change");
    for (old, new, code) in [
        ("not the password", PASSWORD, "wrong_password"),
        (first.as_str(), "password1234", "weak_password"),
        (first.as_str(), first.as_str(), "weak_password"),
    ] {
        let reply = noa.send("POST", "/v1/sessions/current/password", &json!({ "old": old, "new": new })).await;
        assert_eq!((reply.status, reply.json()["code"].as_str()), (422, Some(code)), "{}", reply.text());
    }
    let before = noa.cookie.clone();
    let reply = noa.send("POST", "/v1/sessions/current/password", &json!({ "old": first, "new": PASSWORD })).await;
    assert_eq!(reply.status, 204, "{}", reply.text());
    noa.keep(&reply).await;
    assert_eq!(noa.get("/v1/tasks").await.status, 200);
    let stale = Browser { cookie: before, ..Browser::sign_in(router.addr, "noa", PASSWORD).await.unwrap() };
    assert_eq!(stale.get("/v1/tasks").await.status, 401, "the old session ended with the old password");

    let reply = noa.send("DELETE", "/v1/sessions/current", &json!(null)).await;
    assert_eq!(reply.status, 204);
    assert!(reply.header("set-cookie").unwrap().starts_with("__Host-blendline=; Max-Age=0;"));
    assert_eq!(noa.get("/v1/tasks").await.status, 401);
}

#[tokio::test]
async fn nobody_learns_who_exists() {
    let router = office("unknown", "").await;
    let first = add(&router, "noa", "worker").await;
    add(&router, "off", "auditor").await;
    let reply = by_key(&router, "PATCH", "/v1/users/off", &json!({ "disabled": true, "password": PASSWORD })).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let mut answers = Vec::new();
    let long = "x".repeat(2000);
    for (tenant, name, password) in [
        ("acme", "noa", "a wrong password"),
        ("acme", "nobody", "a wrong password"),
        ("acme", "off", PASSWORD),
        ("nowhere", "noa", first.as_str()),
        ("acme", "noa", long.as_str()),
    ] {
        let reply = sign_in(router.addr, tenant, name, password).await;
        assert_eq!(reply.status, 401, "{tenant}/{name}: {}", reply.text());
        assert!(reply.header("set-cookie").is_none());
        answers.push(reply.text());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    // Guessing on is slowed, with the time to wait.
    let mut last = 401;
    for _ in 0..8 {
        let reply = sign_in(router.addr, "acme", "nobody", "another wrong password").await;
        last = reply.status;
        if last == 429 {
            assert_eq!(reply.header("retry-after"), Some("1"));
            break;
        }
    }
    assert_eq!(last, 429);
    assert_eq!(sign_in(router.addr, "acme", "noa", &first).await.status, 204, "others are not held up");
    let log = router.log();
    assert!(!log.contains(&first) && !log.contains("a wrong password"), "{log}");
}

#[tokio::test]
async fn a_session_ends_at_once_with_its_open_connection() {
    let router = office("revoked", "").await;
    for (round, change) in [
        json!({ "disabled": true }),
        json!({ "disabled": false, "reset_password": true }),
        json!({ "role": "auditor" }),
        json!({ "role": "worker", "worker": "dan" }),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("person{round}");
        let person = member(&router, &name, "worker").await;
        let mut desk = person.desk("").await;
        let begin = Instant::now();
        let reply = by_key(&router, "PATCH", &format!("/v1/users/{name}"), &change).await;
        assert_eq!(reply.status, 200, "{change}: {}", reply.text());
        let (frames, code) = desk.ended().await;
        assert!(begin.elapsed() < Duration::from_secs(1), "{change}: {:?}", begin.elapsed());
        assert_eq!(
            (frames.last().map(|frame| frame["reason"].clone()), code),
            (Some(json!("refused")), 4401),
            "{change}"
        );
        assert_eq!(person.get("/v1/tasks").await.status, 401, "{change}");
        assert_eq!(person.connect(Some(&format!("http://{}", router.addr))).await.err(), Some(401));
    }
    // Signing out ends the connection of this session and of no other.
    let one = member(&router, "noa", "worker").await;
    let other = Browser::sign_in(router.addr, "noa", PASSWORD).await.unwrap();
    let mut desk = one.desk("noa").await;
    assert_eq!(other.send("DELETE", "/v1/sessions/current", &json!(null)).await.status, 204);
    desk.say(&json!({ "type": "presence", "call": 1, "presence": "busy" })).await;
    assert_eq!(desk.hear().await["type"], "answer", "the other session goes on");
    assert_eq!(one.send("DELETE", "/v1/sessions/current", &json!(null)).await.status, 204);
    assert_eq!(desk.ended().await.1, 4401);
}

#[tokio::test]
async fn sessions_outlive_a_restart_and_are_kept_as_hashes() {
    let mut router = office("restart", "").await;
    let noa = member(&router, "noa", "worker").await;
    router.kill().await;
    router.start_again().await;
    assert_eq!(noa.get("/v1/tasks").await.status, 200);
    let secret = noa.cookie.split_once('=').unwrap().1;
    router.stop().await;
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(router.data_dir()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("$argon2id$v=19$m=19456,t=2,p=1$"), "what is kept is found by this search");
    assert!(!holds(secret) && !holds(PASSWORD), "a secret is in the files");
}

#[tokio::test]
async fn a_user_has_so_many_sessions_and_the_oldest_go() {
    let router = office("many", "").await;
    let oldest = member(&router, "noa", "worker").await;
    for _ in 1..20 {
        Browser::sign_in(router.addr, "noa", PASSWORD).await.unwrap();
    }
    let mut desk = oldest.desk("noa").await;
    Browser::sign_in(router.addr, "noa", PASSWORD).await.unwrap();
    assert_eq!(oldest.get("/v1/tasks").await.status, 401);
    assert_eq!(desk.ended().await.1, 4401);
}

#[tokio::test]
async fn the_pages_lead_to_each_other() {
    let router = office("pages", "").await;
    let noa = member(&router, "noa", "worker").await;
    let page = noa.get("/desk").await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains(&format!("<meta name=\"csrf\" content=\"{}\">", noa.csrf)), "{}", page.text());
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let first = add(&router, "new", "worker").await;
    let new = Browser::sign_in(router.addr, "new", &first).await.unwrap();
    assert_eq!(new.get("/desk").await.header("location"), Some("/password?next=/desk"));
    let page = new.get("/password").await.text();
    assert!(page.contains(&new.csrf) && page.contains("data-call=\"/v1/sessions/current/password\""), "{page}");
    let amit = member(&router, "amit", "supervisor").await;
    let refused = amit.get("/desk").await;
    assert!(refused.status == 403 && refused.text().contains("The desk is for workers"), "{}", refused.text());
    assert_eq!(noa.get("/").await.header("location"), Some("/desk"));
    assert_eq!(noa.get("/console").await.status, 403);
    assert_eq!(amit.get("/").await.header("location"), Some("/console"));
    assert_eq!(amit.get("/console").await.header("location"), Some("/console/board"));
    let board = amit.get("/console/board").await;
    assert!(board.status == 200 && board.text().contains(&amit.csrf), "{}", board.text());
    assert_eq!(board.header("cache-control"), Some("no-store"));
    for (page, status) in [("/console/users", 403), ("/console/nothing", 404), ("/console/work/tsk_7", 200)] {
        assert_eq!(amit.get(page).await.status, status, "{page}");
    }
    let floor = amit.get("/v1/floor").await;
    assert!(floor.status == 200 && floor.text().contains("\"queues\":["), "{}", floor.text());
    assert_eq!(noa.get("/v1/floor").await.status, 403);
    for (path, leads) in [("/", "/sign-in"), ("/desk", "/sign-in?next=/desk"), ("/password", "/sign-in?next=/password")]
    {
        let reply = http::once(router.addr, &http::request("GET", path, &[], b"")).await.unwrap();
        assert_eq!((reply.status, reply.header("location")), (303, Some(leads)));
    }
    let reply = http::once(router.addr, &http::request("GET", "/sign-in", &[], b"")).await.unwrap();
    assert_eq!(reply.status, 200);
}
