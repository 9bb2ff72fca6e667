//! A worker's connection: one WebSocket, calls one way, offers and answers the other.
//!
//! Calls are handed to the owner in the order in which they were said and without waiting for each other's answers,
//! so what is said about one task stays in order and a quick worker is never held up by his own last commit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use blendline_core::Answer;
use blendline_wire::event::Actor;
use blendline_wire::org::WEIGHT_UNIT;
use blendline_wire::task::Presence;
use blendline_wire::worker::{ClientFrame, PROTOCOL_VERSION, ServerFrame};
use bytes::Bytes;
use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;

use super::auth::{Caller, forbidden, from_own_page};
use super::decisions;
use super::frames::{Asked, Speaker, asked};
use super::improvements::name_topic;
use super::private;
use super::problem::{Failure, of_call};
use super::server::Place;
use super::watch::Watch;
use super::{Shared, now};
use crate::handle::{Call, CallError, CallResult, Request};
use crate::ports::live::worker_topic;

/// The largest frame and message.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Buffers of a connection: a desk is idle most of the time, and the usual 128 KiB would be most of what it costs.
const BUFFER_BYTES: usize = 16 * 1024;
/// How long a connection may take to say hello.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a worker may take to read what is sent to him.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Frames for a worker that wait to be written; the owner ends a connection that lets more pile up. One commit may
/// hand a whole capacity of tasks to one bot, so it is far above what a person ever sees.
const FRAMES_MAX: usize = 4096;
/// Frames that are written before one flush.
const FLUSH_MAX: usize = 256;
/// Calls of one connection that wait for their answers; more are not read until some are answered.
const CALLS_MAX: usize = 256;
/// How often the owner is told that a worker was heard: often enough for any heartbeat, seldom enough to cost nothing.
const HEARD_EVERY: Duration = Duration::from_millis(50);

/// Opens a worker's connection.
pub async fn connect(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    place: Option<Extension<Arc<Place>>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    check_origin(&app, &caller, &headers)?;
    let upgrade = upgrade.map_err(|error| Failure::bad("Upgrade", format!("open a WebSocket here: {error}")))?;
    let open = app.lines.token();
    let upgrade = upgrade
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |socket| async move {
        serve(app, caller, socket).await;
        // Until here the connection counts, against the server's limit and for an orderly end.
        drop((place, open));
    }))
}

