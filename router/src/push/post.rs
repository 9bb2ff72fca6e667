//! One post to a push service (RFC 8030).

use blendline_connectors::retry_after_ms;
use blendline_wire::Millis;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url};

use super::Unsealed;
use super::line::Letter;
use super::seal::{Recipient, seal};
use super::vapid::Vapid;
use crate::outlets::post::Reach;

/// What came of a post.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The push service took it.
    Taken,
    /// It does not know the device any more.
    Gone,
    /// Not now.
    Later {
        /// For how long the push service wants to be left alone, in milliseconds; zero, it did not say.
        after_ms: u64,
        /// Why.
        cause: String,
    },
    /// Not at all; the words say why.
    Refused(String),
}

/// Posts a letter, once. What the push service says beside status and patience is not read.
pub async fn post(http: &reqwest::Client, reach: Reach, vapid: &Vapid, letter: &Letter, now: Millis) -> Outcome {
    let endpoint = letter.device.endpoint.expose();
    // The configuration may have changed since it was put in.
    if let Some(why) = reach.refuses(endpoint) {
        return Outcome::Refused(why.to_owned());
    }
    let Ok(url) = Url::parse(endpoint) else { return Outcome::Refused("the endpoint is no URL".to_owned()) };
    let sealed = sealed(letter).and_then(|body| Ok((body, headers(vapid, &url, letter, now)?)));
    let Ok((body, headers)) = sealed else { return Outcome::Refused("it could not be sealed".to_owned()) };
    match http.post(url).headers(headers).body(body).send().await {
        Ok(answer) => judge(answer.status(), answer.headers(), now),
        Err(_) => Outcome::Later { after_ms: 0, cause: "no answer".to_owned() },
    }
}

fn sealed(letter: &Letter) -> Result<Vec<u8>, Unsealed> {
    let keys = Recipient::read(letter.device.p256dh.expose(), letter.device.auth.expose());
    seal(&keys.map_err(|_| Unsealed)?, letter.text.as_bytes())
}

/// What the push service is told beside the body.
///
/// # Errors
/// When there are no random numbers.
pub fn headers(vapid: &Vapid, url: &Url, letter: &Letter, now: Millis) -> Result<HeaderMap, Unsealed> {
    let value = |text: String| HeaderValue::from_str(&text).map_err(|_| Unsealed);
    let urgency = if letter.what.is_urgent() { "high" } else { "normal" };
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, value(vapid.authorization(url, now)?)?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("aes128gcm"));
    headers.insert("ttl", value((letter.until.since(now) / 1000).max(1).to_string())?);
    headers.insert("urgency", HeaderValue::from_static(urgency));
    headers.insert("topic", value(letter.topic.clone())?);
    Ok(headers)
}

/// What an answer means.
pub fn judge(status: StatusCode, headers: &HeaderMap, now: Millis) -> Outcome {
    let cause = format!("answered {}", status.as_u16());
    match status {
        status if status.is_success() => Outcome::Taken,
        StatusCode::NOT_FOUND | StatusCode::GONE => Outcome::Gone,
        status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
            Outcome::Later { after_ms: retry_after_ms(headers, now), cause }
        }
        _ => Outcome::Refused(cause),
    }
}
