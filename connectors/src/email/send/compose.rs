//! The bytes of one mail: header, text, its HTML twin, a file.
//!
//! Nothing that somebody wrote can make a line of the header: ids and addresses are checked, other words lose their
//! control characters before the builder encodes and folds them.

use std::time::{Duration, SystemTime};

use blendline_wire::Millis;
use blendline_wire::outbound::{Outbound, SendFailure};
use lettre::address::Address;
use lettre::message::header::{ContentDisposition, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Body, Mailbox, Message, MessageBuilder, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use super::file::File;
use super::page;
use crate::Account;
use crate::email::reply_address;

/// The subject where neither the conversation nor the account has one.
pub(super) const SUBJECT: &str = "Your message";

const SUBJECT_CHARS_MAX: usize = 250;
const NAME_CHARS_MAX: usize = 100;
/// RFC 5322 allows 998 characters in a line, and nobody's id is near that.
const ID_BYTES_MAX: usize = 250;
/// The first names the thread, the last are the nearest; more only make the header long.
const REFERENCES_MAX: usize = 20;

/// What is said.
pub(super) struct Words {
    pub(super) text: String,
    pub(super) file: Option<File>,
}

/// A mail, ready to be handed over.
pub(super) struct Mail {
    pub(super) from: Address,
    /// Whom mail servers tell what becomes of it: an address that names this very mail, where one can be minted.
    pub(super) reports_to: Address,
    pub(super) to: Address,
    /// With its angle brackets.
    pub(super) message_id: String,
    pub(super) bytes: Vec<u8>,
}

/// Composes it; the same message gives the same `Message-ID` at every attempt.
pub(super) fn compose(account: &Account, message: &Outbound, words: Words, now: Millis) -> Result<Mail, SendFailure> {
    let from = sender(account)?;
    let to = address(message.to.expose())
        .ok_or_else(|| SendFailure::new("undeliverable", "the recipient's address is none: correct the contact"))?;
    let given = message.message_id.as_deref().filter(|id| is_id(id));
    let message_id = given.map_or_else(|| own_id(message, from.domain()), str::to_owned);
    let name = account.setting("from_name").map(|name| line(name, NAME_CHARS_MAX)).filter(|name| !name.is_empty());

    let mut builder = Message::builder()
        .from(Mailbox::new(name, from.clone()))
        .to(Mailbox::new(None, to.clone()))
        .subject(subject(account, message))
        .date(SystemTime::UNIX_EPOCH + Duration::from_millis(now.0))
        .message_id(Some(message_id.clone()))
        .raw_header(header("X-Blendline-Id", message.id.to_string()));
    if let Some(reply_to) = answer_address(account, message, &from) {
        builder = builder.reply_to(Mailbox::new(None, reply_to));
    }
    builder = thread(builder, message);
    if message.automatic {
        let word = if message.in_reply_to.is_some() { "auto-replied" } else { "auto-generated" };
        builder = builder.raw_header(header("Auto-Submitted", word.to_owned()));
        builder = builder.raw_header(header("X-Auto-Response-Suppress", "All".to_owned()));
    }
    let built = match words.file {
        None => builder.multipart(both_texts(&words.text)),
        Some(file) => {
            let texts = both_texts(&words.text);
            builder.multipart(MultiPart::mixed().multipart(texts).singlepart(attachment(file)))
        }
    };
    let built = built.map_err(|_| SendFailure::new("parameter", "the mail could not be composed: change its words"))?;
    let minted = reply_address::mint(account, from.as_ref(), &message.id.to_string(), reply_address::REPORTS);
    let reports_to = minted.and_then(|minted| address(&minted)).unwrap_or_else(|| from.clone());
    Ok(Mail { from, reports_to, to, message_id, bytes: built.formatted() })
}

/// The address that the account writes from.
fn sender(account: &Account) -> Result<Address, SendFailure> {
    let given = account.setting("from_address").unwrap_or(&account.external_id);
    let detail = "the account has no address to write from: set from_address";
    address(given).ok_or_else(|| SendFailure::new("configuration", detail))
}

/// An address that may stand in a command and in a header.
fn address(text: &str) -> Option<Address> {
    let is_plain = !text.chars().any(|c| c.is_control() || c.is_whitespace() || "<>\"()[]\\,;".contains(c));
    text.parse::<Address>().ok().filter(|_| is_plain && text.len() <= 254)
}

/// Where the answer goes: our signed address, so that it finds its conversation whoever answers from where.
fn answer_address(account: &Account, message: &Outbound, from: &Address) -> Option<Address> {
    if let Some(given) = &message.reply_address {
        return address(given.expose());
    }
    let minted = reply_address::mint(account, from.as_ref(), &message.conversation.to_string(), message.to.expose())?;
    address(&minted)
}

fn subject(account: &Account, message: &Outbound) -> String {
    let own = || account.setting("subject").unwrap_or(SUBJECT);
    let given = message.subject.as_ref().map(|subject| line(subject.expose(), SUBJECT_CHARS_MAX));
    given.filter(|subject| !subject.is_empty()).unwrap_or_else(|| line(own(), SUBJECT_CHARS_MAX))
}

fn thread(mut builder: MessageBuilder, message: &Outbound) -> MessageBuilder {
    let known = [&message.in_reply_to, &message.reply_to, &message.thread];
    let answered = known.into_iter().flatten().find(|id| is_id(id));
    let mut references: Vec<&String> = message.references.iter().filter(|id| is_id(id)).collect();
    if references.is_empty() {
        references.extend(message.thread.iter().chain(answered).filter(|id| is_id(id)));
        references.dedup();
    }
    let surplus = references.len().saturating_sub(REFERENCES_MAX);
    references.drain(1.min(references.len())..1.min(references.len()) + surplus);
    if let Some(answered) = answered {
        builder = builder.in_reply_to(answered.clone());
    }
    if !references.is_empty() {
        let all: Vec<&str> = references.iter().map(|id| id.as_str()).collect();
        builder = builder.references(all.join(" "));
    }
    builder
}

/// `<left@right>` of printable ASCII, which every server passes on as it is.
fn is_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    text.len() <= ID_BYTES_MAX
        && inner.is_some_and(|inner| {
            inner.contains('@') && inner.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte))
        })
}

