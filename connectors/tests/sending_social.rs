//! Calls of the social channels and of SMS: what is sent, and what the answers come to.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fake;

use blendline_connectors::{Account, Secret, all, by_name};
use blendline_wire::outbound::{Answered, Content, Outbound, SendOutcome};
use blendline_wire::{AccountId, ConversationId, Millis, OutboundId, TenantId};
use fake::{answer, client, named, platform};
use serde_json::{Value, json};

const NOW: Millis = Millis(1_767_225_600_000);

fn account(base_url: &str, external_id: &str) -> Account {
    let settings = [
        ("access_token", "s3cret-token"),
        ("bot_token", "12:AbC"),
        ("account_sid", "AC01"),
        ("auth_token", "n3w,old"),
        ("public_url", "https://shop.example/v1/webhooks/sms_twilio/main"),
        ("base_url", base_url),
        ("send_url", base_url),
        ("webhook_secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ];
    Account {
        id: AccountId(1),
        name: "support".into(),
        external_id: external_id.into(),
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
        to: "4100".into(),
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

/// Sends `message` by `channel`; the outcome, and the head and body of the request.
async fn sent(channel: &str, external_id: &str, message: &Outbound, reply: &str) -> (SendOutcome, String, String) {
    let (address, serving) = platform(vec![answer("200 OK", reply)]).await;
    let outcome = by_name(channel).unwrap().send(&account(&address, external_id), message, NOW, &client()).await;
    let requests = serving.await.unwrap();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    (outcome, head.to_owned(), body.to_owned())
}

async fn refused(channel: &str, status: &str, reply: &str) -> (&'static str, String) {
    let (address, _serving) = platform(vec![answer(status, reply)]).await;
    named(by_name(channel).unwrap().send(&account(&address, "300"), &message(), NOW, &client()).await)
}

#[tokio::test]
async fn messenger_answers_with_our_id_in_the_metadata() {
    let reply = r#"{"recipient_id":"4100","message_id":"m_X"}"#;
    let answering = Outbound { reply_to: Some("m_A".into()), ..message() };
    let (outcome, head, body) = sent("messenger", "300", &answering, reply).await;
    assert_eq!(outcome, SendOutcome::Sent { external_id: "m_X".into() });
    assert!(head.starts_with("POST /v23.0/300/messages HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: Bearer s3cret-token"), "{head}");
    let expected = json!({
        "recipient": {"id": "4100"}, "messaging_type": "RESPONSE", "reply_to": {"mid": "m_A"},
        "message": {"text": "שלום", "metadata": "out_42"},
    });
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
}

#[tokio::test]
async fn what_was_said_in_public_is_answered_in_public() {
    let public = Outbound { thread: Some("300_900".into()), window_until: Some(NOW), ..message() };
    let comment = Outbound { reply_to: Some("900_1".into()), ..public.clone() };
    for (channel, message, path) in [
        ("facebook_page", &comment, "/v23.0/900_1/comments"),
        ("facebook_page", &public, "/v23.0/300_900/comments"),
        ("messenger", &comment, "/v23.0/900_1/comments"),
        ("instagram", &comment, "/v23.0/900_1/replies"),
    ] {
        let (outcome, head, body) = sent(channel, "300", message, r#"{"id":"900_2"}"#).await;
        assert_eq!(outcome, SendOutcome::Sent { external_id: "900_2".into() });
        assert!(head.starts_with(&format!("POST {path} HTTP/1.1")), "{head}");
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), json!({"message": "שלום"}));
    }
    let file = Content::Media { kind: "image".into(), link: "https://a.example".into(), caption: None, filename: None };
    let outcome = by_name("facebook_page")
        .unwrap()
        .send(&account("http://127.0.0.1:1", "300"), &Outbound { content: file, ..comment }, NOW, &client())
        .await;
    assert_eq!(named(outcome), ("failed", "parameter".into()));
}

#[tokio::test]
async fn instagram_counts_bytes_and_takes_no_metadata() {
    let (outcome, _, body) = sent("instagram", "178", &message(), r#"{"message_id":"aWd"}"#).await;
    assert_eq!(outcome, SendOutcome::Sent { external_id: "aWd".into() });
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["message"], json!({"text": "שלום"}));
    let long = Outbound { content: Content::Text { text: "ש".repeat(501).into() }, ..message() };
    let outcome =
        by_name("instagram").unwrap().send(&account("http://127.0.0.1:1", "178"), &long, NOW, &client()).await;
    assert_eq!(named(outcome), ("failed", "parameter".into()));
}

#[tokio::test]
async fn after_the_window_no_call_is_made() {
    let late = Outbound { window_until: Some(NOW), ..message() };
    for channel in ["messenger", "instagram"] {
        let outcome =
            by_name(channel).unwrap().send(&account("http://127.0.0.1:1", "300"), &late, NOW, &client()).await;
        assert_eq!(named(outcome), ("failed", "window_closed".into()), "{channel}");
    }
}

#[tokio::test]
async fn the_codes_of_meta_count() {
    let error = |code: i64, subcode: i64| format!(r#"{{"error":{{"code":{code},"error_subcode":{subcode}}}}}"#);
    let refused = |status: &'static str, body: String| async move { refused("messenger", status, &body).await };
    assert_eq!(refused("400 Bad Request", error(10, 2_018_278)).await, ("failed", "window_closed".into()));
    assert_eq!(refused("400 Bad Request", error(551, 0)).await, ("failed", "undeliverable".into()));
    assert_eq!(refused("400 Bad Request", error(613, 0)).await, ("retry", "rate_limited".into()));
    assert_eq!(refused("401 Unauthorized", error(190, 0)).await, ("account_down", "credentials".into()));
    assert_eq!(refused("500 Oops", error(1200, 0)).await, ("retry", "platform_down".into()));
    assert_eq!(refused("502 Bad Gateway", String::new()).await, ("unknown", "platform_error".into()));
    assert_eq!(refused("200 OK", "{}".into()).await, ("unknown", "no_id".into()));
}

#[tokio::test]
async fn telegram_is_called_under_the_bots_address() {
    let answering = Outbound { reply_to: Some("9".into()), thread: Some("4".into()), ..message() };
    let reply = r#"{"ok":true,"result":{"message_id":10}}"#;
    let (outcome, head, body) = sent("telegram", "bot", &answering, reply).await;
    assert_eq!(outcome, SendOutcome::Sent { external_id: "10".into() });
    assert!(head.starts_with("POST /bot12:AbC/sendMessage HTTP/1.1"), "{head}");
    let expected = json!({
        "chat_id": "4100", "text": "שלום", "message_thread_id": 4,
        "reply_parameters": {"message_id": 9, "allow_sending_without_reply": true},
    });
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    let buttons = Content::Buttons { text: "Well?".into(), buttons: vec![("yes".into(), "Yes".into())] };
    let (_, _, body) = sent("telegram", "bot", &Outbound { content: buttons, ..message() }, reply).await;
    let keyboard = json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]});
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["reply_markup"], keyboard);
}

