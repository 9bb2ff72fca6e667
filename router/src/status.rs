//! Where a matter stands, for the customer himself: a signed link that ends, and what it shows. Nothing else is told.

use blendline_core::rows::{Closed, Task, TaskState};
use blendline_wire::task::{ParkReason, TaskKind};
use blendline_wire::{MatterId, Millis, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::chat::ServerSecret;

/// The version of the form, so that another can come later.
const PREFIX: &str = "bst1";
/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 1_024;

/// What a link is about.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Link {
    /// Whose.
    pub tenant: TenantId,
    /// The matter.
    pub matter: MatterId,
    /// The task at which it was made.
    pub task: TaskId,
    /// Until when it shows anything.
    pub until: Millis,
    /// Whether it shows the name of who works on it.
    pub owner: bool,
}

/// What makes links and reads them.
#[derive(Clone)]
pub struct Links {
    key: [u8; 32],
}

impl Links {
    /// By the secret of this installation: a link outlives a restart and is read by every router.
    pub fn new(secret: &ServerSecret) -> Self {
        Self { key: secret.key_for("status link") }
    }

    /// The text of a link.
    pub fn write(&self, link: &Link) -> String {
        // Writing these types to memory cannot fail.
        let body = format!("{PREFIX}.{}", hex::encode(serde_json::to_vec(link).unwrap_or_default()));
        format!("{body}.{}", hex::encode(ServerSecret::sign(&self.key, body.as_bytes())))
    }

    /// What a link is about; nothing where it is not ours, or its time is over.
    pub fn read(&self, text: &str, now: Millis) -> Option<Link> {
        if TOKEN_BYTES_MAX < text.len() {
            return None;
        }
        let (body, signature) = text.rsplit_once('.')?;
        let mut given = [0; 32];
        hex::decode_to_slice(signature, &mut given).ok()?;
        if !bool::from(given.ct_eq(&ServerSecret::sign(&self.key, body.as_bytes()))) {
            return None;
        }
        let payload = hex::decode(body.strip_prefix(PREFIX)?.strip_prefix('.')?).ok()?;
        serde_json::from_slice(&payload).ok().filter(|link: &Link| now < link.until)
    }
}

/// Where a matter stands, in the customer's words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// Nobody has it yet.
    Received,
    /// Somebody works on it.
    InWork,
    /// Somebody else is asked first.
    Checking,
    /// It goes on at a time.
    Later,
    /// The customer is asked.
    WaitsForYou,
    /// It is done.
    Done,
    /// It was taken back.
    Ended,
}

impl Stage {
    /// Its name in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::InWork => "in_work",
            Self::Checking => "checking",
            Self::Later => "later",
            Self::WaitsForYou => "waits_for_you",
            Self::Done => "done",
            Self::Ended => "ended",
        }
    }
}

/// What the page shows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// The stage.
    pub stage: Stage,
    /// Until when an answer is promised, or when it goes on.
    pub promised: Option<Millis>,
    /// Who works on it.
    pub owner: Option<WorkerId>,
    /// When it began.
    pub since: Millis,
}

/// Where a matter stands by its tasks, in the order in which they came to be; nothing where it has none.
///
/// The customer's own task counts, the latest that is open or else the latest; what colleagues ask each other for it does
/// not.
pub fn standing(tasks: &[Task]) -> Option<Standing> {
    let own = || tasks.iter().filter(|task| !matches!(task.kind, TaskKind::Request | TaskKind::Log));
    let is_open = |task: &&Task| !matches!(task.state, TaskState::Closed { .. });
    let task = own().rev().find(is_open).or_else(|| own().next_back())?;
    let due = task.unanswered.then_some(task.due_at);
    let (stage, promised) = match &task.state {
        TaskState::Waiting | TaskState::Offered { .. } => (Stage::Received, due),
        TaskState::Active { .. } | TaskState::Interrupted { .. } => (Stage::InWork, due),
        TaskState::Requesting { .. } => (Stage::Checking, due),
        TaskState::Parked { reason: ParkReason::Customer, .. } => (Stage::WaitsForYou, None),
        TaskState::Parked { until, .. } => (Stage::Later, Some(*until)),
        TaskState::Closed { how: Closed::Cancelled, .. } => (Stage::Ended, None),
        TaskState::Closed { .. } => (Stage::Done, None),
    };
    let since = tasks.iter().map(|task| task.created_at).min().unwrap_or(task.created_at);
    let owner = task.state.holder().filter(|_| !matches!(task.state, TaskState::Offered { .. }));
    Some(Standing { stage, promised, owner, since })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link {
        Link { tenant: TenantId(1), matter: MatterId(8), task: TaskId(7), until: Millis(1_000), owner: true }
    }

    #[test]
    fn a_link_is_read_until_it_ends_and_never_when_it_was_changed() {
        let links = Links { key: [7; 32] };
        let text = links.write(&link());
        assert_eq!(links.read(&text, Millis(999)), Some(link()));
        assert_eq!(links.read(&text, Millis(1_000)), None);
        assert_eq!(Links { key: [8; 32] }.read(&text, Millis(1)), None);
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'0' { b'1' } else { b'0' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(links.read(&other, Millis(1)), None, "changed at {at}");
        }
        for text in ["", ".", "bst1.", "bst1..", &"a".repeat(5_000)] {
            assert_eq!(links.read(text, Millis(1)), None);
        }
    }
}
