//! The chat where WebSockets do not get through: one request waits for what is new, others say something.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use blendline_wire::inbound::{InboundEvent, InboundKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};
use utoipa::{IntoParams, ToSchema};

use super::frames::{MessageFrame, State as Standing};
use super::gate::Visit;
use super::reader::Reader;
use super::say::{FRAME_BYTES_MAX, NotTaken, confirms, presses, rates};
use super::session::too_many;
use super::site::Site;
use super::token::Visitor;
use super::{Chat, Shared};
use crate::api::body::read_body;
use crate::api::page::Params;
use crate::api::problem::Failure;
use crate::ports::live::follow_topic;

/// The longest a request waits, in seconds: below the patience of the proxies on the way.
const WAIT_MAX_S: u64 = 25;
/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What is asked for.
#[derive(Deserialize, IntoParams)]
pub(super) struct Asked {
    /// The cursor of the last message he has; left out, he gets all.
    after: Option<String>,
    /// How long to wait at most, in seconds; left out, or more than that, it is 25.
    wait: Option<u64>,
}

/// What there is.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatNews)]
pub(super) struct Answer {
    /// What was said, oldest first.
    messages: Vec<MessageFrame>,
    /// Where his matter stands; null before he has said anything.
    #[schema(required)]
    state: Option<Standing>,
}

/// Gives what came after the cursor as soon as there is something, at the latest after `wait` seconds.
pub(super) async fn read(
    State(chat): State<Shared>,
    Extension(Visit { site, client, .. }): Extension<Visit>,
    Params(asked): Params<Asked>,
    headers: HeaderMap,
) -> Result<Json<Answer>, Failure> {
    let visitor = chat.bearer(&site, &headers)?;
    let after = asked.after.map(|text| text.parse().map_err(|()| Failure::bad("after", "this is no cursor of ours")));
    let busy = || Failure::busy("too many visitors are waiting: try again");
    let _place = chat.places.take(client).ok_or_else(busy)?;
    let contact = chat.contact(&site, &visitor).await?;
    // Who listens before he reads misses nothing in between.
    let mut hints = chat.live.listen(&follow_topic(site.account, contact)).await;
    let mut reader = Reader::new(contact, after.transpose()?);
    let first = reader.news(&chat, &site).await?;
    let mut messages = first.messages;
    let known = reader.state();
    let until = Instant::now() + Duration::from_secs(asked.wait.unwrap_or(WAIT_MAX_S).min(WAIT_MAX_S));
    while messages.is_empty() && reader.state() == known {
        tokio::select! {
            hint = hints.recv() => match hint {
                // Only "look again" has no body; what others say to one another is not for here.
                Ok(body) if !body.is_empty() => continue,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            },
            () = sleep_until(until) => break,
            () = chat.stopping.cancelled() => break,
        }
        messages = reader.news(&chat, &site).await?.messages;
    }
    Ok(Json(Answer { messages, state: reader.state() }))
}

/// What a visitor says: a message, whether it is solved, what he has seen, what he agrees to.
#[derive(Deserialize, ToSchema)]
#[schema(as = ChatSay)]
pub(super) struct Said {
    /// The widget's own id of it: a UUID in lower case with hyphens.
    #[schema(value_type = String, format = "uuid")]
    client_id: Value,
    /// The words, at most 8 KiB.
    #[serde(default)]
    #[schema(value_type = String)]
    text: Value,
    /// Instead of words: whether what was solved is solved.
    #[serde(default)]
    #[schema(value_type = bool)]
    confirmed: Option<Value>,
    /// Instead of words: the cursor of the last message that he has seen.
    #[serde(default)]
    #[schema(value_type = String)]
    read: Option<Value>,
    /// Instead of words: whether the chat may keep things in his browser.
    #[serde(default)]
    #[schema(value_type = bool)]
    granted: Option<Value>,
    /// With `granted`: `page` where the page asked him.
    #[serde(default)]
    #[schema(value_type = String)]
    by: Option<Value>,
    /// Instead of words: where he is to be answered by mail when he is gone.
    #[serde(default)]
    #[schema(value_type = String)]
    email: Option<Value>,
    /// Instead of words: how content he was, 1 to 5; with the question's place.
    #[serde(default)]
    #[schema(value_type = u8, minimum = 1, maximum = 5)]
    score: Option<Value>,
    /// Instead of words: the button that he pressed; with the place of its message as `question`.
    #[serde(default)]
    #[schema(value_type = String)]
    button: Option<Value>,
    /// The cursor of the question that the score, or the button, answers.
    #[serde(default)]
    #[schema(value_type = String)]
    question: Option<Value>,
}

