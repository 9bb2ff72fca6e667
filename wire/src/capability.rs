//! What a channel may do, as data: the API and the console print it, and nobody asks for a channel by name.

use serde::Serialize;

use crate::inbound::InboundKind;

/// What a channel may do. All sizes are in bytes unless the name says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Capabilities {
    /// The longest text, in characters; zero where nothing can be sent.
    pub text_chars_max: usize,
    /// How long after the customer's last message we may write freely; `None` where always.
    pub window_ms: Option<u64>,
    /// True when a second call with the same id cannot send twice, so an unknown outcome may be retried.
    pub idempotent_send: bool,
    /// True when a committed message is a sent one: the channel has no platform, its readers follow the transcript.
    pub commit_is_send: bool,
    /// True when the platform reports delivery, so an unknown outcome settles by itself.
    pub reports_delivery: bool,
    /// Approved templates exist.
    pub templates: bool,
    /// Buttons exist.
    pub buttons: bool,
    /// Customers can react.
    pub reactions: bool,
    /// Customers can edit or remove what they wrote.
    pub edits: bool,
    /// What is said may be public.
    pub public: bool,
    /// Messages per second that one account may send.
    pub account_rate_per_second: u32,
    /// (messages, per this many seconds) to one recipient.
    pub recipient_rate: (u32, u32),
    /// The largest webhook body.
    pub body_bytes_max: usize,
    /// The largest file per kind.
    pub media_bytes_max: &'static [(&'static str, usize)],
}

/// On what conditions the platform lets us answer in private what was said in public.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PrivateReply {
    /// What may be answered so.
    pub kinds: &'static [InboundKind],
    /// For how long after it was said, in milliseconds; `None` where always.
    pub within_ms: Option<u64>,
    /// True where each may be answered so once, until the customer writes in private himself.
    pub once: bool,
}
