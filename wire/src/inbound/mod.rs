//! What a platform told us, normalised: one shape for every channel.

mod kind;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::kind::InboundKind;
use crate::kept::KeptFile;
use crate::mail::Mail;
use crate::pii::Pii;
use crate::reach::Reach;
use crate::time::Instant;

/// One normalised event of a webhook.
///
/// The JSON of this type is the contract of `blendline normalize` and of the inbound queue.
/// The core fields are always written (null where absent), the others only where they apply.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct InboundEvent {
    /// What kind of happening this is; decides how it is routed.
    #[serde(rename = "type")]
    pub kind: InboundKind,
    /// The platform's own id of the message, unique with account and kind.
    pub external_message_id: Option<String>,
    /// Which conversation it belongs to.
    pub conversation_key: ConversationKey,
    /// The platform's id of who acted.
    pub sender_id: Option<String>,
    /// The display name the platform gave; never an identity.
    pub sender_name: Option<Pii<String>>,
    /// What was said.
    pub text: Option<Pii<String>>,
    /// Files and other things that came along.
    pub attachments: Vec<Attachment>,
    /// The platform's time, for display only: order is given by `seq` at commit.
    pub timestamp: Option<Instant>,
    /// True for what reports on our own messages.
    pub is_status_or_echo: bool,

    /// The platform's id of the message this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The platform's id of the message this one changes, removes or reports on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_message_id: Option<String>,
    /// For a status: `sent`, `delayed`, `delivered`, `read`, `played`, `failed`, `deleted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The platform's ids of the messages a status reports on, where it names several or none in particular.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_message_ids: Vec<String>,
    /// For a status: every message up to this instant is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<Instant>,
    /// What the platform reported as wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<PlatformError>,
    /// The payload of a button, list row, flow or command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Pii<String>>,
    /// Stars of a review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// `positive` or `negative`, where a platform asks instead of giving stars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommendation: Option<String>,
    /// Where the customer came from (an advert, a product, a link), as the platform gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Value>,
    /// True when the webhook carried only a pointer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_fetch: bool,
    /// Other ids of the same sender that the platform showed beside `sender_id`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sender_alt_ids: Vec<String>,
    /// The platform's user name of the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_username: Option<Pii<String>>,
    /// The key for recognising a duplicate, where `external_message_id` alone would not do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedup_key: Option<String>,
    /// The id a gateway gave, where it differs from the message's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_message_id: Option<String>,
    /// `public`, `private`, `direct`, as the platform says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    /// `private`, `group`, `channel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_type: Option<String>,
    /// What was done to a post or comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
    /// The platform's own name of the happening, where our type is coarser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// What a reaction did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<Reaction>,
    /// The platform's name of the subscription that told us, where it is not that of messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What changed about the person (a new number, a new id), as the platform gave it; holds addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<Pii<Value>>,
    /// True when the customer forwarded somebody else's words.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forwarded: bool,
    /// True when another application holds the thread: to be kept, not to be answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub standby: bool,
    /// How often the message has been changed so far, where the platform counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_no: Option<u64>,
    /// The platform's running number of what it tells us, where it has one: gaps in it show what was missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_id: Option<i64>,
    /// The platform's id of the notice that told us, where that is not the message's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_id: Option<String>,
    /// What follows for our sending: `opt_out` or `opt_in`, where the platform says it by other means than words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// For which purpose that is said; left out, for every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The platform's id of the album that this file is part of: such messages belong together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub album_id: Option<String>,
    /// Where the public can read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permalink: Option<String>,
    /// How far something public got, as the platform counted when it told us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// Our own outbound id, where the platform gave it back with a status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound_ref: Option<String>,
    /// What only a mail tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Box<Mail>>,
    /// Attachments whose bytes came along and are in the store of files already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<KeptFile>,
}

impl InboundEvent {
    /// True for what tells of a message of our own: a status, an echo, or what we said in public.
    pub const fn is_of_ours(&self) -> bool {
        matches!(self.kind, InboundKind::Status | InboundKind::Echo)
            || (self.is_status_or_echo && self.kind.wants_answer())
    }

    /// The text that recognises a second delivery of the same happening within one account, or `None` when
    /// the platform gave nothing to recognise it by.
    ///
    /// The kind is part of it: a status bears the id of the message it reports on, and each edit that of the same message.
    pub fn duplicate_key(&self) -> Option<String> {
        let id = self.dedup_key.as_deref().or(self.external_message_id.as_deref())?;
        let version = || self.edit_no.map(|no| no.to_string()).or_else(|| Some(self.update_id?.to_string()));
        let qualifier = match self.kind {
            // A second edit bears the id of the first.
            InboundKind::Edit => version().unwrap_or_default(),
            _ => self.status.clone().unwrap_or_default(),
        };
        Some(format!("{}\u{1f}{id}\u{1f}{qualifier}", self.kind.as_str()))
    }
}

