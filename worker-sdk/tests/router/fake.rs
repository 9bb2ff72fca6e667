//! A router that says what the test says, and a worker whose hands the test moves.

use std::future::Future;
use std::time::Duration;

use blendline_wire::task::{Side, TaskKind};
use blendline_wire::worker::{Author, ClientFrame, MessageView, ServerFrame, TaskView};
use blendline_wire::{ConversationId, Lease, MatterId, Millis, Problem, SessionId, TaskId};
use blendline_worker::{AcceptMode, BoxError, Builder, RunError, Runtime, Summary, Task, Verdict, Worker, async_trait};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// A heartbeat so long that none comes during a test.
pub(crate) const QUIET_MS: u64 = 60_000;

/// Fails instead of hanging; nothing waits for it when all is well.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.unwrap_or_else(|_| panic!("{what} never came"))
}

pub(crate) struct FakeRouter {
    listener: TcpListener,
}

impl FakeRouter {
    pub(crate) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(crate) fn runtime(&self) -> Builder {
        let url = format!("http://{}", self.listener.local_addr().unwrap());
        Runtime::builder(url, "secret").name("w").reconnect(Duration::from_millis(1), Duration::from_millis(20))
    }

    /// Takes a connection and its hello.
    pub(crate) async fn connection(&self) -> (Connection, ClientFrame) {
        let (stream, _) = soon("a connection", self.listener.accept()).await.unwrap();
        #[allow(clippy::result_large_err, reason = "the type is the library's")]
        let check = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
            assert_eq!(request.uri().path(), "/v1/workers/connect");
            assert_eq!(request.headers()["authorization"], "Bearer secret");
            Ok(response)
        };
        let socket = soon("an upgrade", accept_hdr_async(stream, check)).await.unwrap();
        let mut connection = Connection { socket };
        let hello = connection.read().await;
        assert!(matches!(hello, ClientFrame::Hello { .. }), "the first frame was {hello:?}");
        (connection, hello)
    }

    /// Takes a connection and welcomes it with what it owns.
    pub(crate) async fn welcomed(&self, tasks: Vec<TaskView>) -> Connection {
        let (mut connection, _) = self.connection().await;
        connection.welcome(QUIET_MS, tasks).await;
        connection
    }

    /// Answers the next upgrade with a plain HTTP response.
    pub(crate) async fn refuse(&self, status: &str, body: &str) {
        let (mut stream, _) = soon("a connection", self.listener.accept()).await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        let length = body.len();
        let response = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        stream.write_all(response.as_bytes()).await.unwrap();
    }
}

/// Dropping it cuts the connection without a word.
pub(crate) struct Connection {
    socket: WebSocketStream<TcpStream>,
}

impl Connection {
    pub(crate) async fn welcome(&mut self, heartbeat_ms: u64, tasks: Vec<TaskView>) {
        self.say(ServerFrame::Welcome { session: SessionId(1), heartbeat_ms, tasks }).await;
    }

    pub(crate) async fn say(&mut self, frame: ServerFrame) {
        self.socket.send(Message::text(serde_json::to_string(&frame).unwrap())).await.unwrap();
    }

    pub(crate) async fn assign(&mut self, task: TaskView) {
        self.say(ServerFrame::Assigned { task }).await;
    }

    pub(crate) async fn goodbye(&mut self, reason: &str) {
        self.say(ServerFrame::Goodbye { reason: reason.into(), at: None }).await;
    }

    pub(crate) async fn close(mut self, code: CloseCode, reason: &'static str) {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        self.socket.send(Message::Close(Some(frame))).await.unwrap();
        // Until the worker has read it.
        while let Some(Ok(_)) = soon("the end", self.socket.next()).await {}
    }

    pub(crate) async fn ok(&mut self, call: u64) {
        self.say(ServerFrame::Answer { call, problem: None, seq: None }).await;
    }

    pub(crate) async fn refuse(&mut self, call: u64, status: u16, code: &str) {
        let problem = Some(Problem::new(status, code, "a title", "a detail"));
        self.say(ServerFrame::Answer { call, problem, seq: None }).await;
    }

