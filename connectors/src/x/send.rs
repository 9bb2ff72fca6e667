//! One call of the API, version 2: a direct message, or an answer to a post.

use blendline_wire::Millis;
use blendline_wire::outbound::{Outbound, SendFailure, SendOutcome};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{DEFAULT_BASE_URL, DIRECT_CHARS_MAX, oauth};
use crate::call::{self, Answer, by_status, only_text, unknown, within};
use crate::{Account, json};

/// The longest post, in the platform's weighted characters.
const POST_WEIGHT_MAX: usize = 280;
/// What a link weighs, whatever its length, for the platform shortens it.
const LINK_WEIGHT: usize = 23;

#[derive(Clone, Copy)]
enum Class {
    Retry,
    Failed,
    AccountDown,
}

/// A row: the code, its class, reason, and the sentence with the cure (CHANNELS.md section 5).
type Row = (i64, Class, &'static str, &'static str);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (32, Class::AccountDown, "credentials", "the platform does not accept the account's tokens: set new ones"),
    (50, Class::Failed, "undeliverable", "the platform knows no such person any more"),
    (64, Class::AccountDown, "account_locked", "the account is suspended: see it in X"),
    (88, Class::Retry, "rate_limited", "too many calls: it is tried again later"),
    (89, Class::AccountDown, "credentials", "the access token is expired or withdrawn: set a new one"),
    (108, Class::Failed, "undeliverable", "the platform knows no such person any more"),
    (130, Class::Retry, "platform_down", "the platform is overloaded: it is tried again"),
    (131, Class::Retry, "platform_down", "the platform has a passing fault: it is tried again"),
    (144, Class::Failed, "undeliverable", "the post to be answered is gone"),
    (150, Class::Failed, "undeliverable", "the person takes no direct messages from this account: answer in public"),
    (185, Class::Retry, "rate_limited", "the account has posted as much as it may today: it is tried again later"),
    (186, Class::Failed, "parameter", "the text is too long for a post: shorten it"),
    (187, Class::Failed, "duplicate", "the platform refuses the same words twice: change them"),
    (226, Class::AccountDown, "policy", "the platform takes the account for a machine and refuses its posts: see it in X"),
    (261, Class::AccountDown, "permission", "the app may only read: give it the right to write, then make new tokens"),
    (326, Class::AccountDown, "account_locked", "the account is locked: unlock it in X"),
    (349, Class::Failed, "undeliverable", "the person takes no direct messages from this account: answer in public"),
    (385, Class::Failed, "undeliverable", "the post to be answered is gone or cannot be seen"),
    (433, Class::Failed, "undeliverable", "the author has restricted who may answer this post"),
];

/// Sends `message` once: as an answer where there is a thread, else as a direct message.
pub(crate) async fn send(account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
    let call = match request(account, message, now, http) {
        Ok(call) => call,
        Err(outcome) => return outcome,
    };
    match call::make(http, call, now).await {
        Ok(answer) => judge(&answer),
        Err(outcome) => outcome,
    }
}

fn request(
    account: &Account,
    message: &Outbound,
    now: Millis,
    http: &reqwest::Client,
) -> Result<RequestBuilder, SendOutcome> {
    let failed = |cause| SendOutcome::Failed { cause };
    let down = |cause| SendOutcome::AccountDown { cause };
    let text = only_text(&message.content).map_err(failed)?;
    let (path, body) = match &message.thread {
        Some(thread) => {
            check_post(text).map_err(failed)?;
            let last = message.answers.as_ref().and_then(|answered| answered.external_id.as_ref());
            let answered = message.reply_to.as_ref().or(last).unwrap_or(thread);
            (vec!["2", "tweets"], json!({ "text": text, "reply": { "in_reply_to_tweet_id": answered } }))
        }
        None => {
            within("the text", text, DIRECT_CHARS_MAX).map_err(failed)?;
            (vec!["2", "dm_conversations", "with", message.to.expose(), "messages"], json!({ "text": text }))
        }
    };
    let url = call::endpoint(account, DEFAULT_BASE_URL, &path).map_err(down)?;
    // Never the same twice: an attempt of a message is made once.
    let what = format!("{}:{}", message.id, message.attempt);
    let proof = oauth::authorization(account, "POST", &url, &what, now).map_err(down)?;
    Ok(http.post(url).header(reqwest::header::AUTHORIZATION, proof).json(&body))
}

/// Refuses a post that is too long as the platform counts: most letters weigh one, others two, a link always 23.
fn check_post(text: &str) -> Result<(), SendFailure> {
    let weight: usize = text.split_inclusive(char::is_whitespace).map(weight_of_word).sum();
    if (1..=POST_WEIGHT_MAX).contains(&weight) {
        return Ok(());
    }
    let detail = format!("the text counts as {weight} characters, a post takes 1 to {POST_WEIGHT_MAX}: change it");
    Err(SendFailure::new("parameter", detail))
}

