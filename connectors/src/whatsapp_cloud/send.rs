//! One call to the platform and what its answer, or the lack of one, means.

use std::time::Duration;

use blendline_wire::Millis;
use blendline_wire::outbound::{Outbound, SendFailure, SendOutcome};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use serde_json::Value;

use super::{DEFAULT_API_VERSION, DEFAULT_BASE_URL, errors, request};
use crate::{Account, json};

/// An answer is a few hundred bytes; whoever sends more is not the platform.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// Nobody may park a message for longer by a header.
const RETRY_AFTER_MS_MAX: u64 = 24 * 60 * 60 * 1000;

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
    let called = http.post(url.clone()).bearer_auth(token).timeout(CALL_TIMEOUT).json(&body).send().await;
    match called {
        Ok(response) if *response.url() != url => unknown(
            "redirected",
            "the call was passed on to another address: use a client that does not follow redirects",
        ),
        Ok(response) => {
            let status = response.status();
            let retry_after_ms = retry_after_ms(response.headers(), now);
            judge(status, retry_after_ms, bounded_body(response).await.as_deref(), message.attempt)
        }
        Err(error) => unanswered(&error),
    }
}

/// True when only a template would be taken. Where no window is known the platform decides (131047).
fn window_closed(message: &Outbound, now: Millis) -> bool {
    !message.content.is_template() && message.window_until.is_some_and(|until| until <= now)
}

/// The address to call and the token to call it with.
fn endpoint(account: &Account) -> Result<(Url, &str), SendFailure> {
    let token = account
        .setting("access_token")
        .ok_or_else(|| SendFailure::new("credentials", "the account has no access_token: set it"))?;
    let no_url = || SendFailure::new("configuration", "the account's base_url is no URL: correct it");
    let mut url = Url::parse(account.setting("base_url").unwrap_or(DEFAULT_BASE_URL)).map_err(|_| no_url())?;
    let version = account.setting("api_version").unwrap_or(DEFAULT_API_VERSION);
    url.path_segments_mut().map_err(|()| no_url())?.pop_if_empty().extend([version, &account.external_id, "messages"]);
    Ok((url, token))
}

/// What a call without an answer means: only where no connection came about is it certain that nothing was sent.
fn unanswered(error: &reqwest::Error) -> SendOutcome {
    if error.is_connect() {
        let cause = SendFailure::new("unreachable", "no connection to the platform: it is tried again");
        return SendOutcome::Retry { after_ms: 0, cause };
    }
    if error.is_builder() {
        let cause = SendFailure::new("configuration", "the call could not be built: check access_token and base_url");
        return SendOutcome::AccountDown { cause };
    }
    if error.is_timeout() {
        return unknown("timeout", "the platform did not answer in time: its status report tells whether it was sent");
    }
    unknown("connection_lost", "the connection broke before the answer: a status report tells whether it was sent")
}

/// What an answer means. `body` is absent where it could not be read or was too long.
fn judge(status: StatusCode, retry_after_ms: u64, body: Option<&[u8]>, attempt: u32) -> SendOutcome {
    let answer: Value = body.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or(Value::Null);
    // An error object says that the platform refused, whatever the status: it is its answer instead of an id. That holds
    // for a 5xx too, where 131000 and 131016 come: documented as "failed to send". A 5xx without a code may come from a
    // proxy in between that passed the message on and lost the answer.
    if let Some(code) = json::number(&answer["error"]["code"]) {
        return errors::outcome(code, attempt, retry_after_ms)
            .unwrap_or_else(|| by_status(status, retry_after_ms, Some(code)));
    }
    if status.is_success() {
        return match json::text(&answer["messages"][0]["id"]) {
            Some(external_id) => SendOutcome::Sent { external_id },
            None => unknown("no_id", "the platform took the message without naming it: a status report tells its id"),
        };
    }
    by_status(status, retry_after_ms, None)
}

/// The meaning of a status alone, for codes we do not know and for answers that are not the platform's.
fn by_status(status: StatusCode, after_ms: u64, code: Option<i64>) -> SendOutcome {
    let cause = |reason: &str, detail: &str| SendFailure { code, ..SendFailure::new(reason, detail) };
    match status.as_u16() {
        429 => SendOutcome::Retry { after_ms, cause: cause("rate_limited", "too many calls: it is tried again later") },
        401 | 403 => SendOutcome::AccountDown {
            cause: cause("credentials", "the platform refuses the access token: set a new access_token"),
        },
        404 | 405 | 300..=399 => SendOutcome::AccountDown {
            cause: cause("configuration", "nothing answers there: check base_url, api_version and the phone number id"),
        },
        // The server gave up waiting for the request; a proxy may have passed it on before.
        408 => unknown("timeout", "the platform did not answer in time: its status report tells whether it was sent"),
        400..=499 => SendOutcome::Failed {
            cause: cause("refused", "the platform refuses the message for a reason unknown to us: see its code"),
        },
        // A success with an error we do not know stays open too.
        _ => SendOutcome::Unknown {
            cause: cause(
                "platform_error",
                "the platform failed while it had the message: a status report tells the outcome",
            ),
        },
    }
}

fn unknown(reason: &str, detail: &str) -> SendOutcome {
    SendOutcome::Unknown { cause: SendFailure::new(reason, detail) }
}

/// The body, unless it breaks off or is too long to be an answer.
async fn bounded_body(mut response: reqwest::Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if ANSWER_BYTES_MAX < body.len() + chunk.len() {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3); zero where it is absent or unreadable.
fn retry_after_ms(headers: &HeaderMap, now: Millis) -> u64 {
    let Some(text) = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::trim) else { return 0 };
    let wait_ms = match text.parse::<u64>() {
        Ok(seconds) => seconds.saturating_mul(1000),
        Err(_) => jiff::fmt::rfc2822::DateTimeParser::new()
            .parse_timestamp(text)
            .ok()
            .and_then(|at| u64::try_from(at.as_millisecond()).ok())
            .map_or(0, |at_ms| Millis(at_ms).since(now)),
    };
    wait_ms.min(RETRY_AFTER_MS_MAX)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn outcome(status: u16, body: &str) -> (&'static str, String) {
        match judge(StatusCode::from_u16(status).unwrap(), 0, Some(body.as_bytes()), 1) {
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

    #[test]
    fn retry_after_is_read_in_both_notations_and_bounded() {
        let now = Millis(784_111_770_000);
        let wait = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
            retry_after_ms(&headers, now)
        };
        assert_eq!(wait("7"), 7_000);
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), 7_000);
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:20 GMT"), 0);
        assert_eq!(wait("18446744073709551615"), RETRY_AFTER_MS_MAX);
        assert_eq!(wait("soon"), 0);
        assert_eq!(retry_after_ms(&HeaderMap::new(), now), 0);
    }
}