/// Names a conversation by what the platform gives.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ConversationKey {
    /// The platform's id of our endpoint.
    pub account: String,
    /// The platform's id of the other side: a person, or a group.
    pub peer: Option<String>,
    /// The thread within the account, where the platform has threads.
    pub thread: Option<String>,
}

/// What a reaction did.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Reaction {
    /// The emoji or the platform's name of it; absent where a platform does not say what was taken back.
    pub emoji: Option<String>,
    /// Whether it was put or taken back.
    pub action: ReactionAction,
    /// Everything that was put, where a platform tells of several reactions at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// Everything that was taken back, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
}

/// Whether a reaction was put or taken back.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReactionAction {
    /// Put.
    #[default]
    Add,
    /// Taken back.
    Remove,
}

/// Something that came with a message.
#[derive(Clone, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attachment {
    /// `image`, `video`, `audio`, `voice`, `document`, `sticker`, `location`, `contact`, `order`, …
    pub kind: String,
    /// The platform's media id, a URL, or the content itself for small things such as a location.
    pub r#ref: Option<String>,
    /// The media type the platform claims.
    pub mime: Option<String>,
    /// The file name the sender gave. Hostile: for display only.
    pub filename: Option<Pii<String>>,
}

impl std::fmt::Debug for Attachment {
    /// Hides the reference: for a location or a contact it is the content itself.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attachment").field("kind", &self.kind).field("mime", &self.mime).finish_non_exhaustive()
    }
}

/// An error as the platform worded it. Judge by `code`, never by `title`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PlatformError {
    /// The platform's number.
    pub code: i64,
    /// The platform's short text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The platform's longer text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Millis;

    #[test]
    fn the_bytes_of_a_message_are_pinned() {
        let event = InboundEvent {
            external_message_id: Some("wamid.X".into()),
            conversation_key: ConversationKey {
                account: "1122334455667".into(),
                peer: Some("972987654321".into()),
                thread: None,
            },
            sender_id: Some("972987654321".into()),
            sender_name: Some("Test Name".into()),
            text: Some("שלום".into()),
            attachments: vec![Attachment {
                kind: "image".into(),
                r#ref: Some("media-id-or-url".into()),
                mime: Some("image/jpeg".into()),
                filename: None,
            }],
            timestamp: Some(Instant(Millis(1_697_044_621_000))),
            ..InboundEvent::default()
        };
        let bytes = concat!(
            r#"{"type":"message","external_message_id":"wamid.X","#,
            r#""conversation_key":{"account":"1122334455667","peer":"972987654321","thread":null},"#,
            r#""sender_id":"972987654321","sender_name":"Test Name","text":"שלום","#,
            r#""attachments":[{"kind":"image","ref":"media-id-or-url","mime":"image/jpeg","filename":null}],"#,
            r#""timestamp":"2023-10-11T17:17:01Z","is_status_or_echo":false}"#,
        );
        assert_eq!(serde_json::to_string(&event).unwrap(), bytes);
        assert_eq!(serde_json::from_str::<InboundEvent>(bytes).unwrap(), event);
    }

    #[test]
    fn debug_of_an_attachment_hides_what_it_holds() {
        let place = Attachment { kind: "location".into(), r#ref: Some("CANARY-5f3".into()), ..Attachment::default() };
        let shown = format!("{place:?}");
        assert!(shown.contains("location") && !shown.contains("CANARY-5f3"), "{shown}");
    }

    #[test]
    fn the_bytes_of_a_reaction_are_pinned() {
        let reaction = Reaction { emoji: Some("👍".into()), ..Reaction::default() };
        assert_eq!(serde_json::to_string(&reaction).unwrap(), r#"{"emoji":"👍","action":"add"}"#);
    }

    #[test]
    fn a_status_is_no_duplicate_of_its_message() {
        let message = InboundEvent { external_message_id: Some("w".into()), ..InboundEvent::default() };
        let status =
            |text: &str| InboundEvent { kind: InboundKind::Status, status: Some(text.into()), ..message.clone() };
        assert_ne!(message.duplicate_key(), status("sent").duplicate_key());
        assert_ne!(status("read").duplicate_key(), status("sent").duplicate_key());
        assert_eq!(InboundEvent::default().duplicate_key(), None);
        assert!(status("sent").is_of_ours() && !message.is_of_ours());
        assert!(InboundEvent { is_status_or_echo: true, ..message.clone() }.is_of_ours());
        let edit = |edit_no| InboundEvent { kind: InboundKind::Edit, edit_no, update_id: Some(7), ..message.clone() };
        assert_ne!(edit(Some(1)).duplicate_key(), edit(Some(2)).duplicate_key());
        assert_eq!(edit(None).duplicate_key(), edit(Some(7)).duplicate_key());
    }
}
