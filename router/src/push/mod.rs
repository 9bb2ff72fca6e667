//! Notices on people's devices, by Web Push: what happens at a desk that nobody looks at. docs/desk.md says when.
//!
//! A commit is heard by an [`ear`], which never waits; one task tells whom it concerns. What is on its way is kept in memory
//! alone: a notice that a crash loses is at the desk all the same.
//!
//! Suggested reading order: [`notice`] (what is told, and when), [`attention`] (who looks at his desk), [`seal`] and
//! [`vapid`] (what push services are given), [`post`] (one post), [`line`] (what is posted when: pure), [`sender`].

pub mod attention;
pub mod ear;
pub mod line;
pub mod notice;
pub mod post;
pub mod seal;
pub mod sender;
mod telemetry;
pub mod vapid;

#[cfg(test)]
mod tests;

/// The system has no randomness to give, or a key is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a key is none, or there are no random numbers")]
pub struct Unsealed;

impl From<ring::error::Unspecified> for Unsealed {
    fn from(_: ring::error::Unspecified) -> Self {
        Self
    }
}
