//! SMS and MMS by Twilio and whoever speaks like it (CHANNELS.md section 10).
//!
//! The signature is in `twilio::verify`. Suggested reading order: `normalise`, `send`.

mod media;
mod normalise;
mod send;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::{Attachment, InboundEvent};
use blendline_wire::outbound::{Outbound, SendOutcome};

use crate::{
    Account, Connector, FetchError, Fetched, Malformed, Refusal, Setting, SettingKind, Webhook, limits, twilio,
};

const MIB: usize = 1024 * 1024;
const TEXT_CHARS_MAX: usize = 1600;
const DEFAULT_BASE_URL: &str = "https://api.twilio.com";

/// What the platform documents; the rate is that of one long number.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: TEXT_CHARS_MAX,
    window_ms: None,
    // There is no idempotency key: a second call is a second message.
    idempotent_send: false,
    commit_is_send: false,
    reports_delivery: true,
    templates: false,
    buttons: false,
    reactions: false,
    edits: false,
    public: false,
    account_rate_per_second: 1,
    recipient_rate: (10, 60),
    body_bytes_max: MIB,
    media_bytes_max: &[("image", 5 * MIB), ("video", 5 * MIB), ("audio", 5 * MIB), ("document", 5 * MIB)],
};

static SETTINGS: &[Setting] = &[
    Setting { required: true, ..twilio::SETTINGS[0] },
    Setting { required: true, ..twilio::SETTINGS[1] },
    Setting { name: "account_sid", doc: "the Twilio account's id; without it nothing can be sent", ..Setting::TEXT },
    Setting {
        name: "base_url",
        kind: SettingKind::Url,
        default: DEFAULT_BASE_URL,
        doc: "where the API answers",
        ..Setting::TEXT
    },
    limits::SETTINGS[0],
    limits::SETTINGS[1],
    limits::SETTINGS[2],
];

/// SMS by Twilio.
pub(crate) struct SmsTwilio;

#[async_trait]
impl Connector for SmsTwilio {
    fn name(&self) -> &'static str {
        "sms_twilio"
    }

    fn identity_kind(&self) -> &'static str {
        "phone"
    }

    fn medium(&self) -> &'static str {
        "sms"
    }

    // Twilio answers STOP itself and refuses what comes after it with 21610.
    fn confirms_opt_out(&self) -> bool {
        true
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
        twilio::verify::authenticate(account, hook)
    }

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        normalise::normalise(body)
    }

    async fn send(&self, account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
        send::send(account, message, now, http).await
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
        media::fetch(account, attachment, bytes_max, http).await
    }
}
