//! Google Business Profile: reviews and questions (CHANNELS.md section 8).
//!
//! Notices come from Pub/Sub, which pushes to an address of ours. They are pointers: what was written must be fetched.

mod normalise;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{Outbound, SendOutcome};
use subtle::ConstantTimeEq;

use crate::signature::any_secret;
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
    edits: true,
    public: true,
    account_rate_per_second: 1,
    recipient_rate: (1, 1),
    body_bytes_max: 10 * 1024 * 1024,
    media_bytes_max: &[],
};

static SETTINGS: &[Setting] = &[Setting {
    name: "push_token",
    required: true,
    secret: true,
    doc: "the word in the push address, as ?token=...; several, separated by commas, while it is being changed",
    ..Setting::TEXT
}];

/// Google Business Profile.
pub(crate) struct GoogleBusiness;

#[async_trait]
impl Connector for GoogleBusiness {
    fn name(&self) -> &'static str {
        "google_business"
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

    /// Pub/Sub signs with a certificate of Google, whose keys change and would have to be fetched. The word in the address
    /// that only Pub/Sub was given is the older way that its documentation names.
    fn authenticate(&self, account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
        if account.setting("push_token").is_none() {
            return Err(Refusal::NotConfigured("push_token"));
        }
        let given = hook.parameter("token").ok_or(Refusal::NoSignature("token"))?;
        any_secret(account, "push_token", |token| token.as_bytes().ct_eq(given.as_bytes()))
    }

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        normalise::normalise(body)
    }

    async fn send(&self, _: &Account, _: &Outbound, _: Millis, _: &reqwest::Client) -> SendOutcome {
        call::failed("not_supported", "answers to reviews cannot be sent from here: answer in the business profile")
    }
}
