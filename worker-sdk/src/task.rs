//! A task in a worker's hands.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use blendline_wire::task::WithdrawReason;
use blendline_wire::worker::{Author, ClientFrame, DecisionWish, MessageView, Reply, TaskView, Verdict as Outcome};
use blendline_wire::{Lease, Pii, TaskId};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::error::CallError;
use crate::verdict::{IntoContent, Verdict};

/// How many messages that came while the task was worked on are kept; the oldest go first.
const LATER_MAX: usize = 1_000;

/// How often a call is made that the router is too busy to take.
const BUSY_TRIES_MAX: u32 = 10;
/// The wait after the first of them; it doubles up to [`BUSY_WAIT_MAX`].
const BUSY_WAIT: Duration = Duration::from_millis(100);
const BUSY_WAIT_MAX: Duration = Duration::from_secs(5);

/// A task in a worker's hands. Clones are the same task.
#[derive(Clone)]
pub struct Task {
    shared: Arc<Shared>,
}

/// What became of a decision.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a decision that waits has a verdict to be returned"]
pub enum Decided {
    /// It is granted.
    Granted,
    /// Somebody who may is asked. The task waits for the answer: return this verdict, and it comes back with it, see
    /// [`Task::note`].
    Waiting(Verdict),
}

/// Why a task is not this worker's any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cancelled {
    /// The router took it back.
    Withdrawn(WithdrawReason),
    /// While the connection was down it became somebody else's, or was closed.
    Fenced,
    /// This program stops and did not wait any longer.
    Stopping,
}

struct Shared {
    view: TaskView,
    line: Line,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// What came after the view was made.
    later: VecDeque<MessageView>,
    /// How many of those [`Task::next_message`] has handed out.
    taken: usize,
    /// The place of the latest of those that the worker's code has been handed.
    seen: u64,
    cancelled: Option<Cancelled>,
    /// The place of the latest message when the last reply was keyed, and how many were keyed there.
    keyed: (u64, u32),
}

impl State {
    fn newest(&self) -> u64 {
        self.later.back().map_or(self.seen, |message| message.seq.max(self.seen))
    }
}

/// Where calls go: to the runtime, or in a test to the test double.
pub(crate) type Line = mpsc::Sender<Command>;

/// What a task asks of the runtime.
pub(crate) enum Command {
    /// A call that waits for its answer.
    Call {
        /// What is called.
        ask: Ask,
        /// Who waits.
        answer: oneshot::Sender<Result<(), CallError>>,
    },
    /// Still working on it.
    Touch {
        /// Which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
    },
}

/// A call of a worker about a task, before it has a number.
#[derive(Clone)]
pub(crate) enum Ask {
    Reply {
        task: TaskId,
        lease: Lease,
        reply: Reply,
    },
    Settle {
        task: TaskId,
        lease: Lease,
        verdict: Outcome,
        replies: Vec<Reply>,
        seen: u64,
        improve: Option<Pii<String>>,
    },
    Decide {
        task: TaskId,
        wish: DecisionWish,
    },
}

impl Ask {
    pub(crate) fn into_frame(self, call: u64) -> ClientFrame {
        match self {
            Self::Reply { task, lease, reply } => ClientFrame::Reply { call, task, lease, reply },
            Self::Settle { task, lease, verdict, replies, seen, improve } => {
                ClientFrame::Settle { call, task, lease, verdict, replies, seen: Some(seen), improve }
            }
            Self::Decide { task, wish } => ClientFrame::Decide { call, task, wish },
        }
    }
}

impl Task {
    pub(crate) fn new(view: TaskView, line: Line) -> Self {
        let shared = Shared { view, line, state: Mutex::default(), changed: Notify::new() };
        Self { shared: Arc::new(shared) }
    }

    /// The task as it was when it came into this worker's hands.
    pub fn view(&self) -> &TaskView {
        &self.shared.view
    }

    /// Its id.
    pub fn id(&self) -> TaskId {
        self.shared.view.id
    }

    /// The number of this ownership.
    pub fn lease(&self) -> Lease {
        self.shared.view.lease
    }

    /// What was said so far, oldest first: what came with the task, and what came since.
    pub fn messages(&self) -> Vec<MessageView> {
        let mut state = self.state();
        state.seen = state.newest();
        self.shared.view.messages.iter().chain(&state.later).cloned().collect()
    }

    /// The words of the customer's latest message; empty when it had none (a picture, a work item).
    pub fn text(&self) -> Pii<String> {
        self.latest(Author::Customer).and_then(|message| message.text).unwrap_or_default()
    }

