//! The settings of an account whose mails the router takes in itself: by its SMTP listener, or out of a mailbox by IMAP.

use crate::email::token::TokenSource;
use crate::{Account, Setting, SettingKind, settings};

/// Ports of RFC 8314, section 3.2, and RFC 3501.
const IMAPS_PORT: u16 = 993;
const IMAP_PORT: u16 = 143;

/// How a connection to a mail server is kept secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// TLS from the first byte.
    Implicit,
    /// TLS after STARTTLS; without it nothing is said.
    StartTls,
    /// None, for a server on this machine.
    None,
}

impl Security {
    /// The words of the settings.
    pub(super) const WORDS: &[&str] = &["implicit", "starttls", "none"];

    pub(super) fn of(account: &Account, setting: &str, default: Self) -> Self {
        match account.setting(setting) {
            Some("implicit") => Self::Implicit,
            Some("starttls") => Self::StartTls,
            Some("none") => Self::None,
            _ => default,
        }
    }
}

pub(super) const SETTINGS: [Setting; 12] = [
    Setting {
        name: "addresses",
        kind: SettingKind::MailAddresses,
        doc: "further addresses whose mail is this account's, beside external_id",
        ..Setting::TEXT
    },
    Setting {
        name: "imap_server",
        kind: SettingKind::Server,
        doc: "the mailbox's server; without it the account is not read by IMAP",
        ..Setting::TEXT
    },
    Setting {
        name: "imap_tls",
        kind: SettingKind::OneOf(Security::WORDS),
        default: "implicit",
        doc: "how the connection is kept secret; none is for a server on this machine",
        ..Setting::TEXT
    },
    Setting { name: "imap_user", doc: "who signs in at the mailbox", ..Setting::TEXT },
    Setting {
        name: "imap_password",
        secret: true,
        chosen_elsewhere: true,
        doc: "his password, or an app password",
        ..Setting::TEXT
    },
    Setting {
        name: "imap_token_file",
        doc: "in place of a password: a file with an access token of OAuth 2 (XOAUTH2) in its first line, read at every connection",
        ..Setting::TEXT
    },
    Setting {
        name: "imap_token_command",
        doc: "in place of that file: a program and its arguments, without a shell, whose first line is the token; it is run at every connection",
        ..Setting::TEXT
    },
    Setting {
        name: "imap_token",
        secret: true,
        chosen_elsewhere: true,
        doc: "in place of both: the token itself, for one that lasts; env:NAME takes it from the environment",
        ..Setting::TEXT
    },
    Setting { name: "imap_folder", default: "INBOX", doc: "the folder that is read", ..Setting::TEXT },
    Setting {
        name: "imap_move_to",
        doc: "the folder where mails go that are stored; without it they stay and get a mark",
        ..Setting::TEXT
    },
    Setting {
        name: "imap_since",
        kind: SettingKind::Day,
        doc: "only mails that the server has since that day, for a mailbox that was read by people before",
        ..Setting::TEXT
    },
    Setting {
        name: AUTHSERV_SETTING,
        doc: "who writes Authentication-Results where the mailbox is, such as mx.google.com: what others wrote is not believed",
        ..Setting::TEXT
    },
];

/// Names the server whose word about a sender's authentication counts (RFC 8601, 2.5).
pub const AUTHSERV_SETTING: &str = "authserv_id";

/// What proves who signs in.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'a> {
    /// A password.
    Password(&'a str),
    /// An access token of OAuth 2.
    Token(TokenSource<'a>),
}

/// A mailbox to be read by IMAP.
#[derive(Clone, Copy, Debug)]
pub struct Mailbox<'a> {
    /// The server's name, which its certificate must bear.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// How the connection is kept secret.
    pub security: Security,
    /// Who signs in.
    pub user: &'a str,
    /// What proves that it is he.
    pub proof: Proof<'a>,
    /// The folder to read.
    pub folder: &'a str,
    /// Where what is stored goes.
    pub move_to: Option<&'a str>,
    /// The first day that counts.
    pub since: Option<jiff::civil::Date>,
}

/// The mailbox of `account`; none where the account has no server, or lacks the user or his proof.
pub fn of(account: &Account) -> Option<Mailbox<'_>> {
    let security = Security::of(account, "imap_tls", Security::Implicit);
    let port = if security == Security::Implicit { IMAPS_PORT } else { IMAP_PORT };
    let (host, port) = settings::server(account.setting("imap_server")?, port)?;
    Some(Mailbox {
        host,
        port,
        security,
        user: account.setting("imap_user")?,
        proof: match TokenSource::of_imap(account) {
            Some(source) => Proof::Token(source),
            None => Proof::Password(account.setting("imap_password")?),
        },
        folder: account.setting("imap_folder").unwrap_or("INBOX"),
        move_to: account.setting("imap_move_to"),
        since: account.setting("imap_since").and_then(|day| day.parse().ok()),
    })
}

/// The certificates, in PEM, that the account's mail servers are believed by beside those of the system.
pub fn roots(account: &Account) -> Option<&str> {
    account.setting("tls_roots")
}

/// Every address whose mail is the account's; the first is the one it writes from.
pub fn addresses(account: &Account) -> impl Iterator<Item = &str> {
    std::iter::once(account.external_id.as_str()).chain(account.setting_values("addresses"))
}

#[cfg(test)]
mod tests {
    use blendline_wire::AccountId;

    use super::*;
    use crate::Secret;

    fn account(settings: &[(&str, &str)]) -> Account {
        Account {
            id: AccountId(1),
            name: "support".into(),
            external_id: "support@example.com".into(),
            settings: settings.iter().map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect(),
        }
    }

    #[test]
    fn a_mailbox_has_server_user_and_password() {
        assert!(of(&account(&[("imap_server", "mail.example.com"), ("imap_user", "support")])).is_none());
        let whole = [("imap_server", "mail.example.com"), ("imap_user", "support"), ("imap_password", "p")];
        let plain = account(&whole);
        let mailbox = of(&plain).unwrap();
        assert_eq!((mailbox.host, mailbox.port, mailbox.folder), ("mail.example.com", 993, "INBOX"));
        let mut settings = whole.to_vec();
        settings.extend([("imap_tls", "starttls"), ("imap_since", "2026-11-26")]);
        let other = account(&settings);
        let mailbox = of(&other).unwrap();
        assert_eq!((mailbox.port, mailbox.security), (143, Security::StartTls));
        assert_eq!(mailbox.since, Some(jiff::civil::date(2026, 11, 26)));
    }

    #[test]
    fn the_first_address_is_the_accounts_own() {
        let account = account(&[("addresses", "help@example.com, info@example.org")]);
        let all: Vec<&str> = addresses(&account).collect();
        assert_eq!(all, ["support@example.com", "help@example.com", "info@example.org"]);
    }
}
