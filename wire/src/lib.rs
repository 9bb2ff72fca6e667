//! What crosses a process or crate border in Blendline, and nothing else.
//!
//! The words are those of the glossary in the design document: one word, one meaning, here and on every page.
//! Nothing in this crate does IO, reads a clock or draws a random number.
//!
//! Suggested reading order: [`ids`], [`time`], [`org`], [`task`], [`inbound`], [`kept`], [`mail`], [`money`], [`outbound`], [`broker`], [`said`], [`worker`], [`event`].

pub mod broker;
pub mod capability;
pub mod event;
pub mod flaw;
pub mod ids;
pub mod inbound;
pub mod kept;
pub mod mail;
pub mod money;
pub mod org;
pub mod outbound;
pub mod pii;
pub mod problem;
mod reach;
pub mod said;
pub mod task;
pub mod time;
pub mod trace;
pub mod worker;

pub use ids::*;
pub use pii::Pii;
pub use problem::Problem;
pub use reach::Reach;
pub use time::Millis;
