//! SMS of any gateway that posts a form, JSON or XML (CHANNELS.md section 10).
//!
//! Gateways differ in the names of the same dozen fields; `gateway` knows them.

mod normalise;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{Outbound, SendOutcome};

use crate::gateway::verify;
use crate::{Account, Connector, Malformed, Refusal, Setting, Webhook, call};

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

static SETTINGS: &[Setting] = verify::SETTINGS;

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

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        normalise::normalise(body)
    }

    async fn send(&self, _: &Account, _: &Outbound, _: Millis, _: &reqwest::Client) -> SendOutcome {
        call::failed("not_supported", "each gateway sends in its own way: use sms_twilio, or a channel of your own")
    }
}
