//! SMS of any gateway that posts a form, JSON or XML (CHANNELS.md section 10).
//!
//! Gateways differ in the names of the same dozen fields; `gateway` knows them. Each sends in its own way, so what is to be
//! sent is posted, signed, to a program of the company's that knows its gateway: docs/custom-channel.md says how.

mod normalise;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{Outbound, SendOutcome};

use crate::gateway::verify;
use crate::{Account, Connector, Malformed, Refusal, Setting, Webhook, limits, standard_webhooks};

/// The longest that gateways put together of parts.
const TEXT_CHARS_MAX: usize = 1600;

/// What gateways usually allow.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: TEXT_CHARS_MAX,
    window_ms: None,
    // An account may say otherwise (`receiver_deduplicates`).
    idempotent_send: false,
    commit_is_send: false,
    reports_delivery: true,
    templates: false,
    buttons: false,
    reactions: false,
    edits: false,
    public: false,
    account_rate_per_second: 10,
    recipient_rate: (10, 60),
    body_bytes_max: 1024 * 1024,
    media_bytes_max: &[("image", 5 * 1024 * 1024)],
};

static SETTINGS: &[Setting] = &[
    verify::SETTINGS[0],
    verify::SETTINGS[1],
    verify::SETTINGS[2],
    verify::SETTINGS[3],
    verify::SETTINGS[4],
    verify::SETTINGS[5],
    verify::SETTINGS[6],
    standard_webhooks::SETTINGS[0],
    standard_webhooks::SETTINGS[1],
    standard_webhooks::SETTINGS[2],
    limits::SETTINGS[0],
    limits::SETTINGS[1],
    limits::SETTINGS[2],
];

/// SMS of any gateway.
pub(crate) struct SmsGeneric;

#[async_trait]
impl Connector for SmsGeneric {
    fn name(&self) -> &'static str {
        "sms_generic"
    }

    fn identity_kind(&self) -> &'static str {
        "phone"
    }

    fn medium(&self) -> &'static str {
        "sms"
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
        verify::authenticate(account, hook)
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
