//! Channels: how each platform speaks to us and how we speak to it.
//!
//! A connector is translation and nothing else: it keeps no state, starts no task, reads no clock and never retries.
//! What it may do is data ([`Connector::capabilities`]); nobody outside this crate asks for a channel by name.
//!
//! Suggested reading order: this file, [`account`], [`settings`], [`limits`], then one channel. What several platforms share
//! lies beside the channels: `reading`, `json`, `form` and `html` to read, `signature` to check, `call` to send, `meta`, `x`,
//! `twilio` and `gateway` for families, `standard_webhooks` for programs of the company's own.

pub mod account;
pub mod aws;
mod call;
mod custom;
pub mod email;
mod facebook_page;
pub mod fetch;
mod form;
mod gateway;
mod google_business;
mod html;
mod instagram;
mod json;
pub mod limits;
mod linkedin;
mod mastodon;
mod mention_feed;
mod mention_webhook;
mod messenger;
mod meta;
pub mod normalize;
mod poll;
mod reach;
mod reading;
pub mod settings;
mod signature;
mod sms_generic;
mod sms_twilio;
mod standard_webhooks;
pub mod standing;
mod telegram;
mod twilio;
mod voice_callback;
pub mod webchat;
mod webhook;
mod whatsapp_cloud;
mod x;
mod x_aaa;
mod x_xaa;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::Pii;
use blendline_wire::capability::{Capabilities, PrivateReply};
use blendline_wire::inbound::{Attachment, InboundEvent};
use blendline_wire::outbound::{Outbound, SendFailure, SendOutcome};

pub use account::{Account, Secret};
pub use call::retry_after_ms;
pub use fetch::{FetchError, Fetched};
pub use poll::Poll;
pub use settings::{Setting, SettingError, SettingKind, check_settings};
pub use standard_webhooks::{check_webhook, sign_webhook, webhook_secret};
pub use webhook::{Refusal, Webhook};

/// Every channel, one line each; a test proves that none is missing.
static ALL: &[&dyn Connector] = &[
    &custom::Custom,
    &email::MAILGUN,
    &email::POSTMARK,
    &email::RAW,
    &email::RESEND,
    &email::SENDGRID,
    &email::SES,
    &facebook_page::FACEBOOK_PAGE,
    &google_business::GoogleBusiness,
    &instagram::INSTAGRAM,
    &linkedin::Linkedin,
    &mastodon::Mastodon,
    &mention_feed::MentionFeed,
    &mention_webhook::MentionWebhook,
    &messenger::MESSENGER,
    &sms_generic::SmsGeneric,
    &sms_twilio::SmsTwilio,
    &telegram::Telegram,
    &voice_callback::VoiceCallback,
    &webchat::Webchat,
    &whatsapp_cloud::WhatsappCloud,
    &x_aaa::X_AAA,
    &x_xaa::X_XAA,
];

/// Every channel.
pub fn all() -> &'static [&'static dyn Connector] {
    ALL
}

/// The channel called `name`, if there is one.
pub fn by_name(name: &str) -> Option<&'static dyn Connector> {
    all().iter().copied().find(|connector| connector.name() == name)
}

/// One channel.
#[async_trait]
pub trait Connector: Send + Sync {
    /// The channel's name in configuration, URLs and `blendline normalize`.
    fn name(&self) -> &'static str;

    /// What the channel may do.
    fn capabilities(&self) -> &'static Capabilities;