/// A browser always names its page; a page that is not ours may not use its visitor's network position, and only a page
/// of this server may use its visitor's session.
fn check_origin(app: &Shared, caller: &Caller, headers: &HeaderMap) -> Result<(), Failure> {
    if caller.person.is_some() {
        return from_own_page(headers);
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let allowed = origin.to_str().is_ok_and(|origin| app.parts.server.origins.iter().any(|known| known == origin));
    if allowed {
        return Ok(());
    }
    Err(forbidden("this page may not connect: add it to `server.origins`").at("Origin"))
}

/// How a connection ends: the close code and its reason.
struct End(u16, &'static str);

const LEFT: End = End(close_code::NORMAL, "");
const GONE: End = End(close_code::ABNORMAL, "");
const SLOW: End = End(close_code::AGAIN, "slow reader: read what is sent, or take fewer tasks");
/// The close code of a session that ended; from the range of applications.
const SIGNED_OUT: End = End(4401, "the session is over: sign in again");
const RESTART: End = End(close_code::RESTART, "the router ends: connect again");

async fn serve(app: Shared, caller: Arc<Caller>, mut socket: WebSocket) {
    let watch = Watch::start(&app, caller.person.as_ref());
    // Whichever is taken, nobody is left attached: greeting ends in the moment in which the owner is told.
    let greeted = tokio::select! {
        () = watch.over() => Err(SIGNED_OUT),
        greeted = greet(&app, &caller, &mut socket) => greeted,
    };
    let end = match greeted {
        Ok((speaker, frames)) => {
            let (waiting, heard) = (FuturesUnordered::new(), Instant::now());
            // A program would not know what to do with words for a person.
            let person = caller.person.is_some();
            let words = if person { Some(app.parts.live.listen(&worker_topic(speaker.worker)).await) } else { None };
            let mut line = Line { app: &app, watch: &watch, speaker, frames, words, waiting, heard };
            let Speaker { worker, session, .. } = speaker;
            if person {
                app.attentions().came(worker, session);
            }
            let end = line.run(&mut socket).await;
            if person {
                app.attentions().went(worker, session, now(), is_away(&app, &speaker).await);
            }
            // An owner that is gone has no connections to forget.
            let _ = app.door(caller.tenant).send(Request::Gone { worker, session }).await;
            end
        }
        Err(end) => end,
    };
    if end.0 != GONE.0 {
        let close = Message::Close(Some(CloseFrame { code: end.0, reason: Utf8Bytes::from_static(end.1) }));
        // The other side may be gone already.
        let _ = timeout(WRITE_TIMEOUT, socket.send(close)).await;
    }
}

/// Whether a worker whose connection ends has left, or has said that he is away: then nobody calls after him.
async fn is_away(app: &Shared, speaker: &Speaker) -> bool {
    let (worker, session) = (speaker.worker, speaker.session);
    let is_there =
        move |row: &blendline_core::rows::Worker| row.session == Some(session) && row.presence != Presence::Away;
    let look = app.door(speaker.tenant).look(move |core| core.worker(worker).is_some_and(is_there));
    // Where nobody can tell, he is left in peace.
    !look.await.unwrap_or(false)
}

/// Reads the hello and tells the owner who is there.
async fn greet(
    app: &Shared,
    caller: &Caller,
    socket: &mut WebSocket,
) -> Result<(Speaker, mpsc::Receiver<ServerFrame>), End> {
    let said = timeout(HELLO_TIMEOUT, socket.recv()).await.map_err(|_| End(close_code::POLICY, "no hello came"))?;
    let Some(ClientFrame::Hello { version, worker, accept, capacity, presence }) = read(said)? else {
        return Err(End(close_code::POLICY, "say hello first"));
    };
    if version != PROTOCOL_VERSION {
        return Err(End(close_code::POLICY, "this router speaks protocol version 1"));
    }
    let refused = End(close_code::POLICY, "this key may not speak for this worker, or there is no such worker");
    // Who is bound to a worker need not name him.
    let named = Some(worker.as_str()).filter(|name| !name.is_empty() || caller.worker.is_none());
    let Ok(worker) = caller.speaks_for(&app.directory(), named) else { return Err(refused) };
    let speaker = Speaker { tenant: caller.tenant, worker, session: app.next_session() };
    let (sender, frames) = mpsc::channel(FRAMES_MAX);
    let presence = presence.unwrap_or(Presence::Ready);
    // In the core an ordinary task has a weight.
    let capacity = capacity.map(|tasks| tasks.saturating_mul(WEIGHT_UNIT));
    let attach = Request::Attach { worker, session: speaker.session, accept, capacity, presence, frames: sender };
    app.door(caller.tenant).send(attach).await.map_err(|_| RESTART)?;
    Ok((speaker, frames))
}

/// A frame of the worker's; `None` for what needs no reading.
fn read(said: Option<Result<Message, axum::Error>>) -> Result<Option<ClientFrame>, End> {
    match said {
        Some(Ok(Message::Text(text))) => {
            let bad = |_| End(close_code::INVALID, "this is no frame of the protocol: see blendline_wire::worker");
            serde_json::from_str(&text).map(Some).map_err(bad)
        }
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Binary(_))) => Err(End(close_code::UNSUPPORTED, "frames are JSON text")),
        Some(Ok(Message::Close(_))) | None => Err(GONE),
        Some(Err(error)) => Err(end_of(&error.into_inner())),
    }
}

