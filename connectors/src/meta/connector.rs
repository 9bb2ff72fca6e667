//! The one connector of Meta's products: what they differ in is data.

use async_trait::async_trait;
use blendline_wire::capability::{Capabilities, PrivateReply};
use blendline_wire::inbound::{Attachment, InboundEvent};
use blendline_wire::outbound::{Outbound, SendFailure, SendOutcome};
use blendline_wire::{Millis, Pii};

use super::pointers::Pointers;
use super::send::Product;
use super::{PRIVATE_REPLY, SETTINGS, media, pointers, send, subscription, verify};
use crate::{Account, Connector, FetchError, Fetched, Malformed, Refusal, Setting, Webhook};

/// A product in which a Page or an Instagram account talks, directly or in public.
pub(crate) struct Meta {
    pub(crate) name: &'static str,
    pub(crate) capabilities: &'static Capabilities,
    pub(crate) product: Product,
    pub(crate) normalise: fn(&[u8]) -> Result<Vec<InboundEvent>, Malformed>,
    /// How what only points to a mention is completed.
    pub(crate) mentions: &'static Pointers,
    /// The fields that the app has to be subscribed to, where that can be asked.
    pub(crate) subscribes: Option<&'static [&'static str]>,
    pub(crate) empty_body: &'static str,
    /// Whether customers' files are fetched from it.
    pub(crate) fetches: bool,
}

#[async_trait]
impl Connector for Meta {
    fn name(&self) -> &'static str {
        self.name
    }

    fn capabilities(&self) -> &'static Capabilities {
        self.capabilities
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

    fn authenticate(&self, account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
        verify::authenticate(account, hook)
    }

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        (self.normalise)(body)
    }

    fn probe(&self, account: &Account, http: &reqwest::Client) -> Option<Result<reqwest::RequestBuilder, SendFailure>> {
        Some(send::probe(account, http))
    }

    fn ask_subscription(
        &self,
        account: &Account,
        http: &reqwest::Client,
    ) -> Option<Result<reqwest::RequestBuilder, SendFailure>> {
        self.subscribes.map(|_| subscription::ask(account, http))
    }

    fn subscription(&self, answer: &[u8], _webhook: &str) -> Result<String, String> {
        subscription::told(answer, self.subscribes.unwrap_or_default())
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
        pointers::completed(self.mentions, account, body, http).await
    }

    async fn send(&self, account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
        send::send(&self.product, account, message, now, http).await
    }

    async fn send_privately(
        &self,
        account: &Account,
        message: &Outbound,
        now: Millis,
        http: &reqwest::Client,
    ) -> (SendOutcome, Option<Pii<String>>) {
        send::send_privately(&self.product, account, message, now, http).await
    }

    fn empty_body(&self) -> Option<&'static str> {
        Some(self.empty_body)
    }

    fn fetches(&self) -> bool {
        self.fetches
    }

    async fn fetch(
        &self,
        account: &Account,
        attachment: &Attachment,
        bytes_max: usize,
        http: &reqwest::Client,
    ) -> Result<Fetched, FetchError> {
        media::fetch(account, attachment, bytes_max, http).await
    }
}
