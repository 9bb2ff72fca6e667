//! What goes over a visitor's socket. What he says after his hello is read by the channel's connector.

use std::fmt;
use std::str::FromStr;

use blendline_wire::{ConversationId, Millis, Pii};
use serde::{Deserialize, Serialize};

/// The first frame of a socket.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Opening {
    /// Who is there, and the last message he has.
    Hello {
        token: Pii<String>,
        #[serde(default)]
        after: Option<String>,
    },
}

/// What a visitor is told.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerFrame {
    Welcome { visitor: Pii<String> },
    Message(Box<MessageFrame>),
    Ack { client_id: String },
    Refused { client_id: String, reason: &'static str, retry_after_ms: Option<u64> },
    Typing,
    State { state: State },
    Reconnect { after_ms: u64 },
}

/// One line of the conversation.
#[derive(Clone, Debug, Serialize)]
pub(super) struct MessageFrame {
    pub(super) cursor: Cursor,
    pub(super) from: From,
    pub(super) name: Option<Pii<String>>,
    pub(super) text: Pii<String>,
    pub(super) at: Millis,
    /// The widget's own id of what the visitor said.
    pub(super) client_id: Option<String>,
}

/// Who said it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum From {
    Visitor,
    Agent,
}

/// Where the visitor's matter stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
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
