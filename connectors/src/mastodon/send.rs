//! One call that posts a status (CHANNELS.md section 7).

use blendline_wire::Millis;
use blendline_wire::outbound::{Outbound, SendFailure, SendOutcome};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::STATUS_CHARS_MAX;
use crate::call::{self, Answer, by_status, only_text, unknown};
use crate::{Account, json};

/// What a link counts for, whatever its length.
const LINK_CHARS: usize = 23;

/// Sends `message` once. Repeating the call within an hour gives the same status: the key is our id, whatever the attempt.
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
    let body = status(account, message).map_err(|cause| SendOutcome::Failed { cause })?;
    let down = |cause| SendOutcome::AccountDown { cause };
    let token = call::credential(account, "access_token").map_err(down)?;
    // The setting is required, so the default is never used.
    let url = call::endpoint(account, "", &["api", "v1", "statuses"]).map_err(down)?;
    Ok(http.post(url).bearer_auth(token).header("Idempotency-Key", format!("blendline-{}", message.id)).json(&body))
}

fn status(account: &Account, message: &Outbound) -> Result<Value, SendFailure> {
    let answered = message.answers.as_deref().cloned().unwrap_or_default();
    // Whom nobody told us about gets a letter, not a notice on the wall.
    let public = answered.visibility.filter(|_| message.private_reply_to.is_none());
    let visibility = public.unwrap_or_else(|| "direct".to_owned());
    let text = only_text(&message.content)?;
    let text = match answered.username {
        Some(name) => with_mention(text, name.expose()),
        None if visibility == "direct" && !message.to.expose().contains('@') => {
            return Err(SendFailure::new(
                "parameter",
                "nobody told us the person's user name, without which it reaches nobody",
            ));
        }
        None => with_mention(text, message.to.expose()),
    };
    check(account, &text)?;
    let mut body = json!({ "status": text, "visibility": visibility });
    if let Some(id) = message.reply_to.as_ref().or(message.private_reply_to.as_ref()).or(answered.external_id.as_ref())
    {
        body["in_reply_to_id"] = json!(id);
    }
    Ok(body)
}

/// The words with the person named before them, unless they name him already: who is not named is not told.
fn with_mention(text: &str, name: &str) -> String {
    let name = name.trim_start_matches('@');
    let named = text.split_whitespace().any(|word| {
        word.strip_prefix('@')
            .is_some_and(|word| word.trim_end_matches([',', '.', ':', '!', '?']).eq_ignore_ascii_case(name))
    });
    if named || name.is_empty() { text.to_owned() } else { format!("@{name} {text}") }
}

/// Refuses what the server would not take, as it counts: of a name only what stands before the server, of a link 23.
fn check(account: &Account, text: &str) -> Result<(), SendFailure> {
    let max = account.setting("status_chars_max").and_then(|max| max.parse().ok()).unwrap_or(STATUS_CHARS_MAX);
    let count: usize = text.split_inclusive(char::is_whitespace).map(chars_of_word).sum();
    if (1..=max).contains(&count) {
        return Ok(());
    }
    let detail = format!("the status counts as {count} characters, the server takes 1 to {max}: change it");
    Err(SendFailure::new("parameter", detail))
}

fn chars_of_word(word: &str) -> usize {
    let bare = word.trim_end();
    let space = word[bare.len()..].chars().count();
    if bare.starts_with("https://") || bare.starts_with("http://") {
        return LINK_CHARS + space;
    }
    match bare.strip_prefix('@').and_then(|name| name.split_once('@')) {
        Some((name, _)) => 1 + name.chars().count() + space,
        None => word.chars().count(),
    }
}

/// What an answer means. There are no codes, only statuses.
fn judge(answer: &Answer) -> SendOutcome {
    let Answer { status, retry_after_ms, body } = answer;
    if status.is_success() {
        return match json::text(&body["id"]) {
            Some(external_id) => SendOutcome::Sent { external_id },
            None => unknown("no_id", "the server took the status without naming it"),
        };
    }
    match status.as_u16() {
        403 => SendOutcome::AccountDown {
            cause: SendFailure::new("permission", "the token may not post: make one with the scope write:statuses"),
        },
        404 => call::failed("undeliverable", "the status to be answered is gone"),
        422 => call::failed(
            "parameter",
            "the server refuses the status: it is empty, too long or of a visibility it does not allow",
        ),
        _ => by_status(*status, *retry_after_ms, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_person_is_named_once() {
        assert_eq!(with_mention("שלום", "dana@b.example"), "@dana@b.example שלום");
        assert_eq!(with_mention("hi @Dana@b.example, well", "dana@b.example"), "hi @Dana@b.example, well");
        assert_eq!(with_mention("x", "@dana"), "@dana x");
        assert_eq!(with_mention("x", ""), "x");
    }

    #[test]
    fn length_is_counted_as_the_server_does() {
        assert_eq!(chars_of_word("@dana@a.very.long.name.example "), 6);
        assert_eq!(chars_of_word("https://shop.example/a/long/way "), 24);
        assert_eq!(chars_of_word("שלום "), 5);
    }
}
