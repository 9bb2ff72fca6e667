//! The router: driver, ports and adapters, API, and the `blendline` command.
//!
//! Suggested reading order: [`ports`], [`directory`], [`payload`], [`driver`], [`api`],
//! [`chat`], [`openapi`].

pub mod accounts;
pub mod adapters;
pub mod api;
pub mod canned;
pub mod case_history;
pub mod chat;
pub mod cli;
pub mod clock;
pub mod config;
pub mod consent;
pub mod decision_link;
pub mod directory;
pub mod doors;
pub mod driver;
#[cfg(test)]
mod fakes;
mod feeds;
pub mod figures;
pub mod floor;
pub mod handle;
pub mod intake;
pub mod journeys;
pub mod mail;
mod masked;
pub mod matters;
pub mod media;
pub mod notes;
pub mod openapi;
pub mod outlets;
pub mod pages;
mod patience;
pub mod payload;
pub mod people;
pub mod persons;
pub mod ports;
pub mod profiles;
pub mod push;
mod receipts;
pub mod rules;
pub mod satisfaction;
pub mod search;
pub mod sender;
pub mod spread;
pub mod status;
pub mod status_word;
pub mod systems;
pub mod take;
pub mod telemetry;
pub mod traces;
