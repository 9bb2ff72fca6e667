//! What idle people cost: visitors' sockets and workers' desks, held open against the real program.
//!
//! ```sh
//! cargo run --release -p blendline-tests --bin sockets -- --visitors 2000 --workers 200 --seconds 60
//! ```
//!
//! A visitor is what the widget opens. A worker is what the desk page opens: a user with a password of his own signs in,
//! gets the page, and connects with its cookie and origin; he says that he is there at half the time that the welcome
//! names, and looks whether the server is there every 20 s of silence.
//!
//! Prints one JSON object: how long it took to open everything, the router's memory before, with the visitors, and with
//! the workers beside them, the seconds of processor time that each idle second cost (pings, heartbeats and healing reads
//! are what is left), and the codes with which everything was closed when the router was told to end.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a tool that cannot go on says where")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use blendline_tests::config::{Installation, Site, Worker};
use blendline_tests::machine;
use blendline_tests::person::{self, Browser, Socket};
use blendline_tests::process::Router;
use blendline_tests::webchat::{Guest, Session, client_id};
use clap::Parser;
use serde_json::json;
use tokio::task::JoinSet;

/// Heartbeats as the product's default has them.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// After how long without a word a desk looks whether the server is there (`desk/line.js`).
const SILENT: Duration = Duration::from_secs(20);
/// How many arrive at once.
const AT_ONCE: usize = 50;
/// How many sign in at once: passwords are hashed two at a time, and few wait for that.
const SIGN_IN_AT_ONCE: usize = 8;
/// How long memory may settle before it is read.
const SETTLE: Duration = Duration::from_secs(2);

#[derive(Parser)]
struct Options {
    /// Visitors with an open socket.
    #[arg(long, default_value_t = 2000)]
    visitors: usize,
    /// Workers with an open desk.
    #[arg(long, default_value_t = 200)]
    workers: usize,
    /// How long everybody is idle.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let site = Site::new("shop");
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.sites = vec![site.clone()];
    installation.heartbeat_ms = HEARTBEAT.as_millis() as u64;
    installation.workers = (0..options.workers.max(1)).map(|n| Worker::new(&format!("w{n}"), &["care"], 3)).collect();
    let mut router = Router::start("sockets", &installation).await;
    let (pid, addr) = (router.pid(), router.addr);

    let names: Vec<String> = installation.workers[..options.workers].iter().map(|it| it.name.clone()).collect();
    let begin = Instant::now();
    let join = |name: String| async move { (person::member(addr, &name, "worker", Some(&name)).await, name) };
    let browsers = gather(&names, SIGN_IN_AT_ONCE, join).await;
    let signed_in = begin.elapsed();
    tokio::time::sleep(SETTLE).await;
    let before = machine::resident(pid);

    let begin = Instant::now();
    let pages = vec![site.clone(); options.visitors];
    let arrived = gather(&pages, AT_ONCE, |site| arrive(addr, site)).await;
    let mut guests: JoinSet<u16> = arrived.into_iter().map(sit).collect();
    let visitors_opened = begin.elapsed();
    tokio::time::sleep(SETTLE).await;
    let with_visitors = machine::resident(pid);

    let begin = Instant::now();
    let opened = gather(&browsers, AT_ONCE, |(browser, name)| open_desk(browser, name)).await;
    let mut desks: JoinSet<u16> = opened.into_iter().map(|socket| stand(socket, addr)).collect();
    let desks_opened = begin.elapsed();
    tokio::time::sleep(SETTLE).await;
    let with_workers = machine::resident(pid);

    let (begin, used) = (Instant::now(), machine::cpu(pid));
    tokio::time::sleep(Duration::from_secs(options.seconds)).await;
    let busy = (machine::cpu(pid) - used).as_secs_f64() / begin.elapsed().as_secs_f64();
    let after = machine::resident(pid);
    let (guests_lost, desks_lost) = (ended(&mut guests), ended(&mut desks));
    let latency = one_message(&router, &site).await;
    let peak = machine::resident_peak(pid);
    let (ending, guests_closed, desks_closed) = tokio::join!(router.stop(), all(guests), all(desks));

