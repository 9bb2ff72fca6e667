//! What Meta's products share: the signature, the envelope, messages, the settings and the calls that send
//! (CHANNELS.md sections 1, 3 and 4). No channel of its own.
//!
//! Suggested reading order: `connector`, `verify`, `envelope`, `messaging`, `feed`, `pointers`, `send`, `errors`.

pub(crate) mod connector;
pub(crate) mod envelope;
mod errors;
pub(crate) mod feed;
pub(crate) mod media;
pub(crate) mod messaging;
pub(crate) mod pointers;
pub(crate) mod send;
pub(crate) mod subscription;
pub(crate) mod verify;

use blendline_wire::capability::PrivateReply;
use blendline_wire::inbound::{InboundEvent, InboundKind};

use self::pointers::{Pointers, is_id};
use crate::{Malformed, Setting, SettingKind, limits, reading};

pub(crate) const DEFAULT_BASE_URL: &str = "https://graph.facebook.com";
pub(crate) const DEFAULT_API_VERSION: &str = "v23.0";

/// What Meta documents of private replies: one to each comment on, or post to, what is ours, within seven days.
pub(crate) const PRIVATE_REPLY: PrivateReply = PrivateReply {
    kinds: &[InboundKind::Comment, InboundKind::Post],
    within_ms: Some(7 * 24 * 60 * 60 * 1000),
    once: true,
};

/// The settings of a Page and of an Instagram account.
pub(crate) static SETTINGS: &[Setting] = &[
    Setting {
        name: "app_secret",
        required: true,
        secret: true,
        doc: "the app's secret, which signs webhooks; several, separated by commas, while it is being changed",
        ..Setting::TEXT
    },
    Setting {
        name: "verify_token",
        required: true,
        secret: true,
        doc: "the word you chose for the webhook's verification",
        ..Setting::TEXT
    },
    Setting {
        name: "access_token",
        secret: true,
        doc: "the Page's (or Instagram user's) token; without it nothing can be sent",
        ..Setting::TEXT
    },
    Setting {
        name: "base_url",
        kind: SettingKind::Url,
        default: DEFAULT_BASE_URL,
        doc: "where the Graph API answers; https://graph.instagram.com for the product with Instagram login",
        ..Setting::TEXT
    },
    Setting { name: "api_version", default: DEFAULT_API_VERSION, doc: "the Graph API's version", ..Setting::TEXT },
    limits::SETTINGS[0],
    limits::SETTINGS[1],
    limits::SETTINGS[2],
];

/// A mention of a Page: a post or a comment elsewhere, of which only the id is told (Graph API, Page webhooks, `mention`).
pub(crate) static PAGE_MENTIONS: Pointers = Pointers {
    field: "mention",
    question: |_, value| {
        let is_whole = value["message"].is_string() && (value["from"].is_object() || !value["sender_id"].is_null());
        let id = reading::first_text(value, &["comment_id", "post_id"]).filter(|id| !is_whole && is_id(id))?;
        Some((id, "message,from,created_time,permalink_url".to_owned()))
    },
    put: |value, answer| {
        for field in ["message", "from", "created_time", "permalink_url"] {
            if value[field].is_null() && !answer[field].is_null() {
                value[field] = answer[field].clone();
            }
        }
    },
};

/// Translates what Meta posts for a Page. Messages and what happens in public come to one address, so both of the
/// Page's channels read both.
pub(crate) fn of_page(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    envelope::normalise(body, &["page", "permissions"], feed::change)
}
