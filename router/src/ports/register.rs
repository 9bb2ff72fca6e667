//! The register: small things that are known of people and accounts beside the core, found by a hash.

use blendline_wire::{Millis, Pii, TenantId};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// By what an entry is found.
pub type Key = [u8; 16];

/// What an entry is about.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// What a person agreed to on a channel.
    Consent,
    /// Who a contact is.
    Person,
    /// A file that came with a message.
    Media,
    /// That somebody refers to a file of the store of files.
    File,
    /// How an account is.
    Account,
    /// When a contact was last told something by itself.
    Notice,
    /// A note of a colleague about a matter.
    Note,
    /// That a note mentions a worker.
    Mention,
    /// Workers who were connected when their owner ended, and until when each is waited for.
    Awaited,
    /// Where a visitor of a web chat is answered when he is gone.
    Handover,
    /// What happened to a case.
    CaseEvent,
    /// How far another system's events about one thing have come.
    ExternalPlace,
    /// A customer or an order, as another system has it.
    Synced,
    /// Which customers other systems have under an address.
    Profile,
    /// Who passed a task on last, and from where.
    Passed,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Consent,
        Self::Person,
        Self::Media,
        Self::File,
        Self::Account,
        Self::Notice,
        Self::Note,
        Self::Mention,
        Self::Awaited,
        Self::Handover,
        Self::CaseEvent,
        Self::ExternalPlace,
        Self::Synced,
        Self::Profile,
        Self::Passed,
    ];

    /// Its name in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Person => "person",
            Self::Media => "media",
            Self::File => "file",
            Self::Account => "account",
            Self::Notice => "notice",
            Self::Note => "note",
            Self::Mention => "mention",
            Self::Awaited => "awaited",
            Self::Handover => "handover",
            Self::CaseEvent => "case_event",
            Self::ExternalPlace => "external_place",
            Self::Synced => "synced",
            Self::Profile => "profile",
            Self::Passed => "passed",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// One entry: the latest of its key counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What it is about.
    pub kind: Kind,
    /// By what it is found; no two kinds share a key.
    pub key: Key,
    /// Whose.
    pub tenant: TenantId,
    /// When it was written.
    pub at: Millis,
    /// What is known.
    pub body: Pii<Value>,
}

/// A key made of these parts, each preceded by its length.
pub fn key(kind: Kind, tenant: TenantId, parts: &[&str]) -> Key {
    let mut sha = Sha256::new();
    let tenant = tenant.0.to_string();
    for part in [kind.as_str(), &tenant].iter().chain(parts) {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    let mut key = Key::default();
    key.copy_from_slice(&sha.finalize()[..16]);
    key
}
