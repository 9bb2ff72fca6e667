//! Resend: the webhook tells that a mail came; the mail itself must be fetched. Signed as Standard Webhooks are.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blendline_wire::inbound::{Attachment, InboundEvent};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::header::Headers;
use super::provider::{Parsed, file, malformed};
use super::{content, event, provider, transfer};
use crate::{Account, Carried, FetchError, Malformed, Refusal, Webhook, fetch, json};

pub(super) const KEY_SETTING: &str = "api_key";
/// Where Resend's mails lie, besides its API.
const HOSTS: &[&str] = &["inbound-cdn.resend.com"];
/// The largest mail that is fetched; Resend takes 40 MB with everything encoded.
const MAIL_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Where we put the mail that was fetched, in base64: no name of Resend's.
const WHOLE: &str = "blendline_mail";
pub(super) const SECRET_SETTING: &str = "signing_secret";
const SIGNATURE: &str = "svix-signature";
const ID: &str = "svix-id";
const TIMESTAMP: &str = "svix-timestamp";

/// HMAC over id, timestamp and body; the header may hold several signatures, of old and new secrets.
pub(super) fn authenticate(account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
    let mut secrets = account.setting_values(SECRET_SETTING).peekable();
    if secrets.peek().is_none() {
        return Err(Refusal::NotConfigured(SECRET_SETTING));
    }
    let named = |standard: &'static str, name: &'static str| {
        hook.header(name).or_else(|| hook.header(standard)).ok_or(Refusal::NoSignature(name))
    };
    let id = named("webhook-id", ID)?;
    let timestamp = named("webhook-timestamp", TIMESTAMP)?;
    let given = named("webhook-signature", SIGNATURE)?;
    let given: Vec<Vec<u8>> = given
        .split_whitespace()
        .filter_map(|one| one.strip_prefix("v1,"))
        .take(16)
        .map(|one| transfer::base64(one.as_bytes()))
        .collect();
    let mut any = Choice::from(0);
    for secret in secrets {
        let key = transfer::base64(secret.strip_prefix("whsec_").unwrap_or(secret).as_bytes());
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { continue };
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", hook.body] {
            mac.update(part);
        }
        let expected = mac.finalize().into_bytes();
        any = given.iter().fold(any, |any, one| any | expected.as_slice().ct_eq(one));
    }
    if bool::from(any) { Ok(()) } else { Err(Refusal::WrongSignature(SECRET_SETTING)) }
}

pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let root = json::parse(body)?;
    let Some(kind) = root["type"].as_str() else { return Err(malformed("/type", "expected the type of an event")) };
    if !kind.starts_with("email.") {
        return Err(malformed("/type", "expected an event of mail"));
    }
    let data = &root["data"];
    if kind != "email.received" {
        return Ok(vec![provider::notice(kind, json::text(&data["email_id"]), &root)]);
    }
    let whole = whole(data).and_then(|raw| event::of_raw(&raw));
    let is_whole = whole.is_some() || !data["text"].is_null() || !data["html"].is_null();
    let mut event = whole.unwrap_or_else(|| provider::of_parsed(parsed(data)));
    event.needs_fetch = !is_whole;
    event.provider_message_id = json::text(&data["email_id"]);
    event.timestamp = event
        .timestamp
        .or_else(|| provider::instant(&data["created_at"]))
        .or_else(|| provider::instant(&root["created_at"]));
    provider::delivered(&mut event, data["to"][0].as_str());
    Ok(vec![event])
}

/// The mail itself, where it was fetched.
fn whole(data: &Value) -> Option<Vec<u8>> {
    Some(transfer::base64(data[WHOLE].as_str()?.as_bytes()))
}

/// The files, which are within the mail.
pub(super) fn carried(body: &[u8], attachments: &[Attachment]) -> Carried {
    let raw = json::parse(body).ok().and_then(|root| whole(&root["data"])).unwrap_or_default();
    content::carried(&raw, attachments)
}

/// The webhook with the mail inside: <https://resend.com/docs/api-reference/emails/retrieve-received-email>.
pub(super) async fn completed(
    account: &Account,
    body: &[u8],
    http: &reqwest::Client,
) -> Result<Option<Vec<u8>>, FetchError> {
    let (Some(key), Ok(mut root)) = (account.setting(KEY_SETTING), json::parse(body)) else { return Ok(None) };
    let id = json::text(&root["data"]["email_id"]).filter(|_| root["type"] == "email.received");
    let is_plain = |id: &String| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let (Some(id), true) = (id.filter(is_plain), root["data"].is_object()) else { return Ok(None) };
    let base = account.setting("base_url").unwrap_or("https://api.resend.com").trim_end_matches('/');
    let about = http.get(format!("{base}/emails/receiving/{id}?html_format=cid")).bearer_auth(key);
    let about = fetch::ours(about, MAIL_BYTES_MAX).await?.bytes;
    let about = json::parse(&about).map_err(|_| FetchError::Damaged)?;
    for name in ["text", "html", "headers", "reply_to"] {
        root["data"][name] = about[name].clone();
    }
    if let Some(url) = about["raw"]["download_url"].as_str() {
        let raw = fetch::named(http, account, url, HOSTS, |request| request, MAIL_BYTES_MAX).await?.bytes;
        root["data"][WHOLE] = BASE64_STANDARD.encode(raw).into();
    }
    Ok(Some(root.to_string().into_bytes()))
}

fn parsed(data: &Value) -> Parsed {
    let list = |name: &str| {
        let all: Vec<String> = json::items(&data[name]).iter().filter_map(json::text).collect();
        if all.is_empty() { json::text(&data[name]) } else { Some(all.join(", ")) }
    };
    let fields = [
        ("From", list("from")),
        ("To", list("to")),
        ("Cc", list("cc")),
        ("Reply-To", list("reply_to")),
        ("Subject", json::text(&data["subject"])),
        ("Message-ID", json::text(&data["message_id"])),
    ];
    let given = data["headers"].as_object().into_iter().flatten();
    let given = given.filter_map(|(name, value)| Some((name.clone(), json::text(value)?)));
    let files = json::items(&data["attachments"]);
    let reference = |one: &Value| json::text(&one["id"]).unwrap_or_default();
    Parsed {
        headers: Headers::from_pairs(
            fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).chain(given),
        ),
        plain: json::text(&data["text"]),
        html: json::text(&data["html"]),
        attachments: files
            .iter()
            .map(|one| file(&reference(one), json::text(&one["filename"]), json::text(&one["content_type"])))
            .collect(),
        inline: files.iter().filter_map(|one| Some((reference(one), json::text(&one["content_id"])?))).collect(),
    }
}
