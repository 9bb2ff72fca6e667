//! One call to a platform, and what its status or the lack of an answer means. What a platform's own codes mean is the
//! channel's to say.

use std::time::Duration;

use blendline_wire::Millis;
use blendline_wire::outbound::{Content, SendFailure, SendOutcome};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode, Url};
use serde_json::Value;

use crate::Account;

/// An answer is a few hundred bytes; whoever sends more is not the platform.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// Nobody may park a message for longer by a header.
pub(crate) const RETRY_AFTER_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// What the platform answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// What `Retry-After`, or the time at which a used-up allowance is there again, asked for; zero without.
    pub(crate) retry_after_ms: u64,
    /// The body; null where it is no JSON, broke off or was too long.
    pub(crate) body: Value,
}

/// Makes one call. `Err` is the outcome where there is no answer of the platform to judge.
pub(crate) async fn make(http: &reqwest::Client, call: RequestBuilder, now: Millis) -> Result<Answer, SendOutcome> {
    let request = call.timeout(CALL_TIMEOUT).build().map_err(|error| unanswered(&error))?;
    let url = request.url().clone();
    let response = http.execute(request).await.map_err(|error| unanswered(&error))?;
    if *response.url() != url {
        return Err(unknown(
            "redirected",
            "the call was passed on to another address: use a client that does not follow redirects",
        ));
    }
    let status = response.status();
    let asked_ms = retry_after_ms(response.headers(), now);
    // Some say instead when their window begins anew, and with every answer: it counts only where they refuse.
    let reset_ms = if status == StatusCode::TOO_MANY_REQUESTS { reset_ms(response.headers(), now) } else { 0 };
    let retry_after_ms = if asked_ms == 0 { reset_ms } else { asked_ms };
    let body = bounded_body(response).await.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok(Answer { status, retry_after_ms, body: body.unwrap_or(Value::Null) })
}

/// The address under the account's `base_url` (or `default`) with these segments of a path.
pub(crate) fn endpoint(account: &Account, default: &str, segments: &[&str]) -> Result<Url, SendFailure> {
    let no_url = || SendFailure::new("configuration", "the account's base_url is no URL: correct it");
    let mut url = Url::parse(account.setting("base_url").unwrap_or(default)).map_err(|_| no_url())?;
    url.path_segments_mut().map_err(|()| no_url())?.pop_if_empty().extend(segments);
    Ok(url)
}

/// The value of a setting without which nothing can be sent.
pub(crate) fn credential<'a>(account: &'a Account, setting: &str) -> Result<&'a str, SendFailure> {
    let missing = || SendFailure::new("credentials", format!("the account has no {setting}: set it"));
    account.setting(setting).ok_or_else(missing)
}

/// The outcome of a message that the platform would refuse, or that the channel cannot send.
pub(crate) fn failed(reason: &str, detail: impl Into<String>) -> SendOutcome {
    SendOutcome::Failed { cause: SendFailure::new(reason, detail) }
}

/// The words of a message on a channel that takes nothing else.
pub(crate) fn only_text(content: &Content) -> Result<&str, SendFailure> {
    match content {
        Content::Text { text } => Ok(text.expose()),
        _ => Err(SendFailure::new("parameter", "this channel takes text only: write it as text")),
    }
}

/// Refuses a text that the platform would not take, before a call is spent on it.
pub(crate) fn within(what: &str, text: &str, chars_max: usize) -> Result<(), SendFailure> {
    let count = text.chars().count();
    if (1..=chars_max).contains(&count) {
        return Ok(());
    }
    let detail = format!("{what} has {count} characters, the platform takes 1 to {chars_max}: change it");
    Err(SendFailure::new("parameter", detail))
}

/// What a call without an answer means: only where no connection came about is it certain that nothing was sent.
fn unanswered(error: &reqwest::Error) -> SendOutcome {
    if error.is_connect() {
        let cause = SendFailure::new("unreachable", "no connection to the platform: it is tried again");
        return SendOutcome::Retry { after_ms: 0, cause };
    }
    if error.is_builder() {
        let cause =
            SendFailure::new("configuration", "the call could not be built: check the credentials and base_url");
        return SendOutcome::AccountDown { cause };
    }
    if error.is_timeout() {
        return unknown(
            "timeout",
            "the platform did not answer in time: a report or an echo tells whether it was sent",
        );
    }
    unknown("connection_lost", "the connection broke before the answer: a report or an echo tells whether it was sent")
}

/// The meaning of a status alone, for codes we do not know and for answers that are not the platform's.
pub(crate) fn by_status(status: StatusCode, after_ms: u64, code: Option<i64>) -> SendOutcome {
    let cause = |reason: &str, detail: &str| SendFailure { code, ..SendFailure::new(reason, detail) };
    match status.as_u16() {
        429 => SendOutcome::Retry { after_ms, cause: cause("rate_limited", "too many calls: it is tried again later") },
        401 | 403 => SendOutcome::AccountDown {
            cause: cause("credentials", "the platform refuses the credentials of the account: set new ones"),
        },
        404 | 405 | 300..=399 => SendOutcome::AccountDown {
            cause: cause("configuration", "nothing answers there: check base_url, api_version and the account's id"),
        },
        // The server gave up waiting for the request; a proxy may have passed it on before.
        408 => unknown("timeout", "the platform did not answer in time: a report or an echo tells whether it was sent"),
        400..=499 => SendOutcome::Failed {
            cause: cause("refused", "the platform refuses the message for a reason unknown to us: see its code"),
        },
        // A success with an error we do not know stays open too.
        _ => SendOutcome::Unknown {
            cause: cause(
                "platform_error",
                "the platform failed while it had the message: a report or an echo tells the outcome",
            ),
        },
    }
}

/// The outcome of a call of which nobody knows whether it was obeyed.
pub(crate) fn unknown(reason: &str, detail: &str) -> SendOutcome {
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
pub fn retry_after_ms(headers: &HeaderMap, now: Millis) -> u64 {
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

/// When the allowance is there again: X writes Unix seconds, Mastodon a date; zero where neither is there.
fn reset_ms(headers: &HeaderMap, now: Millis) -> u64 {
    let header = ["x-rate-limit-reset", "x-ratelimit-reset"].iter().find_map(|name| headers.get(*name));
    let text = header.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let at = crate::json::time(&Value::from(text)).map_or(now, |at| at.0);
    at.since(now).min(RETRY_AFTER_MS_MAX)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

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

    #[test]
    fn the_end_of_a_window_is_read_in_both_notations() {
        let now = Millis(784_111_770_000);
        for (name, value, expected) in [
            ("x-rate-limit-reset", "784111777", 7_000),
            ("x-ratelimit-reset", "1994-11-06T08:49:37.000000Z", 7_000),
            ("x-rate-limit-reset", "784111760", 0),
            ("x-rate-limit-reset", "soon", 0),
            ("x-rate-limit-reset", "999999999999", RETRY_AFTER_MS_MAX),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_str(value).unwrap());
            assert_eq!(reset_ms(&headers, now), expected, "{name}: {value}");
        }
        assert_eq!(reset_ms(&HeaderMap::new(), now), 0);
    }
}