fn end_of(error: &axum::BoxError) -> End {
    match error.downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Capacity(_)) => End(close_code::SIZE, "a message has at most 64 KiB"),
        Some(tungstenite::Error::Utf8(_)) => End(close_code::INVALID, "text is UTF-8"),
        Some(tungstenite::Error::Protocol(_)) => End(close_code::PROTOCOL, "this is no WebSocket"),
        _ => GONE,
    }
}

/// A running connection.
struct Line<'a> {
    app: &'a Shared,
    watch: &'a Watch,
    speaker: Speaker,
    frames: mpsc::Receiver<ServerFrame>,
    /// What supervisors and colleagues say, and which cases change.
    words: Option<broadcast::Receiver<Bytes>>,
    waiting: FuturesUnordered<BoxFuture<'static, (u64, CallResult)>>,
    heard: Instant,
}

impl Line<'_> {
    async fn run(&mut self, socket: &mut WebSocket) -> End {
        let mut batch = Vec::with_capacity(FLUSH_MAX);
        let app = self.app.clone();
        loop {
            tokio::select! {
                said = socket.recv(), if self.waiting.len() < CALLS_MAX => {
                    match self.hear(said).await {
                        Ok(frame) => batch.extend(frame),
                        Err(end) => return end,
                    }
                }
                count = self.frames.recv_many(&mut batch, FLUSH_MAX) => {
                    // The owner lets go of a connection after a goodbye, or when too much piled up.
                    if count == 0 {
                        return SLOW;
                    }
                }
                Some((call, result)) = self.waiting.next(), if !self.waiting.is_empty() => {
                    batch.push(self.answer(call, result));
                }
                Some(told) = next_words(&mut self.words) => batch.push(told),
                () = self.watch.over() => {
                    let goodbye = [ServerFrame::Goodbye { reason: "refused".into(), at: None }];
                    let _ = write(socket, &mut goodbye.to_vec()).await;
                    return SIGNED_OUT;
                }
                () = app.parts.stopping.cancelled() => {
                    let goodbye = [ServerFrame::Goodbye { reason: "drain".into(), at: None }];
                    // Best effort: the close code says it too.
                    let _ = write(socket, &mut goodbye.to_vec()).await;
                    return RESTART;
                }
            }
            // Whatever is ready goes out in the same write.
            while batch.len() < FLUSH_MAX
                && let Ok(frame) = self.frames.try_recv()
            {
                batch.push(frame);
            }
            let last = batch.iter().any(|frame| matches!(frame, ServerFrame::Goodbye { .. }));
            if let Err(end) = write(socket, &mut batch).await {
                return end;
            }
            if last {
                return LEFT;
            }
        }
    }

    /// Takes in what the worker said; a frame to write at once is the answer to a call that names what is not there.
    async fn hear(&mut self, said: Option<Result<Message, axum::Error>>) -> Result<Option<ServerFrame>, End> {
        let frame = read(said)?;
        self.tell_heard().await?;
        let Some(frame) = frame else { return Ok(None) };
        match asked(&self.app.directory(), self.speaker, frame) {
            Asked::Here(hidden) => {
                let Speaker { worker, session, .. } = self.speaker;
                if let Some(hidden) = hidden {
                    self.app.attentions().says(worker, session, hidden);
                }
                Ok(None)
            }
            Asked::Hello => Err(End(close_code::POLICY, "hello is said once")),
            Asked::Wrong(call, failure) => {
                Ok(Some(ServerFrame::Answer { call, problem: Some(*failure.problem), seq: None }))
            }
            Asked::Call(number, mut call) => {
                // Where the record does not answer it is written down without what the rules say of it.
                let _ = name_topic(self.app, &mut call).await;
                let call = private::checked(self.app, self.speaker.tenant, call).await;
                let answer = self.ask(call).await?;
                if let Some(number) = number {
                    self.waiting.push(Box::pin(async move { (number, outcome(answer.await)) }));
                }
                Ok(None)
            }
            Asked::Decide(number, task, wish) => {
                let Speaker { tenant, worker, .. } = self.speaker;
                match decisions::of_frame(self.app, (tenant, worker), task, wish).await {
                    Ok(call) => {
                        let answer = self.ask(call).await?;
                        self.waiting.push(Box::pin(async move { (number, outcome(answer.await)) }));
                        Ok(None)
                    }
                    Err(failure) => {
                        let problem = Some(*failure.problem);
                        Ok(Some(ServerFrame::Answer { call: number, problem, seq: None }))
                    }
                }
            }
            Asked::Bye(call) => {
                let answer = self.ask(call).await?;
                // Whoever leaves may be sure that what he owned went back.
                let _ = timeout(WRITE_TIMEOUT, answer).await;
                Err(LEFT)
            }
        }
    }

    async fn ask(&mut self, call: Call) -> Result<oneshot::Receiver<CallResult>, End> {
        self.watch.used();
        let (reply, answer) = oneshot::channel();
        let actor = Actor::Worker(self.speaker.worker);
        let request = Request::Call { actor, call: Box::new(call), reply };
        self.app.door(self.speaker.tenant).send(request).await.map_err(|_| RESTART)?;
        Ok(answer)
    }

    async fn tell_heard(&mut self) -> Result<(), End> {
        let now = Instant::now();
        if now.duration_since(self.heard) < HEARD_EVERY {
            return Ok(());
        }
        self.heard = now;
        let Speaker { tenant, worker, session } = self.speaker;
        self.app.door(tenant).send(Request::Heard { worker, session }).await.map_err(|_| RESTART)
    }

    fn answer(&self, call: u64, result: CallResult) -> ServerFrame {
        let problem = |error| *of_call(error, self.speaker.tenant, &self.app.directory()).problem;
        let seq = match result {
            Ok(Answer::Said(seq)) => Some(seq),
            _ => None,
        };
        ServerFrame::Answer { call, problem: result.err().map(problem), seq }
    }
}

