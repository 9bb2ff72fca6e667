//! Mentions out of feeds, RSS and Atom: complaint sites, forums, searches of news and of video sites.
//!
//! Nobody posts: who polls hands each document to [`Connector::normalise`]. Suggested reading order: `document`, `normalise`.

mod document;
mod normalise;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{Outbound, SendOutcome};

use crate::{Account, Connector, Malformed, Poll, Refusal, Setting, SettingKind, Webhook, call};

/// How often a feed is asked by itself, in seconds.
const INTERVAL_S: u64 = 300;

/// Nothing can be sent, as the text of no length says.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: 0,
    window_ms: None,
    idempotent_send: false,
    commit_is_send: false,
    reports_delivery: false,
    templates: false,
    buttons: false,
    reactions: false,
    // Seen by comparing what the feed shows with what it showed before.
    edits: true,
    public: true,
    account_rate_per_second: 1,
    recipient_rate: (1, 1),
    body_bytes_max: 4 * 1024 * 1024,
    media_bytes_max: &[],
};

static SETTINGS: &[Setting] = &[
    Setting { name: "url", kind: SettingKind::Url, required: true, doc: "the feed's address", ..Setting::TEXT },
    Setting {
        name: "interval_s",
        kind: SettingKind::Number,
        default: "300",
        doc: "seconds between two looks at it",
        ..Setting::TEXT
    },
];

/// Feeds.
pub(crate) struct MentionFeed;

#[async_trait]
impl Connector for MentionFeed {
    fn name(&self) -> &'static str {
        "mention_feed"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn handshake(&self, _: &Account, _: &[(String, String)]) -> Result<String, Refusal> {
        Err(Refusal::NotSupported)
    }

    fn authenticate(&self, _: &Account, _: &Webhook<'_>) -> Result<(), Refusal> {
        Err(Refusal::NotSupported)
    }

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        normalise::normalise(body)
    }

    fn poll(&self, account: &Account, _: Option<&str>) -> Option<Poll> {
        let url = account.setting("url").and_then(|url| url.parse().ok())?;
        Some(Poll {
            url,
            bearer: None,
            authorization: None,
            interval_ms: Poll::interval_ms(account, "interval_s", INTERVAL_S),
        })
    }

    fn lists_all(&self) -> bool {
        true
    }

    async fn send(&self, _: &Account, _: &Outbound, _: Millis, _: &reqwest::Client) -> SendOutcome {
        call::failed("not_supported", "a feed takes no answers: answer where it was said, the message has the link")
    }
}
