//! One call of the Bot API. The token is part of the address, which is why no address is ever shown.

use blendline_wire::Millis;
use blendline_wire::outbound::{Content, Outbound, SendFailure, SendOutcome};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{CAPTION_CHARS_MAX, DEFAULT_BASE_URL, TEXT_CHARS_MAX};
use crate::call::{self, Answer, RETRY_AFTER_MS_MAX, by_status, unknown, within};
use crate::{Account, json};

/// Sends `message` once.
pub(super) async fn send(account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
    let call = match request(account, message, http) {
        Ok(call) => call,
        Err(outcome) => return outcome,
    };
    match call::make(http, call, now).await {
        Ok(answer) => judge(&answer),
        Err(outcome) => outcome,
    }
}

fn request(account: &Account, message: &Outbound, http: &reqwest::Client) -> Result<RequestBuilder, SendOutcome> {
    let (method, mut body) = content(&message.content).map_err(|cause| SendOutcome::Failed { cause })?;
    body["chat_id"] = json!(message.to.expose());
    if let Some(thread) = message.thread.as_deref().and_then(|thread| thread.parse::<i64>().ok()) {
        body["message_thread_id"] = json!(thread);
    }
    if let Some(answered) = message.reply_to.as_deref().and_then(|id| id.parse::<i64>().ok()) {
        // The answer is worth more than the link to a message that is gone.
        body["reply_parameters"] = json!({ "message_id": answered, "allow_sending_without_reply": true });
    }
    let down = |cause| SendOutcome::AccountDown { cause };
    let token = call::credential(account, "bot_token").map_err(down)?;
    let url = call::endpoint(account, DEFAULT_BASE_URL, &[&format!("bot{token}"), method]).map_err(down)?;
    Ok(http.post(url).json(&body))
}

fn content(content: &Content) -> Result<(&'static str, Value), SendFailure> {
    match content {
        Content::Text { text } => {
            within("the text", text.expose(), TEXT_CHARS_MAX)?;
            Ok(("sendMessage", json!({ "text": text.expose() })))
        }
        Content::Media { kind, link, caption, .. } => {
            let (method, key) = match kind.as_str() {
                "image" => ("sendPhoto", "photo"),
                "video" => ("sendVideo", "video"),
                "audio" => ("sendAudio", "audio"),
                "document" => ("sendDocument", "document"),
                _ => return Err(SendFailure::new("parameter", "use one of image, video, audio, document")),
            };
            let mut body = json!({ key: link });
            if let Some(caption) = caption {
                within("the caption", caption.expose(), CAPTION_CHARS_MAX)?;
                body["caption"] = json!(caption.expose());
            }
            Ok((method, body))
        }
        Content::Buttons { text, buttons } => {
            within("the text", text.expose(), TEXT_CHARS_MAX)?;
            let row = |(payload, label): &(String, String)| json!([{ "text": label, "callback_data": payload }]);
            let rows: Vec<Value> = buttons.iter().map(row).collect();
            Ok(("sendMessage", json!({ "text": text.expose(), "reply_markup": { "inline_keyboard": rows } })))
        }
        Content::Template { .. } => {
            Err(SendFailure::new("parameter", "this platform has no approved templates: send text or a file"))
        }
    }
}

/// What an answer means: `ok` and the message, or an error that repeats its status in the body.
fn judge(answer: &Answer) -> SendOutcome {
    let Answer { status, retry_after_ms, body } = answer;
    if body["ok"] == true {
        return match json::text(&body["result"]["message_id"]) {
            Some(external_id) => SendOutcome::Sent { external_id },
            None => unknown("no_id", "the platform took the message without naming it"),
        };
    }
    let Some(code) = json::number(&body["error_code"]) else { return by_status(*status, *retry_after_ms, None) };
    let cause = |reason: &str, detail: &str| SendFailure { code: Some(code), ..SendFailure::new(reason, detail) };
    match code {
        429 => {
            let asked_s = json::number(&body["parameters"]["retry_after"]).and_then(|wait| u64::try_from(wait).ok());
            let asked_ms = asked_s.unwrap_or(0).saturating_mul(1000).min(RETRY_AFTER_MS_MAX);
            let cause = cause("rate_limited", "too many messages: it is tried again later");
            SendOutcome::Retry { after_ms: asked_ms.max(*retry_after_ms), cause }
        }
        401 | 404 => SendOutcome::AccountDown {
            cause: cause("credentials", "the platform does not know the bot: check bot_token"),
        },
        403 => SendOutcome::Failed {
            cause: cause("opted_out", "the person blocked the bot, left, or never wrote first: do not try again"),
        },
        400 if !body["parameters"]["migrate_to_chat_id"].is_null() => SendOutcome::Failed {
            cause: cause("undeliverable", "the group has a new id since it became a supergroup: answer there"),
        },
        400..=499 => SendOutcome::Failed {
            cause: cause("refused", "the platform refuses the message: the chat is gone or a field is wrong"),
        },
        // The platform's own word that it failed, where there is no message yet.
        _ => by_status(*status, *retry_after_ms, Some(code)),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    #[test]
    fn every_answer_has_one_meaning() {
        for (status, body, expected) in [
            (200, json!({"ok": true, "result": {"message_id": 7}}), "sent 7"),
            (200, json!({"ok": true, "result": {}}), "unknown no_id"),
            (429, json!({"ok": false, "error_code": 429, "parameters": {"retry_after": 5}}), "retry 5000"),
            (403, json!({"ok": false, "error_code": 403}), "failed opted_out"),
            (400, json!({"ok": false, "error_code": 400}), "failed refused"),
            (401, json!({"ok": false, "error_code": 401}), "down credentials"),
            (502, json!({"ok": false, "error_code": 502}), "unknown platform_error"),
            (502, Value::Null, "unknown platform_error"),
        ] {
            let answer = Answer { status: StatusCode::from_u16(status).unwrap(), retry_after_ms: 0, body };
            let found = match judge(&answer) {
                SendOutcome::Sent { external_id } => format!("sent {external_id}"),
                SendOutcome::Retry { after_ms, .. } => format!("retry {after_ms}"),
                SendOutcome::Failed { cause } => format!("failed {}", cause.reason),
                SendOutcome::Unknown { cause } => format!("unknown {}", cause.reason),
                SendOutcome::AccountDown { cause } => format!("down {}", cause.reason),
            };
            assert_eq!(found, expected);
        }
    }
}
