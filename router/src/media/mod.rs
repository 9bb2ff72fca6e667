//! Files that customers send: fetched at once from the platform that holds them, kept by the hash of what they hold,
//! and shown to whoever may read the conversation, never as anything that a browser would run.
//!
//! The driver notes a file with the message that brought it ([`MediaFile`], an entry of the register under a random
//! name); the [`fetcher`] gets it afterwards, so that no platform's slowness holds up a message. What a crash left
//! waiting is found again by its name, which begins with the time.
//!
//! Mails bring their files along. Those are put into the store at intake, before the message is on the broker
//! ([`carried`]): what the sender was told is durable is so with its files. A crash between the two leaves a file that
//! nobody refers to, and the sender gives the mail again. What nobody refers to is removed after ten days ([`sweep`]).
//!
//! Suggested reading order: this file, [`fetcher`], [`carried`], [`sweep`], [`sniff`]; the store itself is a port
//! (`ports/files`).

pub mod carried;
pub mod fetcher;
pub mod public;
pub mod sniff;
#[cfg(test)]
mod story;
pub mod sweep;

use blendline_connectors::Connector;
use blendline_wire::inbound::Attachment;
use blendline_wire::kept::KeptFile;
use blendline_wire::{AccountId, ConversationId, Millis, Pii, TenantId};
use serde::{Deserialize, Serialize};

use crate::ports::files::FileName;
use crate::ports::register::{self, Entry, Key, Kind};

/// Files of one message that are kept; no platform sends more, and few mails do.
pub const FILES_MAX: usize = 50;
/// The largest file of a kind for which the channel says nothing.
pub const BYTES_MAX: usize = 25 * 1024 * 1024;

/// A file that came with a message.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct MediaFile {
    /// The account it came through.
    pub account: AccountId,
    /// The conversation it belongs to: who may read that may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// `image`, `video`, `audio`, `voice`, `document`, `sticker`, …
    pub kind: String,
    /// The platform's id or address of it, which may hold a secret.
    pub reference: Pii<String>,
    /// The media type that the platform claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<String>,
    /// The name the sender gave. Hostile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<Pii<String>>,
    /// Where it stands.
    pub state: MediaState,
}

/// Where a file stands.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum MediaState {
    /// It is to be fetched.
    Pending,
    /// We have it.
    Stored {
        /// The SHA-256 of what it holds, in hexadecimal: its name in the store.
        sha256: String,
        /// Its size in bytes.
        bytes: u64,
        /// What it is by what it holds.
        mime: String,
    },
    /// It was not fetched and will not be.
    Failed {
        /// A stable word: `gone`, `too_large`, `forbidden`, …
        reason: String,
        /// A sentence for people.
        detail: String,
    },
}

impl MediaFile {
    /// The file of this attachment; none for what is no file, such as a place or a contact, which are the reference
    /// themselves.
    pub fn of(attachment: &Attachment, account: AccountId) -> Option<Self> {
        let reference = attachment.r#ref.as_ref().filter(|text| !text.starts_with(['{', '[']))?;
        Some(Self {
            account,
            conversation: None,
            kind: attachment.kind.clone(),
            reference: Pii::new(reference.clone()),
            claimed: attachment.mime.clone(),
            filename: attachment.filename.clone(),
            state: MediaState::Pending,
        })
    }

    /// The same for a file whose bytes came along with the message.
    pub fn kept(self, kept: &KeptFile) -> Self {
        let state = match &kept.sha256 {
            Some(sha256) => MediaState::Stored { sha256: sha256.clone(), bytes: kept.bytes, mime: kept.mime.clone() },
            None => MediaState::Failed {
                reason: "too_large".to_owned(),
                detail: format!("the file has {} bytes, and files of this kind are not kept so large", kept.bytes),
            },
        };
        Self { state, ..self }
    }

    /// The attachment, as the connector knows it.
    pub fn attachment(&self) -> Attachment {
        Attachment {
            kind: self.kind.clone(),
            r#ref: Some(self.reference.expose().clone()),
            mime: self.claimed.clone(),
            filename: self.filename.clone(),
        }
    }

    /// Reads an entry of the register.
    pub fn read(entry: &Entry) -> Option<Self> {
        Self::deserialize(entry.body.expose()).ok()
    }

    /// The entry of the register.
    pub fn entry(&self, key: Key, tenant: TenantId, at: Millis) -> Entry {
        let body = Pii::new(serde_json::to_value(self).unwrap_or_default());
        Entry { kind: Kind::Media, key, tenant, at, body }
    }
}

/// The largest file of this kind that is kept of the channel, in bytes.
pub fn bytes_max(connector: &dyn Connector, kind: &str) -> usize {
    let kind = if kind == "voice" { "audio" } else { kind };
    let limits = connector.capabilities().media_bytes_max;
    limits.iter().find(|(known, _)| *known == kind).map_or(BYTES_MAX, |(_, max)| *max)
}

/// Under what the register knows that somebody refers to a file of the store.
pub fn reference_key(name: &FileName) -> Key {
    register::key(Kind::File, name.tenant, &[&name.sha256])
}

/// The entry that says so.
pub fn reference(name: &FileName, at: Millis) -> Entry {
    let body = Pii::new(serde_json::json!({ "sha256": name.sha256 }));
    Entry { kind: Kind::File, key: reference_key(name), tenant: name.tenant, at, body }
}

/// A new name: random, but for the time in front, by which what was left waiting is found.
pub fn new_key() -> Key {
    *uuid::Uuid::now_v7().as_bytes()
}

/// The key before every name given at or after this instant.
pub fn key_at(at: Millis) -> Key {
    let mut key = Key::default();
    key[..6].copy_from_slice(&at.0.to_be_bytes()[2..]);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_rise_with_time() {
        let now = Millis(1_795_599_000_000);
        assert!(key_at(now) < key_at(now.plus(1)));
        let name = new_key();
        let at = u64::from_be_bytes(std::array::from_fn(|index| if index < 2 { 0 } else { name[index - 2] }));
        assert!(key_at(Millis(at)) <= name && name < key_at(Millis(at + 1)));
    }

    #[test]
    fn a_place_is_no_file() {
        let attachment = |text: &str| Attachment { r#ref: Some(text.into()), ..Attachment::default() };
        assert_eq!(MediaFile::of(&attachment(r#"{"latitude":1}"#), AccountId(1)), None);
        let file = MediaFile::of(&attachment("https://x/?token=CANARY"), AccountId(1)).unwrap();
        assert!(!format!("{file:?}").contains("CANARY"));
        assert_eq!(MediaFile::read(&file.entry([7; 16], TenantId(1), Millis(1))), Some(file));
    }
}
