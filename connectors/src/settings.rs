//! The settings of an account as data: one table serves the check, the documentation and the console.

use std::collections::BTreeMap;

use crate::{Connector, Secret};

/// One key under an account's settings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Setting {
    /// The key.
    pub name: &'static str,
    /// True when the account cannot work without it.
    pub required: bool,
    /// True when it must never be shown.
    pub secret: bool,
    /// True for a secret that somebody else chose, as a mailbox's password: it is taken as it is.
    pub chosen_elsewhere: bool,
    /// What its value looks like.
    pub kind: SettingKind,
    /// The value where none is given; empty where there is none.
    pub default: &'static str,
    /// One line for the documentation.
    pub doc: &'static str,
}

impl Setting {
    /// A plain text of no secrecy that need not be given; the base for tables (`..Setting::TEXT`).
    pub const TEXT: Self = Self {
        name: "",
        required: false,
        secret: false,
        chosen_elsewhere: false,
        kind: SettingKind::Text,
        default: "",
        doc: "",
    };
}

/// What the value of a setting looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SettingKind {
    /// Any text that is not empty.
    Text,
    /// An absolute `http` or `https` URL.
    Url,
    /// A whole number from 1.
    Number,
    /// `true` or `false`.
    Flag,
    /// Web origins as browsers write them, separated by commas.
    Origins,
    /// A host's name or address, with or without a port: `mail.example.org:587`.
    Server,
    /// A mail address.
    MailAddress,
    /// Mail addresses, separated by commas.
    MailAddresses,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A day: `2026-11-26`.
    Day,
}

/// What is wrong with an account's settings: names the key and the cure, never the value of a secret.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{key}: {hint}")]
pub struct SettingError {
    /// The key it is about.
    pub key: String,
    /// What to do about it.
    pub hint: String,
}

/// Checks the settings of an account against the table of its channel; the first thing wrong is the error.
pub fn check_settings(connector: &dyn Connector, given: &BTreeMap<String, Secret>) -> Result<(), SettingError> {
    check_against(connector.name(), connector.settings(), given)
}

fn check_against(channel: &str, table: &[Setting], given: &BTreeMap<String, Secret>) -> Result<(), SettingError> {
    for key in given.keys() {
        if !table.iter().any(|setting| setting.name == key) {
            return Err(SettingError { key: key.clone(), hint: unknown_key_hint(channel, table, key) });
        }
    }
    for setting in table {
        let value = given.get(setting.name).map(|value| value.expose().trim());
        let hint = match value {
            None if setting.required => format!("is required by {channel}: {}", setting.doc),
            None => continue,
            Some("") => format!("is empty: give a value or leave the key out ({})", setting.doc),
            Some(text) if !setting.kind.accepts(text) => setting.kind.hint(),
            Some(_) => continue,
        };
        return Err(SettingError { key: setting.name.to_owned(), hint });
    }
    Ok(())
}

impl SettingKind {
    fn accepts(self, text: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Url => reqwest::Url::parse(text)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some()),
            Self::Number => text.parse::<u32>().is_ok_and(|number| 0 < number),
            Self::Flag => matches!(text, "true" | "false"),
            Self::Origins => text.split(',').map(str::trim).all(is_origin),
            Self::Server => server(text, 1).is_some(),
            Self::MailAddress => is_mail_address(text),
            Self::MailAddresses => text.split(',').map(str::trim).all(is_mail_address),
            Self::OneOf(words) => words.contains(&text),
            Self::Day => text.parse::<jiff::civil::Date>().is_ok(),
        }
    }

    fn hint(self) -> String {
        let hint = match self {
            Self::Text => "expected text",
            Self::Url => "expected an absolute URL such as https://graph.facebook.com",
            Self::Number => "expected a whole number from 1 to 4294967295",
            Self::Flag => "expected true or false",
            Self::Origins => {
                "expected origins as browsers write them: https://shop.example.org or http://localhost:3000, \
                 in lower case and with nothing after the host and port"
            }
            Self::Server => "expected a server such as mail.example.org, or with a port mail.example.org:587",
            Self::MailAddress => "expected one mail address such as support@example.org, without a name",
            Self::MailAddresses => "expected mail addresses such as support@example.org, without names",
            Self::OneOf(words) => return format!("expected one of {}", words.join(", ")),
            Self::Day => "expected a day such as 2026-11-26",
        };
        hint.to_owned()
    }
}

/// Host and port of `text`, where it has the form of [`SettingKind::Server`].
pub fn server(text: &str, default_port: u16) -> Option<(&str, u16)> {
    let is_host = |host: &str| {
        !host.is_empty()
            && host.len() <= 253
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    let (host, port) = match text.rsplit_once(':') {
        // An address of IPv6 has colons of its own, and brackets where a port follows.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()?),
        _ => (text, default_port),
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    (0 < port && (is_host(bare) || bare.parse::<std::net::Ipv6Addr>().is_ok())).then_some((bare, port))
}

/// Enough to tell an address from a slip; whether it exists only its server knows.
pub fn is_mail_address(text: &str) -> bool {
    text.len() <= 254
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>,;\"()[]\\".contains(c))
        && text
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !local.contains('@') && !domain.is_empty())
}

