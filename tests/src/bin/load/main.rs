//! Measures the figures: starts the router itself, loads it from outside, prints one JSON object per scenario.
//!
//! Progress goes to stderr. Run it from a release build; build the router in the same profile beside it.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measuring tool: what breaks must stop the run and say where; its output is what it is for"
)]

mod accept;
mod bench;
mod end_to_end;
mod hands;
mod latency;
mod memory;
mod post;

use clap::{Parser, ValueEnum};

/// What is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Scenario {
    /// A burst of webhooks, and how long until all of them are tasks.
    Accept,
    /// Accepted, assigned, answered, completed.
    EndToEnd,
    /// From the platform's hand into an SDK worker's.
    Latency,
    /// Idle, with many waiting tasks, and a restart with them.
    Memory,
    /// All of them, one after the other.
    All,
}

/// Measures the router from outside.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure.
    scenario: Scenario,
    /// How long; 0 takes the length of the published figure (accept 30, end-to-end 60, latency 30).
    #[arg(long, default_value_t = 0)]
    seconds: u64,
    /// Webhooks per second; 0 is as many as it takes (latency: 500).
    #[arg(long, default_value_t = 0)]
    rate: u64,
    /// Connections that post.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Waiting tasks of the memory scenario.
    #[arg(long, default_value_t = 1_000_000)]
    waiting: usize,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let wanted = |scenario| arguments.scenario == scenario || arguments.scenario == Scenario::All;
    let seconds = |usual: u64| if arguments.seconds == 0 { usual } else { arguments.seconds };
    if wanted(Scenario::Accept) {
        println!("{}", accept::run(seconds(30), arguments.connections).await);
    }
    if wanted(Scenario::EndToEnd) {
        println!("{}", end_to_end::run(seconds(60), arguments.rate, arguments.connections).await);
    }
    if wanted(Scenario::Latency) {
        let rate = if arguments.rate == 0 { 500 } else { arguments.rate };
        println!("{}", latency::run(seconds(30), rate).await);
    }
    if wanted(Scenario::Memory) {
        println!("{}", memory::run(arguments.waiting, arguments.connections).await);
    }
}
