//! The answer to a review: there is one, and sending another replaces it (CHANNELS.md section 8).

use blendline_wire::Millis;
use blendline_wire::outbound::{Outbound, SendFailure, SendOutcome};
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;

use super::{COMMENT_BYTES_MAX, DEFAULT_BASE_URL, DEFAULT_TOKEN_URL};
use crate::call::{self, Answer, by_status, only_text};
use crate::{Account, json};

/// Sends `message` once. Before it stands a call for a token, where the account has none that lasts: that sends nothing.
pub(super) async fn send(account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
    let (url, text) = match target(account, message) {
        Ok(target) => target,
        Err(outcome) => return outcome,
    };
    let token = match token(account, now, http).await {
        Ok(token) => token,
        Err(outcome) => return outcome,
    };
    match call::make(http, http.put(url).bearer_auth(token).json(&json!({ "comment": text })), now).await {
        Ok(answer) => judge(&answer, message),
        Err(outcome) => outcome,
    }
}

fn target<'a>(account: &Account, message: &'a Outbound) -> Result<(Url, &'a str), SendOutcome> {
    let failed = |cause| SendOutcome::Failed { cause };
    let text = only_text(&message.content).map_err(failed)?;
    if !(1..=COMMENT_BYTES_MAX).contains(&text.len()) {
        let bytes = text.len();
        let detail = format!(
            "the text has {bytes} bytes, the platform takes 1 to {COMMENT_BYTES_MAX}: letters outside ASCII count double or more"
        );
        return Err(call::failed("parameter", detail));
    }
    let review = message.thread.as_deref().unwrap_or(message.to.expose());
    let segments: Vec<&str> = review.split('/').collect();
    // accounts/1/locations/2/reviews/3
    if !matches!(segments[..], ["accounts", _, "locations", _, "reviews", _]) {
        return Err(call::failed(
            "parameter",
            "only reviews can be answered, and this is none: answer in the business profile",
        ));
    }
    let path = [&["v4"], &segments[..], &["reply"]].concat();
    let url = call::endpoint(account, DEFAULT_BASE_URL, &path).map_err(|cause| SendOutcome::AccountDown { cause })?;
    Ok((url, text))
}

/// A token to call with: what is configured, or a fresh one for the refresh token, which does not end by itself.
pub(super) async fn token(account: &Account, now: Millis, http: &reqwest::Client) -> Result<String, SendOutcome> {
    let down = |cause| SendOutcome::AccountDown { cause };
    let Some(refresh) = account.setting("refresh_token") else {
        return call::credential(account, "access_token").map(str::to_owned).map_err(down);
    };
    let url = account.setting("token_url").unwrap_or(DEFAULT_TOKEN_URL);
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "refresh_token")
        .append_pair("client_id", call::credential(account, "client_id").map_err(down)?)
        .append_pair("client_secret", call::credential(account, "client_secret").map_err(down)?)
        .append_pair("refresh_token", refresh)
        .finish();
    let call = http.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
    let passing = |after_ms| SendOutcome::Retry {
        after_ms,
        cause: SendFailure::new("platform_down", "no token could be had: it is tried again"),
    };
    // Whatever went wrong here, nothing was sent.
    let answer = call::make(http, call, now).await.map_err(|_| passing(0))?;
    match json::text(&answer.body["access_token"]) {
        Some(token) if answer.status.is_success() => Ok(token),
        _ if matches!(answer.status.as_u16(), 400 | 401 | 403) => Err(down(SendFailure::new(
            "credentials",
            "the platform gives no token for client_id, client_secret and refresh_token: connect the profile again",
        ))),
        _ => Err(passing(answer.retry_after_ms)),
    }
}

fn judge(answer: &Answer, message: &Outbound) -> SendOutcome {
    let Answer { status, retry_after_ms, body } = answer;
    if status.is_success() {
        // The answer has no id of its own: the review's, and which of its answers it is.
        let review = message.thread.as_deref().unwrap_or(message.to.expose());
        let version = json::text(&body["updateTime"]).unwrap_or_else(|| message.id.to_string());
        return SendOutcome::Sent { external_id: format!("{review}/reply:{version}") };
    }
    let code = json::number(&body["error"]["code"]);
    let cause = |reason: &str, detail: &str| SendFailure { code, ..SendFailure::new(reason, detail) };
    match status.as_u16() {
        400 => SendOutcome::Failed { cause: cause("parameter", "the platform refuses the text: change it") },
        403 => SendOutcome::AccountDown {
            cause: cause(
                "permission",
                "the account may not answer for this location: make it a manager, and let the location be verified",
            ),
        },
        404 => SendOutcome::Failed { cause: cause("undeliverable", "the review is gone") },
        _ => by_status(*status, *retry_after_ms, code),
    }
}
