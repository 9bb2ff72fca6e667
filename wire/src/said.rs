//! What is said in a task: by the customer, to him, and between colleagues.

use serde::{Deserialize, Serialize};

use crate::inbound::{Attachment, InboundKind};
use crate::mail::MailLine;
use crate::outbound::Content;
use crate::pii::Pii;
use crate::reach::Reach;
use crate::time::Millis;

/// Something to say to the customer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reply {
    /// Unique within the task: the same key twice is one message.
    pub key: String,
    /// What to say.
    pub content: Content,
    /// True where only the customer may read it although he wrote in public: the conversation goes on in private. The
    /// platform's conditions are checked before anything is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub privately: bool,
    /// What it serves, where it is more than an answer: the customer must not have refused it, and must have agreed to
    /// `marketing`. Left out, `service`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

impl Reply {
    /// Something to say where the customer wrote last.
    pub fn new(key: impl Into<String>, content: Content) -> Self {
        Self { key: key.into(), content, privately: false, purpose: None }
    }
}

/// How many messages come with a task; the rest is a call away.
pub const MESSAGES_SHOWN_MAX: usize = 20;

/// A message as a worker sees it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageView {
    /// Its place: the order everyone sees.
    pub seq: u64,
    /// When, by our clock.
    pub at: Millis,
    /// Who said it.
    pub from: Author,
    /// The customer's display name, or the colleague's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Pii<String>>,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Pii<String>>,
    /// The payload of a pressed button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Pii<String>>,
    /// What came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// What a mail shows beside its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Box<MailLine>>,
    /// What the customer did, where that is no message: `edit`, `delete`, `moderation` (hidden or shown), `reaction`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<InboundKind>,
    /// The platform's id of what the customer said: what changes, removes or hides it later names it as its `target`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The `id` of the message that it answers, changes, removes, hides or reacts to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Who can read it, where a channel has both: `public`, `direct` and what the platform has between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    /// Where the public can read it. Hostile, as everything that comes from outside: a link to show, not to follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permalink: Option<String>,
    /// For what we said, what is known of it: `sent`, `delayed`, `delivered`, `read`, `played`, `failed`, `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How far something public got, as its platform counted when it told us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
}

/// Who said something.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The customer.
    Customer,
    /// One of us, to the customer.
    Worker,
    /// One of us, to a colleague; the customer never sees it.
    Note,
}
