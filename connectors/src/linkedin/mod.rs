//! LinkedIn: comments and mentions of an organisation's page (CHANNELS.md section 9).

mod normalise;
mod send;
mod verify;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{Outbound, SendOutcome};

use crate::{Account, Connector, Malformed, Refusal, Setting, SettingKind, Webhook, limits};

const COMMENT_CHARS_MAX: usize = 1250;
const DEFAULT_BASE_URL: &str = "https://api.linkedin.com";
/// Versions are months, each of which lives about a year.
const DEFAULT_API_VERSION: &str = "202606";

/// What the platform documents. There is no idempotency key: a second call is a second comment.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: COMMENT_CHARS_MAX,
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
    recipient_rate: (10, 60),
    body_bytes_max: 4 * 1024 * 1024,
    media_bytes_max: &[],
};

static SETTINGS: &[Setting] = &[
    Setting {
        name: "client_secret",
        required: true,
        secret: true,
        doc: "the app's client secret, which answers challenges and signs webhooks; several, separated by commas, while it is being changed: the first one answers challenges",
        ..Setting::TEXT
    },
    Setting {
        name: "access_token",
        secret: true,
        doc: "the token of a manager of the page, with w_organization_social; it lasts 60 days, and without it nothing can be sent",
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
        name: "api_version",
        default: DEFAULT_API_VERSION,
        doc: "the API's version, a year and a month",
        ..Setting::TEXT
    },
    limits::SETTINGS[0],
    limits::SETTINGS[1],
    limits::SETTINGS[2],
];

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

    async fn send(&self, account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
        send::send(account, message, now, http).await
    }
}
