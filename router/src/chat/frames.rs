//! What goes over a visitor's socket. What he says after his hello is read by the channel's connector.

use std::fmt;
use std::str::FromStr;

use blendline_wire::{ConversationId, Millis, Pii};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The first frame of a socket.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = ChatHello)]
pub(super) enum Opening {
    /// Who is there, and the last message he has.
    Hello {
        /// The session's token.
        token: Pii<String>,
        /// The cursor of the last message he has; left out, he is told all.
        #[serde(default)]
        after: Option<String>,
    },
}

/// What a visitor is told.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = ChatFrame)]
pub(super) enum ServerFrame {
    /// The answer to a hello.
    Welcome {
        /// Who he is.
        visitor: Pii<String>,
    },
    /// Something was said.
    Message(Box<MessageFrame>),
    /// What he said is durable.
    Ack {
        /// His own id of it.
        client_id: String,
    },
    /// What he said was not taken.
    Refused {
        /// His own id of it.
        client_id: String,
        /// A stable word: `empty`, `too_long`, `too_fast`, `busy`.
        #[schema(value_type = String)]
        reason: &'static str,
        /// When saying it again may help; null: never.
        #[schema(required)]
        retry_after_ms: Option<u64>,
    },
    /// Somebody is typing.
    Typing,
    /// Where his matter stands now.
    State {
        /// Where.
        state: State,
    },
    /// This socket will end: connect again.
    Reconnect {
        /// After how long, in milliseconds.
        after_ms: u64,
    },
}

/// One line of the conversation.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ChatMessage)]
pub(super) struct MessageFrame {
    /// Its place: opaque, to be given as `after`.
    #[schema(value_type = String)]
    pub(super) cursor: Cursor,
    /// Who said it.
    pub(super) from: From,
    /// What the visitor is to see as the name.
    #[schema(required)]
    pub(super) name: Option<Pii<String>>,
    /// What was said.
    pub(super) text: Pii<String>,
    /// When.
    pub(super) at: Millis,
    /// The widget's own id of what the visitor said.
    #[schema(required)]
    pub(super) client_id: Option<String>,
    /// The best answer, where this asks how content the visitor was: 1 to so many stars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scale: Option<u8>,
    /// What he may press, where this asks him something: one of them, once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) buttons: Vec<Button>,
    /// The button that he pressed, where he said this so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pressed: Option<Pii<String>>,
}

/// A button of a message.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ChatButton)]
pub(super) struct Button {
    /// What pressing it says to us.
    pub(super) id: String,
    /// What stands on it.
    pub(super) label: String,
}

/// Who said it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChatAuthor)]
pub(super) enum From {
    Visitor,
    Agent,
}

/// Where the visitor's matter stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChatState)]
pub(super) enum State {
    /// Somebody will come.
    Waiting,
    /// Somebody is there.
    Active,
    /// We say it is solved, and he may say whether it is.
    Solved,
}

/// A place in the visitor's messages: opaque to him, across his conversations.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Cursor {
    pub(super) conversation: ConversationId,
    pub(super) seq: u64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.conversation.0, self.seq)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (conversation, seq) = text.split_once('.').ok_or(())?;
        let number = |digits: &str| digits.parse().map_err(drop);
        Ok(Self { conversation: ConversationId(number(conversation)?), seq: number(seq)? })
    }
}

impl Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_pinned() {
        let cursor: Cursor = "5.12".parse().unwrap();
        let message = MessageFrame {
            cursor,
            from: From::Agent,
            name: Some("dana".into()),
            text: "שלום".into(),
            at: Millis(7),
            client_id: None,
            scale: None,
            buttons: Vec::new(),
            pressed: None,
        };
        for (frame, json) in [
            (
                ServerFrame::Message(Box::new(message)),
                r#"{"type":"message","cursor":"5.12","from":"agent","name":"dana","text":"שלום","at":7,"client_id":null}"#,
            ),
            (ServerFrame::State { state: State::Solved }, r#"{"type":"state","state":"solved"}"#),
            (ServerFrame::Reconnect { after_ms: 9 }, r#"{"type":"reconnect","after_ms":9}"#),
            (ServerFrame::Typing, r#"{"type":"typing"}"#),
        ] {
            assert_eq!(serde_json::to_string(&frame).unwrap(), json);
        }
        for odd in ["", "5", "5.", ".5", "-1.2", "a.b", "5.12.1"] {
            assert!(odd.parse::<Cursor>().is_err(), "{odd}");
        }
    }
}
