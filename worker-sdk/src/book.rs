//! What a runtime holds: its tasks and the calls that wait for an answer. No IO and no clock.
//!
//! **Invariant:** a call of a worker leaves `pending` only with its answer, so a cut connection can always be made
//! good by saying everything in `pending` again, in its order.

use std::collections::{BTreeMap, HashMap, HashSet};

use blendline_wire::task::Presence;
use blendline_wire::worker::{ClientFrame, ServerFrame, TaskView};
use blendline_wire::{Lease, Problem, TaskId};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::error::CallError;
use crate::task::{Cancelled, Command, Line, Task};

/// Why an offer is not taken; `None` takes it.
pub(crate) type Chooser = Box<dyn Fn(&TaskView) -> Option<String> + Send>;

/// The tasks and calls of one runtime.
pub(crate) struct Book {
    capacity: Option<u32>,
    chooser: Chooser,
    line: Line,
    held: HashMap<TaskId, Held>,
    pending: BTreeMap<u64, Pending>,
    calls: u64,
    /// Tasks that were started and have not ended: also those that were withdrawn and still wind up.
    running: usize,
    online: bool,
    draining: bool,
    /// What to say to the router, in order.
    pub(crate) out: Vec<Utf8Bytes>,
    /// What to start.
    pub(crate) starts: Vec<Task>,
}

struct Held {
    task: Task,
    /// False while it is only offered and our acceptance is on its way.
    working: bool,
}

struct Pending {
    frame: Utf8Bytes,
    kind: Kind,
}

enum Kind {
    /// A worker waits for it; repeated after a cut.
    Work(oneshot::Sender<Result<(), CallError>>),
    /// Derived anew from the router's list after a cut.
    Accept(TaskId, Lease),
    /// Derived anew after a cut.
    Other,
}

impl Book {
    /// An empty book. New tasks get `line` to make their calls by; `chooser` says which offers are taken.
    pub(crate) fn new(capacity: Option<u32>, line: Line, chooser: Chooser) -> Self {
        Self {
            capacity,
            chooser,
            line,
            held: HashMap::new(),
            pending: BTreeMap::new(),
            calls: 0,
            running: 0,
            online: false,
            draining: false,
            out: Vec::new(),
            starts: Vec::new(),
        }
    }

    /// Nothing is held, nothing runs and nothing waits for an answer that matters.
    pub(crate) fn is_idle(&self) -> bool {
        self.held.is_empty() && self.running == 0
    }

    /// No new work is taken any more.
    pub(crate) const fn is_draining(&self) -> bool {
        self.draining
    }

    /// The connection is gone; calls are kept for the next one.
    pub(crate) fn cut(&mut self) {
        self.online = false;
        self.out.clear();
    }

    /// A new connection: `listed` is everything the router says is ours. Brings both sides together.
    pub(crate) fn resume(&mut self, listed: Vec<TaskView>) {
        self.online = true;
        self.out.clear();
        self.pending.retain(|_, pending| matches!(pending.kind, Kind::Work(_)));

        let leases: HashSet<(TaskId, Lease)> = listed.iter().map(|view| (view.id, view.lease)).collect();
        self.held.retain(|id, held| {
            let ours = leases.contains(&(*id, held.task.lease()));
            if !ours {
                held.task.cancel(Cancelled::Fenced);
            }
            ours
        });
        // A settlement whose answer was lost is said again even when its task is not listed: the router answers
        // whether it took effect or came too late.
        let repeated: Vec<_> = self.pending.values().map(|pending| pending.frame.clone()).collect();
        self.out.extend(repeated);
        for view in listed {
            if view.offered { self.offered(view) } else { self.assigned(view) }
        }
    }

