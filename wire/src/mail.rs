//! What a mail tells beyond what every channel tells.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::inbound::InboundEvent;
use crate::pii::Pii;
use crate::time::Instant;

/// The part of an [`InboundEvent`] that only mail has; `text`, `attachments` and `timestamp` stay in the event itself.
///
/// In the queue it lies under `mail`; [`InboundEvent::lifted`] puts its fields beside the core ones.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Mail {
    /// The subject as a person reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Pii<String>>,
    /// The first address of `From`, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_address: Option<Pii<String>>,
    /// The display name of it; never an identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_name: Option<Pii<String>>,
    /// The addresses of `To`.
    pub to: Vec<Pii<String>>,
    /// The addresses of `Cc`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<Pii<String>>,
    /// Where it was delivered to: the envelope's recipients, where somebody wrote them down.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delivered_to: Vec<Pii<String>>,
    /// Where an answer should go, where that is not `from_address`. Show both: it is a means of deceit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to_address: Option<Pii<String>>,
    /// `Message-ID` with its angle brackets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The first id of `In-Reply-To`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    /// The ids of `References`, the oldest first; look them up from the last to the first.
    pub references: Vec<String>,
    /// The sender's date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_utc: Option<Instant>,
    /// Where the event's text comes from.
    pub text_source: TextSource,
    /// The text without quoted mail and signature, for display and rules; the event's text is the whole one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stripped_reply: Option<Pii<String>>,
    /// The provider's own idea of the same, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stripped_text: Option<Pii<String>>,
    /// True when there is an HTML body.
    pub html_present: bool,
    /// Attachments that the HTML body shows, by their `Content-ID`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inline: Vec<InlinePart>,
    /// True for a report that one of our mails was not delivered, or not yet.
    pub is_bounce: bool,
    /// True when a program answered in place of a person.
    pub is_auto_reply: bool,
    /// True for mailing lists, newsletters and other mail to many.
    pub is_bulk: bool,
    /// True for a mail of our own that came back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_loop: bool,
    /// True when the sender's address says that nobody reads answers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_no_reply: bool,
    /// What showed that no person waits for an answer: the header's name or the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automatic_by: Option<String>,
    /// What a report says about a mail of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounce: Option<Bounce>,
    /// The outcome of the sender's authentication, as the topmost `Authentication-Results` or the provider says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<MailAuthentication>,
    /// A reply address of ours among the recipients, unproven: check it together with the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_token: Option<Pii<String>>,
    /// What was wrong with the mail and how it was read all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parse_defects: Vec<String>,
}

impl Mail {
    /// True when no automatic answer may be sent: it would go to a program, to many, or round in a circle.
    pub fn forbids_automatic_answer(&self) -> bool {
        self.is_bounce
            || self.is_auto_reply
            || self.is_bulk
            || self.is_loop
            || self.is_no_reply
            || self.bounce.is_some()
            || self.from_address.is_none()
    }
}

/// What a transcript shows of a mail beside its words.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct MailLine {
    /// The subject as a person reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Pii<String>>,
    /// Whose address it came from, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Pii<String>>,
    /// Where the answer goes, where that is not `from`. Show both: it is a means of deceit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_to: Option<Pii<String>>,
    /// The ids of its `References`, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// The text with what was quoted and the signature, where that is more than the message's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole_text: Option<Pii<String>>,
    /// Why no person waits for an answer: `auto_reply`, `bulk`, `no_reply`, `bounce`, `loop`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automatic: Option<String>,
    /// The outcome of the sender's authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<MailAuthentication>,
    /// Why it did not join the conversation that it names: `reply_address_of_another`, `thread_of_another`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_joined: Option<String>,
}

impl Mail {
    /// The word for what shows that no person waits for an answer; none for a mail of a person.
    pub const fn automatic(&self) -> Option<&'static str> {
        if self.is_loop {
            Some("loop")
        } else if self.is_bounce || self.bounce.is_some() {
            Some("bounce")
        } else if self.is_auto_reply {
            Some("auto_reply")
        } else if self.is_bulk {
            Some("bulk")
        } else if self.is_no_reply {
            Some("no_reply")
        } else {
            None
        }
    }

    /// What a transcript keeps of it, and the words to show; `whole` is the event's text.
    pub fn into_line(self, whole: Option<Pii<String>>) -> (MailLine, Option<Pii<String>>) {
        let automatic = self.automatic().map(str::to_owned);
        let (shown, whole_text) = match self.stripped_reply {
            Some(stripped) if whole.as_ref().is_some_and(|whole| *whole != stripped) => (Some(stripped), whole),
            _ => (whole, None),
        };
        let line = MailLine {
            subject: self.subject,
            from: self.from_address,
            answer_to: self.reply_to_address,
            references: self.references,
            whole_text,
            automatic,
            authentication: self.authentication,
            not_joined: None,
        };
        (line, shown)
    }
}

/// Which part of a mail gave its text.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TextSource {
    /// A `text/plain` part.
    Plain,
    /// A `text/html` part, made plain.
    Html,
    /// There is no text.
    #[default]
    None,
}

/// An attachment that the HTML body shows.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct InlinePart {
    /// The attachment's `ref`.
    pub r#ref: String,
    /// Its `Content-ID` without angle brackets: what `cid:` in the HTML names.
    pub content_id: String,
}

/// What a report says about a mail of ours.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Bounce {
    /// `delivery`, `disposition` (read receipt), `feedback` (complaint), `dmarc`.
    pub report: String,
    /// What happened to each recipient.
    pub recipients: Vec<BouncedRecipient>,
    /// The `Message-ID` of our mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_message_id: Option<String>,
    /// True when it is of no use to try again: every recipient failed with a status of class 5.
    pub permanent: bool,
}

