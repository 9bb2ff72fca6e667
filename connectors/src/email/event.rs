//! One mail, one event.

use blendline_wire::Pii;
use blendline_wire::inbound::{ConversationKey, InboundEvent, InboundKind, PlatformError};
use blendline_wire::mail::{Bounce, Mail, MailAuthentication};
use sha2::{Digest, Sha256};

use super::address::{self, Mailbox};
use super::automatic;
use super::content::{self, Content};
use super::content_type::ContentType;
use super::date;
use super::header::Headers;
use super::mime::Part;
use super::reply_address;
use super::{report, word};

/// More references than this are not kept: the first names the thread, the last are the nearest.
const REFERENCES_MAX: usize = 100;
/// Characters of a subject.
const SUBJECT_CHARS_MAX: usize = 2000;

/// The event of the raw bytes of a mail; none where there is not even a header or a word.
pub(super) fn of_raw(raw: &[u8]) -> Option<InboundEvent> {
    let lines = content::lines(raw);
    let raw: &[u8] = &lines;
    if content::is_blank(raw) {
        return None;
    }
    let (headers, kind, tree) = content::tree(raw);
    let content = Content::of_leaves(&tree.leaves);
    let mut event = of_parts(&headers, &kind, &tree.leaves, content);
    if let Some(mail) = &mut event.mail {
        mail.parse_defects.extend(tree.defects.iter().map(|name| (*name).to_owned()));
    }
    if event.external_message_id.is_none() {
        event.dedup_key = Some(hex::encode(&Sha256::digest(raw)[..16]));
    }
    Some(event)
}

