//! The SMTP listener, and what its accounts need.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use blendline_connectors::Account;
use blendline_connectors::email::token::TokenSource;
use blendline_connectors::email::{self, mailbox};
use blendline_wire::AccountId;
use serde::Deserialize;
use toml::Spanned;

use super::checked::CheckedTenant;
use super::error::{ConfigError, Source};
use super::file::section;
use crate::mail;

section! {
    /// The SMTP listener, as it is written.
    MailSection as MailFile {
        /// Empty: there is none.
        listen: String,
        /// Its name.
        hostname: String,
        /// The file with the certificates.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// The largest mail.
        size_max: usize,
        /// Recipients of one mail.
        recipients_max: usize,
        /// Connections at once.
        connections_max: usize,
        /// Connections at once from one address.
        connections_per_ip_max: usize,
        /// Memory for mails that are coming in.
        buffer_bytes_max: usize,
        /// Mail servers of ours.
        trusted_relays: Vec<IpAddr>,
        /// Name servers.
        resolvers: Vec<SocketAddr>,
    }
}

/// Mail that is taken in without a provider.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Where the SMTP listener listens; `None`: there is none.
    pub listen: Option<SocketAddr>,
    /// On what terms it takes mail.
    pub terms: mail::Terms,
}

type Checked<T> = Result<T, ConfigError>;

/// The smallest limit of a size that makes sense: a mail with a picture or two.
const SIZE_MIN: usize = 64 * 1024;

pub(super) fn check(
    source: &Source<'_>,
    written: &MailFile,
    section: MailSection,
    tenants: &[CheckedTenant],
) -> Checked<Mail> {
    addresses_are_apart(source, tenants)?;
    mailboxes_are_whole(source, tenants)?;
    let at_listen = || span(&written.listen);
    let listen = match section.listen.as_str() {
        "" => None,
        text => Some(text.parse::<SocketAddr>().map_err(|_| {
            source.error(
                at_listen(),
                "this is no address to listen on",
                "give one such as 0.0.0.0:25 or 127.0.0.1:2525",
            )
        })?),
    };
    let tls = tls(source, written, &section)?;
    for (key, value, least) in [
        (&written.size_max, section.size_max, SIZE_MIN),
        (&written.recipients_max, section.recipients_max, 1),
        (&written.connections_max, section.connections_max, 1),
        (&written.connections_per_ip_max, section.connections_per_ip_max, 1),
        (&written.buffer_bytes_max, section.buffer_bytes_max, section.size_max),
    ] {
        if value < least {
            return Err(source.error(span(key), format!("{value} is too little"), format!("give at least {least}")));
        }
    }
    if listen.is_some() {
        if section.hostname.is_empty()
            || !section.hostname.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
        {
            let hint = "give the name that the certificate and the domain's MX record have, such as mail.example.org";
            let at = if written.hostname.is_some() { span(&written.hostname) } else { at_listen() };
            return Err(source.error(at, "the listener has no hostname", hint));
        }
        if !accounts(tenants).any(|(channel, ..)| channel == email::RAW_NAME) {
            let hint = "add one, its address as external_id, or leave `listen` empty";
            return Err(source.error(at_listen(), "no account of the channel email_raw could get a mail", hint));
        }
    }
    let terms = mail::Terms {
        hostname: section.hostname,
        tls,
        size_max: section.size_max,
        recipients_max: section.recipients_max,
        connections_max: section.connections_max,
        connections_per_ip_max: section.connections_per_ip_max,
        buffer_bytes_max: section.buffer_bytes_max,
        trusted_relays: section.trusted_relays,
        resolvers: section.resolvers,
        stop_grace: Duration::from_secs(10),
    };
    Ok(Mail { listen, terms })
}

/// Both files, once they proved to be usable: a listener that cannot speak TLS would only be found out by senders.
fn tls(source: &Source<'_>, written: &MailFile, section: &MailSection) -> Checked<Option<(PathBuf, PathBuf)>> {
    let (certificate, key) = (&section.certificate, &section.key);
    match (certificate.as_os_str().is_empty(), key.as_os_str().is_empty()) {
        (true, true) => Ok(None),
        (false, false) => {
            let usable = mail::tls_of_files(certificate, key);
            let hint =
                "give the whole chain in `certificate` and its key in `key`, both in PEM and readable for the router";
            usable.map_err(|error| source.error(span(&written.certificate), error, hint))?;
            Ok(Some((certificate.clone(), key.clone())))
        }
        (no_certificate, _) => {
            let at = if no_certificate { span(&written.key) } else { span(&written.certificate) };
            Err(source.error(at, "certificate and key belong together", "give both, or neither"))
        }
    }
}

/// The accounts as their connectors see them, with where they stand.
fn accounts(tenants: &[CheckedTenant]) -> impl Iterator<Item = (&str, Range<usize>, Account)> {
    let all = tenants.iter().flat_map(|tenant| &tenant.accounts);
    all.map(|checked| {
        let (name, external_id) = (checked.name.clone(), checked.external_id.clone());
        let account = Account { id: AccountId(0), name, external_id, settings: checked.settings.clone() };
        (checked.channel.as_str(), checked.name_span.clone(), account)
    })
}

/// An address belongs to one account, or nobody knows whose mail it is.
fn addresses_are_apart(source: &Source<'_>, tenants: &[CheckedTenant]) -> Checked<()> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for (_, at, account) in accounts(tenants).filter(|(channel, ..)| *channel == email::RAW_NAME) {
        if !account.external_id.contains('@') {
            let hint = "give the mailbox's address as external_id, such as support@example.org";
            return Err(source.error(at, "external_id is no mail address", hint));
        }
        for address in mailbox::addresses(&account) {
            let other = known.insert(address.to_lowercase(), account.name.clone());
            if let Some(other) = other.filter(|other| *other != account.name) {
                let message = format!("the accounts `{other}` and `{}` have an address in common", account.name);
                return Err(source.error(at, message, "give each address to one account"));
            }
        }
    }
    Ok(())
}

/// A mailbox that is half described would silently not be read.
fn mailboxes_are_whole(source: &Source<'_>, tenants: &[CheckedTenant]) -> Checked<()> {
    for (_, at, account) in accounts(tenants) {
        if account.setting("imap_server").is_some() && mailbox::of(&account).is_none() {
            let hint = "give both, or a token (imap_token_file, imap_token_command, imap_token) in place of the password, or leave out imap_server";
            return Err(source.error(at, "settings.imap_user or settings.imap_password is missing", hint));
        }
        let has_proof = account.setting("smtp_password").is_some() || TokenSource::of_smtp(&account).is_some();
        if account.setting("smtp_user").is_some() != has_proof {
            let hint = "give both (or a token in place of the password: smtp_token_file, smtp_token_command, smtp_token), or neither where the mail server asks nobody who he is";
            return Err(source.error(at, "settings.smtp_user and settings.smtp_password belong together", hint));
        }
        if let Err(cause) = mail::extra_roots(mailbox::roots(&account)) {
            return Err(source.error(at, format!("settings.{cause}"), "give the certificates themselves, in PEM"));
        }
    }
    Ok(())
}

fn span<T>(value: &Option<Spanned<T>>) -> Range<usize> {
    value.as_ref().map_or(0..0, Spanned::span)
}

#[cfg(test)]
mod tests;
