//! Bodies of a channel of the company's own: all of it is good, or none of it is taken.

use blendline_wire::Pii;
use blendline_wire::inbound::{Attachment, InboundEvent, InboundKind, PlatformError, Reaction, ReactionAction};

use super::TEXT_CHARS_MAX;
use super::place::{Object, Place};
use crate::{Malformed, json, reading};

const EVENTS_MAX: usize = 500;
const ID_CHARS_MAX: usize = 250;
const NAME_CHARS_MAX: usize = 250;
const ATTACHMENTS_MAX: usize = 50;

const KEYS: &[&str] = &[
    "type",
    "id",
    "from",
    "thread",
    "at",
    "text",
    "attachments",
    "reply_to",
    "target",
    "payload",
    "rating",
    "emoji",
    "removed",
    "visibility",
    "permalink",
    "status",
    "ref",
    "error",
];

const KINDS: &[(&str, InboundKind)] = &[
    ("message", InboundKind::Message),
    ("comment", InboundKind::Comment),
    ("mention", InboundKind::Mention),
    ("review", InboundKind::Review),
    ("call", InboundKind::Call),
    ("button", InboundKind::Postback),
    ("edit", InboundKind::Edit),
    ("delete", InboundKind::Delete),
    ("reaction", InboundKind::Reaction),
    ("status", InboundKind::Status),
    ("echo", InboundKind::Echo),
];
const STATUSES: &[(&str, &str)] =
    &[("sent", "sent"), ("delivered", "delivered"), ("read", "read"), ("failed", "failed")];
const VISIBILITIES: &[(&str, &str)] = &[("public", "public"), ("private", "private"), ("direct", "direct")];
const ATTACHMENTS: &[(&str, &str)] =
    &[("image", "image"), ("video", "video"), ("audio", "audio"), ("document", "document"), ("sticker", "sticker")];

/// Translates a body.
pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let root = json::parse(body)?;
    let root = Place::root(&root).object(&["events"])?;
    let mut events: Vec<InboundEvent> =
        root.need("events")?.list(EVENTS_MAX)?.into_iter().map(event).collect::<Result<_, _>>()?;
    reading::set_repeats_aside(&mut events);
    Ok(events)
}

fn event(place: Place<'_>) -> Result<InboundEvent, Malformed> {
    let fields = place.object(KEYS)?;
    let kind = fields.need("type")?.one_of(KINDS)?;
    let mut event = match kind {
        InboundKind::Status | InboundKind::Echo => of_ours(kind, &fields)?,
        _ => of_customer(kind, &fields)?,
    };
    event.timestamp = fields.get("at").map(|at| at.time()).transpose()?;
    event.conversation_key.thread = fields.text("thread", ID_CHARS_MAX)?;
    event.text = fields.text("text", TEXT_CHARS_MAX)?.map(Pii::new);
    if let Some(list) = fields.get("attachments") {
        event.attachments = list.list(ATTACHMENTS_MAX)?.into_iter().map(attachment).collect::<Result<_, _>>()?;
    }
    event.reply_to = fields.text("reply_to", ID_CHARS_MAX)?;
    event.visibility = fields.get("visibility").map(|one| one.one_of(VISIBILITIES)).transpose()?.map(str::to_owned);
    event.permalink = fields.get("permalink").map(|one| one.url()).transpose()?;
    if kind == InboundKind::Message && event.text.is_none() && event.attachments.is_empty() {
        // Nobody could answer that; it is a slip of the sender's.
        return fields.need("text").map(|_| event);
    }
    Ok(event)
}

/// What a customer did.
fn of_customer(kind: InboundKind, fields: &Object<'_>) -> Result<InboundEvent, Malformed> {
    fields.none_of(&["status", "ref", "error"], "only a status or an echo has this")?;
    let from = fields.need("from")?.object(&["id", "name", "username"])?;
    let sender = from.need("id")?.text(ID_CHARS_MAX)?;
    let mut event = InboundEvent {
        external_message_id: Some(fields.need("id")?.text(ID_CHARS_MAX)?),
        sender_name: from.text("name", NAME_CHARS_MAX)?.map(Pii::new),
        sender_username: from.text("username", NAME_CHARS_MAX)?.map(Pii::new),
        payload: fields.text("payload", TEXT_CHARS_MAX)?.map(Pii::new),
        sender_id: Some(sender.clone()),
        ..reading::event(kind, "", Some(sender))
    };
    if let Some(rating) = fields.get("rating") {
        event.rating = u8::try_from(rating.number(1..=5)?).ok();
    }
    match kind {
        InboundKind::Edit | InboundKind::Delete | InboundKind::Reaction => {
            event.target_message_id = Some(fields.need("target")?.text(ID_CHARS_MAX)?);
            // The id is that of the happening, so that a second edit is none of the first.
            event.dedup_key = event.external_message_id.clone();
        }
        InboundKind::Postback => {
            fields.need("payload")?;
        }
        _ => fields.none_of(&["target"], "only an edit, a delete or a reaction has a target")?,
    }
    if kind == InboundKind::Reaction {
        let removed = fields.get("removed").map(|one| one.flag()).transpose()?;
        let action = if removed == Some(true) { ReactionAction::Remove } else { ReactionAction::Add };
        event.reaction = Some(Reaction { emoji: fields.text("emoji", 64)?, action, ..Reaction::default() });
    }
    Ok(event)
}

/// What became of a message of ours, named by the id we gave (`ref`) or by the one that was answered to us (`id`).
fn of_ours(kind: InboundKind, fields: &Object<'_>) -> Result<InboundEvent, Malformed> {
    fields.none_of(&["target", "payload", "rating", "emoji", "removed"], "only what a customer did has this")?;
    let (id, ours) = (fields.text("id", ID_CHARS_MAX)?, fields.text("ref", ID_CHARS_MAX)?);
    if id.is_none() && ours.is_none() {
        fields.need("ref")?;
    }
    let status = match kind {
        InboundKind::Status => Some(fields.need("status")?.one_of(STATUSES)?.to_owned()),
        _ => None,
    };
    let mut errors = Vec::new();
    if let Some(error) = fields.get("error") {
        let error = error.object(&["code", "detail"])?;
        let code = error.get("code").map(|code| code.number(i64::MIN..=i64::MAX)).transpose()?.unwrap_or(-1);
        errors.push(PlatformError { code, title: None, detail: error.text("detail", 1000)? });
    }
    Ok(InboundEvent {
        dedup_key: id.is_none().then(|| ours.clone()).flatten(),
        external_message_id: id,
        outbound_ref: ours,
        status,
        errors,
        is_status_or_echo: true,
        ..reading::event(kind, "", None)
    })
}

fn attachment(place: Place<'_>) -> Result<Attachment, Malformed> {
    let fields = place.object(&["kind", "url", "mime", "filename"])?;
    Ok(Attachment {
        kind: fields.need("kind")?.one_of(ATTACHMENTS)?.to_owned(),
        r#ref: Some(fields.need("url")?.url()?),
        mime: fields.text("mime", 250)?,
        filename: fields.text("filename", 250)?.map(Pii::new),
    })
}
