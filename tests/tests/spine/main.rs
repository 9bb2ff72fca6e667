//! From the outside: a signed webhook in, a worker's answer out at the platform, and what bad input gets.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "test code: a broken expectation must stop the run and say where"
)]

mod authority;
mod bad_input;
mod case_types;
mod cases;
mod events;
mod flood;
mod half_open;
mod improvements;
mod intake;
mod journeys;
mod lead;
mod platform;
mod poll;
mod promises;
mod push;
mod quality;
mod quarantine;
mod restart;
mod reviewers;
mod rule_steps;
mod rules;
mod settings;
mod shipped;
mod signed;
mod solved;
mod systems;
mod traces;
mod workers;
mod world;
