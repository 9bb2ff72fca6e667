//! The shared signature vectors, where they are at hand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;

use blendline_connectors::{Account, Secret, Webhook, by_name};
use blendline_wire::AccountId;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

#[test]
fn shared_vectors_of_the_platform_hold() {
    let Some(folder) = cases::shared_folder() else {
        println!("the shared fixtures are not at hand: skipped");
        return;
    };
    let vectors: Value =
        serde_json::from_slice(&std::fs::read(folder.join("open/json/signatures.json")).unwrap()).unwrap();
    let connector = by_name("whatsapp_cloud").unwrap();
    let mut count = 0;
    for vector in vectors.as_array().unwrap() {
        let text = |key: &str| vector[key].as_str().unwrap();
        let account = |key: &str, value: &str| Account {
            id: AccountId(1),
            name: String::new(),
            external_id: String::new(),
            settings: [(key.to_owned(), Secret::from(value))].into(),
        };
        let passed = match text("scheme") {
            "meta" => {
                let mut headers = HeaderMap::new();
                let name = HeaderName::from_bytes(text("header").as_bytes()).unwrap();
                headers.insert(name, HeaderValue::from_str(text("value")).unwrap());
                let hook = Webhook { headers: &headers, body: text("raw_body").as_bytes() };
                connector.authenticate(&account("app_secret", text("secret")), &hook).is_ok()
            }
            "meta_challenge" => {
                let url = reqwest::Url::parse(&format!("http://localhost/?{}", text("query"))).unwrap();
                let query: Vec<_> = url.query_pairs().into_owned().collect();
                let answer = connector.handshake(&account("verify_token", text("verify_token")), &query);
                assert_eq!(answer.clone().ok().as_deref(), vector["answer"]["body"].as_str());
                answer.is_ok()
            }
            _ => continue,
        };
        assert_eq!(passed, vector["valid"].as_bool().unwrap(), "{vector}");
        count += 1;
    }
    println!("{count} vectors");
    assert!(count > 0);
}
