//! Reports on our own mails: not delivered (RFC 3464 and the older, free forms), read (RFC 8098), complained about
//! (RFC 5965), and the digests of DMARC.

use blendline_wire::Pii;
use blendline_wire::mail::{Bounce, BouncedRecipient};

use super::address::Mailbox;
use super::automatic;
use super::content_type::ContentType;
use super::header::{self, Headers};
use super::mime::Part;

/// A report on more recipients names only the first.
const RECIPIENTS_MAX: usize = 500;
/// More of a text is not searched.
const TEXT_BYTES_MAX: usize = 256 * 1024;

/// Local parts of the programs that report.
const DAEMONS: &[&str] = &["mailer-daemon", "mail-daemon", "mailerdaemon", "mailer_daemon", "double-bounce"];
/// How the subject of a report begins, in lower case.
#[rustfmt::skip]
const SUBJECTS: &[&str] = &[
    "undelivered mail", "undeliverable", "undelivered:", "mail delivery failed", "mail delivery failure", "delivery failure",
    "delivery status notification", "failure notice", "returned mail", "returned email", "delivery has failed", "delivery failed",
    "mail system error", "message not delivered", "could not send message", "warning: could not send message",
    "warning: message", "delayed mail", "delivery delayed", "message delivery has been delayed", "non-delivery",
    "nondeliverable", "mail failure", "unable to deliver", "permanent delivery failure", "there was an error sending your mail",
    "message undeliverable", "mail undeliverable", "delivery report", "email delivery failure", "e-mail delivery failure",
    "problem delivering mail", "returned to sender", "error sending message", "rejected mail", "mail not delivered",
    "message could not be delivered", "your message could not be delivered", "mail returned", "undelivered message", "delivery notification: delivery has failed", "mail could not be delivered", "unzustellbar",
    "nicht zugestellt", "non remis", "échec de la remise", "no se puede entregar", "não foi possível entregar",
    "לא ניתן למסור", "דואר לא נמסר", "недоставленное сообщение", "недоставлено", "تعذر التسليم", "配信不能",
];

/// What the mail reports, if it is a report.
pub(super) struct Report {
    pub(super) bounce: Bounce,
    /// True for reports on delivery that failed or waits.
    pub(super) is_bounce: bool,
}

