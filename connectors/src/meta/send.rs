//! Sending in a direct conversation of a Page or an Instagram account, and answering in public.

use blendline_wire::outbound::{Content, Outbound, SendFailure, SendOutcome};
use blendline_wire::{Millis, Pii};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{DEFAULT_API_VERSION, DEFAULT_BASE_URL, errors};
use crate::call::{self, Answer, by_status, failed, unknown, within};
use crate::{Account, json};

/// What differs between the products.
pub(crate) struct Product {
    /// The longest text of a direct message, in characters.
    pub(crate) text_chars_max: usize,
    /// The largest text of a direct message, in bytes.
    pub(crate) text_bytes_max: usize,
    /// The last segment of the address that answers a comment.
    pub(crate) answer_edge: &'static str,
    /// True where a message may show which one it answers.
    pub(crate) quotes: bool,
    /// True where a message may carry our own id and the platform gives it back with the echo.
    pub(crate) metadata: bool,
}

/// Sends `message` once: into the direct conversation, or under the comment or post where there is a thread.
pub(crate) async fn send(
    product: &Product,
    account: &Account,
    message: &Outbound,
    now: Millis,
    http: &reqwest::Client,
) -> SendOutcome {
    let call = match message.thread {
        Some(_) => public_answer(product, account, message, http),
        None if message.window_until.is_some_and(|until| until <= now) => {
            return failed(
                "window_closed",
                "more than 24 hours have passed since the customer wrote: wait for the customer or use another channel",
            );
        }
        None => direct(product, account, message, http),
    };
    let call = match call {
        Ok(call) => call,
        Err(outcome) => return outcome,
    };
    match call::make(http, call, now).await {
        Ok(answer) => judge(&answer),
        Err(outcome) => outcome,
    }
}

/// Answers a comment, or a post of a visitor, in private, and gives the id that the person has there. There is one such
/// message for each, and it opens no window: the next waits until the person answers it.
pub(crate) async fn send_privately(
    product: &Product,
    account: &Account,
    message: &Outbound,
    now: Millis,
    http: &reqwest::Client,
) -> (SendOutcome, Option<Pii<String>>) {
    let call = match private_reply(product, account, message, http) {
        Ok(call) => call,
        Err(outcome) => return (outcome, None),
    };
    match call::make(http, call, now).await {
        Ok(answer) => (judge(&answer), json::text(&answer.body["recipient_id"]).map(Pii::new)),
        Err(outcome) => (outcome, None),
    }
}

fn private_reply(
    product: &Product,
    account: &Account,
    message: &Outbound,
    http: &reqwest::Client,
) -> Result<RequestBuilder, SendOutcome> {
    let Content::Text { .. } = &message.content else {
        return Err(failed("parameter", "the first message in private is text: write it as text"));
    };
    let Some(said) = &message.private_reply_to else {
        return Err(failed("parameter", "there is nothing to answer in private: give the comment"));
    };
    let mut content = content(product, &message.content).map_err(|cause| SendOutcome::Failed { cause })?;
    if product.metadata {
        content["metadata"] = json!(message.id.to_string());
    }
    let is_post = message.answers.as_ref().is_some_and(|answered| answered.thread.as_ref() == Some(said));
    let key = if is_post { "post_id" } else { "comment_id" };
    let body = json!({ "recipient": { key: said }, "messaging_type": "RESPONSE", "message": content });
    Ok(post(account, http, &[&account.external_id, "messages"])?.json(&body))
}

fn direct(
    product: &Product,
    account: &Account,
    message: &Outbound,
    http: &reqwest::Client,
) -> Result<RequestBuilder, SendOutcome> {
    let mut content = content(product, &message.content).map_err(|cause| SendOutcome::Failed { cause })?;
    if product.metadata {
        // Comes back with the echo: the only way to settle a call whose answer was lost.
        content["metadata"] = json!(message.id.to_string());
    }
    let mut body = json!({
        "recipient": { "id": message.to.expose() },
        "messaging_type": "RESPONSE",
        "message": content,
    });
    if let Some(answered) = message.reply_to.as_ref().filter(|_| product.quotes) {
        body["reply_to"] = json!({ "mid": answered });
    }
    Ok(post(account, http, &[&account.external_id, "messages"])?.json(&body))
}

