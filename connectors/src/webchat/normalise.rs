//! What a visitor's widget says: one frame, one event.

use blendline_wire::Pii;
use blendline_wire::inbound::{InboundEvent, InboundKind};
use serde_json::{Value, json};

use super::{ADDRESS, CONSENT, MEMORY};
use crate::settings::is_mail_address;
use crate::{Malformed, json as reading};

/// The event of one client frame. Who said it and to which account is not in the frame: the chat server knows it from
/// the token and adds it.
pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let frame = reading::parse(body)?;
    let Some(kind) = frame.get("type").and_then(Value::as_str) else {
        return Err(malformed("/type", "expected an object with the type of a client frame"));
    };
    let event = match kind {
        "message" => message(&frame)?,
        "typing" => InboundEvent { kind: InboundKind::Typing, ..InboundEvent::default() },
        "confirm" => confirm(&frame)?,
        "read" => read(&frame)?,
        "consent" => consent(&frame)?,
        "address" => address(&frame)?,
        "rate" => rate(&frame)?,
        "press" => press(&frame)?,
        // A newer widget may say more than we know; the event names it, the router leaves it alone.
        _ => InboundEvent {
            kind: InboundKind::Unsupported,
            event: Some("unknown_type at /type".to_owned()),
            ..InboundEvent::default()
        },
    };
    Ok(vec![event])
}

fn message(frame: &Value) -> Result<InboundEvent, Malformed> {
    let id = client_id(frame)?;
    let Some(text) = frame.get("text").and_then(Value::as_str) else {
        return Err(malformed("/text", "expected the text"));
    };
    let text = plain(text);
    Ok(InboundEvent {
        external_message_id: Some(id.to_owned()),
        // Blank is empty, but what is not blank keeps its blanks.
        text: (!text.trim().is_empty()).then(|| Pii::new(text)),
        ..InboundEvent::default()
    })
}

fn confirm(frame: &Value) -> Result<InboundEvent, Malformed> {
    let Some(confirmed) = frame.get("confirmed").and_then(Value::as_bool) else {
        return Err(malformed("/confirmed", "expected true or false"));
    };
    let payload = Some(Pii::from(if confirmed { "confirm" } else { "deny" }));
    // Under an id of its own it is answered like a message; without one it is said into the dark.
    let id = if frame.get("client_id").is_some() { Some(client_id(frame)?.to_owned()) } else { None };
    Ok(InboundEvent { kind: InboundKind::Postback, external_message_id: id, payload, ..InboundEvent::default() })
}

/// Everything up to a place was seen.
fn read(frame: &Value) -> Result<InboundEvent, Malformed> {
    let Some(cursor) = frame.get("cursor").and_then(Value::as_str).filter(|cursor| !cursor.is_empty()) else {
        return Err(malformed("/cursor", "expected the cursor of the last message that was seen"));
    };
    Ok(InboundEvent {
        kind: InboundKind::Status,
        status: Some("read".to_owned()),
        target_message_id: Some(cursor.to_owned()),
        is_status_or_echo: true,
        ..InboundEvent::default()
    })
}

/// Whether the chat may keep things in the visitor's browser. `by` is `page` where the page around it asked him.
fn consent(frame: &Value) -> Result<InboundEvent, Malformed> {
    let Some(granted) = frame.get("granted").and_then(Value::as_bool) else {
        return Err(malformed("/granted", "expected true or false"));
    };
    let by_page = frame.get("by").and_then(Value::as_str) == Some("page");
    Ok(InboundEvent {
        kind: InboundKind::Optin,
        external_message_id: Some(client_id(frame)?.to_owned()),
        event: Some(CONSENT.to_owned()),
        field: by_page.then(|| "page".to_owned()),
        meaning: Some(if granted { "opt_in" } else { "opt_out" }.to_owned()),
        purpose: Some(MEMORY.to_owned()),
        ..InboundEvent::default()
    })
}

/// Where the visitor is to be answered when he is not there any more.
fn address(frame: &Value) -> Result<InboundEvent, Malformed> {
    let given = frame.get("email").and_then(Value::as_str).map(str::trim);
    let Some(email) = given.filter(|email| is_mail_address(email)) else {
        return Err(malformed("/email", "expected a mail address"));
    };
    Ok(InboundEvent {
        kind: InboundKind::Optin,
        external_message_id: Some(client_id(frame)?.to_owned()),
        event: Some(ADDRESS.to_owned()),
        system: Some(Pii::new(json!({ "email": email }))),
        ..InboundEvent::default()
    })
}

/// The visitor's stars, and the place of the question that they answer.
fn rate(frame: &Value) -> Result<InboundEvent, Malformed> {
    let id = client_id(frame)?.to_owned();
    let Some(question) = frame.get("question").and_then(Value::as_str).filter(|place| place.len() <= 48) else {
        return Err(malformed("/question", "expected the cursor of the question"));
    };
    let Some(score) = frame.get("score").and_then(Value::as_u64).filter(|score| (1..=5).contains(score)) else {
        return Err(malformed("/score", "expected 1 to 5"));
    };
    let payload = Some(Pii::new(format!("rate:{question}:{score}")));
    Ok(InboundEvent { kind: InboundKind::Postback, external_message_id: Some(id), payload, ..InboundEvent::default() })
}

/// The button that the visitor pressed, and the place of the message that has it. What it says is read there: nobody presses
/// what he was not sent.
fn press(frame: &Value) -> Result<InboundEvent, Malformed> {
    let id = client_id(frame)?.to_owned();
    let Some(place) = frame.get("question").and_then(Value::as_str).filter(|place| is_cursor(place)) else {
        return Err(malformed("/question", "expected the cursor of the message with the button"));
    };
    let Some(button) = frame.get("button").and_then(Value::as_str).filter(|button| button.len() <= 256) else {
        return Err(malformed("/button", "expected the button's id"));
    };
    Ok(InboundEvent {
        kind: InboundKind::Postback,
        external_message_id: Some(id),
        target_message_id: Some(place.to_owned()),
        payload: Some(Pii::from(button)),
        ..InboundEvent::default()
    })
}

/// Whether this may be a place that we gave: two numbers. A visitor's own words are none.
fn is_cursor(place: &str) -> bool {
    let is_number = |part: &str| (1..=20).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    place.split_once('.').is_some_and(|(conversation, seq)| is_number(conversation) && is_number(seq))
}

fn client_id(frame: &Value) -> Result<&str, Malformed> {
    let id = frame.get("client_id").and_then(Value::as_str).filter(|id| is_uuid(id));
    id.ok_or_else(|| malformed("/client_id", "expected a UUID in its usual form, lower case with hyphens"))
}

/// The text without control characters; line feeds and tabs stay, and so do the marks that bidirectional text needs.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

fn malformed(place: &str, detail: &str) -> Malformed {
    Malformed { place: place.to_owned(), detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_go_and_direction_marks_stay() {
        assert_eq!(plain("a\r\n\tb\u{0}\u{7f}\u{9b}\u{200f}ש"), "a\n\tb\u{200f}ש");
    }

    #[test]
    fn ids_have_one_form() {
        assert!(is_uuid("0198c5a4-7b1e-7c3d-9f00-2b6a1d5e8f01"));
        for odd in ["", "0198C5A4-7b1e-7c3d-9f00-2b6a1d5e8f01", "0198c5a47b1e7c3d9f002b6a1d5e8f01", "x"] {
            assert!(!is_uuid(odd), "{odd}");
        }
    }
}
