//! The runtime against a scripted router in this process.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may fail")]

mod connection;
mod fake;
mod resume;
mod tasks;