/// Refuses a text that the product would not take.
fn check(product: &Product, text: &str) -> Result<(), SendFailure> {
    within("the text", text, product.text_chars_max)?;
    if product.text_bytes_max < text.len() {
        let (bytes, max) = (text.len(), product.text_bytes_max);
        let detail =
            format!("the text has {bytes} bytes, the platform takes {max}: letters outside ASCII count double");
        return Err(SendFailure::new("parameter", detail));
    }
    Ok(())
}

fn content(product: &Product, content: &Content) -> Result<Value, SendFailure> {
    match content {
        Content::Text { text } => {
            check(product, text.expose())?;
            Ok(json!({ "text": text.expose() }))
        }
        Content::Media { caption: Some(_), .. } => {
            Err(SendFailure::new("parameter", "files take no caption here: send the words as a text of their own"))
        }
        Content::Media { kind, link, .. } => {
            let kind = match kind.as_str() {
                "image" | "video" | "audio" => kind.as_str(),
                "document" => "file",
                _ => return Err(SendFailure::new("parameter", "use one of image, video, audio, document")),
            };
            Ok(json!({ "attachment": { "type": kind, "payload": { "url": link } } }))
        }
        Content::Buttons { text, buttons } => {
            check(product, text.expose())?;
            let replies: Vec<Value> = buttons
                .iter()
                .map(|(payload, label)| json!({ "content_type": "text", "title": label, "payload": payload }))
                .collect();
            Ok(json!({ "text": text.expose(), "quick_replies": replies }))
        }
        Content::Template { .. } => {
            Err(SendFailure::new("parameter", "this platform has no approved templates: send text or a file"))
        }
    }
}

/// The answer goes under the comment it answers, or under the post itself.
fn public_answer(
    product: &Product,
    account: &Account,
    message: &Outbound,
    http: &reqwest::Client,
) -> Result<RequestBuilder, SendOutcome> {
    let Content::Text { text } = &message.content else {
        return Err(failed("parameter", "in public only text can be sent: write it as text"));
    };
    check(product, text.expose()).map_err(|cause| SendOutcome::Failed { cause })?;
    // The customer's last word, unless that is the post itself.
    let last = message.answers.as_ref().and_then(|answered| answered.external_id.as_ref());
    let comment = message.reply_to.as_ref().or(last).filter(|comment| Some(*comment) != message.thread.as_ref());
    let (target, edge) = match (comment, &message.thread) {
        (Some(comment), _) => (comment.as_str(), product.answer_edge),
        (None, Some(post)) => (post.as_str(), "comments"),
        (None, None) => return Err(failed("parameter", "there is nothing to answer: give the comment or the post")),
    };
    Ok(post(account, http, &[target, edge])?.json(&json!({ "message": text.expose() })))
}

/// The question for the account itself, which its token answers.
pub(crate) fn probe(account: &Account, http: &reqwest::Client) -> Result<RequestBuilder, SendFailure> {
    let token = call::credential(account, "access_token")?;
    let version = account.setting("api_version").unwrap_or(DEFAULT_API_VERSION);
    let mut url = call::endpoint(account, DEFAULT_BASE_URL, &[version, &account.external_id])?;
    url.query_pairs_mut().append_pair("fields", "id");
    Ok(http.get(url).bearer_auth(token))
}

fn post(account: &Account, http: &reqwest::Client, path: &[&str]) -> Result<RequestBuilder, SendOutcome> {
    let down = |cause| SendOutcome::AccountDown { cause };
    let token = call::credential(account, "access_token").map_err(down)?;
    let version = account.setting("api_version").unwrap_or(DEFAULT_API_VERSION);
    let url = call::endpoint(account, DEFAULT_BASE_URL, &[&[version], path].concat()).map_err(down)?;
    Ok(http.post(url).bearer_auth(token))
}

/// What an answer means. An error object counts whatever the status, for it comes instead of an id.
fn judge(answer: &Answer) -> SendOutcome {
    let Answer { status, retry_after_ms, body } = answer;
    if let Some(code) = json::number(&body["error"]["code"]) {
        let subcode = json::number(&body["error"]["error_subcode"]);
        return errors::outcome(code, subcode, *retry_after_ms)
            .unwrap_or_else(|| by_status(*status, *retry_after_ms, Some(code)));
    }
    if status.is_success() {
        return match json::text(&body["message_id"]).or_else(|| json::text(&body["id"])) {
            Some(external_id) => SendOutcome::Sent { external_id },
            None => unknown("no_id", "the platform took the message without naming it: its echo tells the id"),
        };
    }
    by_status(*status, *retry_after_ms, None)
}