/// Reads a report; none where the mail is something else.
pub(super) fn read(
    headers: &Headers<'_>,
    kind: &ContentType,
    leaves: &[Part<'_>],
    (subject, from, text): (&str, Option<&Mailbox>, &str),
) -> Option<Report> {
    let leaf = |main: &str, subs: &[&str]| leaves.iter().find(|part| subs.iter().any(|sub| part.kind.is(main, sub)));
    let declared = kind.parameter("report-type").map(str::to_ascii_lowercase).unwrap_or_default();
    if let Some(part) = leaf("message", &["disposition-notification"]) {
        return Some(disposition(part, leaves));
    }
    if let Some(part) = leaf("message", &["feedback-report"]) {
        return Some(feedback(part, leaves));
    }
    let delivery = leaf("message", &["delivery-status", "global-delivery-status"]);
    if delivery.is_none() && is_dmarc(subject, leaves) {
        return Some(Report { bounce: Bounce { report: "dmarc".to_owned(), ..Bounce::default() }, is_bounce: false });
    }
    let is_bounce = delivery.is_some() || declared == "delivery-status" || is_free_form(headers, subject, from);
    is_bounce.then(|| delivery_report(headers, delivery, leaves, text))
}

/// True for a report that says so in words only.
fn is_free_form(headers: &Headers<'_>, subject: &str, from: Option<&Mailbox>) -> bool {
    if headers.has("x-failed-recipients") || headers.has("x-ms-exchange-message-is-ndr") {
        return true;
    }
    let local = from.map(|from| from.address.split('@').next().unwrap_or_default().to_lowercase()).unwrap_or_default();
    if DAEMONS.contains(&local.as_str()) {
        return true;
    }
    let lower = subject.to_lowercase();
    let by_subject = SUBJECTS.iter().any(|start| lower.starts_with(start));
    let by_name = from.and_then(|from| from.name.as_deref()).is_some_and(|name| {
        let name = name.to_lowercase().replace(['-', '_'], " ");
        name.starts_with("mail delivery") || name.starts_with("mailer daemon")
    });
    by_subject && (local == "postmaster" || local.is_empty() || by_name || automatic::is_null_sender(headers))
}

fn delivery_report(headers: &Headers<'_>, part: Option<&Part<'_>>, leaves: &[Part<'_>], text: &str) -> Report {
    let text = cut_at_character(text, TEXT_BYTES_MAX);
    let mut recipients = part.map(|part| recipients(&part.bytes())).unwrap_or_default();
    if recipients.is_empty() {
        recipients = named_in_text(headers, text);
    }
    let original = returned_id(leaves).or_else(|| id_in_text(text)).or_else(|| {
        let field = ["original-message-id", "x-original-message-id", "x-failed-message-id", "in-reply-to"];
        field.iter().find_map(|field| headers.ids(field).into_iter().next())
    });
    let is_permanent = |one: &BouncedRecipient| {
        one.action.as_deref() == Some("failed") && one.status.as_deref().is_none_or(|status| status.starts_with('5'))
    };
    let permanent = !recipients.is_empty() && recipients.iter().all(is_permanent);
    // A report of success was asked for; it is no bounce.
    let arrived = |one: &BouncedRecipient| matches!(one.action.as_deref(), Some("delivered" | "relayed" | "expanded"));
    let is_bounce = recipients.is_empty() || !recipients.iter().all(arrived);
    let bounce = Bounce { report: "delivery".to_owned(), recipients, original_message_id: original, permanent };
    Report { bounce, is_bounce }
}

/// The groups of fields of a delivery status, one group a recipient.
fn recipients(status: &[u8]) -> Vec<BouncedRecipient> {
    let mut found = Vec::new();
    let mut rest = status;
    while !rest.is_empty() && found.len() < RECIPIENTS_MAX {
        let (fields, after) = Headers::split(rest);
        // What is no field is skipped.
        rest = if after.len() == rest.len() { header::next_line(rest).1 } else { after };
        let address = ["final-recipient", "original-recipient"].iter().find_map(|field| typed(&fields, field));
        let Some(recipient) = address.filter(|address| !address.is_empty()) else { continue };
        found.push(BouncedRecipient {
            recipient: Pii::new(recipient),
            action: fields.token("action").map(|action| first_token(&action)),
            status: fields.token("status").and_then(|status| status_code(&status)),
            diagnostic: typed(&fields, "diagnostic-code").map(Pii::new),
        });
    }
    found
}

/// The value of a field such as `rfc822; dana@example.org`.
fn typed(fields: &Headers<'_>, name: &str) -> Option<String> {
    let value = fields.text(name)?;
    let value = value.split_once(';').map_or(value.as_str(), |(_, value)| value);
    Some(value.trim().trim_matches(['<', '>']).to_owned())
}

fn first_token(value: &str) -> String {
    value.split(|c: char| c.is_whitespace() || matches!(c, '(' | ';')).next().unwrap_or_default().to_owned()
}

/// The first code such as `5.1.1` in a text.
fn status_code(text: &str) -> Option<String> {
    let is_code = |word: &&str| {
        let mut fields = word.split('.');
        let class = fields.next().is_some_and(|class| matches!(class, "2" | "4" | "5"));
        let small =
            |field: &str| !field.is_empty() && field.len() <= 3 && field.bytes().all(|byte| byte.is_ascii_digit());
        class && fields.clone().count() == 2 && fields.all(small)
    };
    text.split(|c: char| !c.is_ascii_digit() && c != '.')
        .map(|word| word.trim_matches('.'))
        .find(is_code)
        .map(str::to_owned)
}

/// The recipients that a report names in a field of its own or, as qmail and Exim do, on a line before the reason.
fn named_in_text(headers: &Headers<'_>, text: &str) -> Vec<BouncedRecipient> {
    let listed = headers.all("x-failed-recipients").flat_map(super::address::parse).map(|one| one.address);
    let mut addresses: Vec<String> = listed.filter(|address| address.contains('@')).collect();
    let words = text.find("--- Below this line").map_or(text, |end| &text[..end]);
    if addresses.is_empty() {
        let named = words.lines().take(200).filter_map(|line| {
            let line = line.trim().trim_end_matches(':');
            let address = line.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(line);
            let is_address = address.contains('@') && !address.contains(char::is_whitespace) && address.len() < 320;
            (is_address && !address.starts_with("mailto")).then(|| address.trim_matches(['<', '>']).to_owned())
        });
        addresses.extend(named.take(20));
    }
    addresses.sort();
    addresses.dedup();
    let status = status_code(words);
    let delayed = [
        "will be retried",
        "delivery will continue",
        "warning message only",
        "not yet been delivered",
        "still being retried",
    ];
    let lower = words.to_lowercase();
    let is_delayed =
        status.as_deref().is_some_and(|status| status.starts_with('4')) || delayed.iter().any(|p| lower.contains(p));
    let action = if is_delayed { "delayed" } else { "failed" };
    addresses
        .into_iter()
        .take(RECIPIENTS_MAX)
        .map(|recipient| BouncedRecipient {
            recipient: Pii::new(recipient),
            action: Some(action.to_owned()),
            status: status.clone(),
            diagnostic: None,
        })
        .collect()
}

/// The id of the mail that came back, whole or its header only.
fn returned_id(leaves: &[Part<'_>]) -> Option<String> {
    let returned = leaves.iter().filter(|part| {
        matches!(
            part.kind.mime().as_str(),
            "message/rfc822"
                | "message/global"
                | "text/rfc822-headers"
                | "message/rfc822-headers"
                | "message/global-headers"
        )
    });
    returned.filter_map(|part| Headers::split(&part.bytes()).0.ids("message-id").into_iter().next()).next()
}

/// The id in a copy of our mail within the text.
fn id_in_text(text: &str) -> Option<String> {
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((name, value)) = line.trim_start_matches(['>', ' ', '\t']).split_once(':') else { continue };
        if !name.trim().eq_ignore_ascii_case("message-id") {
            continue;
        }
        // A long id is folded to the next line.
        let value = if value.contains('<') { value } else { lines.next().unwrap_or_default() };
        return header::ids(value.as_bytes()).into_iter().next();
    }
    None
}

fn disposition(part: &Part<'_>, leaves: &[Part<'_>]) -> Report {
    let bytes = part.bytes();
    let (fields, _) = Headers::split(&bytes);
    let action = fields.token("disposition").and_then(|value| {
        let value = value.rsplit(';').next().unwrap_or_default().to_owned();
        Some(value.split(['/', ',']).next()?.trim().to_owned())
    });
    let recipient = ["final-recipient", "original-recipient"].iter().find_map(|field| typed(&fields, field));
    let recipients = recipient.map(|recipient| BouncedRecipient {
        recipient: Pii::new(recipient),
        action,
        ..BouncedRecipient::default()
    });
    let original_message_id = fields.ids("original-message-id").into_iter().next().or_else(|| returned_id(leaves));
    let report = "disposition".to_owned();
    let bounce = Bounce { report, recipients: recipients.into_iter().collect(), original_message_id, permanent: false };
    Report { bounce, is_bounce: false }
}

fn feedback(part: &Part<'_>, leaves: &[Part<'_>]) -> Report {
    let bytes = part.bytes();
    let (fields, _) = Headers::split(&bytes);
    let action = fields.token("feedback-type").map(|kind| first_token(&kind));
    let recipients = fields.all("original-rcpt-to").flat_map(super::address::parse).map(|one| BouncedRecipient {
        recipient: Pii::new(one.address),
        action: action.clone(),
        ..BouncedRecipient::default()
    });
    let bounce = Bounce {
        report: "feedback".to_owned(),
        recipients: recipients.take(RECIPIENTS_MAX).collect(),
        original_message_id: returned_id(leaves),
        permanent: false,
    };
    Report { bounce, is_bounce: false }
}

