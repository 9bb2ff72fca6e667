//! Instagram: direct messages, comments, mentions (CHANNELS.md sections 1 and 4).
//!
//! What Meta's products share is in `meta`.

mod comments;

use async_trait::async_trait;
use blendline_wire::capability::{Capabilities, PrivateReply};
use blendline_wire::inbound::{Attachment, InboundEvent};
use blendline_wire::outbound::{Outbound, SendFailure, SendOutcome};
use blendline_wire::{Millis, Pii};

use crate::meta::send::Product;
use crate::meta::{self, verify};
use crate::{Account, Connector, FetchError, Fetched, Malformed, Refusal, Setting, Webhook};

const MIB: usize = 1024 * 1024;

/// What the platform documents; a direct text has at most 1,000 bytes, which are 500 characters of Hebrew.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: 1000,
    window_ms: Some(24 * 60 * 60 * 1000),
    // There is no idempotency key: a second call is a second message.
    idempotent_send: false,
    commit_is_send: false,
    reports_delivery: true,
    templates: false,
    buttons: true,
    reactions: true,
    edits: true,
    public: true,
    account_rate_per_second: 100,
    recipient_rate: (10, 10),
    body_bytes_max: 4 * MIB,
    media_bytes_max: &[("image", 8 * MIB), ("video", 25 * MIB), ("audio", 25 * MIB)],
};

static PRODUCT: Product =
    Product { text_chars_max: 1000, text_bytes_max: 1000, answer_edge: "replies", quotes: false, metadata: false };

/// Instagram.
pub(crate) struct Instagram;

#[async_trait]
impl Connector for Instagram {
    fn name(&self) -> &'static str {
        "instagram"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn private_reply(&self) -> Option<PrivateReply> {
        Some(meta::PRIVATE_REPLY)
    }

    fn settings(&self) -> &'static [Setting] {
        meta::SETTINGS
    }

    fn handshake(&self, account: &Account, query: &[(String, String)]) -> Result<String, Refusal> {
        verify::handshake(account, query)
    }

    fn authenticate(&self, account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
        verify::authenticate(account, hook)
    }

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        meta::envelope::normalise(body, &["instagram"], comments::change)
    }

    fn probe(&self, account: &Account, http: &reqwest::Client) -> Option<Result<reqwest::RequestBuilder, SendFailure>> {
        Some(meta::send::probe(account, http))
    }

    fn completes(&self) -> bool {
        true
    }

    async fn completed(
        &self,
        account: &Account,
        body: &[u8],
        _now: Millis,
        http: &reqwest::Client,
    ) -> Result<Option<Vec<u8>>, FetchError> {
        meta::pointers::completed(&comments::MENTIONS, account, body, http).await
    }

    async fn send(&self, account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
        meta::send::send(&PRODUCT, account, message, now, http).await
    }

    async fn send_privately(
        &self,
        account: &Account,
        message: &Outbound,
        now: Millis,
        http: &reqwest::Client,
    ) -> (SendOutcome, Option<Pii<String>>) {
        meta::send::send_privately(&PRODUCT, account, message, now, http).await
    }

    fn empty_body(&self) -> Option<&'static str> {
        Some(r#"{"object":"instagram","entry":[]}"#)
    }

    fn fetches(&self) -> bool {
        true
    }

    async fn fetch(
        &self,
        account: &Account,
        attachment: &Attachment,
        bytes_max: usize,
        http: &reqwest::Client,
    ) -> Result<Fetched, FetchError> {
        meta::media::fetch(account, attachment, bytes_max, http).await
    }
}
