//! One conditional request (RFC 9110, section 13), its answer bounded.

use blendline_connectors::Poll;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
    RETRY_AFTER,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::time::Duration;

/// Nobody may silence a source for longer by a header.
const RETRY_AFTER_S_MAX: u64 = 24 * 60 * 60;

/// How long the answer to the opening of a stream may take.
const OPEN_TIMEOUT: Duration = Duration::from_secs(20);
/// A stream is opened anew from time to time: what a server forgot to send does not stay unknown.
const STREAM_AGE_MAX: Duration = Duration::from_secs(60 * 60);

/// What a server told to know its answer again by.
#[derive(Clone, Debug, Default)]
pub(super) struct Validators {
    etag: Option<String>,
    last_modified: Option<String>,
}

/// What came of a request.
#[derive(Debug)]
pub(super) enum Fetched {
    /// Nothing has changed since the answer with those validators.
    Unchanged,
    /// A whole answer.
    Body(Vec<u8>, Validators),
    /// Nothing: a word for the log, and how many seconds the server wants to be left alone.
    Failed(&'static str, u64),
}

/// The request of a question.
fn asking(http: &Client, poll: &Poll) -> RequestBuilder {
    let request = http.get(poll.url.clone());
    match (&poll.authorization, &poll.bearer) {
        (Some(whole), _) => request.header(AUTHORIZATION, whole.expose()),
        (None, Some(token)) => request.bearer_auth(token.expose()),
        (None, None) => request,
    }
}

/// Opens a stream that stays open; `Err` with a word for the log.
pub(super) async fn open(http: &Client, poll: &Poll) -> Result<Response, &'static str> {
    let request = asking(http, poll).header(ACCEPT, "text/event-stream").timeout(STREAM_AGE_MAX);
    let opening = tokio::time::timeout(OPEN_TIMEOUT, request.send());
    let Ok(Ok(response)) = opening.await else { return Err("unreachable") };
    if !response.status().is_success() {
        return Err(word(response.status()));
    }
    let is_stream =
        response.headers().get(CONTENT_TYPE).is_some_and(|of| of.as_bytes().starts_with(b"text/event-stream"));
    if is_stream { Ok(response) } else { Err("no_stream") }
}

/// Asks once.
pub(super) async fn fetch(http: &Client, poll: &Poll, known: &Validators, bytes_max: usize) -> Fetched {
    let mut request = asking(http, poll);
    for (name, value) in [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    let Ok(mut response) = request.send().await else { return Fetched::Failed("unreachable", 0) };
    let status = response.status();
    if status == StatusCode::NOT_MODIFIED {
        return Fetched::Unchanged;
    }
    if !status.is_success() {
        return Fetched::Failed(word(status), retry_after_s(response.headers()));
    }
    let told = |name: HeaderName| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
    let validators = Validators { etag: told(ETAG), last_modified: told(LAST_MODIFIED) };
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= bytes_max => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Fetched::Failed("too_large", 0),
            Ok(None) => return Fetched::Body(body, validators),
            Err(_) => return Fetched::Failed("broke_off", 0),
        }
    }
}

fn word(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => "refused",
        404 | 410 => "gone",
        429 => "rate_limited",
        300..=399 => "moved",
        400..=499 => "not_understood",
        _ => "server_error",
    }
}

fn retry_after_s(headers: &HeaderMap) -> u64 {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.unwrap_or(0).min(RETRY_AFTER_S_MAX)
}
