//! What is released after a commit: answers, frames, hand-overs, acks; in the order of the commits.

use std::collections::HashMap;
use std::sync::Arc;

use blendline_core::rows::{Closed, TaskState};
use blendline_core::{Answer, PayloadId, Refusal};
use blendline_wire::worker::{Author, ServerFrame, TaskView};
use blendline_wire::{Lease, OutboundId, SessionId, TaskId, WorkerId};
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use crate::driver::DriverConfig;
use crate::driver::draft::About;
use crate::driver::handover::courier::Mailing;
use crate::driver::telemetry;
use crate::driver::transcripts::Transcripts;
use crate::handle::{CallError, CallResult};
use crate::outlets::bell::Bell;
use crate::payload::StoredMessage;
use crate::ports::live::{Live, worker_topic};
use crate::ports::register::Key;
use crate::ports::store::{Archive, Commit, Transcript};
use crate::push::ear::Ear;
use crate::traces::Span;

/// One thing that happens after the commit.
pub(crate) enum Output {
    /// An answer.
    Answer(oneshot::Sender<CallResult>, CallResult),
    /// An answer for a task that is not open: the record says how it ended.
    Late(oneshot::Sender<CallResult>, About),
    /// A worker is connected.
    Welcome { session: SessionId, frames: mpsc::Sender<ServerFrame>, tasks: Vec<View> },
    /// A worker is not let in.
    Refused(mpsc::Sender<ServerFrame>),
    /// A task for a worker.
    Task(SessionId, View),
    /// The customer wrote in a task he has.
    Message { session: SessionId, task: TaskId, lease: Lease, seq: u64, payload: PayloadId },
    /// Anything else for him.
    Frame(SessionId, ServerFrame),
    /// His connection ends, with this word.
    End(SessionId, &'static str),
    /// His connection has ended.
    Ended(SessionId),
    /// Whoever listens to this topic should look at the record again.
    Followed(String),
    /// Something for a worker wherever he is connected, and for nobody where he is not.
    Told(WorkerId, ServerFrame),
}

/// A task as a worker is shown it, before its transcript is put in.
pub(crate) struct View {
    pub(crate) task: TaskView,
    /// Where its messages are.
    pub(crate) transcript: Transcript,
    /// The last of them when it was shown.
    pub(crate) seq: u64,
}

/// A message of ours, handed to the sender.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Handed {
    pub(crate) outbound: OutboundId,
    pub(crate) attempt: u32,
}

/// What one commit releases.
pub(crate) struct Released {
    pub(crate) commit: Arc<Commit>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) sends: Vec<Handed>,
    pub(crate) mails: Vec<Mailing>,
    pub(crate) media: Vec<Key>,
    pub(crate) spans: Vec<(PayloadId, Span)>,
    pub(crate) acks: Vec<u64>,
    /// Who settles the deliveries.
    pub(crate) acker: Option<mpsc::UnboundedSender<Vec<u64>>>,
}

/// Carries out what commits release, one after the other.
pub(crate) struct Releaser {
    archive: Arc<dyn Archive>,
    post: mpsc::Sender<Vec<Handed>>,
    courier: mpsc::Sender<Vec<Mailing>>,
    live: Arc<dyn Live>,
    media: Option<mpsc::Sender<Key>>,
    bell: Bell,
    ear: Option<Ear>,
    heartbeat_ms: u64,
    connections: HashMap<SessionId, mpsc::Sender<ServerFrame>>,
    late: TaskTracker,
}

impl Releaser {
    pub(crate) fn new(
        archive: Arc<dyn Archive>,
        (post, courier): (mpsc::Sender<Vec<Handed>>, mpsc::Sender<Vec<Mailing>>),
        config: &DriverConfig,
    ) -> Self {
        Self {
            archive,
            post,
            courier,
            live: Arc::clone(&config.live),
            media: config.media.clone(),
            bell: config.bell.clone(),
            ear: config.ear.clone(),
            heartbeat_ms: config.heartbeat_ms,
            connections: HashMap::new(),
            late: TaskTracker::new(),
        }
    }

    /// Runs until the driver stops; then says goodbye to everybody.
    pub(crate) async fn run(mut self, mut commits: mpsc::Receiver<Released>) {
        while let Some(released) = commits.recv().await {
            self.release(released).await;
        }
        for (_, frames) in self.connections.drain() {
            // A worker who cannot be told sees the connection end.
            let _ = frames.try_send(goodbye("drain"));
        }
        self.late.close();
        self.late.wait().await;
    }

