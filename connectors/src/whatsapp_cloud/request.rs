//! The body of a call that sends a message, and what the platform would refuse in it.

use blendline_wire::Pii;
use blendline_wire::outbound::{Content, Outbound, SendFailure};
use serde_json::{Value, json};

use super::{CAPABILITIES, template};

/// Documented lengths, in characters.
const BUTTONS_TEXT_CHARS_MAX: usize = 1024;
const BUTTON_LABEL_CHARS_MAX: usize = 20;
const BUTTON_PAYLOAD_CHARS_MAX: usize = 256;
const CAPTION_CHARS_MAX: usize = 1024;
const BUTTONS_MAX: usize = 3;

/// Kinds that are shown with words beside them.
const CAPTIONED: &[&str] = &["image", "video", "document"];

/// The body for `message`, or why the platform would refuse it: an error before the call costs no call.
pub(super) fn body(message: &Outbound) -> Result<Value, SendFailure> {
    let to = message.to.expose().trim();
    let mut body = json!({
        "messaging_product": "whatsapp",
        // Comes back with every status: the only way to settle a call whose answer was lost.
        "biz_opaque_callback_data": message.id.to_string(),
    });
    match Recipient::of(to) {
        Recipient::Nobody => return Err(parameter("the recipient is empty: give a phone number or a user id")),
        Recipient::Group => {
            body["recipient_type"] = json!("group");
            body["to"] = json!(to);
        }
        Recipient::UserId => {
            body["recipient_type"] = json!("individual");
            body["recipient"] = json!(to);
        }
        Recipient::Phone => {
            body["recipient_type"] = json!("individual");
            body["to"] = json!(to);
        }
    }
    if let Some(answered) = &message.reply_to {
        body["context"] = json!({ "message_id": answered });
    }
    let (kind, content) = content(&message.content)?;
    body["type"] = json!(kind);
    body[kind] = content;
    Ok(body)
}

/// What an address is, told by its form as documented; nobody but this channel does so.
#[derive(Debug, Eq, PartialEq)]
enum Recipient {
    Phone,
    /// A business-scoped user id: two letters of a country, a dot and more, such as `US.1349` or `US.ENT.118`.
    UserId,
    Group,
    Nobody,
}

impl Recipient {
    fn of(to: &str) -> Self {
        match to.as_bytes() {
            [] => Self::Nobody,
            [a, b, b'.', ..] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Self::UserId,
            _ if to.ends_with("@g.us") => Self::Group,
            _ => Self::Phone,
        }
    }
}

fn content(content: &Content) -> Result<(&'static str, Value), SendFailure> {
    match content {
        Content::Text { text } => {
            within("the text", text.expose(), 1, CAPABILITIES.text_chars_max)?;
            Ok(("text", json!({ "body": text.expose() })))
        }
        Content::Template { name, language, parameters, header, buttons } => {
            template::template(name, language, parameters, header.as_deref(), buttons)
        }
        Content::Media { kind, link, caption, filename } => media(kind, link, caption.as_ref(), filename.as_deref()),
        Content::Buttons { text, buttons } => interactive(text, buttons),
    }
}

fn media(
    kind: &str,
    link: &str,
    caption: Option<&Pii<String>>,
    filename: Option<&str>,
) -> Result<(&'static str, Value), SendFailure> {
    let kinds: Vec<_> = CAPABILITIES.media_bytes_max.iter().map(|(kind, _)| *kind).collect();
    let Some(kind) = kinds.iter().copied().find(|known| *known == kind) else {
        return Err(parameter(&format!("the platform takes no media of this kind: use one of {}", kinds.join(", "))));
    };
    fetchable(link)?;
    let mut media = json!({ "link": link });
    if let Some(caption) = caption {
        if !CAPTIONED.contains(&kind) {
            return Err(parameter("audio and stickers take no caption: send the words as a text of their own"));
        }
        within("the caption", caption.expose(), 0, CAPTION_CHARS_MAX)?;
        media["caption"] = json!(caption.expose());
    }
    if let Some(filename) = filename.filter(|_| kind == "document") {
        media["filename"] = json!(filename);
    }
    Ok((kind, media))
}

/// Refuses a link that the platform could not follow.
pub(super) fn fetchable(link: &str) -> Result<(), SendFailure> {
    if reqwest::Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
        return Ok(());
    }
    Err(parameter("the link is no URL that the platform could fetch: give an https URL"))
}

fn interactive(text: &Pii<String>, buttons: &[(String, String)]) -> Result<(&'static str, Value), SendFailure> {
    within("the text", text.expose(), 1, BUTTONS_TEXT_CHARS_MAX)?;
    if !(1..=BUTTONS_MAX).contains(&buttons.len()) {
        return Err(parameter("the platform takes one to three buttons: send fewer, or ask in words"));
    }
    for (payload, label) in buttons {
        within("a button's payload", payload, 1, BUTTON_PAYLOAD_CHARS_MAX)?;
        within("a button's label", label, 1, BUTTON_LABEL_CHARS_MAX)?;
    }
    let buttons: Vec<_> = buttons
        .iter()
        .map(|(payload, label)| json!({ "type": "reply", "reply": { "id": payload, "title": label } }))
        .collect();
    Ok((
        "interactive",
        json!({ "type": "button", "body": { "text": text.expose() }, "action": { "buttons": buttons } }),
    ))
}

