//! Cases: matters with a typed process. No clock, no IO, no randomness; time is an argument.
//!
//! A [`types::CaseType`] is what the company wrote: stages, fields, moves, what is told to whom. [`check::check`] refuses one
//! that could strand a case. A [`case::Case`] is one customer's matter in it, and [`apply()`] is the one function that
//! changes it:
//!
//! ```text
//! (type, case, command, now) ─► decide ─► events ─► take up ─► the new case
//!                                 └─► effects: open this task, cancel that one, tell the customer these words
//! ```
//!
//! **Architecture Invariant:** a case is what its events make of it. [`apply()`] decides which events happen and then takes
//! them up by the same function that [`case::Case::replay`] uses, so a case that was replayed from the log cannot differ from
//! the one that was kept, but for free text, which no event holds.
//!
//! **Architecture Invariant:** all branching is in [`apply()`]'s module and in those beside it, of fields, of promises and of looks; the
//! other modules answer questions and decide nothing.
//!
//! **Architecture Invariant:** no effect without an event. Who carries effects out (the owner of the shard) commits events,
//! case and what the effects bring in one transaction, and releases them after it.
//!
//! What is about to break shows before: whoever keeps cases asks each, when its [`case::Case::look_at`] has come, with a
//! [`Command::Look`] and the chance that a [`Forecast`] gives. A forecast learns from the log and decides nothing.
//!
//! Where more plugs in: an authority is asked before [`Command`] is applied, by whoever made it; another system's event is a
//! [`Command`] by [`Actor::Integrator`].
//!
//! Suggested reading order: [`types`], [`check`], [`case`], [`promise`], [`command`], [`apply`](mod@apply), [`forecast`].
//!
//! [`Actor::Integrator`]: blendline_wire::event::Actor::Integrator

pub mod apply;
pub mod case;
pub mod check;
mod clock;
pub mod command;
mod fields;
pub mod forecast;
pub mod limits;
pub mod promise;
mod promising;
mod refusal;
mod respect;
pub mod resurface;
mod staging;
mod stay;
pub mod systems;
pub mod types;
mod values;
mod watch;
pub mod way;

pub use apply::apply;
pub use case::Case;
pub use command::{Change, Command, Effect, Terms};
pub use forecast::Forecast;
pub use refusal::Refusal;
pub use types::CaseType;
pub use values::{local, pressed};
pub use watch::spent;
