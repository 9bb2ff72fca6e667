//! Templates: what the platform approved, with what varies in it.

use blendline_wire::Pii;
use blendline_wire::outbound::{SendFailure, TemplateButton, TemplateButtonKind, TemplateHeader};
use serde_json::{Value, json};

use super::request::{fetchable, parameter, within};

/// Documented lengths, in characters, and counts.
const NAME_CHARS_MAX: usize = 512;
const HEADER_CHARS_MAX: usize = 60;
const BUTTON_CHARS_MAX: usize = 2_000;
const CODE_CHARS_MAX: usize = 20;
const BUTTONS_MAX: u8 = 10;

/// The kind and the content of a template, or why the platform would refuse it.
pub(super) fn template(
    name: &str,
    language: &str,
    parameters: &[Pii<String>],
    header: Option<&TemplateHeader>,
    buttons: &[TemplateButton],
) -> Result<(&'static str, Value), SendFailure> {
    within("the template's name", name, 1, NAME_CHARS_MAX)?;
    within("the template's language", language, 1, 32)?;
    let mut components = Vec::new();
    if let Some(header) = header {
        components.push(json!({ "type": "header", "parameters": [of_header(header)?] }));
    }
    if !parameters.is_empty() {
        let values: Vec<_> = parameters.iter().map(|value| json!({ "type": "text", "text": value.expose() })).collect();
        components.push(json!({ "type": "body", "parameters": values }));
    }
    for (i, one) in buttons.iter().enumerate() {
        if buttons[..i].iter().any(|other| other.index == one.index) {
            return Err(parameter("two values are for one button of the template: give each button one"));
        }
        components.push(button(one)?);
    }
    let mut template = json!({ "name": name, "language": { "code": language } });
    if !components.is_empty() {
        template["components"] = Value::Array(components);
    }
    Ok(("template", template))
}

fn of_header(header: &TemplateHeader) -> Result<Value, SendFailure> {
    match header {
        TemplateHeader::Text { text } => {
            within("the header", text.expose(), 1, HEADER_CHARS_MAX)?;
            Ok(json!({ "type": "text", "text": text.expose() }))
        }
        TemplateHeader::Media { kind, link, filename } => {
            if !["image", "video", "document"].contains(&kind.as_str()) {
                return Err(parameter("a header takes one of image, video, document"));
            }
            fetchable(link)?;
            let mut file = json!({ "link": link });
            if let Some(filename) = filename.as_ref().filter(|_| kind == "document") {
                file["filename"] = json!(filename);
            }
            Ok(json!({ "type": kind, kind: file }))
        }
    }
}

fn button(button: &TemplateButton) -> Result<Value, SendFailure> {
    if BUTTONS_MAX <= button.index {
        return Err(parameter("a template has at most ten buttons, from 0 to 9"));
    }
    let value = button.value.expose();
    let (kind, chars_max, content) = match button.kind {
        TemplateButtonKind::QuickReply => {
            ("quick_reply", BUTTON_CHARS_MAX, json!({ "type": "payload", "payload": value }))
        }
        TemplateButtonKind::Url => ("url", BUTTON_CHARS_MAX, json!({ "type": "text", "text": value })),
        TemplateButtonKind::CopyCode => {
            ("copy_code", CODE_CHARS_MAX, json!({ "type": "coupon_code", "coupon_code": value }))
        }
    };
    within("a button's value", value, 1, chars_max)?;
    // The platform documents the place as text.
    Ok(json!({ "type": "button", "sub_type": kind, "index": button.index.to_string(), "parameters": [content] }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(kind: &str, link: &str) -> TemplateHeader {
        TemplateHeader::Media { kind: kind.into(), link: link.into(), filename: Some("a.pdf".into()) }
    }

    fn press(index: u8, kind: TemplateButtonKind, value: &str) -> TemplateButton {
        TemplateButton { index, kind, value: value.into() }
    }

    #[test]
    fn what_varies_stands_where_the_platform_wants_it() {
        let header = file("document", "https://files.example/a.pdf");
        let buttons = [
            press(0, TemplateButtonKind::QuickReply, "yes"),
            press(1, TemplateButtonKind::Url, "4471"),
            press(2, TemplateButtonKind::CopyCode, "SPRING"),
        ];
        let (kind, found) = template("visit", "he", &["Dana".into()], Some(&header), &buttons).unwrap();
        assert_eq!(kind, "template");
        assert_eq!(
            found["components"],
            json!([
                {"type": "header", "parameters": [
                    {"type": "document", "document": {"link": "https://files.example/a.pdf", "filename": "a.pdf"}},
                ]},
                {"type": "body", "parameters": [{"type": "text", "text": "Dana"}]},
                {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "yes"}]},
                {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "4471"}]},
                {"type": "button", "sub_type": "copy_code", "index": "2", "parameters": [
                    {"type": "coupon_code", "coupon_code": "SPRING"},
                ]},
            ])
        );
        let words = TemplateHeader::Text { text: "Order 4471".into() };
        let (_, found) = template("visit", "he", &[], Some(&words), &[]).unwrap();
        assert_eq!(
            found["components"],
            json!([{"type": "header", "parameters": [{"type": "text", "text": "Order 4471"}]}])
        );
    }

    #[test]
    fn what_the_platform_would_refuse_is_named_without_its_content() {
        let url = |index, value: &str| press(index, TemplateButtonKind::Url, value);
        let refused = [
            template("visit", "he", &[], Some(&file("audio", "https://a.example")), &[]),
            template("visit", "he", &[], Some(&file("image", "file:///CANARY")), &[]),
            template("visit", "he", &[], Some(&TemplateHeader::Text { text: "CANARY".repeat(11).into() }), &[]),
            template("visit", "he", &[], None, &[url(10, "CANARY")]),
            template("visit", "he", &[], None, &[url(1, "CANARY"), url(1, "x")]),
            template("visit", "he", &[], None, &[url(1, "")]),
            template("visit", "he", &[], None, &[press(0, TemplateButtonKind::CopyCode, &"CANARY".repeat(4))]),
        ];
        for outcome in refused {
            let failure = outcome.unwrap_err();
            assert_eq!(failure.reason, "parameter");
            assert!(!failure.detail.contains("CANARY"), "{}", failure.detail);
        }
    }
}