/// The next that is said to a person; never anything where nobody listens. What cannot be read is passed over.
async fn next_words(words: &mut Option<broadcast::Receiver<Bytes>>) -> Option<ServerFrame> {
    let Some(receiver) = words else { return std::future::pending().await };
    loop {
        match receiver.recv().await {
            Ok(body) => {
                let told = serde_json::from_slice(&body).ok();
                let is_for_people = |frame: &ServerFrame| {
                    matches!(
                        frame,
                        ServerFrame::Told { .. }
                            | ServerFrame::Noted { .. }
                            | ServerFrame::CaseChanged { .. }
                            // What a case told the customer of a task of his: programs hear of customers' words alone.
                            | ServerFrame::Message { .. }
                    )
                };
                if let Some(told) = told.filter(is_for_people) {
                    return Some(told);
                }
            }
            // Who reads too slowly misses some of it.
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return std::future::pending().await,
        }
    }
}

fn outcome(answer: Result<CallResult, oneshot::error::RecvError>) -> CallResult {
    answer.unwrap_or_else(|_| Err(CallError::Unavailable("the owner stopped before it answered".into())))
}

/// Writes all frames and flushes once.
async fn write(socket: &mut WebSocket, batch: &mut Vec<ServerFrame>) -> Result<(), End> {
    if batch.is_empty() {
        return Ok(());
    }
    let writing = async {
        for frame in batch.drain(..) {
            // These types cannot fail to be written: no map of theirs has a key that is not text.
            let text = serde_json::to_string(&frame).unwrap_or_default();
            socket.feed(Message::Text(text.into())).await?;
        }
        socket.flush().await
    };
    match timeout(WRITE_TIMEOUT, writing).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(GONE),
        Err(_) => Err(SLOW),
    }
}
