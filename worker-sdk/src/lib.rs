//! What a worker's developer adds to his program: a worker is one method, its verdict is a value.
//!
//! ```no_run
//! use blendline_worker::{AcceptMode, BoxError, Runtime, Task, Verdict, Worker, async_trait, shutdown_signal};
//!
//! struct Echo;
//!
//! #[async_trait]
//! impl Worker for Echo {
//!     async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
//!         Ok(Verdict::done().with_reply(task.text()))
//!     }
//! }
//!
//! # async fn run() -> Result<(), blendline_worker::RunError> {
//! let runtime = Runtime::builder("http://127.0.0.1:8080", "KEY").name("echo-1").accept(AcceptMode::Auto).build();
//! runtime.run(Echo, shutdown_signal()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The [`Runtime`] keeps the connection, the capacity and the promises: a task is worked by one worker at a time, a
//! call that was cut is repeated without a second effect, and what comes too late is a typed [`CallError::Fenced`].
//! [`testing`] runs a worker on one task without a router.
//!
//! Suggested reading order: [`Worker`], [`Task`], [`Verdict`], [`Runtime`]; inside, `book` (what a runtime holds,
//! without IO), `engine` (the loop around it), `work` (one task in it) and `link` (the socket).

mod backoff;
mod book;
mod engine;
mod error;
mod link;
mod routers;
mod runtime;
mod shutdown;
mod task;
pub mod testing;
mod verdict;
mod watch;
mod work;

pub use async_trait::async_trait;
pub use blendline_wire::org::{FieldValue, Fields};
pub use blendline_wire::outbound::Content;
pub use blendline_wire::task::{AcceptMode, ClockRule, ParkReason, Side, TaskKind, WithdrawReason};
pub use blendline_wire::worker::{Author, DecisionWish, MessageView, TargetName, TaskView};
pub use blendline_wire::{Lease, Pii, Problem, TaskId};

pub use error::{BoxError, CallError, RunError};
pub use runtime::{Builder, Runtime, Summary, Worker};
pub use shutdown::shutdown_signal;
pub use task::{Cancelled, Decided, Task};
pub use verdict::{IntoContent, Verdict};
