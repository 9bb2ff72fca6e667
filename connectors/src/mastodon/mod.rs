//! Mastodon and its kin (CHANNELS.md section 7).
//!
//! There is no webhook: who keeps the stream open or polls hands each frame or list to [`Connector::normalise`].
//! Suggested reading order: `normalise`, `status`, `send`.

mod normalise;
mod send;
mod status;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::{Capabilities, PrivateReply};
use blendline_wire::inbound::{InboundEvent, InboundKind};
use blendline_wire::outbound::{Outbound, SendOutcome};

use crate::{Account, Connector, Malformed, Poll, Refusal, Secret, Setting, SettingKind, Webhook, call, limits};

/// How often the server is asked by itself, in seconds; 300 calls in 5 minutes are allowed.
const INTERVAL_S: u64 = 15;
/// How often it is asked while the stream is heard, in seconds.
const STREAMED_INTERVAL_S: u64 = 300;
/// How often what was said of late is looked at again, in seconds.
const LOOK_AGAIN_S: u64 = 300;
/// The usual length of a status; servers may allow more.
const STATUS_CHARS_MAX: usize = 500;

/// What the platform documents: 300 calls in 5 minutes for all that an account does.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: STATUS_CHARS_MAX,
    window_ms: None,
    // The header Idempotency-Key counts for an hour, which is longer than our tries take.
    idempotent_send: true,
    commit_is_send: false,
    reports_delivery: false,
    templates: false,
    buttons: false,
    reactions: true,
    edits: true,
    public: true,
    account_rate_per_second: 1,
    recipient_rate: (30, 300),
    body_bytes_max: 4 * 1024 * 1024,
    media_bytes_max: &[],
};

static SETTINGS: &[Setting] = &[
    Setting {
        name: "base_url",
        kind: SettingKind::Url,
        required: true,
        doc: "the server on which the account lives",
        ..Setting::TEXT
    },
    Setting {
        name: "access_token",
        secret: true,
        doc: "the account's token with the scopes read:notifications, read:statuses and, to answer, write:statuses",
        ..Setting::TEXT
    },
    Setting {
        name: "interval_s",
        kind: SettingKind::Number,
        default: "15",
        doc: "seconds between two looks at the notifications",
        ..Setting::TEXT
    },
    Setting {
        name: "streaming",
        kind: SettingKind::Flag,
        default: "true",
        doc: "whether notifications are heard as they come, too; then they are asked for every five minutes",
        ..Setting::TEXT
    },
    Setting {
        name: "streaming_url",
        kind: SettingKind::Url,
        doc: "the server of the stream, where that is another: as /api/v2/instance says, with https for wss",
        ..Setting::TEXT
    },
    Setting {
        name: "look_again_s",
        kind: SettingKind::Number,
        default: "300",
        doc: "seconds between two looks at what was said of late, which may have been changed or removed",
        ..Setting::TEXT
    },
    Setting {
        name: "status_chars_max",
        kind: SettingKind::Number,
        default: "500",
        doc: "the longest status of the server, as /api/v2/instance says",
        ..Setting::TEXT
    },
    limits::SETTINGS[0],
    limits::SETTINGS[1],
    limits::SETTINGS[2],
];

/// Mastodon.
pub(crate) struct Mastodon;

#[async_trait]
impl Connector for Mastodon {
    fn name(&self) -> &'static str {
        "mastodon"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn threads_by_answer(&self) -> bool {
        true
    }

    fn private_reply(&self) -> Option<PrivateReply> {
        // A status for the person alone, at any time.
        Some(PrivateReply { kinds: &[InboundKind::Mention, InboundKind::Post], within_ms: None, once: false })
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn handshake(&self, _: &Account, _: &[(String, String)]) -> Result<String, Refusal> {
        Err(Refusal::NotSupported)
    }

    fn authenticate(&self, _: &Account, _: &Webhook<'_>) -> Result<(), Refusal> {
        // Nobody posts: we ask the server, and its certificate is the proof.
        Err(Refusal::NotSupported)
    }

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        normalise::normalise(body)
    }

    fn poll(&self, account: &Account, position: Option<&str>) -> Option<Poll> {
        let mut url = call::endpoint(account, "", &["api", "v1", "notifications"]).ok()?;
        url.query_pairs_mut().append_pair("limit", "80");
        if let Some(position) = position {
            // Not since_id, which gives the newest and leaves a gap before them where there are many.
            url.query_pairs_mut().append_pair("min_id", position);
        }
        let bearer = Some(Secret::from(account.setting("access_token")?));
        Some(Poll {
            url,
            bearer,
            authorization: None,
            interval_ms: Poll::interval_ms(account, "interval_s", INTERVAL_S),
        })
    }

    fn stream(&self, account: &Account) -> Option<Poll> {
        if account.setting("streaming") == Some("false") {
            return None;
        }
        let path = ["api", "v1", "streaming", "user", "notification"];
        let mut url = call::endpoint(account, "", &path).ok()?;
        if let Some(other) = account.setting("streaming_url") {
            url = other.parse().ok()?;
            url.path_segments_mut().ok()?.pop_if_empty().extend(path);
        }
        let bearer = Some(Secret::from(account.setting("access_token")?));
        Some(Poll { url, bearer, authorization: None, interval_ms: STREAMED_INTERVAL_S * 1000 })
    }

    fn look_again(&self, account: &Account, told: &InboundEvent, _now: Millis) -> Option<Poll> {
        let id = told.external_message_id.as_deref().filter(|_| told.kind.wants_answer())?;
        let url = call::endpoint(account, "", &["api", "v1", "statuses", id]).ok()?;
        let bearer = Some(Secret::from(account.setting("access_token")?));
        Some(Poll {
            url,
            bearer,
            authorization: None,
            interval_ms: Poll::interval_ms(account, "look_again_s", LOOK_AGAIN_S),
        })
    }

    fn became(&self, told: &InboundEvent, answer: Option<&[u8]>) -> Option<InboundEvent> {
        normalise::became(told, answer)
    }

    fn position(&self, events: &[InboundEvent]) -> Option<String> {
        // Ids are numbers on Mastodon and words that rise on its kin: the longer is the higher, then the alphabet counts.
        let ids = events.iter().filter_map(|event| event.notification_id.as_ref());
        ids.max_by_key(|id| (id.len(), id.as_str())).cloned()
    }

    async fn send(&self, account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
        send::send(account, message, now, http).await
    }
}
