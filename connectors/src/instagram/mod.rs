//! Instagram: direct messages, comments, mentions (CHANNELS.md sections 1 and 4).
//!
//! What Meta's products share is in `meta`.

mod comments;

use blendline_wire::capability::Capabilities;

use crate::meta::connector::Meta;
use crate::meta::envelope;
use crate::meta::send::Product;

const MIB: usize = 1024 * 1024;

/// What the platform documents; a direct text has at most 1,000 bytes, which are 500 characters of Hebrew.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: 1000,
    window_ms: Some(24 * 60 * 60 * 1000),
    // There is no idempotency key: a second call is a second message.
    idempotent_send: false,
    commit_is_send: false,
    reports_delivery: true,
    templates: false,
    buttons: true,
    reactions: true,
    edits: true,
    public: true,
    account_rate_per_second: 100,
    recipient_rate: (10, 10),
    body_bytes_max: 4 * MIB,
    media_bytes_max: &[("image", 8 * MIB), ("video", 25 * MIB), ("audio", 25 * MIB)],
};

/// Instagram.
pub(crate) static INSTAGRAM: Meta = Meta {
    name: "instagram",
    capabilities: &CAPABILITIES,
    product: Product {
        text_chars_max: 1000,
        text_bytes_max: 1000,
        answer_edge: "replies",
        quotes: false,
        metadata: false,
    },
    normalise: |body| envelope::normalise(body, &["instagram"], comments::change),
    mentions: &comments::MENTIONS,
    subscribes: None,
    empty_body: r#"{"object":"instagram","entry":[]}"#,
    fetches: true,
};
