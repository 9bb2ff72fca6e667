//! What we send, and what became of it.

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, ConversationId, OutboundId, TenantId};
use crate::pii::Pii;
use crate::time::Millis;
use crate::trace::TraceContext;

/// A message on its way to a customer, as the outbound queue carries it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Outbound {
    /// Our id of it; given to the platform where the platform gives it back.
    pub id: OutboundId,
    /// The number of this try, from 1. A claim is per (id, attempt).
    pub attempt: u32,
    /// Whose it is.
    pub tenant: TenantId,
    /// The account that sends it.
    pub account: AccountId,
    /// The conversation it belongs to; at most one is on its way per conversation.
    pub conversation: ConversationId,
    /// The platform's id of the other side.
    pub to: Pii<String>,
    /// The thread, where the platform has threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The platform's id of the message this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The platform's id of what the customer said in public and this answers in private, where nothing private was said
    /// between the two before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_reply_to: Option<String>,
    /// What the customer said last: for channels where an answer has to name, or to look like, what it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Box<Answered>>,
    /// What to send.
    pub content: Content,
    /// Until when the platform lets us write freely; checked when sending, not when queueing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_until: Option<Millis>,
    /// For a mail: the `Message-ID` it bears, with its angle brackets; the same at every attempt, so that those who look
    /// see one mail. Report it as the platform's id unless the server gave another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// For a mail: the `Message-ID` it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    /// For a mail: the ids of `References`, the oldest first, the one it answers last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// For a mail: its subject; where there is none, the account's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Pii<String>>,
    /// For a mail: our own signed address for the answer, which goes into `Reply-To`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_address: Option<Pii<String>>,
    /// True when no person wrote it: a mail says so, that no program answers it (RFC 3834).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
    /// The trace that it is a part of, where one is recorded. It is not for the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceContext>,
}

/// The customer's message that stood last when ours was written.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Answered {
    /// The platform's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Who could see it, as the platform says: an answer must not be seen by more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    /// The platform's user name of who wrote it, where it has such names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Pii<String>>,
    /// The thread it is in, where that is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
}

/// What is sent.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// Plain text.
    Text {
        /// The words.
        text: Pii<String>,
    },
    /// A template that the platform approved; the only thing allowed outside the window.
    Template {
        /// Its name at the platform.
        name: String,
        /// Its language code there.
        language: String,
        /// The values of its body variables, in order.
        #[serde(default)]
        parameters: Vec<Pii<String>>,
        /// What stands in its header, where that varies.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        header: Option<Box<TemplateHeader>>,
        /// What its buttons carry, where that varies.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        buttons: Vec<TemplateButton>,
    },
    /// A file by link.
    Media {
        /// `image`, `video`, `audio`, `document`, `sticker`.
        kind: String,
        /// Where the platform fetches it.
        link: String,
        /// Words that go with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<Pii<String>>,
        /// The name a document is shown with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filename: Option<String>,
    },
    /// Words with up to three buttons to press.
    Buttons {
        /// The words.
        text: Pii<String>,
        /// (payload, label) of each button.
        #[cfg_attr(feature = "openapi", schema(value_type = Vec<Vec<String>>))]
        buttons: Vec<(String, String)>,
    },
}

/// What stands in the header of a template.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TemplateHeader {
    /// The value of the header's variable.
    Text {
        /// The words.
        text: Pii<String>,
    },
    /// A file by link.
    Media {
        /// `image`, `video` or `document`.
        kind: String,
        /// Where the platform fetches it.
        link: String,
        /// The name a document is shown with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filename: Option<String>,
    },
}

/// What one button of a template carries.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateButton {
    /// Its place among the template's buttons, from 0.
    pub index: u8,
    /// What kind of button it is at the platform.
    pub kind: TemplateButtonKind,
    /// The payload that comes back, the end of the address, or the code.
    pub value: Pii<String>,
}

/// The kinds of buttons whose content varies.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TemplateButtonKind {
    /// Pressing it sends the payload back.
    QuickReply,
    /// It opens an address whose end varies; one-time passwords go this way too.
    Url,
    /// It copies a code.
    CopyCode,
}

impl Content {
    /// True when the platform takes it outside the customer service window.
    pub const fn is_template(&self) -> bool {
        matches!(self, Self::Template { .. })
    }
}

/// What became of one attempt to send.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SendResult {
    /// The message.
    pub id: OutboundId,
    /// The attempt this is about.
    pub attempt: u32,
    /// What happened.
    pub outcome: SendOutcome,
    /// Whom it went to, on channels where a thread is named by what is answered: his answer to this very message finds
    /// the conversation by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Pii<String>>,
    /// Where the customer answers it in private, when it moved a conversation there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<Box<PrivatePlace>>,
}

/// Where a conversation that began in public goes on.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PrivatePlace {
    /// Whose customer.
    pub tenant: TenantId,
    /// The account.
    pub account: AccountId,
    /// The platform's id of the other side in private.
    pub peer: Pii<String>,
}

/// The closed list of what an attempt can come to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum SendOutcome {
    /// The platform took it.
    Sent {
        /// The platform's id.
        external_id: String,
    },
    /// Not sent, and a later attempt may succeed.
    Retry {
        /// How long to wait at least; zero leaves it to the back-off.
        after_ms: u64,
        /// The cause, for people.
        cause: SendFailure,
    },
    /// Not sent, and never will be as it is.
    Failed {
        /// The cause, for people.
        cause: SendFailure,
    },
    /// The call ended without an answer: it may or may not have been sent.
    Unknown {
        /// The cause, for people.
        cause: SendFailure,
    },
    /// Not sent, and nothing of this account will be until somebody mends it.
    AccountDown {
        /// The cause, for people.
        cause: SendFailure,
    },
}

/// Why a message was not sent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SendFailure {
    /// A stable word: `window_closed`, `rate_limited`, `undeliverable`, `credentials`, `timeout`, …
    pub reason: String,
    /// The platform's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// A sentence that names the cure. Never holds customer data.
    pub detail: String,
}

impl SendFailure {
    /// A failure that has no number at the platform.
    pub fn new(reason: &str, detail: impl Into<String>) -> Self {
        Self { reason: reason.to_owned(), code: None, detail: detail.into() }
    }
}
