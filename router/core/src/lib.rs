//! The blending scheduler: a function of (time, input).
//!
//! **Architecture invariant:** no clock, no randomness but the seed in the state, no IO, no time zones, no text.
//! The driver feeds [`Scheduler::step`], commits the writes, and only then carries out the releases.
//!
//! Suggested reading order: [`input`], [`effect`], [`rows`], [`policy`], `scheduler`, `dispatch`, then the rest.

pub mod calendar;
pub mod effect;
pub mod explain;
pub mod input;
pub mod limits;
pub mod policy;
pub mod rows;

mod about;
mod ahead;
mod backlog;
mod beside;
mod blocks;
mod book;
pub mod burden;
mod by_number;
mod choice;
mod confirm;
mod conversations;
mod desk;
mod dispatch;
mod dues;
mod forecast;
mod index;
mod interrupt;
mod learnt;
mod lines;
mod load;
mod lookup;
mod needs;
mod outbox;
mod outreach;
mod overflow;
mod ownership;
mod pace;
mod paged;
mod parking;
mod placed;
mod pooled;
mod price;
mod promise;
mod ready;
mod resume;
mod said;
mod scheduler;
mod seats;
mod sending;
mod settings;
mod sorted;
mod verdicts;
mod watches;
mod work;
mod workers;

pub use ahead::AHEAD;
pub use effect::{Answer, Effect, MessageRow, Refusal, Release, Write};
pub use explain::{Explanation, Obstacle, Waiting};
pub use input::{CallId, Command, Input, PayloadId};
pub use load::LoadError;
pub use scheduler::{QueueNow, Scheduler};
