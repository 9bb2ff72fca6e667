//! What the providers have in common: a mail in pieces, and who it was delivered to.

use blendline_wire::inbound::{Attachment, InboundEvent, InboundKind};
use blendline_wire::mail::{InlinePart, Mail, MailAuthentication};
use blendline_wire::time::Instant;
use blendline_wire::{Millis, Pii};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::content::{self, Content};
use super::content_type::ContentType;
use super::form::{Field, Form};
use super::header::Headers;
use super::mime::safe_name;
use super::{address, event};
use crate::{Carried, Malformed, json};

/// A mail that the provider took apart.
pub(super) struct Parsed {
    pub(super) headers: Headers<'static>,
    pub(super) plain: Option<String>,
    pub(super) html: Option<String>,
    pub(super) attachments: Vec<Attachment>,
    /// Attachments that the HTML shows: reference and content id.
    pub(super) inline: Vec<(String, String)>,
}

/// The event of it.
pub(super) fn of_parsed(parsed: Parsed) -> InboundEvent {
    let clean = |text: String| text.replace('\0', "").replace("\r\n", "\n");
    let mut content = Content::of_bodies(
        parsed.plain.map(clean),
        parsed.html.filter(|markup| !markup.trim().is_empty()).map(|markup| || markup),
    );
    content.attachments = parsed.attachments;
    let inline = parsed
        .inline
        .into_iter()
        .map(|(r#ref, id)| InlinePart { r#ref, content_id: id.trim_matches(['<', '>', ' ']).to_owned() });
    content.inline = inline.filter(|one| !one.content_id.is_empty()).take(500).collect();
    let kind = ContentType::parse(parsed.headers.raw("content-type"));
    event::of_parts(&parsed.headers, &kind, &[], content)
}

/// An attachment as a provider lists it.
pub(super) fn file(reference: &str, name: Option<String>, mime: Option<String>) -> Attachment {
    let mime = mime.filter(|mime| !mime.is_empty());
    let kind = match mime.as_deref().and_then(|mime| mime.split('/').next()) {
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        _ => "document",
    };
    Attachment {
        kind: kind.to_owned(),
        r#ref: Some(reference.to_owned()).filter(|reference| !reference.is_empty()),
        mime,
        filename: name.as_deref().and_then(safe_name).map(Pii::new),
    }
}

/// The bytes of attachments that a form brought: in the whole mail under `whole`, or each in a field of its own.
pub(super) fn carried_by_form(body: &[u8], whole: &str, attachments: &[Attachment]) -> Carried {
    let Some(mut form) = Form::parse(body) else { return vec![None; attachments.len()] };
    if let Some(raw) = form.bytes(whole).filter(|raw| !content::is_blank(raw)) {
        return content::carried(raw, attachments);
    }
    let mut take = |reference: &str| {
        let is_it = |field: &&mut Field| field.filename.is_some() && field.name == reference;
        form.0.iter_mut().find(is_it).map(|field| std::mem::take(&mut field.bytes))
    };
    attachments.iter().map(|one| take(one.r#ref.as_deref()?)).collect()
}

/// Notes the envelope's recipient.
///
/// It does not name the account: that is the webhook's own, however many addresses are led to it.
pub(super) fn delivered(event: &mut InboundEvent, recipient: Option<&str>) {
    let given = recipient.and_then(|text| address::parse(text.as_bytes()).into_iter().next()).map(|one| one.address);
    let (Some(mail), Some(given)) = (&mut event.mail, given.filter(|given| !given.is_empty())) else { return };
    if super::reply_address::is_one(&given) {
        mail.reply_token = Some(Pii::new(given.clone()));
    }
    if !mail.delivered_to.iter().any(|one| one.expose().eq_ignore_ascii_case(&given)) {
        mail.delivered_to.insert(0, Pii::new(given));
    }
}

/// Notes what the provider found out about the sender; it is the one who received the mail, so its word is the trusted one.
pub(super) fn authentication(
    mail: &mut Mail,
    by: &str,
    spf: Option<String>,
    dkim: Option<String>,
    dmarc: Option<String>,
) {
    let clean =
        |text: Option<String>| text.map(|text| text.trim().to_ascii_lowercase()).filter(|text| !text.is_empty());
    let (spf, dkim, dmarc) = (clean(spf), clean(dkim), clean(dmarc));
    if spf.is_some() || dkim.is_some() || dmarc.is_some() {
        mail.authentication = Some(MailAuthentication { by: by.to_owned(), spf, dkim, dmarc });
    }
}

/// The provider's own idea of what was written, no longer than the text itself may be.
pub(super) fn stripped(mut text: String) -> Option<Pii<String>> {
    text.truncate(text.floor_char_boundary(content::TEXT_BYTES_MAX));
    event::pii(text)
}

/// What the provider tells about a mail of ours, by the last word of its event's name.
pub(super) fn notice(name: &str, id: Option<String>, whole: &Value) -> InboundEvent {
    let word = name.rsplit(['.', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let status = match word.as_str() {
        "sent" | "send" | "accepted" => Some("sent"),
        "delivered" | "delivery" => Some("delivered"),
        "opened" | "open" => Some("read"),
        "bounced" | "bounce" | "failed" | "reject" | "rejected" | "dropped" => Some("failed"),
        "delayed" | "deliverydelay" => Some("delayed"),
        _ => None,
    };
    let complains = ["complaint", "complained", "spamcomplaint"].contains(&word.as_str());
    let kind = match status {
        _ if complains => InboundKind::Optin,
        Some(_) if id.is_some() => InboundKind::Status,
        _ => InboundKind::Unsupported,
    };
    InboundEvent {
        kind,
        status: status.map(str::to_owned),
        target_message_id: id.clone(),
        provider_message_id: id,
        event: Some(if complains { "complaint".to_owned() } else { name.chars().take(80).collect() }),
        is_status_or_echo: true,
        dedup_key: Some(hex::encode(&Sha256::digest(whole.to_string().as_bytes())[..16])),
        ..InboundEvent::default()
    }
}

/// An RFC 3339 instant, to the second.
pub(super) fn instant(value: &Value) -> Option<Instant> {
    let at = Millis::from_rfc3339(&json::text(value)?)?;
    Some(Instant(Millis(at.0 / 1000 * 1000)))
}

pub(super) fn malformed(place: &str, detail: &str) -> Malformed {
    Malformed { place: place.to_owned(), detail: detail.to_owned() }
}