/// The event of a mail whose parts are known.
pub(super) fn of_parts(
    headers: &Headers<'_>,
    kind: &ContentType,
    leaves: &[Part<'_>],
    content: Content,
) -> InboundEvent {
    let mut mail = addressed(headers);
    let from = sender(headers);
    let subject = mail.subject.as_ref().map(|subject| subject.expose().clone()).unwrap_or_default();
    let report = report::read(headers, kind, leaves, (&subject, from.as_ref(), &content.text));
    let signs = automatic::signs(headers, &subject, from.as_ref(), report.is_some());
    (mail.is_auto_reply, mail.is_bulk, mail.is_loop) = (signs.is_auto_reply, signs.is_bulk, signs.is_loop);
    (mail.is_no_reply, mail.automatic_by) = (signs.is_no_reply, signs.by);
    mail.is_bounce = report.as_ref().is_some_and(|report| report.is_bounce);
    mail.bounce = report.map(|report| report.bounce);
    (mail.text_source, mail.html_present, mail.inline) = (content.source, content.html_present, content.inline);
    mail.stripped_reply = pii(content.stripped);
    if headers.is_empty() {
        mail.parse_defects.push("no_header".to_owned());
    }
    let peer = mail.from_address.as_ref().map(|address| address.expose().to_lowercase());
    let mut event = InboundEvent {
        external_message_id: mail.message_id.clone(),
        sender_id: peer.clone(),
        sender_name: mail.from_name.clone(),
        text: pii(content.text),
        attachments: content.attachments,
        timestamp: mail.date_utc,
        reply_to: mail.in_reply_to.clone(),
        conversation_key: ConversationKey { account: String::new(), peer, thread: thread(&mail) },
        ..InboundEvent::default()
    };
    routed(&mut event, &mail);
    event.mail = Some(Box::new(mail));
    event
}

/// The root of the thread: the first reference, which every answer passes on; else what it answers, else the mail itself.
///
/// A conversation is named by sender and thread together, so that nobody gets into another's by naming an id.
fn thread(mail: &Mail) -> Option<String> {
    mail.references.first().or(mail.in_reply_to.as_ref()).or(mail.message_id.as_ref()).cloned()
}

/// What the fields say, without any judgement.
fn addressed(headers: &Headers<'_>) -> Mail {
    let from = sender(headers);
    let list = |name: &str| addresses(headers, name);
    let reply_to = list("reply-to").into_iter().next();
    let from_address = from.as_ref().map(|from| from.address.clone()).filter(|address| !address.is_empty());
    let same = |one: &Pii<String>| from_address.as_ref().is_some_and(|from| from.eq_ignore_ascii_case(one.expose()));
    let mut delivered_to = list("delivered-to");
    for field in ["x-original-to", "x-envelope-to", "envelope-to", "x-forwarded-to"] {
        delivered_to.extend(list(field));
    }
    delivered_to.dedup();
    delivered_to.truncate(20);
    let mut references = headers.ids("references");
    let surplus = references.len().saturating_sub(REFERENCES_MAX);
    references.drain(1.min(references.len())..1.min(references.len()) + surplus);
    let message_id = headers.ids("message-id").into_iter().next().or_else(|| {
        let bare = headers.text("message-id")?;
        (!bare.contains(char::is_whitespace) && bare.contains('@'))
            .then(|| format!("<{}>", bare.trim_matches(['<', '>'])))
    });
    let (to, cc) = (list("to"), list("cc"));
    let reply_token =
        to.iter().chain(&cc).chain(&delivered_to).find(|one| reply_address::is_one(one.expose())).cloned();
    Mail {
        subject: headers.text("subject").map(|text| Pii::new(text.chars().take(SUBJECT_CHARS_MAX).collect())),
        from_name: from.and_then(|from| from.name).map(Pii::new),
        reply_to_address: reply_to.filter(|one| !same(one)),
        from_address: from_address.map(Pii::new),
        in_reply_to: headers.ids("in-reply-to").into_iter().next(),
        date_utc: headers.text("date").and_then(|value| date::parse(&value)),
        authentication: headers.text("authentication-results").and_then(|value| authentication(&value)),
        to,
        cc,
        delivered_to,
        message_id,
        references,
        reply_token,
        ..Mail::default()
    }
}

/// The first mailbox of the first `From` that has any; without one, of `Sender`.
fn sender(headers: &Headers<'_>) -> Option<Mailbox> {
    let boxes: Vec<Mailbox> = headers.all("from").flat_map(address::parse).take(20).collect();
    let usable = boxes.iter().find(|one| !one.address.is_empty()).or(boxes.first()).cloned();
    usable.or_else(|| headers.all("sender").flat_map(address::parse).next())
}

fn addresses(headers: &Headers<'_>, name: &str) -> Vec<Pii<String>> {
    headers
        .all(name)
        .flat_map(address::parse)
        .map(|one| one.address)
        .filter(|a| a.contains('@'))
        .take(200)
        .map(Pii::new)
        .collect()
}

/// The topmost word of this server.
pub(super) fn authentication_by(raw: &[u8], authserv_id: &str) -> Option<MailAuthentication> {
    let (headers, _) = content::header(raw);
    let words = headers.all("authentication-results").take(50);
    let mut found = words.filter_map(|value| authentication(&word::one_line(&word::decode(value))));
    found.find(|found| found.by.eq_ignore_ascii_case(authserv_id.trim()))
}

/// `mx.example.org; spf=pass smtp.mailfrom=x; dkim=pass header.d=y; dmarc=fail (p=none)` (RFC 8601).
fn authentication(value: &str) -> Option<MailAuthentication> {
    let mut pieces = value.split(';');
    let by = pieces.next()?.split_whitespace().next()?.to_ascii_lowercase();
    let mut found = MailAuthentication { by, ..MailAuthentication::default() };
    for piece in pieces {
        let Some((method, rest)) = piece.trim().split_once('=') else { continue };
        let result: String = rest.trim().chars().take_while(char::is_ascii_alphanumeric).take(20).collect();
        let result = Some(result.to_ascii_lowercase()).filter(|result| !result.is_empty());
        let field = match method.trim().to_ascii_lowercase().split('/').next() {
            Some("spf") => &mut found.spf,
            Some("dkim") => &mut found.dkim,
            Some("dmarc") => &mut found.dmarc,
            _ => continue,
        };
        // Several signatures: one that passes is enough.
        if field.is_none() || result.as_deref() == Some("pass") {
            *field = result;
        }
    }
    Some(found)
}

/// Reports are about a mail of ours, loops are a mail of ours, everything else is from a person or in place of one.
fn routed(event: &mut InboundEvent, mail: &Mail) {
    if mail.is_loop {
        event.kind = InboundKind::Echo;
        event.is_status_or_echo = true;
        event.event = Some("loop".to_owned());
        return;
    }
    let Some(bounce) = &mail.bounce else { return };
    event.target_message_id.clone_from(&bounce.original_message_id);
    event.conversation_key.thread = None;
    event.reply_to = None;
    event.is_status_or_echo = true;
    match bounce.report.as_str() {
        "delivery" => {
            event.kind = InboundKind::Status;
            event.status = Some(delivery_status(bounce).to_owned());
            event.errors = errors(bounce);
        }
        "disposition" => {
            event.kind = InboundKind::Status;
            let displayed = bounce.recipients.iter().any(|one| one.action.as_deref() == Some("displayed"));
            event.status = Some(if displayed { "read" } else { "deleted" }.to_owned());
        }
        "feedback" => {
            event.kind = InboundKind::Optin;
            event.event = Some("complaint".to_owned());
        }
        _ => {
            event.kind = InboundKind::Ignored;
            event.event = Some(format!("{}_report", bounce.report));
        }
    }
}

/// One word for all recipients: one that failed is a failure, one that waits is a delay.
fn delivery_status(bounce: &Bounce) -> &'static str {
    let any = |action: &str| bounce.recipients.iter().any(|one| one.action.as_deref() == Some(action));
    if bounce.recipients.is_empty() || any("failed") {
        "failed"
    } else if any("delayed") {
        "delayed"
    } else {
        "delivered"
    }
}

