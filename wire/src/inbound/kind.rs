//! What a channel can report.

use serde::{Deserialize, Serialize};

macro_rules! inbound_kinds {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// The closed list of happenings that a channel can report.
        #[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum InboundKind {
            $($(#[$doc])* $variant),+
        }

        impl InboundKind {
            /// Every kind, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in the JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

inbound_kinds! {
    /// The customer said something.
    #[default]
    Message = "message",
    /// The platform reports on one of our messages.
    Status = "status",
    /// The customer reacted to a message.
    Reaction = "reaction",
    /// The customer changed a message.
    Edit = "edit",
    /// The customer removed a message.
    Delete = "delete",
    /// A message of our own, sent from elsewhere or seen again.
    Echo = "echo",
    /// The customer pressed a button.
    Postback = "postback",
    /// The platform reports on the chat itself.
    System = "system",
    /// The customer agreed to be written to, or withdrew.
    Optin = "optin",
    /// The customer came through a link or advert.
    Referral = "referral",
    /// The thread passed between applications.
    Control = "control",
    /// We were named in a public post.
    Mention = "mention",
    /// A comment on a post of ours.
    Comment = "comment",
    /// A post.
    Post = "post",
    /// A review.
    Review = "review",
    /// A changed review.
    ReviewEdit = "review_edit",
    /// Our post was passed on.
    Repost = "repost",
    /// A post was hidden or shown.
    Moderation = "moderation",
    /// A program's message to many, or in place of a person: kept, and nobody waits for an answer. Ours, no platform's.
    Automatic = "automatic",
    /// Something the platform sent and we do not know.
    Unsupported = "unsupported",
    /// The state of our account changed.
    AccountEvent = "account_event",
    /// The platform reports an error of our account.
    AccountError = "account_error",
    /// A call.
    Call = "call",
    /// The customer is typing.
    Typing = "typing",
    /// Known, and of no use to routing.
    Ignored = "ignored",
}

impl InboundKind {
    /// True when a person on the other side waits for us after this.
    pub const fn wants_answer(self) -> bool {
        matches!(
            self,
            Self::Message
                | Self::Postback
                | Self::Comment
                | Self::Mention
                | Self::Post
                | Self::Review
                | Self::ReviewEdit
                | Self::Repost
                | Self::Call
                | Self::Referral
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_names_agree_with_their_json() {
        for kind in InboundKind::ALL {
            assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{}\"", kind.as_str()));
        }
    }
}
