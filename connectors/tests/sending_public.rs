//! Calls of the channels on which we answer in public, and of the company's own: what is sent, and what the answers come to.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fake;

use blendline_connectors::{Account, Secret, Webhook, by_name};
use blendline_wire::outbound::{Answered, Content, Outbound, SendOutcome};
use blendline_wire::{AccountId, ConversationId, Millis, OutboundId, TenantId};
use fake::{answer, client, named, platform};
use serde_json::{Value, json};

const NOW: Millis = Millis(1_767_225_600_000);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn account(base_url: &str, external_id: &str, settings: &[(&str, &str)]) -> Account {
    let common =
        [("access_token", "t0ken"), ("base_url", base_url), ("send_url", base_url), ("webhook_secret", SECRET)];
    let all = common.iter().chain(settings);
    Account {
        id: AccountId(1),
        name: "support".into(),
        external_id: external_id.into(),
        settings: all.map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect(),
    }
}

fn message() -> Outbound {
    Outbound {
        id: OutboundId(42),
        attempt: 2,
        tenant: TenantId(1),
        account: AccountId(1),
        conversation: ConversationId(7),
        to: "4100".into(),
        thread: None,
        reply_to: None,
        private_reply_to: None,
        answers: None,
        content: Content::Text { text: "שלום".into() },
        window_until: None,
        message_id: None,
        in_reply_to: None,
        references: Vec::new(),
        subject: None,
        reply_address: None,
        automatic: false,
        trace: None,
    }
}

fn answering(id: &str, visibility: &str, username: &str) -> Option<Box<Answered>> {
    Some(Box::new(Answered {
        external_id: Some(id.into()),
        visibility: Some(visibility.into()),
        username: Some(username.into()),
        thread: None,
    }))
}

struct Call {
    outcome: SendOutcome,
    head: String,
    body: String,
}

