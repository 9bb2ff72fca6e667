//! The blending scheduler: a function of (time, input).
//!
//! **Architecture invariant:** no clock, no randomness but the seed in the state, no IO, no time zones, no text.
//! The driver feeds [`Scheduler::step`], commits the writes, and only then carries out the releases.

pub mod effect;
pub mod input;
pub mod limits;
pub mod rows;
pub mod scheduler;

pub use effect::{Answer, Effect, MessageRow, Refusal, Release, Write};
pub use input::{CallId, Command, Input, PayloadId};
pub use scheduler::Scheduler;
