//! SendGrid Inbound Parse: a form, parsed or with the whole mail; with a security policy it is signed.

use blendline_wire::inbound::{Attachment, InboundEvent};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde_json::Value;

use super::form::Form;
use super::header::Headers;
use super::provider::{Parsed, file, malformed};
use super::{charset, event, provider, transfer};
use crate::{Account, Carried, Malformed, Refusal, Webhook, json};

pub(super) const KEY_SETTING: &str = "verification_key";
const SIGNATURE: &str = "X-Twilio-Email-Event-Webhook-Signature";
const TIMESTAMP: &str = "X-Twilio-Email-Event-Webhook-Timestamp";
/// What precedes the 65 bytes of a P-256 point in the key that SendGrid shows (RFC 5480).
const KEY_PREFIX: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// ECDSA over the timestamp and the raw body.
pub(super) fn authenticate(account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
    let mut keys = account.setting_values(KEY_SETTING).peekable();
    if keys.peek().is_none() {
        return Err(Refusal::NotConfigured(KEY_SETTING));
    }
    let signature = hook.header(SIGNATURE).ok_or(Refusal::NoSignature(SIGNATURE))?;
    let timestamp = hook.header(TIMESTAMP).ok_or(Refusal::NoSignature(TIMESTAMP))?;
    let signature = transfer::base64(signature.as_bytes());
    let signed = [timestamp.as_bytes(), hook.body].concat();
    let is_signed_by = |key: &str| {
        let key = transfer::base64(key.as_bytes());
        let point = key.strip_prefix(KEY_PREFIX).unwrap_or(&key);
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(&signed, &signature).is_ok()
    };
    if keys.any(is_signed_by) { Ok(()) } else { Err(Refusal::WrongSignature(KEY_SETTING)) }
}

pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let form = Form::parse(body).ok_or_else(|| malformed("the whole body", "expected a form"))?;
    if form.bytes("headers").is_none() && form.bytes("email").is_none() && form.bytes("from").is_none() {
        return Err(malformed("headers", "expected the fields of Inbound Parse"));
    }
    let mut event = match form.bytes("email").and_then(event::of_raw) {
        Some(event) => event,
        None => provider::of_parsed(parsed(&form)),
    };
    if let Some(mail) = &mut event.mail {
        let dkim = form.text("dkim").map(|value| if value.contains("pass") { "pass" } else { "fail" }.to_owned());
        provider::authentication(mail, "sendgrid.net", form.text("SPF"), dkim, None);
    }
    let envelope = form.bytes("envelope").and_then(|bytes| json::parse(bytes).ok()).unwrap_or_default();
    provider::delivered(&mut event, envelope["to"][0].as_str());
    Ok(vec![event])
}

/// The files: within the mail where that came whole, else fields of the form.
pub(super) fn carried(body: &[u8], attachments: &[Attachment]) -> Carried {
    provider::carried_by_form(body, "email", attachments)
}

fn parsed(form: &Form) -> Parsed {
    // Each field has a charset of its own, and only this field tells which.
    let charsets = form.bytes("charsets").and_then(|bytes| json::parse(bytes).ok()).unwrap_or_default();
    let text = |name: &str| form.bytes(name).map(|bytes| charset::decode(bytes, charsets[name].as_str()));
    let block = form.bytes("headers").unwrap_or_default();
    let (headers, _) = Headers::split(block);
    let headers = if headers.is_empty() {
        let field = |name: &&str| Some(((*name).to_owned(), text(name)?));
        Headers::from_pairs(["from", "to", "cc", "subject"].iter().filter_map(field).collect::<Vec<_>>().into_iter())
    } else {
        headers.into_owned()
    };
    let info = form.bytes("attachment-info").and_then(|bytes| json::parse(bytes).ok()).unwrap_or(Value::Null);
    let inline = info
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(field, about)| Some((field.clone(), json::text(&about["content-id"])?)));
    Parsed {
        headers,
        plain: text("text"),
        html: text("html"),
        attachments: form.files().map(|field| file(&field.name, field.filename.clone(), field.mime.clone())).collect(),
        inline: inline.collect(),
    }
}