    /// What people call the channel, without regard to the way in: whoever opts out of it opts out of all of them.
    fn medium(&self) -> &'static str {
        self.name()
    }

    /// What an address of the channel is to other channels: `phone` where it is a telephone number, `email`; else the
    /// channel's own.
    fn identity_kind(&self) -> &'static str {
        self.medium()
    }

    /// True where the platform itself confirms an opt-out word to whoever sent it, and sends nothing of ours after that.
    fn confirms_opt_out(&self) -> bool {
        false
    }

    /// True where messages are mails: they have subjects, and `Message-ID`s by which answers find what they answer.
    fn is_mail(&self) -> bool {
        false
    }

    /// True where a thread has no name but what each message answers, so that it is known by each of its messages.
    fn threads_by_answer(&self) -> bool {
        false
    }

    /// On what conditions what was said in public may be answered in private; `None` where the two are not one channel.
    fn private_reply(&self) -> Option<PrivateReply> {
        None
    }

    /// Every key that an account of this channel may have under its settings.
    fn settings(&self) -> &'static [Setting];

    /// Answers the platform's GET handshake with the body to send back.
    /// `query` holds the decoded pairs of the URL; a refusal is answered 403.
    fn handshake(&self, account: &Account, query: &[(String, String)]) -> Result<String, Refusal>;

    /// The media type of the answer to a handshake.
    fn handshake_type(&self) -> &'static str {
        "text/plain; charset=utf-8"
    }

    /// Proves in constant time that the platform sent this, over the raw bytes and before anything is parsed.
    /// A refusal is answered 401 and nothing of the body is kept.
    fn authenticate(&self, account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal>;

    /// Refuses what was signed too long ago, or will be: whoever overheard it may send it again. Asked after
    /// [`Connector::authenticate`], which has no clock; most platforms sign no time, and their duplicates have no effect.
    fn check_age(&self, _hook: &Webhook<'_>, _now: Millis) -> Result<(), Refusal> {
        Ok(())
    }

    /// Translates a body into events, in payload order; pure, so that fixtures are the tests.
    ///
    /// An event that cannot be understood inside a good envelope becomes an `unsupported` event and never costs
    /// the others. Only a body that is no envelope at all is malformed: the caller quarantines it and answers 200,
    /// or 400 where [`Connector::tells_malformed`].
    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed>;

    /// True where [`Connector::completed`] may have something to get before the platform hears that its body was taken:
    /// without it the happening would be of no use, and it is posted again where that fails.
    fn completes(&self) -> bool {
        self.is_mail()
    }

    /// Gets what a body only points to from the platform, before it is answered: the same body with it inside, as
    /// [`normalise`](Self::normalise) and [`carried`](Self::carried) read it. `None` where the body is all there is, or the
    /// account has no credentials for more. `http` as for [`fetch`](Self::fetch).
    async fn completed(
        &self,
        _account: &Account,
        _body: &[u8],
        _now: Millis,
        _http: &reqwest::Client,
    ) -> Result<Option<Vec<u8>>, FetchError> {
        Ok(None)
    }

    /// The bytes of attachments that a body itself holds, as mails do. Pure, as [`normalise`](Self::normalise), whose
    /// attachments these are.
    fn carried(&self, _body: &[u8], attachments: &[Attachment]) -> Carried {
        vec![None; attachments.len()]
    }

    /// How long one call of [`send`](Self::send) may take, in milliseconds, where that is longer than usual.
    fn call_ms(&self) -> u64 {
        0
    }

    /// What to get, and how often, where the platform does not post to us; `None` on all other channels.
    /// `position` is what [`Connector::position`] told of the last answer; `None` at first.
    fn poll(&self, _account: &Account, _position: Option<&str>) -> Option<Poll> {
        None
    }

    /// A token to ask with, where the account has none that lasts; `None` where [`Poll::bearer`] is all.
    async fn poll_token(&self, _account: &Account, _now: Millis, _http: &reqwest::Client) -> Option<Secret> {
        None
    }

    /// True where an answer to [`Connector::poll`] is everything that there is of late: what is missing from it although
    /// older things are there was removed, and what says something else than before was changed.
    fn lists_all(&self) -> bool {
        false
    }

    /// What brings the happenings of [`Connector::poll`] as they come: a connection that stays open and whose parts
    /// [`Connector::normalise`] reads. `None` where there is no such thing.
    fn stream(&self, _account: &Account) -> Option<Poll> {
        None
    }

    /// How often the account looks again at what was said in its open conversations, in milliseconds, where the platform
    /// posts to us and [`Connector::look_again`] says what to get.
    fn looks_again_ms(&self, _account: &Account) -> Option<u64> {
        None
    }

    /// What to get to see what has become of something that was told before, where the platform does not tell.
    /// It is used for one request at most, made about `now`.
    fn look_again(&self, _account: &Account, _told: &InboundEvent, _now: Millis) -> Option<Poll> {
        None
    }

    /// What has become of it: a change or a removal. `answer` is that to [`Connector::look_again`], `None` where the
    /// platform knows it no more.
    fn became(&self, _told: &InboundEvent, _answer: Option<&[u8]>) -> Option<InboundEvent> {
        None
    }

    /// How far an answer to [`Connector::poll`] reaches, where the platform can be asked for what is newer.
    fn position(&self, _events: &[InboundEvent]) -> Option<String> {
        None
    }

    /// True where a program of the company's own posts: who wrote it reads our answer, so a malformed body gets 400 with
    /// the place and nothing is kept. A platform would only send it again, for days.
    fn tells_malformed(&self) -> bool {
        false
    }

    /// True when a second call for the same message cannot send twice on this account; usually the channel's to say.
    fn idempotent_send(&self, _account: &Account) -> bool {
        self.capabilities().idempotent_send
    }

    /// Makes one call to the platform. It never repeats the call: the outcome is a value and the caller decides.
    ///
    /// `now` is the instant of sending, by which windows are judged. `http` must not follow redirects
    /// ([`http_client_rules`] says what else), for a redirect would carry the account's token elsewhere.
    async fn send(&self, account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome;

    /// Answers in private what was said in public (`private_reply_to`): one call, as [`send`](Self::send). Gives the
    /// platform's id of the other side in private too, where it is taken: some platforms have another one there.
    async fn send_privately(
        &self,
        account: &Account,
        message: &Outbound,
        now: Millis,
        http: &reqwest::Client,
    ) -> (SendOutcome, Option<Pii<String>>) {
        (self.send(account, message, now, http).await, Some(message.to.clone()))
    }

    /// A call that changes nothing and that the platform answers with success if it knows the account and takes its
    /// credentials; none where there is no such call. `Err` with what is missing to make it.
    fn probe(
        &self,
        _account: &Account,
        _http: &reqwest::Client,
    ) -> Option<Result<reqwest::RequestBuilder, SendFailure>> {
        None
    }

    /// A call that changes nothing and that the platform answers with what it posts to us, and where; none where there is no
    /// such call. `Err` as for [`Connector::probe`].
    fn ask_subscription(
        &self,
        _account: &Account,
        _http: &reqwest::Client,
    ) -> Option<Result<reqwest::RequestBuilder, SendFailure>> {
        None
    }

    /// What the answer to [`Connector::ask_subscription`] says: `Err` with what is missing, and the cure. `webhook` is the
    /// path under which the account takes webhooks.
    fn subscription(&self, _answer: &[u8], _webhook: &str) -> Result<String, String> {
        Err("the platform's answer cannot be read".to_owned())
    }

    /// How the account stands with its platform beyond that, by calls that change nothing: permissions, states, webhooks,
    /// subscriptions. `webhook` is the path under which the account takes webhooks.
    async fn standings(&self, _account: &Account, _webhook: &str, _http: &reqwest::Client) -> Vec<standing::Standing> {
        Vec::new()
    }

    /// A body as the platform posts it that holds nothing, to try a signature with; none where there is no such body.
    fn empty_body(&self) -> Option<&'static str> {
        None
    }

    /// True where files of customers are fetched from the platform.
    fn fetches(&self) -> bool {
        false
    }

    /// Fetches a file that came with a message, named by its `ref`; at most `bytes_max` bytes of it.
    ///
    /// `http` as for [`send`](Self::send), and it must connect to no private network.
    async fn fetch(
        &self,
        _account: &Account,
        _attachment: &Attachment,
        _bytes_max: usize,
        _http: &reqwest::Client,
    ) -> Result<Fetched, FetchError> {
        Err(FetchError::NotSupported)
    }
}

/// What [`Connector::carried`] found: one for each attachment, in their order; `None` for what is not in the body.
pub type Carried = Vec<Option<Vec<u8>>>;

/// A client as [`Connector::send`] needs it: no redirects, no waiting for ever.
///
/// Build one per process and share it; the caller may add a proxy or trust roots before `build`.
/// A TLS provider must be installed before (`rustls::crypto::ring::default_provider().install_default()`), otherwise
/// `build` panics: reqwest is compiled without one of its own.
pub fn http_client_rules() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(std::time::Duration::from_secs(5))
        .timeout(std::time::Duration::from_secs(20))
        .user_agent(concat!("blendline/", env!("CARGO_PKG_VERSION")))
}

/// Why a body is no envelope of the platform. Never quotes the body, which holds what customers wrote.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{place}: {detail}")]
pub struct Malformed {
    /// Where: `line 3 column 7`, or a JSON pointer.
    pub place: String,
    /// What was expected and what was found.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for connector in all() {
            assert_eq!(by_name(connector.name()).map(Connector::name), Some(connector.name()));
            assert_eq!(all().iter().filter(|other| other.name() == connector.name()).count(), 1);
        }
        assert!(by_name("carrier_pigeon").is_none());
    }
}