    let mb = |bytes: u64| (bytes as f64 / 10_000.0).round() / 100.0;
    let seconds = |time: Duration| (time.as_secs_f64() * 100.0).round() / 100.0;
    let each = |more: u64, less: u64, count: usize| more.saturating_sub(less) / count.max(1) as u64;
    let report = json!({
        "visitors": options.visitors,
        "workers": options.workers,
        "cores": machine::cores(),
        "seconds_to_sign_in_workers": seconds(signed_in),
        "seconds_to_open_visitors": seconds(visitors_opened),
        "seconds_to_open_desks": seconds(desks_opened),
        "resident_mb_before": mb(before),
        "resident_mb_with_visitors": mb(with_visitors),
        "resident_mb_with_desks": mb(with_workers),
        "resident_mb_after_idling": mb(after),
        "resident_mb_peak": mb(peak),
        "bytes_per_visitor": each(with_visitors, before, options.visitors),
        "bytes_per_desk": each(with_workers, with_visitors, options.workers),
        "idle_seconds": options.seconds,
        "cpu_seconds_per_idle_second": (busy * 10_000.0).round() / 10_000.0,
        "message_shown_again_after_ms": latency,
        "closed_while_idle": { "visitors": guests_lost, "desks": desks_lost },
        "closed_at_the_end": { "visitors": guests_closed, "desks": desks_closed },
    });
    println!("{report:#}");
    assert!(ending.success(), "the router did not end in order: {ending}");
    assert!(guests_lost.is_empty() && desks_lost.is_empty(), "somebody idle was let go");
}

/// Does something for each of many, `at_once` at a time.
async fn gather<I, O, F>(many: &[I], at_once: usize, work: impl Fn(I) -> F) -> Vec<O>
where
    I: Clone,
    O: Send + 'static,
    F: Future<Output = O> + Send + 'static,
{
    let mut done = Vec::with_capacity(many.len());
    for some in many.chunks(at_once) {
        let together: JoinSet<O> = some.iter().cloned().map(&work).collect();
        done.extend(together.join_all().await);
    }
    done
}

async fn arrive(addr: SocketAddr, site: Site) -> Guest {
    let session = Session::open(addr, &site, &json!({})).await;
    let mut guest = session.connect(None).await;
    guest.of("welcome").await;
    guest
}

/// Reads, and so answers pings, until the socket ends.
async fn sit(mut guest: Guest) -> u16 {
    guest.idle().await
}

/// Gets the page and connects as its script does.
async fn open_desk(browser: Browser, name: String) -> Socket {
    let page = browser.get("/desk").await;
    assert!(page.status == 200 && page.text().contains(&browser.csrf), "no desk: {}", page.status);
    browser.desk(&name).await
}

/// Says every now and then that he is there, until the socket ends.
async fn stand(mut socket: Socket, addr: SocketAddr) -> u16 {
    let mut beats = tokio::time::interval(HEARTBEAT / 2);
    let mut silence = tokio::time::interval(SILENT);
    loop {
        tokio::select! {
            read = socket.read() => if let Err(code) = read { return code },
            // An end is told by the code that is read.
            _ = beats.tick() => { let _ = socket.try_say(&json!({ "type": "heartbeat" })).await; }
            _ = silence.tick() => { let _ = blendline_tests::http::once(addr, &look()).await; }
        }
    }
}

fn look() -> Vec<u8> {
    blendline_tests::http::request("GET", "/livez", &[], b"")
}

/// The codes of those who have ended by now.
fn ended(sockets: &mut JoinSet<u16>) -> BTreeMap<u16, usize> {
    let mut codes = BTreeMap::new();
    while let Some(code) = sockets.try_join_next() {
        *codes.entry(code.expect("a socket's task")).or_default() += 1;
    }
    codes
}

/// The codes of all, when they have ended.
async fn all(sockets: JoinSet<u16>) -> BTreeMap<u16, usize> {
    let mut codes = BTreeMap::new();
    for code in sockets.join_all().await {
        *codes.entry(code).or_default() += 1;
    }
    codes
}

/// How long one more visitor waits until his words are in the record, with all the others there.
async fn one_message(router: &Router, site: &Site) -> u64 {
    let mut guest = arrive(router.addr, site.clone()).await;
    let begin = Instant::now();
    guest.say(&client_id(), "is it still quick?").await;
    guest.of("message").await;
    begin.elapsed().as_millis() as u64
}