pub(super) fn within(what: &str, text: &str, chars_min: usize, chars_max: usize) -> Result<(), SendFailure> {
    let count = text.chars().count();
    if (chars_min..=chars_max).contains(&count) {
        return Ok(());
    }
    Err(parameter(&format!("{what} has {count} characters, the platform takes {chars_min} to {chars_max}: change it")))
}

pub(super) fn parameter(detail: &str) -> SendFailure {
    SendFailure::new("parameter", detail)
}

#[cfg(test)]
mod tests {
    use blendline_wire::{AccountId, ConversationId, OutboundId, TenantId};

    use super::*;

    fn message(to: &str, content: Content) -> Outbound {
        Outbound {
            id: OutboundId(7),
            attempt: 1,
            tenant: TenantId(1),
            account: AccountId(1),
            conversation: ConversationId(1),
            to: to.into(),
            thread: None,
            reply_to: None,
            private_reply_to: None,
            answers: None,
            content,
            window_until: None,
            message_id: None,
            in_reply_to: None,
            references: Vec::new(),
            subject: None,
            reply_address: None,
            automatic: false,
            trace: None,
        }
    }

    fn text(words: &str) -> Content {
        Content::Text { text: words.into() }
    }

    #[test]
    fn a_text_is_the_documented_body() {
        let mut answer = message("972500000001", text("שלום"));
        answer.reply_to = Some("wamid.A".into());
        let expected = json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "972500000001",
            "biz_opaque_callback_data": "out_7", "context": {"message_id": "wamid.A"},
            "type": "text", "text": {"body": "שלום"},
        });
        assert_eq!(body(&answer), Ok(expected));
    }

    #[test]
    fn the_recipient_goes_where_its_form_says() {
        let sent = |to: &str| body(&message(to, text("x"))).unwrap();
        assert_eq!(sent("+44 20 7946 0000")["to"], "+44 20 7946 0000");
        assert_eq!(sent("US.134")["recipient"], "US.134");
        assert_eq!(sent("US.134").get("to"), None);
        assert_eq!(sent("US.ENT.118")["recipient"], "US.ENT.118");
        assert_eq!(sent("1203@g.us")["recipient_type"], "group");
        assert!(body(&message("  ", text("x"))).is_err());
    }

    #[test]
    fn the_other_contents_are_the_documented_bodies() {
        let template = Content::Template {
            name: "visit".into(),
            language: "he".into(),
            parameters: vec!["Dana".into(), "Monday".into()],
            header: None,
            buttons: vec![],
        };
        assert_eq!(
            content(&template).unwrap(),
            (
                "template",
                json!({"name": "visit", "language": {"code": "he"}, "components": [{"type": "body", "parameters": [
                    {"type": "text", "text": "Dana"}, {"type": "text", "text": "Monday"},
                ]}]})
            )
        );
        let plain = Content::Template {
            name: "visit".into(),
            language: "he".into(),
            parameters: vec![],
            header: None,
            buttons: vec![],
        };
        assert_eq!(content(&plain).unwrap().1, json!({"name": "visit", "language": {"code": "he"}}));
        let link = "https://files.example/a.pdf";
        let media = Content::Media {
            kind: "document".into(),
            link: link.into(),
            caption: Some("the form".into()),
            filename: Some("a.pdf".into()),
        };
        assert_eq!(
            content(&media).unwrap(),
            ("document", json!({"link": link, "caption": "the form", "filename": "a.pdf"}))
        );
        let buttons = Content::Buttons { text: "Well?".into(), buttons: vec![("yes".into(), "Yes".into())] };
        assert_eq!(
            content(&buttons).unwrap(),
            (
                "interactive",
                json!({"type": "button", "body": {"text": "Well?"}, "action": {"buttons": [
                    {"type": "reply", "reply": {"id": "yes", "title": "Yes"}},
                ]}})
            )
        );
    }

    #[test]
    fn what_the_platform_would_refuse_is_named_without_its_content() {
        let media = |kind: &str, link: &str, caption: Option<&str>| Content::Media {
            kind: kind.into(),
            link: link.into(),
            caption: caption.map(Pii::from),
            filename: None,
        };
        let button = |label: &str| Content::Buttons { text: "x".into(), buttons: vec![("p".into(), label.into())] };
        for bad in [
            text(""),
            text(&"CANARY".repeat(1000)),
            media("CANARY", "https://a.example", None),
            media("image", "file:///CANARY", None),
            media("audio", "https://a.example", Some("CANARY")),
            button("CANARY and much too long for a button"),
            button(""),
            Content::Buttons { text: "CANARY".into(), buttons: vec![] },
            Content::Buttons { text: "CANARY".into(), buttons: vec![("p".into(), "l".into()); 4] },
            Content::Template {
                name: String::new(),
                language: "he".into(),
                parameters: vec![],
                header: None,
                buttons: vec![],
            },
        ] {
            let failure = body(&message("1", bad)).unwrap_err();
            assert_eq!(failure.reason, "parameter");
            assert!(!failure.detail.contains("CANARY"), "{}", failure.detail);
        }
        assert!(body(&message("1", text(&"ש".repeat(4096)))).is_ok());
    }
}
