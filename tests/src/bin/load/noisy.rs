//! One tenant at many times its load, and what the other one notices: the program's own limits, on one shard.

use std::net::SocketAddr;
use std::sync::Arc;

use blendline_tests::config::Worker;
use blendline_tests::machine;
use blendline_tests::process::Router;
use blendline_tests::whatsapp::Number;
use serde_json::{Value, json};

use crate::bench::{NUMBERS, installation, progress, quantiles_ms, round, with_machine};
use crate::hands::Times;
use crate::latency::{all_in_hand, post_on_time, start};
use crate::post::Requests;

const WORKERS: usize = 4;
/// How many times the calm tenant's load the loud one makes.
const TIMES: u64 = 50;
/// The first seconds fill caches and connections; they are not counted.
const WARM_UP: u64 = 3;

/// The calm tenant by itself and then beside the loud one, `seconds` each, at `rate` webhooks a second.
pub(crate) async fn run(seconds: u64, rate: u64) -> Value {
    let names: Vec<String> = (0..WORKERS).map(|n| format!("sdk-{n}")).collect();
    let staff = names.iter().map(|name| Worker::new(name, &["care"], 64)).collect();
    let mut installation = installation("http://127.0.0.1:1", staff);
    installation.webhooks_per_second = None;
    let loud = Number::test(NUMBERS);
    installation.others = vec![("loud".to_owned(), loud.clone())];
    let router = Router::start("noisy", &installation).await;
    let each = ((WARM_UP + seconds) * rate) as usize;
    progress("building and signing requests");
    let calm = [0, 1].map(|turn| Requests::build(&installation.numbers, turn * each, each));
    let noise = Requests::build(&[loud], 0, each * TIMES as usize);
    let times = Times::new(2 * each);
    let staff = start(router.addr, names, &times);

    progress(&format!("{rate}/s for {seconds} s by itself"));
    let alone = part(router.addr, &calm[0], 0, &times, rate).await;
    progress(&format!("{rate}/s for {seconds} s beside a tenant with {}/s", rate * TIMES));
    let noted = Times::new(noise.len());
    let refused = tokio::spawn({
        let (addr, noted, noise) = (router.addr, Arc::clone(&noted), Arc::clone(&noise));
        async move { post_on_time(addr, &noise, 0, &noted, rate * TIMES).await }
    });
    let beside = part(router.addr, &calm[1], each, &times, rate).await;
    let refused = refused.await.expect("the loud tenant posts to the end");
    drop(staff);
    let p99 = |part: &Value| part["intended_send_to_hand_ms"]["p99"].as_f64().unwrap_or_default();
    let figures = json!({
        "rate": rate,
        "loud_rate": rate * TIMES,
        "loud_accepted": noise.len() as u64 - refused,
        "loud_answered_503": refused,
        "alone": alone,
        "beside": beside,
        "p99_beside_to_alone": round(p99(&beside) / p99(&alone)),
        "router_resident_mb": machine::resident(router.pid()) / 1_000_000,
    });
    with_machine("noisy", figures)
}

/// Posts `requests`, whose texts have the numbers from `first` on, at a steady rate.
async fn part(addr: SocketAddr, requests: &Arc<Requests>, first: usize, times: &Arc<Times>, rate: u64) -> Value {
    let not_200 = post_on_time(addr, requests, first, times, rate).await;
    let end = first + requests.len();
    let whole = all_in_hand(times, end).await;
    let counted = first + (WARM_UP * rate) as usize..end;
    let (sent, hand) = (&times.sent[counted.clone()], &times.assigned[counted]);
    let took = quantiles_ms(Times::between(sent, hand));
    json!({ "not_200": not_200, "all_arrived": whole, "intended_send_to_hand_ms": took })
}
