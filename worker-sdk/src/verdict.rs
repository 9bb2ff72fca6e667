//! What becomes of a task, as a value.

use std::time::Duration;

use blendline_wire::Pii;
use blendline_wire::outbound::Content;
use blendline_wire::task::{ClockRule, ParkReason};
use blendline_wire::worker::{TargetName, Verdict as Outcome};

/// The longest note of what should change.
const IMPROVE_CHARS_MAX: usize = 200;

/// What becomes of a task and what is said to the customer in the same step.
///
/// The replies are committed together with the outcome: both happen, once, or neither.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a verdict has no effect until it is returned"]
pub struct Verdict {
    outcome: Outcome,
    replies: Vec<Content>,
    improve: Option<Pii<String>>,
}

impl Verdict {
    /// The task is solved.
    pub fn done() -> Self {
        Self::of(Outcome::Done { disposition: String::new(), note: None })
    }

    /// A request is answered: `note` goes to the colleague who asked.
    pub fn answer(note: impl Into<Pii<String>>) -> Self {
        Self::of(Outcome::Done { disposition: String::new(), note: Some(note.into()) })
    }

    /// Not now: the task comes back after `wait`. The clock of its target stands still unless [`Self::clock`] says
    /// otherwise, and it waits for the time unless [`Self::waiting_for`] does.
    pub fn snooze(wait: Duration) -> Self {
        let for_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        Self::of(Outcome::Snooze { for_ms, reason: ParkReason::Time, clock: ClockRule::Stops })
    }

    /// Somebody else's: whoever serves this queue.
    pub fn transfer_to_queue(queue: impl Into<String>) -> Self {
        Self::of(Outcome::Transfer { to: TargetName::Queue(queue.into()), note: None, cause: None })
    }

    /// Somebody else's: this worker's.
    pub fn transfer_to_worker(worker: impl Into<String>) -> Self {
        Self::of(Outcome::Transfer { to: TargetName::Worker(worker.into()), note: None, cause: None })
    }

    /// A piece of work is needed first. The task waits, its target's clock runs unless [`Self::clock`] says
    /// otherwise, and it comes back to this worker with the answer: see [`crate::Task::note`].
    pub fn request(to: TargetName, note: impl Into<Pii<String>>) -> Self {
        Self::of(Outcome::Request { to, note: note.into(), clock: ClockRule::Runs })
    }

    /// [`Self::request`] to whoever serves this queue.
    pub fn request_to_queue(queue: impl Into<String>, note: impl Into<Pii<String>>) -> Self {
        Self::request(TargetName::Queue(queue.into()), note)
    }

    /// [`Self::request`] to this worker.
    pub fn request_to_worker(worker: impl Into<String>, note: impl Into<Pii<String>>) -> Self {
        Self::request(TargetName::Worker(worker.into()), note)
    }

    /// This worker should not or cannot do it; it goes back to its queue without him. `reason` is for people and
    /// logs, so it must not hold customer data.
    pub fn refuse(reason: impl Into<String>) -> Self {
        Self::of(Outcome::Refuse { reason: reason.into() })
    }

    /// Says something to the customer in the same step; several are said in this order.
    pub fn with_reply(mut self, content: impl IntoContent) -> Self {
        self.replies.push(content.into_content());
        self
    }

    /// What the next person should know. Done and transfer carry one; the others keep what they have.
    pub fn with_note(mut self, text: impl Into<Pii<String>>) -> Self {
        if let Outcome::Done { note, .. } | Outcome::Transfer { note, .. } = &mut self.outcome {
            *note = Some(text.into());
        }
        self
    }

    /// What should change, in one line: it is written down in the register of improvements together with the verdict, which any
    /// verdict carries. What is longer than 200 characters is cut, so that no work is lost for a long note.
    pub fn should_change(mut self, what: impl Into<Pii<String>>) -> Self {
        let what: Pii<String> = what.into();
        let line: String = what.expose().chars().take(IMPROVE_CHARS_MAX).collect();
        self.improve = Some(Pii::new(line)).filter(|line| !line.expose().trim().is_empty());
        self
    }

    /// How it was solved, from the tenant's list. Only done carries it.
    pub fn with_disposition(mut self, word: impl Into<String>) -> Self {
        if let Outcome::Done { disposition, .. } = &mut self.outcome {
            *disposition = word.into();
        }
        self
    }

    /// What a snoozed task waits for. Only snooze carries it.
    pub fn waiting_for(mut self, what: ParkReason) -> Self {
        if let Outcome::Snooze { reason, .. } = &mut self.outcome {
            *reason = what;
        }
        self
    }

    /// What the target's clock does meanwhile. Snooze and request carry it.
    pub fn clock(mut self, rule: ClockRule) -> Self {
        if let Outcome::Snooze { clock, .. } | Outcome::Request { clock, .. } = &mut self.outcome {
            *clock = rule;
        }
        self
    }

    /// What becomes of the task, as the protocol says it.
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// What is said in the same step.
    pub fn replies(&self) -> &[Content] {
        &self.replies
    }

    /// What is noted of what should change.
    pub const fn improvement(&self) -> Option<&Pii<String>> {
        self.improve.as_ref()
    }

    pub(crate) fn into_parts(self) -> (Outcome, Vec<Content>, Option<Pii<String>>) {
        (self.outcome, self.replies, self.improve)
    }

    const fn of(outcome: Outcome) -> Self {
        Self { outcome, replies: Vec::new(), improve: None }
    }
}

/// What can be said to a customer: text, or any [`Content`].
pub trait IntoContent {
    /// The content to send.
    fn into_content(self) -> Content;
}

impl IntoContent for Content {
    fn into_content(self) -> Content {
        self
    }
}

impl IntoContent for Pii<String> {
    fn into_content(self) -> Content {
        Content::Text { text: self }
    }
}

impl IntoContent for String {
    fn into_content(self) -> Content {
        Content::Text { text: self.into() }
    }
}

impl IntoContent for &str {
    fn into_content(self) -> Content {
        Content::Text { text: self.into() }
    }
}
