//! One post that asks the company's own program to send a message. The page docs/custom-channel.md is its contract.

use blendline_wire::Millis;
use blendline_wire::outbound::{Content, Outbound, SendFailure, SendOutcome};
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::{ID, SIGNATURE, TIMESTAMP, signed};
use crate::call::{self, Answer, by_status};
use crate::{Account, json};

/// Posts `message` once. `chars_max` is the channel's bound of a text or caption.
pub(crate) async fn send(
    account: &Account,
    message: &Outbound,
    chars_max: usize,
    now: Millis,
    http: &reqwest::Client,
) -> SendOutcome {
    let call = match request(account, message, chars_max, now, http) {
        Ok(call) => call,
        Err(outcome) => return outcome,
    };
    match call::make(http, call, now).await {
        Ok(answer) => judge(&answer, message),
        Err(outcome) => outcome,
    }
}

fn request(
    account: &Account,
    message: &Outbound,
    chars_max: usize,
    now: Millis,
    http: &reqwest::Client,
) -> Result<RequestBuilder, SendOutcome> {
    check(&message.content, chars_max).map_err(|cause| SendOutcome::Failed { cause })?;
    let down = |cause| SendOutcome::AccountDown { cause };
    let url = call::credential(account, "send_url").map_err(down)?;
    let (id, body) = (message.id.to_string(), document(account, message).to_string());
    let Some((timestamp, signature)) = signed(account, &id, now, body.as_bytes()) else {
        let detail = "the account has no usable webhook_secret: set whsec_ and base64 of random bytes";
        return Err(down(SendFailure::new("credentials", detail)));
    };
    let call = http.post(url).header(ID, id).header(TIMESTAMP, timestamp).header(SIGNATURE, signature);
    Ok(call.header(CONTENT_TYPE, "application/json").body(body))
}

fn check(content: &Content, chars_max: usize) -> Result<(), SendFailure> {
    match content {
        Content::Text { text } | Content::Buttons { text, .. } => call::within("the text", text.expose(), chars_max),
        Content::Media { caption: Some(caption), .. } => call::within("the caption", caption.expose(), chars_max),
        Content::Media { .. } | Content::Template { .. } => Ok(()),
    }
}

/// The body: what the page promises, key by key.
fn document(account: &Account, message: &Outbound) -> Value {
    let mut document = json!({
        "type": "message.send",
        "id": message.id.to_string(),
        "attempt": message.attempt,
        "account": account.external_id,
        "conversation": message.conversation.to_string(),
        "to": message.to.expose(),
        "content": message.content,
    });
    let answers = message.answers.as_ref().and_then(|answered| answered.external_id.as_ref());
    for (key, value) in [("thread", &message.thread), ("reply_to", &message.reply_to), ("answers", &answers.cloned())] {
        if let Some(value) = value {
            document[key] = json!(value);
        }
    }
    document
}

fn judge(answer: &Answer, message: &Outbound) -> SendOutcome {
    let Answer { status, retry_after_ms, body } = answer;
    if status.is_success() {
        // Who has no ids of his own reports by ours.
        return SendOutcome::Sent { external_id: json::text(&body["id"]).unwrap_or_else(|| message.id.to_string()) };
    }
    let cause = |reason: &str, detail: &str| SendFailure::new(reason, detail);
    match status.as_u16() {
        // The page says so: not sent, come again.
        503 => SendOutcome::Retry {
            after_ms: *retry_after_ms,
            cause: cause("platform_down", "the receiver is not ready (503): it is tried again"),
        },
        404 | 405 => {
            SendOutcome::AccountDown { cause: cause("configuration", "nothing answers at send_url: correct it") }
        }
        410 => SendOutcome::Failed { cause: cause("undeliverable", "the receiver says that the recipient is gone") },
        _ => by_status(*status, *retry_after_ms, None),
    }
}
