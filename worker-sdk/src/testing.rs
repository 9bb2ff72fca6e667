//! Runs a worker on one task without a router, for a developer's own tests.
//!
//! ```
//! # use blendline_worker::{BoxError, Task, Verdict, Worker, async_trait};
//! # struct Echo;
//! # #[async_trait]
//! # impl Worker for Echo {
//! #     async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
//! #         Ok(Verdict::done().with_reply(task.text()))
//! #     }
//! # }
//! use blendline_worker::testing::TestTask;
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let outcome = TestTask::new().text("שלום").run(&Echo).await;
//! assert_eq!(outcome.texts(), ["שלום"]);
//! # });
//! ```

use std::collections::VecDeque;

use blendline_wire::outbound::Content;
use blendline_wire::task::{Side, TaskKind, WithdrawReason};
use blendline_wire::worker::{Author, MessageView, TaskView, Verdict as Settled};
use blendline_wire::{ConversationId, Lease, MatterId, Millis, Pii, TaskId};
use tokio::sync::mpsc;

use crate::error::CallError;
use crate::runtime::Worker;
use crate::task::{Ask, Cancelled, Command, Task};
use crate::verdict::Verdict;
use crate::{FieldValue, Fields};

/// A task to run a worker on.
#[must_use = "a test task does nothing until it is run"]
pub struct TestTask {
    view: TaskView,
    next: VecDeque<String>,
    fenced: Option<String>,
}

/// What a worker did with a [`TestTask`].
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What becomes of the task. An error of the worker is a refusal with its text, as in the runtime.
    pub verdict: Settled,
    /// What the customer is told, in order: what was said at once, then what was said with the verdict.
    pub replies: Vec<Content>,
    /// What should change, where the worker notes it with the verdict.
    pub improve: Option<Pii<String>>,
}

impl Outcome {
    /// The words of the replies that have words.
    pub fn texts(&self) -> Vec<&str> {
        self.replies
            .iter()
            .filter_map(|content| match content {
                Content::Text { text } | Content::Buttons { text, .. } => Some(text),
                Content::Media { caption, .. } => caption.as_ref(),
                Content::Template { .. } => None,
            })
            .map(|text| text.expose().as_str())
            .collect()
    }
}

impl Default for TestTask {
    fn default() -> Self {
        Self::new()
    }
}

impl TestTask {
    /// A conversation in the front queue `test` in which nobody has said anything yet.
    pub fn new() -> Self {
        let view = TaskView {
            id: TaskId(1),
            lease: Lease(1),
            offered: false,
            until: None,
            why: None,
            kind: TaskKind::Conversation,
            side: Side::Front,
            queue: "test".to_owned(),
            matter: MatterId(1),
            conversation: Some(ConversationId(1)),
            parent: None,
            earned_at: Millis(0),
            due_at: Millis(60_000),
            title: None,
            fields: Fields::new(),
            messages: Vec::new(),
        };
        Self { view, next: VecDeque::new(), fenced: None }
    }

    /// A work item of the back queue `queue`.
    pub fn item(queue: impl Into<String>) -> Self {
        let mut item = Self::new().queue(queue);
        item.view.kind = TaskKind::Item;
        item.view.side = Side::Back;
        item.view.conversation = None;
        item
    }

    /// The queue's name.
    pub fn queue(mut self, queue: impl Into<String>) -> Self {
        self.view.queue = queue.into();
        self
    }

    /// What it is about, in one line.
    pub fn title(mut self, title: impl Into<Pii<String>>) -> Self {
        self.view.title = Some(title.into());
        self
    }

    /// A field the tenant records.
    pub fn field(mut self, name: impl Into<String>, value: FieldValue) -> Self {
        self.view.fields.insert(name.into(), value);
        self
    }

    /// The customer said this before the work began.
    pub fn text(self, text: impl Into<Pii<String>>) -> Self {
        self.said(Author::Customer, text.into())
    }

    /// A colleague noted this before the work began: how the answer to a request comes.
    pub fn note(self, text: impl Into<Pii<String>>) -> Self {
        self.said(Author::Note, text.into())
    }

    /// The customer says this after the worker's next reply: each reply brings one of these.
    pub fn then_text(mut self, text: impl Into<String>) -> Self {
        self.next.push_back(text.into());
        self
    }

    /// The task becomes somebody else's when the worker first replies: replies fail as [`CallError::Fenced`].
    pub fn fenced(mut self, detail: impl Into<String>) -> Self {
        self.fenced = Some(detail.into());
        self
    }

    /// Runs `worker` on it. Never returns when the worker waits for a message that nobody says.
    pub async fn run(self, worker: &dyn Worker) -> Outcome {
        let (line, mut commands) = mpsc::channel(1);
        let mut seq = self.view.messages.last().map_or(0, |message| message.seq);
        let (task, mut next, fenced) = (Task::new(self.view, line), self.next, self.fenced);
        let mut replies = Vec::new();
        let mut work = worker.work(&task);
        let verdict = loop {
            let command = tokio::select! {
                biased;
                Some(command) = commands.recv() => command,
                verdict = &mut work => break verdict,
            };
            let (reply, answer) = match command {
                Command::Call { ask: Ask::Reply { reply, .. }, answer } => (reply, answer),
                // Whatever a worker under test decides is granted.
                Command::Call { ask: Ask::Decide { .. }, answer } => {
                    let _ = answer.send(Ok(()));
                    continue;
                }
                _ => continue,
            };
            let result = if let Some(detail) = fenced.clone() {
                task.cancel(Cancelled::Withdrawn(WithdrawReason::Reassigned));
                Err(CallError::Fenced { detail })
            } else {
                replies.push(reply.content);
                if let Some(text) = next.pop_front() {
                    seq += 1;
                    task.hear(message(seq, Author::Customer, text.into()));
                }
                Ok(())
            };
            // A worker that dropped the call is not interested in its answer.
            let _ = answer.send(result);
        };
        let (verdict, last, improve) = verdict.unwrap_or_else(|error| Verdict::refuse(error.to_string())).into_parts();
        replies.extend(last);
        Outcome { verdict, replies, improve }
    }

    fn said(mut self, from: Author, text: Pii<String>) -> Self {
        let seq = self.view.messages.len() as u64 + 1;
        self.view.messages.push(message(seq, from, text));
        self
    }
}

const fn message(seq: u64, from: Author, text: Pii<String>) -> MessageView {
    MessageView {
        seq,
        at: Millis(0),
        from,
        name: None,
        text: Some(text),
        payload: None,
        attachments: Vec::new(),
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
