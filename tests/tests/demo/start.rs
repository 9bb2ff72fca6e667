//! What a stranger reads when he starts it, and when something is in the way.

use blendline_tests::http::{self, Reply};
use blendline_tests::process::Router;

/// The password of a user of the demo, as the program printed it at its latest start.
fn password(router: &Router, name: &str) -> String {
    let log = router.log();
    let line = log.lines().find_map(|line| line.trim_start().strip_prefix(name));
    line.unwrap_or_else(|| panic!("no password of {name} in:\n{log}")).trim().to_owned()
}

async fn sign_in(router: &Router, name: &str, password: &str) -> Reply {
    let headers =
        [("content-type", "application/json"), ("origin", "http://blendline.test"), ("x-blendline-csrf", "1")];
    let body = serde_json::json!({ "tenant": "demo", "name": name, "password": password }).to_string();
    let request = http::request("POST", "/v1/sessions", &headers, body.as_bytes());
    http::once(router.addr, &request).await.unwrap()
}

#[tokio::test]
async fn the_printed_pages_are_there_and_the_passwords_are_those_of_this_start() {
    let mut router = Router::demo("first", &[]);
    router.start_again().await;
    router.until_said("Ctrl-C ends it").await;
    let first = password(&router, "dana");
    for page in ["/chat/demo-site", "/desk", "/console"] {
        let printed = format!("http://{}{page} ", router.addr);
        assert!(router.log().contains(&printed), "{printed} is not in:\n{}", router.log());
    }
    let chat = http::once(router.addr, &http::request("GET", "/chat/demo-site", &[], b"")).await.unwrap();
    assert_eq!(chat.status, 200);
    assert_eq!(sign_in(&router, "dana", &first).await.status, 204);
    assert!(router.stop().await.success());

    router.start_again().await;
    router.until_said("Ctrl-C ends it").await;
    let second = password(&router, "dana");
    assert_ne!(first, second);
    assert_eq!(sign_in(&router, "dana", &first).await.status, 401, "the password of an earlier start still opens");
    assert_eq!(sign_in(&router, "dana", &second).await.status, 204);
    assert_eq!(sign_in(&router, "omer", &password(&router, "omer")).await.status, 204);
}

#[tokio::test]
async fn whoever_is_in_the_way_is_named_with_the_cure() {
    let mut first = Router::demo("way", &[]);
    first.start_again().await;
    let mut second = first.beside();
    second.addr = first.addr;
    second.spawn();
    assert!(!second.ended().await.success());
    for part in ["cannot listen on", "perhaps another blendline", "BLENDLINE_LISTEN=127.0.0.1:"] {
        assert!(second.log().contains(part), "{part:?} is missing in:\n{}", second.log());
    }
    let mut third = first.beside();
    third.spawn();
    assert!(!third.ended().await.success());
    for part in ["is in use by another blendline", &format!("process {}", first.pid()), "BLENDLINE_DATA_DIR"] {
        assert!(third.log().contains(part), "{part:?} is missing in:\n{}", third.log());
    }
}
