//! A Facebook Page in public: posts, comments, reviews, mentions (CHANNELS.md sections 1 and 3).
//!
//! What Meta's products share is in `meta`.

use blendline_wire::capability::Capabilities;

use crate::meta::connector::Meta;
use crate::meta::send::Product;
use crate::meta::{PAGE_MENTIONS, of_page};

const MIB: usize = 1024 * 1024;

/// What the platform documents; in public there is no window, and for a direct message the platform judges.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: 8000,
    // Of messages; what is said in public has no window.
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
    account_rate_per_second: 40,
    recipient_rate: (10, 10),
    body_bytes_max: 4 * MIB,
    media_bytes_max: &[("image", 25 * MIB), ("video", 25 * MIB), ("audio", 25 * MIB), ("document", 25 * MIB)],
};

/// A Facebook Page in public.
pub(crate) static FACEBOOK_PAGE: Meta = Meta {
    name: "facebook_page",
    capabilities: &CAPABILITIES,
    product: Product {
        text_chars_max: 8000,
        text_bytes_max: 32_000,
        answer_edge: "comments",
        quotes: true,
        metadata: true,
    },
    normalise: of_page,
    mentions: &PAGE_MENTIONS,
    subscribes: Some(&["feed"]),
    empty_body: r#"{"object":"page","entry":[]}"#,
    fetches: false,
};
