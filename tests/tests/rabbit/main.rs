//! The broker on a real RabbitMQ: what every broker must do, and what becomes of messages when the server fails.
//!
//! The tests of one process share a server where they can; `cargo test --test rabbit` boots it once.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

mod cluster;
mod contract;
mod crowd;
mod doctor;
mod exchange;
mod faults;
mod owners;
mod queues;
mod refusals;
mod systems;
mod world;
