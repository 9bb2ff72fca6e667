//! A visitor's socket. It reads the record from its cursor and holds at most one page of it, so a slow reader costs one
//! page and ends; whatever he missed he reads from his cursor with the next socket.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use blendline_wire::inbound::{InboundEvent, InboundKind};
use bytes::Bytes;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::tungstenite;

use super::frames::{Opening, ServerFrame};
use super::gate::Visit;
use super::reader::Reader;
use super::say::{FRAME_BYTES_MAX, NotTaken, confirms, presses, rates};
use super::secret::random;
use super::site::Site;
use super::token::{self, Opened};
use super::{Chat, Shared, telemetry};
use crate::api::now;
use crate::api::problem::Failure;
use crate::api::server::Place;
use crate::ports::live::follow_topic;

/// How long a socket may take to say hello.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a visitor's typing is passed on at most.
const TYPING_EVERY: Duration = Duration::from_secs(3);
/// Frames that a socket may send in a [`WINDOW`]; no person types as fast.
const FRAMES_MAX: u32 = 200;
const WINDOW: Duration = Duration::from_secs(10);
/// Pings that may stay unanswered.
const MISSED_MAX: u32 = 2;
/// Sockets that may come back within a moment without being a stampede.
const FEW: usize = 100;
const SHORT_DRAIN_MS: u64 = 2_000;
const LONG_DRAIN_MS: u64 = 30_000;
/// How long after its moment to reconnect a socket may linger.
const LINGER: Duration = Duration::from_secs(1);
/// Buffers of a socket: thousands of them are idle, and frames are small.
const BUFFER_BYTES: usize = 4 * 1024;

/// How a socket ends: the close code and its reason.
#[derive(Clone, Copy)]
struct End(u16, &'static str);

const GONE: End = End(close_code::ABNORMAL, "");
const BAD_FRAME: End = End(close_code::INVALID, "this is no frame of the chat");
const TOO_LARGE: End = End(close_code::SIZE, "a frame has at most 16 KiB");
const TOO_MANY: End = End(close_code::AGAIN, "too many sockets: try again later");
const SLOW: End = End(close_code::AGAIN, "slow reader: connect again and read on");
const UNREADABLE: End = End(close_code::AGAIN, "the record does not answer: try again later");
const FLOOD: End = End(close_code::POLICY, "too many frames");
const NO_HELLO: End = End(close_code::POLICY, "no hello came");
const RESTART: End = End(close_code::RESTART, "connect again");
const BAD_TOKEN: End = End(4401, "open a session");
const REPLACED: End = End(4409, "the conversation goes on in another window");

/// What is said to whoever listens to a visitor's topic, beside the empty "look again".
const TYPING_AGENT: &[u8] = b"typing:agent";
const TYPING_VISITOR: &[u8] = b"typing:visitor";
const TAKEN: &str = "taken:";

/// Opens a visitor's socket.
pub(super) async fn connect(
    State(chat): State<Shared>,
    Extension(visit): Extension<Visit>,
    place: Option<Extension<Arc<Place>>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    let upgrade = upgrade.map_err(|error| Failure::bad("Upgrade", format!("open a WebSocket here: {error}")))?;
    let Visit { site, client, .. } = visit;
    let taken = chat.places.take(client);
    let open = chat.lines.token();
    let upgrade = upgrade
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_message_size(FRAME_BYTES_MAX)
        .max_frame_size(FRAME_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |mut socket| async move {
        // A browser cannot read why an upgrade was refused, so the refusal is a close code.
        let end = match &taken {
            Some(taken) => Box::pin(serve(&chat, &site, taken, &mut socket)).await,
            None => TOO_MANY,
        };
        telemetry::closed(end.0);
        if end.0 != GONE.0 {
            let close = Message::Close(Some(CloseFrame { code: end.0, reason: Utf8Bytes::from_static(end.1) }));
            // The other side may be gone already.
            let _ = timeout(Duration::from_millis(chat.limits.write_timeout_ms), socket.send(close)).await;
        }
        // Until here the socket counts, against the limits and for an orderly end.
        drop((taken, place, open));
    }))
}

