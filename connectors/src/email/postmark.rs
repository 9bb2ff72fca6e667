//! Postmark: a JSON body with the parts of the mail, or with the whole of it.

use blendline_wire::inbound::{Attachment, InboundEvent};
use serde_json::Value;
use subtle::{Choice, ConstantTimeEq};

use super::header::Headers;
use super::provider::{Parsed, file, malformed};
use super::{content, event, provider, transfer};
use crate::{Account, Carried, Malformed, Refusal, Webhook, json};

pub(super) const CREDENTIALS_SETTING: &str = "basic_auth";
const HEADER: &str = "Authorization";
/// What precedes an attachment's number in its reference.
const PLACE: &str = "/Attachments/";

/// Postmark signs nothing: the credentials in the webhook's URL are all there is.
pub(super) fn authenticate(account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
    let mut credentials = account.setting_values(CREDENTIALS_SETTING).peekable();
    if credentials.peek().is_none() {
        return Err(Refusal::NotConfigured(CREDENTIALS_SETTING));
    }
    let value = hook.header(HEADER).ok_or(Refusal::NoSignature(HEADER))?;
    let (scheme, coded) = value.split_once(' ').ok_or(Refusal::NoSignature(HEADER))?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Refusal::NoSignature(HEADER));
    }
    let given = transfer::base64(coded.as_bytes());
    let matches = credentials.fold(Choice::from(0), |any, one| any | one.as_bytes().ct_eq(&given));
    if bool::from(matches) { Ok(()) } else { Err(Refusal::WrongToken(CREDENTIALS_SETTING)) }
}

pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let root = json::parse(body)?;
    if let Some(record) = root["RecordType"].as_str().filter(|record| *record != "Inbound") {
        return Ok(vec![provider::notice(record, json::text(&root["MessageID"]), &root)]);
    }
    let known = ["FromFull", "From", "RawEmail", "Headers"].iter().any(|name| !root[*name].is_null());
    if !known {
        return Err(malformed("/FromFull", "expected an inbound message of Postmark"));
    }
    let mut event = match root["RawEmail"].as_str().and_then(|raw| event::of_raw(raw.as_bytes())) {
        Some(event) => event,
        None => provider::of_parsed(parsed(&root)),
    };
    if let Some(mail) = &mut event.mail {
        mail.stripped_text = json::text(&root["StrippedTextReply"]).and_then(provider::stripped);
    }
    event.provider_message_id = json::text(&root["MessageID"]);
    let recipient = json::text(&root["OriginalRecipient"]).or_else(|| json::text(&root["ToFull"][0]["Email"]));
    provider::delivered(&mut event, recipient.as_deref());
    Ok(vec![event])
}

/// The files: within the mail where that came whole, else texts in base64.
pub(super) fn carried(body: &[u8], attachments: &[Attachment]) -> Carried {
    let Ok(root) = json::parse(body) else { return vec![None; attachments.len()] };
    if let Some(raw) = root["RawEmail"].as_str().filter(|raw| !content::is_blank(raw.as_bytes())) {
        return content::carried(raw.as_bytes(), attachments);
    }
    let bytes = |one: &Attachment| {
        let file = root.pointer(one.r#ref.as_deref().filter(|place| place.starts_with(PLACE))?)?;
        Some(transfer::base64(file["Content"].as_str()?.as_bytes()))
    };
    attachments.iter().map(bytes).collect()
}

fn parsed(root: &Value) -> Parsed {
    let mailbox = |one: &Value| {
        let address = json::text(&one["Email"])?;
        let name = json::text(&one["Name"]).unwrap_or_default().replace(['"', '\\'], "");
        Some(if name.is_empty() { address } else { format!("\"{name}\" <{address}>") })
    };
    let list = |name: &str, plain: &str| {
        let full: Vec<String> = json::items(&root[name]).iter().filter_map(mailbox).collect();
        if full.is_empty() { json::text(&root[plain]) } else { Some(full.join(", ")) }
    };
    let fields = [
        ("From", mailbox(&root["FromFull"]).or_else(|| json::text(&root["From"]))),
        ("To", list("ToFull", "To")),
        ("Cc", list("CcFull", "Cc")),
        ("Reply-To", json::text(&root["ReplyTo"])),
        ("Subject", json::text(&root["Subject"])),
        ("Date", json::text(&root["Date"])),
    ];
    let own = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let sent = json::items(&root["Headers"])
        .iter()
        .filter_map(|field| Some((json::text(&field["Name"])?, json::text(&field["Value"]).unwrap_or_default())));
    let files = json::items(&root["Attachments"]);
    let inline = files.iter().enumerate().filter_map(|(i, one)| Some((reference(i), json::text(&one["ContentID"])?)));
    Parsed {
        headers: Headers::from_pairs(own.chain(sent)),
        plain: json::text(&root["TextBody"]),
        html: json::text(&root["HtmlBody"]),
        attachments: files
            .iter()
            .enumerate()
            .map(|(i, one)| file(&reference(i), json::text(&one["Name"]), json::text(&one["ContentType"])))
            .collect(),
        inline: inline.collect(),
    }
}

/// Where an attachment lies in the body.
fn reference(index: usize) -> String {
    format!("{PLACE}{index}")
}