    /// What the router said. Welcome and Goodbye belong to the connection and change nothing here.
    pub(crate) fn hear(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Offer { task } => self.offered(task),
            ServerFrame::Assigned { task } => self.assigned(task),
            ServerFrame::Message { task, lease, message } => {
                if let Some(held) = self.owned(task, lease) {
                    held.task.hear(message);
                }
            }
            ServerFrame::Withdrawn { task, lease, reason } => {
                if let Some(held) = self.owned(task, lease) {
                    held.task.cancel(Cancelled::Withdrawn(reason));
                    self.held.remove(&task);
                    tracing::info!(%task, ?reason, "A task was withdrawn.");
                }
            }
            ServerFrame::Answer { call, problem, .. } => self.answered(call, problem),
            ServerFrame::Remind { task, .. } => {
                tracing::warn!(%task, "The router reminds of a task: reply, touch or settle it before it is taken back.");
            }
            ServerFrame::ReplyStatus { task, outbound, status, .. } => match status.as_str() {
                "failed" | "unknown" => tracing::warn!(%task, %outbound, status, "A reply did not surely arrive."),
                _ => tracing::debug!(%task, %outbound, status, "A reply moved on."),
            },
            // Words for a person, who reads them at his desk.
            ServerFrame::Told { .. }
            | ServerFrame::Noted { .. }
            | ServerFrame::CaseChanged { .. }
            | ServerFrame::Welcome { .. }
            | ServerFrame::Goodbye { .. } => {}
        }
    }

    /// What a task asked for.
    pub(crate) fn command(&mut self, command: Command) {
        match command {
            Command::Call { ask, answer } => self.call(|call| ask.into_frame(call), Kind::Work(answer)),
            Command::Touch { task, lease } => {
                if self.online {
                    self.say(&ClientFrame::Touch { task, lease });
                }
            }
        }
    }

    /// A started task has ended, one way or another.
    pub(crate) fn ended(&mut self, task: TaskId, lease: Lease) {
        self.running = self.running.saturating_sub(1);
        if self.owned(task, lease).is_some() {
            self.held.remove(&task);
        }
    }

    /// Takes no new work from now on, and tells the router unless it was told by the hello.
    pub(crate) fn drain(&mut self, told: bool) {
        self.draining = true;
        if self.online && !told {
            let reason = "shutdown".to_owned();
            self.call(|call| ClientFrame::Presence { call, presence: Presence::Draining, reason }, Kind::Other);
        }
    }

    /// Gives everything up: the program does not wait any longer.
    pub(crate) fn give_up(&mut self) {
        for (_, held) in self.held.drain() {
            held.task.cancel(Cancelled::Stopping);
        }
    }

    /// Says something that is not answered.
    pub(crate) fn say(&mut self, frame: &ClientFrame) {
        if let Some(text) = encode(frame) {
            self.out.push(text);
        }
    }

    fn owned(&self, task: TaskId, lease: Lease) -> Option<&Held> {
        self.held.get(&task).filter(|held| held.task.lease() == lease)
    }

    fn assigned(&mut self, view: TaskView) {
        if let Some(held) = self.held.get_mut(&view.id) {
            if held.task.lease() == view.lease {
                // Listed again after a reconnect: what was said meanwhile is news to the worker.
                for message in view.messages {
                    held.task.hear(message);
                }
                if !held.working {
                    held.working = true;
                    self.running += 1;
                    self.starts.push(held.task.clone());
                }
                return;
            }
            held.task.cancel(Cancelled::Fenced);
        }
        let task = Task::new(view, self.line.clone());
        self.held.insert(task.id(), Held { task: task.clone(), working: true });
        self.running += 1;
        self.starts.push(task);
    }

    fn offered(&mut self, view: TaskView) {
        let (task, lease) = (view.id, view.lease);
        let again = self.owned(task, lease).is_some();
        if again && self.owned(task, lease).is_some_and(|held| held.working) {
            return;
        }
        // An offer that is listed again after a reconnect was taken before.
        let declined = if again { None } else { self.declines(&view) };
        if let Some(reason) = declined {
            self.call(|call| ClientFrame::Decline { call, task, lease, reason }, Kind::Other);
            return;
        }
        if !again {
            if let Some(older) = self.held.remove(&task) {
                older.task.cancel(Cancelled::Fenced);
            }
            self.held.insert(task, Held { task: Task::new(view, self.line.clone()), working: false });
        }
        self.call(|call| ClientFrame::Accept { call, task, lease }, Kind::Accept(task, lease));
    }

    fn declines(&self, offer: &TaskView) -> Option<String> {
        if self.draining {
            return Some("shutting down".to_owned());
        }
        if !self.has_room() {
            return Some("no room".to_owned());
        }
        (self.chooser)(offer)
    }

    fn has_room(&self) -> bool {
        let offered = self.held.values().filter(|held| !held.working).count();
        self.capacity.is_none_or(|capacity| self.running + offered < capacity as usize)
    }

    fn answered(&mut self, call: u64, problem: Option<Problem>) {
        let Some(pending) = self.pending.remove(&call) else {
            tracing::debug!(call, "An answer came to a call nobody waits for.");
            return;
        };
        match pending.kind {
            Kind::Work(answer) => {
                // Who asked may have been dropped with its task; then nobody is interested.
                let _ = answer.send(problem.map_or(Ok(()), |problem| Err(CallError::from_problem(problem))));
            }
            Kind::Accept(task, lease) => self.accepted(task, lease, problem),
            Kind::Other => {
                if let Some(problem) = problem {
                    tracing::debug!(%problem, "The router refused a decline or a change of presence.");
                }
            }
        }
    }

    /// The answer to an acceptance is the assignment; no other frame says it.
    fn accepted(&mut self, task: TaskId, lease: Lease, problem: Option<Problem>) {
        let Some(held) = self.held.get_mut(&task).filter(|held| held.task.lease() == lease && !held.working) else {
            return;
        };
        if let Some(problem) = problem {
            tracing::info!(%task, %problem, "An offer was gone before it was accepted.");
            self.held.remove(&task);
            return;
        }
        held.working = true;
        self.running += 1;
        self.starts.push(held.task.clone());
    }

    fn call(&mut self, frame: impl FnOnce(u64) -> ClientFrame, kind: Kind) {
        self.calls += 1;
        // An unencodable frame drops `kind`, so whoever waits is told that nobody will answer.
        let Some(frame) = encode(&frame(self.calls)) else { return };
        if frame.len() > FRAME_BYTES_MAX {
            return refuse_large(kind, frame.len());
        }
        if self.online {
            self.out.push(frame.clone());
        }
        self.pending.insert(self.calls, Pending { frame, kind });
    }
}

/// The router ends a connection that says more at once, and would end the next one when it is said again there.
const FRAME_BYTES_MAX: usize = 64 * 1024;

fn refuse_large(kind: Kind, bytes: usize) {
    if let Kind::Work(answer) = kind {
        let detail =
            format!("a call has at most {FRAME_BYTES_MAX} bytes and this one {bytes}: say less, or send a link");
        let problem = Problem::new(413, "too_large", "The call is too large", detail);
        // Who asked may have been dropped with its task; then nobody is interested.
        let _ = answer.send(Err(CallError::from_problem(problem)));
    }
}

/// The text of a frame; never fails for the frames of the protocol.
pub(crate) fn encode(frame: &ClientFrame) -> Option<Utf8Bytes> {
    match serde_json::to_string(frame) {
        Ok(text) => Some(text.into()),
        Err(error) => {
            tracing::error!(%error, "A frame could not be written.");
            None
        }
    }
}
