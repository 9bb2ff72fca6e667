//! The one connector of both generations.

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::{Capabilities, PrivateReply};
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{Outbound, SendOutcome};

use super::standing::{self, Generation};
use super::{CAPABILITIES, PRIVATE_REPLY, SETTINGS, removals, send, verify};
use crate::standing::Standing;
use crate::{Account, Connector, Malformed, Poll, Refusal, Setting, Webhook};

/// A generation of X's webhooks.
pub(crate) struct X {
    pub(crate) name: &'static str,
    pub(crate) generation: Generation,
    pub(crate) normalise: fn(&[u8]) -> Result<Vec<InboundEvent>, Malformed>,
}

#[async_trait]
impl Connector for X {
    fn name(&self) -> &'static str {
        self.name
    }

    fn medium(&self) -> &'static str {
        "x"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn threads_by_answer(&self) -> bool {
        self.generation == Generation::Account
    }

    fn private_reply(&self) -> Option<PrivateReply> {
        Some(PRIVATE_REPLY)
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
        (self.normalise)(body)
    }

    fn looks_again_ms(&self, account: &Account) -> Option<u64> {
        removals::interval_ms(account)
    }

    fn look_again(&self, account: &Account, told: &InboundEvent, now: Millis) -> Option<Poll> {
        removals::look_again(account, told, now)
    }

    fn became(&self, told: &InboundEvent, answer: Option<&[u8]>) -> Option<InboundEvent> {
        removals::became(told, answer)
    }

    async fn standings(&self, account: &Account, webhook: &str, http: &reqwest::Client) -> Vec<Standing> {
        standing::look(self.generation, account, webhook, http).await
    }

    async fn send(&self, account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
        send::send(account, message, now, http).await
    }
}
