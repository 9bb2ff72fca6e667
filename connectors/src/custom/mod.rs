//! Bring your own channel: signed JSON in and out, so that a company adds a channel without Rust.
//!
//! docs/custom-channel.md is the contract, its schemas lie beside it. The signature is in `standard_webhooks`.
//! Suggested reading order: `place`, `normalise`.

mod normalise;
mod place;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{Outbound, SendOutcome};

use crate::{Account, Connector, Malformed, Refusal, Setting, Webhook, limits, standard_webhooks};

const MIB: usize = 1024 * 1024;
const TEXT_CHARS_MAX: usize = 20_000;

/// What we take and give; what is behind it may allow less, and refuses then.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: TEXT_CHARS_MAX,
    window_ms: None,
    // An account may say otherwise (`receiver_deduplicates`).
    idempotent_send: false,
    commit_is_send: false,
    reports_delivery: true,
    templates: true,
    buttons: true,
    reactions: true,
    edits: true,
    public: true,
    account_rate_per_second: 50,
    recipient_rate: (60, 60),
    body_bytes_max: 4 * MIB,
    media_bytes_max: &[("image", 25 * MIB), ("video", 25 * MIB), ("audio", 25 * MIB), ("document", 25 * MIB)],
};

static SETTINGS: &[Setting] = &[
    Setting { required: true, ..standard_webhooks::SETTINGS[0] },
    standard_webhooks::SETTINGS[1],
    standard_webhooks::SETTINGS[2],
    limits::SETTINGS[0],
    limits::SETTINGS[1],
    limits::SETTINGS[2],
];

/// A channel of the company's own.
pub(crate) struct Custom;

#[async_trait]
impl Connector for Custom {
    fn name(&self) -> &'static str {
        "custom"
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

    fn authenticate(&self, account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
        standard_webhooks::authenticate(account, hook)
    }

    fn check_age(&self, hook: &Webhook<'_>, now: Millis) -> Result<(), Refusal> {
        standard_webhooks::check_age(hook, now)
    }

    fn tells_malformed(&self) -> bool {
        true
    }

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        normalise::normalise(body)
    }

    fn idempotent_send(&self, account: &Account) -> bool {
        account.setting("receiver_deduplicates") == Some("true")
    }

    async fn send(&self, account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
        standard_webhooks::send::send(account, message, TEXT_CHARS_MAX, now, http).await
    }
}