/// The status codes as numbers: `5.1.1` is 511.
fn errors(bounce: &Bounce) -> Vec<PlatformError> {
    let failed = bounce.recipients.iter().filter(|one| matches!(one.action.as_deref(), Some("failed" | "delayed")));
    failed
        .take(20)
        .map(|one| PlatformError {
            code: one.status.as_deref().and_then(|status| status.replace('.', "").parse().ok()).unwrap_or(-1),
            title: one.status.clone(),
            detail: None,
        })
        .collect()
}

pub(super) fn pii(text: String) -> Option<Pii<String>> {
    (!text.trim().is_empty()).then(|| Pii::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authentication_is_read() {
        let found = authentication(
            "MX.example.org 1; spf=pass smtp.mailfrom=x; dkim=fail; dkim=pass header.d=y; dmarc=none (p)",
        );
        let expected = MailAuthentication {
            by: "mx.example.org".into(),
            spf: Some("pass".into()),
            dkim: Some("pass".into()),
            dmarc: Some("none".into()),
        };
        assert_eq!(found, Some(expected));
        assert_eq!(authentication(""), None);
    }

    #[test]
    fn only_the_named_server_is_believed() {
        let mail = b"Authentication-Results: forged.example; dmarc=pass\nAuthentication-Results: MX.example.org;\n\
            \tdmarc=fail\nAuthentication-Results: mx.example.org; dmarc=pass\nFrom: a@b.example\n\nx";
        let by = |id: &str| authentication_by(mail, id).and_then(|found| found.dmarc);
        assert_eq!(by("mx.example.org").as_deref(), Some("fail"), "the topmost of its own");
        assert_eq!((by("forged.example").as_deref(), by("other.example")), (Some("pass"), None));
    }

    #[test]
    fn one_recipient_that_failed_is_a_failure() {
        let bounce = |actions: &[&str]| Bounce {
            recipients: actions
                .iter()
                .map(|action| blendline_wire::mail::BouncedRecipient {
                    action: Some((*action).into()),
                    ..Default::default()
                })
                .collect(),
            ..Bounce::default()
        };
        assert_eq!(delivery_status(&bounce(&["delayed", "failed"])), "failed");
        assert_eq!(delivery_status(&bounce(&["delivered", "delayed"])), "delayed");
        assert_eq!(delivery_status(&bounce(&["relayed"])), "delivered");
        assert_eq!(delivery_status(&bounce(&[])), "failed");
    }
}