/// An id that says nothing about the message, and that no other message has: numbers begin anew in another record.
fn own_id(message: &Outbound, domain: &str) -> String {
    let mut hash = Sha256::new();
    let content = serde_json::to_vec(&message.content).unwrap_or_default();
    let numbers = [message.tenant.0, message.account.0, message.conversation.0, message.id.0];
    for part in numbers.iter().map(|number| number.to_be_bytes().to_vec()).chain([content]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(&part);
    }
    hash.update(message.to.expose().as_bytes());
    // A domain of other letters cannot stand in an id.
    let domain = if domain.is_ascii() { domain } else { "blendline.invalid" };
    format!("<{}.{}@{domain}>", message.id, hex::encode(&hash.finalize()[..16]))
}

fn both_texts(text: &str) -> MultiPart {
    let text = clean(text);
    let html = page::page(&text);
    MultiPart::alternative().singlepart(SinglePart::plain(text)).singlepart(SinglePart::html(html))
}

fn attachment(file: File) -> SinglePart {
    let kind = file.mime.as_deref().and_then(|mime| ContentType::parse(mime).ok());
    let kind = kind.or_else(|| ContentType::parse("application/octet-stream").ok());
    let body = Body::new(file.bytes);
    match kind {
        Some(kind) => Attachment::new(file.name).body(body, kind),
        None => SinglePart::builder().header(ContentDisposition::attachment(&file.name)).body(body),
    }
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// Without what no reader shows and some stop at.
fn clean(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// One line: what would end it becomes a space.
fn line(text: &str, chars_max: usize) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let spaced: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(chars_max).collect()
}

#[cfg(test)]
mod tests;
