//! Mail out (CHANNELS.md section 12.7): one mail is composed, and handed to the account's own mail server.
//!
//! The mail server queues, retries towards the world and signs (DKIM); what it refuses later comes back as a bounce. Each
//! mail is one connection: a connector keeps no state, and a server nearby costs a few milliseconds.
//!
//! Suggested reading order: `compose`, `page`, `file`, `transport`.

mod compose;
mod file;
mod page;
mod transport;

use blendline_wire::Millis;
use blendline_wire::outbound::{Content, Outbound, SendFailure, SendOutcome};

use self::compose::Words;
pub(in crate::email) use self::transport::CALL_MS;
use super::mailbox::Security;
use crate::{Account, Setting, SettingKind};

pub(super) const SETTINGS: [Setting; 12] = [
    Setting {
        name: "smtp_server",
        kind: SettingKind::Server,
        doc: "the mail server that takes our mails; without it nothing can be sent",
        ..Setting::TEXT
    },
    Setting {
        name: "smtp_tls",
        kind: SettingKind::OneOf(Security::WORDS),
        default: "starttls",
        doc: "how the connection is kept secret; none is for a server on this machine",
        ..Setting::TEXT
    },
    Setting { name: "smtp_user", doc: "who signs in there; without him nobody does", ..Setting::TEXT },
    Setting {
        name: "smtp_password",
        secret: true,
        chosen_elsewhere: true,
        doc: "his password, or an app password",
        ..Setting::TEXT
    },
    Setting {
        name: "smtp_token_file",
        doc: "in place of a password: a file with an access token of OAuth 2 (XOAUTH2) in its first line, read at every connection",
        ..Setting::TEXT
    },
    Setting {
        name: "smtp_token_command",
        doc: "in place of that file: a program and its arguments, without a shell, whose first line is the token; it is run at every connection",
        ..Setting::TEXT
    },
    Setting {
        name: "smtp_token",
        secret: true,
        chosen_elsewhere: true,
        doc: "in place of both: the token itself, for one that lasts; env:NAME takes it from the environment",
        ..Setting::TEXT
    },
    Setting {
        name: "tls_roots",
        doc: "certificates in PEM that the mail servers are believed by, beside those of the system",
        ..Setting::TEXT
    },
    Setting {
        name: "from_address",
        kind: SettingKind::MailAddress,
        doc: "the address that mails come from, where external_id is none",
        ..Setting::TEXT
    },
    Setting { name: "from_name", doc: "the name beside it", ..Setting::TEXT },
    Setting {
        name: "subject",
        default: compose::SUBJECT,
        doc: "the subject of a mail whose conversation has none",
        ..Setting::TEXT
    },
    Setting {
        name: "media_origins",
        kind: SettingKind::Origins,
        doc: "origins from which files are fetched and attached; files from elsewhere are sent as links",
        ..Setting::TEXT
    },
];

/// Composes the mail and hands it over once.
pub(super) async fn send(account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
    let words = match words(account, &message.content, http).await {
        Ok(words) => words,
        Err(outcome) => return outcome,
    };
    match compose::compose(account, message, words, now) {
        Ok(mail) => transport::hand_over(account, &mail).await,
        Err(cause) => SendOutcome::Failed { cause },
    }
}

/// What a content is as a mail.
async fn words(account: &Account, content: &Content, http: &reqwest::Client) -> Result<Words, SendOutcome> {
    let refused = |detail: &str| SendOutcome::Failed { cause: SendFailure::new("parameter", detail) };
    match content {
        Content::Text { text } => Ok(Words { text: text.expose().clone(), file: None }),
        Content::Media { link, caption, filename, .. } => {
            let caption = caption.as_ref().map(|caption| caption.expose().as_str()).unwrap_or_default();
            if file::may_be_fetched(account, link) {
                let file = file::fetch(link, filename.as_deref(), http).await?;
                return Ok(Words { text: caption.to_owned(), file: Some(file) });
            }
            let line = [filename.as_deref().unwrap_or_default(), link].join(" ");
            let text = [caption, line.trim()].join("\n\n");
            Ok(Words { text: text.trim().to_owned(), file: None })
        }
        Content::Template { .. } | Content::Buttons { .. } => {
            Err(refused("a mail has neither templates nor buttons: send text or a file"))
        }
    }
}
