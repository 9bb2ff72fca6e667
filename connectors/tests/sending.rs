//! Calls against a server of our own on a local port: what is sent, and what each way of failing comes to.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fake;

use std::time::Duration;

use blendline_connectors::{Account, Secret, by_name, http_client_rules};
use blendline_wire::outbound::{Content, Outbound, SendOutcome};
use blendline_wire::{AccountId, ConversationId, Millis, OutboundId, TenantId};
use fake::{answer, client, named, platform};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const NOW: Millis = Millis(1_767_225_600_000);

fn account(base_url: &str) -> Account {
    let settings = [("access_token", "s3cret-token"), ("base_url", base_url)];
    Account {
        id: AccountId(1),
        name: "support".into(),
        external_id: "700100200300400".into(),
        settings: settings.iter().map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect(),
    }
}

fn message() -> Outbound {
    Outbound {
        id: OutboundId(42),
        attempt: 1,
        tenant: TenantId(1),
        account: AccountId(1),
        conversation: ConversationId(1),
        to: "972500000017".into(),
        thread: None,
        reply_to: None,
        private_reply_to: None,
        answers: None,
        content: Content::Text { text: "שלום".into() },
        window_until: Some(NOW.plus(1)),
        message_id: None,
        in_reply_to: None,
        references: Vec::new(),
        subject: None,
        reply_address: None,
        automatic: false,
        trace: None,
    }
}

async fn send(account: &Account, message: &Outbound) -> SendOutcome {
    by_name("whatsapp_cloud").unwrap().send(account, message, NOW, &client()).await
}

async fn outcome_of(answers: Vec<Option<String>>) -> (&'static str, String) {
    let (address, serving) = platform(answers).await;
    let outcome = send(&account(&address), &message()).await;
    serving.abort();
    named(outcome)
}

#[tokio::test]
async fn a_text_is_one_call_with_token_and_our_id() {
    let (address, serving) = platform(vec![answer("200 OK", r#"{"messages":[{"id":"wamid.A"}]}"#)]).await;
    let outcome = send(&account(&format!("{address}/graph/")), &message()).await;
    assert_eq!(outcome, SendOutcome::Sent { external_id: "wamid.A".into() });
    let requests = serving.await.unwrap();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /graph/v23.0/700100200300400/messages HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: Bearer s3cret-token"), "{head}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["text"], json!({"body": "שלום"}));
    assert_eq!(body["biz_opaque_callback_data"], "out_42");
}

#[tokio::test]
async fn outside_the_window_only_a_template_is_called_for() {
    let (address, serving) = platform(vec![answer("200 OK", r#"{"messages":[{"id":"wamid.B"}]}"#)]).await;
    let late = Outbound { window_until: Some(NOW), ..message() };
    let SendOutcome::Failed { cause } = send(&account(&address), &late).await else { panic!("it was not refused") };
    assert_eq!(cause.reason, "window_closed");
    assert!(cause.detail.contains("template"), "{}", cause.detail);
    let template = Content::Template {
        name: "visit".into(),
        language: "he".into(),
        parameters: vec![],
        header: None,
        buttons: vec![],
    };
    let outcome = send(&account(&address), &Outbound { content: template, ..late }).await;
    assert_eq!(outcome, SendOutcome::Sent { external_id: "wamid.B".into() });
    assert_eq!(serving.await.unwrap().len(), 1, "the text was called for as well");
}

#[tokio::test]
async fn what_was_surely_not_sent_may_be_tried_again() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    assert_eq!(named(send(&account(&address), &message()).await), ("retry", "unreachable".into()));
}

#[tokio::test]
async fn what_may_have_been_sent_stays_unknown() {
    let unknown = |reason: &str| ("unknown", reason.to_owned());
    assert_eq!(outcome_of(vec![None]).await, unknown("connection_lost"));
    let cut = Some("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"messages\":".to_owned());
    assert_eq!(outcome_of(vec![cut]).await, unknown("no_id"));
    let long = format!("{{\"messages\":[{{\"id\":\"wamid.A\"}}],\"x\":\"{}\"}}", "x".repeat(70_000));
    assert_eq!(outcome_of(vec![answer("200 OK", &long)]).await, unknown("no_id"));
    assert_eq!(outcome_of(vec![answer("502 Bad Gateway", "<html>")]).await, unknown("platform_error"));
}

#[tokio::test]
async fn a_server_that_never_answers_leaves_it_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = http_client_rules().no_proxy().read_timeout(Duration::from_millis(50)).build().unwrap();
    let outcome = by_name("whatsapp_cloud").unwrap().send(&account(&address), &message(), NOW, &http).await;
    assert_eq!(named(outcome), ("unknown", "timeout".into()));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (elsewhere, asked) = platform(vec![answer("200 OK", r#"{"messages":[{"id":"stolen"}]}"#)]).await;
    let moved =
        format!("HTTP/1.1 307 Moved\r\nlocation: {elsewhere}/x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    assert_eq!(outcome_of(vec![Some(moved)]).await, ("account_down", "configuration".into()));
    assert!(!asked.is_finished(), "the token was carried elsewhere");
    asked.abort();
}

#[tokio::test]
async fn a_client_that_follows_redirects_does_not_pass_for_a_send() {
    let (elsewhere, _asked) = platform(vec![answer("200 OK", r#"{"messages":[{"id":"stolen"}]}"#)]).await;
    let moved =
        format!("HTTP/1.1 307 Moved\r\nlocation: {elsewhere}/x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let (address, _serving) = platform(vec![Some(moved)]).await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let outcome = by_name("whatsapp_cloud").unwrap().send(&account(&address), &message(), NOW, &http).await;
    assert_eq!(named(outcome), ("unknown", "redirected".into()));
}

#[tokio::test]
async fn retry_after_and_the_codes_count() {
    let slow = "HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned();
    let (address, _serving) = platform(vec![Some(slow)]).await;
    let outcome = send(&account(&address), &message()).await;
    assert!(matches!(outcome, SendOutcome::Retry { after_ms: 7000, .. }), "{outcome:?}");
    let error = r#"{"error":{"message":"(#131026) for 972500000017","code":131026}}"#;
    let (address, _serving) = platform(vec![answer("400 Bad Request", error)]).await;
    let SendOutcome::Failed { cause } = send(&account(&address), &message()).await else {
        panic!("it was not refused")
    };
    assert_eq!((cause.reason.as_str(), cause.code), ("undeliverable", Some(131_026)));
    assert!(!cause.detail.contains("972500000017"), "the platform's words were passed on: {}", cause.detail);
}

#[tokio::test]
async fn an_account_without_token_or_with_a_wrong_url_is_down() {
    let mut bare = account("http://127.0.0.1:1");
    bare.settings.remove("access_token");
    assert_eq!(named(send(&bare, &message()).await), ("account_down", "credentials".into()));
    assert_eq!(named(send(&account("graph"), &message()).await), ("account_down", "configuration".into()));
    let mut odd = account("http://127.0.0.1:1");
    odd.settings.insert("access_token".into(), Secret::from("line\nbreak"));
    assert_eq!(named(send(&odd, &message()).await), ("account_down", "configuration".into()));
}
