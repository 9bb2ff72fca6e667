//! Web chat: our own widget, so the platform is we ourselves (CHANNELS.md section 11).
//!
//! There is no webhook and no call to send: visitors come over the router's chat server, which reads their frames with
//! [`Connector::normalise`], and read the transcript, in which a committed message is a sent one.

mod normalise;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::outbound::{Outbound, SendFailure, SendOutcome};

use crate::{Account, Connector, Malformed, Refusal, Setting, SettingKind, Webhook};

const KIB: usize = 1024;

/// The event by which a visitor says whether the chat may keep things in his browser.
pub const CONSENT: &str = "chat_consent";
/// The event by which a visitor says where he is to be answered when he is gone.
pub const ADDRESS: &str = "chat_address";
/// The purpose of keeping things in a visitor's browser.
pub const MEMORY: &str = "chat_memory";

/// Nothing is metered by a platform; the rates are only what is sane, for nothing is ever sent.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: 8192,
    window_ms: None,
    idempotent_send: true,
    commit_is_send: true,
    reports_delivery: true,
    templates: false,
    buttons: true,
    reactions: false,
    edits: false,
    public: false,
    account_rate_per_second: 1000,
    recipient_rate: (60, 60),
    body_bytes_max: 16 * KIB,
    media_bytes_max: &[],
};

static SETTINGS: &[Setting] = &[
    Setting {
        name: "allowed_origins",
        kind: SettingKind::Origins,
        doc: "the pages that may carry the widget, each as scheme://host[:port]; our own chat page always may",
        ..Setting::TEXT
    },
    Setting {
        name: "require_origin",
        kind: SettingKind::Flag,
        default: "true",
        doc: "whether a session needs a browser that names its page; false lets programs open sessions too",
        ..Setting::TEXT
    },
    Setting {
        name: "identity_secret",
        secret: true,
        doc: "signs user ids: hex(HMAC-SHA256(identity_secret, user_id)), made by your server; several, separated by commas, while it is being changed",
        ..Setting::TEXT
    },
    Setting {
        name: "token_secret",
        secret: true,
        doc: "signs visitors' tokens where several routers serve the account; without it each data directory has its own",
        ..Setting::TEXT
    },
    Setting {
        name: "mail_account",
        doc: "the mail account of the company by which a visitor who is gone is answered, where he left his address",
        ..Setting::TEXT
    },
    Setting {
        name: "mail_after_s",
        kind: SettingKind::Number,
        default: "120",
        doc: "how long an answer may stay unseen in the chat, in seconds, before it goes by mail",
        ..Setting::TEXT
    },
    Setting {
        name: "agent_name",
        doc: "the name visitors see for whoever answers; without it, the worker's configured name",
        ..Setting::TEXT
    },
];

/// Our own widget.
pub(crate) struct Webchat;

#[async_trait]
impl Connector for Webchat {
    fn name(&self) -> &'static str {
        "webchat"
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

    fn authenticate(&self, _: &Account, _: &Webhook<'_>) -> Result<(), Refusal> {
        // Nobody posts for visitors: they come with tokens of their own.
        Err(Refusal::NotSupported)
    }

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        normalise::normalise(body)
    }

    async fn send(&self, _: &Account, _: &Outbound, _: Millis, _: &reqwest::Client) -> SendOutcome {
        let detail = "web chat has nothing to call: visitors read what was committed";
        SendOutcome::Failed { cause: SendFailure::new("not_supported", detail) }
    }
}
