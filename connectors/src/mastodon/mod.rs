//! Mastodon and its kin (CHANNELS.md section 7).
//!
//! There is no webhook: who keeps the stream open or polls hands each frame or list to [`Connector::normalise`].

mod normalise;
mod status;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{Outbound, SendOutcome};

use crate::{Account, Connector, Malformed, Refusal, Setting, SettingKind, Webhook, call};

/// Nothing can be sent, as the text of no length says.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: 0,
    window_ms: None,
    idempotent_send: false,
    commit_is_send: false,
    reports_delivery: false,
    templates: false,
    buttons: false,
    reactions: true,
    edits: true,
    public: true,
    account_rate_per_second: 1,
    recipient_rate: (1, 1),
    body_bytes_max: 4 * 1024 * 1024,
    media_bytes_max: &[],
};

static SETTINGS: &[Setting] = &[
    Setting {
        name: "base_url",
        kind: SettingKind::Url,
        required: true,
        doc: "the server on which the account lives",
        ..Setting::TEXT
    },
    Setting {
        name: "access_token",
        secret: true,
        doc: "the account's token with the scopes read:notifications and read:statuses",
        ..Setting::TEXT
    },
];

/// Mastodon.
pub(crate) struct Mastodon;

#[async_trait]
impl Connector for Mastodon {
    fn name(&self) -> &'static str {
        "mastodon"
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
        // Nobody posts: we ask the server, and its certificate is the proof.
        Err(Refusal::NotSupported)
    }

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        normalise::normalise(body)
    }

    async fn send(&self, _: &Account, _: &Outbound, _: Millis, _: &reqwest::Client) -> SendOutcome {
        call::failed(
            "not_supported",
            "answers cannot be sent to Mastodon from here: answer on the server itself, the echo is kept here",
        )
    }
}
