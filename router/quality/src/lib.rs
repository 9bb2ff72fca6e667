//! Quality: which finished pieces of work are reviewed, what a review scores, and what scores, ratings and returns say of a
//! worker. No clock, no IO, no randomness; time is an argument.
//!
//! ```text
//! (rules, piece, what is known of its worker) ─► draw  ─► a review, or two that know nothing of each other
//! (form, points)                              ─► score ─► 0 to 1000
//! (judgements)                                ─► figures, calibration, proposals
//! ```
//!
//! **Architecture Invariant:** what is drawn depends on names and on what is written in the record, so whoever draws draws the
//! same.
//!
//! **Architecture Invariant:** nobody reviews his own work, and of two reviewers of one piece neither is the other.
//!
//! **Architecture Invariant:** a proposal is never applied by itself.
//!
//! Suggested reading order: [`rules`], [`judgement`], [`draw`], [`mod@score`], [`standing`], [`figures`], [`calibrate`], [`propose`],
//! [`check`].

pub mod calibrate;
pub mod check;
pub mod draw;
pub mod figures;
pub mod judgement;
pub mod propose;
pub mod rules;
pub mod score;
pub mod standing;

pub use judgement::{Answer, Judgement, Kind, Review, ReviewState, SentBack};
pub use rules::{Criterion, Form, Quality};
pub use standing::Standing;