/// RFC 7489, 7.2.1.1: the subject says whose report it is on which domain, the content is a compressed file.
fn is_dmarc(subject: &str, leaves: &[Part<'_>]) -> bool {
    let lower = subject.to_lowercase();
    let packed = |part: &Part<'_>| {
        matches!(
            part.kind.sub.as_str(),
            "zip" | "gzip" | "x-zip-compressed" | "x-gzip" | "octet-stream" | "tlsrpt+gzip"
        )
    };
    lower.starts_with("report domain:") && lower.contains("submitter") && leaves.iter().any(packed)
}

/// The beginning of `text`, at most `max` bytes of it.
fn cut_at_character(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_in_words() {
        for (text, expected) in [
            ("5.1.1", Some("5.1.1")),
            ("5.0.0 (permanent failure)", Some("5.0.0")),
            ("550-5.7.26 no", Some("5.7.26")),
            ("(#5.5.0)", Some("5.5.0")),
            ("from 10.0.0.1 and 192.0.2.5", None),
            ("version 5.1", None),
        ] {
            assert_eq!(status_code(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn ids_are_found_in_words() {
        assert_eq!(id_in_text("copy:\n> Message-Id: <a@b>\n").as_deref(), Some("<a@b>"));
        assert_eq!(id_in_text("Message-ID:\n <a@b>\n").as_deref(), Some("<a@b>"));
        assert_eq!(id_in_text("no id"), None);
    }

    #[test]
    fn recipients_have_their_groups() {
        let status = b"Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.c\nAction: failed\nStatus: 5.1.1\n\n\n\
            Original-Recipient: rfc822;<d@e.f>\nAction: delayed (soon)\nStatus: 4.2.2\n";
        let found = recipients(status);
        let shown: Vec<_> = found
            .iter()
            .map(|one| (one.recipient.expose().as_str(), one.action.as_deref(), one.status.as_deref()))
            .collect();
        let expected = [("a@b.c", Some("failed"), Some("5.1.1")), ("d@e.f", Some("delayed"), Some("4.2.2"))];
        assert_eq!(shown, expected);
    }
}
