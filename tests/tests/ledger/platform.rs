//! The fake platform of the ledger: mostly well, sometimes not.

use std::net::SocketAddr;

use blendline_tests::graph::{Behaviour, FakeGraph, Line, Options, Statuses, Times};

use crate::plan::Plan;

/// A reply with this mark is taken, but the connection ends before the answer.
pub(crate) const CUT: &str = "[cut]";
/// A reply with this mark meets a rate limit at its first try.
pub(crate) const LIMITED: &str = "[limited]";
/// A reply with this mark meets a broken server at its first try.
pub(crate) const BROKEN: &str = "[broken]";

/// Starts it; it reports on some of the messages, out of order.
pub(crate) async fn start(door: SocketAddr, plan: &Plan, seed: u64) -> FakeGraph {
    let mut options = Options::local();
    options.statuses =
        Some(Statuses { router: door, numbers: plan.numbers.clone(), percent: 30, shuffled: true, seed });
    let graph = FakeGraph::start(options).await.expect("a fake platform");
    for (mark, then) in [
        (CUT, Behaviour::DropAfterEffect),
        (LIMITED, Behaviour::Refuse { status: 429, code: 130_429 }),
        (BROKEN, Behaviour::Refuse { status: 503, code: 131_016 }),
    ] {
        graph.script(Line { containing: mark.to_owned(), times: Times::OncePerMessage, then });
    }
    graph
}