    async fn release(&mut self, released: Released) {
        let Released { commit, mut outputs, sends, mails, media, spans, acks, acker } = released;
        self.bell.ring(&commit.writes);
        if let Some(ear) = &self.ear {
            ear.hear(&commit.writes);
        }
        spans.into_iter().for_each(|(_, span)| span.end(None));
        if let Some(acker) = acker.filter(|_| !acks.is_empty()) {
            // The subscription may have ended; then the delivery comes again and is recognised.
            let _ = acker.send(acks);
        }
        for name in media {
            // With too many waiting, the rest is found at the next start.
            let _ = self.media.as_ref().map(|names| names.try_send(name));
        }
        if !sends.is_empty() && self.post.send(sends).await.is_err() {
            tracing::error!("The post office is gone; messages of ours are handed over again at the next start.");
        }
        if !mails.is_empty() && self.courier.send(mails).await.is_err() {
            tracing::error!("The courier is gone; what chats have unseen is looked at again at the next start.");
        }
        let mut frames = Vec::with_capacity(outputs.len());
        for output in outputs.drain(..) {
            match output {
                // A caller who went away needs no answer.
                Output::Answer(reply, result) => drop(reply.send(result)),
                Output::Late(reply, about) => self.look_late(reply, about),
                // Only a hint: whoever missed it reads from where he was.
                Output::Followed(topic) => self.live.tell(&topic, Bytes::new()).await,
                Output::Told(worker, frame) => {
                    // These types cannot fail to be written.
                    let body = serde_json::to_vec(&frame).unwrap_or_default();
                    self.live.tell(&worker_topic(worker), body.into()).await;
                }
                other => frames.push(other),
            }
        }
        if frames.is_empty() {
            return;
        }
        let transcripts = Transcripts::read(&*self.archive, &commit, &frames).await;
        for output in frames {
            self.carry_out(output, &commit, &transcripts);
        }
    }

    fn carry_out(&mut self, output: Output, commit: &Commit, transcripts: &Transcripts) {
        match output {
            Output::Welcome { session, frames, tasks } => {
                self.connections.insert(session, frames);
                match tasks.into_iter().map(|view| transcripts.fill(view)).collect() {
                    Some(tasks) => {
                        self.send(session, ServerFrame::Welcome { session, heartbeat_ms: self.heartbeat_ms, tasks });
                    }
                    None => self.end(session, "unread"),
                }
            }
            Output::Refused(frames) => drop(frames.try_send(goodbye("refused"))),
            Output::Task(session, view) => {
                let Some(task) = transcripts.fill(view) else { return self.end(session, "unread") };
                let frame = if task.offered { ServerFrame::Offer { task } } else { ServerFrame::Assigned { task } };
                self.send(session, frame);
            }
            Output::Message { session, task, lease, seq, payload } => {
                let Some(body) = commit.payloads.get(&payload).cloned() else {
                    return tracing::error!(%task, seq, "A message without a text was released.");
                };
                let author = Author::Customer;
                let stored = StoredMessage { seq, at: commit.now, author, worker: None, outbound: None, body };
                self.send(session, ServerFrame::Message { task, lease, message: stored.view() });
            }
            Output::Frame(session, frame) => self.send(session, frame),
            Output::End(session, reason) => self.end(session, reason),
            Output::Ended(session) => drop(self.connections.remove(&session)),
            // These were carried out before.
            Output::Answer(..) | Output::Late(..) | Output::Followed(..) | Output::Told(..) => {}
        }
    }

    /// The connection ends, not what its worker has: the next welcome lists it.
    fn end(&mut self, session: SessionId, reason: &'static str) {
        self.send(session, goodbye(reason));
        self.connections.remove(&session);
    }

    /// A reader who does not keep up loses the connection, not the tasks: the next welcome lists them.
    fn send(&mut self, session: SessionId, frame: ServerFrame) {
        if let Some(frames) = self.connections.get(&session)
            && let Err(error) = frames.try_send(frame)
        {
            if matches!(error, mpsc::error::TrySendError::Full(_)) {
                telemetry::slow_reader(session);
            }
            self.connections.remove(&session);
        }
    }

    fn look_late(&self, reply: oneshot::Sender<CallResult>, about: About) {
        let archive = Arc::clone(&self.archive);
        self.late.spawn(async move {
            let result = match archive.task(about.task).await {
                Ok(Some(task)) => match task.state {
                    TaskState::Closed { how, worker, .. } => late(about, how, worker, task.lease),
                    // It is open by now, so whoever asks again is answered by the core.
                    _ => Err(CallError::Unavailable("the task changed meanwhile: ask again".into())),
                },
                Ok(None) => Err(CallError::Refused(Refusal::UnknownTask)),
                Err(error) => Err(CallError::Unavailable(error.to_string())),
            };
            let _ = reply.send(result);
        });
    }
}

fn late(about: About, how: Closed, worker: Option<WorkerId>, lease: Lease) -> CallResult {
    if about.solves && how == Closed::Solved && worker == Some(about.worker) && lease == about.lease {
        return Ok(Answer::Done);
    }
    let how = match how {
        Closed::Solved => "solved",
        Closed::Cancelled => "cancelled",
        Closed::Logged => "logged",
    };
    Err(CallError::Closed { how, worker, lease })
}

fn goodbye(reason: &str) -> ServerFrame {
    ServerFrame::Goodbye { reason: reason.to_owned(), at: None }
}
