//! Messages and reports of any gateway, by the names that gateways give to their fields.

use blendline_wire::Pii;
use blendline_wire::inbound::{Attachment, InboundEvent, InboundKind, PlatformError};
use serde_json::Value;

use crate::gateway::fields::{self, Fields};
use crate::reading::{self, fetched, fingerprint, first_text, kind_of_mime, no_webhook, set_repeats_aside};
use crate::{Malformed, json};

const IDS: &[&str] = &[
    "messageid",
    "messageuuid",
    "msgid",
    "smsid",
    "messagesid",
    "apimessageid",
    "apimsgid",
    "uuid",
    "messageguid",
    "guid",
    "smsmessageid",
    "transactionid",
    "smscid",
    "externalid",
    "linkid",
    "resourceid",
    "id",
];
const SENDERS: &[&str] = &[
    "from",
    "msisdn",
    "sender",
    "source",
    "sourceaddr",
    "sourceaddress",
    "srcaddr",
    "src",
    "originator",
    "fromnumber",
    "senderaddress",
    "sendernumber",
    "senderphone",
    "phonenumber",
    "phone",
    "mobile",
    "mobilenumber",
    "cellnumber",
    "number",
];
const RECIPIENTS: &[&str] = &[
    "to",
    "recipient",
    "destination",
    "destinationaddr",
    "destinationaddress",
    "destaddr",
    "dest",
    "dst",
    "tonumber",
    "receiver",
    "recipientnumber",
    "virtualnumber",
    "inboundnumber",
    "shortcode",
    "shortnumber",
    "service",
    "inbox",
];
const TEXTS: &[&str] =
    &["text", "message", "body", "content", "msg", "messagetext", "messagebody", "smstext", "smsmessage", "msgdata"];
const TIMES: &[&str] = &[
    "receivedat",
    "receivedatetime",
    "statusdatetime",
    "messagetimestamp",
    "timestamp",
    "receivedtime",
    "receiveddate",
    "datereceived",
    "createddatetime",
    "createdat",
    "sentat",
    "doneat",
    "datetime",
    "date",
    "time",
    "sent",
];
const STATUSES: &[&str] = &["messagestatus", "deliverystatus", "smsstatus", "dlrstatus", "status", "state", "stat"];
const CODES: &[&str] = &["errorcode", "errcode", "err", "statuserrorcode", "statuscode", "networkerrorcode"];
/// Our own id, where the gateway gives it back with its reports.
const REFS: &[&str] = &["ref", "clientref", "clientreference", "clientid", "userref", "customref", "reference"];
const PARTS: &[&str] = &["concatref", "concatreference", "multipartref", "refnum"];

/// Words of gateways for what became of a message, and ours for it.
const WORDS: &[(&str, &[&str])] = &[
    ("delivered", &["delivered", "delivrd", "delivery", "deliveredtohandset", "deliveredtoterminal", "success"]),
    (
        "failed",
        &[
            "failed",
            "fail",
            "undelivered",
            "undeliv",
            "undeliverable",
            "rejected",
            "rejectd",
            "expired",
            "error",
            "deleted",
            "deliveryfailed",
            "notdelivered",
            "blocked",
            "cancelled",
            "canceled",
        ],
    ),
    (
        "sent",
        &[
            "sent",
            "sending",
            "accepted",
            "acceptd",
            "submitted",
            "enroute",
            "buffered",
            "pending",
            "queued",
            "processed",
            "deliveredtogateway",
        ],
    ),
    ("read", &["read", "seen", "opened"]),
];
/// Words of gateways that only say that a message came in.
const INBOUND_WORDS: &[&str] = &["received", "inbound", "incoming", "new", "mo"];

/// Translates a body.
pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let body = fields::read(body)?;
    if !body.wrapped && !body.all.iter().any(is_known) {
        return Err(no_webhook("the whole body", "a message or a report with a sender, a recipient or an id"));
    }
    let mut events: Vec<InboundEvent> = body.all.iter().map(event).collect();
    set_repeats_aside(&mut events);
    Ok(events)
}

/// Two of the fields that every message or report has.
fn is_known(fields: &Fields) -> bool {
    let there = [
        fields.text(IDS).is_some(),
        fields.address(SENDERS).is_some(),
        fields.address(RECIPIENTS).is_some(),
        text(fields).is_some(),
        status(fields).is_some(),
    ];
    there.iter().filter(|one| **one).count() >= 2
}

fn event(fields: &Fields) -> InboundEvent {
    if !is_known(fields) {
        return reading::unreadable("an item", "a message or a report", &fields.whole);
    }
    let words = text(fields);
    match status(fields) {
        // A report may repeat what was sent; a word for "came in" makes no report.
        Some(status) if words.is_none() || status_is_certain(fields, &status) => report(fields, &status),
        _ => message(fields, words),
    }
}

fn message(fields: &Fields, words: Option<String>) -> InboundEvent {
    let (sender, recipient) = (fields.address(SENDERS), fields.address(RECIPIENTS));
    let ours = is_outbound(fields);
    let (kind, account, peer) = match ours {
        true => (InboundKind::Echo, sender.clone(), recipient),
        false => (InboundKind::Message, recipient, sender.clone()),
    };
    let mut event = InboundEvent {
        sender_id: sender,
        is_status_or_echo: ours,
        text: words.map(Pii::new),
        attachments: attachments(fields),
        timestamp: fields.time(TIMES),
        // A long message that the gateway did not put together comes in parts, which belong together.
        album_id: fields.text(PARTS),
        external_message_id: fields.text(IDS),
        ..reading::event(kind, &account.unwrap_or_default(), peer)
    };
    event.dedup_key = event.external_message_id.is_none().then(|| derived_key(&event));
    event
}

