//! One call that comments on a post or answers a comment (CHANNELS.md section 9).

use blendline_wire::Millis;
use blendline_wire::outbound::{Outbound, SendFailure, SendOutcome};
use reqwest::RequestBuilder;
use serde_json::json;

use super::{COMMENT_CHARS_MAX, DEFAULT_API_VERSION, DEFAULT_BASE_URL};
use crate::call::{self, Answer, by_status, failed, only_text, unknown, within};
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
    let text = only_text(&message.content)
        .and_then(|text| within("the text", text, COMMENT_CHARS_MAX).map(|()| text))
        .map_err(|cause| SendOutcome::Failed { cause })?;
    let Some(post) = &message.thread else {
        return Err(failed("parameter", "there is nothing to answer: a page writes to nobody of its own accord"));
    };
    let last = message.answers.as_ref().and_then(|answered| answered.external_id.as_ref());
    // What a person shared is a post of his own; only comments have answers under them.
    let comment = message.reply_to.as_ref().or(last).filter(|urn| urn.starts_with("urn:li:comment:"));
    let mut body = json!({ "actor": account.external_id, "object": post, "message": { "text": text } });
    if let Some(comment) = comment {
        body["parentComment"] = json!(comment);
    }
    let down = |cause| SendOutcome::AccountDown { cause };
    let token = call::credential(account, "access_token").map_err(down)?;
    let version = account.setting("api_version").unwrap_or(DEFAULT_API_VERSION);
    // A URN is one segment, whose signs the URL escapes.
    let path = ["rest", "socialActions", comment.unwrap_or(post), "comments"];
    let url = call::endpoint(account, DEFAULT_BASE_URL, &path).map_err(down)?;
    let call = http.post(url).bearer_auth(token).header("LinkedIn-Version", version);
    Ok(call.header("X-Restli-Protocol-Version", "2.0.0").json(&body))
}

fn judge(answer: &Answer) -> SendOutcome {
    let Answer { status, retry_after_ms, body } = answer;
    if status.is_success() {
        let urn = ["commentUrn", "$URN", "id"].iter().find_map(|key| json::text(&body[*key]));
        return match urn {
            Some(external_id) => SendOutcome::Sent { external_id },
            None => unknown("no_id", "the platform took the comment without naming it: look for it on the page"),
        };
    }
    let code = json::number(&body["serviceErrorCode"]);
    let cause = |reason: &str, detail: &str| SendFailure { code, ..SendFailure::new(reason, detail) };
    match status.as_u16() {
        403 => SendOutcome::AccountDown {
            cause: cause(
                "permission",
                "the token may not comment for the page: grant w_organization_social to its user",
            ),
        },
        400 | 422 => SendOutcome::Failed {
            cause: cause("parameter", "the platform refuses the comment: the post takes none, or it was said before"),
        },
        404 => SendOutcome::Failed { cause: cause("undeliverable", "the post or the comment to be answered is gone") },
        _ => by_status(*status, *retry_after_ms, code),
    }
}
