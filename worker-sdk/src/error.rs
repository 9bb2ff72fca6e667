//! What can go wrong, sorted by what to do next.

use blendline_wire::Problem;

/// Any error of a worker's own; its text becomes the reason of the refusal, so it must not hold customer data.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a call about a task had no effect.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CallError {
    /// The task is not this worker's any more: it was withdrawn, settled or closed. Stop working on it.
    #[error("fenced: {detail}")]
    Fenced {
        /// What happened to the task.
        detail: String,
    },
    /// The router refused the call; the problem names the place and the cure.
    #[error("refused: {0}")]
    Refused(Box<Problem>),
    /// The runtime is stopping: nobody will answer. What was in flight may or may not have taken effect.
    #[error("the runtime is stopping")]
    Gone,
}

impl CallError {
    /// Sorts a problem document of the router.
    pub(crate) fn from_problem(problem: Problem) -> Self {
        // A closed task has left the router's memory, so a late call about it finds nothing to be fenced by.
        match problem.code.as_str() {
            "fenced" | "unknown_task" => Self::Fenced { detail: problem.detail },
            _ => Self::Refused(Box::new(problem)),
        }
    }
}

/// Why a runtime stopped without being asked to. `Debug` shows the same sentence as `Display`.
#[derive(Clone, Eq, PartialEq, thiserror::Error)]
pub enum RunError {
    /// The URL is not one that a worker can connect to.
    #[error("{url:?} is not a router's URL: {detail}; expected one like http://127.0.0.1:8080 or wss://router.example")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The key cannot be sent: it holds characters that no header may have.
    #[error("the key holds a line break or another character no header may have: copy it again, without blanks")]
    KeyText,
    /// The router does not know the key, or the key has another role.
    #[error(
        "the router refused the key with HTTP {status} ({detail}): pass a key with the role `worker` of this tenant"
    )]
    Key {
        /// 401 or 403.
        status: u16,
        /// What the router said.
        detail: String,
    },
    /// A newer connection under the same name took over.
    #[error(
        "another program connected as {worker:?} and took over: stop one of the two, or give each a name of its own"
    )]
    Replaced {
        /// The name both use.
        worker: String,
    },
    /// The router does not want this worker.
    #[error(
        "the router refused the worker {worker:?} ({detail}): check that a worker of this name is configured, \
         that the key may speak for it, and that this program speaks the router's protocol version"
    )]
    Refused {
        /// The name that was given.
        worker: String,
        /// What the router said.
        detail: String,
    },
    /// TLS cannot be set up on this machine.
    #[error("TLS cannot be set up: {detail}; install the ca-certificates package or set SSL_CERT_FILE")]
    Tls {
        /// What is missing.
        detail: String,
    },
    /// The loop itself ended abnormally; always a defect of this crate.
    #[error("the runtime ended abnormally: {detail}")]
    Defect {
        /// What is known of it.
        detail: String,
    },
}

/// `fn main() -> Result<…>` prints an error by `Debug`, and there above all it must name the cure.
impl std::fmt::Debug for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
