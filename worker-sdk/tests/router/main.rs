//! The runtime against a scripted router in this process.

mod connection;
mod fake;
mod resume;
mod tasks;