async fn serve(chat: &Chat, site: &Site, place: &Place, socket: &mut WebSocket) -> End {
    let (opened, cursor) = match greet(site, socket).await {
        Ok(hello) => hello,
        Err(end) => return end,
    };
    let Ok(contact) = chat.contact(site, &opened.visitor).await else { return UNREADABLE };
    let topic = follow_topic(site.account, contact);
    // Who listens before he reads misses nothing in between.
    let hints = chat.live.listen(&topic).await;
    let own = uuid::Uuid::now_v7().as_u128();
    chat.live.tell(&topic, Bytes::from(format!("{TAKEN}{own}"))).await;
    let reader = Reader::new(contact, cursor);
    let window = (Instant::now(), 0);
    let mut line = Line { chat, site, opened, topic, own, reader, place, typed: None, missed: 0, window };
    telemetry::sockets(1.0);
    let end = line.run(socket, hints).await.err().unwrap_or(GONE);
    telemetry::sockets(-1.0);
    end
}

/// Reads the hello: who is there, and what he has read.
async fn greet(site: &Site, socket: &mut WebSocket) -> Result<(Opened, Option<super::frames::Cursor>), End> {
    let said = timeout(HELLO_TIMEOUT, socket.recv()).await.map_err(|_| NO_HELLO)?;
    let text = text_of(said)?.ok_or(NO_HELLO)?;
    let Opening::Hello { token, after } = serde_json::from_str(&text).map_err(|_| BAD_FRAME)?;
    let opened = token::open(site.token_key(), token.expose(), now()).ok_or(BAD_TOKEN)?;
    let cursor = after.map(|text| text.parse().map_err(|()| BAD_FRAME)).transpose()?;
    Ok((opened, cursor))
}

/// The text of a frame; `None` for what needs no reading.
fn text_of(said: Option<Result<Message, axum::Error>>) -> Result<Option<Utf8Bytes>, End> {
    match said {
        Some(Ok(Message::Text(text))) => Ok(Some(text)),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Binary(_))) => Err(End(close_code::UNSUPPORTED, "frames are JSON text")),
        Some(Ok(Message::Close(_))) | None => Err(GONE),
        Some(Err(error)) => Err(match error.into_inner().downcast_ref::<tungstenite::Error>() {
            Some(tungstenite::Error::Capacity(_)) => TOO_LARGE,
            Some(tungstenite::Error::Utf8(_)) => BAD_FRAME,
            Some(tungstenite::Error::Protocol(_)) => End(close_code::PROTOCOL, "this is no WebSocket"),
            _ => GONE,
        }),
    }
}

/// A visitor's running socket.
struct Line<'a> {
    chat: &'a Chat,
    site: &'a Site,
    opened: Opened,
    topic: String,
    /// Its number: of two sockets of one visitor the later one stays.
    own: u128,
    reader: Reader,
    place: &'a Place,
    typed: Option<Instant>,
    /// Pings since he was last heard.
    missed: u32,
    /// When the window of the frame limit began, and the frames since.
    window: (Instant, u32),
}