/// A browser's spelling exactly, for it is compared as text: lower case, no path, no default port.
fn is_origin(text: &str) -> bool {
    reqwest::Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text)
}

fn unknown_key_hint(channel: &str, table: &[Setting], key: &str) -> String {
    let near = table.iter().map(|setting| (edit_distance(setting.name, key), setting.name)).min();
    match near {
        Some((distance, name)) if distance <= 3 => format!("is no setting of {channel}: did you mean {name}?"),
        _ => {
            let names: Vec<_> = table.iter().map(|setting| setting.name).collect();
            format!("is no setting of {channel}: expected one of {}", names.join(", "))
        }
    }
}

/// Levenshtein's distance in one row; keys are short, so the square cost does not matter.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(a != *b)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Setting] = &[
        Setting { name: "app_secret", required: true, secret: true, doc: "signs", ..Setting::TEXT },
        Setting { name: "base_url", kind: SettingKind::Url, ..Setting::TEXT },
        Setting { name: "recipient_burst", kind: SettingKind::Number, ..Setting::TEXT },
        Setting { name: "strict", kind: SettingKind::Flag, ..Setting::TEXT },
        Setting { name: "pages", kind: SettingKind::Origins, ..Setting::TEXT },
    ];

    fn check(given: &[(&str, &str)]) -> Result<(), String> {
        let given = given.iter().map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect();
        check_against("test", TABLE, &given).map_err(|error| error.to_string())
    }

    #[test]
    fn good_settings_pass() {
        assert_eq!(check(&[("app_secret", "x")]), Ok(()));
        assert_eq!(check(&[("app_secret", "x"), ("base_url", "http://localhost:1"), ("recipient_burst", "3")]), Ok(()));
    }

    #[test]
    fn origins_are_spelled_as_browsers_do() {
        let origins = |text: &str| check(&[("app_secret", "x"), ("pages", text)]);
        assert_eq!(origins("https://shop.example.org, http://localhost:3000"), Ok(()));
        for odd in ["*", "null", "shop.example.org", "https://shop.example.org/", "https://Shop.example.org"] {
            assert!(origins(odd).is_err(), "{odd}");
        }
        assert!(origins("https://shop.example.org:443,https://a.example").is_err());
        assert!(check(&[("app_secret", "x"), ("strict", "no")]).is_err());
    }

    #[test]
    fn servers_and_addresses_have_a_form() {
        assert_eq!(server("mail.example.org", 587), Some(("mail.example.org", 587)));
        assert_eq!(server("127.0.0.1:2525", 587), Some(("127.0.0.1", 2525)));
        assert_eq!(server("[::1]:2525", 587), Some(("::1", 2525)));
        assert_eq!(server("::1", 587), Some(("::1", 587)));
        for odd in
            ["", ":25", "smtp://mail.example.org", "mail.example.org:", "mail.example.org:0", "a b", "mail:99999"]
        {
            assert_eq!(server(odd, 587), None, "{odd}");
        }
        assert!(SettingKind::MailAddresses.accepts("support@example.org, Sales+x@example.org"));
        assert!(SettingKind::MailAddress.accepts("תמיכה@דוגמה.co.il"));
        for odd in ["", "support", "@example.org", "support@", "Support <a@b>", "a@b, c@d", "a@b@c", "a@b\r\nX: y"] {
            assert!(!SettingKind::MailAddress.accepts(odd), "{odd}");
        }
        assert!(SettingKind::Day.accepts("2026-11-26") && !SettingKind::Day.accepts("26.11.2026"));
        let words = SettingKind::OneOf(&["starttls", "none"]);
        assert!(words.accepts("none") && !words.accepts("ssl"));
        assert_eq!(words.hint(), "expected one of starttls, none");
    }

    #[test]
    fn each_mistake_is_named_with_its_cure() {
        for (given, expected) in [
            (&[][..], "app_secret: is required by test: signs"),
            (&[("app_secret", "")], "app_secret: is empty: give a value or leave the key out (signs)"),
            (&[("app_secert", "x")], "app_secert: is no setting of test: did you mean app_secret?"),
            (
                &[("colour", "x")],
                "colour: is no setting of test: expected one of app_secret, base_url, recipient_burst, strict, pages",
            ),
            (
                &[("app_secret", "x"), ("base_url", "graph")],
                "base_url: expected an absolute URL such as https://graph.facebook.com",
            ),
            (
                &[("app_secret", "x"), ("recipient_burst", "0")],
                "recipient_burst: expected a whole number from 1 to 4294967295",
            ),
        ] {
            assert_eq!(check(given), Err(expected.to_owned()));
        }
    }
}
