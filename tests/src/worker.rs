//! A worker by hand: frames out, frames in, and nothing done by itself. For what the SDK would never let happen.

use std::net::SocketAddr;
use std::time::Duration;

use blendline_wire::outbound::Content;
use blendline_wire::task::{AcceptMode, Presence};
use blendline_wire::worker::{ClientFrame, PROTOCOL_VERSION, Reply, ServerFrame, TaskView, Verdict};
use blendline_wire::{Lease, Problem, TaskId};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

/// The longest a test waits for a frame.
const FRAME_WITHIN: Duration = Duration::from_secs(20);

/// One connection of a worker.
#[derive(Debug)]
pub struct Hand {
    socket: WebSocketStream<TcpStream>,
    calls: u64,
    /// Frames that came while an answer was awaited.
    early: std::collections::VecDeque<ServerFrame>,
    /// What the welcome said he owns.
    pub owned: Vec<TaskView>,
}

impl Hand {
    /// Connects as `worker`, says hello and takes the welcome. A router that sends him to another one has not let him in:
    /// `ConnectionClosed`.
    pub async fn connect(addr: SocketAddr, key: &str, worker: &str, accept: AcceptMode) -> Result<Self, Error> {
        let mut request = format!("ws://{addr}/v1/workers/connect").into_client_request()?;
        let bearer = format!("Bearer {key}").parse().expect("a key is a header value");
        request.headers_mut().insert("authorization", bearer);
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        let mut hand = Self { socket, calls: 0, early: std::collections::VecDeque::new(), owned: Vec::new() };
        let hello = ClientFrame::Hello {
            version: PROTOCOL_VERSION,
            worker: worker.to_owned(),
            accept: Some(accept),
            capacity: None,
            presence: Some(Presence::Ready),
        };
        hand.send(&hello).await?;
        match hand.receive().await? {
            ServerFrame::Welcome { tasks, .. } => hand.owned = tasks,
            ServerFrame::Goodbye { .. } => return Err(Error::ConnectionClosed),
            other => panic!("the first frame must be a welcome, not {other:?}"),
        }
        Ok(hand)
    }

    /// Sends one frame.
    pub async fn send(&mut self, frame: &ClientFrame) -> Result<(), Error> {
        let text = serde_json::to_string(frame).expect("frames are always JSON");
        self.socket.send(Message::text(text)).await
    }

    /// The next frame, however long it takes.
    pub async fn receive(&mut self) -> Result<ServerFrame, Error> {
        if let Some(frame) = self.early.pop_front() {
            return Ok(frame);
        }
        self.receive_new().await
    }

    async fn receive_new(&mut self) -> Result<ServerFrame, Error> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Ok(serde_json::from_str(&text).expect("every text frame is a frame of the protocol"));
                }
                Some(Ok(Message::Close(_))) | None => return Err(Error::ConnectionClosed),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
            }
        }
    }

    /// The next frame for which `pick` gives something; others are dropped. Ends the test after 20 s.
    pub async fn until<T>(&mut self, what: &str, mut pick: impl FnMut(ServerFrame) -> Option<T>) -> T {
        let mut seen = Vec::new();
        let wait = async {
            let mut beat = tokio::time::interval(Duration::from_millis(400));
            loop {
                let frame = tokio::select! {
                    frame = self.receive() => frame.expect("a frame"),
                    _ = beat.tick() => {
                        self.send(&ClientFrame::Heartbeat { hidden: None }).await.expect("a heartbeat");
                        continue;
                    }
                };
                seen.push(format!("{frame:?}"));
                if let Some(found) = pick(frame) {
                    return found;
                }
            }
        };
        match tokio::time::timeout(FRAME_WITHIN, wait).await {
            Ok(found) => found,
            Err(_) => panic!("no {what} within {FRAME_WITHIN:?}; frames: {seen:#?}"),
        }
    }

    /// The next task that becomes his.
    pub async fn task(&mut self) -> TaskView {
        if !self.owned.is_empty() {
            return self.owned.remove(0);
        }
        self.until("task", |frame| match frame {
            ServerFrame::Assigned { task } | ServerFrame::Offer { task } => Some(task),
            _ => None,
        })
        .await
    }

    /// Makes the call that `frame` describes and gives its answer.
    pub async fn call(&mut self, frame: impl FnOnce(u64) -> ClientFrame) -> Result<(), Problem> {
        self.calls += 1;
        let call = self.calls;
        self.send(&frame(call)).await.expect("a frame can be sent");
        let answer = async {
            loop {
                match self.receive_new().await.expect("an answer") {
                    ServerFrame::Answer { call: found, problem, .. } if found == call => return problem,
                    other => self.early.push_back(other),
                }
            }
        };
        let problem = tokio::time::timeout(FRAME_WITHIN, answer).await.expect("an answer within 20 s");
        problem.map_or(Ok(()), Err)
    }

    /// Settles a task.
    pub async fn settle(&mut self, task: &TaskView, verdict: Verdict, replies: Vec<Reply>) -> Result<(), Problem> {
        let (id, lease) = (task.id, task.lease);
        self.call(|call| ClientFrame::Settle { call, task: id, lease, verdict, replies, seen: None, improve: None })
            .await
    }

    /// Says `text` to the customer under `key`, for nobody else to read.
    pub async fn reply_privately(&mut self, task: TaskId, lease: Lease, key: &str, text: &str) -> Result<(), Problem> {
        let reply = Reply { privately: true, ..said(key, text) };
        self.call(|call| ClientFrame::Reply { call, task, lease, reply }).await
    }

    /// Says `text` to the customer under `key`.
    pub async fn reply(&mut self, task: TaskId, lease: Lease, key: &str, text: &str) -> Result<(), Problem> {
        let reply = said(key, text);
        self.call(|call| ClientFrame::Reply { call, task, lease, reply }).await
    }
}

/// A text reply.
pub fn said(key: &str, text: &str) -> Reply {
    Reply::new(key, Content::Text { text: text.into() })
}

/// It is done.
pub fn done() -> Verdict {
    Verdict::Done { disposition: "answered".to_owned(), note: None }
}
