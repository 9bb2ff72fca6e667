//! What both generations of X's webhooks share: the challenge, the signature, direct messages and the people in them, and
//! sending (CHANNELS.md section 5). No channel of its own.

pub(crate) mod connector;
pub(crate) mod direct;
mod oauth;
pub(crate) mod removals;
pub(crate) mod send;
pub(crate) mod standing;
pub(crate) mod verify;

use blendline_wire::capability::{Capabilities, PrivateReply};
use blendline_wire::inbound::{Attachment, InboundKind};
use serde_json::Value;

use crate::reading::fetched;
use crate::{Setting, SettingKind, json, limits};

const DEFAULT_BASE_URL: &str = "https://api.x.com";
const DIRECT_CHARS_MAX: usize = 10_000;

/// What the platform documents; a post is shorter than a direct message, which is checked when sending.
pub(crate) static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: DIRECT_CHARS_MAX,
    window_ms: None,
    // There is no idempotency key: a second call is a second message.
    idempotent_send: false,
    commit_is_send: false,
    // An echo comes, and names the message by an id that only the lost answer would have told us.
    reports_delivery: false,
    templates: false,
    buttons: false,
    reactions: true,
    edits: true,
    public: true,
    account_rate_per_second: 1,
    recipient_rate: (15, 900),
    body_bytes_max: 4 * 1024 * 1024,
    media_bytes_max: &[],
};

/// Whoever takes messages of the account may be written to at any time; who does not is told by the answer to the call.
pub(crate) const PRIVATE_REPLY: PrivateReply =
    PrivateReply { kinds: &[InboundKind::Mention, InboundKind::Post], within_ms: None, once: false };

pub(crate) static SETTINGS: &[Setting] = &[
    Setting {
        name: "consumer_secret",
        required: true,
        secret: true,
        doc: "the app's consumer secret, which answers challenges and signs webhooks; several, separated by commas, while it is being changed: the first one answers challenges and signs what we send",
        ..Setting::TEXT
    },
    Setting {
        name: "consumer_key",
        secret: true,
        doc: "the app's consumer key, for sending by OAuth 1.0a",
        ..Setting::TEXT
    },
    Setting {
        name: "access_token",
        secret: true,
        doc: "the account's token for the app; without it nothing can be sent",
        ..Setting::TEXT
    },
    Setting {
        name: "access_token_secret",
        secret: true,
        doc: "the secret of an OAuth 1.0a token; without it access_token is taken for a bearer token of OAuth 2.0, which ends after two hours",
        ..Setting::TEXT
    },
    Setting {
        name: "bearer_token",
        secret: true,
        doc: "the app's own bearer token: only `blendline connect check` asks with it which webhooks and subscriptions there are",
        ..Setting::TEXT
    },
    Setting {
        name: "base_url",
        kind: SettingKind::Url,
        default: DEFAULT_BASE_URL,
        doc: "where the API answers",
        ..Setting::TEXT
    },
    Setting {
        name: "look_again_s",
        kind: SettingKind::Number,
        doc: "seconds between two looks at posts of others in open conversations, which may have been removed; each post that is looked at counts as read in the app's plan, so without it nobody looks",
        ..Setting::TEXT
    },
    limits::SETTINGS[0],
    limits::SETTINGS[1],
    limits::SETTINGS[2],
];

/// Files of a post or a direct message; of a video the variant of the highest rate that is no playlist.
pub(crate) fn media(item: &Value) -> Attachment {
    let kind = match item["type"].as_str() {
        Some("video" | "animated_gif") => "video",
        _ => "image",
    };
    let variants = json::items(&item["video_info"]["variants"]).iter().chain(json::items(&item["variants"]));
    let best = variants.max_by_key(|variant| {
        json::number(&variant["bitrate"]).or_else(|| json::number(&variant["bit_rate"])).unwrap_or(-1)
    });
    let url = best.and_then(|variant| json::text(&variant["url"]));
    fetched(
        kind,
        url.or_else(|| crate::reading::first_text(item, &["media_url_https", "media_url", "url", "preview_image_url"])),
    )
}

/// The text from where the platform says that it begins to be shown: before that stand the names of those answered.
/// The place counts code points.
pub(crate) fn shown(text: &str, range: &Value) -> String {
    let start = json::number(&range[0]).and_then(|start| usize::try_from(start).ok()).unwrap_or(0);
    let rest: String = text.chars().skip(start).collect();
    if rest.trim().is_empty() { text.to_owned() } else { rest }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_before_the_shown_text_are_cut_by_code_points() {
        assert_eq!(shown("@\u{1f600}a hello", &json!([4, 9])), "hello");
        assert_eq!(shown("hello", &json!([0, 5])), "hello");
        assert_eq!(shown("hello", &Value::Null), "hello");
        assert_eq!(shown("@a", &json!([2, 2])), "@a");
        assert_eq!(shown("hello", &json!([-1, u64::MAX])), "hello");
    }
}
