//! What should change, who answers for it, and what became of it.
//!
//! Everything here is a function of what is known and of the time, which is an argument.
//! A worker's note, an auditor's finding, what a customer said or how often he came again opens an [`Improvement`]; [`apply`]
//! decides what becomes of it; [`Counting`] measures it from the log of events; [`Costs`] price it by the contacts behind it.
//!
//! **Architecture invariant:** a number is stored once: what a group of them comes to is added up when it is asked for.

pub mod alike;
mod apply;
mod command;
pub mod improvement;
pub mod limits;
mod measure;
mod repeats;
mod settings;

pub use apply::{Terms, apply};
pub use command::{Change, Command, Effect, Opening, Refusal};
pub use improvement::{Answer, Evidence, Improvement, Writer};
pub use measure::Counting;
pub use repeats::{Beyond, Repeating, Topic, remembered_ms};
pub use settings::{Costs, Repeats, Settings};
