//! Calls as a telephone service tells of them: missed, recorded, or with the wish to be called back
//! (CHANNELS.md section 10). Never text, always a call.

mod normalise;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{Outbound, SendOutcome};

use crate::{Account, Connector, Malformed, Refusal, Setting, Webhook, call, gateway, twilio};

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
    edits: false,
    public: false,
    account_rate_per_second: 1,
    recipient_rate: (1, 1),
    body_bytes_max: 1024 * 1024,
    media_bytes_max: &[],
};

static SETTINGS: &[Setting] = &[
    twilio::SETTINGS[0],
    twilio::SETTINGS[1],
    gateway::verify::SETTINGS[0],
    gateway::verify::SETTINGS[1],
    gateway::verify::SETTINGS[2],
    gateway::verify::SETTINGS[3],
    gateway::verify::SETTINGS[4],
    gateway::verify::SETTINGS[5],
    gateway::verify::SETTINGS[6],
];

/// Calls.
pub(crate) struct VoiceCallback;

#[async_trait]
impl Connector for VoiceCallback {
    fn name(&self) -> &'static str {
        "voice_callback"
    }

    fn identity_kind(&self) -> &'static str {
        "phone"
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

    /// Twilio signs; another service proves itself as a gateway of SMS does.
    fn authenticate(&self, account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
        if account.setting("auth_token").is_some() {
            return twilio::verify::authenticate(account, hook);
        }
        gateway::verify::authenticate(account, hook)
    }

    fn tells_malformed(&self) -> bool {
        true
    }

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        normalise::normalise(body)
    }

    async fn send(&self, _: &Account, _: &Outbound, _: Millis, _: &reqwest::Client) -> SendOutcome {
        call::failed("not_supported", "a call cannot be made from here: call back by telephone")
    }
}
