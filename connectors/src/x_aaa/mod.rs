//! X, Account Activity API: the older generation of webhooks (CHANNELS.md section 5).
//!
//! What both generations share is in `x`.

mod normalise;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::{Capabilities, PrivateReply};
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{Outbound, SendOutcome};

use crate::standing::Standing;
use crate::x::{self, verify};
use crate::{Account, Connector, Malformed, Poll, Refusal, Setting, Webhook};

/// X, Account Activity API.
pub(crate) struct XAaa;

#[async_trait]
impl Connector for XAaa {
    fn name(&self) -> &'static str {
        "x_aaa"
    }

    fn medium(&self) -> &'static str {
        "x"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &x::CAPABILITIES
    }

    fn threads_by_answer(&self) -> bool {
        true
    }

    fn private_reply(&self) -> Option<PrivateReply> {
        Some(x::PRIVATE_REPLY)
    }

    fn settings(&self) -> &'static [Setting] {
        x::SETTINGS
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

    fn looks_again_ms(&self, account: &Account) -> Option<u64> {
        x::removals::interval_ms(account)
    }

    fn look_again(&self, account: &Account, told: &InboundEvent, now: Millis) -> Option<Poll> {
        x::removals::look_again(account, told, now)
    }

    fn became(&self, told: &InboundEvent, answer: Option<&[u8]>) -> Option<InboundEvent> {
        x::removals::became(told, answer)
    }

    async fn standings(&self, account: &Account, webhook: &str, http: &reqwest::Client) -> Vec<Standing> {
        x::standing::look(x::standing::Generation::Account, account, webhook, http).await
    }

    async fn send(&self, account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
        x::send::send(account, message, now, http).await
    }
}
