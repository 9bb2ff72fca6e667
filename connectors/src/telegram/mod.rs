//! Telegram, Bot API (CHANNELS.md section 6).
//!
//! Suggested reading order: `normalise`, `message`, `send`.

mod fetch;
mod message;
mod normalise;
mod send;
mod subscription;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::{Attachment, InboundEvent};
use blendline_wire::outbound::{Outbound, SendFailure, SendOutcome};

use crate::{
    Account, Connector, FetchError, Fetched, Malformed, Refusal, Setting, SettingKind, Webhook, call, limits, signature,
};

const MIB: usize = 1024 * 1024;
const TEXT_CHARS_MAX: usize = 4096;
const CAPTION_CHARS_MAX: usize = 1024;
const DEFAULT_BASE_URL: &str = "https://api.telegram.org";
/// There is no signature: whoever knows the secret is the platform.
const HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

/// What the platform documents; the rates are those its support names.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: TEXT_CHARS_MAX,
    window_ms: None,
    // There is no idempotency key: a second call is a second message.
    idempotent_send: false,
    commit_is_send: false,
    reports_delivery: false,
    templates: false,
    buttons: true,
    reactions: true,
    edits: true,
    public: false,
    account_rate_per_second: 30,
    recipient_rate: (20, 60),
    body_bytes_max: 4 * MIB,
    media_bytes_max: &[("image", 5 * MIB), ("video", 20 * MIB), ("audio", 20 * MIB), ("document", 20 * MIB)],
};

static SETTINGS: &[Setting] = &[
    Setting {
        name: "secret_token",
        required: true,
        secret: true,
        doc: "the secret_token given to setWebhook; several, separated by commas, while it is being changed",
        ..Setting::TEXT
    },
    Setting {
        name: "bot_token",
        secret: true,
        doc: "the bot's token; without it nothing can be sent",
        ..Setting::TEXT
    },
    Setting {
        name: "base_url",
        kind: SettingKind::Url,
        default: DEFAULT_BASE_URL,
        doc: "where the Bot API answers",
        ..Setting::TEXT
    },
    limits::SETTINGS[0],
    limits::SETTINGS[1],
    limits::SETTINGS[2],
];

/// Telegram.
pub(crate) struct Telegram;

#[async_trait]
impl Connector for Telegram {
    fn name(&self) -> &'static str {
        "telegram"
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

    fn authenticate(&self, account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
        signature::bare_secret(account, "secret_token", hook, HEADER)
    }

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        normalise::normalise(body)
    }

    async fn send(&self, account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
        send::send(account, message, now, http).await
    }

    fn probe(&self, account: &Account, http: &reqwest::Client) -> Option<Result<reqwest::RequestBuilder, SendFailure>> {
        Some(call::credential(account, "bot_token").and_then(|token| {
            let url = call::endpoint(account, DEFAULT_BASE_URL, &[&format!("bot{token}"), "getMe"])?;
            Ok(http.get(url))
        }))
    }

    fn ask_subscription(
        &self,
        account: &Account,
        http: &reqwest::Client,
    ) -> Option<Result<reqwest::RequestBuilder, SendFailure>> {
        Some(call::credential(account, "bot_token").and_then(|token| {
            let url = call::endpoint(account, DEFAULT_BASE_URL, &[&format!("bot{token}"), "getWebhookInfo"])?;
            Ok(http.get(url))
        }))
    }

    fn subscription(&self, answer: &[u8], webhook: &str) -> Result<String, String> {
        subscription::told(answer, webhook)
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