impl Line<'_> {
    async fn run(&mut self, socket: &mut WebSocket, mut hints: broadcast::Receiver<Bytes>) -> Result<(), End> {
        self.write(socket, ServerFrame::Welcome { visitor: self.opened.visitor.peer.clone() }).await?;
        self.look(socket).await?;
        let mut pings = self.pings();
        let mut leave_at = None;
        loop {
            tokio::select! {
                said = socket.recv() => self.hear(said, socket).await?,
                hint = hints.recv() => self.told(hint, &mut hints, socket).await?,
                _ = pings.tick() => self.ping(socket).await?,
                () = self.chat.stopping.cancelled(), if leave_at.is_none() => {
                    let after_ms = self.drain_ms();
                    leave_at = Some(Instant::now() + Duration::from_millis(after_ms) + LINGER);
                    self.write(socket, ServerFrame::Reconnect { after_ms }).await?;
                }
                () = until(leave_at) => return Err(RESTART),
            }
        }
    }

    /// Pings of many sockets that came at once are spread by the random part of each one's number.
    fn pings(&self) -> Interval {
        let every = self.chat.limits.ping_ms;
        let first = every / 2 + (self.own as u64) % (every / 2).max(1);
        let mut pings = interval_at(Instant::now() + Duration::from_millis(first), Duration::from_millis(every));
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings
    }

    async fn ping(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        if MISSED_MAX <= self.missed {
            return Err(GONE);
        }
        if self.opened.expires_at <= now() {
            return Err(BAD_TOKEN);
        }
        self.missed += 1;
        self.send(socket, Message::Ping(Bytes::new())).await?;
        // Heals whatever hint was lost.
        self.look(socket).await
    }

    async fn told(
        &mut self,
        hint: Result<Bytes, RecvError>,
        hints: &mut broadcast::Receiver<Bytes>,
        socket: &mut WebSocket,
    ) -> Result<(), End> {
        let mut again = false;
        let mut next = Some(hint);
        // Hints that piled up are one reason to look.
        while let Some(hint) = next {
            match hint {
                Ok(body) if body.is_empty() => again = true,
                Ok(body) if body == TYPING_AGENT => self.write(socket, ServerFrame::Typing).await?,
                Ok(body) if self.is_replaced_by(&body) => return Err(REPLACED),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => again = true,
                Err(RecvError::Closed) => return Err(UNREADABLE),
            }
            next = match hints.try_recv() {
                Ok(body) => Some(Ok(body)),
                Err(broadcast::error::TryRecvError::Lagged(count)) => Some(Err(RecvError::Lagged(count))),
                Err(_) => None,
            };
        }
        if again { self.look(socket).await } else { Ok(()) }
    }

    fn is_replaced_by(&self, body: &[u8]) -> bool {
        let number = std::str::from_utf8(body).ok().and_then(|text| text.strip_prefix(TAKEN)?.parse::<u128>().ok());
        number.is_some_and(|other| self.own < other)
    }

    /// Sends whatever the record has beyond the cursor.
    async fn look(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        loop {
            let news = self.reader.news(self.chat, self.site).await.map_err(|error| {
                tracing::debug!(%error, "a visitor could not be shown the record");
                UNREADABLE
            })?;
            for message in news.messages {
                self.write(socket, ServerFrame::Message(Box::new(message))).await?;
            }
            if let Some(state) = news.state.filter(|_| !news.more) {
                self.write(socket, ServerFrame::State { state }).await?;
            }
            if !news.more {
                return Ok(());
            }
        }
    }

    async fn hear(&mut self, said: Option<Result<Message, axum::Error>>, socket: &mut WebSocket) -> Result<(), End> {
        let text = text_of(said)?;
        self.missed = 0;
        self.count()?;
        let Some(text) = text else { return Ok(()) };
        let events = self.chat.connector.normalise(text.as_bytes()).map_err(|_| BAD_FRAME)?;
        for event in events {
            match event.kind {
                InboundKind::Message => self.say(event, socket).await?,
                InboundKind::Typing => self.types().await,
                InboundKind::Postback => self.confirm(event, socket).await?,
                InboundKind::Status => self.seen(&event).await?,
                InboundKind::Optin => self.agree(event, socket).await?,
                _ => telemetry::refused("unknown_type"),
            }
        }
        Ok(())
    }

    /// Counts a frame, of whatever kind: even reading nothing costs.
    fn count(&mut self) -> Result<(), End> {
        let (began, frames) = &mut self.window;
        if WINDOW <= began.elapsed() {
            (*began, *frames) = (Instant::now(), 0);
        }
        *frames += 1;
        if FRAMES_MAX < *frames { Err(FLOOD) } else { Ok(()) }
    }

    async fn say(&mut self, event: InboundEvent, socket: &mut WebSocket) -> Result<(), End> {
        let client_id = event.external_message_id.clone().unwrap_or_default();
        let taken = self.chat.say(self.site, &self.opened.visitor, event).await;
        self.answer(client_id, taken, socket).await
    }

    async fn answer(&self, client_id: String, taken: Result<(), NotTaken>, socket: &mut WebSocket) -> Result<(), End> {
        let frame = match taken {
            Ok(()) => ServerFrame::Ack { client_id },
            Err(NotTaken { reason, retry_after_ms }) => ServerFrame::Refused { client_id, reason, retry_after_ms },
        };
        self.write(socket, frame).await
    }

    async fn types(&mut self) {
        if self.typed.is_none_or(|typed| TYPING_EVERY <= typed.elapsed()) {
            self.typed = Some(Instant::now());
            self.chat.live.tell(&self.topic, Bytes::from_static(TYPING_VISITOR)).await;
        }
    }

    /// Passes the visitor's word on. Where nothing waits for it (any more) there is nothing to refuse.
    async fn confirm(&mut self, event: InboundEvent, socket: &mut WebSocket) -> Result<(), End> {
        if let (Some(stars), Some(client_id)) = (rates(&event), event.external_message_id.clone()) {
            let taken = self.chat.rate(self.site, &self.opened.visitor, stars, &client_id).await;
            return self.answer(client_id, taken, socket).await;
        }
        if let (Some(press), Some(client_id)) = (presses(&event), event.external_message_id.clone()) {
            let taken = self.chat.press(self.site, &self.opened.visitor, press, &client_id).await;
            return self.answer(client_id, taken, socket).await;
        }
        self.look(socket).await?;
        let taken = match self.reader.solved() {
            Some(solved) => self.chat.confirm(self.site, &self.opened.visitor, solved, confirms(&event)).await,
            None => Ok(()),
        };
        match event.external_message_id {
            Some(client_id) => self.answer(client_id, taken, socket).await,
            None => Ok(()),
        }
    }

    /// Takes a mark. It is not answered: the next one says the same and more.
    async fn seen(&mut self, event: &InboundEvent) -> Result<(), End> {
        let cursor = event.target_message_id.as_deref().and_then(|text| text.parse().ok()).ok_or(BAD_FRAME)?;
        if let Err(NotTaken { reason, .. }) =
            self.chat.seen(self.site, &self.opened.visitor, self.reader.contact(), cursor).await
        {
            tracing::debug!(reason, "a visitor's mark was not taken");
        }
        Ok(())
    }

    async fn agree(&mut self, event: InboundEvent, socket: &mut WebSocket) -> Result<(), End> {
        let client_id = event.external_message_id.clone().unwrap_or_default();
        let taken = self.chat.agree(self.site, &self.opened.visitor, event).await;
        self.answer(client_id, taken, socket).await
    }

    /// When to come back at the end of this process: at once where few are, spread where many are, and always before
    /// the process ends by itself.
    fn drain_ms(&self) -> u64 {
        let ceiling = if self.place.taken() <= FEW { SHORT_DRAIN_MS } else { LONG_DRAIN_MS };
        let ceiling = ceiling.min(self.chat.stop_grace_ms / 2).max(1);
        random().map_or(ceiling, |bytes| u64::from_be_bytes(bytes) % ceiling)
    }

    async fn write(&self, socket: &mut WebSocket, frame: ServerFrame) -> Result<(), End> {
        // Frames are plain data throughout, so they can always be written.
        let text = serde_json::to_string(&frame).unwrap_or_default();
        self.send(socket, Message::text(text)).await
    }

    async fn send(&self, socket: &mut WebSocket, message: Message) -> Result<(), End> {
        match timeout(Duration::from_millis(self.chat.limits.write_timeout_ms), socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(GONE),
            Err(_) => Err(SLOW),
        }
    }
}

/// Waits until then; for ever, where there is no such time.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
