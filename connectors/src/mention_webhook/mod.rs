//! Mentions that a monitoring service posts, whichever: JSON or a form, by the names that such services give to their fields.

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
    public: true,
    account_rate_per_second: 1,
    recipient_rate: (1, 1),
    body_bytes_max: 4 * 1024 * 1024,
    media_bytes_max: &[],
};

/// Monitoring services.
pub(crate) struct MentionWebhook;

#[async_trait]
impl Connector for MentionWebhook {
    fn name(&self) -> &'static str {
        "mention_webhook"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn settings(&self) -> &'static [Setting] {
        verify::SETTINGS
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

    async fn send(&self, _: &Account, _: &Outbound, _: Millis, _: &reqwest::Client) -> SendOutcome {
        call::failed(
            "not_supported",
            "a monitoring service takes no answers: answer where it was said, the message has the link",
        )
    }
}
