//! Google Business Profile: reviews and questions (CHANNELS.md section 8).
//!
//! Notices come from Pub/Sub, which pushes to an address of ours. They are pointers: what was written is fetched before they
//! are answered. Nobody tells that a review was removed, so the list is looked at too.

mod normalise;
mod reviews;
mod send;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{Outbound, SendOutcome};
use subtle::ConstantTimeEq;

use crate::signature::any_secret;
use crate::{Account, Connector, FetchError, Malformed, Poll, Refusal, Secret, Setting, SettingKind, Webhook, limits};

const COMMENT_BYTES_MAX: usize = 4096;
const DEFAULT_BASE_URL: &str = "https://mybusiness.googleapis.com";
const DEFAULT_TOKEN_URL: &str = "https://oauth2.googleapis.com/token";

/// What the platform documents: ten changes a minute for a profile.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: COMMENT_BYTES_MAX,
    window_ms: None,
    // A review has one answer, and putting it twice is putting it once.
    idempotent_send: true,
    commit_is_send: false,
    reports_delivery: false,
    templates: false,
    buttons: false,
    reactions: false,
    edits: true,
    public: true,
    account_rate_per_second: 1,
    recipient_rate: (10, 60),
    body_bytes_max: 10 * 1024 * 1024,
    media_bytes_max: &[],
};

static SETTINGS: &[Setting] = &[
    Setting {
        name: "push_token",
        required: true,
        secret: true,
        doc: "the word in the push address, as ?token=...; several, separated by commas, while it is being changed",
        ..Setting::TEXT
    },
    Setting {
        name: "refresh_token",
        secret: true,
        doc: "the token of a manager of the profile that begets access tokens; without one of the two nothing can be sent",
        ..Setting::TEXT
    },
    Setting { name: "client_id", doc: "the id of the OAuth client that refresh_token was made for", ..Setting::TEXT },
    Setting { name: "client_secret", secret: true, doc: "the secret of that client", ..Setting::TEXT },
    Setting {
        name: "access_token",
        secret: true,
        doc: "a token that somebody else keeps fresh, in place of refresh_token",
        ..Setting::TEXT
    },
    Setting {
        name: "token_url",
        kind: SettingKind::Url,
        default: DEFAULT_TOKEN_URL,
        doc: "where access tokens are had",
        ..Setting::TEXT
    },
    Setting {
        name: "base_url",
        kind: SettingKind::Url,
        default: DEFAULT_BASE_URL,
        doc: "where the API answers",
        ..Setting::TEXT
    },
    Setting {
        name: "interval_s",
        kind: SettingKind::Number,
        default: "900",
        doc: "seconds between two looks at the list of reviews, which tells what was removed and what no notice told",
        ..Setting::TEXT
    },
    limits::SETTINGS[0],
    limits::SETTINGS[1],
    limits::SETTINGS[2],
];

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

    fn completes(&self) -> bool {
        true
    }

    async fn completed(
        &self,
        account: &Account,
        body: &[u8],
        now: Millis,
        http: &reqwest::Client,
    ) -> Result<Option<Vec<u8>>, FetchError> {
        reviews::completed(account, body, now, http).await
    }

    fn poll(&self, account: &Account, _: Option<&str>) -> Option<Poll> {
        reviews::list(account)
    }

    async fn poll_token(&self, account: &Account, now: Millis, http: &reqwest::Client) -> Option<Secret> {
        send::token(account, now, http).await.ok().map(|token| Secret::from(token.as_str()))
    }

    fn lists_all(&self) -> bool {
        true
    }

    async fn send(&self, account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
        send::send(account, message, now, http).await
    }
}
