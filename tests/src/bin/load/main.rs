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
mod backlog;
mod bench;
mod beside_bare;
mod compare;
mod cpu;
mod end_to_end;
mod exchange;
mod handed_on;
mod hands;
mod latency;
mod loud;
mod memory;
mod noisy;
mod post;
mod search;
mod servers;
mod spread;
mod storm;
mod takeover;

use std::net::SocketAddr;

use clap::{Parser, ValueEnum};

use self::bench::Ground;
use self::compare::{Plan, System};

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
    /// Beside what a user would build instead, on PostgreSQL and RabbitMQ.
    Compare,
    /// The owner of many open tasks dies or stands still, and another router stands by (`--waiting`: 100,000).
    Takeover,
    /// Messages that came while no router ran (`--waiting`: 200,000).
    Backlog,
    /// The router of many workers ends, and they come back (`--waiting`: 5,000 workers; `--servers`: two routers).
    Storm,
    /// The same calls at the owner and at another router, in turn (`--waiting`: 2,000 of each).
    HandedOn,
    /// Bursts with the exchange of events off and on, in turn (`--waiting`: 15,000 webhooks each).
    Exchange,
    /// A tenant at fifty times the load of another (`--rate`: 100), and what that one notices, with the program's limits.
    Noisy,
    /// The loud tenant of `noisy`, which starts it.
    #[value(hide = true)]
    Loud,
    /// Search on a record that is filled first (`--waiting`: 1,000,000 messages; `--servers`: on PostgreSQL).
    Search,
    /// All of the embedded installation's, one after the other.
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
    /// Waiting tasks (memory: 1,000,000) or messages; 0 takes the number of the published figure.
    #[arg(long, default_value_t = 0)]
    waiting: usize,
    /// On a private PostgreSQL and a private RabbitMQ instead of SQLite files.
    #[arg(long)]
    servers: bool,
    /// Latency, end-to-end: with two connectors and two routers on such servers.
    #[arg(long)]
    spread: bool,
    /// Accept: the intake on servers in turn with a handler that does the least (see `bare`).
    #[arg(long)]
    beside_bare: bool,
    /// Loud: where the router is.
    #[arg(long, hide = true)]
    router: Option<SocketAddr>,
    /// What is compared.
    #[arg(long, value_delimiter = ',', default_value = "blendline,celery,bullmq,bullmq-everysec")]
    systems: Vec<System>,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let ground = match (arguments.spread, arguments.servers) {
        (true, _) => Ground::Spread,
        (false, true) => Ground::Servers,
        (false, false) => Ground::Files,
    };
    let seconds = |usual: u64| if arguments.seconds == 0 { usual } else { arguments.seconds };
    let rate = |usual: u64| if arguments.rate == 0 { usual } else { arguments.rate };
    let all = [Scenario::Accept, Scenario::EndToEnd, Scenario::Latency, Scenario::Memory];
    let scenarios = if arguments.scenario == Scenario::All { &all[..] } else { &[arguments.scenario] };
    let waiting = |usual: usize| if arguments.waiting == 0 { usual } else { arguments.waiting };
    let connections = arguments.connections;
    for scenario in scenarios {
        let report = match scenario {
            Scenario::Accept if arguments.beside_bare => beside_bare::run(seconds(5), connections).await,
            Scenario::Accept => accept::run(ground, seconds(30), connections).await,
            Scenario::EndToEnd if ground != Ground::Files => {
                let plan = Plan { seconds: seconds(60), rate: rate(500), connections };
                let system = if arguments.spread { System::Spread } else { System::Blendline };
                compare::run(&[system], plan).await
            }
            Scenario::EndToEnd => end_to_end::run(seconds(60), arguments.rate, connections).await,
            Scenario::Latency => latency::run(ground, seconds(30), rate(500)).await,
            Scenario::Memory => memory::run(ground, waiting(1_000_000), connections).await,
            Scenario::Compare => {
                let plan = Plan { seconds: seconds(20), rate: rate(100), connections };
                compare::run(&arguments.systems, plan).await
            }
            Scenario::Takeover => takeover::run(waiting(100_000), connections).await,
            Scenario::Backlog => backlog::run(waiting(200_000), connections).await,
            Scenario::Storm => storm::run(ground, waiting(5_000)).await,
            Scenario::HandedOn => handed_on::run(waiting(2_000)).await,
            Scenario::Exchange => exchange::run(waiting(15_000), connections).await,
            Scenario::Noisy => noisy::run(seconds(20), rate(100)).await,
            Scenario::Loud => {
                let router = arguments.router.expect("the router's address");
                loud::run(router, loud::Plan { seconds: seconds(20), rate: rate(5_000) }).await
            }
            Scenario::Search => search::run(ground, waiting(1_000_000)).await,
            Scenario::All => continue,
        };
        println!("{report}");
    }
}