impl Call {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Sends `message` by `channel` to a platform that answers so.
async fn send(channel: &str, settings: &[(&str, &str)], message: &Outbound, status: &str, reply: &str) -> Call {
    let (address, serving) = platform(vec![answer(status, reply)]).await;
    let account = account(&address, "urn:li:organization:5", settings);
    let outcome = by_name(channel).unwrap().send(&account, message, NOW, &client()).await;
    let requests = serving.await.unwrap();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    Call { outcome, head: head.to_owned(), body: body.to_owned() }
}

/// What an outcome is when no call may be made.
async fn uncalled(channel: &str, message: &Outbound) -> (&'static str, String) {
    let account = account("http://127.0.0.1:1", "urn:li:organization:5", &[]);
    named(by_name(channel).unwrap().send(&account, message, NOW, &client()).await)
}

fn long(letters: usize) -> Content {
    Content::Text { text: "ש".repeat(letters).into() }
}

#[tokio::test]
async fn x_answers_a_post_under_it_and_a_letter_by_letter() {
    let keys = [("consumer_key", "ck"), ("consumer_secret", "new,old"), ("access_token_secret", "ts")];
    let public = Outbound { thread: Some("900".into()), answers: answering("901", "public", "noa"), ..message() };
    let call = send("x_xaa", &keys, &public, "201 Created", r#"{"data":{"id":"902"}}"#).await;
    assert_eq!(call.outcome, SendOutcome::Sent { external_id: "902".into() });
    assert!(call.head.starts_with("POST /2/tweets HTTP/1.1"), "{}", call.head);
    assert!(call.head.contains("authorization: OAuth oauth_consumer_key=\"ck\", oauth_nonce="), "{}", call.head);
    assert_eq!(call.json(), json!({"text": "שלום", "reply": {"in_reply_to_tweet_id": "901"}}));

    let call = send("x_aaa", &[], &message(), "201 Created", r#"{"data":{"dm_event_id":"77"}}"#).await;
    assert_eq!(call.outcome, SendOutcome::Sent { external_id: "77".into() });
    assert!(call.head.starts_with("POST /2/dm_conversations/with/4100/messages HTTP/1.1"), "{}", call.head);
    assert!(call.head.contains("authorization: Bearer t0ken"), "{}", call.head);

    let slow = "429 Slow\r\nx-rate-limit-reset: 1767225660";
    match send("x_aaa", &[], &message(), slow, "{}").await.outcome {
        SendOutcome::Retry { after_ms, .. } => assert_eq!(after_ms, 60_000),
        other => panic!("{other:?}"),
    }
    assert_eq!(uncalled("x_xaa", &Outbound { content: long(281), ..public }).await, ("failed", "parameter".into()));
}

#[tokio::test]
async fn mastodon_names_the_person_and_is_seen_by_no_more_people() {
    let letter =
        Outbound { thread: Some("1".into()), answers: answering("11", "direct", "noa@b.example"), ..message() };
    let call = send("mastodon", &[], &letter, "200 OK", r#"{"id":"12"}"#).await;
    assert_eq!(call.outcome, SendOutcome::Sent { external_id: "12".into() });
    assert!(call.head.starts_with("POST /api/v1/statuses HTTP/1.1"), "{}", call.head);
    assert!(call.head.contains("idempotency-key: blendline-out_42"), "{}", call.head);
    let expected = json!({"status": "@noa@b.example שלום", "visibility": "direct", "in_reply_to_id": "11"});
    assert_eq!(call.json(), expected);
    let stranger = Outbound { to: "@dan@c.example".into(), ..message() };
    let call = send("mastodon", &[], &stranger, "200 OK", r#"{"id":"13"}"#).await;
    assert_eq!(call.json(), json!({"status": "@dan@c.example שלום", "visibility": "direct"}));

    assert_eq!(uncalled("mastodon", &message()).await, ("failed", "parameter".into()), "who is 4100?");
    assert_eq!(uncalled("mastodon", &Outbound { content: long(500), ..letter }).await, ("failed", "parameter".into()));
    for (status, expected) in [
        ("404 Not Found", ("failed", "undeliverable".to_owned())),
        ("422 Unprocessable", ("failed", "parameter".to_owned())),
        ("403 Forbidden", ("account_down", "permission".to_owned())),
        ("503 Oops", ("unknown", "platform_error".to_owned())),
    ] {
        assert_eq!(named(send("mastodon", &[], &stranger, status, "{}").await.outcome), expected);
    }
    let reset = "429 Slow\r\nx-ratelimit-reset: 2026-01-01T00:00:09.000000Z";
    match send("mastodon", &[], &stranger, reset, "{}").await.outcome {
        SendOutcome::Retry { after_ms, .. } => assert_eq!(after_ms, 9_000),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_review_has_one_answer_and_a_token_is_had_for_it() {
    let review = Outbound { thread: Some("accounts/1/locations/2/reviews/3".into()), ..message() };
    let token = answer("200 OK", r#"{"access_token":"fresh","expires_in":3599}"#);
    let put = answer("200 OK", r#"{"comment":"x","updateTime":"2026-01-01T00:00:00Z"}"#);
    let (address, serving) = platform(vec![token, put]).await;
    let settings =
        [("refresh_token", "r"), ("client_id", "c"), ("client_secret", "s"), ("token_url", address.as_str())];
    let outcome =
        by_name("google_business").unwrap().send(&account(&address, "x", &settings), &review, NOW, &client()).await;
    let id = "accounts/1/locations/2/reviews/3/reply:2026-01-01T00:00:00Z";
    assert_eq!(outcome, SendOutcome::Sent { external_id: id.into() });
    let requests = serving.await.unwrap();
    assert!(requests[0].ends_with("grant_type=refresh_token&client_id=c&client_secret=s&refresh_token=r"));
    assert!(requests[1].starts_with("PUT /v4/accounts/1/locations/2/reviews/3/reply HTTP/1.1"), "{}", requests[1]);
    assert!(requests[1].contains("authorization: Bearer fresh"), "{}", requests[1]);
    assert!(requests[1].ends_with(r#"{"comment":"שלום"}"#), "{}", requests[1]);

    let (address, serving) = platform(vec![answer("400 Bad Request", r#"{"error":"invalid_grant"}"#)]).await;
    let settings =
        [("refresh_token", "r"), ("client_id", "c"), ("client_secret", "s"), ("token_url", address.as_str())];
    let refused =
        by_name("google_business").unwrap().send(&account(&address, "x", &settings), &review, NOW, &client()).await;
    assert_eq!(named(refused), ("account_down", "credentials".into()));
    assert_eq!(serving.await.unwrap().len(), 1, "without a token nothing is called");
    let gone = send("google_business", &[], &review, "404 Not Found", "{}").await;
    assert_eq!(named(gone.outcome), ("failed", "undeliverable".into()));
    assert_eq!(uncalled("google_business", &message()).await, ("failed", "parameter".into()));
    let wordy = Outbound { content: long(2049), ..review };
    assert_eq!(uncalled("google_business", &wordy).await, ("failed", "parameter".into()));
}

#[tokio::test]
async fn linkedin_comments_on_the_post_or_under_the_comment() {
    let post = "urn:li:activity:700";
    let comment = "urn:li:comment:(urn:li:activity:700,9)";
    let answer = Outbound { thread: Some(post.into()), answers: answering(comment, "public", "x"), ..message() };
    let call = send("linkedin", &[], &answer, "201 Created", r#"{"commentUrn":"urn:li:comment:(x,10)"}"#).await;
    assert_eq!(call.outcome, SendOutcome::Sent { external_id: "urn:li:comment:(x,10)".into() });
    let path = "POST /rest/socialActions/urn:li:comment:(urn:li:activity:700,9)/comments HTTP/1.1";
    assert!(call.head.starts_with(path), "{}", call.head);
    assert!(call.head.contains("linkedin-version: 2026"), "{}", call.head);
    let expected = json!({"actor": "urn:li:organization:5", "object": post, "message": {"text": "שלום"}, "parentComment": comment});
    assert_eq!(call.json(), expected);
    let mention = Outbound { answers: answering("urn:li:share:700", "public", "x"), ..answer.clone() };
    let call = send("linkedin", &[], &mention, "201 Created", r#"{"id":"11"}"#).await;
    assert!(call.head.starts_with("POST /rest/socialActions/urn:li:activity:700/comments"), "{}", call.head);
    assert_eq!(
        named(send("linkedin", &[], &answer, "403 No", "{}").await.outcome),
        ("account_down", "permission".into())
    );
    assert_eq!(uncalled("linkedin", &message()).await, ("failed", "parameter".into()));
    assert_eq!(uncalled("linkedin", &Outbound { content: long(1251), ..answer }).await, ("failed", "parameter".into()));
}

#[tokio::test]
async fn a_program_of_the_companys_own_gets_what_its_schema_says_and_can_check_it() {
    let thread = Outbound { thread: Some("t".into()), answers: answering("m-1", "public", "noa"), ..message() };
    for (channel, message) in [("custom", &message()), ("custom", &thread), ("sms_generic", &message())] {
        let call = send(channel, &[], message, "200 OK", r#"{"id":"x-9"}"#).await;
        assert_eq!(call.outcome, SendOutcome::Sent { external_id: "x-9".into() });
        assert!(call.head.contains("webhook-id: out_42"), "{}", call.head);
        let headers = call.head.lines().skip(1).filter_map(|line| line.split_once(": ")).map(|(name, value)| {
            (http::HeaderName::from_bytes(name.as_bytes()).unwrap(), http::HeaderValue::from_str(value).unwrap())
        });
        let headers: http::HeaderMap = headers.collect();
        let hook = Webhook { headers: &headers, query: "", body: call.body.as_bytes() };
        let receiver = by_name("custom").unwrap();
        assert_eq!(receiver.authenticate(&account("", "x", &[]), &hook), Ok(()));
        assert_eq!(receiver.check_age(&hook, NOW), Ok(()));
        assert_eq!(call.json()["to"], "4100");
    }
    for (status, expected) in [
        ("204 No Content", ("sent", "out_42".to_owned())),
        ("503 Busy", ("retry", "platform_down".to_owned())),
        ("429 Slow", ("retry", "rate_limited".to_owned())),
        ("422 No", ("failed", "refused".to_owned())),
        ("410 Gone", ("failed", "undeliverable".to_owned())),
        ("401 No", ("account_down", "credentials".to_owned())),
        ("404 No", ("account_down", "configuration".to_owned())),
        ("500 Oops", ("unknown", "platform_error".to_owned())),
    ] {
        assert_eq!(named(send("custom", &[], &message(), status, "").await.outcome), expected, "{status}");
    }
    let says = |value: &str| account("", "x", &[("receiver_deduplicates", value)]);
    for channel in ["custom", "sms_generic"] {
        let connector = by_name(channel).unwrap();
        assert!(connector.idempotent_send(&says("true")) && !connector.idempotent_send(&says("false")));
    }
}