#[tokio::test]
async fn telegram_says_how_long_to_wait_and_who_has_gone() {
    let slow = r#"{"ok":false,"error_code":429,"parameters":{"retry_after":5}}"#;
    assert_eq!(refused("telegram", "429 Too Many Requests", slow).await, ("retry", "rate_limited".into()));
    let blocked = r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#;
    assert_eq!(refused("telegram", "403 Forbidden", blocked).await, ("failed", "opted_out".into()));
}

#[tokio::test]
async fn twilio_gets_a_form_and_the_first_token() {
    let file = Content::Media {
        kind: "image".into(),
        link: "https://a.example/1.jpg".into(),
        caption: Some("see & say".into()),
        filename: None,
    };
    let reply = r#"{"sid":"SM09","status":"queued"}"#;
    for (external_id, from) in [("+972550000001", "From=%2B972550000001"), ("MG7", "MessagingServiceSid=MG7")] {
        let (outcome, head, body) =
            sent("sms_twilio", external_id, &Outbound { content: file.clone(), ..message() }, reply).await;
        assert_eq!(outcome, SendOutcome::Sent { external_id: "SM09".into() });
        assert!(head.starts_with("POST /2010-04-01/Accounts/AC01/Messages.json HTTP/1.1"), "{head}");
        // AC01:n3w
        assert!(head.contains("authorization: Basic QUMwMTpuM3c="), "{head}");
        let back = "StatusCallback=https%3A%2F%2Fshop.example%2Fv1%2Fwebhooks%2Fsms_twilio%2Fmain";
        let expected = format!("To=4100&{from}&Body=see+%26+say&MediaUrl=https%3A%2F%2Fa.example%2F1.jpg&{back}");
        assert_eq!(body, expected);
    }
    let refused = |status: &'static str, body: &'static str| async move { refused("sms_twilio", status, body).await };
    assert_eq!(refused("400 Bad Request", r#"{"code":21610}"#).await, ("failed", "opted_out".into()));
    assert_eq!(refused("401 Unauthorized", r#"{"code":20003}"#).await, ("account_down", "credentials".into()));
    assert_eq!(refused("429 Slow", r#"{"code":20429}"#).await, ("retry", "rate_limited".into()));
    assert_eq!(refused("500 Oops", r#"{"code":20500}"#).await, ("unknown", "platform_error".into()));
}

#[tokio::test]
async fn an_answer_in_public_goes_under_the_last_comment() {
    let answers = Answered { external_id: Some("900_7".into()), ..Answered::default() };
    let public = Outbound { thread: Some("300_900".into()), answers: Some(Box::new(answers)), ..message() };
    let (_, head, _) = sent("facebook_page", "300", &public, r#"{"id":"900_8"}"#).await;
    assert!(head.starts_with("POST /v23.0/900_7/comments"), "{head}");
    // The last word is the post itself.
    let post = Outbound { thread: Some("900_7".into()), ..public };
    let (_, head, _) = sent("instagram", "300", &post, r#"{"id":"900_8"}"#).await;
    assert!(head.starts_with("POST /v23.0/900_7/comments"), "{head}");
}

#[tokio::test]
async fn what_cannot_send_says_so_and_calls_nobody() {
    for connector in all().iter().filter(|connector| connector.capabilities().text_chars_max == 0) {
        let outcome = connector.send(&account("http://127.0.0.1:1", "x"), &message(), NOW, &client()).await;
        assert_eq!(named(outcome), ("failed", "not_supported".into()), "{}", connector.name());
    }
}
