//! The outside-in test rig: a fake platform, signed webhooks, the real program as a process, what reads it,
//! and the contract suites of the ports.
//!
//! Nothing of this crate is shipped. What it says about the router it has seen through the router's own doors.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "test code: a broken expectation must stop the run and say where"
)]

pub mod api;
pub mod bucket;
pub mod clock;
pub mod collector;
pub mod config;
pub mod contract;
pub mod crowd;
pub mod graph;
pub mod http;
pub mod identity;
pub mod machine;
pub mod mailbox;
pub mod name_server;
pub mod person;
pub mod post_office;
pub mod process;
pub mod proxy;
pub mod push_service;
pub mod receiver;
pub mod seed;
pub mod servers;
pub mod webchat;
pub mod whatsapp;
pub mod worker;