fn weight_of_word(word: &str) -> usize {
    let bare = word.trim_end();
    if bare.starts_with("https://") || bare.starts_with("http://") {
        return LINK_WEIGHT + word[bare.len()..].chars().count();
    }
    // The ranges are those of the platform's published counting rules (twitter-text, version 3).
    word.chars()
        .map(|c| match u32::from(c) {
            0..=0x10ff | 0x2000..=0x200d | 0x2010..=0x201f | 0x2032..=0x2037 => 1,
            _ => 2,
        })
        .sum()
}

/// What an answer means. Version 2 names few codes; what it refuses without one is this message's fault, not the account's.
fn judge(answer: &Answer) -> SendOutcome {
    let Answer { status, retry_after_ms, body } = answer;
    if status.is_success() {
        let data = &body["data"];
        return match json::text(&data["id"]).or_else(|| json::text(&data["dm_event_id"])) {
            Some(external_id) => SendOutcome::Sent { external_id },
            None => unknown("no_id", "the platform took the message without naming it: look for it in X"),
        };
    }
    let code = json::number(&body["errors"][0]["code"]).or_else(|| json::number(&body["code"]));
    if let Some((_, class, reason, detail)) = TABLE.iter().find(|(row, ..)| code == Some(*row)) {
        let cause = SendFailure { code, ..SendFailure::new(reason, *detail) };
        return match class {
            Class::Retry => SendOutcome::Retry { after_ms: *retry_after_ms, cause },
            Class::Failed => SendOutcome::Failed { cause },
            Class::AccountDown => SendOutcome::AccountDown { cause },
        };
    }
    match status.as_u16() {
        403 if names_permission(body) => SendOutcome::AccountDown {
            cause: SendFailure::new(
                "permission",
                "the app lacks a right: give it the right to write, then make new tokens",
            ),
        },
        403 | 404 => SendOutcome::Failed {
            cause: SendFailure {
                code,
                ..SendFailure::new(
                    "refused",
                    "the platform refuses it: the same words again, a post that is gone, or a person who takes no messages",
                )
            },
        },
        _ => by_status(*status, *retry_after_ms, code),
    }
}

/// Problem types of an app that may not do this at all.
fn names_permission(body: &Value) -> bool {
    let kind = body["type"].as_str().unwrap_or_default();
    ["oauth1-permissions", "client-forbidden", "unsupported-authentication", "not-authorized-for-resource"]
        .iter()
        .any(|word| kind.ends_with(word))
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    #[test]
    fn rows_are_in_order() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(TABLE.iter().all(|(_, _, reason, detail)| !reason.is_empty() && !detail.ends_with('.')));
    }

    #[test]
    fn length_is_counted_as_the_platform_does() {
        assert!(check_post(&"ש".repeat(280)).is_ok());
        assert!(check_post(&"a".repeat(281)).is_err());
        assert!(check_post(&"\u{1f600}".repeat(140)).is_ok());
        assert!(check_post(&"\u{1f600}".repeat(141)).is_err());
        assert!(check_post(&format!("{} https://shop.example/{}", "a".repeat(256), "x".repeat(500))).is_ok());
        assert!(check_post("").is_err());
    }

    #[test]
    fn every_answer_has_one_meaning() {
        for (status, body, expected) in [
            (201, json!({"data": {"id": "17"}}), "sent 17"),
            (201, json!({"data": {"dm_event_id": "18", "dm_conversation_id": "1-2"}}), "sent 18"),
            (201, json!({}), "unknown no_id"),
            (403, json!({"errors": [{"code": 187}]}), "failed duplicate"),
            (403, json!({"errors": [{"code": 349}]}), "failed undeliverable"),
            (403, json!({"errors": [{"code": 326}]}), "down account_locked"),
            (403, json!({"type": "https://api.twitter.com/2/problems/oauth1-permissions"}), "down permission"),
            (403, json!({"type": "about:blank", "detail": "duplicate"}), "failed refused"),
            (401, json!({"title": "Unauthorized"}), "down credentials"),
            (429, json!({"title": "Too Many Requests"}), "retry rate_limited"),
            (503, json!({"errors": [{"code": 130}]}), "retry platform_down"),
            (503, Value::Null, "unknown platform_error"),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let found = match judge(&Answer { status, retry_after_ms: 0, body }) {
                SendOutcome::Sent { external_id } => format!("sent {external_id}"),
                SendOutcome::Retry { cause, .. } => format!("retry {}", cause.reason),
                SendOutcome::Failed { cause } => format!("failed {}", cause.reason),
                SendOutcome::Unknown { cause } => format!("unknown {}", cause.reason),
                SendOutcome::AccountDown { cause } => format!("down {}", cause.reason),
            };
            assert_eq!(found, expected);
        }
    }
}
