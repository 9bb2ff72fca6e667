//! Messages and their reports as Twilio posts them.

use blendline_wire::Pii;
use blendline_wire::inbound::{Attachment, InboundEvent, InboundKind, PlatformError};
use serde_json::{Map, Value};

use crate::form::Form;
use crate::reading::{self, fetched, kind_of_mime, no_webhook, small};
use crate::{Malformed, json};

/// Twilio takes ten files in one message.
const MEDIA_MAX: usize = 10;
/// The recipient wants no messages of this sender any more.
const OPTED_OUT: &str = "21610";

/// Translates a body, which holds one message or one report.
pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let form = Form::read(body);
    let id = ["MessageSid", "SmsSid", "SmsMessageSid"].iter().find_map(|key| form.text(key));
    let Some(id) = id else {
        return Err(no_webhook("/MessageSid", "a form with the id of a message"));
    };
    let status = ["MessageStatus", "SmsStatus"].iter().find_map(|key| form.text(key));
    let mut event = match status.map(|status| status.to_ascii_lowercase()) {
        Some(status) if !matches!(status.as_str(), "received" | "receiving") => report(&form, &status),
        _ => message(&form),
    };
    event.external_message_id = Some(id);
    Ok(vec![event])
}

fn message(form: &Form) -> InboundEvent {
    let sender = form.text("From");
    let choice = form.get("OptOutType").map(str::to_ascii_uppercase);
    let (kind, meaning) = match choice.as_deref() {
        Some("STOP") => (InboundKind::Optin, Some("opt_out")),
        Some("START") => (InboundKind::Optin, Some("opt_in")),
        _ => (InboundKind::Message, None),
    };
    InboundEvent {
        sender_id: sender.clone(),
        sender_name: form.text("ProfileName").map(Pii::new),
        sender_alt_ids: form.text("WaId").into_iter().collect(),
        text: form.text("Body").or_else(|| form.text("ButtonText")).map(Pii::new),
        payload: form.text("ButtonPayload").map(Pii::new),
        attachments: attachments(form),
        reply_to: form.text("OriginalRepliedMessageSid"),
        forwarded: form.get("Forwarded") == Some("true"),
        referral: referral(form),
        meaning: meaning.map(str::to_owned),
        ..reading::event(kind, form.get("To").unwrap_or_default(), sender)
    }
}

fn attachments(form: &Form) -> Vec<Attachment> {
    let files = (0..MEDIA_MAX).map_while(|i| {
        let url = form.text(&format!("MediaUrl{i}"))?;
        let mime = form.text(&format!("MediaContentType{i}"));
        Some(Attachment { mime: mime.clone(), ..fetched(kind_of_mime(mime.as_deref(), "media"), Some(url)) })
    });
    let place = form.get("Latitude").zip(form.get("Longitude"));
    let place = place.map(|_| small("location", &picked(form, &["Latitude", "Longitude", "Address", "Label"])));
    files.chain(place).collect()
}

fn referral(form: &Form) -> Option<Value> {
    let names = [
        "ReferralSourceUrl",
        "ReferralSourceId",
        "ReferralHeadline",
        "ReferralBody",
        "ReferralSourceType",
        "ReferralCtwaClid",
    ];
    let found = picked(form, &names);
    found.as_object().is_some_and(|all| !all.is_empty()).then_some(found)
}

/// These fields of the form, by their names.
fn picked(form: &Form, names: &[&str]) -> Value {
    let there = names.iter().filter_map(|name| Some(((*name).to_owned(), Value::from(form.get(name)?))));
    Value::Object(there.collect::<Map<_, _>>())
}

/// A report on one of our messages, which may tell no more than its id.
fn report(form: &Form, status: &str) -> InboundEvent {
    let ours = match status {
        "undelivered" | "canceled" => "failed",
        other => other,
    };
    let code = form.get("ErrorCode").and_then(|code| json::number(&Value::from(code)));
    let error = code.filter(|code| *code != 0).map(|code| PlatformError {
        code,
        title: form.text("ErrorMessage"),
        detail: form.text("ChannelStatusMessage"),
    });
    InboundEvent {
        is_status_or_echo: true,
        status: Some(ours.to_owned()),
        event: (ours != status).then(|| status.to_owned()),
        errors: error.into_iter().collect(),
        meaning: (form.get("ErrorCode") == Some(OPTED_OUT)).then(|| "opt_out".to_owned()),
        ..reading::event(InboundKind::Status, form.get("From").unwrap_or_default(), form.text("To"))
    }
}