impl Said {
    /// The same frame as over a socket, read by the same reader.
    fn frame(self) -> Value {
        let Self { client_id, text, confirmed, read, granted, by, email, score, question, button } = self;
        if let Some(score) = score {
            return json!({ "type": "rate", "client_id": client_id, "question": question, "score": score });
        }
        if let Some(button) = button {
            return json!({ "type": "press", "client_id": client_id, "question": question, "button": button });
        }
        match (confirmed, read, granted, email) {
            (Some(confirmed), ..) => json!({ "type": "confirm", "client_id": client_id, "confirmed": confirmed }),
            (_, Some(cursor), ..) => json!({ "type": "read", "cursor": cursor }),
            (_, _, Some(granted), _) => {
                json!({ "type": "consent", "client_id": client_id, "granted": granted, "by": by })
            }
            (.., Some(email)) => json!({ "type": "address", "client_id": client_id, "email": email }),
            _ => json!({ "type": "message", "client_id": client_id, "text": text }),
        }
    }
}

/// That a message is durable.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatAck)]
pub(super) struct Ack {
    /// Always `ack`: the frame of the same name.
    #[serde(rename = "type")]
    kind: AckWord,
    /// The widget's own id of it.
    #[schema(value_type = String)]
    client_id: Value,
}

/// The only type of an answer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChatAckType)]
enum AckWord {
    Ack,
}

/// Takes one message, or one of the other things that a visitor may say; 200 means that it is durable.
pub(super) async fn say(
    State(chat): State<Shared>,
    Extension(Visit { site, .. }): Extension<Visit>,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<Ack>, Failure> {
    let visitor = chat.bearer(&site, &headers)?;
    let body = read_body(request, FRAME_BYTES_MAX, BODY_TIMEOUT).await?;
    let said: Said = serde_json::from_slice(&body)
        .map_err(|error| Failure::bad("/", format!("expected client_id and text; line {}", error.line())))?;
    let client_id = said.client_id.clone();
    let events = chat.connector.normalise(said.frame().to_string().as_bytes());
    for event in events.map_err(|error| Failure::bad(error.place, error.detail))? {
        take(&chat, &site, &visitor, event).await?;
    }
    Ok(Json(Ack { kind: AckWord::Ack, client_id }))
}

async fn take(chat: &Chat, site: &Site, visitor: &Visitor, event: InboundEvent) -> Result<(), Failure> {
    match event.kind {
        InboundKind::Message => chat.say(site, visitor, event).await.map_err(refused),
        InboundKind::Optin => chat.agree(site, visitor, event).await.map_err(refused),
        InboundKind::Status => {
            let cursor = event.target_message_id.and_then(|text| text.parse().ok());
            let cursor = cursor.ok_or_else(|| Failure::bad("read", "this is no cursor of ours"))?;
            let contact = chat.contact(site, visitor).await?;
            chat.seen(site, visitor, contact, cursor).await.map_err(refused)
        }
        _ => {
            if let (Some(stars), Some(own)) = (rates(&event), &event.external_message_id) {
                return chat.rate(site, visitor, stars, own).await.map_err(refused);
            }
            if let (Some(press), Some(own)) = (presses(&event), &event.external_message_id) {
                return chat.press(site, visitor, press, own).await.map_err(refused);
            }
            let mut reader = Reader::new(chat.contact(site, visitor).await?, None);
            reader.news(chat, site).await?;
            // Where nothing waits for his word (any more) there is nothing to refuse.
            let Some(solved) = reader.solved() else { return Ok(()) };
            chat.confirm(site, visitor, solved, confirms(&event)).await.map_err(refused)
        }
    }
}

fn refused(NotTaken { reason, retry_after_ms }: NotTaken) -> Failure {
    match (reason, retry_after_ms) {
        ("too_fast", Some(wait_ms)) => too_many("this visitor sends too many messages", wait_ms),
        ("too_long", _) => Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_long",
            "The message is too long",
            "a message has at most 8 KiB of text: send it in parts",
        ),
        (reason, None) => {
            Failure::new(StatusCode::UNPROCESSABLE_ENTITY, reason, "The message was not taken", "it holds no words")
        }
        (_, Some(_)) => Failure::busy("the message could not be kept: send it again"),
    }
}
