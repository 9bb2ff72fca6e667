//! LinkedIn: comments and mentions of an organisation's page (CHANNELS.md section 9).

mod normalise;
mod verify;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{Outbound, SendOutcome};

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
    reactions: true,
    edits: true,
    public: true,
    account_rate_per_second: 1,
    recipient_rate: (1, 1),
    body_bytes_max: 4 * 1024 * 1024,
    media_bytes_max: &[],
};

static SETTINGS: &[Setting] = &[Setting {
    name: "client_secret",
    required: true,
    secret: true,
    doc: "the app's client secret, which answers challenges and signs webhooks; several, separated by commas, while it is being changed: the first one answers challenges",
    ..Setting::TEXT
}];

/// LinkedIn.
pub(crate) struct Linkedin;

#[async_trait]
impl Connector for Linkedin {
    fn name(&self) -> &'static str {
        "linkedin"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn handshake(&self, account: &Account, query: &[(String, String)]) -> Result<String, Refusal> {
        verify::handshake(account, query)
    }

    fn handshake_type(&self) -> &'static str {
        "application/json"
    }

    fn authenticate(&self, account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
        verify::authenticate(account, hook)
    }

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        normalise::normalise(body)
    }

    async fn send(&self, _: &Account, _: &Outbound, _: Millis, _: &reqwest::Client) -> SendOutcome {
        call::failed(
            "not_supported",
            "answers cannot be sent to LinkedIn from here: answer on the page itself, its echo is kept here",
        )
    }
}
