//! What publishing to and consuming from RabbitMQ costs: our broker beside a bare loop over the client library.
//!
//! `broker-bench [RUNS] [SECONDS]` starts a server of its own, measures each way RUNS times in turn (5) for SECONDS (4)
//! and prints medians: messages a second, and processor time per message of the server and of this process.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that goes wrong must stop and say where"
)]

mod bare;
mod ours;

use std::time::{Duration, Instant};

use blendline_tests::machine;
use blendline_tests::servers::rabbit::Rabbit;

/// The size of a body: about a webhook of one message.
const BODY_BYTES: usize = 1024;
/// How many messages are consumed in one run.
const CONSUMED: usize = 50_000;

/// A way to do it.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// The client library alone: one channel, a sliding window of unconfirmed messages.
    Bare,
    /// Our broker, each message alone.
    Alone,
    /// Our broker, messages in bundles.
    Bundles,
}

/// What one run took.
#[derive(Clone, Copy, Default)]
struct Cost {
    per_second: f64,
    server_us: f64,
    client_us: f64,
}

/// Counts what `work` costs, which says how many messages it moved.
async fn measure(rabbit: &Rabbit, work: impl Future<Output = u64>) -> Cost {
    let cpu = || (machine::cpu(rabbit.pid()), machine::cpu(std::process::id()));
    let (before, began) = (cpu(), Instant::now());
    let messages = work.await as f64;
    let (after, took) = (cpu(), began.elapsed());
    let us = |from: Duration, to: Duration| (to - from).as_secs_f64() * 1e6 / messages;
    Cost {
        per_second: messages / took.as_secs_f64(),
        server_us: us(before.0, after.0),
        client_us: us(before.1, after.1),
    }
}

fn median(costs: &[Cost]) -> Cost {
    let of = |figure: fn(&Cost) -> f64| {
        let mut figures: Vec<_> = costs.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    Cost { per_second: of(|c| c.per_second), server_us: of(|c| c.server_us), client_us: of(|c| c.client_us) }
}

fn show(what: &str, costs: &[Cost]) {
    let Cost { per_second, server_us, client_us } = median(costs);
    let least = costs.iter().map(|cost| cost.per_second).fold(f64::INFINITY, f64::min);
    let most = costs.iter().map(|cost| cost.per_second).fold(0.0, f64::max);
    println!("{what:<34} {per_second:>8.0} ({least:.0}-{most:.0})  server {server_us:>6.1}  client {client_us:>6.1}");
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().expect("a number"));
    let runs = arguments.next().unwrap_or(5);
    let time = Duration::from_secs(arguments.next().unwrap_or(4));
    let rabbit = Rabbit::start().await;
    let ways = [Way::Bare, Way::Alone, Way::Bundles];
    println!("publish and confirm {BODY_BYTES} bytes: messages/s (least-most), us of processor time per message");
    for callers in [1, 8, 64, 256] {
        let mut costs = ways.map(|_| Vec::new());
        for run in 0..runs {
            for (way, costs) in ways.iter().zip(&mut costs) {
                let queue = format!("bench.{way:?}.{callers}.{run}");
                let cost = match way {
                    Way::Bare => measure(&rabbit, bare::publish(&rabbit, &queue, callers, time)).await,
                    Way::Alone => measure(&rabbit, ours::publish(&rabbit, &queue, 1, callers, time)).await,
                    Way::Bundles => measure(&rabbit, ours::publish(&rabbit, &queue, 64, callers, time)).await,
                };
                costs.push(cost);
                bare::delete(&rabbit, &queue).await;
            }
        }
        for (way, costs) in ways.iter().zip(&costs) {
            show(&format!("{way:?}, {callers} at once"), costs);
        }
    }
    println!("consume and ack {CONSUMED}, the same");
    let mut costs = ways.map(|_| Vec::new());
    for run in 0..runs {
        for (way, costs) in ways.iter().zip(&mut costs) {
            let queue = format!("bench.consume.{way:?}.{run}");
            let bundle = if matches!(way, Way::Bundles) { 64 } else { 1 };
            ours::fill(&rabbit, &queue, bundle, CONSUMED).await;
            let cost = match way {
                Way::Bare => measure(&rabbit, bare::consume(&rabbit, &queue, CONSUMED)).await,
                Way::Alone | Way::Bundles => measure(&rabbit, ours::consume(&rabbit, &queue, CONSUMED)).await,
            };
            costs.push(cost);
            bare::delete(&rabbit, &queue).await;
        }
    }
    for (way, costs) in ways.iter().zip(&costs) {
        show(&format!("{way:?}"), costs);
    }
}