    /// The next frame that is not a heartbeat.
    pub(crate) async fn read(&mut self) -> ClientFrame {
        loop {
            match soon("a frame", self.socket.next()).await.expect("the connection ended").unwrap() {
                Message::Text(text) => match serde_json::from_str(&text).unwrap() {
                    ClientFrame::Heartbeat { .. } => {}
                    frame => return frame,
                },
                Message::Ping(_) => {}
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    pub(crate) async fn heartbeat(&mut self) {
        loop {
            if let Message::Text(text) = soon("a frame", self.socket.next()).await.unwrap().unwrap() {
                assert_eq!(
                    serde_json::from_str::<ClientFrame>(&text).unwrap(),
                    ClientFrame::Heartbeat { hidden: None }
                );
                return;
            }
        }
    }

    /// The worker leaves in order: bye, and the socket is closed.
    pub(crate) async fn bye(mut self) {
        assert_eq!(self.read().await, ClientFrame::Bye);
        let close = soon("a close", self.socket.next()).await;
        assert!(matches!(close, Some(Ok(Message::Close(_)))), "{close:?}");
        // Reading on is what lets the library answer the close.
        assert!(soon("the end", self.socket.next()).await.is_none());
    }

    /// The worker says that it drains and is answered.
    pub(crate) async fn draining(&mut self) {
        let frame = self.read().await;
        let ClientFrame::Presence { call, presence, .. } = frame else { panic!("{frame:?}") };
        assert_eq!(presence, blendline_wire::task::Presence::Draining);
        self.ok(call).await;
    }
}

pub(crate) fn view(id: u64, lease: u32) -> TaskView {
    TaskView {
        id: TaskId(id),
        lease: Lease(lease),
        offered: false,
        until: None,
        why: None,
        kind: TaskKind::Conversation,
        side: Side::Front,
        queue: "support".into(),
        matter: MatterId(1),
        conversation: Some(ConversationId(1)),
        parent: None,
        earned_at: Millis(1),
        due_at: Millis(2),
        title: None,
        fields: Default::default(),
        messages: vec![message(1, "hello")],
    }
}

pub(crate) fn offered(id: u64, lease: u32) -> TaskView {
    TaskView { offered: true, until: Some(Millis(9)), ..view(id, lease) }
}

pub(crate) fn message(seq: u64, text: &str) -> MessageView {
    MessageView {
        seq,
        at: Millis(1),
        from: Author::Customer,
        name: None,
        text: Some(text.into()),
        payload: None,
        attachments: vec![],
        mail: None,
        kind: None,
        id: None,
        target: None,
        visibility: None,
        permalink: None,
        status: None,
        reach: None,
    }
}

/// Hands every task to the test, which says what becomes of it.
pub(crate) struct Hands {
    arrivals: mpsc::UnboundedSender<Arrival>,
}

pub(crate) struct Arrival {
    pub(crate) task: Task,
    pub(crate) end: oneshot::Sender<Result<Verdict, BoxError>>,
}

#[async_trait]
impl Worker for Hands {
    async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
        let (end, ended) = oneshot::channel();
        self.arrivals.send(Arrival { task: task.clone(), end }).unwrap();
        ended.await.unwrap_or_else(|_| panic!("the test let go of {task:?}"))
    }
}

/// A running runtime.
pub(crate) struct Running {
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    stop: Option<oneshot::Sender<()>>,
    result: JoinHandle<Result<Summary, RunError>>,
}

impl Running {
    pub(crate) fn start(builder: Builder) -> Self {
        let (arrivals, arrived) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _ = stopped.await;
        };
        let runtime = builder.accept(AcceptMode::Auto).build();
        let result = tokio::spawn(runtime.run(Hands { arrivals }, shutdown));
        Self { arrivals: arrived, stop: Some(stop), result }
    }

    pub(crate) async fn arrival(&mut self) -> Arrival {
        soon("a task", self.arrivals.recv()).await.unwrap()
    }

    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Drops the future of the runtime.
    pub(crate) fn abort(&self) {
        self.result.abort();
    }

    pub(crate) async fn result(self) -> Result<Summary, RunError> {
        soon("the end of the runtime", self.result).await.unwrap()
    }

    /// Stops an idle runtime and returns what it did.
    pub(crate) async fn finish(mut self, mut connection: Connection) -> Summary {
        self.stop();
        connection.draining_or_bye().await;
        self.result().await.unwrap()
    }
}

impl Connection {
    /// An idle runtime says that it drains and leaves in the same breath.
    pub(crate) async fn draining_or_bye(&mut self) {
        loop {
            match self.read().await {
                ClientFrame::Presence { .. } => {}
                ClientFrame::Bye => break,
                frame => panic!("unexpected {frame:?}"),
            }
        }
        while let Some(Ok(_)) = soon("the end", self.socket.next()).await {}
    }
}
