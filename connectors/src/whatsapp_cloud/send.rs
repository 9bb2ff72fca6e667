//! One call to the platform and what its answer, or the lack of one, means.

use blendline_wire::Millis;
use blendline_wire::outbound::{Outbound, SendFailure, SendOutcome};
use reqwest::Url;

use super::{DEFAULT_API_VERSION, DEFAULT_BASE_URL, errors, request};
use crate::call::{self, Answer, by_status, unknown};
use crate::{Account, json};

/// Sends `message` once.
pub(super) async fn send(account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
    if window_closed(message, now) {
        return SendOutcome::Failed {
            cause: SendFailure::new(
                "window_closed",
                "more than 24 hours have passed since the customer wrote: send a template instead",
            ),
        };
    }
    let body = match request::body(message) {
        Ok(body) => body,
        Err(cause) => return SendOutcome::Failed { cause },
    };
    let (url, token) = match endpoint(account) {
        Ok(endpoint) => endpoint,
        Err(cause) => return SendOutcome::AccountDown { cause },
    };
    match call::make(http, http.post(url).bearer_auth(token).json(&body), now).await {
        Ok(answer) => judge(&answer, message.attempt),
        Err(outcome) => outcome,
    }
}

/// True when only a template would be taken. Where no window is known the platform decides (131047).
fn window_closed(message: &Outbound, now: Millis) -> bool {
    !message.content.is_template() && message.window_until.is_some_and(|until| until <= now)
}

/// The address to call and the token to call it with.
fn endpoint(account: &Account) -> Result<(Url, &str), SendFailure> {
    let token = call::credential(account, "access_token")?;
    let version = account.setting("api_version").unwrap_or(DEFAULT_API_VERSION);
    Ok((call::endpoint(account, DEFAULT_BASE_URL, &[version, &account.external_id, "messages"])?, token))
}

/// What an answer means.
fn judge(answer: &Answer, attempt: u32) -> SendOutcome {
    let Answer { status, retry_after_ms, body } = answer;
    // An error object says that the platform refused, whatever the status: it is its answer instead of an id. That holds
    // for a 5xx too, where 131000 and 131016 come: documented as "failed to send". A 5xx without a code may come from a
    // proxy in between that passed the message on and lost the answer.
    if let Some(code) = json::number(&body["error"]["code"]) {
        return errors::outcome(code, attempt, *retry_after_ms)
            .unwrap_or_else(|| by_status(*status, *retry_after_ms, Some(code)));
    }
    if status.is_success() {
        return match json::text(&body["messages"][0]["id"]) {
            Some(external_id) => SendOutcome::Sent { external_id },
            None => unknown("no_id", "the platform took the message without naming it: a status report tells its id"),
        };
    }
    by_status(*status, *retry_after_ms, None)
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use serde_json::Value;

    use super::*;

    fn outcome(status: u16, body: &str) -> (&'static str, String) {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after_ms: 0,
            body: serde_json::from_str(body).unwrap_or(Value::Null),
        };
        match judge(&answer, 1) {
            SendOutcome::Sent { external_id } => ("sent", external_id),
            SendOutcome::Retry { cause, .. } => ("retry", cause.reason),
            SendOutcome::Failed { cause } => ("failed", cause.reason),
            SendOutcome::Unknown { cause } => ("unknown", cause.reason),
            SendOutcome::AccountDown { cause } => ("account_down", cause.reason),
        }
    }

    #[test]
    fn every_answer_has_one_meaning() {
        let error = |code: i64| format!(r#"{{"error":{{"message":"x","code":{code}}}}}"#);
        for (status, body, expected) in [
            (200, r#"{"messages":[{"id":"wamid.A"}]}"#, ("sent", "wamid.A")),
            (200, r#"{"messages":[]}"#, ("unknown", "no_id")),
            (200, "", ("unknown", "no_id")),
            (200, "<html>", ("unknown", "no_id")),
            (400, &error(131_047), ("failed", "window_closed")),
            (400, &error(131_056), ("retry", "rate_limited")),
            (401, &error(190), ("account_down", "credentials")),
            (500, &error(131_000), ("retry", "platform_down")),
            (503, &error(131_016), ("retry", "platform_down")),
            (200, &error(131_047), ("failed", "window_closed")),
            (400, &error(999_999), ("failed", "refused")),
            (500, &error(999_999), ("unknown", "platform_error")),
            (500, "", ("unknown", "platform_error")),
            (502, "<html>bad gateway</html>", ("unknown", "platform_error")),
            (504, "{}", ("unknown", "platform_error")),
            (429, "", ("retry", "rate_limited")),
            (401, "", ("account_down", "credentials")),
            (404, "", ("account_down", "configuration")),
            (302, "", ("account_down", "configuration")),
            (408, "", ("unknown", "timeout")),
            (413, "", ("failed", "refused")),
        ] {
            let (kind, word) = outcome(status, body);
            assert_eq!((kind, word.as_str()), expected, "{status} {body}");
        }
    }
}
