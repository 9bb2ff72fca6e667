//! One call that sends a message.

use blendline_wire::Millis;
use blendline_wire::outbound::{Content, Outbound, SendFailure, SendOutcome};
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;

use super::{DEFAULT_BASE_URL, TEXT_CHARS_MAX};
use crate::call::{self, Answer, by_status, unknown, within};
use crate::{Account, json};

#[derive(Clone, Copy)]
enum Class {
    Retry,
    Failed,
    AccountDown,
}

/// A row: the code, its class, reason, and the sentence with the cure (CHANNELS.md section 10).
type Row = (i64, Class, &'static str, &'static str);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (20_003, Class::AccountDown, "credentials", "the platform refuses account_sid or auth_token: set the right ones"),
    (20_005, Class::AccountDown, "account_locked", "the Twilio account is suspended: see its console"),
    (20_404, Class::AccountDown, "configuration", "the platform knows no such account: check account_sid"),
    (20_429, Class::Retry, "rate_limited", "too many calls: it is tried again later"),
    (21_211, Class::Failed, "undeliverable", "the recipient is no number that can be reached"),
    (21_212, Class::AccountDown, "configuration", "the account's number may not send: check its id"),
    (21_408, Class::Failed, "undeliverable", "the account may not write to the recipient's country: allow it in the console"),
    (21_603, Class::AccountDown, "configuration", "the account has no number to send from: check its id"),
    (21_606, Class::AccountDown, "configuration", "the account's number cannot send messages: check its id"),
    (21_610, Class::Failed, "opted_out", "the customer wants no messages from this number: do not try again"),
    (21_612, Class::Failed, "undeliverable", "there is no way from this number to the recipient"),
    (21_614, Class::Failed, "undeliverable", "the recipient is no mobile number"),
    (21_617, Class::Failed, "parameter", "the text is too long: shorten it"),
    (21_620, Class::Failed, "media", "the link of the file cannot be used: give an https URL"),
    (30_001, Class::Retry, "rate_limited", "the queue of the number is full: it is tried again later"),
    (30_002, Class::AccountDown, "account_locked", "the Twilio account is suspended: see its console"),
    (63_018, Class::Retry, "rate_limited", "too many messages: it is tried again later"),
];

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
    let fields = content(&message.content).map_err(|cause| SendOutcome::Failed { cause })?;
    let down = |cause| SendOutcome::AccountDown { cause };
    let sid = call::credential(account, "account_sid").map_err(down)?;
    // Of several tokens the first is the one in use.
    let token = call::credential(account, "auth_token").map_err(down)?.split(',').next().unwrap_or_default().trim();
    let path = ["2010-04-01", "Accounts", sid, "Messages.json"];
    let url = call::endpoint(account, DEFAULT_BASE_URL, &path).map_err(down)?;
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("To", message.to.expose());
    // A messaging service chooses among its numbers.
    let service = account.external_id.starts_with("MG");
    form.append_pair(if service { "MessagingServiceSid" } else { "From" }, &account.external_id);
    form.extend_pairs(fields);
    if let Some(address) = account.setting("public_url") {
        form.append_pair("StatusCallback", address);
    }
    let form = form.finish();
    Ok(http.post(url).basic_auth(sid, Some(token)).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form))
}

fn content(content: &Content) -> Result<Vec<(&'static str, &str)>, SendFailure> {
    match content {
        Content::Text { text } => {
            within("the text", text.expose(), TEXT_CHARS_MAX)?;
            Ok(vec![("Body", text.expose().as_str())])
        }
        Content::Media { link, caption, .. } => {
            let words = caption.as_ref().map(|caption| ("Body", caption.expose().as_str()));
            Ok(words.into_iter().chain([("MediaUrl", link.as_str())]).collect())
        }
        Content::Template { .. } | Content::Buttons { .. } => {
            Err(SendFailure::new("parameter", "a text message has neither templates nor buttons: send text"))
        }
    }
}

fn judge(answer: &Answer) -> SendOutcome {
    let Answer { status, retry_after_ms, body } = answer;
    if status.is_success() {
        return match json::text(&body["sid"]) {
            Some(external_id) => SendOutcome::Sent { external_id },
            None => unknown("no_id", "the platform took the message without naming it: a status report tells its id"),
        };
    }
    let code = json::number(&body["code"]);
    let row = TABLE.iter().find(|(row, ..)| code == Some(*row));
    let Some((_, class, reason, detail)) = row else { return by_status(*status, *retry_after_ms, code) };
    let cause = SendFailure { code, ..SendFailure::new(reason, *detail) };
    match class {
        Class::Retry => SendOutcome::Retry { after_ms: *retry_after_ms, cause },
        Class::Failed => SendOutcome::Failed { cause },
        Class::AccountDown => SendOutcome::AccountDown { cause },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_order() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(TABLE.iter().all(|(_, _, reason, detail)| !reason.is_empty() && !detail.ends_with('.')));
    }
}