/// Without an id: the same words between the same two at the same second are the same message.
fn derived_key(event: &InboundEvent) -> String {
    let second = event.timestamp.map_or(0, |time| time.0.0 / 1000);
    let text = event.text.as_ref().map(|text| text.expose().as_str());
    let parts = [
        Value::from(event.sender_id.as_deref()),
        Value::from(event.conversation_key.account.as_str()),
        Value::from(text),
        Value::from(second),
    ];
    fingerprint(&parts.iter().collect::<Vec<_>>())
}

fn report(fields: &Fields, word: &str) -> InboundEvent {
    // Vonage writes the handset as `msisdn`, also in reports; for all others the report goes from us to the handset.
    let handset = fields.address(&["msisdn"]);
    let (account, peer) = match handset {
        Some(handset) => (fields.address(&["to"]), Some(handset)),
        None => (fields.address(SENDERS), fields.address(RECIPIENTS)),
    };
    let ours = WORDS.iter().find(|(_, words)| words.contains(&plain(word).as_str())).map(|(ours, _)| *ours);
    let code =
        fields.text(CODES).or_else(|| fields.values("error").find_map(|error| first_text(error, &["id", "code"])));
    let code = code.and_then(|code| json::number(&Value::from(code))).filter(|code| *code != 0);
    let detail = fields.values("error").find_map(|error| first_text(error, &["description", "name", "message"]));
    let errors = code.map(|code| PlatformError { code, title: None, detail }).filter(|_| ours == Some("failed"));
    InboundEvent {
        external_message_id: fields.text(IDS),
        outbound_ref: fields.text(REFS).filter(|text| text.starts_with("out_")),
        timestamp: fields.time(TIMES),
        is_status_or_echo: true,
        status: Some(ours.map_or_else(|| plain(word), str::to_owned)),
        errors: errors.into_iter().collect(),
        ..reading::event(InboundKind::Status, &account.unwrap_or_default(), peer)
    }
}

/// What the body calls the state of the message, unless that is only that it came in.
fn status(fields: &Fields) -> Option<String> {
    let of_value = |value: &Value| {
        json::text(value).or_else(|| first_text(value, &["groupName", "name", "status", "description"]))
    };
    let word = STATUSES.iter().find_map(|key| fields.values(key).find_map(of_value)).or_else(|| of_type(fields))?;
    (!INBOUND_WORDS.contains(&plain(&word).as_str())).then_some(word)
}

/// The state where it is part of the event's name, as in `message-delivered`.
fn of_type(fields: &Fields) -> Option<String> {
    let name = plain(&fields.text(&["type", "eventtype", "event"])?);
    let word = name.strip_prefix("message")?;
    WORDS.iter().any(|(_, words)| words.contains(&word)).then(|| word.to_owned())
}

/// True when the body can only be a report, even if it repeats what was sent.
fn status_is_certain(fields: &Fields, word: &str) -> bool {
    let named = STATUSES[..4].iter().any(|key| fields.values(key).next().is_some()) || of_type(fields).is_some();
    named && WORDS.iter().any(|(_, words)| words.contains(&plain(word).as_str()))
}

/// True when the body says that it is ours.
fn is_outbound(fields: &Fields) -> bool {
    fields
        .text(&["direction"])
        .is_some_and(|way| matches!(plain(&way).as_str(), "out" | "outbound" | "outgoing" | "mt"))
}

fn plain(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).take(40).collect::<String>().to_ascii_lowercase()
}

/// The words: a text, or the parts of a message that say that they are text.
fn text(fields: &Fields) -> Option<String> {
    fields.text(TEXTS).or_else(|| {
        let parts = parts(fields).filter(|part| kind_of_part(part).is_none());
        let words: Vec<String> =
            parts.filter_map(|part| first_text(part, &["value", "text", "body", "content"])).collect();
        (!words.is_empty()).then(|| words.join("\n"))
    })
}

fn parts(fields: &Fields) -> impl Iterator<Item = &Value> {
    ["message", "media", "attachments", "mediaurls", "mediaitems", "parts"]
        .into_iter()
        .flat_map(|key| fields.values(key))
        .flat_map(json::items)
}

/// The media type of a part that is a file; `None` for words.
fn kind_of_part(part: &Value) -> Option<String> {
    let mime = first_text(part, &["contentType", "content_type", "mimeType", "mime_type", "type"]);
    let url = part.is_string() || first_text(part, &["url", "mediaUrl", "media_url", "link"]).is_some();
    url.then(|| mime.unwrap_or_default())
}

fn attachments(fields: &Fields) -> Vec<Attachment> {
    let listed = parts(fields).filter_map(|part| {
        let mime = kind_of_part(part)?;
        let url = json::text(part).or_else(|| first_text(part, &["url", "mediaUrl", "media_url", "link"]));
        let mime = Some(mime).filter(|mime| !mime.is_empty());
        Some(Attachment { mime: mime.clone(), ..fetched(kind_of_mime(mime.as_deref(), "media"), url) })
    });
    let numbered = (0..10).filter_map(|i| {
        let url = fields.text(&[&format!("mediaurl{i}"), &format!("media{i}")])?;
        let mime = fields.text(&[&format!("mediacontenttype{i}")]);
        Some(Attachment { mime: mime.clone(), ..fetched(kind_of_mime(mime.as_deref(), "media"), Some(url)) })
    });
    let single = fields.text(&["mediaurl", "imageurl", "attachmenturl"]).map(|url| fetched("media", Some(url)));
    listed.chain(numbered).chain(single).collect()
}
