//! The life of a task, told one story at a time. Invariants are checked after every step.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "these are tests")]

mod aside;
mod burden;
mod declined;
mod explained;
mod interrupt;
mod ladder;
mod learnt;
mod office;
mod overflow;
mod price;
mod promise;
mod reasons;
mod sending;
mod stories;
mod told;
mod watched;
mod weights;
mod wound;
