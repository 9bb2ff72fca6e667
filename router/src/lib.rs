//! The router: driver, ports and adapters, API, and the `blendline` command.
//!
//! Suggested reading order: [`ports`], [`directory`], [`payload`], [`driver`], [`api`].

pub mod adapters;
pub mod directory;
pub mod handle;
pub mod payload;
pub mod ports;