    /// What a colleague noted last: the answer to a request comes as one.
    pub fn note(&self) -> Option<Pii<String>> {
        self.latest(Author::Note).and_then(|message| message.text)
    }

    /// The next message of the customer or note of a colleague that came while this worker had the task; `None` when
    /// the task was cancelled. Each is handed out once.
    pub async fn next_message(&self) -> Option<MessageView> {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut state = self.state();
                while let Some(message) = state.later.get(state.taken).cloned() {
                    state.taken += 1;
                    state.seen = state.seen.max(message.seq);
                    if message.from != Author::Worker {
                        return Some(message);
                    }
                }
                if state.cancelled.is_some() {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// Says something to the customer now. When it returns, the reply is durable and will be sent once.
    ///
    /// # Errors
    /// [`CallError::Fenced`] when the task is not this worker's any more, [`CallError::Refused`] when the router says
    /// no (it names the cure), [`CallError::Gone`] when the runtime stops.
    pub async fn reply(&self, content: impl IntoContent) -> Result<(), CallError> {
        let key = self.next_key("");
        match self.reply_with_key(key, content).await {
            // Said before this program was restarted, in other words: the customer has his answer.
            Err(CallError::Refused(problem)) if problem.code == "key_reused" => Ok(()),
            result => result,
        }
    }

    /// [`Self::reply`] under a key of the caller's own: the same key twice within a task is one message, even when
    /// the task comes back later.
    ///
    /// # Errors
    /// As [`Self::reply`].
    pub async fn reply_with_key(&self, key: impl Into<String>, content: impl IntoContent) -> Result<(), CallError> {
        self.say(Reply::new(key, content.into_content())).await
    }

    /// [`Self::reply`] for the customer's eyes only, although he wrote in public: the conversation goes on in private,
    /// and what he answers there comes in this task. Where he writes in private anyway it is an ordinary reply.
    ///
    /// # Errors
    /// As [`Self::reply`]; [`CallError::Refused`] with the code `private_not_possible`, `private_too_late`,
    /// `private_once` or `window_closed` where the platform would not take it, and what to do instead.
    pub async fn reply_privately(&self, content: impl IntoContent) -> Result<(), CallError> {
        let reply = Reply { privately: true, ..Reply::new(self.next_key("p"), content.into_content()) };
        match self.say(reply).await {
            Err(CallError::Refused(problem)) if problem.code == "key_reused" => Ok(()),
            result => result,
        }
    }

    /// Gives the customer something within this worker's authority, as a credit; above it somebody who may is asked.
    ///
    /// The same key twice is one decision, also from another program: take the number of what it is about.
    ///
    /// # Errors
    /// [`CallError::Refused`] with the code `over_limit` where nobody may, and the detail says what would be allowed; as
    /// [`Self::reply`] else.
    pub async fn decide(&self, wish: DecisionWish) -> Result<Decided, CallError> {
        if let Some(why) = self.is_cancelled() {
            return Err(CallError::Fenced { detail: why.to_string() });
        }
        match self.call(Ask::Decide { task: self.id(), wish }).await {
            Ok(()) => Ok(Decided::Granted),
            Err(CallError::Refused(problem)) if problem.code == "waiting" => {
                // The task waits already; that it does so is said again, which is no fault and opens nothing.
                Ok(Decided::Waiting(Verdict::request_to_queue(self.view().queue.clone(), problem.detail)))
            }
            Err(error) => Err(error),
        }
    }

    async fn say(&self, reply: Reply) -> Result<(), CallError> {
        if let Some(why) = self.is_cancelled() {
            return Err(CallError::Fenced { detail: why.to_string() });
        }
        self.call(Ask::Reply { task: self.id(), lease: self.lease(), reply }).await
    }

    /// Still working on it: the router's silence timer begins anew. For work that takes long without a reply.
    pub async fn touch(&self) {
        // A lost touch is harmless: the router reminds before it takes a task back.
        let _ = self.shared.line.send(Command::Touch { task: self.id(), lease: self.lease() }).await;
    }

    /// Resolves when the task is not this worker's any more, with the reason. The work goes on for a grace time and
    /// is then dropped; its verdict is dropped in any case.
    pub async fn cancelled(&self) -> Cancelled {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(why) = self.is_cancelled() {
                return why;
            }
            changed.await;
        }
    }

    /// Whether the task is not this worker's any more, and why.
    pub fn is_cancelled(&self) -> Option<Cancelled> {
        self.state().cancelled
    }

    /// Settles the task: the outcome, the replies and what should change in one step.
    pub(crate) async fn settle(&self, verdict: Verdict) -> Result<(), CallError> {
        let (verdict, contents, improve) = verdict.into_parts();
        // Keys of their own kind: what an earlier run of this program said under this lease cannot swallow them.
        let replies = contents.into_iter().map(|content| Reply::new(self.next_key("v"), content)).collect();
        let (task, lease, seen) = (self.id(), self.lease(), self.seen());
        self.call(Ask::Settle { task, lease, verdict, replies, seen, improve }).await
    }

    /// Takes in a message; one that is known already changes nothing.
    pub(crate) fn hear(&self, message: MessageView) {
        let mut state = self.state();
        let known = state.later.back().or(self.shared.view.messages.last());
        if known.is_some_and(|last| message.seq <= last.seq) {
            return;
        }
        if state.later.len() == LATER_MAX {
            state.later.pop_front();
            state.taken = state.taken.saturating_sub(1);
        }
        state.later.push_back(message);
        drop(state);
        self.shared.changed.notify_waiters();
    }

    /// It is not this worker's any more; the first reason stays.
    pub(crate) fn cancel(&self, why: Cancelled) {
        self.state().cancelled.get_or_insert(why);
        self.shared.changed.notify_waiters();
    }

    /// Makes a call, again while the router is too busy to take it. Its key makes the repetition harmless.
    async fn call(&self, ask: Ask) -> Result<(), CallError> {
        let mut wait = BUSY_WAIT;
        for _ in 1..BUSY_TRIES_MAX {
            match self.call_once(ask.clone()).await {
                Err(CallError::Refused(problem)) if matches!(problem.status, 429 | 503) => {
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(BUSY_WAIT_MAX);
                }
                result => return result,
            }
        }
        self.call_once(ask).await
    }

    async fn call_once(&self, ask: Ask) -> Result<(), CallError> {
        let (answer, answered) = oneshot::channel();
        self.shared.line.send(Command::Call { ask, answer }).await.map_err(|_| CallError::Gone)?;
        answered.await.unwrap_or(Err(CallError::Gone))
    }

    /// A key that is the same when the same work is done again under the same lease (a restarted program), and
    /// another once the customer has written again: neither a doubled nor a swallowed reply.
    fn next_key(&self, kind: &str) -> String {
        let mut state = self.state();
        let said = |message: &&MessageView| message.from != Author::Worker;
        let latest = state.later.iter().rev().chain(self.shared.view.messages.iter().rev()).find(said);
        let seq = latest.map_or(0, |message| message.seq);
        let count = if state.keyed.0 == seq { state.keyed.1 + 1 } else { 1 };
        state.keyed = (seq, count);
        format!("{}.{seq}.{kind}{count}", self.lease().0)
    }

    /// The place of the latest message that the worker's code has been handed: what the customer wrote after it must
    /// not be closed over.
    fn seen(&self) -> u64 {
        let came_with_it = self.shared.view.messages.last().map_or(0, |message| message.seq);
        self.state().seen.max(came_with_it)
    }

    fn latest(&self, from: Author) -> Option<MessageView> {
        let mut state = self.state();
        state.seen = state.newest();
        let messages = state.later.iter().rev().chain(self.shared.view.messages.iter().rev());
        messages.into_iter().find(|message| message.from == from).cloned()
    }

    /// Nothing panics while it is held, and what it guards is whole after every statement.
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Task({} lease {})", self.id(), self.lease().0)
    }
}

impl std::fmt::Display for Cancelled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Withdrawn(WithdrawReason::Expired) => "the offer was not answered in time",
            Self::Withdrawn(WithdrawReason::WorkerLost) => "the worker's connection was lost for too long",
            Self::Withdrawn(WithdrawReason::Silent) => "the worker was silent for too long",
            Self::Withdrawn(WithdrawReason::Absence) => "the worker's absence began",
            Self::Withdrawn(WithdrawReason::Cancelled) => "the task was closed by whoever it came from",
            Self::Withdrawn(WithdrawReason::Reassigned) => "a supervisor gave the task to somebody else",
            Self::Withdrawn(WithdrawReason::Interrupted) => "the front line needs you: the task comes back to you",
            Self::Withdrawn(WithdrawReason::QueueRemoved) => "the task's queue was removed",
            Self::Fenced => "the task became somebody else's, or was closed, while the connection was down",
            Self::Stopping => "the program stops",
        })
    }
}