/// What happened to one recipient (RFC 3464).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct BouncedRecipient {
    /// The recipient's address.
    pub recipient: Pii<String>,
    /// `failed`, `delayed`, `delivered`, `relayed`, `expanded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The status code of RFC 3463, such as `5.1.1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The other server's words; may quote addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnostic: Option<Pii<String>>,
}

/// The outcome of the sender's authentication: `pass`, `fail`, `softfail`, `none`, …
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct MailAuthentication {
    /// Who checked. Believe it only where this is your own receiving server.
    pub by: String,
    /// The envelope sender's (RFC 7208).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spf: Option<String>,
    /// The signature's (RFC 6376).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dkim: Option<String>,
    /// The `From` domain's (RFC 7489).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dmarc: Option<String>,
}

impl InboundEvent {
    /// The JSON of the event with the fields of its mail beside the core ones, as `blendline normalize` prints it.
    ///
    /// What a report says is there twice: whole under `bounce`, and its two main parts as `dsn_recipients` and
    /// `dsn_original_message_id`.
    pub fn lifted(&self) -> serde_json::Result<Value> {
        let mut value = serde_json::to_value(self)?;
        let (Some(mail), Some(fields)) = (&self.mail, value.as_object_mut()) else { return Ok(value) };
        fields.remove("mail");
        if let Value::Object(mail) = serde_json::to_value(mail)? {
            fields.extend(mail);
        }
        fields.insert("attachments_count".to_owned(), self.attachments.len().into());
        if let Some(bounce) = &mail.bounce {
            fields.insert("dsn_recipients".to_owned(), serde_json::to_value(&bounce.recipients)?);
            fields.insert("dsn_original_message_id".to_owned(), serde_json::to_value(&bounce.original_message_id)?);
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbound::Attachment;

    #[test]
    fn the_bytes_of_a_mail_are_pinned() {
        let mail = Mail {
            subject: Some("שלום".into()),
            from_address: Some("dana@example.org".into()),
            to: vec!["support@example.com".into()],
            message_id: Some("<1@example.org>".into()),
            text_source: TextSource::Plain,
            bounce: Some(Bounce {
                report: "delivery".into(),
                recipients: vec![BouncedRecipient {
                    recipient: "gone@example.net".into(),
                    action: Some("failed".into()),
                    status: Some("5.1.1".into()),
                    diagnostic: None,
                }],
                original_message_id: Some("<2@example.com>".into()),
                permanent: true,
            }),
            ..Mail::default()
        };
        let bytes = concat!(
            r#"{"subject":"שלום","from_address":"dana@example.org","to":["support@example.com"],"#,
            r#""message_id":"<1@example.org>","references":[],"text_source":"plain","html_present":false,"#,
            r#""is_bounce":false,"is_auto_reply":false,"is_bulk":false,"#,
            r#""bounce":{"report":"delivery","recipients":[{"recipient":"gone@example.net","action":"failed","#,
            r#""status":"5.1.1"}],"original_message_id":"<2@example.com>","permanent":true}}"#,
        );
        assert_eq!(serde_json::to_string(&mail).unwrap(), bytes);
        assert_eq!(serde_json::from_str::<Mail>(bytes).unwrap(), mail);
        // What an older router wrote can be read.
        assert_eq!(serde_json::from_str::<Mail>("{}").unwrap(), Mail::default());
    }

    #[test]
    fn a_mails_fields_are_lifted_beside_the_core_ones() {
        let mail = Mail { subject: Some("x".into()), bounce: Some(Bounce::default()), ..Mail::default() };
        let event = InboundEvent {
            mail: Some(Box::new(mail)),
            attachments: vec![Attachment::default()],
            ..InboundEvent::default()
        };
        let lifted = event.lifted().unwrap();
        assert_eq!((&lifted["subject"], &lifted["type"], lifted.get("mail")), (&"x".into(), &"message".into(), None));
        assert_eq!(
            (lifted["attachments_count"].as_u64(), &lifted["dsn_recipients"]),
            (Some(1), &serde_json::json!([]))
        );
        let plain = InboundEvent::default();
        assert_eq!(plain.lifted().unwrap(), serde_json::to_value(&plain).unwrap());
    }

    #[test]
    fn a_line_shows_what_was_written_and_keeps_what_was_quoted() {
        let mail = Mail { stripped_reply: Some("yes".into()), is_auto_reply: true, ..Mail::default() };
        let (line, shown) = mail.clone().into_line(Some("yes\n> well?".into()));
        assert_eq!((shown, line.whole_text), (Some("yes".into()), Some("yes\n> well?".into())));
        assert_eq!(line.automatic.as_deref(), Some("auto_reply"));
        let (line, shown) = mail.into_line(Some("yes".into()));
        assert_eq!((shown, line.whole_text), (Some("yes".into()), None));
        assert_eq!(Mail::default().into_line(Some("x".into())), (MailLine::default(), Some("x".into())));
    }

    #[test]
    fn only_a_person_gets_an_automatic_answer() {
        let person = Mail { from_address: Some("dana@example.org".into()), ..Mail::default() };
        assert!(!person.forbids_automatic_answer());
        for automatic in [
            Mail { is_bounce: true, ..person.clone() },
            Mail { is_auto_reply: true, ..person.clone() },
            Mail { is_bulk: true, ..person.clone() },
            Mail { is_loop: true, ..person.clone() },
            Mail { is_no_reply: true, ..person.clone() },
            Mail { bounce: Some(Bounce::default()), ..person.clone() },
            Mail::default(),
        ] {
            assert!(automatic.forbids_automatic_answer());
        }
    }
}
