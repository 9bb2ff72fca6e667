//! Mailgun: a route posts a form, parsed or with the whole mail, and signs a time and a random word.

use blendline_wire::inbound::{Attachment, InboundEvent};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::form::Form;
use super::header::Headers;
use super::provider::{Parsed, file, malformed};
use super::{event, provider};
use crate::{Account, Carried, Malformed, Refusal, Webhook, json};

pub(super) const KEY_SETTING: &str = "signing_key";
/// Mailgun puts the signature into the body, not into a header.
const FIELDS: &str = "(field signature of the body)";

/// The signature covers `timestamp` and `token` only: a body that was changed under way is TLS's concern, a body that
/// comes twice the duplicate check's.
pub(super) fn authenticate(account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
    let mut keys = account.setting_values(KEY_SETTING).peekable();
    if keys.peek().is_none() {
        return Err(Refusal::NotConfigured(KEY_SETTING));
    }
    let [timestamp, token, signature] = signed_fields(hook.body).ok_or(Refusal::NoSignature(FIELDS))?;
    let mut given = [0; 32];
    hex::decode_to_slice(signature, &mut given).map_err(|_| Refusal::NoSignature(FIELDS))?;
    let matches = keys.fold(Choice::from(0), |any, key| any | sign(key, &timestamp, &token).ct_eq(&given));
    if bool::from(matches) { Ok(()) } else { Err(Refusal::WrongSignature(KEY_SETTING)) }
}

/// Time, token and signature: fields of a form, each of them once, or in a notice's JSON.
fn signed_fields(body: &[u8]) -> Option<[Vec<u8>; 3]> {
    const NAMES: [&str; 3] = ["timestamp", "token", "signature"];
    if let Some(form) = Form::parse(body) {
        let once = |name: &str| {
            let mut values = form.0.iter().filter(|field| field.name == name);
            values.next().filter(|_| values.next().is_none()).map(|field| field.bytes.clone())
        };
        return Some([once(NAMES[0])?, once(NAMES[1])?, once(NAMES[2])?]);
    }
    let root = json::parse(body).ok()?;
    let one = |name: &str| json::text(&root["signature"][name]).map(String::into_bytes);
    Some([one(NAMES[0])?, one(NAMES[1])?, one(NAMES[2])?])
}

fn sign(key: &str, timestamp: &[u8], token: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_or([0; 32], |mut mac| {
        mac.update(timestamp);
        mac.update(token);
        mac.finalize().into_bytes().into()
    })
}

pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let Some(form) = Form::parse(body) else {
        let root = json::parse(body).map_err(|_| malformed("the whole body", "expected a form or an event"))?;
        let data = &root["event-data"];
        if !data.is_object() {
            return Err(malformed("/event-data", "expected what happened"));
        }
        let name = data["event"].as_str().unwrap_or("unknown");
        let id = json::text(&data["message"]["headers"]["message-id"])
            .map(|id| format!("<{}>", id.trim_matches(['<', '>'])));
        return Ok(vec![provider::notice(name, id, &root)]);
    };
    if form.bytes("recipient").is_none() && form.bytes("message-headers").is_none() && form.bytes("body-mime").is_none()
    {
        return Err(malformed("recipient", "expected the fields of a route"));
    }
    let mut event = match form.bytes("body-mime").and_then(event::of_raw) {
        Some(event) => event,
        None => provider::of_parsed(parsed(&form)),
    };
    if let Some(mail) = &mut event.mail {
        mail.stripped_text = form.text("stripped-text").and_then(provider::stripped);
        let named = |name: &str| form.text(name).map(|value| value.trim().to_ascii_lowercase());
        provider::authentication(
            mail,
            "mailgun.org",
            named("X-Mailgun-Spf"),
            named("X-Mailgun-Dkim-Check-Result"),
            None,
        );
    }
    event.provider_message_id = form.text("token");
    provider::delivered(&mut event, form.text("recipient").as_deref());
    Ok(vec![event])
}

/// The files of a route: within the mail where that came whole, else fields of the form.
pub(super) fn carried(body: &[u8], attachments: &[Attachment]) -> Carried {
    provider::carried_by_form(body, "body-mime", attachments)
}

fn parsed(form: &Form) -> Parsed {
    let listed = form.bytes("message-headers").and_then(|bytes| json::parse(bytes).ok()).unwrap_or_default();
    let pairs: Vec<(String, String)> = json::items(&listed)
        .iter()
        .filter_map(|pair| Some((json::text(&pair[0])?, json::text(&pair[1]).unwrap_or_default())))
        .collect();
    let mut headers = Headers::from_pairs(pairs.into_iter());
    if headers.is_empty() {
        let fields = ["from", "to", "subject", "Date", "Message-Id", "In-Reply-To", "References"];
        let field = |name: &&str| Some(((*name).to_owned(), form.text(name)?));
        headers = Headers::from_pairs(fields.iter().filter_map(field).collect::<Vec<_>>().into_iter());
    }
    let inline = form.bytes("content-id-map").and_then(|bytes| json::parse(bytes).ok()).unwrap_or_default();
    let inline =
        inline.as_object().into_iter().flatten().filter_map(|(id, field)| Some((json::text(field)?, id.clone())));
    Parsed {
        headers,
        plain: form.text("body-plain"),
        html: form.text("body-html"),
        attachments: form.files().map(|field| file(&field.name, field.filename.clone(), field.mime.clone())).collect(),
        inline: inline.collect(),
    }
}
