//! WhatsApp Business Platform, Cloud API (CHANNELS.md sections 1 and 2).
//!
//! Meta's signature and handshake are in `meta::verify`. Suggested reading order: `normalise`, `message`, `notice`, `send`, `errors`.

mod errors;
mod fetch;
mod message;
mod normalise;
mod notice;
mod request;
mod send;
mod standing;
mod template;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::{Attachment, InboundEvent};
use blendline_wire::outbound::{Outbound, SendFailure, SendOutcome};

use crate::meta::verify;
use crate::standing::Standing;
use crate::{Account, Connector, FetchError, Fetched, Malformed, Refusal, Setting, SettingKind, Webhook, call, limits};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What the platform documents (May 2026); the rates are the usual ones and can be overridden per account.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: 4096,
    window_ms: Some(24 * 60 * 60 * 1000),
    // There is no idempotency key: a second call is a second message.
    idempotent_send: false,
    commit_is_send: false,
    reports_delivery: true,
    templates: true,
    buttons: true,
    reactions: true,
    edits: true,
    public: false,
    account_rate_per_second: 80,
    // One per 6 s, with a burst of 45.
    recipient_rate: (45, 270),
    // The platform sends up to 3 MB.
    body_bytes_max: 4 * MIB,
    media_bytes_max: &[
        ("image", 5 * MIB),
        ("video", 16 * MIB),
        ("audio", 16 * MIB),
        ("document", 100 * MIB),
        ("sticker", 500 * KIB),
    ],
};

const DEFAULT_BASE_URL: &str = "https://graph.facebook.com";
const DEFAULT_API_VERSION: &str = "v23.0";

static SETTINGS: &[Setting] = &[
    Setting {
        name: "app_secret",
        required: true,
        secret: true,
        doc: "the app's secret, which signs webhooks; several, separated by commas, while it is being changed",
        ..Setting::TEXT
    },
    Setting {
        name: "verify_token",
        required: true,
        secret: true,
        doc: "the word you chose for the webhook's verification",
        ..Setting::TEXT
    },
    Setting {
        name: "access_token",
        required: true,
        secret: true,
        doc: "the system user's token with the permission whatsapp_business_messaging",
        ..Setting::TEXT
    },
    Setting {
        name: "base_url",
        kind: SettingKind::Url,
        default: DEFAULT_BASE_URL,
        doc: "where the Graph API answers",
        ..Setting::TEXT
    },
    Setting { name: "api_version", default: DEFAULT_API_VERSION, doc: "the Graph API's version", ..Setting::TEXT },
    limits::SETTINGS[0],
    limits::SETTINGS[1],
    limits::SETTINGS[2],
];

/// WhatsApp Cloud API.
pub(crate) struct WhatsappCloud;

#[async_trait]
impl Connector for WhatsappCloud {
    fn name(&self) -> &'static str {
        "whatsapp_cloud"
    }

    fn identity_kind(&self) -> &'static str {
        "phone"
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

    fn authenticate(&self, account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
        verify::authenticate(account, hook)
    }

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        normalise::normalise(body)
    }

    async fn send(&self, account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
        send::send(account, message, now, http).await
    }

    fn probe(&self, account: &Account, http: &reqwest::Client) -> Option<Result<reqwest::RequestBuilder, SendFailure>> {
        Some(call::credential(account, "access_token").and_then(|token| {
            let version = account.setting("api_version").unwrap_or(DEFAULT_API_VERSION);
            let url = call::endpoint(account, DEFAULT_BASE_URL, &[version, &account.external_id])?;
            Ok(http.get(url).bearer_auth(token))
        }))
    }

    async fn standings(&self, account: &Account, _: &str, http: &reqwest::Client) -> Vec<Standing> {
        standing::look(account, http).await
    }

    fn empty_body(&self) -> Option<&'static str> {
        Some(r#"{"object":"whatsapp_business_account","entry":[]}"#)
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
        fetch::fetch(account, attachment, bytes_max, http).await
    }
}
