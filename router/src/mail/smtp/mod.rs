//! Our own SMTP listener: takes mail for accounts of ours, from a mail server in front or straight from the world.
//!
//! The protocol is written here and not taken from a crate. Those that serve SMTP are for blocking threads or long
//! without a release, and the one parser that is kept (`smtp-proto`) leaves the part that matters to its user: what ends
//! a mail, and what a connection may cost. A final recipient needs nine commands; they are in `command`.
//!
//! Suggested reading order: `command`, `data`, `session` (no IO: bytes in, replies out), `listener`.

mod command;
mod connection;
mod data;
mod listener;
mod session;
#[cfg(test)]
mod tests;

pub use listener::{Listener, Terms};
