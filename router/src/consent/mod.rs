//! The consent register: who may be written to without having asked, on which channel, for what.
//!
//! A person is known by the channel and his address on it, whichever account and conversation he wrote in. What is said
//! last counts; a purpose of its own stands beside [`ALL`], which is what an opt-out word withdraws. It is looked at
//! before each message that is no answer: when a conversation is begun, and once more before anything is sent.

pub mod words;

use std::collections::BTreeMap;

use blendline_wire::{Millis, Pii, TenantId};
use serde::{Deserialize, Serialize};

use crate::ports::register::{self, Entry, Kind};

/// Every purpose at once.
pub const ALL: &str = "all";
/// What a message serves unless it says otherwise.
pub const SERVICE: &str = "service";
/// Purposes for which nobody may be written to who has not agreed.
const ONLY_WITH_CONSENT: &[&str] = &["marketing"];
/// How long what a customer said opens a conversation, where the platform has no window of its own.
pub const OPEN_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// What one person agreed to on one channel.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Consents {
    /// The channel, without regard to the way in: `email`, `sms`, `whatsapp_cloud`, …
    pub medium: String,
    /// His address on it.
    pub address: Pii<String>,
    /// What was said last of each purpose.
    pub purposes: BTreeMap<String, Consent>,
}

/// What was said last of one purpose.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Consent {
    /// Whether he agreed.
    pub granted: bool,
    /// Where it is known from: `word`, `platform`, `complaint`, `chat`, `page`, or what the caller said.
    pub source: String,
    /// When he said so.
    pub at: Millis,
}

impl Consents {
    /// Those of nobody yet.
    pub fn of(medium: &str, address: &str) -> Self {
        Self { medium: medium.to_owned(), address: Pii::new(address.to_owned()), purposes: BTreeMap::new() }
    }

    /// Reads an entry of the register; of one that cannot be read, nothing was ever agreed.
    pub fn read(entry: &Entry) -> Option<Self> {
        Self::deserialize(entry.body.expose()).ok()
    }

    /// The entry of the register.
    pub fn entry(&self, tenant: TenantId, at: Millis) -> Entry {
        let key = subject(tenant, &self.medium, self.address.expose());
        Entry { kind: Kind::Consent, key, tenant, at, body: Pii::new(serde_json::to_value(self).unwrap_or_default()) }
    }

    /// Takes up what was said. False when it is older than what is known, or the same.
    pub fn take(&mut self, purpose: &str, said: Consent) -> bool {
        let known = self.purposes.get(purpose);
        if known.is_some_and(|known| said.at < known.at || known.granted == said.granted) {
            return false;
        }
        self.purposes.insert(purpose.to_owned(), said);
        true
    }

    /// Whether he may be written to for this purpose without having asked.
    pub fn allow(&self, purpose: &str) -> bool {
        let said = [purpose, ALL].into_iter().filter_map(|name| self.purposes.get(name));
        // Of the same instant the refusal counts.
        match said.max_by_key(|said| (said.at, !said.granted)) {
            Some(said) => said.granted,
            None => allowed_unasked(purpose),
        }
    }

    /// The purposes for which he said no, and has not said otherwise since.
    pub fn refused(&self) -> Vec<String> {
        self.purposes.keys().filter(|purpose| !self.allow(purpose)).cloned().collect()
    }
}

/// Whether somebody of whom nothing is known may be written to for this purpose.
pub fn allowed_unasked(purpose: &str) -> bool {
    !ONLY_WITH_CONSENT.contains(&purpose)
}

/// Recognises a person by the channel and his address on it.
pub fn subject(tenant: TenantId, medium: &str, address: &str) -> register::Key {
    register::key(Kind::Consent, tenant, &[medium, &address_of(address)])
}

/// The channel of an account for consent: several ways in may lead to the same people.
pub fn medium(channel: &str) -> &str {
    match blendline_connectors::by_name(channel) {
        Some(connector) => connector.medium(),
        None => channel,
    }
}

/// An address as it is compared: small letters, and of a telephone number the digits.
pub(crate) fn address_of(address: &str) -> String {
    let address = address.trim().to_lowercase();
    let digits: String = address.chars().filter(|letter| !matches!(letter, '+' | ' ' | '-' | '(' | ')')).collect();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits } else { address }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(granted: bool, at: u64) -> Consent {
        Consent { granted, source: "word".into(), at: Millis(at) }
    }

    #[test]
    fn what_was_said_last_counts_and_all_is_every_purpose() {
        let mut consents = Consents::of("sms", "972500000001");
        assert!(consents.allow(SERVICE) && !consents.allow("marketing"));
        assert!(consents.take("marketing", said(true, 1)) && consents.allow("marketing"));
        assert!(consents.take(ALL, said(false, 2)));
        assert!(!consents.allow(SERVICE) && !consents.allow("marketing"));
        assert_eq!(consents.refused(), [ALL, "marketing"]);
        assert!(!consents.take(ALL, said(false, 3)), "it is known");
        assert!(!consents.take(ALL, said(true, 1)), "it is older");
        assert!(consents.take(SERVICE, said(true, 4)) && consents.allow(SERVICE) && !consents.allow("marketing"));
    }

    #[test]
    fn an_address_is_one_however_it_is_written() {
        let tenant = TenantId(1);
        assert_eq!(subject(tenant, "sms", "+972 50-000-0001"), subject(tenant, "sms", "972500000001"));
        assert_eq!(subject(tenant, "email", "Dana@Example.org "), subject(tenant, "email", "dana@example.org"));
        assert_ne!(subject(tenant, "email", "a-b@x"), subject(tenant, "email", "ab@x"));
        assert_ne!(subject(tenant, "sms", "1"), subject(TenantId(2), "sms", "1"));
        assert_eq!((medium("email_ses"), medium("sms_twilio"), medium("unknown")), ("email", "sms", "unknown"));
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let mut consents = Consents::of("sms", "1");
        consents.take(ALL, said(false, 2));
        assert_eq!(Consents::read(&consents.entry(TenantId(1), Millis(3))), Some(consents));
    }
}
