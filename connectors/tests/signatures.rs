//! The signature vectors of this crate, and the shared ones where they are at hand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;

use blendline_connectors::{Account, Connector, Secret, Webhook, by_name};
use blendline_wire::AccountId;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// A scheme of the vectors: the channels that use it, and the settings that hold the vector's values.
type Scheme = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const SCHEMES: &[Scheme] = &[
    ("meta", &["whatsapp_cloud", "messenger", "facebook_page", "instagram"], &[("app_secret", "secret")]),
    (
        "meta_challenge",
        &["whatsapp_cloud", "messenger", "facebook_page", "instagram"],
        &[("verify_token", "verify_token")],
    ),
    ("x", &["x_aaa", "x_xaa"], &[("consumer_secret", "secret")]),
    ("x_crc", &["x_aaa", "x_xaa"], &[("consumer_secret", "secret")]),
    ("telegram", &["telegram"], &[("secret_token", "secret")]),
    ("twilio", &["sms_twilio", "voice_callback"], &[("auth_token", "auth_token"), ("public_url", "url")]),
    ("linkedin", &["linkedin"], &[("client_secret", "secret")]),
    ("linkedin_challenge", &["linkedin"], &[("client_secret", "secret")]),
];

#[test]
fn our_own_vectors_hold() {
    let path = cases::crate_folder().join("tests/vectors.json");
    assert!(check(&std::fs::read(path).unwrap()) >= 20);
}

#[test]
fn shared_vectors_of_the_platform_hold() {
    let Some(folder) = cases::shared_folder() else {
        println!("the shared fixtures are not at hand: skipped");
        return;
    };
    let count = check(&std::fs::read(folder.join("open/json/signatures.json")).unwrap());
    println!("{count} vectors");
    assert!(count > 0);
}

/// Checks every vector whose scheme we know with every channel that uses it; gives back how often.
fn check(vectors: &[u8]) -> usize {
    let vectors: Value = serde_json::from_slice(vectors).unwrap();
    let mut count = 0;
    for vector in vectors.as_array().unwrap() {
        let Some((_, channels, settings)) = SCHEMES.iter().find(|(name, ..)| vector["scheme"] == *name) else {
            continue;
        };
        let account = Account {
            id: AccountId(1),
            name: String::new(),
            external_id: String::new(),
            settings: settings
                .iter()
                .map(|(setting, key)| ((*setting).to_owned(), Secret::from(vector[*key].as_str().unwrap())))
                .collect(),
        };
        for channel in *channels {
            let connector = by_name(channel).unwrap();
            let passed = if vector["query"].is_string() {
                handshake(connector, &account, vector)
            } else {
                authenticate(connector, &account, vector)
            };
            assert_eq!(passed, vector["valid"].as_bool().unwrap(), "{channel}: {vector}");
            count += 1;
        }
    }
    count
}

fn handshake(connector: &dyn Connector, account: &Account, vector: &Value) -> bool {
    let query = vector["query"].as_str().unwrap();
    let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let Ok(answer) = connector.handshake(account, &query) else { return false };
    match &vector["answer"]["json"] {
        Value::Null => assert_eq!(Some(answer.as_str()), vector["answer"]["body"].as_str()),
        json => assert_eq!(serde_json::from_str::<Value>(&answer).unwrap(), *json),
    }
    true
}

fn authenticate(connector: &dyn Connector, account: &Account, vector: &Value) -> bool {
    let mut headers = HeaderMap::new();
    if let Some(value) = vector["value"].as_str() {
        let name = HeaderName::from_bytes(vector["header"].as_str().unwrap().as_bytes()).unwrap();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    let form = vector["params"].as_object().map(|params| {
        let pairs = params.iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap()));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    });
    let body = form.unwrap_or_else(|| vector["raw_body"].as_str().unwrap_or_default().to_owned());
    connector.authenticate(account, &Webhook { headers: &headers, query: "", body: body.as_bytes() }).is_ok()
}
