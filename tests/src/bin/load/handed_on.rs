//! What it costs that a call came to another router than its owner: the same calls at both, in turn.

use std::net::SocketAddr;
use std::time::Instant;

use blendline_tests::api::Api;
use blendline_tests::config::ADMIN_KEY;
use blendline_tests::http::{self, Connection};
use blendline_tests::process::Router;
use serde_json::{Value, json};

use crate::bench::{installation, ms, progress, quantiles_ms, with_machine};
use crate::servers::Servers;
use crate::takeover::serves;

/// Calls of each kind at each router that are not counted.
const WARM_UP: usize = 200;

/// A call, made for the `n`th time.
type Call = fn(usize) -> Vec<u8>;

pub(crate) async fn run(calls: usize) -> Value {
    let servers = Servers::start().await;
    let mut installation = installation("http://127.0.0.1:1", Vec::new());
    installation.extra = servers.sections();
    let owner = Router::start("owner", &installation).await;
    let other = Router::start("other", &installation).await;
    assert!(serves(owner.addr).await && !serves(other.addr).await, "the first to come serves, the second waits");
    let reads = measure(owner.addr, other.addr, calls, read).await;
    let commits = measure(owner.addr, other.addr, calls, push).await;
    let handed_on = Api::admin(other.addr).metric("blendline_forwarded_total").await;
    assert_eq!(handed_on, Some((2 * (WARM_UP + calls)) as f64), "every call at the other router was handed on");
    with_machine("handed-on", json!({ "calls_each": calls, "a_queue_read": reads, "an_item_pushed": commits }))
}

/// Asks the owner, from memory.
fn read(_n: usize) -> Vec<u8> {
    let bearer = format!("Bearer {ADMIN_KEY}");
    http::request("GET", "/v1/queues/care", &[("authorization", &bearer)], b"")
}

/// Makes a task, with a commit before the answer.
fn push(n: usize) -> Vec<u8> {
    let bearer = format!("Bearer {ADMIN_KEY}");
    let item = json!({ "queue": "care", "external_ref": format!("handed-on-{n}"), "title": "an item" }).to_string();
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    http::request("POST", "/v1/items", &headers, item.as_bytes())
}

/// One call at a time, at the one router and at the other; which of them is first changes, too.
async fn measure(owner: SocketAddr, other: SocketAddr, calls: usize, call: Call) -> Value {
    progress(&format!("{calls} calls at each"));
    let mut connections = [connect(owner).await, connect(other).await];
    let mut times: [Vec<u64>; 2] = [Vec::with_capacity(calls), Vec::with_capacity(calls)];
    for n in 0..WARM_UP + calls {
        for place in [n % 2, (n + 1) % 2] {
            let request = call(2 * n + place);
            let begin = Instant::now();
            let status = connections[place].exchange_status(&request).await.expect("an answer");
            let took = begin.elapsed();
            assert!(status == 200 || status == 201, "status {status}");
            if n >= WARM_UP {
                times[place].push(took.as_micros() as u64);
            }
        }
    }
    let median = |times: &[u64]| {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        sorted[sorted.len() / 2]
    };
    let added = median(&times[1]).saturating_sub(median(&times[0]));
    let [at_owner, handed_on] = times.map(quantiles_ms);
    json!({ "at_the_owner_ms": at_owner, "handed_on_ms": handed_on, "p50_added_ms": ms(added) })
}

async fn connect(addr: SocketAddr) -> Connection {
    Connection::connect(addr).await.expect("a router takes connections")
}
